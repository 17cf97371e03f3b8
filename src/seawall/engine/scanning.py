"""A scan from targets to report."""

from collections.abc import Sequence
from typing import NamedTuple

from seawall import catalogue
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.report import Coverage, Report, RuleFault
from seawall.core.rule import Rule
from seawall.engine import reading
from seawall.engine.judging import judge
from seawall.engine.options import Options
from seawall.engine.reading import FileSystem, Progress, Source
from seawall.engine.texts import Texts
from seawall.engine.workers import processors
from seawall.kubernetes.index import Index
from seawall.kubernetes.rule import Context
from seawall.triage.verdicts import Policy, Verdict, known_before, triage

WORTH_SPREADING = 1_000_000
"""Bytes of manifests from which a second process gains more than its start costs (measured)."""


class Result(NamedTuple):
    """A report and the texts its places are in."""

    report: Report
    texts: Texts
    notes: tuple[str, ...] = ()
    """What the person at the terminal should know, but which is no part of the result."""


class Analysis(NamedTuple):
    """What the rules say of the targets, before anybody's word on what counts."""

    findings: list[Finding]
    ignores: list[Ignore]
    coverage: Coverage
    objects: int
    faults: list[RuleFault]


def scan(options: Options, progress: Progress | None = None) -> Result:
    """Read the targets, run the rules and triage what they say."""
    rules = catalogue.select(
        profile=options.profile,
        select=options.select,
        ignore=options.ignore,
        ruleset=options.ruleset,
    )
    analysis, texts = analyse(FileSystem(options), options, rules, progress)
    policy = policy_of(options, rules)
    verdict = judged(analysis, options, policy)
    report = Report(
        findings=tuple(sorted(verdict.findings, key=Finding.sort_key)),
        suppressed=tuple(sorted(verdict.suppressed, key=lambda item: item.finding.sort_key())),
        coverage=analysis.coverage,
        ruleset=options.ruleset,
        objects=analysis.objects,
        rules=len(rules),
        faults=tuple(analysis.faults),
    )
    return Result(report, texts)


def analyse(
    source: Source, options: Options, rules: Sequence[Rule], progress: Progress | None
) -> tuple[Analysis, Texts]:
    """Everything the rules find in a source, with concrete places."""
    inputs = reading.gather(source, progress)
    size = sum(len(task.data) for task in inputs.tasks)
    workers = (options.workers or processors()) if size >= WORTH_SPREADING else 1
    reading.read_units(inputs, options, None, workers)
    context = Context(
        Index(inputs.objects, inputs.opaque),
        kubernetes_version=options.kubernetes_version,
        pss_version=options.pss_version,
        parameters={rule: dict(values) for rule, values in options.parameters.items()},
    )
    findings, faults = judge(inputs, rules, context, None, workers)
    analysis = Analysis(
        findings,
        [ignore for unit in inputs.units for ignore in unit.ignores],
        inputs.coverage(),
        sum(1 for object_ in inputs.objects if object_.target),
        faults,
    )
    return analysis, inputs.texts


def policy_of(options: Options, rules: Sequence[Rule]) -> Policy:
    """The part of the options that decides what counts."""
    return Policy(
        find=catalogue.look_up,
        rules={rule.id: rule for rule in rules},
        min_confidence=options.min_confidence,
        ruleset=options.ruleset,
        severities=options.severities,
        overrides=options.overrides,
        require_reason=options.require_reason,
        locked=options.locked,
        whole=options.whole,
        today=options.today or _today(),
    )


def judged(analysis: Analysis, options: Options, policy: Policy) -> Verdict:
    """What counts of an analysis."""
    ignores = [*(analysis.ignores if options.honour_comments else ()), *options.ignores]
    verdict = triage(analysis.findings, ignores, policy)
    if options.baseline is not None:
        from seawall.triage.baseline import load  # noqa: PLC0415 - json costs 2 ms

        verdict = known_before(
            verdict, load(options.baseline), "baseline", "known to the baseline", policy
        )
    return verdict


def _today() -> str:
    from time import localtime, strftime  # noqa: PLC0415 - a C module, but seldom of use

    return strftime("%Y-%m-%d", localtime())

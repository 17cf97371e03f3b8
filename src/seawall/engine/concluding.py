"""What counts of an analysis, and the report that says so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall import catalogue
from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Coverage, Report
from seawall.core.rule import Rule
from seawall.engine.analysis import Analysis
from seawall.engine.day import today
from seawall.engine.options import Options
from seawall.engine.texts import Texts
from seawall.triage.verdicts import Policy, Verdict, known_before, triage, unused_note

if TYPE_CHECKING:
    from seawall.engine.run import Run


class Result(NamedTuple):
    """A report, the texts its places are in, and what decided on what counts."""

    report: Report
    texts: Texts
    policy: Policy


def report_of(
    verdict: Verdict,
    options: Options,
    texts: Texts,
    *,
    coverage: Coverage,
    private: Mapping[str, tuple[Span, ...]],
    shows: Callable[[bytes], bool],
) -> Report:
    """What a verdict says, in order, with edits where they are asked for.

    ``shows`` tells whether some bytes show a secret: a fix that writes one down anew is for
    ``seawall harden`` alone, for a report would publish it.
    """
    findings = sorted(verdict.findings, key=Finding.sort_key)
    suppressed = sorted(verdict.suppressed, key=lambda item: item.finding.sort_key())
    if options.edits:
        from seawall.engine.fixing import with_fixes, without_private  # noqa: PLC0415 - few formats

        findings = [without_private(each, shows) for each in with_fixes(findings, texts)]
        suppressed = [
            item._replace(finding=without_private(item.finding, shows)) for item in suppressed
        ]
    return Report(tuple(findings), tuple(suppressed), coverage, options.ruleset, private=private)


def policy_of(
    options: Options, rules: Sequence[Rule], analysis: Analysis, domains: tuple[str, ...]
) -> Policy:
    """The part of the options that decides what counts."""
    return Policy(
        find=lambda pattern: catalogue.look_up(pattern, options.custom),
        rules={rule.id: rule for rule in rules},
        domains=(*domains, "input"),
        min_confidence=options.min_confidence,
        ruleset=options.ruleset,
        severities=options.severities,
        overrides=options.overrides,
        require_reason=options.require_reason,
        locked=options.locked,
        whole=options.whole and not analysis.coverage.failed,
        unsure={path: frozenset(ids) for path, ids in analysis.unsure.items()},
        today=options.today or today(),
        stands_for=_stands_for,
    )


def judged(
    analysis: Analysis,
    options: Options,
    policy: Policy,
    vex: Sequence[Ignore] = (),
    run: "Run | None" = None,
) -> Verdict:
    """What counts of an analysis; the run is told of entries of the baseline without a use."""
    ignores = [*heeded(analysis.ignores, options), *options.ignores, *vex]
    verdict = triage(analysis.findings, ignores, policy)
    if analysis.rendered:
        from seawall.engine.rendered import located  # noqa: PLC0415 - only with charts

        verdict = located(verdict, analysis.rendered)
    if options.baseline is not None:
        from seawall.triage.baseline_file import load  # noqa: PLC0415 - json costs 2 ms

        tally = load(options.baseline).tally(policy.today)
        verdict = known_before(verdict, tally, policy)
        if run is not None:
            run.note_for_good(unused_note(tally, policy))
    return verdict


def _stands_for(tool: str, check: str, finding: Finding) -> bool:
    from seawall import equivalents  # noqa: PLC0415 - only where another tool is spoken of

    return equivalents.stands_for(tool, check, finding)


def heeded(written: Iterable[Ignore], options: Options) -> list[Ignore]:
    """What counts of the ignores that stand in files: our own, other tools' as configured."""
    return [
        ignore
        for ignore in (written if options.honour_comments else ())
        if not ignore.tool
        or (ignore.tool in options.foreign and f"{ignore.tool}:ignore" not in options.unheeded)
    ]

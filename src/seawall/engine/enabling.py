"""Rules that run on some objects only, because their annotations ask for it."""

from collections.abc import Sequence

from seawall import catalogue, equivalents
from seawall.core.finding import Finding
from seawall.core.ignore import Enable
from seawall.core.report import RuleFault
from seawall.core.rule import Rule
from seawall.engine.inputs import Inputs
from seawall.engine.judging import judge_units
from seawall.engine.options import Options
from seawall.kubernetes.rule import Context


def enabled(
    inputs: Inputs, options: Options, rules: Sequence[Rule], context: Context
) -> tuple[list[Finding], list[RuleFault]]:
    """What rules find that do not run otherwise, where objects enable them.

    What the command line or the configuration ignores or leaves out by name stays out.
    """
    findings: list[Finding] = []
    faults: list[RuleFault] = []
    left_out: set[Rule] | None = None
    for unit in inputs.units:
        words = [word for word in unit.words.enables if heard(word, options)]
        if not words or unit.task.file.context:
            continue
        if left_out is None:
            named = (catalogue.find(item, options.custom) for item in options.ignore)
            left_out = {*rules, *(rule for found in named for rule in found)}
        extra = _wanted(words, left_out, options)
        if extra:
            found, broken = judge_units([unit], extra, context, inputs.texts)
            findings += [finding for finding in found if _asked_for(finding, words)]
            faults += broken
    return findings, faults


def heard(word: Enable, options: Options) -> bool:
    """Whether objects may enable rules in a tool's words."""
    return (
        options.honour_comments
        and not options.select
        and word.tool in options.foreign
        and f"{word.tool}:enable" not in options.unheeded
    )


def _wanted(words: Sequence[Enable], left_out: set[Rule], options: Options) -> list[Rule]:
    rules = {
        rule
        for word in words
        for check in word.checks
        for rule in equivalents.rules_of(word.tool, check)
        if rule not in left_out and rule.exists_in(options.ruleset)
    }
    return sorted(rules, key=lambda rule: rule.id)


def _asked_for(finding: Finding, words: Sequence[Enable]) -> bool:
    return any(
        word.scope.covers(finding)
        and any(equivalents.covers(word.tool, check, finding.rule) for check in word.checks)
        for word in words
    )

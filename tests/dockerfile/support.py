"""Judging Dockerfiles in tests without files or a command line."""

from collections.abc import Iterable, Mapping

from seawall.core.edit import Edit, Fix
from seawall.core.finding import Finding
from seawall.core.rule import ParameterValue, Rule
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.checking import Plan
from seawall.dockerfile.context import BuildContext
from seawall.dockerfile.rule import Context, Surroundings
from seawall.dockerfile.rules import all_rules
from seawall.text.dockerfile.parser import parse


def rule_named(id_: str) -> Rule:
    """The rule with an id."""
    return next(rule for rule in all_rules() if rule.id == id_)


def judge(
    rules: str | Rule | Iterable[str | Rule],
    text: str | bytes,
    *,
    ignore_file: str | None = None,
    files: Iterable[str] | None = None,
    texts: Mapping[str, str] | None = None,
    pins: Mapping[str, str] | None = None,
    parameters: Mapping[str, Mapping[str, ParameterValue]] | None = None,
) -> list[Finding]:
    """The findings of some rules in a Dockerfile; a rule that raises fails the test.

    ``texts`` are files of the context with what is in them.
    """
    chosen = [rules] if isinstance(rules, str | Rule) else list(rules)
    data = text.encode() if isinstance(text, str) else text
    build = evaluate(parse(data))
    names = None if files is None and texts is None else {*(files or ()), *(texts or ())}
    listing = None if names is None else BuildContext(tuple(sorted(names)), complete=True)
    around = Surroundings(
        ignore_file,
        ".dockerignore",
        None if listing is None else lambda: listing,
        None if texts is None else texts.get,
    )
    context = Context(build, surroundings=around, parameters=parameters, pins=pins)
    plan = Plan(rule_named(rule) if isinstance(rule, str) else rule for rule in chosen)
    outcome = plan.check(build, "Dockerfile", context)
    assert not outcome.faults, outcome.faults
    return outcome.findings


def edited(data: bytes, fixes: Iterable[Fix]) -> bytes:
    """A text with fixes made, each as a whole; one that overlaps an earlier one is left out."""
    made: list[Edit] = []
    for fix in fixes:
        if not any(_overlap(one, other) for one in fix.edits for other in made):
            made += fix.edits
    for edit in sorted(made, key=lambda edit: (edit.start, edit.end), reverse=True):
        new = edit.replacement.encode("utf-8", "surrogateescape")
        data = data[: edit.start] + new + data[edit.end :]
    return data


def _overlap(one: Edit, other: Edit) -> bool:
    return (one.start < other.end and other.start < one.end) or one.start == other.start


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """The same for a text."""
    return edited(text.encode(), fixes).decode()

"""Custom checks in tests, without a configuration file."""

from typing import Any

from seawall.core.finding import Finding
from seawall.core.report import NotCovered
from seawall.core.rule import Rule
from seawall.kubernetes.custom import Fault, Origin, read_checks, rules_of
from tests.kubernetes.support import judge

FILE = ".kube-linter.yaml"


def attempt(*checks: Any) -> tuple[tuple[Rule, ...], tuple[NotCovered, ...], list[Fault]]:
    """What becomes of some checks; the first is written on line 1, and so on."""
    read, faults = read_checks(
        (check, Origin(FILE, line)) for line, check in enumerate(checks, start=1)
    )
    rules, not_covered, more = rules_of(read)
    return rules, not_covered, [*faults, *more]


def rule(template: str, kinds: list[str] | None = None, **params: Any) -> Rule:
    """The rule of a check that is right."""
    check: dict[str, Any] = {"name": "mine", "template": template, "params": params}
    if kinds is not None:
        check["scope"] = {"objectKinds": kinds}
    (made,), not_covered, faults = attempt(check)
    assert not not_covered
    assert not faults
    return made


def fault(template: str, **params: Any) -> str:
    """The message about a check that is wrong."""
    rules, not_covered, (only,) = attempt({"name": "mine", "template": template, "params": params})
    assert not rules
    assert not not_covered
    assert str(only).startswith(f"{FILE}:1: custom check mine: ")
    return only.message.removeprefix("custom check mine: ")


def said(made: Rule, manifest: str) -> list[str]:
    """The messages about a manifest."""
    return [finding.message for finding in found(made, manifest)]


def found(made: Rule, manifest: str) -> list[Finding]:
    """The findings in a manifest; a rule that raises fails the test."""
    return judge(made, manifest)

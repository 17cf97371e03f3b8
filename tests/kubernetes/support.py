"""Judging manifests in tests without files or a command line."""

from collections.abc import Iterable

from seawall.core.finding import Finding
from seawall.core.rule import ParameterValue, Rule
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.reader import MARKS, PATCH, read
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules import all_rules
from seawall.text.yaml import Document, load

NEWEST = "1.36"


def rule_named(id_: str) -> Rule:
    """The rule with an id."""
    return next(rule for rule in all_rules() if rule.id == id_)


def objects_of(text: str, *, complete: bool = True) -> list[KubernetesObject]:
    """The objects of a YAML stream; every document must be readable."""
    for document in load(text):
        assert isinstance(document, Document), document
    contents = read(text, "test.yaml", target=True, complete=complete)
    assert all(gap.what in (PATCH, MARKS) for gap in contents.not_covered)
    return list(contents.objects)


def judge(
    rules: str | Rule | Iterable[str | Rule],
    text: str,
    *,
    complete: bool = True,
    kubernetes_version: str = NEWEST,
    pss_version: str = "latest",
    parameters: dict[str, dict[str, ParameterValue]] | None = None,
    opaque: tuple[str, ...] = (),
) -> list[Finding]:
    """The findings of some rules in a YAML stream; a rule that raises fails the test."""
    chosen = [rules] if isinstance(rules, str | Rule) else list(rules)
    context = Context(
        Index(objects_of(text, complete=complete), opaque),
        kubernetes_version=kubernetes_version,
        pss_version=pss_version,
        parameters=parameters,
    )
    outcome = check(
        [rule_named(rule) if isinstance(rule, str) else rule for rule in chosen], context
    )
    assert not outcome.faults, outcome.faults
    return outcome.findings

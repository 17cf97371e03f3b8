"""Custom checks held against kube-linter's own answers; each difference is declared."""

import json
import tomllib
from typing import Any

import pytest

from seawall.core.severity import Confidence
from seawall.kubernetes.custom import CustomCheck, Origin, read_checks, rules_of
from seawall.kubernetes.custom.templates import TEMPLATES
from seawall.text.yaml import Document, load
from tests.kubernetes.support import judge, objects_of
from tests.shared import DATA, ROOT

HERE = DATA / "custom_checks"
DIFFERENCES = tomllib.loads((HERE / "differences.toml").read_text())["difference"]


def _checks() -> list[CustomCheck]:
    (document,) = load((HERE / "checks.yaml").read_text())
    assert isinstance(document, Document)
    items: Any = document.value
    checks, faults = read_checks((item, Origin("checks.yaml")) for item in items["customChecks"])
    assert not faults, faults
    return checks


CHECKS = {check.name: check for check in _checks()}


def _ours() -> set[tuple[str, str]]:
    rules, not_covered, faults = rules_of(CHECKS.values())
    assert not not_covered
    assert not faults
    text = "\n---\n".join(path.read_text() for path in sorted((HERE / "manifests").glob("*.yaml")))
    objects = objects_of(text)
    names = [f"{object_.kind} {object_.name}" for object_ in objects]
    assert len(objects) > 40
    found = {
        (item.rule.id.removeprefix("custom:"), f"{item.subject.kind} {item.subject.name}")
        for item in judge(rules, text)
        if item.confidence > Confidence.LOW
    }
    assert {object_ for _, object_ in found} <= set(names)
    return found


def _theirs() -> set[tuple[str, str]]:
    recorded = json.loads((HERE / "kube-linter.json").read_text())["findings"]
    return {(check, f"{kind} {name}") for check, kind, _, name in recorded}


def test_every_template_has_two_checks_and_a_finding() -> None:
    of_template: dict[str, list[str]] = {}
    for check in CHECKS.values():
        of_template.setdefault(check.template, []).append(check.name)
    assert sorted(of_template) == sorted(TEMPLATES)
    assert len(TEMPLATES) == 65
    theirs = {check for check, _ in _theirs()}
    for template, names in of_template.items():
        assert len(names) >= 2, template
        assert theirs & set(names), template


def test_differences_are_declared_and_no_others() -> None:
    ours, theirs = _ours(), _theirs()
    assert len(ours & theirs) > 300
    alone = {"ours": ours - theirs, "theirs": theirs - ours}
    for side, verdicts in alone.items():
        found = {(CHECKS[check].template, f"{check}: {object_}") for check, object_ in verdicts}
        declared = [
            (entry["template"], verdict)
            for entry in DIFFERENCES
            if entry["side"] == side
            for verdict in entry["verdicts"]
        ]
        assert len(declared) == len(set(declared))
        assert found == set(declared), side


@pytest.mark.parametrize("number", sorted({entry["number"] for entry in DIFFERENCES}))
def test_reasons_are_explained(number: str) -> None:
    assert f"### {number} " in (ROOT / "docs" / "disagreements.md").read_text()

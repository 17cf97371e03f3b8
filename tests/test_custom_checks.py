"""Custom checks in a scan: they are selected, ignored, placed and reported as rules are."""

import json
from pathlib import Path
from typing import Any

import pytest

from seawall import catalogue, reports
from seawall.core.errors import UsageError
from seawall.core.report import NotCovered
from seawall.core.rule import Rule
from seawall.core.severity import Severity
from seawall.engine import Options, Result, scan
from seawall.reports import FORMATS
from seawall.reports import Options as Looks
from tests.kubernetes.custom.support import attempt
from tests.test_engine import found, write

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:{annotations}
spec:
  containers:
    - name: web
      image: registry.example.org/web:1
      env:
        - name: DEBUG  {comment}
          value: "1"
"""
DEBUG = {
    "name": "no-debug", "template": "env-var", "description": "Nobody debugs in production.",
    "params": {"name": "^DEBUG$"}, "remediation": "Remove DEBUG.",
}  # fmt: skip


def rules(*checks: dict[str, Any]) -> tuple[Rule, ...]:
    made, _, faults = attempt(*checks)
    assert not faults
    return made


def scanned(tmp_path: Path, annotations: str = " {}", comment: str = "", **options: Any) -> Result:
    write(tmp_path, {"pod.yaml": POD.format(annotations=annotations, comment=comment)})
    given = {"custom": rules(DEBUG), **options}
    return scan(Options(targets=(str(tmp_path),), **given))


def names(result: Result) -> set[str]:
    return {rule for _, rule in found(result)}


def test_custom_checks_run_without_being_named(tmp_path: Path) -> None:
    for profile in ("security", "reliability", "all"):
        result = scanned(tmp_path, profile=profile)
        (finding,) = [f for f in result.report.findings if f.rule.id == "custom:no-debug"]
        assert finding.location.span is not None
        assert finding.location.span.line == 11
        assert finding.severity == Severity.MEDIUM
    assert "custom:no-debug" not in names(scanned(tmp_path, profile="pss-baseline"))


@pytest.mark.parametrize(
    "name", ["custom:no-debug", "no-debug", "kube-linter:no-debug", "custom:*"]
)
def test_by_name(tmp_path: Path, name: str) -> None:
    assert names(scanned(tmp_path, select=(name,))) == {"custom:no-debug"}
    assert "custom:no-debug" not in names(scanned(tmp_path, ignore=(name,)))
    with pytest.raises(UsageError, match="no rule is called"):
        scan(Options(targets=(str(tmp_path),), select=("no-debug",)))


def test_only_what_is_selected_runs(tmp_path: Path) -> None:
    assert names(scanned(tmp_path, select=("host-pid",))) == set()


def test_a_comment_hides_it(tmp_path: Path) -> None:
    result = scanned(tmp_path, comment="# seawall: ignore[no-debug] a test", select=("no-debug",))
    assert names(result) == set()
    (hidden,) = result.report.suppressed
    assert hidden.reason == "a test"


def test_our_annotation_hides_it(tmp_path: Path) -> None:
    annotations = "\n    seawall/ignore: custom:no-debug"
    result = scanned(tmp_path, annotations=annotations, select=("no-debug",))
    assert names(result) == set()
    assert len(result.report.suppressed) == 1


def test_severity_may_be_set(tmp_path: Path) -> None:
    result = scanned(
        tmp_path, severities={"custom:no-debug": Severity.CRITICAL}, select=("no-debug",)
    )
    assert [finding.severity for finding in result.report.findings] == [Severity.CRITICAL]


def test_a_check_with_the_name_of_a_rule_takes_nothing_away() -> None:
    made = rules(
        {"name": "required-label", "template": "required-label", "params": {"key": "a"}},
        {"name": "privileged", "template": "privileged"},
    )
    assert [rule.id for rule in catalogue.find("required-label", made)] == ["required-label"]
    assert [rule.id for rule in catalogue.find("custom:required-label", made)] == [
        "custom:required-label"
    ]
    assert [rule.id for rule in catalogue.find("kube-linter:required-label", made)] == [
        "custom:required-label"
    ]
    assert [rule.id for rule in catalogue.find("privileged", made)] == ["custom:privileged"]


def test_what_cannot_be_done_is_reported_and_leaves_the_inputs_complete(tmp_path: Path) -> None:
    missing = NotCovered(
        str(tmp_path / ".kube-linter.yaml"), "custom check x", "needs an optional package",
        "pip install 'seawall[cel]'",
    )  # fmt: skip
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: b}}\n"
    write(tmp_path, {"service.yaml": service})
    options = Options(
        targets=(str(tmp_path),), not_covered=(missing,), select=("service-selector-dangling",)
    )
    report = scan(options).report
    assert report.coverage.not_covered == (missing,)
    assert len(report.findings) == 1  # with a high confidence, as nothing was left unread


# Some tell of vulnerabilities or of secrets alone.
@pytest.mark.parametrize("name", sorted({*FORMATS} - {"openvex", "gitlab-secrets"}))
def test_every_report_takes_it(tmp_path: Path, name: str) -> None:
    result = scanned(tmp_path, select=("no-debug",))
    assert result.report.findings
    text = "".join(reports.write(name, result.report, result.texts, Looks()))
    assert "no-debug" in text
    if name == "sarif":
        (entry,) = json.loads(text)["runs"][0]["tool"]["driver"]["rules"]
        assert entry["shortDescription"]["text"] == "Nobody debugs in production."


def test_the_cache_knows_the_definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("seawall.engine.scanning.WORTH_REMEMBERING", 0)
    inputs = tmp_path / "in"
    inputs.mkdir()
    other = {**DEBUG, "params": {"name": "^OTHER$"}}
    for check, expected in ((DEBUG, 1), (DEBUG, 1), (other, 0), (DEBUG, 1)):
        result = scanned(inputs, custom=rules(check), select=("no-debug",), cache=True)
        assert len(result.report.findings) == expected

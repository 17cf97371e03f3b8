"""Custom checks of ``.kube-linter.yaml``: found, run, called by name, refused."""

from pathlib import Path

import pytest

from seawall import configuration
from seawall.cli.main import run
from seawall.core.errors import UsageError
from tests.foreign.running import report

CHECK = """\
customChecks:
  - name: has-team
    template: required-label
    params:
      key: team
    scope:
      objectKinds: [DeploymentLike]
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers: []\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".kube-linter.yaml").write_text(CHECK)
    (tmp_path / "pod.yaml").write_text(POD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ids(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> set[str]:
    return {f.rule.id for f in report(folder, monkeypatch, *arguments).findings}


def test_they_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "custom:has-team" in ids(folder, monkeypatch)
    assert "custom:has-team" not in ids(folder, monkeypatch, "--no-config")
    assert ids(folder, monkeypatch, "--select", "custom:has-team") == {"custom:has-team"}
    assert "custom:has-team" not in ids(folder, monkeypatch, "--ignore", "has-team")


def test_the_annotation_ignores_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotation = "  annotations: {ignore-check.kube-linter.io/has-team: x}\n"
    (folder / "pod.yaml").write_text(POD.replace("spec:", f"{annotation}spec:"))
    assert "custom:has-team" not in ids(folder, monkeypatch)


def test_exclude_turns_them_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"checks: {{exclude: [has-team], include: [has-team]}}\n{CHECK}"
    (folder / ".kube-linter.yaml").write_text(text)
    result = report(folder, monkeypatch)
    assert "custom:has-team" not in {f.rule.id for f in result.findings}
    assert not result.coverage.not_covered


def test_our_configuration_may_name_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "seawall.toml").write_text(
        'select = ["custom:has-team"]\nlocked = ["has-team"]\n'
        '[rules."custom:has-team"]\nseverity = "critical"\n'
    )
    (finding,) = report(folder, monkeypatch).findings
    assert finding.severity.label == "critical"
    (folder / "seawall.toml").write_text('foreign = false\nselect = ["custom:has-team"]\n')
    with pytest.raises(UsageError, match="no rule is called 'custom:has-team'"):
        configuration.load(None, (".",))


def test_one_that_is_wrong_stops_the_scan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".kube-linter.yaml").write_text("customChecks:\n  - name: a\n    template: no-such\n")
    assert run(["scan", "--no-cache"]) == 2
    told = capsys.readouterr().err
    assert ".kube-linter.yaml:2: custom check a" in told
    assert run(["config", "show"]) == 2


def test_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show"]) == 0
    assert "# rule made of a custom check: custom:has-team" in capsys.readouterr().out

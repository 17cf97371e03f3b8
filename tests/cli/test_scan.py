"""The options of ``seawall scan``, each by what it changes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from seawall import reports
from seawall.cli.output import terminal_width, wants_colour
from tests.cli.support import POD, Outcome, command, write

TEMPLATE = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n"
TWO = ("--select", "host-network,memory-limit-missing")


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, a=POD)
    return tmp_path


def scan(*arguments: str) -> Outcome:
    return command("scan", *arguments)


def found(*arguments: str) -> list[str]:
    """The rules that found something, in the order of the report."""
    report = json.loads(scan("--format", "json", *arguments).output)
    return [finding["rule"] for finding in report["findings"]]


@pytest.mark.parametrize(
    ("rule", "arguments", "code"),
    [
        ("host-network", [], 1),
        ("memory-limit-missing", [], 0),
        ("memory-limit-missing", ["--fail-on", "medium"], 1),
        ("memory-limit-missing", ["--fail-on", "MEDIUM"], 1),
        ("memory-limit-missing", ["--fail-on", "low"], 1),
        ("host-network", ["--fail-on", "critical"], 0),
        ("host-network", ["--fail-on", "none"], 0),
        ("host-network", ["--exit-zero"], 0),
    ],
)
def test_from_which_severity_on_it_fails(rule: str, arguments: list[str], code: int) -> None:
    outcome = scan("--select", rule, *arguments)
    assert outcome.code == code
    assert rule in outcome.output


def test_what_is_not_covered_fails_only_when_strict(tree: Path) -> None:
    write(tree, a=TEMPLATE)
    assert scan().code == 0
    assert scan("--strict").code == 3
    write(tree, b=POD)
    assert scan("--strict").code == 1, "findings are worse"
    assert scan("--strict", "--exit-zero").code == 3


def test_what_failed_fails_when_nothing_is_worse(tree: Path) -> None:
    write(tree, b="kind: [")
    assert scan("--exit-zero").code == 3
    assert scan().code == 1


def test_confidence(tree: Path) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}}\n"
    write(tree, a=service)
    arguments = ("--select", "service-selector-dangling", "a.yaml")
    assert found(*arguments) == []
    assert found(*arguments, "--min-confidence", "low") == ["service-selector-dangling"]


def test_profiles() -> None:
    assert "host-network" in found()
    assert "host-network" not in found("--profile", "reliability")
    assert "replicas-too-few" not in found("--profile", "all")
    assert {"host-network", "cpu-request-missing", "cpu-limit-missing"} <= set(
        found("--profile", "all")
    )
    assert found("--profile", "pss-baseline") == ["pss-baseline"]
    assert set(found("--profile", "pss-restricted")) == {"pss-restricted"}


def test_versions_of_the_pod_security_standards() -> None:
    def messages(version: str) -> str:
        return scan("--profile", "pss-restricted", "--pss-version", version, "-q").output

    assert "seccompProfile" not in messages("v1.18")
    assert "seccompProfile" in messages("1.19")
    assert messages("latest") == messages("v1.999")


def test_versions_of_kubernetes(tree: Path) -> None:
    write(tree, a="apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n")
    removed = scan("--select", "deprecated-api-version", "-q").output
    old = scan("--select", "deprecated-api-version", "-q", "--kubernetes-version", "1.24").output
    assert "deprecated-api-version" in removed
    assert removed != old


def test_rules_by_own_and_other_names() -> None:
    assert found("--select", "host-network") == ["host-network"]
    assert found("--select", "KSV-0009") == ["host-network"]
    assert found("--select", "kube-linter:host-network") == ["host-network"]
    assert set(found(*TWO)) == {"host-network", "memory-limit-missing"}
    assert found(*TWO, "--ignore", "KSV009") == ["memory-limit-missing"]
    assert found(*TWO, "--ignore", "host-*,memory-*") == []


def test_a_rule_set_can_be_pinned() -> None:
    report = json.loads(scan("--format", "json", "--ruleset", "2026.1").output)
    assert report["tool"]["ruleset"] == "2026.1"
    assert found("--ruleset", "2026.1") == found()


def test_gitignore_is_honoured_or_not(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / ".gitignore").write_text("a.yaml\n")
    assert "Nothing was checked" in scan("--select", "host-network").output
    assert found("--select", "host-network", "--no-gitignore") == ["host-network"]
    assert found("--select", "host-network", "a.yaml") == ["host-network"], "named is named"


def test_targets_before_after_and_behind_two_dashes(tree: Path) -> None:
    write(tree, b=POD, c=POD)
    (tree / "-d.yaml").write_text(POD)
    outcome = scan("a.yaml", "-q", "--select", "host-network", "b.yaml", "--", "-d.yaml")
    assert [line.partition(":")[0] for line in outcome.output.splitlines()] == [
        "-d.yaml", "a.yaml", "b.yaml",
    ]  # fmt: skip


def test_context_is_known_and_not_reported(tree: Path) -> None:
    write(tree, b=POD)
    outcome = scan("--context", ".", "-q", "--select", "host-network", "b.yaml")
    assert [line.partition(":")[0] for line in outcome.output.splitlines()] == ["b.yaml"]


def test_quiet_and_verbose(tree: Path) -> None:
    (tree / "notes.txt").write_text("notes")
    plain = scan("--select", "host-network")
    assert "1 input skipped (-v lists them)" in plain.output
    assert "notes.txt" in scan("--select", "host-network", "-v").output
    assert scan("--select", "host-network", "-q").output == (
        "a.yaml:6:16: high[host-network] Pod/web: shares the network namespace of its node\n"
    )


def test_configuration(tree: Path) -> None:
    (tree / "seawall.toml").write_text('[rules.host-network]\nseverity = "info"\n')
    assert scan("--select", "host-network").code == 0
    (tree / "other.toml").write_text('[rules.host-network]\nseverity = "critical"\n')
    assert "critical" in scan("--select", "host-network", "--config", "other.toml").output


def test_several_formats_in_one_run(tree: Path) -> None:
    arguments = [item for name in reports.FORMATS for item in ("--format", f"{name}=out.{name}")]
    outcome = scan("a.yaml", "--exit-zero", *arguments)
    assert (outcome.code, outcome.output) == (0, "")
    for name in reports.FORMATS:
        assert (tree / f"out.{name}").read_text()
    both = scan("a.yaml", "--exit-zero", "--format", "table", "--format", "json=again.json")
    assert "host-network" in both.output
    assert (tree / "again.json").read_bytes() == (tree / "out.json").read_bytes()


def test_output_goes_to_a_file(tree: Path) -> None:
    assert scan("--format", "json", "--output", "out.json").output == ""
    assert json.loads((tree / "out.json").read_text())["findings"]
    assert json.loads(scan("--format", "json", "--output", "-").output)["findings"]


def test_json_is_the_same_everywhere_unless_meta_is_asked_for(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scan("--format", "json").output
    other = tree / "elsewhere"
    other.mkdir()
    write(other, a=POD)
    os.utime(other / "a.yaml", (0, 0))
    monkeypatch.chdir(other)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert scan("--format", "json").output == here
    assert str(tree) not in here
    meta = json.loads(scan("--format", "json", "--meta").output)["meta"]
    assert meta["directory"] == str(other)
    assert meta.keys() == {"time", "directory", "targets", "python", "platform"}


@pytest.mark.parametrize(
    ("choice", "environment", "is_terminal", "coloured"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),  # no-color.org: "when present and not empty"
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colours(
    choice: str, environment: dict[str, str], is_terminal: bool, coloured: bool
) -> None:
    assert wants_colour(choice, environment, is_terminal=is_terminal) is coloured


def test_colours_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert "\x1b[" not in scan().output, "no terminal"
    assert "\x1b[" in scan("--color", "always").output
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in scan().output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in scan().output


@pytest.mark.parametrize(
    ("columns", "width"), [("80", 80), ("1", 40), ("99999", 400), ("0", 100), ("x", 100)]
)
def test_width(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_terminal(_descriptor: int) -> Any:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", no_terminal)
    assert terminal_width({"COLUMNS": columns}) == width


@pytest.mark.parametrize(
    ("size", "code"), [("1k", 3), ("1G", 0), ("2MiB", 0), ("0", 2), ("-1", 2), ("many", 2)]
)
def test_the_largest_file_to_read(tree: Path, size: str, code: int) -> None:
    write(tree, a=POD + "# " + "-" * 2000)
    assert scan("--exit-zero", "--max-file-size", size).code == code

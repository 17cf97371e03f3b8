"""``seawall explain`` and ``seawall rules``: the catalogue at a terminal."""

import json
from pathlib import Path

import pytest

from seawall import catalogue
from seawall.core.rule import PROFILES
from tests.cli.support import command


@pytest.mark.parametrize("id_", ["kubesec:Privileged", "KSV-0017", "CKV_K8S_16", "AVD-KSV-0017"])
def test_a_rule_is_explained_by_any_of_its_names(id_: str) -> None:
    own, others = command("explain", "privileged-container"), command("explain", id_)
    assert own == others
    assert own.code == 0


def test_an_advisory_is_explained_by_what_is_known_of_it() -> None:
    outcome = command("explain", "cve-2024-3651", "host-pid")
    assert outcome.code == 0
    assert "CVE-2024-3651: " in outcome.output
    assert "host-pid: " in outcome.output


def test_every_part_of_every_manual_is_shown() -> None:
    outcome = command("explain", "*")
    assert outcome.code == 0
    for rule in catalogue.all_rules():
        assert f"{rule.id}: " in outcome.output
        assert f"Remedy: {rule.remedy}\n" in outcome.output
        for parameter in rule.parameters:
            assert f"  {parameter.name} = " in outcome.output
    count = len(catalogue.all_rules())
    for heading in ("Why", "Bad", "Good"):
        assert outcome.output.count(f"\n{heading}\n") == count


def test_parameters_are_shown_as_they_are_written() -> None:
    output = command("explain", "replicas-too-few").output
    assert "Parameters, set in seawall.toml under [rules.replicas-too-few]:" in output
    assert "  minimum = 2 " in output


def test_one_rule_is_shown_once() -> None:
    output = command("explain", "host-pid", "KSV-0010", "host-p*").output
    assert output.count("host-pid: ") == 1


@pytest.mark.parametrize("arguments", [["explain", "no-such"], ["rules", "no-such"]])
def test_unknown_ids(arguments: list[str]) -> None:
    outcome = command(*arguments)
    assert (outcome.code, outcome.output) == (2, "")
    assert "no rule is called 'no-such'" in outcome.errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain"], "the following arguments are required: ID"),
        (["rules", "--profile", "x"], "invalid choice: 'x'"),
        (["rules", "--coverage", "x"], "invalid choice: 'x'"),
        (["scna"], "did you mean 'scan'?"),
        (["k8s"], "to scan it, say: seawall scan k8s"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    outcome = command(*arguments)
    assert (outcome.code, outcome.output) == (2, "")
    assert message in outcome.errors


def test_rules_are_listed() -> None:
    lines = command("rules").output.splitlines()
    rules = catalogue.all_rules()
    assert lines[-1] == f"{len(rules)} rules; seawall explain ID shows one"
    assert [line.split()[:2] for line in lines[:-1]] == [
        [rule.id, rule.severity.label] for rule in rules
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_rules_of_a_profile(profile: str) -> None:
    listed = {item["id"] for item in json.loads(
        command("rules", "--profile", profile, "--format", "json").output
    )}  # fmt: skip
    assert listed == {rule.id for rule in catalogue.all_rules() if rule.in_profile(profile)}


def test_rules_as_json() -> None:
    (row,) = json.loads(command("rules", "KSV-0017", "--format", "json").output)
    assert row["id"] == "privileged-container"
    assert "kubesec:Privileged" in row["aliases"]
    assert row["severity"] == "critical"


@pytest.mark.parametrize(
    ("tool", "count"), [("kubesec", 30), ("kube-score", 39), ("kube-linter", 63)]
)
def test_coverage_of_another_tool(tool: str, count: int) -> None:
    lines = command("rules", "--coverage", tool).output.splitlines()
    assert lines[-1] == f"{count} of {count} rules of {tool} are covered"
    known = {rule.id for rule in catalogue.all_rules()}
    for line in lines[:-1]:
        _, ours = line.split(maxsplit=1)
        assert set(ours.split(", ")) <= known


def test_changes_of_rule_sets() -> None:
    first, *new = command("rules", "--changes").output.splitlines()
    assert first == f"2026.1: {len(catalogue.all_rules())} new rules"
    assert {line.split()[1] for line in new} == {rule.id for rule in catalogue.all_rules()}


def test_help_and_version() -> None:
    assert command("--version").output.startswith("seawall ")
    assert command("--help").code == 0
    bare = command()
    assert (bare.code, bare.output) == (2, command("--help").output)


def test_every_rule_about_secrets_is_explained() -> None:
    ids = [rule.id for rule in catalogue.rules_of(catalogue.SECRETS)]
    plain, marked = command("explain", *ids), command("explain", *(f"secret:{id_}" for id_ in ids))
    assert plain.code == 0
    assert plain == marked
    for id_ in ids:
        assert f"{id_}: " in plain.output


def test_the_mark_of_secrets_is_for_secrets() -> None:
    assert command("explain", "secret:host-pid").code == 2


def test_a_rule_of_ones_own_is_explained_where_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitleaks.toml").write_text(
        "[[rules]]\nid = 'shop-key'\ndescription = 'Key of the shop'\nregex = 'shop_[a-z]{20}'\n"
    )
    (tmp_path / ".kube-linter.yaml").write_text(
        "customChecks:\n- name: no-host\n  template: host-network\n  remediation: leave it out\n"
    )
    monkeypatch.chdir(tmp_path)
    outcome = command("explain", "secret:shop-key", "custom:no-host", "host-pid")
    assert outcome.code == 0
    assert "secret:shop-key: Key of the shop." in outcome.output
    assert "at .gitleaks.toml:1" in outcome.output
    assert "custom:no-host: " in outcome.output
    assert "host-pid: " in outcome.output
    monkeypatch.chdir("/")
    assert command("explain", "secret:shop-key").code == 2

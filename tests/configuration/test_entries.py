"""Entries of a configuration: what they hide, what is said of them, and what is refused."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seawall import configuration
from seawall.core.errors import UsageError
from tests.text.test_toml import documents
from tests.triage.support import command, json_scan, pod, write

RULES = "host-network,host-pid,image-tag-mutable,privileged-container,ignore-*"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    namespaced = pod("b").replace("name: b\n", "name: b\n  namespace: shop\n")
    write(tmp_path, {"a.yaml": pod("a"), "deep/b.yaml": namespaced})
    return tmp_path


def scan(text: str, *arguments: str) -> Any:
    Path("seawall.toml").write_text(text)
    return json_scan("--select", RULES, *arguments)


def counted(report: Any) -> dict[str, int]:
    names: dict[str, int] = {}
    for finding in report["findings"]:
        name = finding["subject"]["name"] or finding["rule"]
        names[name] = names.get(name, 0) + 1
    return names


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ('rules = ["host-network"]', {"a": 3, "b": 3}),
        ('rules = ["host-*", "KSV-0013"]', {}),
        ('kinds = ["pod"]', {}),
        ('kinds = ["Deploy*"]', {"a": 4, "b": 4, "ignore-unused": 1}),
        ('names = ["a"]', {"b": 4}),
        ('names = ["[ab]"]', {}),
        ('namespaces = ["shop"]', {"a": 4}),
        ('namespaces = ["default"]', {"b": 4}),
        ('containers = ["side"]', {"a": 3, "b": 3}),
        ('paths = ["deep/"]', {"a": 4}),
        ('paths = ["*.yaml", "!b.yaml"]', {"b": 4}),
        ('rules = ["host-pid"]\nnames = ["a"]', {"a": 3, "b": 4}),
        ('names = ["a"]\nnamespaces = ["shop"]', {"a": 4, "b": 4, "ignore-unused": 1}),
    ],
)
def test_what_entries_hide(tree: Path, entry: str, left: dict[str, int]) -> None:
    report = scan(f'[[suppress]]\n{entry}\nreason = "accepted"\n')
    without = {name: count for name, count in left.items() if name != "ignore-unused"}
    found = counted(report)
    found.pop("ignore-unused", None)
    assert found == without
    for item in report["suppressed"]:
        assert item["reason"] == "accepted"
        assert item["by"] == {"form": "configuration", "path": "seawall.toml", "line": 1}


def complaint(report: Any, rule: str) -> Any:
    (found,) = [finding for finding in report["findings"] if finding["rule"] == rule]
    return found


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ('rules = ["privileged-container"]', "ignore-unused"),
        ('rules = ["host-pid"]\nuntil = 2020-01-31', "ignore-expired"),
        ('rules = ["host-pid"]\nuntil = "2020-01-31"', "ignore-expired"),
    ],
)
def test_what_is_said_of_entries(tree: Path, entry: str, rule: str) -> None:
    report = scan(f"# head\n\n[[suppress]]\n{entry}\n")
    found = complaint(report, rule)
    assert (found["location"]["path"], found["location"]["line"]) == ("seawall.toml", 3)
    assert counted(report)["a"] == 4


def test_reason_and_locks(tree: Path) -> None:
    entry = '[[suppress]]\nrules = ["host-pid"]\n'
    report = scan(f"require-reason = true\n{entry}")
    assert complaint(report, "ignore-without-reason")["location"]["line"] == 2
    assert counted(report)["a"] == 4
    report = scan(f'locked = ["host-pid"]\n{entry}reason = "x"\n')
    assert complaint(report, "ignore-locked")["location"]["line"] == 2
    assert counted(report)["a"] == 4


def test_a_part_of_the_tree_does_not_tell_that_an_entry_is_of_no_use(tree: Path) -> None:
    text = '[[suppress]]\nrules = ["privileged-container"]\n'
    assert complaint(scan(text), "ignore-unused")
    for target in ("deep", "a.yaml"):
        assert "ignore-unused" not in {f["rule"] for f in scan(text, target)["findings"]}
    write(tree, {"broken.yaml": "apiVersion: v1\nkind: Pod\na: [\n"})
    assert "ignore-unused" not in {f["rule"] for f in scan(text)["findings"]}


def test_an_entry_for_all_rules_is_judged_where_all_ran(tree: Path) -> None:
    Path("seawall.toml").write_text('[[suppress]]\npaths = ["absent/"]\n')
    assert "ignore-unused" not in {f["rule"] for f in json_scan()["findings"]}
    found = json_scan("--profile", "all")["findings"]
    assert "ignore-unused" in {f["rule"] for f in found}


def test_the_configuration_may_hide_what_is_said_of_comments(tree: Path) -> None:
    write(tree, {"a.yaml": "# seawall: ignore[privileged-container] x\n" + pod("a")})
    assert complaint(scan(""), "ignore-unused")["location"]["path"] == "a.yaml"
    report = scan('[[suppress]]\nrules = ["ignore-unused"]\npaths = ["a.yaml"]\n')
    assert "ignore-unused" not in {f["rule"] for f in report["findings"]}
    report = scan(
        '[[suppress]]\nrules = ["ignore-unused"]\n[[suppress]]\nrules=["privileged-container"]\n'
    )
    assert complaint(report, "ignore-unused")["location"]["line"] == 3


def test_a_locked_rule_cannot_be_left_out(tree: Path) -> None:
    Path("seawall.toml").write_text('locked = ["host-pid"]\n')
    ran = command("scan", "--ignore", "host-*")
    assert ran.code == 2
    assert "--ignore host-*: host-pid is locked by seawall.toml:1; leave it out" in ran.err
    Path("seawall.toml").write_text('locked = ["host-pid"]\nignore = ["host-pid"]\n')
    assert "seawall.toml:2: ignore host-pid is locked" in command("scan").err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mode = 1\n", ":1: unknown key 'mode'; known: profile"),
        ("\nprofil = 'all'\n", ":2: unknown key 'profil'; did you mean 'profile'?"),
        ("profile = 'best'\n", ":1: profile 'best' is none of: security"),
        ("profile = 3\n", ":1: profile must be a text"),
        ("select = 'host-pid'\n", ":1: select must be a list of texts"),
        ("select = ['host-pod']\n", ":1: select no rule is called 'host-pod'; did you mean"),
        ("ignore = [1]\n", ":1: ignore must be a list of texts"),
        ("ruleset = '1999.1'\n", ":1: ruleset '1999.1' is none of"),
        ("strict = 'yes'\n", ":1: strict must be true or false"),
        ("gitignore = 1\n", ":1: gitignore must be true or false"),
        ("require-reason = 'x'\n", ":1: require-reason must be true or false"),
        ("fail-on = 'bad'\n", ":1: fail-on 'bad' is no severity"),
        ("min-confidence = 'bad'\n", ":1: min-confidence 'bad' is no confidence"),
        ("locked = 'x'\n", ":1: locked must be a list of texts"),
        ("exclude = {}\n", ":1: exclude must be a list of texts"),
        ("baseline = []\n", ":1: baseline must be a text"),
        ("kubernetes-version = '2'\n", "seawall.toml:1: '2' is no version"),
        (f"kubernetes-version = '1.{'9' * 5000}'\n", "is no version"),
        ("max-file-size = 'big'\n", "seawall.toml:1: 'big' is no size"),
        (f"max-file-size = '{'9' * 5000}'\n", "is no size"),
        ("pss-version = 'v2'\n", "is no version"),
        ("override = {}\n", ":1: override must be tables, each beginning with [[override]]"),
        ("[[override]]\npath = []\n", ":2: unknown key 'path'; did you mean 'paths'?"),
        ("[[override]]\nseverities = { host-pid = 'low' }\n", ":1: override.0 must have paths"),
        ("[[override]]\npaths = ['x']\n", ":1: override.0 must have severities"),
        ("[[override]]\npaths = ['x']\nseverities = { host-pid = 'bad' }\n", ":3: "),
        ("[[override]]\npaths = ['x']\nseverities = { host-pod = 'low' }\n", ":3: no rule"),
        ("[suppress]\nrules = []\n", ":1: suppress must be tables"),
        ("[[suppress]]\n", ":1: suppress.0 must say what it suppresses"),
        ("[[suppress]]\nreason = 'x'\n", ":1: suppress.0 must say what it suppresses"),
        ("[[suppress]]\n\nrule = ['x']\n", ":3: unknown key 'rule'; did you mean 'rules'?"),
        ("[[suppress]]\nrules = ['x-y-z']\n", ":2: suppress.0.rules no rule is called"),
        ("[[suppress]]\nnames = ['x']\nuntil = 'soon'\n", ":3: suppress.0.until 'soon' is no date"),
        ("[[suppress]]\nnames = ['x']\nuntil = 2027-01-31T10:00:00\n", "is no date"),
        ("[[suppress]]\nnames = ['x']\nuntil = 10:00:00\n", "is no date"),
        ("[[suppress]]\nnames = ['x']\nuntil = 3\n", ":3: suppress.0.until must be a text"),
        ("a = 1\na = 2\n", "seawall.toml:2:6: this is no valid TOML"),
    ],
)  # fmt: skip
def test_what_is_refused(tree: Path, text: str, message: str) -> None:
    Path("seawall.toml").write_text(text)
    ran = command("scan")
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.startswith("seawall: ")
    assert "seawall.toml" in ran.err
    assert not ran.out


KEYS = ["profile", "select", "ignore", "ruleset", "fail-on", "min-confidence", "strict",
        "baseline", "gitignore", "max-file-size", "exclude", "locked", "require-reason",
        "kubernetes-version", "pss-version"]  # fmt: skip
VALUES = ['"all"', '["host-*"]', "true", "3", '"low"', "[]", "{}", "2027-01-01", '["["]', '"1.30"',
          "[1, [2]]", '"2026.1"', "1.5", "inf"]  # fmt: skip
TABLES = ["[rules.host-pid]", "[[suppress]]", "[[override]]", "[rules]", "[suppress]", "[rules.x]",
          "[override.severities]", "[[rules.host-pid]]", '[rules."image-*"]']  # fmt: skip
INNER = ["rules", "kinds", "names", "paths", "reason", "until", "severity", "severities", "minimum"]


@st.composite
def configurations(draw: st.DrawFn) -> str:
    lines = [f"{draw(st.sampled_from(KEYS))} = {draw(st.sampled_from(VALUES))}"
             for _ in range(draw(st.integers(0, 3)))]  # fmt: skip
    for _ in range(draw(st.integers(0, 3))):
        lines.append(draw(st.sampled_from(TABLES)))
        lines += [f"{draw(st.sampled_from(INNER))} = {draw(st.sampled_from(VALUES))}"
                  for _ in range(draw(st.integers(0, 3)))]  # fmt: skip
    return "\n".join(lines)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.one_of(documents(), configurations(), configurations()), data=st.binary(max_size=30))
@example(text="rules = [{}]", data=b"")
def test_any_document_is_read_or_refused(tree: Path, text: str, data: bytes) -> None:
    path = tree / "some.toml"
    for content in (text.encode(), text.encode() + data, data):
        path.write_bytes(content)
        with suppress(UsageError):
            configuration.load(str(path), (".",))
            command("scan", "--config", str(path), "--select", "host-pid", "a.yaml")

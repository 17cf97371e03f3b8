"""Rules about secrets of the user's own, and what other tools were told, in a scan."""

import json
from pathlib import Path
from typing import Any

import pytest

from seawall.configuration.foreign.known_secrets import digest
from tests.cli.support import command

RULES = """\
[[rule]]
id = "shop-key"
title = "key of the shop"
severity = "critical"
regex = 'shop_(?P<secret>[0-9a-f]{8})'
remedy = "Ask the shop."
"""
GITLEAKS = "[[rules]]\nid = 'pin'\nregex = '''pin=(\\d{4})'''\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a key of the shop in it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "a.py").write_text('KEY = "shop_0a1b2c3d"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".git" / "cache"))
    for name in ("GITLEAKS_CONFIG", "GITLEAKS_CONFIG_TOML", "SEAWALL_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def scan(*arguments: str) -> dict[str, Any]:
    done = command("scan", "--format", "json", *arguments)
    assert done.code in (0, 1), done.errors
    report: dict[str, Any] = json.loads(done.output)
    return report


def found(*arguments: str) -> list[tuple[str, str, int]]:
    """Rule, file and line of the findings that count."""
    return _told(scan(*arguments)["findings"])


def suppressed(*arguments: str) -> list[tuple[str, str]]:
    """Rule and reason of those that do not."""
    return [(row["rule"], row["reason"]) for row in scan(*arguments)["suppressed"]]


def _told(rows: list[Any]) -> list[tuple[str, str, int]]:
    return [(row["rule"], row["location"]["path"], row["location"]["line"]) for row in rows]


OURS = ("secret:shop-key", "a.py", 1)


def test_a_named_file(tree: Path) -> None:
    report = scan("--secret-rules", "rules.toml", "a.py")
    (finding,) = report["findings"]
    assert (finding["rule"], finding["severity"]) == ("secret:shop-key", "critical")
    assert finding["message"] == "key of the shop is written out as KEY"
    assert finding["remedy"] == "Ask the shop."
    assert "0a1b2c3d" not in json.dumps(report)
    assert found("a.py") == []
    assert found("--secret-rules", "rules.toml", "--no-config", "a.py") == [OURS]
    assert found("--secret-rules", "rules.toml", "--no-secrets", "a.py") == []


def test_a_rule_that_does_not_run_hides_nothing_of_ours(tree: Path) -> None:
    (tree / "a.py").write_text('password = "Tq8vLz2mXw9k"\n')
    (tree / "rules.toml").write_text("[[rule]]\nid = 'q'\nregex = 'Tq8\\w+'\n")
    options = ("--secret-rules", "rules.toml", "a.py")
    assert found(*options) == [("secret:q", "a.py", 1)]
    assert found("--ignore", "secret:q", *options) == [("assigned-secret", "a.py", 1)]


def test_several_files_in_several_formats(tree: Path) -> None:
    (tree / "g").write_text(GITLEAKS)
    (tree / "t.yaml").write_text("rules: [{id: tan, regex: 'tan=(\\d+)', severity: LOW}]\n")
    (tree / "a.py").write_text("x = 'shop_0a1b2c3d'\npin=1234\ntan=5678\n")
    options = [part for name in ("rules.toml", "g", "t.yaml") for part in ("--secret-rules", name)]
    assert found(*options, "a.py") == [
        OURS, ("secret:pin", "a.py", 2), ("secret:tan", "a.py", 3)
    ]  # fmt: skip


def test_the_configuration_names_files_from_its_own_directory(tree: Path) -> None:
    (tree / "conf").mkdir()
    (tree / "rules.toml").rename(tree / "conf" / "rules.toml")
    text = '[secrets]\nrules = ["rules.toml"]\n[rules."secret:shop-key"]\nseverity = "low"\n'
    (tree / "conf" / "seawall.toml").write_text(text)
    report = scan("--config", "conf/seawall.toml", "a.py")
    assert [row["severity"] for row in report["findings"]] == ["low"]
    assert found("--config", "conf/seawall.toml", "--ignore", "secret:shop-key", "a.py") == []


def test_ids_that_are_there_twice(tree: Path) -> None:
    (tree / "more.toml").write_text(RULES)
    done = command("scan", "--secret-rules", "rules.toml", "--secret-rules", "more.toml", "a.py")
    assert done.code == 2
    assert "more.toml:1: the rule 'shop-key' is there already (rules.toml:1); give" in done.errors


def test_errors_have_their_place(tree: Path) -> None:
    (tree / ".gitleaks.toml").write_text(GITLEAKS + "entropi = 3\n")
    done = command("scan", "a.py")
    assert done.code == 2
    assert ".gitleaks.toml:4: unknown key 'entropi'; did you mean 'entropy'?" in done.errors
    assert command("scan", "--no-config", "a.py").code == 0


def test_gitleaks_configuration_and_what_comes_before_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / "b.py").write_text("pin=1234 tan=5678 wan=9012\n")
    (tree / ".gitleaks.toml").write_text(GITLEAKS)
    assert found("sub/b.py") == [("secret:pin", "sub/b.py", 1)]
    (tree / "seawall.toml").write_text("foreign = false\n")
    assert found("sub/b.py") == []
    (tree / "seawall.toml").unlink()
    monkeypatch.setenv("GITLEAKS_CONFIG_TOML", GITLEAKS.replace("pin", "tan"))
    assert found("sub/b.py") == [("secret:tan", "sub/b.py", 1)]
    (tree / "env.toml").write_text(GITLEAKS.replace("pin", "wan"))
    monkeypatch.setenv("GITLEAKS_CONFIG", "env.toml")
    assert found("sub/b.py") == [("secret:wan", "sub/b.py", 1)]
    (tree / "flag.toml").write_text(GITLEAKS.replace("'pin'", "'flag'"))
    assert found("--secret-rules", "flag.toml", "sub/b.py") == [("secret:flag", "sub/b.py", 1)]


def test_gitleaks_allow_lists_hold_for_our_rules_where_it_builds_on_them(tree: Path) -> None:
    (tree / "a.py").write_text('password = "Tq8vLz2mXw9k"\n')
    assert found("a.py") == [("assigned-secret", "a.py", 1)]
    text = "[extend]\nuseDefault = true\n[[allowlists]]\ndescription = 'demo'\nregexes = ['^Tq8']\n"
    (tree / ".gitleaks.toml").write_text(text)
    assert found("a.py") == []
    assert suppressed("a.py") == [("assigned-secret", "demo")]
    (row,) = scan("a.py")["suppressed"]
    assert row["by"] == {"form": "configuration", "path": ".gitleaks.toml", "line": 3}
    (tree / ".gitleaks.toml").write_text(GITLEAKS + text.partition("\n[[")[2].join(["[[", ""]))
    assert found("a.py") == [("assigned-secret", "a.py", 1)]


@pytest.mark.parametrize(
    ("mark", "tool"),
    [("gitleaks:allow", "gitleaks"), ("trufflehog:ignore", "trufflehog"),
     ("pragma: allowlist secret", "detect-secrets")],
)  # fmt: skip
def test_marks_of_other_tools(tree: Path, mark: str, tool: str) -> None:
    (tree / "a.py").write_text(f'KEY = "shop_0a1b2c3d"  # {mark}\n')
    options = ("--secret-rules", "rules.toml", "a.py")
    assert found(*options) == []
    assert suppressed(*options) == [("secret:shop-key", f"{tool}: secrets: no reason given")]
    assert found("--no-ignores", *options) == [OURS]
    (tree / "seawall.toml").write_text('foreign = ["trivy"]\n')
    assert found(*options) == [OURS]


def test_a_mark_at_one_of_two_places_hides_nothing(tree: Path) -> None:
    (tree / "a.py").write_text('A = "shop_0a1b2c3d" # gitleaks:allow\nB = "shop_0a1b2c3d"\n')
    assert found("--secret-rules", "rules.toml", "a.py") == [OURS]


def test_gitleaksignore(tree: Path) -> None:
    (tree / ".gitleaksignore").write_text("# old\na.py:shop-key:1\n")
    options = ("--secret-rules", "rules.toml")
    assert found(*options, ".") == []
    assert suppressed(*options, ".") == [("secret:shop-key", "gitleaks: shop-key: old")]
    (tree / ".gitleaksignore").write_text("a.py:shop-key:2\na.py:other:1\n")
    assert found(*options, ".") == [OURS]


def test_gitleaksignore_speaks_of_gitleaks_rules(tree: Path) -> None:
    (tree / "a.py").write_text('password = "Tq8vLz2mXw9k"\n')
    (tree / ".gitleaksignore").write_text("a.py:generic-api-key:1\n")
    assert found("a.py") == []
    (tree / ".gitleaksignore").write_text("a.py:github-pat:1\n")
    assert found("a.py") == [("assigned-secret", "a.py", 1)]


def test_the_baseline_of_detect_secrets(tree: Path) -> None:
    rows = {"a.py": [{"type": "x", "hashed_secret": digest("0a1b2c3d"), "line_number": 9}]}
    (tree / ".secrets.baseline").write_text(json.dumps({"results": rows}))
    options = ("--secret-rules", "rules.toml", ".")
    assert found(*options) == []
    assert suppressed(*options) == [
        ("secret:shop-key", "detect-secrets: secrets: known to its baseline")
    ]
    (tree / "a.py").write_text('KEY = "shop_0a1b2c3e"\n')
    assert found(*options) == [OURS]


def test_a_report_of_gitleaks_as_baseline(tree: Path) -> None:
    rows = [{"RuleID": "x", "File": "a.py", "StartLine": 7, "Secret": "0a1b2c3d"}]
    (tree / ".git" / "report.json").write_text(json.dumps(rows))
    options = ("--secret-rules", "rules.toml", "--baseline", ".git/report.json", ".")
    assert found(*options) == []
    (tree / "a.py").write_text('KEY = "shop_0a1b2c3e"\n')
    assert found(*options) == [OURS]


def test_trivyignore(tree: Path) -> None:
    (tree / ".trivyignore").write_text("# known\nshop-key\n")
    options = ("--secret-rules", "rules.toml", ".")
    assert suppressed(*options) == [("secret:shop-key", "trivy: shop-key: known")]
    (tree / ".trivyignore").write_text("github-pat\n")
    assert found(*options) == [OURS]
    (tree / ".trivyignore.yaml").write_text("secrets: [{id: shop-key, paths: ['a.py']}]\n")
    assert found(*options) == []


def test_trivys_rules(tree: Path) -> None:
    (tree / "a.py").write_text('password = "Tq8vLz2mXw9k"\ntan=5678\n')
    (tree / "trivy-secret.yaml").write_text(
        "rules: [{id: tan, regex: 'tan=\\d+', severity: LOW}]\n"
    )
    assert found("a.py") == [("assigned-secret", "a.py", 1), ("secret:tan", "a.py", 2)]
    (tree / "trivy-secret.yaml").write_text("enable-builtin-rules: [github-pat]\n")
    assert found("a.py") == []


def test_files_that_are_no_texts(tree: Path) -> None:
    (tree / "rules.toml").write_text("[[rule]]\nid = 'store'\npaths = ['*.p12']\n")
    (tree / "a.p12").write_bytes(b"\x30\0\0" * 99)
    options = ("--secret-rules", "rules.toml", ".")
    assert found(*options) == [("secret:store", "a.p12", 0)]
    assert found(*options) == [("secret:store", "a.p12", 0)]
    (tree / "b.p12").write_bytes(b"\x30\0\0" * 99)
    messages = [row["message"] for row in scan(*options)["findings"]]
    assert len(messages) == 2
    assert not any("also stands" in message for message in messages)


def test_a_flood_is_told(tree: Path) -> None:
    (tree / "rules.toml").write_text("[[rule]]\nid = 'all'\nregex = '[a-z]'\nseverity = 'low'\n")
    (tree / "a.py").write_text("ab" * 6_000)
    report = scan("--secret-rules", "rules.toml", "a.py")
    (told,) = report["coverage"]["not_covered"]
    assert told["reason"].startswith("rules.toml:1: the rule 'all' matches more than 10,000 times")
    assert "narrower" in told["remedy"]


def test_cached_and_spread_runs_write_the_same(tree: Path) -> None:
    for number in range(40):
        text = f'KEY = "shop_0a1b2c{number:02d}"\nX = "shop_ffffff{number:02d}" # gitleaks:allow\n'
        (tree / f"f{number:02d}.py").write_text(text + "# " + "x" * 60_000 + "\n")
    options = ("--secret-rules", "rules.toml", ".")
    plain = scan("--no-cache", "--jobs", "1", *options)
    assert len(plain["findings"]) == 41
    assert len(plain["suppressed"]) == 40
    for more in (("--no-cache", "--jobs", "2"), (), (), ("--jobs", "2")):
        assert scan(*more, *options) == plain
    (tree / "rules.toml").write_text(RULES.replace("critical", "low"))
    assert {row["severity"] for row in scan(*options)["findings"]} == {"low"}


def test_config_show(tree: Path) -> None:
    (tree / ".gitleaks.toml").write_text(
        "[extend]\nuseDefault = true\ndisabledRules = ['github-pat']\n" + GITLEAKS
    )
    (tree / ".gitleaksignore").write_text("a.py:pin:1\n")
    shown = command("config", "show", "--secret-rules", "rules.toml").output
    assert 'secrets.rules = ["rules.toml"]  # --secret-rules' in shown
    assert "rule of your own about secrets: secret:pin" in command("config", "show").output
    assert '"github-classic-token",  # .gitleaks.toml:3 (gitleaks: turned off)' in (
        command("config", "show").output
    )
    assert ".gitleaksignore:1 (gitleaks)" in shown


def test_init_leaves_them_where_they_are(tree: Path) -> None:
    (tree / ".gitleaks.toml").write_text(
        "[extend]\nuseDefault = true\ndisabledRules = ['github-pat']\n" + GITLEAKS
    )
    (tree / ".gitleaksignore").write_text("a.py:pin:1\na.py:pin:2\n")
    done = command("init")
    assert done.code == 0
    told = done.output + done.errors
    assert told.count("about secrets; it stays in force as it is") == 2
    assert '"github-classic-token",  # .gitleaks.toml:3: gitleaks: turned off' in (
        (tree / "seawall.toml").read_text()
    )
    assert command("config", "show").code == 0

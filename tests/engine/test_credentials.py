"""Secrets in a scan: what is searched, what is said of it, and what is never shown."""

import os
import random
from codecs import BOM_UTF16_LE
from pathlib import Path
from typing import Any

import pytest

from seawall.core.errors import UsageError
from seawall.core.report import Report
from seawall.core.severity import Confidence, Severity
from seawall.engine import Options, scan, scanning
from seawall.engine.credentials import asked, sweep
from seawall.reports import FORMATS
from seawall.secrets.rules.examples import example
from tests.secrets.rules import RULES, drawn
from tests.sources.git_support import commit, make, needs_git
from tests.triage.support import command, write

SECRETS = ("assigned-secret", "github-*", "secret-in-*", "private-key")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, empty."""
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def token() -> str:
    """A token of GitHub's with a right checksum."""
    return example(RULES["github-classic-token"], random.Random(7))


def report(**options: Any) -> Report:
    return scan(Options(**options)).report


def rules_of(found: Report) -> list[tuple[str, str]]:
    return [(finding.location.path, finding.rule.id) for finding in found.findings]


def test_a_text_that_nothing_else_reads_is_searched(tree: Path) -> None:
    write(tree, {"app.py": f'import os\nGITHUB_TOKEN = "{token()}"\n', "LICENSE": "as it is\n"})
    found = report()
    (finding,) = found.findings
    assert finding.rule.id == "github-classic-token"
    assert finding.rule.domain == "secrets"
    assert finding.message == "GitHub token is written out as GITHUB_TOKEN"
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.HIGH)
    assert finding.location.span == (2, 17, 2, 17 + len(token()))
    assert finding.details["provider"] == "GitHub"
    assert finding.details["proof"] == "proven"
    assert finding.details["revoke"] == "https://github.com/settings/tokens"
    assert "https://github.com/settings/tokens" in finding.remedy
    assert found.coverage.searched == ("LICENSE", "app.py")
    assert (found.searched, found.coverage.skipped) == (2, ())


def test_every_place_of_a_value_is_one_finding(tree: Path) -> None:
    write(tree, {"app.py": f'A_TOKEN = "{token()}"\nx = 1\nB_TOKEN = "{token()}"\n'})
    (finding,) = report().findings
    assert finding.message.endswith(", 2 times")
    assert finding.details["occurrences"] == 2
    ((place, _),) = finding.related
    assert place.span is not None
    assert place.span.line == 3


def test_other_files_with_the_same_value_are_told(tree: Path) -> None:
    line = f'A_TOKEN = "{token()}"\n'
    write(tree, {"a.py": line, "b.py": line, "c.py": line})
    first, second, _ = report().findings
    assert first.details["elsewhere"] == ["b.py", "c.py"]
    assert second.message.endswith("; it also stands in 2 other files")


def test_standard_input_is_searched(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "in").write_text(f"token: {token()}\n")
    descriptor = os.open(tree / "in", os.O_RDONLY)
    kept = os.dup(0)
    try:
        os.dup2(descriptor, 0)
        found = report(targets=("-",))
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(descriptor)
    assert rules_of(found) == [("<stdin>", "github-classic-token")]


def test_a_file_that_is_named_need_be_no_manifest(tree: Path) -> None:
    write(tree, {"app.py": f'def f(): return [\n    "{token()}"]\n'})
    found = report(targets=("app.py",))
    assert rules_of(found) == [("app.py", "github-classic-token")]
    assert not found.coverage.failed


def test_places_count_characters_whatever_the_encoding(tree: Path) -> None:
    line = f'é🙂 = 1\r\nvoilà = "{token()}"\n'
    (tree / "a.py").write_bytes(BOM_UTF16_LE + line.encode("utf-16-le"))
    (tree / "b.py").write_bytes(b"\xef\xbb\xbf" + line.encode())
    (tree / "c.py").write_text(line.replace("\r\n", "\r"), newline="")
    spans = {finding.location.span for finding in report().findings}
    assert spans == {(2, 10, 2, 10 + len(token()))}


# One finding for one secret ---------------------------------------------------------------------

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: app
      image: registry.example.org/app:1.2.3
      env:
        - name: GITHUB_TOKEN
          value: TOKEN
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData:
  github-token: TOKEN
"""


def test_what_a_rule_with_a_fix_reports_is_not_reported_twice(tree: Path) -> None:
    write(tree, {"pod.yaml": POD.replace("TOKEN", token(), 2).replace(token(), "GITHUB_TOKEN", 1)})
    (finding,) = report(select=("hardcoded-secret", *SECRETS)).findings
    assert finding.rule.id == "hardcoded-secret"
    known: Any = finding.details["secret"]
    assert known["provider"] == "GitHub"
    assert "github-classic-token" in known["also"]


def test_a_secret_in_files_is_one_finding(tree: Path) -> None:
    write(tree, {"secret.yaml": SECRET.replace("TOKEN", token())})
    (finding,) = report(select=("secret-plaintext-in-manifest", *SECRETS)).findings
    assert finding.rule.id == "secret-plaintext-in-manifest"
    assert "secret" in finding.details


def test_where_the_other_rule_does_not_run_the_secret_is_found_all_the_same(tree: Path) -> None:
    write(tree, {"secret.yaml": SECRET.replace("TOKEN", token())})
    assert rules_of(report(select=SECRETS)) == [("secret.yaml", "github-classic-token")]


def test_a_dockerfile_has_it_once(tree: Path) -> None:
    write(tree, {"Dockerfile": f"FROM registry.example.org/a:1\nENV GITHUB_TOKEN={token()}\n"})
    (finding,) = report(select=("secret-in-image-env", *SECRETS)).findings
    assert finding.rule.id == "secret-in-image-env"
    assert "secret" in finding.details


# What is searched -------------------------------------------------------------------------------


def test_what_is_not_searched_is_told(tree: Path) -> None:
    (tree / "a.bin").write_bytes(b"\x7fELF\0\1\2\0password = 'correct-horse-7'")
    (tree / "b.txt").write_text(" \n")
    (tree / "c.txt").write_text(f"{token()}\n" * 200)
    found = report(max_file_size=4096)
    assert not found.findings
    assert [tuple(item) for item in found.coverage.skipped] == [
        ("a.bin", "binary, searched for secrets that prove themselves"),
        ("b.txt", "empty"),
    ]
    (gap,) = found.coverage.not_covered
    assert (gap.path, gap.what) == ("c.txt", "searching for secrets")
    assert "--max-file-size" in gap.remedy


def test_too_many_matches_are_told(tree: Path) -> None:
    chance = random.Random(3)
    tokens = [example(RULES["github-classic-token"], chance) for _ in range(10_050)]
    (tree / "many.txt").write_text("\n".join(tokens))
    found = report(max_file_size=10_000_000)
    assert len(found.findings) >= 10_000
    (gap,) = found.coverage.not_covered
    assert gap.path == "many.txt"


def test_what_gitignore_leaves_out_stays_out(tree: Path) -> None:
    write(tree, {".gitignore": ".env\n", ".env": f"GITHUB_TOKEN={token()}\n"})
    assert not report().findings
    assert rules_of(report(gitignore=False)) == [(".env", "github-classic-token")]


def test_it_can_be_left_out(tree: Path) -> None:
    write(tree, {"app.py": f'GITHUB_TOKEN = "{token()}"\n'})
    for left_out in (
        report(secrets=False), report(ignore=("github-*",)), report(select=("host-pid",)),
        report(profile="reliability"),
    ):  # fmt: skip
        assert not left_out.findings
    assert not report(secrets=False).searched
    assert report(secrets=False).coverage.skipped
    assert command("scan").code == 1
    assert command("scan", "--no-secrets").code == 0
    write(tree, {"seawall.toml": "[secrets]\nenabled = false\n"})
    assert command("scan").code == 0
    shown = command("config", "show").out.splitlines()
    assert "secrets.enabled = false  # seawall.toml:2" in shown


def test_a_table_with_another_key_is_refused(tree: Path) -> None:
    write(tree, {"seawall.toml": "[secrets]\nenable = false\n"})
    ran = command("scan")
    assert ran.code == 2
    assert "seawall.toml:2" in ran.err


def test_comments_hide_findings(tree: Path) -> None:
    line = f'GITHUB_TOKEN = "{token()}"'
    write(tree, {
        "a.py": f"{line}  # seawall:ignore[github-classic-token] a test's\n",
        "b.py": f"# seawall:ignore[secret-in-header]\n{line}\n",
        "c.md": "Write `# seawall:ignore[github-classic-token]` behind it.\n",
    })  # fmt: skip
    found = report()
    assert ("b.py", "github-classic-token") in rules_of(found)
    assert ("b.py", "ignore-unused") in rules_of(found)
    assert ("c.md", "ignore-unused") not in rules_of(found)
    assert [item.finding.location.path for item in found.suppressed] == ["a.py"]


def test_severities_are_the_teams(tree: Path) -> None:
    write(tree, {"app.py": f'GITHUB_TOKEN = "{token()}"\n'})
    (finding,) = report(severities={"github-classic-token": Severity.LOW}).findings
    assert finding.severity == Severity.LOW


def test_what_somebody_forgot_to_name_is_refused() -> None:
    with pytest.raises(UsageError):
        report(select=("github-classic-tokens",))


# What is never shown ----------------------------------------------------------------------------


def _secrets() -> dict[str, str]:
    chance = random.Random()
    return {
        "token": example(RULES["github-classic-token"], chance),
        "password": drawn(18, chance.randrange(2**32)),
        "second": drawn(18, chance.randrange(2**32)),
    }


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_no_format_shows_a_value(tree: Path, format_: str) -> None:
    own = _secrets()
    write(tree, {
        "app.py": f'db_password = "{own["password"]}"; other = "{own["token"]}"\n',
        "pod.yaml": POD.replace("value: TOKEN", f"value: {own['token']}"),
        ".env": f"DB_PASSWORD={own['password']}\nURL=postgres://{own['token']}:{own['second']}"
        "@db.internal.test/shop\n",
        "k.md": f"curl -u {own['token']}:{own['second']} https://db.internal.test\n",
    })  # fmt: skip
    ran = command("scan", "--format", format_, "--min-confidence", "low", "--profile", "all")
    assert ran.code == 1, ran.err
    for value in own.values():
        assert value not in ran.out
        assert value not in ran.err


# Cache, processes, history ----------------------------------------------------------------------


@pytest.fixture
def remembered(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree whose results are kept however small it is."""
    monkeypatch.setattr(scanning, "WORTH_REMEMBERING", 0)
    monkeypatch.setattr(asked, "WORTH_REMEMBERING", 0)
    chance = random.Random(5)
    write(tree, {f"d{n % 5}/f{n}.py": f"x = {chance.random()}\n" for n in range(120)})
    write(tree, {"app.py": f'GITHUB_TOKEN = "{token()}"\n', "pod.yaml": POD})
    return tree


def _same(*arguments: str) -> str:
    cached, plain = command("scan", "--cache", *arguments), command("scan", *arguments)
    assert (cached.code, cached.out) == (plain.code, plain.out)
    return plain.out


def test_program_text_that_is_named_is_searched_and_not_parsed(tree: Path) -> None:
    """As a hook names files: what can hold no object is nothing that YAML has to take."""
    write(tree, {"main.go": f'package main\n\nvar (\n\ttoken = "{token()}"\n)\n', "web": POD})
    found = report(targets=("main.go",))
    assert rules_of(found) == [("main.go", "github-classic-token")]
    assert (found.coverage.searched, found.coverage.failed) == (("main.go",), ())
    assert report(targets=("web",)).coverage.read == ("web",)
    write(tree, {"broken.yaml": "a: [\n"})
    assert report(targets=("broken.yaml",)).coverage.failed


def test_a_path_tells_of_a_file_that_is_no_text(tree: Path) -> None:
    """As gitleaks' rule about PKCS #12 does."""
    write(tree, {"rules.toml": "[[rules]]\nid = 'store'\npath = '\\.p12$'\n"})
    (tree / "key.p12").write_bytes(b"\x30\x82\0\0" * 40)
    ran = command("scan", "--secret-rules", "rules.toml", "--min-confidence", "low", "key.p12")
    assert "store" in ran.out, ran


def test_what_is_known_is_not_searched_again(
    remembered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    looked_at = sweep.Sweep.begin

    def noted(self: sweep.Sweep, entries: Any, *rest: Any) -> Any:
        if self._search is not None:
            searched.extend(entry.file.path for entry in entries)
        return looked_at(self, entries, *rest)

    monkeypatch.setattr(sweep.Sweep, "begin", noted)
    first = command("scan", "--cache")
    assert len(searched) == 122
    searched.clear()
    assert command("scan", "--cache").out == first.out
    assert not searched
    write(remembered, {"d0/f0.py": f'KEY = "{token()}"\n'})
    changed = command("scan", "--cache").out
    assert "d0/f0.py" in searched
    assert "app.py" in searched
    assert len(searched) < 100
    assert changed == command("scan").out
    for file in (tmp_path / "cache").rglob("*"):
        assert token().encode() not in (file.read_bytes() if file.is_file() else b"")


@pytest.mark.parametrize("arguments", [(), ("-v",), ("--format", "json"), ("--format", "sarif")])
def test_a_cache_changes_nothing(remembered: Path, arguments: tuple[str, ...]) -> None:
    _same(*arguments)
    _same(*arguments)
    write(remembered, {
        "d1/f1.py": f'KEY = "{token()}"  # seawall:ignore\n',
        "z.yaml": SECRET.replace("TOKEN", token()),
    })  # fmt: skip
    (remembered / "app.py").unlink()
    _same(*arguments)
    _same(*arguments)
    (remembered / "d1" / "f1.py").unlink()  # z.yaml told of it
    _same(*arguments)


def test_processes_change_nothing(remembered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = command("scan", "--format", "json", "-j", "1").out
    monkeypatch.setattr(sweep, "WORTH_SPREADING", 0)
    monkeypatch.setattr(sweep, "_PIECE", 1)
    assert command("scan", "--format", "json", "-j", "3").out == alone
    assert "github-classic-token" in alone


@needs_git
def test_what_was_there_before_does_not_count(tmp_path: Path, monkeypatch: Any) -> None:
    folder = make(tmp_path / "r")
    old = f'GITHUB_TOKEN = "{token()}"\n'
    write(folder, {"app.py": old, "pod.yaml": POD, "moved.py": old.replace("GITHUB", "OLD")})
    commit(folder)
    monkeypatch.chdir(folder)
    fresh = example(RULES["github-classic-token"], random.Random(9))
    write(folder, {"app.py": f'x = 1\n{old}NEW_TOKEN = "{fresh}"\n', "b.py": f'A = "{fresh}"\n'})
    (folder / "moved.py").rename(folder / "elsewhere.py")
    found = report(since="HEAD")
    places = [(f.location.path, f.location.span and f.location.span.line) for f in found.findings]
    assert places == [("app.py", 3), ("b.py", 1)]

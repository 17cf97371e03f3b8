"""``seawall scan`` with --history, --commits and --staged: findings, options, configuration."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_git_history import damage, line, password
from tests.sources.git_support import commit, git, make, needs_git, text, write
from tests.triage.support import Ran, command

pytestmark = needs_git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One password that is there (1), one that was (2); the current directory."""
    folder = make(tmp_path / "r")
    write(folder, **{"a.py": "x = 1\n" + line(1), "d__b.py": line(2)})
    commit(folder)
    write(folder, **{"d__b.py": "x = 1\n"})
    commit(folder)
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    return folder


def report(*arguments: str, code: int = 1) -> Any:
    ran = command("scan", "--format", "json", "--no-cache", *arguments)
    assert ran.code == code, ran.err
    for number in range(40):
        assert password(number) not in ran.out + ran.err
    return json.loads(ran.out)


def found(*arguments: str, code: int = 1) -> dict[str, Any]:
    """The history of each finding by its path."""
    items = report(*arguments, code=code)["findings"]
    result = {item["location"]["path"]: item["details"].get("history") for item in items}
    assert len(result) == len(items)
    return result


def failed(*arguments: str) -> Ran:
    ran = command("scan", *arguments)
    assert ran.code == 2
    return ran


def test_the_history_is_searched_beside_the_files(repository: Path) -> None:
    assert found() == {"a.py": None}
    first = text(repository, "rev-parse", "HEAD~1")
    told = found("--history")
    assert told.keys() == {"a.py", f"{first[:12]}:d/b.py"}
    assert told["a.py"]["state"] == "head"
    gone = told[f"{first[:12]}:d/b.py"]
    assert gone["state"] == "past"
    assert gone["introduced"] == {
        "commit": first, "author": "Ada", "time": "2023-11-14T22:13:20Z", "path": "d/b.py",
    }  # fmt: skip
    assert (gone["commits"], gone["objects"], gone["kind"]) == (1, 1, "blob")
    assert (gone["authors"], gone["paths"]) == (["Ada"], ["d/b.py"])


def test_places_are_those_of_the_blob(repository: Path) -> None:
    places = {
        item["location"]["path"]: (item["location"]["line"], item["location"]["column"])
        for item in report("--history")["findings"]
    }
    assert places.pop("a.py") == (2, 13)
    assert set(places.values()) == {(1, 13)}


def test_a_bare_repository(repository: Path) -> None:
    git(repository.parent, "clone", "-q", "--bare", f"file://{repository}", "bare.git")
    told = found("--history", "../bare.git")
    assert sorted(path.partition(":")[2] for path in told) == ["a.py", "d/b.py"]
    assert {history["state"] for history in told.values()} == {"head", "past"}
    for form in ("table", "sarif", "junit", "gitlab", "github", "markdown", "html", "jsonl"):
        ran = command("scan", "--history", "../bare.git", "--format", form, "--no-cache")
        assert ran.code == 1
        assert "d/b.py" in ran.out
        assert password(1) not in ran.out
        assert password(2) not in ran.out


def test_a_directory_stands_for_its_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [path.partition(":")[2] for path in found("--history", "d")] == ["a.py", "d/b.py"]
    monkeypatch.chdir(repository.parent)
    assert sorted(path.partition(":")[2] for path in found("--history", "r")) == ["", "r/d/b.py"]
    monkeypatch.chdir(repository / "d")
    told = [path.partition(":")[2] for path in found("--history")]
    assert sorted(told) == ["../a.py", "../d/b.py"]


def test_several_repositories(repository: Path) -> None:
    other = make(repository.parent / "other")
    write(other, **{"c.py": line(3)})
    commit(other)
    write(other, **{"c.py": "x = 1\n"})
    commit(other)
    told = [path.partition(":")[2] or path for path in found("--history", ".", "../other")]
    assert sorted(told) == ["../other/c.py", "a.py", "d/b.py"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--history", "--staged"], "choose one"),
        (["--history", "--commits", "a..b"], "choose one"),
        (["--staged", "--since", "HEAD"], "--commits REV..HEAD"),
        (["--history", "--watch"], "leave out --watch"),
        (["--reachable-only"], "goes with --history"),
        (["--history", "--no-secrets"], "leave out --no-secrets"),
        (["--history", "-"], "standard input has no history"),
        (["--staged", "/"], "is in no git repository"),
        (["--commits", "HEAD"], "BASE..HEAD"),
        (["--commits", "nowhere..HEAD"], "unknown revision"),
    ],
)
def test_what_makes_no_sense(repository: Path, arguments: list[str], words: str) -> None:
    assert words in failed(*arguments).err


def test_a_configuration_holds_for_the_past(repository: Path) -> None:
    (repository / "seawall.toml").write_text('exclude = ["d/**"]\n')
    assert found("--history").keys() == {"a.py"}
    (repository / "seawall.toml").write_text(
        '[[override]]\npaths = ["d/**"]\nseverities = { assigned-secret = "low" }\n'
    )
    severities = {
        item["location"]["path"][-4:]: item["severity"] for item in report("--history")["findings"]
    }
    assert severities == {"a.py": "high", "b.py": "low"}
    (repository / "seawall.toml").write_text(
        '[[suppress]]\nrules = ["assigned-secret"]\npaths = ["d/**"]\nreason = "rotated"\n'
    )
    assert found("--history").keys() == {"a.py"}


def test_comments_of_their_time_hold(repository: Path) -> None:
    write(
        repository,
        **{"e.py": f'password = "{password(3)}"  # seawall: ignore[assigned-secret] a sample\n'},
    )
    commit(repository)
    write(repository, **{"e.py": "x = 1\n"})
    commit(repository)
    assert not [path for path in found("--history") if path.endswith("e.py")]
    assert [path for path in found("--history", "--no-ignores") if path.endswith("e.py")]


def test_a_baseline_knows_the_past(repository: Path) -> None:
    assert command("scan", "--history", "--write-baseline", "--no-cache").code == 0
    assert found("--history", "--baseline", "seawall.baseline", code=0) == {}
    write(repository, **{"f.py": line(4)})
    commit(repository)
    write(repository, **{"f.py": "x = 1\n"})
    commit(repository)
    told = found("--history", "--baseline", "seawall.baseline")
    assert [path.partition(":")[2] for path in told] == ["f.py"]


def test_less_sure_values_are_left_out(repository: Path) -> None:
    write(repository, **{"docs__e.md": "password = welcome1\n"})
    commit(repository)
    write(repository, **{"docs__e.md": "x\n"})
    commit(repository)
    sure, all_of_them = found("--history"), found("--history", "--min-confidence", "low")
    assert sure.keys() <= all_of_them.keys()


def test_a_second_look_says_the_same(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    looks = [command("scan", "--history", "--format", "json", "--cache") for _ in range(3)]
    assert {look.out for look in looks} == {looks[0].out}
    for file in (tmp_path / "cache").iterdir():
        data = file.read_bytes()
        assert password(1).encode() not in data
        assert password(2).encode() not in data


def test_damage_is_told_with_its_exit_code(repository: Path) -> None:
    write(repository, **{"a.py": "x = 1\n"})
    commit(repository)
    git(repository, "rm", "-q", "-r", "d")
    commit(repository)
    damage(repository, text(repository, "rev-parse", "HEAD~3:a.py"))
    ran = command("scan", "--history", "--select", "github-*", "--no-cache")
    assert ran.code == 3
    assert text(repository, "rev-parse", "HEAD~3:a.py") in ran.out
    assert str(repository) not in ran.out + ran.err


# What is staged, and ranges -----------------------------------------------------------------------


def test_what_is_staged(repository: Path) -> None:
    assert found("--staged", code=0) == {}
    write(repository, **{"d__b.py": line(5), "g.py": line(6)})
    git(repository, "add", "d/b.py")
    told = found("--staged")
    assert told.keys() == {"d/b.py"}
    assert told["d/b.py"]["state"] == "index"
    assert found("--staged", "d").keys() == {"../r/d/b.py"} or found("--staged", "d").keys() == {
        "d/b.py"
    }


def test_an_index_of_its_own(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``git commit FILE`` gives hooks another index (githooks(5))."""
    write(repository, **{"g.py": line(6)})
    git(repository, "add", "g.py")
    (repository / ".git" / "index").rename(repository / ".git" / "other")
    git(repository, "reset", "-q")
    assert found("--staged", code=0) == {}
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    assert found("--staged").keys() == {"g.py"}


def test_commits(repository: Path) -> None:
    base = text(repository, "rev-parse", "HEAD")
    write(repository, **{"h.py": line(9)})
    commit(repository)
    git(repository, "rm", "-q", "h.py")
    write(repository, **{"i.py": line(8)})
    commit(repository)
    told = found("--commits", f"{base}..HEAD")
    assert sorted(path.partition(":")[2] or path for path in told) == ["h.py", "i.py"]
    assert "i.py" in told
    assert found("--commits", "HEAD..HEAD", code=0) == {}
    assert found("--commits", f"{'0' * 40}..HEAD", code=0) == {}  # a branch leads to it already


ALLOWED = """\
[extend]
useDefault = true
[allowlist]
description = "a drill"
"""


def allowing(repository: Path, *conditions: str) -> dict[str, Any]:
    (repository / ".gitleaks.toml").write_text(ALLOWED + "\n".join(conditions) + "\n")
    return found("--history", code=1)


def paths(told: dict[str, Any]) -> set[str]:
    return {path.rpartition(":")[2] for path in told}


def test_a_commit_may_be_let_pass_by_gitleaks_configuration(repository: Path) -> None:
    first, second = (text(repository, "rev-parse", name) for name in ("HEAD~1", "HEAD"))
    assert paths(allowing(repository, f'commits = ["{second}"]')) == {"a.py", "d/b.py"}
    assert paths(allowing(repository, f'commits = ["{first.upper()}"]')) == {"a.py"}
    row = [
        item
        for item in report("--history")["suppressed"]
        if item["location"]["path"].endswith("d/b.py")
    ]
    assert [item["by"]["path"] for item in row] == [".gitleaks.toml"]
    assert [item["reason"] for item in row] == ["a drill"]


def test_what_a_later_commit_only_carries_on_is_not_its_own(repository: Path) -> None:
    write(repository, **{"c.py": line(3)})
    commit(repository)
    brought = text(repository, "rev-parse", "HEAD")
    write(repository, **{"c.py": "x = 2\n" + line(3)})
    commit(repository)
    write(repository, **{"c.py": "x = 2\n"})
    commit(repository)
    assert paths(found("--history")) == {"a.py", "d/b.py", "c.py"}
    assert paths(allowing(repository, f'commits = ["{brought}"]')) == {"a.py", "d/b.py"}


def test_what_another_commit_brings_again_is_told(repository: Path) -> None:
    first = text(repository, "rev-parse", "HEAD~1")
    write(repository, **{"e.py": line(2)})
    commit(repository)
    write(repository, **{"e.py": "x = 1\n"})
    commit(repository)
    assert len(paths(allowing(repository, f'commits = ["{first}"]'))) == 2


def test_all_conditions_of_a_list_that_wants_them_all(repository: Path) -> None:
    first = text(repository, "rev-parse", "HEAD~1")
    both = f'condition = "AND"\ncommits = ["{first}"]'
    assert paths(allowing(repository, both, "paths = ['^d/']")) == {"a.py"}
    assert paths(allowing(repository, both, "paths = ['^z/']")) == {"a.py", "d/b.py"}
    assert paths(allowing(repository, both, f"regexes = ['{password(2)[:6]}']")) == {"a.py"}


def test_an_expression_lets_pass_in_the_past_too(repository: Path) -> None:
    assert paths(allowing(repository, f"regexes = ['{password(2)[:6]}']")) == {"a.py"}


def test_a_message_may_be_let_pass(repository: Path) -> None:
    write(repository, **{"f.py": "y = 1\n"})
    git(repository, "add", ".")
    git(repository, "commit", "-qm", line(4))
    head = text(repository, "rev-parse", "HEAD")
    assert len(found("--history")) == 3
    assert len(allowing(repository, f'commits = ["{head}"]')) == 2


def test_objects_of_git_are_no_files(repository: Path) -> None:
    summary = report("--history")["summary"]
    assert (summary["files_searched"], summary["git_objects_searched"]) == (2, 5)
    assert "git_objects_searched" not in report()["summary"]
    told = command("scan", "--history", "--no-cache").out
    assert "2 files and 5 git objects searched for secrets." in told

"""What commits and the index bring: new values, and none that were there before."""

from pathlib import Path

import pytest

from seawall.core.errors import UsageError
from seawall.engine.git_history.leak import HEAD, INDEX, PAST, Leak
from seawall.engine.git_history.ranges import ask_for_index, look_at_index, look_at_range
from seawall.engine.git_history.seen import Means, Seen
from tests.engine.test_git_history import full, leak_of, line, password, plain
from tests.secrets.rules import native
from tests.sources.git_support import commit, git, make, needs_git, opened, text, write

pytestmark = needs_git
ZEROS = "0" * 40


def means(limit: int = 10_000_000) -> Means:
    return Means(native(), plain, limit, 1, "", checked_out=True)


def brought(folder: Path, revisions: str, environment: dict[str, str] | None = None) -> Seen:
    with opened(folder, environment) as repository:
        return look_at_range(repository, means(), "repo", revisions)


def staged(folder: Path) -> Seen:
    with opened(folder) as repository:
        return look_at_index(repository, means(), "repo", ask_for_index(repository, "repo"))


def numbers(seen: Seen) -> dict[int, Leak]:
    """Leaks by the number of their password."""
    found = {number: leak for number in range(60) if (leak := leak_of(seen, number))}
    assert len(found) == len(seen.leaks)
    return found


def repository(folder: Path) -> Path:
    """A repository whose last commit is the base of what follows."""
    make(folder)
    write(folder, **{"a.py": line(1) + "x = 1\n", "b.py": line(2), "c.py": "y = 1\n"})
    commit(folder, "base")
    git(folder, "tag", "base")
    return folder


def test_a_range_tells_what_came_and_went(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    write(folder, **{"c.py": line(3), "a.py": line(1) + "x = 2\n"})
    first = commit(folder, f"uses {line(4)}")
    write(folder, **{"c.py": "y = 2\n", "d.py": line(5)})
    second = commit(folder, "takes it away again")
    found = numbers(brought(folder, "base..HEAD"))
    assert found.keys() == {3, 4, 5}
    assert (found[3].state, found[3].place) == (PAST, f"{first[:12]}:c.py")
    assert (found[4].kind, found[4].oid, found[4].place) == ("commit", first, first[:12])
    assert (found[5].state, found[5].place) == (HEAD, "d.py")
    assert found[5].introduced is not None
    assert found[5].introduced.commit == second
    assert numbers(brought(folder, "HEAD~1..")).keys() == {5}
    assert numbers(brought(folder, "HEAD..base")) == {}


def test_what_was_there_is_not_new(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    git(folder, "mv", "b.py", "moved.py")
    write(folder, **{"a.py": line(1) + "x = 2\n"})
    commit(folder, "moved and changed")
    write(folder, **{"a.py": "x = 2\n", "e.py": line(1)})
    commit(folder, "a value moves on")
    git(folder, "revert", "--no-edit", "HEAD")
    write(folder, **{"f.py": line(6)})
    commit(folder, "new")
    git(folder, "rm", "-q", "f.py")
    commit(folder, "gone")
    git(folder, "revert", "--no-edit", "HEAD")
    assert numbers(brought(folder, "base..HEAD")).keys() == {6}


def test_merges_bring_their_branches(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    git(folder, "config", "user.name", "Ada")
    git(folder, "checkout", "-q", "-b", "side")
    write(folder, **{"side.py": line(3)})
    commit(folder, "side")
    git(folder, "checkout", "-q", "main")
    write(folder, **{"main.py": line(4)})
    commit(folder, "main")
    git(folder, "merge", "-q", "--no-commit", "side")
    write(folder, **{"evil.py": line(5)})
    commit(folder, "merge")
    assert numbers(brought(folder, "base..HEAD")).keys() == {3, 4, 5}
    assert numbers(brought(folder, "HEAD^1..HEAD")).keys() == {3, 5}
    assert numbers(brought(folder, "side..main")).keys() == {4, 5}


def test_hooks_tell_new_and_deleted_branches_with_zeros(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    write(folder, **{"d.py": line(3)})
    head = commit(folder)
    git(folder, "checkout", "-q", "--detach", "base")
    git(folder, "branch", "-q", "-f", "main", "base")
    assert numbers(brought(folder, f"{ZEROS}..{head}")).keys() == {3}
    assert brought(folder, f"{head}..{ZEROS}").leaks == []


def test_a_pre_receive_hook_sees_what_is_pushed(tmp_path: Path) -> None:
    """Objects that are pushed lie in quarantine until the hook agrees (git-receive-pack(1))."""
    folder = repository(tmp_path / "repo")
    git(tmp_path, "clone", "-q", "--bare", str(folder), "server.git")
    server = tmp_path / "server.git"
    hook = server / "hooks" / "pre-receive"
    hook.write_text(
        '#!/bin/sh\nenv > "$GIT_DIR/told"\ncp -r "$GIT_OBJECT_DIRECTORY" kept\nexit 1\n'
    )
    hook.chmod(0o755)
    write(folder, **{"d.py": line(3)})
    head = commit(folder)
    git(folder, "push", "-q", str(server), "main:new", fails=True)
    told = dict(row.partition("=")[::2] for row in (server / "told").read_text().splitlines())
    assert told["GIT_QUARANTINE_PATH"]
    environment = {name: value for name, value in told.items() if name.startswith("GIT_")}
    environment["GIT_OBJECT_DIRECTORY"] = str(server / "kept")
    environment["GIT_DIR"] = str(server)
    found = numbers(brought(server, f"{ZEROS}..{head}", environment))
    assert found.keys() == {3}
    with pytest.raises(UsageError, match="unknown revision"):
        brought(server, f"{ZEROS}..{head}")


@pytest.mark.parametrize(
    "revisions", ["HEAD", "base...HEAD", "a..b..c", "", "-x..HEAD", "base..nowhere"]
)
def test_what_is_no_range(tmp_path: Path, revisions: str) -> None:
    folder = repository(tmp_path / "repo")
    with pytest.raises(UsageError, match=r"BASE\.\.HEAD|revision"):
        brought(folder, revisions)


def test_a_shallow_clone_lacks_the_base(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    write(folder, **{"d.py": line(3)})
    commit(folder)
    base = text(folder, "rev-parse", "base")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{folder}", "shallow")
    with pytest.raises(UsageError, match=r"shallow clone.*fetch"):
        brought(tmp_path / "shallow", f"{base}..HEAD")


# The index ----------------------------------------------------------------------------------------


def test_only_what_is_staged_counts(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    write(folder, **{"a.py": line(1) + "x = 2\n", "new.py": line(3), "c.py": line(4)})
    git(folder, "add", "a.py", "new.py")
    (folder / "new.py").write_text("x = 1\n")  # the secret is still in the index
    found = numbers(staged(folder))
    assert found.keys() == {3}
    assert (found[3].state, found[3].place, found[3].commits) == (INDEX, "new.py", 0)
    git(folder, "add", "-N", "c.py")
    assert numbers(staged(folder)).keys() == {3}


def test_the_first_commit(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    assert staged(folder) == Seen([], 0)
    write(folder, **{"a.py": line(1)})
    git(folder, "add", "a.py")
    assert numbers(staged(folder)).keys() == {1}


def test_a_conflict_is_told(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    git(folder, "config", "user.name", "Ada")
    git(folder, "checkout", "-q", "-b", "side")
    write(folder, **{"c.py": "y = 2\n", "side.py": line(3)})
    commit(folder)
    git(folder, "checkout", "-q", "main")
    write(folder, **{"c.py": "y = 3\n"})
    commit(folder)
    git(folder, "merge", "side", fails=True)
    seen = staged(folder)
    assert numbers(seen).keys() == {3}
    assert [item.what for item in seen.not_covered] == ["1 file in conflict"]


def test_a_bare_repository_has_nothing_staged(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare.git")
    with pytest.raises(UsageError, match="work tree"):
        staged(tmp_path / "bare.git")


def test_submodules_and_pointers(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    head = text(folder, "rev-parse", "HEAD")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},lib")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "b" * 64 + "\nsize 9\n"
    write(folder, **{"more.bin": pointer})
    git(folder, "add", "more.bin")
    seen = staged(folder)
    assert seen.leaks == []
    assert [item.what for item in seen.not_covered] == ["1 file in Git LFS"]
    assert password(1)

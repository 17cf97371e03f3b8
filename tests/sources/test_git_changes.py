"""How a work tree differs from a commit, held against git's own answer."""

import os
import random
import time
from hashlib import sha256
from pathlib import Path

import pytest

from seawall.sources.git import worktree
from tests.sources.git_support import commit, git, make, needs_git, opened, sample, text, write

pytestmark = needs_git


def changes(folder: Path, revision: str = "HEAD") -> set[str]:
    with opened(folder) as repository:
        return set(repository.changed(repository.resolve(revision)).paths)


def age(folder: Path) -> None:
    """Make files old and let the index know, so that the short cut is safe for all of them."""
    for path in folder.rglob("*"):
        if ".git" not in path.parts and not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000))
    git(folder, "update-index", "--refresh", "-q", fails=True)


def test_kinds_of_changes(tmp_path: Path) -> None:
    make(tmp_path)
    names = "same edited deleted linked became chmod staged dropped forgotten".split()
    write(tmp_path, **dict.fromkeys(names, "1\n"), **{".gitignore": "*.log\n", "kept.log": "1\n"})
    (tmp_path / "link").symlink_to("same")
    git(tmp_path, "add", "-A", "-f")
    head = commit(tmp_path)
    write(tmp_path, edited="2\n", staged="2\n", new="n\n", sub__new="n\n", **{"x.log": "ignored"})
    (tmp_path / "deleted").unlink()
    (tmp_path / "linked").unlink()
    (tmp_path / "linked").symlink_to("same")
    (tmp_path / "became").unlink()
    write(tmp_path, became__file="1\n", gone="1\n", later="1\n")
    (tmp_path / "chmod").chmod(0o755)
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("edited")
    git(tmp_path, "add", "staged", "gone")
    git(tmp_path, "add", "-N", "later")
    (tmp_path / "gone").unlink()
    git(tmp_path, "rm", "-q", "--cached", "forgotten", "dropped")
    write(tmp_path, dropped="2\n")
    os.mkfifo(tmp_path / "fifo")
    assert changes(tmp_path, head) == {
        "edited", "deleted", "linked", "became", "became/file", "link", "staged", "dropped", "new",
        "sub/new", "later",
    }  # fmt: skip
    write(tmp_path, **{"kept.log": "2\n"})
    assert "kept.log" in changes(tmp_path, head)


def test_an_older_commit_and_back(tmp_path: Path) -> None:
    first = sample(tmp_path)
    assert changes(tmp_path) == set()
    assert changes(tmp_path, first) == {"a", "d/c", "e"}
    write(tmp_path, a="1\n", d__c="3\n")
    (tmp_path / "e").unlink()
    assert changes(tmp_path, first) == set()
    assert changes(tmp_path) == {"a", "d/c", "e"}


def test_excludes_of_the_repository(tmp_path: Path) -> None:
    sample(tmp_path)
    (tmp_path / ".git" / "info" / "exclude").write_text("*.tmp\n")
    write(
        tmp_path,
        x__y="1",
        **{"a.tmp": "1", "b.log": "1", "x__.gitignore": "*.log\n", "x__c.log": ""},
    )
    assert changes(tmp_path) == {"b.log", "x/y", "x/.gitignore"}


def test_repositories_inside(tmp_path: Path) -> None:
    sample(tmp_path)
    sample(tmp_path / "inner")
    write(tmp_path, inner2__file="1\n")
    with opened(tmp_path) as repository:
        found = repository.changed(repository.resolve("HEAD"))
    assert found == (frozenset({"inner2/file"}), ("inner",))


def test_the_short_cut_is_taken_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample(tmp_path)
    age(tmp_path)
    hashed: list[bytes] = []
    whole = worktree._WorkTree._file_oid

    def counted(self: worktree._WorkTree, path: bytes) -> str:
        hashed.append(path)
        return whole(self, path)

    monkeypatch.setattr(worktree._WorkTree, "_file_oid", counted)
    assert changes(tmp_path) == set()
    assert hashed == []
    os.utime(tmp_path / "a", (1_600_000_000, 1_600_000_000))
    assert changes(tmp_path) == set()
    assert hashed == [b"a"]


def test_files_written_together_with_the_index_are_read(tmp_path: Path) -> None:
    """The same size, and times that the index cannot tell apart ("racy git")."""
    sample(tmp_path)
    for number in range(30):
        content = f"{number:04}\n"
        write(tmp_path, a=content)
        git(tmp_path, "add", "a")
        write(tmp_path, a=content[::-1].strip() + "\n")
        assert ("a" in changes(tmp_path)) is True
    git(tmp_path, "commit", "-q", "-m", "x")
    index = tmp_path / ".git" / "index"
    facts = (tmp_path / "e").stat()
    os.utime(index, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
    write(tmp_path, e="6\n")
    os.utime(tmp_path / "e", ns=(facts.st_mtime_ns, facts.st_mtime_ns))
    assert "e" in changes(tmp_path)


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_flags_of_the_index_hide_nothing(tmp_path: Path, flag: str) -> None:
    sample(tmp_path)
    git(tmp_path, "update-index", flag, "a", "e")
    write(tmp_path, a="hidden\n")
    (tmp_path / "e").unlink()
    # What a sparse checkout leaves out is not deleted.
    assert changes(tmp_path) == ({"a"} if flag == "--skip-worktree" else {"a", "e"})


def test_a_sparse_checkout(tmp_path: Path) -> None:
    first = sample(tmp_path)
    git(tmp_path, "sparse-checkout", "set", "--cone", "--sparse-index", "x")
    assert not (tmp_path / "d").exists()
    assert changes(tmp_path) == set()
    assert changes(tmp_path, first) == {"a", "d/c", "e"}


def test_line_ends(tmp_path: Path) -> None:
    """git's conversion is believed while the index knows the file, never carried out."""
    make(tmp_path)
    write(tmp_path, **{".gitattributes": "* text eol=crlf\n", "a": "1\n2\n"})
    commit(tmp_path)
    (tmp_path / "a").unlink()
    git(tmp_path, "checkout", "-q", "a")
    age(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"1\r\n2\r\n"
    assert changes(tmp_path) == set()
    os.utime(tmp_path / "a", (1_600_000_000, 1_600_000_000))
    assert changes(tmp_path) == {"a"}


def test_large_file_storage(tmp_path: Path) -> None:
    make(tmp_path)
    contents = {"same": b"s" * 5000, "edited": b"e" * 5000, "shorter": b"x" * 5000}
    for name, content in contents.items():
        digest = sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 5000\n"
        write(tmp_path, **{name: pointer, "pointer": pointer, "plain": "1\n"})
    commit(tmp_path)
    write(tmp_path, same=contents["same"], edited=b"E" * 5000, shorter=b"x" * 4999, plain="2\n")
    assert changes(tmp_path) == {"same", "edited", "shorter", "plain"}
    (tmp_path / ".git" / "lfs").mkdir()
    assert changes(tmp_path) == {"edited", "shorter", "plain"}


# Held against git -------------------------------------------------------------------------------

NAMES = [
    "a",
    "b.yaml",
    "c.log",
    "d/a",
    "d/b",
    "d/e/f",
    "d/e/g.log",
    "g/h",
    "\u00fc/x",
    "g i/-x",
    "d.x",
]


def edit(folder: Path, random_: random.Random) -> None:  # noqa: C901 - many small cases
    """Change something at random, in the work tree or in the index."""
    name = random_.choice(NAMES)
    path = folder / name
    exists = os.path.lexists(path) and not path.is_dir()
    match random_.randrange(9):
        case 0 | 1 | 2:
            if not any(parent.is_file() or parent.is_symlink() for parent in path.parents):
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.is_symlink():
                    path.unlink()
                if not path.is_dir():
                    path.write_text(random_.choice("123") + "\n")
        case 3 if exists:
            path.unlink()
        case 4 if exists:
            path.unlink()
            path.symlink_to(random_.choice(["a", "d", "nowhere"]))
        case 5 if exists and not path.is_symlink():
            path.chmod(random_.choice([0o644, 0o755]))
        case 6 if exists:
            git(folder, "add", "-f", "--", name, fails=True)
        case 7 if exists and not path.is_symlink():
            os.utime(path, (1_500_000_000, 1_500_000_000))
        case 8:
            (folder / ".gitignore").write_text(random_.choice(["", "*.log\n", "d/\n", "!x\n*.x\n"]))
        case _:
            pass


def gits_answer(folder: Path, revision: str) -> set[str]:
    def paths(*arguments: str) -> set[str]:
        return {name.decode() for name in git(folder, *arguments).split(b"\0") if name}

    differ = paths(
        "-c", "core.fileMode=false", "diff", "--name-only", "--no-renames", "-z", revision
    )
    others = paths("ls-files", "--others", "--exclude-standard", "-z")
    # For git a file that is not in the index is gone from the commit, and untracked; here it
    # counts as what it is.
    tree = {}
    for row in git(folder, "ls-tree", "-r", "-z", revision).decode().split("\0")[:-1]:
        facts, _, name = row.partition("\t")
        tree[name] = facts.split()
    same = set()
    for name in differ | others:
        path = folder / name
        if name not in tree or path.is_symlink() or not path.is_file():
            continue
        oid = text(folder, "hash-object", "--no-filters", "--", name)
        if tree[name][2] == oid and tree[name][0] != "120000":
            same.add(name)
    return (differ | others) - same


@pytest.mark.parametrize("seed", range(20))
def test_random_edits(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    make(tmp_path)
    write(tmp_path, a="1\n")
    first = commit(tmp_path)
    for _ in range(15):
        edit(tmp_path, random_)
    second = commit(tmp_path)
    for _ in range(4):
        for _ in range(random_.randrange(1, 8)):
            edit(tmp_path, random_)
        if random_.random() < 0.5:
            time.sleep(0.03)
            git(tmp_path, "update-index", "--refresh", "-q", fails=True)
        for revision in (first, second):
            assert changes(tmp_path, revision) == gits_answer(tmp_path, revision)
        status = git(
            tmp_path,
            "-c",
            "core.fileMode=false",
            "status",
            "--porcelain",
            "--no-renames",
            "-z",
            "-uall",
        )
        named = {row[3:].decode() for row in status.split(b"\0") if row}
        assert changes(tmp_path, second) <= named

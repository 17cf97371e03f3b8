"""What is read out of repositories: revisions, trees, blobs, history, the index."""

import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.core.errors import InputError, SeawallError, UsageError
from seawall.sources.git import Commit, LfsPointer, Missing, TreeEntry, lfs_pointer, process
from seawall.sources.git.objects import blob_oid
from tests.sources.git_support import commit, git, make, needs_git, opened, sample, text, write

pytestmark = needs_git


@pytest.fixture(autouse=True)
def temporary(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Where our temporary directories go; none may be left behind."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


# Revisions ------------------------------------------------------------------------------------


def test_revisions(tmp_path: Path) -> None:
    first = sample(tmp_path)
    head = text(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "tag", "light", first)
    git(tmp_path, "tag", "-a", "-m", "note", "heavy", first)
    git(tmp_path, "branch", "feature/\u00fc", first)
    with opened(tmp_path) as repository:
        for name in ("HEAD", "@", "main", "refs/heads/main", head, head[:12], "HEAD@{0}", "main^0"):
            assert repository.resolve(name) == head
        for name in ("HEAD~1", "light", "heavy", "feature/\u00fc", "HEAD@{1}", "@^", "main@{1}",
                     "HEAD^{/first}"):  # fmt: skip
            assert repository.resolve(name) == first
        assert repository.merge_base(first, head) == first
    git(tmp_path, "pack-refs", "--all", "--prune")
    git(tmp_path, "checkout", "-q", "--detach", first)
    with opened(tmp_path) as repository:
        assert repository.resolve("main") == head
        assert repository.resolve("heavy") == repository.resolve("HEAD") == first


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nope", "'git branch --all'"),
        ("-h", "unknown revision '-h'"),
        ("--all", "unknown revision '--all'"),
        ("--output=marker", "unknown revision"),
        ("", "is no revision"),
        ("x\ny", "is no revision"),
        ("HEAD\0", "is no revision"),
        ("x" * 2000, "is no revision"),
        ("HEAD:a", "names a blob"),
        ("HEAD:d", "names a tree"),
        ("HEAD~99", "unknown revision"),
        ("HEAD..main", "unknown revision"),
        ("main commit 3", "unknown revision"),
        ("main@{u}", "name the branch itself"),
        ("@{upstream}", "name the branch itself"),
        ("main@{77}", "main@{77}"),
        ("release", "did you mean 'origin/release'?"),
        ("0" * 40, "unknown revision"),
    ],
)
def test_revisions_that_name_no_commit(tmp_path: Path, name: str, words: str) -> None:
    first = sample(tmp_path)
    git(tmp_path, "update-ref", "refs/remotes/origin/release", first)
    with opened(tmp_path) as repository, pytest.raises(UsageError) as caught:
        repository.resolve(name)
    assert words in str(caught.value)
    assert not (tmp_path / "marker").exists()


def test_a_hash_followed_by_words_is_no_revision(tmp_path: Path) -> None:
    first = sample(tmp_path)
    with opened(tmp_path) as repository, pytest.raises(UsageError, match="unknown revision"):
        repository.resolve(f"{first} commit 3")


def test_ambiguous_hashes(tmp_path: Path) -> None:
    make(tmp_path)
    seen: dict[str, str] = {}
    feed = b"".join(
        b"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 0\n" % number
        for number in range(1000)
    )
    git(tmp_path, "fast-import", "--quiet", feed=feed)
    for oid in text(tmp_path, "rev-list", "main").split():
        if oid[:4] in seen:
            break
        seen[oid[:4]] = oid
    else:
        pytest.fail("no two of a thousand hashes begin alike")
    with opened(tmp_path) as repository, pytest.raises(UsageError, match="write more of its hash"):
        repository.resolve(oid[:4])


def test_an_unborn_branch(tmp_path: Path) -> None:
    make(tmp_path)
    write(tmp_path, a="1")
    git(tmp_path, "add", "a")
    with opened(tmp_path) as repository:
        assert repository.is_unborn()
        with pytest.raises(UsageError, match="no commit yet"):
            repository.resolve("HEAD")
        assert [entry.path for entry in repository.staged()] == ["a"]
        assert list(repository.commits()) == []
    git(tmp_path, "commit", "-q", "-m", "first")
    with opened(tmp_path) as repository:
        assert not repository.is_unborn()


def test_unrelated_histories(tmp_path: Path) -> None:
    first = sample(tmp_path)
    git(tmp_path, "checkout", "-q", "--orphan", "other")
    other = commit(tmp_path)
    with opened(tmp_path) as repository:
        assert repository.merge_base(first, other) is None
        with pytest.raises(InputError):
            repository.merge_base(first, "1" * 40)
        for wrong in ("main", "--help", first[:-1], ""):
            with pytest.raises(UsageError, match="no hash"):
                repository.merge_base(wrong, first)


# Trees and blobs ------------------------------------------------------------------------------


def test_trees(tmp_path: Path) -> None:
    make(tmp_path)
    write(tmp_path, a="1\n", d__b="2\n", d__dd__c="3\n", dd="4\n")
    (tmp_path / "a").chmod(0o755)
    os.symlink("a", tmp_path / "link")
    inner = make(tmp_path / "module")
    oid = commit(inner)
    head = commit(tmp_path)
    with opened(tmp_path) as repository:
        entries = list(repository.tree(head))
        below = [entry.path for entry in repository.tree(head, "d")]
        assert [entry.path for entry in repository.tree(head, "d/")] == below
        assert [entry.path for entry in repository.tree(head, "d/dd/c")] == ["d/dd/c"]
        assert list(repository.tree(head, "nothing")) == []
        with pytest.raises(InputError, match="git ls-tree failed"):
            list(repository.tree("1" * 40))
    assert below == ["d/b", "d/dd/c"]
    assert entries == [
        TreeEntry("a", 0o100755, blob_oid(b"1\n", 40), "file"),
        TreeEntry("d/b", 0o100644, blob_oid(b"2\n", 40), "file"),
        TreeEntry("d/dd/c", 0o100644, blob_oid(b"3\n", 40), "file"),
        TreeEntry("dd", 0o100644, blob_oid(b"4\n", 40), "file"),
        TreeEntry("link", 0o120000, blob_oid(b"a", 40), "symlink"),
        TreeEntry("module", 0o160000, oid, "submodule"),
    ]


ODD_NAMES = [b"new\nline", b"-dash", b"tab\t", b"\xff\xfe", b"\xc3\xbc", b" ", b'"', b"\\x",
             b":(top)x", b"*", b"a/-b/:c", b"!x", b"\x01"]  # fmt: skip


def test_odd_names(tmp_path: Path) -> None:
    make(tmp_path)
    for name in ODD_NAMES:
        path = os.path.join(os.fsencode(tmp_path), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(name)
    head = commit(tmp_path)
    expected = sorted(name.decode("utf-8", "backslashreplace") for name in ODD_NAMES)
    with opened(tmp_path) as repository:
        assert sorted(entry.path for entry in repository.tree(head)) == expected
        assert sorted(entry.path for entry in repository.staged()) == expected
        assert sorted(p for c in repository.commits() for p, _ in c.blobs) == expected
        assert repository.changed(head).paths == frozenset()
        assert [entry.path for entry in repository.tree(head, ":(top)x")] == [":(top)x"]
        assert [entry.path for entry in repository.tree(head, "*")] == ["*"]
        for name in ODD_NAMES:
            with open(os.path.join(os.fsencode(tmp_path), name), "wb") as stream:
                stream.write(b"changed")
        assert sorted(repository.changed(head).paths) == expected


def test_blobs_in_order_with_what_is_missing(tmp_path: Path) -> None:
    first = sample(tmp_path)
    good = blob_oid(b"1\n", 40)
    asked = [good, "1" * 40, first, "HEAD:a", "", "--help", good, blob_oid(b"2\n", 40)]
    with opened(tmp_path) as repository:
        answers = list(repository.blobs(asked))
        assert [oid for oid, _ in answers] == asked
        assert list(repository.blobs([])) == []
    contents = [a.kind if isinstance(a, Missing) else a for _, a in answers]
    assert contents == [
        b"1\n",
        "absent",
        "not a blob",
        "absent",
        "absent",
        "absent",
        b"1\n",
        b"2\n",
    ]


def test_many_blobs_are_streamed_and_asked_for_as_they_are_needed(tmp_path: Path) -> None:
    make(tmp_path)
    contents = [b"%d\n" % number * (number % 700) for number in range(3000)]
    feed = b"".join(b"blob\ndata %d\n%s\n" % (len(content), content) for content in contents)
    git(tmp_path, "fast-import", "--quiet", feed=feed)
    asked = 0

    def oids() -> Iterator[str]:
        nonlocal asked
        while True:  # endless
            for content in contents:
                asked += 1
                yield blob_oid(content, 40)

    with opened(tmp_path) as repository:
        stream = repository.blobs(oids())
        for content in contents + contents:
            assert next(stream)[1] == content
        assert asked < 15_000


def test_the_size_limit(tmp_path: Path) -> None:
    make(tmp_path)
    sizes = [10, 11, 9, 40_000_000, 1, 2_000_000, 0]
    contents = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    write(tmp_path, **{f"f{number}": content for number, content in enumerate(contents)})
    commit(tmp_path)
    with opened(tmp_path) as repository:
        answers = list(repository.blobs((blob_oid(content, 40) for content in contents), limit=10))
        whole = list(repository.blobs([blob_oid(contents[3], 40)], limit=40_000_000))
    kinds = [a.kind if isinstance(a, Missing) else a for _, a in answers]
    large = "too large"
    assert kinds == [contents[0], large, contents[2], large, contents[4], large, b""]
    assert whole[0][1] == contents[3]


def loose(folder: Path, oid: str) -> Path:
    path = folder / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    return path


def test_damaged_objects_do_not_hide_those_behind_them(tmp_path: Path) -> None:
    make(tmp_path)
    contents = [b"%d" % number * 10_000 for number in range(8)]
    write(tmp_path, **{f"f{number}": content for number, content in enumerate(contents)})
    head = commit(tmp_path)
    oids = [blob_oid(content, 40) for content in contents]
    loose(tmp_path, oids[1]).write_bytes(b"no zlib data")
    loose(tmp_path, oids[2]).write_bytes(b"")
    whole = loose(tmp_path, oids[4]).read_bytes()
    loose(tmp_path, oids[4]).write_bytes(whole[: len(whole) // 2])
    loose(tmp_path, oids[5]).write_bytes(zlib.compress(b"blob 7\0another"))
    loose(tmp_path, oids[7]).write_bytes(zlib.compress(b"blob 99999999999\0x"))
    with opened(tmp_path) as repository:
        answers = list(repository.blobs(oids))
        assert [oid for oid, _ in answers] == oids
        kinds = [a.kind if isinstance(a, Missing) else a for _, a in answers]
        assert kinds == [contents[0], "damaged", "damaged", contents[3], "damaged", "damaged",
                         contents[6], kinds[7]]  # fmt: skip
        assert kinds[7] in ("damaged", "too large")
        assert repository.changed(head).paths == frozenset()  # needs no blobs


def test_too_many_damaged_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    contents = [b"%d" % number * 10_000 for number in range(5)]
    write(tmp_path, **{f"f{number}": content for number, content in enumerate(contents)})
    commit(tmp_path)
    oids = [blob_oid(content, 40) for content in contents]
    for oid in oids:
        loose(tmp_path, oid).write_bytes(loose(tmp_path, oid).read_bytes()[:-5])
    monkeypatch.setattr("seawall.sources.git.objects._FAILURES", 3)
    with opened(tmp_path) as repository, pytest.raises(InputError, match="'git fsck' lists them"):
        list(repository.blobs(oids))


def test_a_damaged_commit_and_tree_are_told(tmp_path: Path) -> None:
    first = sample(tmp_path)
    loose(tmp_path, text(tmp_path, "rev-parse", "HEAD^{tree}")).write_bytes(b"x")
    with opened(tmp_path) as repository:
        for call in (repository.changed, lambda oid: list(repository.tree(oid))):
            with pytest.raises(InputError, match="'git fsck'"):
                call(repository.resolve("HEAD"))
        with pytest.raises(InputError, match="'git fsck'"):
            list(repository.commits())
        assert repository.changed(first).paths == {"a", "e", "d/c"}
    loose(tmp_path, text(tmp_path, "rev-parse", "HEAD")).write_bytes(b"x")
    with opened(tmp_path) as repository, pytest.raises(SeawallError):
        repository.resolve("HEAD")


def test_replacements_and_grafts_are_not_obeyed(tmp_path: Path) -> None:
    first = sample(tmp_path)
    head = text(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "replace", blob_oid(b"1\n", 40), blob_oid(b"2\n", 40))
    git(tmp_path, "replace", "--graft", head)
    (tmp_path / ".git" / "info" / "grafts").write_text(f"{head}\n")
    with opened(tmp_path) as repository:
        assert dict(repository.blobs([blob_oid(b"1\n", 40)])) == {blob_oid(b"1\n", 40): b"1\n"}
        assert repository.merge_base(first, head) == first


# History --------------------------------------------------------------------------------------


def brought(commits: Iterator[Commit]) -> dict[str, list[str]]:
    return {found.oid: sorted(path for path, _ in found.blobs) for found in commits}


def test_history(tmp_path: Path) -> None:
    first = sample(tmp_path)
    second = text(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "checkout", "-q", "-b", "side", first)
    write(tmp_path, side="s")
    side = commit(tmp_path)
    empty = commit(tmp_path)
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "merge", "-q", "--no-commit", "--no-ff", "side")
    write(tmp_path, a="evil\n")
    merge = commit(tmp_path)
    (tmp_path / "e").unlink()
    deleted = commit(tmp_path)
    with opened(tmp_path) as repository:
        found = {item.oid: item for item in repository.commits()}
        assert brought(repository.commits()) == {
            first: ["a", "d/b", "d/c"], second: ["a", "e"], side: ["side"], empty: [],
            merge: ["a"], deleted: [],
        }  # fmt: skip
        assert set(brought(repository.commits([deleted], [second]))) == {
            deleted,
            merge,
            side,
            empty,
        }
        assert set(brought(repository.commits([side]))) == {first, side}
        with pytest.raises(UsageError):
            list(repository.commits(["--output=marker"]))
    assert found[merge].parents == (second, empty)
    assert found[merge].blobs == (("a", blob_oid(b"evil\n", 40)),)
    assert found[first] == Commit(
        first, (), "Ada <ada@example.org>", 1_700_000_000,
        (("a", blob_oid(b"1\n", 40)), ("d/b", blob_oid(b"2\n", 40)),
         ("d/c", blob_oid(b"3\n", 40))),
    )  # fmt: skip


def test_authors_cannot_feign_entries(tmp_path: Path) -> None:
    make(tmp_path)
    tree = text(tmp_path, "mktree")
    zeros = b"0" * 40
    names = [b":000000 100644 %s %s A" % (zeros, zeros), b"\x01", b"\xff\xfe", b"", b"x" * 5000]
    for name in names:
        body = b"tree %s\nauthor %s <x@y> 5 +0000\ncommitter c <c@d> 5 +0000\n\n:x" % (
            tree.encode(), name,
        )  # fmt: skip
        oid = git(
            tmp_path, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", feed=body
        )
        git(tmp_path, "update-ref", f"refs/heads/b{len(name)}", oid.decode().strip())
    with opened(tmp_path) as repository:
        found = list(repository.commits())
    assert len(found) == len(names)
    assert not any(item.blobs for item in found)
    assert any(item.author.startswith(":000000 ") for item in found)


# The index ------------------------------------------------------------------------------------


def test_staged_content(tmp_path: Path) -> None:
    sample(tmp_path)
    write(tmp_path, a="staged\n", new="new\n", later="later\n")
    make(tmp_path / "module")
    commit(tmp_path / "module")
    git(tmp_path, "add", "a", "new", "module")
    git(tmp_path, "add", "-N", "later")
    write(tmp_path, a="not staged\n")
    with opened(tmp_path) as repository:
        rows = {entry.path: entry for entry in repository.staged()}
        contents = dict(repository.blobs(entry.oid for entry in rows.values()))
    assert sorted(rows) == ["a", "d/b", "e", "new"]
    assert contents[rows["a"].oid] == b"staged\n"
    assert rows["new"].mode == 0o100644
    assert rows["new"].stage == 0


def test_conflicts_in_the_index(tmp_path: Path) -> None:
    first = sample(tmp_path)
    head = text(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "checkout", "-q", "-b", "side", first)
    write(tmp_path, a="side\n")
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "merge", "-q", "side", fails=True)
    with opened(tmp_path) as repository:
        stages = {e.stage: e.oid for e in repository.staged() if e.path == "a"}
        assert stages == {number: blob_oid(content, 40) for number, content in
                          ((1, b"1\n"), (2, b"one\n"), (3, b"side\n"))}  # fmt: skip
        assert repository.changed(head).paths == {"a"}


def test_the_index_of_a_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``git commit --only PATH``, whose hook sees another index than the usual one."""
    sample(tmp_path / "one")
    sample(tmp_path / "two")
    other = tmp_path / "one" / ".git" / "next-index-7.lock"
    other.write_bytes((tmp_path / "one" / ".git" / "index").read_bytes())
    write(tmp_path / "one", new="new\n")
    git(tmp_path / "one", "add", "new")
    usual, hook = ["a", "d/b", "e", "new"], ["a", "d/b", "e"]

    def staged(folder: str, **environment: str) -> list[str]:
        with opened(tmp_path / folder, environment) as repository:
            return [entry.path for entry in repository.staged()]

    monkeypatch.chdir(tmp_path / "one")
    assert staged("one") == usual
    assert staged("one", GIT_INDEX_FILE=str(other)) == hook
    assert staged("one", GIT_INDEX_FILE=".git/next-index-7.lock") == hook
    assert staged("one/d", GIT_INDEX_FILE=".git/next-index-7.lock", GIT_DIR=".git") == hook
    assert staged("two", GIT_INDEX_FILE=str(other)) == hook  # two's own, which looks the same
    git(tmp_path / "two", "rm", "-q", "--cached", "e")
    assert staged("two", GIT_INDEX_FILE=str(other), GIT_DIR=".git") == ["a", "d/b"]


HOOK = """\
import sys
sys.path[:0] = {path!r}
from seawall.sources.git import find
with find({target!r}) as repository, open({output!r}, "w") as output:
    contents = dict(repository.blobs(entry.oid for entry in repository.staged()))
    rows = [(entry.path, contents[entry.oid].decode()) for entry in repository.staged()]
    print(repository.top, rows, file=output)
"""


@pytest.mark.parametrize("linked", [False, True])
def test_in_a_real_hook(tmp_path: Path, linked: bool) -> None:
    work, output, script = tmp_path / "work", tmp_path / "output", tmp_path / "hook.py"
    make(work)
    write(work, a="1\n", b="2\n", d__c="3\n")
    commit(work)
    hook = work / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{script}"\n')
    hook.chmod(0o755)
    if linked:
        git(work, "worktree", "add", "-q", "../linked")
        work = tmp_path / "linked"
    write(work, a="staged\n")
    git(work, "add", "a")
    write(work, b="only\n")
    script.write_text(HOOK.format(path=sys.path, target=".", output=str(output)))
    git(work / "d", "commit", "-q", "--only", "-m", "x", "../b")
    assert output.read_text().split(" ", 1) == [
        str(work), "[('a', '1\\n'), ('b', 'only\\n'), ('d/c', '3\\n')]\n",
    ]  # fmt: skip
    script.write_text(HOOK.format(path=sys.path, target="d", output=str(output)))
    git(work / "d", "commit", "-q", "-m", "x")
    assert "('a', 'staged\\n'), ('b', 'only\\n')" in output.read_text()


def test_a_split_index(tmp_path: Path) -> None:
    sample(tmp_path)
    git(tmp_path, "config", "splitIndex.maxPercentChange", "90")
    git(tmp_path, "update-index", "--split-index")
    write(tmp_path, new="new\n")
    git(tmp_path, "add", "new")
    (shared,) = (tmp_path / ".git").glob("sharedindex.*")
    os.utime(shared, (1_700_000_000, 1_700_000_000))
    with opened(tmp_path) as repository:
        assert [entry.path for entry in repository.staged()] == ["a", "d/b", "e", "new"]
        assert repository.changed(repository.resolve("HEAD")).paths == {"new"}
    assert shared.stat().st_mtime == 1_700_000_000  # nothing was written


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_versions_of_the_index(tmp_path: Path, version: str) -> None:
    sample(tmp_path)
    git(tmp_path, "update-index", "--index-version", version)
    with opened(tmp_path) as repository:
        assert [entry.path for entry in repository.staged()] == ["a", "d/b", "e"]


def test_a_damaged_index_is_told(tmp_path: Path) -> None:
    first = sample(tmp_path)
    index = tmp_path / ".git" / "index"
    data = index.read_bytes()
    for damaged in (b"x", data[: len(data) // 2], data[:7] + b"\x09" + data[8:]):
        index.write_bytes(damaged)
        with opened(tmp_path) as repository:
            with pytest.raises(InputError, match="damaged"):
                list(repository.staged())
            with pytest.raises(InputError, match="damaged"):
                repository.changed(first)


# Other forms of repositories ------------------------------------------------------------------


def test_sha256(tmp_path: Path) -> None:
    make(tmp_path, "--object-format=sha256")
    write(tmp_path, a="1\n", b="2\n")
    first = commit(tmp_path)
    write(tmp_path, a="changed\n")
    with opened(tmp_path) as repository:
        assert len(first) == 64
        assert repository.resolve("HEAD") == repository.resolve(first[:9]) == first
        entries = {entry.path: entry.oid for entry in repository.tree(first)}
        assert entries["b"] == blob_oid(b"2\n", 64)
        assert list(repository.blobs(entries.values())) == [
            (entries["a"], b"1\n"), (entries["b"], b"2\n"),
        ]  # fmt: skip
        assert repository.changed(first).paths == {"a"}
        assert brought(repository.commits()) == {first: ["a", "b"]}


def test_shallow_clones(tmp_path: Path) -> None:
    first = sample(tmp_path / "origin")
    url = (tmp_path / "origin").as_uri()
    git(tmp_path, "clone", "-q", "--depth", "1", url, "clone")
    with opened(tmp_path / "clone") as repository:
        assert repository.is_shallow
        head = repository.resolve("HEAD")
        for name in (first, "HEAD~1", "v1"):
            with pytest.raises(UsageError, match="not in this shallow clone"):
                repository.resolve(name)
        (only,) = repository.commits()
        assert (only.oid, only.parents) == (head, ())
        assert repository.changed(head).paths == frozenset()
    with opened(tmp_path / "origin") as repository:
        assert not repository.is_shallow


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_partial_clones_fetch_nothing(tmp_path: Path, kind: str) -> None:
    first = sample(tmp_path / "origin")
    git(tmp_path / "origin", "config", "uploadpack.allowFilter", "true")
    url = (tmp_path / "origin").as_uri()
    git(tmp_path, "clone", "-q", f"--filter={kind}", url, "clone")
    git(tmp_path, "-C", "clone", "checkout", "-q", "main")
    with opened(tmp_path / "clone") as repository:
        head = repository.resolve("HEAD")
        assert repository.merge_base(head, first) == first
        assert repository.changed(head).paths == frozenset()
        (answer,) = repository.blobs([blob_oid(b"1\n", 40)])
        assert isinstance(answer[1], Missing)
        assert answer[1].kind == "absent"
        if kind == "tree:0":
            with pytest.raises(InputError, match="partial clone lacks objects"):
                list(repository.tree(first))
        else:
            assert repository.changed(first).paths == {"a", "e", "d/c"}


def test_alternates(tmp_path: Path) -> None:
    first = sample(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--shared", "origin", "clone")
    write(tmp_path / "clone", own="own\n")
    head = commit(tmp_path / "clone")
    with opened(tmp_path / "clone") as repository:
        assert repository.merge_base(head, first) == first
        oids = [blob_oid(b"1\n", 40), blob_oid(b"own\n", 40)]
        assert [content for _, content in repository.blobs(oids)] == [b"1\n", b"own\n"]


def test_the_quarantine_of_a_receiving_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--bare", "origin", "bare.git")
    bare = tmp_path / "bare.git"
    quarantine = bare / "objects" / "incoming"
    quarantine.mkdir()
    environment = {"GIT_DIR": ".", "GIT_OBJECT_DIRECTORY": str(quarantine),
                   "GIT_ALTERNATE_OBJECT_DIRECTORIES": "./objects"}  # fmt: skip
    (quarantine / "ab").mkdir()
    oid = blob_oid(b"incoming", 40)
    (quarantine / oid[:2]).mkdir(exist_ok=True)
    (quarantine / oid[:2] / oid[2:]).write_bytes(zlib.compress(b"blob 8\0incoming"))
    monkeypatch.chdir(bare)
    with opened(bare, environment) as repository:
        answers = [content for _, content in repository.blobs([oid, blob_oid(b"1\n", 40)])]
    assert answers == [b"incoming", b"1\n"]


def test_large_file_pointers() -> None:
    digest = "ab" * 32
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 12345\n"
    assert lfs_pointer(pointer.encode()) == LfsPointer(digest, 12345)
    for wrong in ("", "version https://example.org\n", pointer.replace("sha256", "md5"),
                  pointer.replace("12345", "-1"), pointer + "x" * 1024,
                  pointer.replace(digest, "ab")):  # fmt: skip
        assert lfs_pointer(wrong.encode()) is None


# Processes ------------------------------------------------------------------------------------


def test_a_fifo_among_the_refs_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample(tmp_path)
    os.mkfifo(tmp_path / ".git" / "refs" / "heads" / "fifo")
    monkeypatch.setattr(process, "PATIENCE", 0.3)
    with opened(tmp_path) as repository, pytest.raises(InputError, match="special files"):
        repository.resolve("fifo")


def test_everything_is_cleared_away(tmp_path: Path, temporary: Path) -> None:
    sample(tmp_path)
    repository = opened(tmp_path)
    with pytest.raises(RuntimeError, match="with statement"):
        repository.resolve("HEAD")
    stream: Iterator[object] = iter(())

    def fail() -> None:
        nonlocal stream
        with repository:
            stream = repository.blobs([blob_oid(b"1\n", 40)] * 100_000)
            next(stream)
            next(repository.commits())
            assert len(list(temporary.iterdir())) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(temporary.iterdir()) == []
    with pytest.raises(RuntimeError, match="closed"):
        list(stream)
    assert (tmp_path / ".git" / "refs" / "heads" / "main").exists()


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(tmp_path)
    planted = tmp_path / "bin" / "git"
    planted.parent.mkdir()
    planted.write_text("#!/bin/sh\n")
    planted.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin::./bin")  # relative: where we are may be the target
    with pytest.raises(UsageError, match="git is not installed"), opened(tmp_path):
        pass


def test_without_room_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(tmp_path)

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.mkdir", full)
    with pytest.raises(InputError, match="TMPDIR"), opened(tmp_path):
        pass

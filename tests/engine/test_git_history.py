"""The whole history: all that a slow look at every object of every commit finds, and no more."""

import os
import random
import signal
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.redacted import Redacted
from seawall.engine.git_history import crew, looking, origins
from seawall.engine.git_history.clean import Clean
from seawall.engine.git_history.leak import HEAD, INDEX, PAST, UNREACHABLE, Leak
from seawall.engine.git_history.people import made
from seawall.engine.git_history.seen import Means, Seen
from seawall.engine.git_history.whole import look_at_all
from seawall.secrets.bearing import bearing
from seawall.secrets.rules.examples import example
from seawall.secrets.text import text_of
from tests.engine import git_reference
from tests.secrets.rules import RULES, drawn, native
from tests.sources.git_support import ENVIRONMENT, commit, git, make, needs_git, opened, text, write
from tests.sources.test_git_hostile import spring, trap

pytestmark = needs_git


def plain(value: Redacted) -> bytes:
    """Values as they are, so that a test can name them."""
    return value.reveal().encode("utf-8", "surrogatepass")


def look(folder: Path, *, reachable_only: bool = False, limit: int = 10_000_000) -> Seen:
    with opened(folder) as repository:
        means = Means(native(), plain, limit, 1, "")
        return look_at_all(repository, means, "repo", reachable_only=reachable_only)


def leaks(seen: Seen) -> dict[bytes, Leak]:
    found = {leak.digest: leak for leak in seen.leaks}
    assert len(found) == len(seen.leaks)
    return found


def password(seed: int) -> str:
    letters = drawn(13, seed)  # with a digit: letters alone may be taken for an identifier
    return f"{letters[:5]}7{letters[5:]}"


def line(seed: int) -> str:
    return f'password = "{password(seed)}"\n'


def leak_of(seen: Seen, seed: int) -> Leak | None:
    return leaks(seen).get(password(seed).encode())


def compare(folder: Path, *, limit: int = 10_000_000) -> Seen:
    """Look, and hold it against the reference."""
    seen = look(folder, limit=limit)
    expected = git_reference.history(folder, native(), limit=limit)
    found = leaks(seen)
    assert found.keys() == expected.keys()
    for value, leak in found.items():
        wanted = expected[value]
        assert leak.certainty == wanted.certainty
        assert leak.objects == len(wanted.objects)
        assert leak.oid in wanted.objects
        assert set(leak.paths) == wanted.paths
        assert leak.commits == len(wanted.commits)
        if wanted.commits:
            assert leak.introduced is not None
            assert leak.newest is not None
            assert {leak.introduced.commit, leak.newest.commit} <= wanted.commits
            older = text(folder, "rev-list", leak.introduced.commit).splitlines()[1:]
            assert wanted.commits.isdisjoint(older)
    return seen


def full(folder: Path, *options: str) -> Path:
    """A repository with all that a history can hold."""
    make(folder, *options)
    git(folder, "config", "user.name", "Ada")
    token = example(RULES["github-classic-token"], random.Random(7))
    write(folder, **{"settings.py": line(1), "README.md": "# Docs\n", "d__keep.txt": "1\n"})
    commit(folder, "first")
    write(
        folder,
        **{
            "settings.py": "password = read()\n",
            ".netrc": f"machine a login b password {password(2)}\n",
        },
    )
    commit(folder, "removed again")
    git(folder, "mv", "d/keep.txt", "d/moved.txt")
    write(folder, **{"d__old.py": line(3)})
    commit(folder, "a rename comes")
    git(folder, "mv", "d/old.py", "d/new.py")
    commit(folder, "a rename")
    write(
        folder, **{"copy.md": line(4), "copy.py": line(4), "copy.env": line(4), "same.py": line(4)}
    )
    commit(folder, f"the token is {token}")
    git(folder, "checkout", "-q", "-b", "side")
    write(folder, **{"side.py": line(5), "both.py": "a = 1\n" + line(6)})
    commit(folder, "side")
    git(folder, "checkout", "-q", "main")
    write(folder, **{"both.py": "b = 1\n" + line(7)})
    commit(folder, "main")
    git(folder, "merge", "-q", "side", fails=True)
    write(folder, **{"both.py": "c = 1\n" + line(8), "evil.py": line(9)})
    commit(folder, "a merge that brings something of its own")
    git(folder, "checkout", "-q", "--orphan", "other")
    write(folder, **{"other.py": line(10)})
    commit(folder, "another root")
    git(folder, "checkout", "-q", "main")
    (folder / "both.py").chmod(0o755)
    commit(folder, "a mode")
    path = b"odd-\xff-\xe9\n.py".decode("utf-8", "surrogateescape")
    (folder / path).write_text(line(11))
    (folder / "wide.txt").write_bytes(line(12).encode("utf-16"))
    (folder / "binary").write_bytes(b"\x7fELF\0\1\2" + bytes(100))
    (folder / "link").symlink_to("settings.py")
    size = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12\n"
    write(folder, **{"large.bin": size})
    commit(folder, "odd things")
    return folder


def extras(folder: Path) -> Path:
    """What hangs on refs that are no branches, or on none."""
    head = text(folder, "rev-parse", "HEAD")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},lib")
    git(folder, "commit", "-q", "-m", "a submodule")
    git(folder, "tag", "-a", "-m", f"signed off: {line(20)}", "v1")
    git(folder, "tag", "-a", "-m", f"twice {line(21)}", "v1-again", "v1")
    blob = git(folder, "hash-object", "-w", "--stdin", feed=line(22).encode()).decode().strip()
    git(folder, "tag", "blob", blob)
    inner = git(folder, "mktree", feed=f"100644 blob {blob}\ta.env\n".encode()).decode().strip()
    git(folder, "tag", "-a", "-m", "a tree", "tree", inner)
    git(folder, "notes", "add", "-m", line(23), "HEAD")
    write(folder, **{"settings.py": line(24)})
    git(folder, "stash", "-q")
    write(folder, **{"gone.py": line(25)})
    commit(folder, "thrown away")
    git(folder, "reset", "-q", "--hard", "HEAD~1")
    git(folder, "hash-object", "-w", "--stdin", feed=line(26).encode())
    write(folder, **{"staged.py": line(27)})
    git(folder, "add", "staged.py")
    (folder / "staged.py").write_text(line(28))
    return folder


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_everything(tmp_path: Path, form: str) -> None:
    folder = extras(full(tmp_path / "repo", f"--object-format={form}"))
    seen = compare(folder)
    states = {seed: leak.state for seed in range(40) if (leak := leak_of(seen, seed))}
    assert states == {
        1: PAST, 2: HEAD, 3: HEAD, 4: HEAD, 5: HEAD, 6: PAST, 7: PAST, 8: HEAD, 9: HEAD,
        10: PAST, 11: HEAD, 12: HEAD,
        **dict.fromkeys(range(20, 25), PAST),
        25: UNREACHABLE, 26: UNREACHABLE, 27: INDEX,
    }  # fmt: skip
    assert not seen.failed
    told = " ".join(f"{item.what}: {item.reason}" for item in seen.not_covered)
    assert "1 submodule: a repository of its own" in told
    assert "1 file in Git LFS" in told
    git(folder, "gc", "-q")
    packed = compare(folder)
    assert {leak.digest for leak in packed.leaks} == {leak.digest for leak in seen.leaks}


def test_reachable_only(tmp_path: Path) -> None:
    folder = extras(full(tmp_path / "repo"))
    everything, reachable = look(folder), look(folder, reachable_only=True)
    left_out = leaks(everything).keys() - leaks(reachable).keys()
    assert left_out == {password(25).encode(), password(26).encode()}


def test_what_is_told_of_a_leak(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    git(folder, "config", "i18n.commitEncoding", "ISO-8859-1")
    write(folder, **{"a.py": line(1)})
    git(folder, "add", ".")
    author = ["-c", "user.name=x"]
    git(folder, *author, "commit", "-q", "-m", "x", "--author", "Zo\udceb <z@example.org>")
    first = text(folder, "rev-parse", "HEAD")
    write(folder, **{"a.py": "x = 1\n" + line(1), "b.py": line(1)})
    commit(folder)
    write(folder, **{"a.py": "x = 1\n", "b.py": "x = 1\n"})
    commit(folder)
    (leak,) = look(folder).leaks
    assert leak.introduced is not None
    assert leak.introduced == (first, "Zoë", "2023-11-14T22:13:20Z", "a.py")
    assert (leak.commits, leak.objects, leak.paths) == (2, 2, ("a.py", "b.py"))
    assert leak.place == f"{first[:12]}:a.py"
    assert (leak.state, leak.rule, leak.kind) == (PAST, "assignment", "blob")
    assert leak.authors == ("Zoë", "Ada")


# Other forms of a repository ----------------------------------------------------------------------


def values(seen: Seen) -> set[bytes]:
    return {leak.digest for leak in seen.leaks}


def test_bare_and_packed(tmp_path: Path) -> None:
    folder = extras(full(tmp_path / "repo"))
    git(tmp_path, "clone", "-q", "--mirror", f"file://{folder}", "bare.git")
    bare = compare(tmp_path / "bare.git")
    # Neither what nothing leads to nor what is staged is cloned.
    assert values(look(folder)) - values(bare) == {password(seed).encode() for seed in (25, 26, 27)}


def test_work_trees(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    git(folder, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    write(tmp_path / "linked", **{"linked.py": line(30)})
    commit(tmp_path / "linked")
    own, linked = look(folder, reachable_only=True), look(tmp_path / "linked", reachable_only=True)
    assert values(own) == values(linked)
    (first, second) = leak_of(own, 30), leak_of(linked, 30)
    assert first is not None
    assert second is not None
    assert (first.state, second.state) == (PAST, HEAD)
    compare(tmp_path / "linked")


def test_shallow_clones(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{folder}", "shallow")
    seen = compare(tmp_path / "shallow")
    assert leak_of(seen, 1) is None
    assert [item.what for item in seen.not_covered if "shallow" in item.reason] == ["older commits"]


def test_partial_clones(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    for number, form in enumerate(("blob:none", "tree:0")):
        clone = tmp_path / f"partial{number}"
        git(tmp_path, "clone", "-q", f"--filter={form}", f"file://{folder}", str(clone))
        before = git_reference.objects(clone)
        seen = look(clone)
        assert git_reference.objects(clone) == before  # nothing was fetched
        assert leak_of(seen, 9)
        assert leak_of(seen, 1) is None
        told = " ".join(f"{item.what} {item.reason} {item.remedy}" for item in seen.not_covered)
        assert (
            "not in this clone" in told if form == "blob:none" else "trees cannot be read" in told
        )
        assert not seen.failed


def test_objects_of_others_are_not_shown(tmp_path: Path) -> None:
    """Alternates may name any repository of the reader's; only what a ref leads to is shown."""
    private, folder = make(tmp_path / "private"), full(tmp_path / "repo")
    write(private, **{"a.py": line(30)})
    head = commit(private)
    write(private, **{"a.py": line(31)})
    commit(private)
    alternates = folder / ".git" / "objects" / "info" / "alternates"
    alternates.write_text(f"{private}/.git/objects\n")
    seen = look(folder)
    assert leak_of(seen, 30) is None
    assert leak_of(seen, 31) is None
    assert leak_of(seen, 1)
    assert "objects that no ref leads to" in [item.what for item in seen.not_covered]
    git(folder, "update-ref", "refs/heads/borrowed", head)
    assert leak_of(look(folder), 30)
    alternates.unlink()
    (folder / ".git" / "objects" / "aa").rename(tmp_path / "aa") if (
        folder / ".git" / "objects" / "aa"
    ).exists() else (tmp_path / "aa").mkdir()
    (folder / ".git" / "objects" / "aa").symlink_to(tmp_path / "aa")
    assert "objects that no ref leads to" in [item.what for item in look(folder).not_covered]


def test_clones_that_share_objects(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    git(tmp_path, "clone", "-q", "--shared", str(folder), "sharing")
    assert values(look(tmp_path / "sharing")) == values(look(folder))


def test_nothing_is_hidden_by_replace_refs_and_grafts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = full(tmp_path / "repo")
    expected = values(look(folder))
    blob = text(folder, "rev-parse", "HEAD:evil.py")
    clean = git(folder, "hash-object", "-w", "--stdin", feed=b"x = 1\n").decode().strip()
    parent = text(folder, "rev-parse", "HEAD~1")
    git(folder, "replace", blob, clean)
    git(folder, "replace", "--graft", "HEAD")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "grafts").write_text(parent + "\n")
    monkeypatch.setitem(ENVIRONMENT, "GIT_NO_REPLACE_OBJECTS", "1")  # for the reference
    assert values(compare(folder)) == expected


# Damage -------------------------------------------------------------------------------------------


def damage(folder: Path, oid: str, content: bytes = b"garbage") -> None:
    path = folder / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_damaged_blob(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    expected = values(look(folder))
    oid = text(folder, "rev-parse", "HEAD:evil.py")
    content = (folder / ".git" / "objects" / oid[:2] / oid[2:]).read_bytes()
    damage(folder, oid, content[:-9])
    seen = look(folder)
    assert values(seen) == expected - {password(9).encode()}
    assert [item.reason for item in seen.failed if oid in item.reason]
    damage(folder, oid)
    seen = look(folder)
    assert values(seen) == expected - {password(9).encode()}
    assert [item.reason for item in seen.failed if oid in item.reason]


def test_a_blob_of_other_content(tmp_path: Path) -> None:
    """A loose object under another's name must not be taken for it."""
    folder = full(tmp_path / "repo")
    oid = text(folder, "rev-parse", "HEAD:evil.py")
    other = git(folder, "hash-object", "-w", "--stdin", feed=b"nothing = 1\n").decode().strip()
    damage(folder, oid, (folder / ".git" / "objects" / other[:2] / other[2:]).read_bytes())
    assert [item for item in look(folder).failed if oid in item.reason]


def test_a_damaged_tree(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    expected = values(look(folder))
    damage(folder, text(folder, "rev-parse", "HEAD~1^{tree}"))
    seen = look(folder)
    # Names are lost, so .netrc and others may be read as plain text, but each blob is read.
    assert password(9).encode() in values(seen)
    assert len(values(seen)) >= len(expected) - 1
    assert seen.failed


def test_a_damaged_commit(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    expected = values(look(folder))
    oid = text(folder, "rev-parse", "HEAD~2")
    damage(folder, oid)
    seen = look(folder)
    assert values(seen) == expected
    assert [item.reason for item in seen.failed if oid[:12] in item.path]
    assert [item.reason for item in seen.failed if "cannot be told" in item.reason]


def test_a_damaged_pack(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    for number in range(30):
        write(folder, **{f"noise{number}.txt": drawn(900, 100 + number)})
    commit(folder)
    git(folder, "gc", "-q")
    whole = look(folder)
    (pack,) = (folder / ".git" / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    rows = git(folder, "verify-pack", "-v", str(pack)).decode().splitlines()
    noise = text(folder, "rev-parse", "HEAD:noise7.txt")
    (offset,) = [int(row.split()[4]) for row in rows if row.startswith(noise)]
    data[offset + 20 : offset + 40] = bytes(20)
    pack.write_bytes(data)
    seen = look(folder)
    assert values(seen) == values(whole)
    assert [item.reason for item in seen.failed if noise in item.reason]


def test_more_damage_than_git_is_started_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = full(tmp_path / "repo")
    monkeypatch.setattr("seawall.sources.git.objects._FAILURES", 1)
    for name in ("evil.py", "copy.py", "both.py", "other.py"):
        found = git(folder, "rev-parse", f"HEAD:{name}", fails=True).decode().strip()
        if len(found) == 40:
            oid = found
            content = (folder / ".git" / "objects" / oid[:2] / oid[2:]).read_bytes()
            damage(folder, oid, content[: len(content) // 2])
    seen = look(folder)
    assert any("more than 1 objects" in item.reason for item in seen.failed)


def test_a_ref_that_leads_nowhere(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    expected = values(look(folder))
    (folder / ".git" / "refs" / "heads" / "broken").write_text("12" * 20 + "\n")
    seen = look(folder)
    assert values(seen) == expected
    assert [item.reason for item in seen.failed if "cannot be told" in item.reason]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"author A B <a@b> 1700000000 +0000\n", ("A B", "2023-11-14T22:13:20Z")),
        (b"author <a@b> 1700000000 +0000\n", ("", "2023-11-14T22:13:20Z")),
        (b"author A <b> c <d> 1 +0000\n", ("A", "1970-01-01T00:00:01Z")),
        (b"author A <a> -5 +0000\n", ("A", "1970-01-01T00:00:00Z")),
        (b"author A <a> 99999999999999999 +0000\n", ("A", "9999-12-31T23:59:59Z")),
        (b"author A <a> 9999999999999999999999 +0000\n", ("", "")),
        (b"author Zo\xeb <a> 1 +0000\nencoding ISO-8859-1\n", ("Zo\xeb", "1970-01-01T00:00:01Z")),
        (b"author Zo\xeb <a> 1 +0000\nencoding zip\n", ("Zo\\xeb", "1970-01-01T00:00:01Z")),
        (b"author Zo\xeb <a> 1 +0000\n", ("Zo\\xeb", "1970-01-01T00:00:01Z")),
        (b"tagger T <a> 1 +0000\n", ("T", "1970-01-01T00:00:01Z")),
        (b"", ("", "")),
    ],
)
def test_makers_of_commits(head: bytes, expected: tuple[str, str]) -> None:
    assert made(b"tree x\n" + head + b"\nauthor No <b> 2 +0000\n") == expected


@given(st.binary(max_size=200))
def test_any_commit_has_a_maker_or_none(content: bytes) -> None:
    author, time = made(content)
    assert bool(time) or not author


def test_large_blobs_are_told(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    write(folder, **{"large.py": "x = 1\n" * 40_000 + line(30)})
    commit(folder)
    seen = compare(folder, limit=100_000)
    assert leak_of(seen, 30) is None
    assert [item.reason for item in seen.not_covered if item.what == "1 object of the history"]
    assert leak_of(look(folder), 30)


def test_a_repository_without_commits(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    assert look(folder) == Seen([], 0)
    write(folder, **{"a.py": line(1)})
    git(folder, "add", "a.py")
    (leak,) = look(folder).leaks
    assert (leak.state, leak.place, leak.commits) == (INDEX, "a.py", 0)


def test_nothing_of_the_repository_is_executed(tmp_path: Path) -> None:
    folder = full(tmp_path / "repo")
    program, mark = trap(tmp_path)
    expected = values(look(folder))
    spring(folder, program)
    assert values(look(folder)) == expected
    assert not mark.exists()


# Processes ----------------------------------------------------------------------------------------


def test_two_processes_find_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = extras(full(tmp_path / "repo"))
    alone = look(folder)
    monkeypatch.setattr(looking, "WORTH_SPREADING", 0)
    monkeypatch.setattr(looking, "_PORTION", 100)
    monkeypatch.setattr(origins, "_PORTION", 2)
    with opened(folder) as repository:
        means = Means(native(), plain, 10_000_000, 2, "")
        assert look_at_all(repository, means, "repo", reachable_only=False) == alone


def test_each_portion_is_told_once() -> None:
    def work(numbers: Iterator[int]) -> Iterator[tuple[int, object]]:
        for number in numbers:
            yield number, number * number

    for workers in (1, 2, 5):
        assert sorted(crew.work_off(300, workers, work)) == [(n, n * n) for n in range(300)]
    assert list(crew.work_off(0, 2, work)) == []


def test_what_a_worker_leaves_is_done_here() -> None:
    here = os.getpid()

    def work(numbers: Iterator[int]) -> Iterator[tuple[int, object]]:
        for number in numbers:
            if number == 7 and os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            yield number, -number

    assert sorted(crew.work_off(50, 2, work)) == sorted((n, -n) for n in range(50))


# What is remembered -------------------------------------------------------------------------------


class Kept(dict[bytes, object]):
    """A store in memory."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, object]:  # type: ignore[override]
        return {key: self[key] for key in keys if key in self}

    def put(self, key: bytes, value: object, *, is_ours: bool = False, of: str = "") -> None:
        self[key] = value


def test_a_second_look_reads_what_is_new(tmp_path: Path) -> None:
    folder = extras(full(tmp_path / "repo"))
    store = Kept()

    def again() -> tuple[Seen, int]:
        asked = 0
        with opened(folder) as repository:
            contents = repository.contents

            def counting(oids: Iterable[str], kind: str, limit: int) -> object:
                nonlocal asked
                for item in contents(oids, kind, limit):
                    asked += 1
                    yield item

            repository.contents = counting  # type: ignore[method-assign, assignment]
            clean = Clean(store, str(folder), b"rules")
            means = Means(native(), plain, 10_000_000, 1, "", clean=clean)
            return look_at_all(repository, means, "repo", reachable_only=False), asked

    first, number = again()
    second, fewer = again()
    assert second.leaks == first.leaks
    assert fewer < number
    for shard in store.values():
        assert isinstance(shard, bytes)
        assert not any(
            leak.oid.encode() in shard or bytes.fromhex(leak.oid) in shard for leak in first.leaks
        )
    # The same blob under a name that makes a difference is looked at again.
    plain_text = f"machine a login b password {drawn(9, 50, 'abcdefgh')}\n"
    write(folder, **{"notes.txt": plain_text})
    commit(folder)
    again()
    write(folder, **{"home__.netrc": plain_text})
    commit(folder)
    assert drawn(9, 50, "abcdefgh").encode() in values(again()[0])


# Bearings -----------------------------------------------------------------------------------------

NAMES = st.lists(
    st.sampled_from(
        ["test", "docs", "src", "a.py", "a.yaml", ".netrc", "README", "vendor", "x.min.js", ".env"]
    ),
    min_size=1, max_size=3,
).map("/".join)  # fmt: skip


@given(NAMES, NAMES, st.integers(1, 5))
def test_names_of_one_bearing_make_no_difference(one: str, other: str, seed: int) -> None:
    if bearing(one) != bearing(other):
        return
    content = (line(seed) + f"machine a login b password {password(seed + 9)}\n").encode()
    found = []
    for name in (one, other):
        read = text_of(name, content)
        assert read is not None
        found.append([result.secrets for result in native().run([read])])
    assert found[0] == found[1]

"""What is read without git: objects in files of their own; and what is staged, asked for once."""

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seawall.core.errors import InputError
from seawall.sources.git import process
from seawall.sources.git.discovery import Place, locate
from seawall.sources.git.loose import content
from seawall.sources.git.objects import blob_oid, new_hash
from tests.sources.git_support import commit, git, make, needs_git, opened, text, write

pytestmark = needs_git


def place_of(folder: Path) -> Place:
    found = locate(str(folder), {})
    assert found is not None
    return found


def file_of(folder: Path, oid: str) -> Path:
    return folder / ".git" / "objects" / oid[:2] / oid[2:]


def put(folder: Path, oid: str, data: bytes) -> None:
    """Put a file where an object should be."""
    file = file_of(folder, oid)
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_bytes(data)


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_an_object_is_read_from_its_file(tmp_path: Path, form: str) -> None:
    make(tmp_path, f"--object-format={form}")
    samples = [b"", b"one\n", b"\0blob 3\0", os.urandom(300_000), b"x" * 1_000_000]
    place = place_of(tmp_path)
    for data in samples:
        oid = git(tmp_path, "hash-object", "-w", "--stdin", feed=data).decode().strip()
        assert oid == blob_oid(data, len(oid))
        assert content(place, oid, b"blob", len(data)) == data
        assert content(place, oid, b"commit", len(data)) is None
        if data:
            assert content(place, oid, b"blob", len(data) - 1) is None
    write(tmp_path, a="1\n")
    head = commit(tmp_path, "a message")
    found = content(place, head, b"commit", 10_000)
    assert found == git(tmp_path, "cat-file", "commit", head)


def test_what_is_packed_or_not_there_is_asked_of_git(tmp_path: Path) -> None:
    make(tmp_path)
    write(tmp_path, a="1\n")
    commit(tmp_path)
    git(tmp_path, "gc", "-q")
    write(tmp_path, b="2\n", c="3\n")
    git(tmp_path, "add", "-A")
    packed, loose, other = (blob_oid(data, 40) for data in (b"1\n", b"2\n", b"3\n"))
    place = place_of(tmp_path)
    assert content(place, packed, b"blob", 100) is None
    assert content(place, "0" * 40, b"blob", 100) is None
    assert content(place, "../../../HEAD", b"blob", 100) is None
    assert content(place, loose, b"blob", 100) == b"2\n"
    with opened(tmp_path) as repository:
        answers = list(repository.blobs([loose, packed, other, loose]))
    assert answers == [(loose, b"2\n"), (packed, b"1\n"), (other, b"3\n"), (loose, b"2\n")]


def test_a_file_that_is_no_object_is_left_to_git(tmp_path: Path) -> None:
    make(tmp_path)
    place = place_of(tmp_path)
    right = b"blob 2\x001\n"
    oid = new_hash(40, 2)
    oid.update(b"1\n")
    name = oid.hexdigest()
    for data in (
        b"", b"no object", zlib.compress(right)[:-3], zlib.compress(right) + b"more",
        zlib.compress(b"blob 2\x002\n"), zlib.compress(b"blob 3\x001\n"), zlib.compress(b"1\n"),
        zlib.compress(b"blob 2\x001\n" + b"\n" * 10_000_000),
    ):  # fmt: skip
        put(tmp_path, name, data)
        assert content(place, name, b"blob", 1000) is None, data[:40]
    put(tmp_path, name, zlib.compress(right))
    assert content(place, name, b"blob", 1000) == b"1\n"
    file = file_of(tmp_path, name)
    file.unlink()
    os.mkfifo(file)
    assert content(place, name, b"blob", 1000) is None  # nor does it wait for who writes to it
    file.unlink()
    file.mkdir()
    assert content(place, name, b"blob", 1000) is None


def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What git is asked from here on."""
    asked: list[str] = []
    real = process.Git.start

    def start(self: process.Git, arguments: Sequence[str], *rest: Any, **named: Any) -> Any:
        asked.append(arguments[0])
        return real(self, arguments, *rest, **named)

    monkeypatch.setattr(process.Git, "start", start)
    return asked


def test_what_is_staged_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    write(tmp_path, a="1\n", b="2\n")
    commit(tmp_path)
    write(tmp_path, a="3\n")
    git(tmp_path, "add", "-A")
    asked = starts(monkeypatch)
    with opened(tmp_path) as repository:
        told = repository.staged_against_head()
        found = told()
        assert asked == ["diff-index"]
    (row,) = found.rows
    assert (row.path, row.oid, row.before) == (b"a", blob_oid(b"3\n", 40), (blob_oid(b"1\n", 40),))


def test_without_a_commit_all_that_is_staged_is_new(tmp_path: Path) -> None:
    make(tmp_path)
    write(tmp_path, a="1\n")
    git(tmp_path, "add", "-A")
    with opened(tmp_path) as repository:
        found = repository.staged_against_head()()
    assert [row.path for row in found.rows] == [b"a"]


def test_a_commit_that_cannot_be_read_is_no_first_one(tmp_path: Path) -> None:
    make(tmp_path)
    write(tmp_path, a="1\n", d__b="2\n")
    commit(tmp_path)
    write(tmp_path, a="2\n", d__b="3\n")
    git(tmp_path, "add", "-A")
    tree = text(tmp_path, "rev-parse", "HEAD^{tree}")
    put(tmp_path, tree, b"no tree")
    with opened(tmp_path) as repository, pytest.raises(InputError, match="diff-index failed"):
        repository.staged_against_head()()

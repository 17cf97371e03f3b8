"""What is read out of a repository.

Paths are relative to the top of the work tree, with ``/`` between names, and written as reports
show them (``files.shown``). They come from strangers and may be anything, ``../x`` included: they
are names to show and compare, never to open.
"""

from typing import Literal

from seawall.core.named_tuple import NamedTuple

EntryKind = Literal["file", "symlink", "submodule"]
MissingKind = Literal["absent", "damaged", "too large", "not a blob"]


class TreeEntry(NamedTuple):
    """An entry of a commit's tree. ``mode`` is git's, such as 0o100644."""

    path: str
    mode: int
    oid: str
    kind: EntryKind


class StagedEntry(NamedTuple):
    """A file or link of the index. ``stage`` is 0, or 1 to 3 while a merge is in conflict."""

    path: str
    mode: int
    oid: str
    stage: int


class Missing(NamedTuple):
    """Why there is no content for an object; ``reason`` is for people and says what to do."""

    kind: MissingKind
    reason: str


class Changes(NamedTuple):
    """How a work tree differs from a commit.

    ``paths`` differ in content, exist on one side only, or are another kind of thing; the
    permission to execute does not count. ``repositories`` are the submodules and repositories
    inside the work tree: nothing is said about what is below them.
    """

    paths: frozenset[str]
    repositories: tuple[str, ...]


class Commit(NamedTuple):
    """A commit and the blobs that it brought.

    ``author`` is ``NAME <ADDRESS>``, ``time`` the author's, in seconds since 1970 (UTC), both
    as the author claims. ``blobs`` are (path, oid) of files and links that were added or modified;
    for a merge those that differ from every parent. A commit at the edge of a shallow clone has no
    parents, and brings everything.
    """

    oid: str
    parents: tuple[str, ...]
    author: str
    time: int
    blobs: tuple[tuple[str, str], ...]


class LfsPointer(NamedTuple):
    """What Git LFS commits in place of a file: the SHA-256 of its content and its size in bytes."""

    sha256: str
    size: int


LFS_POINTER_LIMIT = 1024
"""Bytes: a pointer is smaller (git-lfs, docs/spec.md)."""


def lfs_pointer(content: bytes) -> LfsPointer | None:
    """The pointer that a blob is, ``None`` where it is none."""
    if len(content) >= LFS_POINTER_LIMIT or not content.startswith(
        (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
    ):
        return None
    values = dict(line.partition(b" ")[::2] for line in content.splitlines())
    method, _, digest = values.get(b"oid", b"").partition(b":")
    size = values.get(b"size", b"")
    if method != b"sha256" or len(digest) != 64 or not size.isdigit():
        return None
    return LfsPointer(digest.decode("ascii", "replace"), int(size))


SYMLINK_MODE = 0o120000
SUBMODULE_MODE = 0o160000


def kind_of(mode: int) -> EntryKind:
    """What a mode stands for."""
    if mode == SUBMODULE_MODE:
        return "submodule"
    return "symlink" if mode == SYMLINK_MODE else "file"

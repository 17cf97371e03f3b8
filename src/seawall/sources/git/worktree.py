"""How the work tree differs from a commit.

git's own answer obeys filters and may run programs, so files are hashed here, as they lie on the
disk. Where the index knows a file's times, inode and size, and they are still the same, its hash
is taken from there: that is git's own short cut, and holds whatever filter made the file.
Otherwise a file that a filter changed (``core.autocrlf``) counts as changed, which costs time
but hides nothing. Large files of Git LFS are compared with the hash in their pointer.
"""

import hashlib
import os
import stat
from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import shown
from seawall.sources.git import index, trees
from seawall.sources.git.index import IndexEntry, Stat
from seawall.sources.git.objects import blob_oid, contents, new_hash
from seawall.sources.git.process import Git
from seawall.sources.git.rows import (
    LFS_POINTER_LIMIT,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    Changes,
    LfsPointer,
    lfs_pointer,
)

_PIECE = 1024 * 1024
_CLOCK_TICK = 20_000_000
"""Nanoseconds: two ticks of the slowest kernel clock that stamps files (100 Hz)."""
_COARSE_CLOCK = 2_000_000_000
"""Nanoseconds: file systems without fractions of a second; FAT counts in twos."""
_UNKNOWN = "unknown"


class _Content(NamedTuple):
    """What a path holds; ``oid`` is "" where there is nothing that git would keep."""

    is_link: bool
    oid: str


_NOTHING = _Content(is_link=False, oid="")


def changed(git: Git, commit: str) -> Changes:
    """See ``Repository.changed``."""
    committed: dict[bytes, _Content] = {}
    repositories: set[bytes] = set()
    for mode, oid, path in trees.entries(git, commit, ""):
        if mode == SUBMODULE_MODE:
            repositories.add(path)
        else:
            committed[path] = _Content(mode == SYMLINK_MODE, oid)
    entries: dict[bytes, IndexEntry] = {}
    for entry in index.read(git):
        if entry.mode == SUBMODULE_MODE:
            repositories.add(entry.path)
        else:  # of a conflict the last stage: it has no stat, so the file is hashed
            entries[entry.path] = entry
    tree = _WorkTree(git, len(commit))
    paths = set()
    suspects: dict[bytes, str] = {}
    for path in committed.keys() | entries.keys() | _untracked(git, repositories):
        before = committed.get(path, _NOTHING)
        after = tree.content(path, entries.get(path))
        if after is None or after == before:
            continue
        paths.add(path)
        if before.oid and after.oid and not before.is_link and not after.is_link:
            suspects[path] = before.oid
    paths -= set(_unchanged_large_files(git, tree, suspects))
    return Changes(frozenset(map(_name, paths)), tuple(sorted(map(_name, repositories))))


def _name(path: bytes) -> str:
    return shown(os.fsdecode(path))


def _untracked(git: Git, repositories: set[bytes]) -> set[bytes]:
    """Files that are neither in the index nor ignored; repositories among them are set apart."""
    text = git.output(["ls-files", "--others", "--exclude-standard", "-z"], in_work_tree=True)
    found = {path for path in text.split(b"\0") if path}
    inner = {path for path in found if path.endswith(b"/")}
    repositories.update(path.rstrip(b"/") for path in inner)
    return found - inner


class _WorkTree:
    """Files of the work tree by their path; none is reached through a symbolic link."""

    def __init__(self, git: Git, oid_length: int) -> None:
        self._top = os.fsencode(git.place.top)
        self._oid_length = oid_length
        try:
            self._written = os.stat(git.place.index_file).st_mtime_ns
        except OSError:
            self._written = 0
        self._directories: dict[bytes, bool] = {b"": True}

    def content(self, path: bytes, entry: IndexEntry | None) -> _Content | None:
        """What a path holds now; ``None`` where it is left out of a sparse checkout."""
        facts = self.facts(path)
        if facts is None:
            return None if entry is not None and entry.skip_worktree else _NOTHING
        is_link = stat.S_ISLNK(facts.st_mode)
        if not is_link and not stat.S_ISREG(facts.st_mode):
            return (
                _NOTHING if stat.S_ISDIR(facts.st_mode) else _Content(is_link=False, oid=_UNKNOWN)
            )
        if entry is not None and self._is_fresh(entry, facts, is_link=is_link):
            return _Content(is_link, entry.oid)
        if is_link:
            return _Content(is_link, self._link_oid(path))
        return _Content(is_link, self._file_oid(path))

    def facts(self, path: bytes) -> os.stat_result | None:
        """What ``lstat`` says, ``None`` where the path is not in the work tree."""
        parent, _, name = path.rpartition(b"/")
        if not _is_plain(name) or not self._is_directory(parent):
            return None
        try:
            return os.lstat(self.real(path))
        except OSError:
            return None

    def real(self, path: bytes) -> bytes:
        """Where a path is on this machine."""
        return self._top + b"/" + path

    def pieces(self, path: bytes) -> Iterator[bytes]:
        """The bytes of a regular file, first its size. Raises ``OSError``."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self.real(path), flags)
        with open(descriptor, "rb", buffering=0) as stream:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(0, "is no regular file any more")
            yield b"%d" % facts.st_size
            while piece := stream.read(min(_PIECE, facts.st_size + 1)):
                yield piece

    def _is_directory(self, path: bytes) -> bool:
        known = self._directories.get(path)
        if known is None:
            parent, _, name = path.rpartition(b"/")
            known = _is_plain(name) and self._is_directory(parent)
            if known:
                try:
                    known = stat.S_ISDIR(os.lstat(self.real(path)).st_mode)
                except OSError:
                    known = False
            self._directories[path] = known
        return known

    def _is_fresh(self, entry: IndexEntry, facts: os.stat_result, *, is_link: bool) -> bool:
        """Whether the index's hash holds for the file: it has not been touched since.

        The flag "assume unchanged" is not obeyed. A file that was written just before the index
        could have been written again after git looked, within one tick of the clock ("racy git").
        """
        if entry.stage or entry.intent_to_add or entry.stat is None:
            return False
        if is_link != (entry.mode == SYMLINK_MODE):
            return False
        seen = Stat(
            facts.st_ctime_ns, facts.st_mtime_ns, facts.st_ino & 0xFFFFFFFF,
            facts.st_size & 0xFFFFFFFF,
        )  # fmt: skip
        margin = _CLOCK_TICK if seen.mtime % 10**9 else _COARSE_CLOCK
        return seen == entry.stat and seen.mtime + margin <= self._written

    def _link_oid(self, path: bytes) -> str:
        try:
            return blob_oid(os.readlink(self.real(path)), self._oid_length)
        except OSError:
            return _UNKNOWN

    def _file_oid(self, path: bytes) -> str:
        try:
            pieces = self.pieces(path)
            hashed = new_hash(self._oid_length, int(next(pieces)))
            for piece in pieces:
                hashed.update(piece)
        except OSError:  # whoever reads it will say why
            return _UNKNOWN
        return hashed.hexdigest()


def _is_plain(name: bytes) -> bool:
    """Whether a name can be one in a work tree; trees and indexes of strangers hold others."""
    return name not in (b"", b".", b"..", b".git")


def _unchanged_large_files(
    git: Git, tree: _WorkTree, suspects: dict[bytes, str]
) -> Iterator[bytes]:
    """Paths whose committed pointer of Git LFS stands for what lies in the work tree."""
    # Git LFS makes this directory before it puts any content into a work tree.
    if not suspects or not os.path.isdir(os.path.join(git.place.common_dir, "lfs")):
        return
    for path, (_, content) in zip(
        suspects, contents(git, suspects.values(), LFS_POINTER_LIMIT), strict=True
    ):
        pointer = lfs_pointer(content) if isinstance(content, bytes) else None
        if pointer is not None and _is_content_of(pointer, tree, path):
            yield path


def _is_content_of(pointer: LfsPointer, tree: _WorkTree, path: bytes) -> bool:
    try:
        pieces = tree.pieces(path)
        if int(next(pieces)) != pointer.size:
            return False
        hashed = hashlib.sha256()
        for piece in pieces:
            hashed.update(piece)
    except OSError:
        return False
    return hashed.hexdigest() == pointer.sha256

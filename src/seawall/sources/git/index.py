"""The index (the staging area), as ``git ls-files --stage --debug -z`` tells it."""

import os
import re
from collections.abc import Iterator

from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import reason_of, shown
from seawall.sources.git.hashes import new_hash
from seawall.sources.git.process import REPORT, Git
from seawall.sources.git.rows import SUBMODULE_MODE, StagedEntry

_ENTRY = pattern(
    rb"([0-7]{6}) ([0-9a-f]{40}|[0-9a-f]{64}) ([0-3])\t([^\0]*)\0((?:  [^\n]*\n)*)", re.ASCII
)
_DEBUG = pattern(
    rb"  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n"
    rb"  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: ([0-9a-f]+)\n"
)
_PIECE = 1024 * 1024
# Documentation/gitformat-index.txt, "extended flags", where git holds them in memory.
_INTENT_TO_ADD = 1 << 29
_SKIP_WORKTREE = 1 << 30


class Stat(NamedTuple):
    """What the index knows of the file in the work tree; times in nanoseconds.

    ``inode`` and ``size`` are cut to 32 bits.
    """

    ctime: int
    mtime: int
    inode: int
    size: int


class IndexEntry(NamedTuple):
    """A row of the index. ``stat`` is ``None`` where git's words about it are not understood."""

    path: bytes
    mode: int
    oid: str
    stage: int
    stat: Stat | None
    intent_to_add: bool
    skip_worktree: bool


def read(git: Git) -> list[IndexEntry]:
    """All entries, in order; empty where there is no index."""
    check_sum(git)
    text = git.output(["ls-files", "--stage", "--debug", "-z"])
    entries = []
    at = 0
    for match in _ENTRY.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        mode, oid, stage, path, words = match.groups()
        debug = _DEBUG.fullmatch(words)
        stat, flags = None, 0
        if debug is not None:
            csec, cnano, msec, mnano, inode, size = map(int, debug.groups()[:6])
            stat = Stat(csec * 10**9 + cnano, msec * 10**9 + mnano, inode, size)
            flags = int(debug[7], 16)
        entries.append(
            IndexEntry(
                path, int(mode, 8), oid.decode(), int(stage), stat,
                bool(flags & _INTENT_TO_ADD), bool(flags & _SKIP_WORKTREE),
            )
        )  # fmt: skip
    if at != len(text):
        raise InputError(
            f"git ls-files answers {text[at : at + 80]!r}, which is not understood; {REPORT}"
        )
    return entries


def check_sum(git: Git) -> None:
    """Refuse an index that is cut off or damaged; git itself reads what is left of it.

    The file ends in the hash of what precedes it, or in zeros (``index.skipHash``).
    """
    path = git.place.index_file
    last = b""
    try:
        with open(path, "rb", buffering=0) as stream:
            size = os.fstat(stream.fileno()).st_size
            hashed = new_hash(git.place.layout.object_format, size)
            while piece := stream.read(_PIECE):
                data = last + piece
                last = data[-hashed.digest_size :]
                hashed.update(data[: -hashed.digest_size])
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(
            f"cannot read {shown(path)}: {reason_of(error)}; make it readable"
        ) from None
    if last.strip(b"\0") and last != hashed.digest():
        raise InputError(
            f"{shown(path)} is damaged; remove it and run 'git reset' to have it made anew"
        )


def staged(git: Git) -> Iterator[StagedEntry]:
    """What would be committed, see ``Repository.staged``."""
    for entry in read(git):
        if entry.mode != SUBMODULE_MODE and not entry.intent_to_add:
            path = shown(os.fsdecode(entry.path))
            yield StagedEntry(path, entry.mode, entry.oid, entry.stage)

"""The index (the staging area), as ``git ls-files --stage --debug -z`` tells it."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.sources.files import shown
from seawall.sources.git.process import Git
from seawall.sources.git.rows import SUBMODULE_MODE, StagedEntry

_ENTRY = re.compile(
    rb"([0-7]{6}) ([0-9a-f]{40}|[0-9a-f]{64}) ([0-3])\t([^\0]*)\0((?:  [^\n]*\n)*)", re.ASCII
)
_DEBUG = re.compile(
    rb"  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n"
    rb"  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: ([0-9a-f]+)\n"
)
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
        raise InputError(f"git ls-files answers {text[at : at + 80]!r}, which is not understood")
    return entries


def staged(git: Git) -> Iterator[StagedEntry]:
    """What would be committed, see ``Repository.staged``."""
    for entry in read(git):
        if entry.mode != SUBMODULE_MODE and not entry.intent_to_add:
            path = shown(os.fsdecode(entry.path))
            yield StagedEntry(path, entry.mode, entry.oid, entry.stage)

"""What files of a root directory are opened, as fanotify(7) tells it.

It sees what no system call shows: files that the kernel opens for a process, as io_uring does. It
needs CAP_SYS_ADMIN in the first user namespace. What is opened is known by its inode: a sandbox has
the files in a mount of its own.
"""

import ctypes
import os
import struct
from collections.abc import Callable
from typing import Self

from seawall.tracing.named_paths import EXECUTED, OPENED
from seawall.tracing.record import Record

_CLOSE_ON_EXEC, _NOT_BLOCKING, _ANY_NUMBER = 0x1, 0x2, 0x10
_ADD, _FILE_SYSTEM = 0x1, 0x100
_OPEN, _OPEN_EXEC, _OVERFLOW = 0x20, 0x1000, 0x4000
_EVENT = struct.Struct("=IBBHQii")
"""``struct fanotify_event_metadata``: length, version, -, its own length, mask, file, process."""
_READ = 64 << 10
_AT_FDCWD = -100

_libc = ctypes.CDLL(None, use_errno=True)


class FileEvents:
    """The events of the file system that a root directory is on."""

    def __init__(self, queue: int, root: str, record: Record) -> None:
        self._queue = queue
        self._record = record
        self._paths = _paths(root)

    @classmethod
    def of(cls, record: Record, root: str) -> Self | None:
        """Start to look; ``None``, with a note, where that is not permitted."""
        try:
            queue = _libc.fanotify_init(_CLOSE_ON_EXEC | _NOT_BLOCKING | _ANY_NUMBER, os.O_RDONLY)
            mark = ctypes.c_uint64(_OPEN | _OPEN_EXEC)
            if queue < 0 or _libc.fanotify_mark(
                queue, _ADD | _FILE_SYSTEM, mark, _AT_FDCWD, os.fsencode(root)
            ):
                error = os.strerror(ctypes.get_errno())
                if queue >= 0:
                    os.close(queue)
                record.note(f"fanotify is not permitted: {error}")
                return None
        except AttributeError:
            record.note("fanotify is not known to the C library")
            return None
        return cls(queue, root, record)

    def look(self, counts: Callable[[int], bool]) -> None:
        """Record what was opened since the last look by processes that count."""
        while True:
            try:
                data = os.read(self._queue, _READ)
            except BlockingIOError:
                return
            place = 0
            while place + _EVENT.size <= len(data):
                length, _, _, _, mask, file, process = _EVENT.unpack_from(data, place)
                place += max(length, _EVENT.size)
                if mask & _OVERFLOW:
                    self._record.note("some events of files were lost: there were too many")
                if file < 0:
                    continue
                try:
                    if process != os.getpid() and counts(process):
                        self._opened(file, EXECUTED if mask & _OPEN_EXEC else OPENED)
                finally:
                    os.close(file)

    def _opened(self, file: int, what: str) -> None:
        status = os.fstat(file)
        for path in self._paths.get((status.st_dev, status.st_ino), ()):
            self._record.path(what, path)


def _paths(root: str) -> dict[tuple[int, int], list[str]]:
    """The paths of each inode below a directory."""
    found: dict[tuple[int, int], list[str]] = {}
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        with os.scandir(f"{root}{directory}/") as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                path = f"{directory}/{entry.name}"
                found.setdefault((status.st_dev, status.st_ino), []).append(path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
    return found

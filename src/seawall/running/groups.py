"""Control groups (cgroups(7), versions 1 and 2): limits for a process, where root may set them.

They are a second line: processes and open-ended writing are limited without them, too, but not
what root starts before Linux 6.14, nor memory.
"""

import contextlib
import errno
import os
import time
from collections.abc import Iterator

_PATIENCE = 5.0
_POLL = 0.02
_OLD, _NEW = "cgroup", "cgroup2"


def limit(name: str, pid: int, processes: int, memory: int) -> None:
    """Put a process into a group with limits, in each hierarchy that has some and lets us."""
    wanted = {
        _OLD: {"pids": ("pids.max", processes), "memory": ("memory.limit_in_bytes", memory)},
        _NEW: {"pids": ("pids.max", processes), "memory": ("memory.max", memory)},
    }
    for place, kind, controllers in _hierarchies():
        limits = [file for each, file in wanted[kind].items() if each in controllers]
        if not limits:
            continue
        path = os.path.join(place, name)
        with contextlib.suppress(OSError):  # it is not ours to make groups here
            os.mkdir(path)
            for file, most in limits:
                _write(f"{path}/{file}", most)
            _write(f"{path}/cgroup.procs", pid)


def remove(name: str) -> None:
    """Take away a group in all hierarchies; its processes have ended, or are about to."""
    until = time.monotonic() + _PATIENCE
    for place, _, _ in _hierarchies():
        path = os.path.join(place, name)
        while not _is_gone(path) and time.monotonic() < until:
            time.sleep(_POLL)


def _hierarchies() -> Iterator[tuple[str, str, list[str]]]:
    """Where each is mounted, of which version, and the controllers that a new group has."""
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
        rows = [line.split() for line in file]
    for row in rows:
        if len(row) > 3 and row[2] == _OLD:
            yield row[1], _OLD, row[3].split(",")
        elif len(row) > 3 and row[2] == _NEW:
            yield row[1], _NEW, _handed_down(row[1])


def _handed_down(place: str) -> list[str]:
    try:
        with open(f"{place}/cgroup.subtree_control", encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def _write(path: str, number: int) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(str(number))


def _is_gone(path: str) -> bool:
    """Whether nothing can be done about it, or need be."""
    try:
        os.rmdir(path)
    except OSError as error:
        return error.errno != errno.EBUSY
    return True

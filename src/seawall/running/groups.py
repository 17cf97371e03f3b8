"""Control groups that runc leaves behind where it is ended itself (cgroups(7))."""

import errno
import os
import time

_PATIENCE = 5.0
_POLL = 0.02


def remove(name: str) -> None:
    """Take away a group in all hierarchies; its processes have ended, or are about to."""
    until = time.monotonic() + _PATIENCE
    for place in _hierarchies():
        path = os.path.join(place, name)
        while not _is_gone(path) and time.monotonic() < until:
            time.sleep(_POLL)


def _hierarchies() -> list[str]:
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
        rows = [line.split() for line in file]
    return [row[1] for row in rows if len(row) > 2 and row[2] in ("cgroup", "cgroup2")]


def _is_gone(path: str) -> bool:
    """Whether nothing can be done about it, or need be."""
    try:
        os.rmdir(path)
    except OSError as error:
        return error.errno != errno.EBUSY
    return True

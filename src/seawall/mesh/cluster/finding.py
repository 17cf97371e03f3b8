"""The network namespaces of pods, found by the processes of their control groups.

The kubelet puts all of a pod's processes below a group that has the pod's uid in its name
(kubelet: ``pod<uid>``; systemd's driver writes dashes as underscores). The oldest is that of the
sandbox, which the container runtime has started: a process of the application may have made
namespaces of its own, and is never older.
"""

import contextlib
import os
import re
from collections.abc import Collection, Iterator, Mapping

_GROUP = re.compile(
    r"[/-]pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})(?=[./]|$)"
)
_LARGEST = 64 * 1024
_STARTED = 19
"""Which field of /proc/PID/stat behind the name says when it was started (proc(5): 22)."""


Namespace = tuple[int, int]
"""Device and inode."""


class Found:
    """A process, held so that its number cannot come to mean another one."""

    def __init__(self, directory: int, started: int) -> None:
        self.started = started
        self._directory = directory

    def namespace(self) -> int:
        """A descriptor of its network namespace."""
        return os.open("ns/net", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)

    def identity(self) -> Namespace | None:
        """Which network namespace it is in; ``None`` when it has ended."""
        try:
            status = os.stat("ns/net", dir_fd=self._directory)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def close(self) -> None:
        """Let go."""
        os.close(self._directory)


def look(uids: Collection[str], held: Mapping[str, int], proc: str = "/proc") -> dict[str, int]:
    """A descriptor of the network namespace of each pod that runs here.

    Those that are ``held`` stay as long as any process of the pod is there; others are opened, and
    closed by the caller, who closes what is not among them any more, too. The node's own namespace
    is none of a pod, nor is ours.
    """
    found: dict[str, list[Found]] = {}
    for process, uid in _processes(frozenset(uids), proc):
        found.setdefault(uid, []).append(process)
    refused = set()
    for name in ("1", "self"):
        # That of the first process may be hidden from us; pods of the node's network are never
        # asked for anyway.
        with contextlib.suppress(OSError):
            refused.add(_identity(f"{proc}/{name}/ns/net"))
    kept: dict[str, int] = {}
    for uid, processes in found.items():
        with contextlib.suppress(OSError):
            before = held.get(uid)
            if before is not None and _identity(before) in {own.identity() for own in processes}:
                kept[uid] = before
                continue
            descriptor = min(processes, key=lambda own: own.started).namespace()
            if _identity(descriptor) in refused:
                os.close(descriptor)
            else:
                kept[uid] = descriptor
    for process in (own for processes in found.values() for own in processes):
        process.close()
    return kept


def _processes(uids: frozenset[str], proc: str) -> Iterator[tuple[Found, str]]:
    for name in os.listdir(proc):
        if not name.isdigit():
            continue
        try:
            directory = os.open(f"{proc}/{name}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue  # it has ended
        try:
            uid = pod_in(_text(directory, "cgroup"))
            if uid in uids:
                started = int(_text(directory, "stat").rpartition(")")[2].split()[_STARTED])
                yield Found(directory, started), uid
                continue
        except (OSError, ValueError, IndexError):
            pass  # it has ended
        os.close(directory)


def pod_in(text: str) -> str:
    """The uid of the pod that a process belongs to, out of /proc/PID/cgroup; empty for none.

    The first one counts: what is below a pod's own group may be called anything.
    """
    for line in text.splitlines():
        found = _GROUP.search(line.partition(":")[2].partition(":")[2])
        if found is not None:
            return found[1].replace("_", "-")
    return ""


def _text(directory: int, name: str) -> str:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(_LARGEST).decode("utf-8", "replace")


def _identity(of: str | int) -> Namespace:
    status = os.stat(of)
    return status.st_dev, status.st_ino

"""Who is at the other end of a unix socket: what the kernel says of it, never what it says itself.

A process id may be given to another process at any time. So the process is held by a descriptor
(pidfd) while it is looked at, and what was seen counts only if it was still there afterwards.
"""

import contextlib
import os
import select
import socket
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.plan.model import Selectors

_CREDENTIALS = struct.Struct("=iII")
"""struct ucred: pid, uid, gid (unix(7), SO_PEERCRED)."""
_PEER_PIDFD = 77
"""SO_PEERPIDFD, from Linux 6.5 on; Python has no name for it."""
LARGEST = 1 << 30
"""Bytes of a program that is hashed."""
_CHUNK = 1 << 20
_UIDS = pattern(r"^Uid:\s+\d+\s+(\d+)", 8)  # re.MULTILINE
_digests: dict[tuple[int, ...], str] = {}
"""Digests of programs, by what changes when a file does."""
_MOST_DIGESTS = 1000


class Peer(NamedTuple):
    """A process, as the kernel knew it when it connected."""

    pid: int
    user: int
    group: int


def peer_of(connection: socket.socket) -> Peer:
    """The process that connected."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(data))


def fault_of(connection: socket.socket, wanted: Selectors) -> str:
    """Which selector does not hold for who connected; empty where all do."""
    peer = peer_of(connection)
    if wanted.user and peer.user != wanted.user:
        return f"user {peer.user} is not {wanted.user}"
    if wanted.group not in (-1, peer.group):
        return f"group {peer.group} is not {wanted.group}"
    if not (wanted.unit or wanted.looks_inside):
        return ""
    return fault_by(connection, peer, lambda: _fault_of_process(peer.pid, wanted))


def fault_by(connection: socket.socket, peer: Peer, look: Callable[[], str]) -> str:
    """What a look at the process of a peer finds, which counts only if it is there still."""
    try:
        with _held(connection, peer) as process:
            return look() or _fault_of_hold(process, peer)
    except OSError as error:
        return f"process {peer.pid} cannot be looked at ({error.strerror})"


@contextlib.contextmanager
def _held(connection: socket.socket, peer: Peer) -> Iterator[int]:
    """A descriptor of the process: while it is open the process id is nobody else's."""
    try:
        found = connection.getsockopt(socket.SOL_SOCKET, _PEER_PIDFD)
    except OSError:
        found = os.pidfd_open(peer.pid)  # an older kernel
    try:
        yield found
    finally:
        os.close(found)


def _fault_of_hold(process: int, peer: Peer) -> str:
    """Whether what was seen was of the process that connected: it must be there, and the same."""
    ended, _, _ = select.select([process], [], [], 0)
    if ended:
        return f"process {peer.pid} has ended"
    with open(f"/proc/{peer.pid}/status", encoding="utf-8", errors="replace") as stream:
        found = _UIDS.search(stream.read())
    return "" if found and int(found[1]) == peer.user else f"process {peer.pid} is another one now"


def _fault_of_process(pid: int, wanted: Selectors) -> str:
    if wanted.unit:
        unit = unit_of(cgroups_of(pid))
        if unit != wanted.unit:
            return f"unit {unit or 'none'} is not {wanted.unit}"
    program = f"/proc/{pid}/exe"
    if wanted.path and not os.path.samestat(os.stat(program), os.stat(wanted.path)):
        # Compared as files: a path within another mount namespace says nothing.
        return f"program {os.readlink(program)} is not {wanted.path}"
    if wanted.sha256:
        digest = _digest(program)
        if digest != wanted.sha256:
            return f"the program's digest is {digest}"
    return ""


def unit_of(cgroups: str) -> str:
    """The systemd unit in ``/proc/PID/cgroup`` (cgroups(7)); empty where there is none.

    Only slices may be above it: below a unit its users make groups of any name.
    """
    for line in cgroups.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers not in ("", "name=systemd"):
            continue
        for part in path.strip("/").split("/"):
            if not part.endswith(".slice"):
                if part.endswith((".service", ".scope")):
                    return part
                break
    return ""


def cgroups_of(pid: int) -> str:
    """``/proc/PID/cgroup`` (cgroups(7))."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="replace") as stream:
        return stream.read(64 * 1024)


def _digest(program: str) -> str:
    with open(program, "rb") as stream:
        facts = os.fstat(stream.fileno())
        mark = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        known = _digests.get(mark)
        if known is not None:
            return known
        if facts.st_size > LARGEST:
            return f"unknown, for it has more than {LARGEST} bytes"
        hashed = sha256()
        while chunk := stream.read(_CHUNK):
            hashed.update(chunk)
    if len(_digests) >= _MOST_DIGESTS:
        _digests.clear()
    return _digests.setdefault(mark, hashed.hexdigest())

"""The mounts that all runners start from, in a mount namespace where nothing else is needed.

They are at a place that everybody may go to, so that a runner need not be root to see them: the
files themselves lie in a directory that is nobody else's business.
"""

import contextlib
import os
import sys
from collections.abc import Iterable

from seawall.running import kernel, places
from seawall.running.room import Limits, NotPossibleError, Room

_PLACES = ("/mnt", "/srv", "/media", "/opt", "/tmp")  # noqa: S108 - mounted over, nothing is made there
_HOSTS = b"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
_OWN = 16 << 20
"""Bytes for what runners note."""
HOST_NAME = "localhost"
"""The only name that an image without a network can look up."""


class Stage:
    """Where the root and what goes into it are mounted. ``mounts`` must have been called."""

    def __init__(self, root: str, binds: list[tuple[str, str, bool]]) -> None:
        self.root = root
        self.binds = binds
        """What is to be mounted in it: from where, on what path in it, whether only to be read."""
        self.directory = os.path.dirname(root)

    def known(self, names: Iterable[str]) -> list[str]:
        """Those of some names that this kernel has in ``/proc``."""
        return [name for name in names if os.path.exists(f"/proc/{name}")]


def set_up(room: Room, limits: Limits) -> Stage:
    """Mount a root and its writable directories. Raises ``NotPossibleError`` and ``OSError``."""
    place = _place()
    for name in ("proc", "dev"):
        if places.directory(room.root, name) != name:
            raise NotPossibleError(f"its /{name} is a link to another place")
    wanted = [(each, True) for each in room.scratch] + [(each, False) for each in room.volumes]
    found = {places.directory(room.root, path): shared for path, shared in reversed(wanted)}
    own = {path: shared for path, shared in found.items() if _is_ours(path)}
    hosts = places.file(room.root, "etc/hosts")
    root = os.open(room.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.chdir("/")
    kernel.mount("tmpfs", place, "tmpfs", kernel.NO_DEVICES, f"mode=755,size={_OWN}")
    top, memory = os.path.join(place, "root"), os.path.join(place, "memory")
    for each in (top, memory):
        os.mkdir(each)
    # What the process fills is not where its runner takes notes.
    kernel.mount("tmpfs", memory, "tmpfs", kernel.NO_DEVICES, f"mode=755,size={limits.memory}")
    lower = top if room.read_only else os.path.join(place, "lower")
    if lower != top:
        os.mkdir(lower)
    kernel.bind(f"/proc/self/fd/{root}", lower, read_only=True)
    os.close(root)
    if lower != top:
        _let_write(memory, lower, top)
    binds = []
    left = limits.memory
    for number, (path, shared) in enumerate(sorted(own.items())):
        if any(path.startswith(f"{other}/") for other in own):
            continue  # the one above it is writable already
        target = os.path.join(memory, str(number))
        left = _copied(os.path.join(top, path), target, left, shared=shared)
        binds.append((target, path, False))
    if hosts:
        source = os.path.join(place, "hosts")
        with open(source, "xb") as file:
            file.write(_HOSTS)
        binds.append((source, hosts, True))
    return Stage(top, binds)


def _place() -> str:
    """A directory that can be hidden here: no module of ours lies in it."""
    for place in _PLACES:
        if os.path.isdir(place) and not any(each.startswith(f"{place}/") for each in sys.path):
            return place
    raise NotPossibleError(f"there is none of {', '.join(_PLACES)} to mount its root at")


def _let_write(memory: str, lower: str, top: str) -> None:
    """Show a root as one that can be written to: what is written goes into memory."""
    upper, work = os.path.join(memory, "upper"), os.path.join(memory, "work")
    for each in (upper, work):
        os.mkdir(each)
    descriptor = os.open(upper, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        places.take_over(descriptor, os.stat(lower))
    finally:
        os.close(descriptor)
    flags = kernel.NO_SETUID | kernel.NO_DEVICES
    kernel.mount(
        "overlay", top, "overlay", flags, f"lowerdir={lower},upperdir={upper},workdir={work}"
    )


def _is_ours(path: str) -> bool:
    """Whether a path is one of the image, and not of what is mounted on its root."""
    return bool(path) and path.partition("/")[0] not in ("proc", "dev", "sys")


def _copied(source: str, target: str, left: int, *, shared: bool) -> int:
    os.mkdir(target)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    inner, outer = os.open(source, flags), os.open(target, flags)
    try:
        left = places.copy(inner, outer, left)
        places.take_over(outer, os.fstat(inner))
        if shared:
            os.fchmod(outer, 0o1777)
    finally:
        os.close(inner)
        os.close(outer)
    return left


def raise_loopback() -> None:
    """Bring the loopback interface up, and let everybody listen on low ports, as engines do."""
    import fcntl  # noqa: PLC0415 - only here
    import socket  # noqa: PLC0415 - only here
    import struct  # noqa: PLC0415 - only here

    get_flags, set_flags, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(asked, get_flags, request))[1]
        fcntl.ioctl(asked, set_flags, struct.pack("16sh14x", b"lo", flags | up))
    with (
        contextlib.suppress(OSError),
        open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as file,
    ):
        file.write("0")  # since Linux 4.11


def limit_processes(most: int) -> None:
    """Give this process namespace a largest number; since Linux 6.14 each has its own."""
    if kernel.release() >= (6, 14):
        with open("/proc/sys/kernel/pid_max", "w") as file:
            file.write(str(max(most, 301)))  # the kernel takes no less

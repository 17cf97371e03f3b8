"""System calls that Python 3.11 has no functions for: namespaces, mounts, capabilities (Linux).

namespaces(7), mount(2), pivot_root(2), capabilities(7). Only processes that are about to become
somebody else's load this module.
"""

import ctypes
import os

NEW_MOUNTS, NEW_NAMES, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USERS, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
"""CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET."""
READ_ONLY, NO_SETUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
"""MS_RDONLY and so on."""
_KEPT = 1024 | 2048
"""MS_NOATIME and MS_NODIRATIME: what a remount in a user namespace must not take away."""
_RELATIVE_TIMES = 1 << 21
_ST_RELATIME = 4096
_DETACH = 2
_SET_DEATH_SIGNAL, _DROP_BOUND, _NO_NEW_PRIVILEGES, _AMBIENT = 1, 24, 38, 47
_CLEAR_ALL = 4
_CAPABILITY_VERSION = 0x20080522
_MOST_CAPABILITIES = 64
CAPABILITIES = {
    "CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4, "CAP_KILL": 5,
    "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SETPCAP": 8, "CAP_NET_BIND_SERVICE": 10,
    "CAP_NET_RAW": 13, "CAP_SYS_CHROOT": 18, "CAP_MKNOD": 27, "CAP_AUDIT_WRITE": 29,
    "CAP_SETFCAP": 31,
}  # fmt: skip
"""Their numbers (linux/capability.h), of those that Docker gives."""

_library = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library. Raises ``OSError``."""
    if getattr(_library, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave namespaces for new ones."""
    _call("unshare", flags)


def mount(
    source: str, target: str, kind: str | None = None, flags: int = 0, data: str | None = None
) -> None:
    """Mount something; as the system call of this name has it."""
    names = [os.fsencode(each) if each is not None else None for each in (source, target, kind)]
    held = os.fsencode(data) if data is not None else None
    try:
        _call("mount", *names, ctypes.c_ulong(flags), held)
    except OSError as error:
        raise OSError(error.errno, f"mount {kind or 'again'}: {error.strerror}") from None


def bind(source: str, target: str, *, read_only: bool) -> None:
    """Show a file or directory in another place as well, without setuid and without devices.

    What is mounted in it is not shown: it would keep its own rights.
    """
    mount(source, target, None, BIND)
    found = os.statvfs(target).f_flag
    kept = found & (READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXEC | _KEPT)
    kept |= _RELATIVE_TIMES if found & _ST_RELATIME else 0
    wanted = NO_SETUID | NO_DEVICES | (READ_ONLY if read_only else 0)
    mount("none", target, None, BIND | REMOUNT | kept | wanted)


def pivot(root: str) -> None:
    """Make a mount the root of this mount namespace, and let go of the old one."""
    os.chdir(root)
    _call("pivot_root", b".", b".")  # both in one place: pivot_root(2), "NOTES"
    _call("umount2", b".", _DETACH)
    os.chdir("/")


def set_host_name(name: str) -> None:
    """Of this namespace."""
    _call("sethostname", name.encode(), len(name.encode()))


def die_with_parent() -> None:
    """Have the kernel kill this process where its parent ends."""
    _call("prctl", _SET_DEATH_SIGNAL, 9, 0, 0, 0)


def no_new_privileges() -> None:
    """Setuid bits and capabilities of files do nothing from here on."""
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def bound(kept: int) -> None:
    """Drop all capabilities but these (a mask of bits) from what may ever be had again."""
    _call("prctl", _AMBIENT, _CLEAR_ALL, 0, 0, 0)
    for number in range(_MOST_CAPABILITIES):
        if kept >> number & 1:
            continue
        try:
            _call("prctl", _DROP_BOUND, number, 0, 0, 0)
        except OSError:  # the kernel has no more of them
            return


def hold(capabilities: int) -> None:
    """Have these capabilities, and no others."""
    low, high = capabilities & 0xFFFFFFFF, capabilities >> 32
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    _call("capset", header, data)


def release() -> tuple[int, int]:
    """The first two numbers of the kernel's version."""
    numbers = [part for part in os.uname().release.replace("-", ".").split(".") if part.isdigit()]
    return (int(numbers[0]), int(numbers[1])) if len(numbers) > 1 else (0, 0)

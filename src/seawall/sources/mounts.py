"""What is mounted on this machine, and what of it is a part of the installed system.

Source: proc_pid_mountinfo(5); the kernel writes blanks and line ends in paths as octal numbers.
"""

import os
from collections.abc import Iterable, Iterator

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

MOUNTS = "/proc/self/mountinfo"
_FIELDS = 10
_LARGEST = 16 << 20
_OCTAL = pattern(r"\\([0-7]{3})")
_OF_THE_KERNEL = frozenset(
    "autofs binder binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs "
    "fusectl hugetlbfs mqueue nsfs proc pstore ramfs resctrl rpc_pipefs securityfs selinuxfs "
    "smackfs sysfs tmpfs tracefs".split()
)
"""File systems that hold what the kernel tells, or what is gone with the next start."""
_OF_OTHERS = frozenset(
    "9p afs beegfs ceph cifs coda davfs glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs "
    "smb3 smbfs vboxsf virtiofs".split()
)
"""File systems that other machines, or the machine around this one, share."""
_OF_IMAGES = frozenset("aufs cramfs erofs iso9660 overlay squashfs udf".split())
"""File systems that show what is packed elsewhere: containers, snaps, discs."""


class Mount(NamedTuple):
    """A line of mountinfo."""

    device: str
    """``MAJOR:MINOR``."""
    root: str
    """The directory of the file system that is seen here."""
    path: str
    """Where, with a slash before it."""
    type: str
    options: str = ""
    """Those of the file system itself."""


class Foreign(NamedTuple):
    """A place that is no part of the installed system, and why."""

    path: str
    reason: str
    remedy: str = ""
    """Empty where nothing is missed."""


def mounts(path: str = MOUNTS) -> list[Mount]:
    """The mounts of this process; none where the file is not there. Odd lines are left out."""
    try:
        with open(path, "rb") as stream:
            text = os.fsdecode(stream.read(_LARGEST))
    except OSError:  # no Linux, or no /proc
        return []
    return list(_read(text))


def _read(text: str) -> Iterator[Mount]:
    for line in text.split("\n"):
        fields = line.split(" ")
        if len(fields) < _FIELDS or "-" not in fields[6:]:
            continue
        end = fields.index("-", 6)
        if len(fields) < end + 3:
            continue
        options = fields[end + 3] if len(fields) > end + 3 else ""
        yield Mount(fields[2], _plain(fields[3]), _plain(fields[4]), fields[end + 1], options)


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text) if "\\" in text else text


def foreign(found: Iterable[Mount]) -> list[Foreign]:
    """The mounts that are no part of the installed system, in the order of their paths."""
    rows = sorted({each.path: each for each in found}.values(), key=lambda each: each.path)
    seen: list[Mount] = []
    result = []
    for mount in rows:
        verdict = _verdict(mount, seen)
        if verdict is None:
            seen.append(mount)
        else:
            result.append(verdict)
    return result


def _verdict(mount: Mount, seen: Iterable[Mount]) -> Foreign | None:
    if mount.path == "/":
        return None
    if mount.type in _OF_THE_KERNEL:
        return Foreign(mount.path, f"is a file system of the kernel ({mount.type})")
    if mount.type in _OF_OTHERS or mount.type.startswith("fuse"):
        reason = f"is shared by others ({mount.type})"
        return Foreign(mount.path, reason, "scan it where it is kept, or name it: rootfs:DIR")
    if mount.type in _OF_IMAGES:
        reason = f"is a container, a snap or a disc ({mount.type})"
        return Foreign(mount.path, reason, "scan the image it is of")
    if any(_is_below(mount.root, each.root) for each in seen if each.device == mount.device):
        return Foreign(mount.path, "is seen at another place as well (a bind mount)")
    return None


def _is_below(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above.rstrip('/')}/")

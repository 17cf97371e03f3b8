"""A file of a layer, a root file system or an image, and how its bytes are had."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol

from seawall.core.named_tuple import NamedTuple

WHITEOUT = ".wh."
"""Begins the name of a member that hides a sibling of lower layers (OCI image-spec, layer.md)."""
OPAQUE = ".wh..wh..opq"
"""Hides all that lower layers have in its directory."""
METADATA = ".wh..wh."
"""Begins other names of AUFS (``.wh..wh.plnk``, ``.wh..wh.aufs``), which mean nothing."""


class Kind(IntEnum):
    """What an entry is."""

    FILE = 0
    HARD_LINK = 1
    SYMLINK = 2
    CHARACTER_DEVICE = 3
    BLOCK_DEVICE = 4
    DIRECTORY = 5
    FIFO = 6
    SOCKET = 7
    OTHER = 8
    """Of a type that container engines refuse."""


FILE, HARD_LINK, SYMLINK, DIRECTORY = Kind.FILE, Kind.HARD_LINK, Kind.SYMLINK, Kind.DIRECTORY
OTHER = Kind.OTHER
LINKS = (HARD_LINK, SYMLINK)


class Entry(NamedTuple):
    """A member, as a header or ``lstat`` tells it.

    ``path`` is relative to the root, without ``.``, ``..`` or a slash at an end; the root itself
    is "". Bytes that are no UTF-8 stand as surrogates (``os.fsdecode``).
    """

    path: str
    kind: Kind
    mode: int
    """Permissions with setuid, setgid and sticky bits (0o7777), without the kind."""
    uid: int
    gid: int
    size: int
    """Bytes of the content, holes included; 0 for all but files."""
    mtime: int
    """Seconds since 1970."""
    link: str
    """Where a symbolic link leads, as written; of a hard link the path of the other entry."""
    offset: int
    """Where the content begins in the tar; -1 where there is none."""
    capability: bytes = b""
    """The extended attribute ``security.capability`` (``struct vfs_cap_data``), as it is."""
    device: tuple[int, int] = (0, 0)
    """Of a device its major and minor number."""
    attributes: tuple[tuple[str, bytes], ...] = ()
    """Other extended attributes that a tar tells of (``SCHILY.xattr.*``), sorted by name."""


class Payload(Protocol):
    """The content of the entry that a walk stands at; to be used before it goes on.

    All of these raise ``ArchiveError`` when the content is cut off or broken.
    """

    def head(self, size: int) -> bytes:
        """The first bytes, fewer where there are fewer. What follows is still to be had."""

    def pieces(self) -> Iterator[bytes]:
        """All of it, a piece of a MiB or less at a time; once only."""


def tidy(path: str) -> tuple[str, bool]:
    """A path without ``.``, ``..`` and needless slashes, and whether it led out of the root.

    Containerd and umoci take what leads out of the root as if the root had no parent; Docker
    refuses the layer.
    """
    parts: list[str] = []
    left = False
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
            else:
                left = True
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts), left

"""What packages are packed in: ar, and tars in gzip, xz, zstd or none, read with limits.

Sources: deb(5) and ar(5) for the outer archive of a .deb; ``sources.images.tar`` for what is in it.
A package is hostile until it is read: a name that leads out of the root, a device, a bomb end in
an error that names the package.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seawall.patching.errors import FETCH_AGAIN, PackageError
from seawall.sources.images.entry import DIRECTORY, FILE, HARD_LINK, SYMLINK, Entry
from seawall.sources.images.limits import Limits
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.tar import Archive
from seawall.sources.images.unpacking import Unpacked

MAGIC = b"!<arch>\n"
_HEADER = 60
_MOST_MEMBERS = 100
LIMITS = Limits(
    entries=400_000, payload=1 << 30, total=2 << 30, ratio=400, free=256 << 20, names=64 << 20
)
"""Of one package: the largest of Debian's have 2 GB and 60,000 files, which no image is patched
with."""
_KINDS = (DIRECTORY, FILE, HARD_LINK, SYMLINK)


class Member(NamedTuple):
    """A member of a tar: what it is, and a file's bytes."""

    entry: Entry
    data: bytes


class Bytes:
    """Bytes as a ``Stream``."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """See ``Stream``."""
        data = bytes(self._data[self._at : self._at + size])
        self._at += len(data)
        return data

    def close(self) -> None:
        """Nothing is open."""


def ar_members(data: bytes, name: str) -> Mapping[str, bytes]:
    """The members of an ar archive by their names, in their order. Raises ``PackageError``."""
    if not data.startswith(MAGIC):
        raise PackageError(name, "is no Debian package", FETCH_AGAIN)
    found: dict[str, bytes] = {}
    at = len(MAGIC)
    while at < len(data):
        header = data[at : at + _HEADER]
        size = header[48:58].strip()
        if len(header) < _HEADER or header[58:60] != b"`\n" or not size.isdigit():
            raise PackageError(name, f"has a broken header at byte {at}", FETCH_AGAIN)
        at += _HEADER
        length = int(size)
        if length > len(data) - at:
            raise PackageError(name, "is cut off", FETCH_AGAIN)
        label = header[:16].decode("ascii", "replace").strip().removesuffix("/")
        if label in found or len(found) >= _MOST_MEMBERS:
            raise PackageError(name, f"has {label!r} twice, or too many members", FETCH_AGAIN)
        found[label] = data[at : at + length]
        at += length + length % 2
    return found


def tar_members(data: bytes, name: str) -> Iterator[Member]:
    """The members of a tar, packed or not; the root itself is not among them.

    Raises ``PackageError`` for what is broken, leads out of the root, or is no file, directory or
    link.
    """
    unpacked = Unpacked(name, Bytes(data), limits=LIMITS)
    archive = Archive(name, unpacked, LIMITS)
    try:
        for entry in archive:
            if archive.problems.told:
                problem = archive.problems.told[0]
                raise PackageError(name, f"{problem.path} {problem.reason}", FETCH_AGAIN)
            if entry.kind not in _KINDS:
                raise PackageError(
                    name, f"holds /{entry.path}, which is no file, directory or link", FETCH_AGAIN
                )
            if not entry.path:
                continue
            content = b"".join(archive.pieces()) if entry.kind is FILE else b""
            yield Member(entry._replace(offset=-1), content)
    except ArchiveError as error:
        raise PackageError(name, error.reason, FETCH_AGAIN) from None
    except OSError as error:
        raise PackageError(name, f"cannot be unpacked: {error}", FETCH_AGAIN) from None
    finally:
        unpacked.close()

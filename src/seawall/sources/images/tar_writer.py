"""A writer of tars, the same bytes for the same members: ustar, and pax where that is needed.

POSIX.1-2001, pax, "ustar Interchange Format" and "pax Extended Header". There are no names of users
and groups, and no fractions of seconds; a member has a pax header only for what ustar cannot hold
and for extended attributes.
"""

from collections.abc import Callable, Iterable

from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.problems import ArchiveError

BLOCK = 512
_NAME, _PREFIX, _LINK = 100, 155, 100
_END = bytes(2 * BLOCK)
_MAGIC = b"ustar\x0000"
_FLAGS = {
    Kind.FILE: b"0", Kind.HARD_LINK: b"1", Kind.SYMLINK: b"2", Kind.CHARACTER_DEVICE: b"3",
    Kind.BLOCK_DEVICE: b"4", Kind.DIRECTORY: b"5", Kind.FIFO: b"6",
}  # fmt: skip
_MOST_OF_7 = 0o7777777
_MOST_OF_11 = 0o77777777777
_CAPABILITY = "security.capability"


def can_hold(entry: Entry) -> bool:
    """Whether a tar has a form for such a file: it has none for sockets."""
    return entry.kind in _FLAGS and max(entry.device) <= _MOST_OF_7


class TarWriter:
    """Writes members one after the other; ``write`` is given the bytes."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def add(self, entry: Entry, pieces: Iterable[bytes] = ()) -> None:
        """Add a member; of a file ``pieces`` are ``entry.size`` bytes.

        Raises ``ArchiveError`` where they are not, ``ValueError`` for what no tar can hold.
        """
        self._write(header(entry))
        if entry.kind is not Kind.FILE:
            return
        left = entry.size
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                break
            self._write(piece)
        if left:
            raise ArchiveError(
                f"/{entry.path}", -1, f"has not the {entry.size} bytes that it is said to have",
                "see whether somebody is changing it, and try again",
            )  # fmt: skip
        self._write(bytes(-entry.size % BLOCK))

    def close(self) -> None:
        """Write the end."""
        self._write(_END)


def header(entry: Entry) -> bytes:
    """The blocks before a member's content. Raises ``ValueError`` for what no tar can hold."""
    if not can_hold(entry):
        raise ValueError(f"/{entry.path}: a tar has no form for such a file")
    is_directory = entry.kind is Kind.DIRECTORY
    path = entry.path.encode("utf-8", "surrogateescape") or b"."
    path += b"/" if is_directory else b""
    link = entry.link.encode("utf-8", "surrogateescape")
    size = entry.size if entry.kind is Kind.FILE else 0
    records: list[tuple[str, bytes]] = []
    prefix, name = _split(path)
    if not name or not path.isascii():
        records.append(("path", path))
        prefix, name = b"", _ascii(path)
    if len(link) > _LINK or not link.isascii():
        records.append(("linkpath", link))
        link = _ascii(link)
    records += _large("size", size, _MOST_OF_11)
    records += _large("uid", entry.uid, _MOST_OF_7)
    records += _large("gid", entry.gid, _MOST_OF_7)
    records += _large("mtime", entry.mtime, _MOST_OF_11)
    attributes = [*entry.attributes]
    if entry.capability:
        attributes.append((_CAPABILITY, entry.capability))
    records += [(f"SCHILY.xattr.{key}", value) for key, value in sorted(attributes)]
    block = _block(
        name, _FLAGS[entry.kind], entry.mode, _within(entry.uid, _MOST_OF_7),
        _within(entry.gid, _MOST_OF_7), _within(size, _MOST_OF_11),
        _within(entry.mtime, _MOST_OF_11), link, prefix, entry.device,
    )  # fmt: skip
    if not records:
        return block
    data = b"".join(_record(key, value) for key, value in records)
    own = _block(b"PaxHeaders/" + _ascii(path.rstrip(b"/").rpartition(b"/")[2])[:80],
                 b"x", 0o644, 0, 0, len(data), 0, b"", b"", (0, 0))  # fmt: skip
    return own + data + bytes(-len(data) % BLOCK) + block


def _split(path: bytes) -> tuple[bytes, bytes]:
    """Prefix and name of a path in a ustar header; both empty where it does not fit."""
    if len(path) <= _NAME:
        return b"", path
    cut = path.find(b"/", len(path) - _NAME - 1, len(path) - 1)
    if 0 < cut <= _PREFIX:
        return path[:cut], path[cut + 1 :]
    return b"", b""


def _ascii(text: bytes) -> bytes:
    """What stands in a field whose value is in the pax header: for people only."""
    return bytes(byte if 32 <= byte < 127 else 63 for byte in text)[:_NAME]


def _large(key: str, number: int, most: int) -> list[tuple[str, bytes]]:
    return [] if 0 <= number <= most else [(key, b"%d" % number)]


def _within(number: int, most: int) -> int:
    return number if 0 <= number <= most else 0


def _record(key: str, value: bytes) -> bytes:
    """``LENGTH KEY=VALUE``, with the length of the record itself."""
    rest = b" " + key.encode() + b"=" + value + b"\n"
    length = len(rest)
    while len(rest) + len(str(length)) != length:
        length = len(rest) + len(str(length))
    return b"%d%b" % (length, rest)


def _block(
    name: bytes, flag: bytes, mode: int, uid: int, gid: int, size: int, mtime: int, link: bytes,
    prefix: bytes, device: tuple[int, int],
) -> bytes:  # fmt: skip
    head = b"%b%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        name.ljust(_NAME, b"\0"), mode, uid, gid, size, mtime,
    )  # fmt: skip
    rest = b"%b%b%b%b%07o\0%07o\0%b" % (
        flag, link.ljust(_LINK, b"\0"), _MAGIC, bytes(64), *device, prefix.ljust(_PREFIX, b"\0"),
    )  # fmt: skip
    rest += bytes(12)
    total = sum(head) + sum(rest) + 8 * 32
    return head + b"%06o\0 " % total + rest

"""A header of RPM as its databases keep it: an index of tags and the store they lead into.

Sources: RPM's "Header format" (https://rpm-software-management.github.io/rpm/manual/format_header.html)
and ``include/rpm/rpmtag.h``. All numbers are big-endian. A database leaves out the magic that
stands before a header in a package file; both are read.
"""

import struct
from typing import NamedTuple

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
VENDOR, LICENSE, ARCH, SOURCERPM = 1011, 1014, 1022, 1044
OLD_FILE_NAMES, DIRECTORY_INDEXES, BASE_NAMES, DIRECTORY_NAMES = 1027, 1116, 1117, 1118
MODULARITY_LABEL = 5096
_WANTED = frozenset((
    NAME, VERSION, RELEASE, EPOCH, VENDOR, LICENSE, ARCH, SOURCERPM, OLD_FILE_NAMES,
    DIRECTORY_INDEXES, BASE_NAMES, DIRECTORY_NAMES, MODULARITY_LABEL,
))  # fmt: skip
_MAGIC = b"\x8e\xad\xe8\x01"
_MAX_ENTRIES = 65_536
_STRING, _STRINGS, _TRANSLATED, _INT32 = 6, 8, 9, 4
_MAX_VALUE = 10_000
_TOO_MANY = "more files are listed than are read: not all are known"


class Broken(Exception):  # noqa: N818 - a verdict on a header
    """A header that is none, and why."""


class Entry(NamedTuple):
    """Where the value of a tag stands."""

    type: int
    offset: int
    """From the beginning of the store."""
    items: int


class Header:
    """The tags of a header that a list of packages needs. Raises Broken."""

    __slots__ = ("_entries", "_store")

    def __init__(self, blob: bytes) -> None:
        at = 8 if blob[:4] == _MAGIC else 0
        if len(blob) < at + 8:
            raise Broken("it is cut off")
        entries, size = struct.unpack_from(">II", blob, at)
        start = at + 8 + 16 * entries
        if not 0 < entries <= _MAX_ENTRIES or start > len(blob):
            raise Broken("its index is larger than it")
        if start + size > len(blob):
            raise Broken("it is cut off")
        self._store = blob[start : start + size]
        self._entries: dict[int, Entry] = {}
        for tag, kind, offset, count in struct.iter_unpack(">IIII", blob[at + 8 : start]):
            if tag in _WANTED and tag not in self._entries:
                self._entries[tag] = Entry(kind, offset, count)

    def text(self, tag: int) -> str:
        """The first text of a tag, of translations that of no language; empty without one."""
        entry = self._entries.get(tag)
        if entry is None or entry.type not in (_STRING, _STRINGS, _TRANSLATED) or not entry.items:
            return ""
        end = self._store.find(b"\0", entry.offset, entry.offset + _MAX_VALUE)
        return self._store[entry.offset : max(end, entry.offset)].decode("utf-8", "replace")

    def number(self, tag: int) -> int | None:
        """The first number of a tag; ``None`` where it has none, which is not 0."""
        entry = self._entries.get(tag)
        if entry is None or entry.type != _INT32 or not entry.items:
            return None
        raw = self._store[entry.offset : entry.offset + 4]
        return int.from_bytes(raw, "big") if len(raw) == 4 else None

    def paths(self, most: int, text: int) -> list[str]:
        """The files of the package, from the root without a slash before them.

        Directories are named once and numbered for each file; RPM 3 named each file whole. Raises
        Broken, also where there are more than ``most`` or more characters in all than ``text``.
        """
        bases = self._texts(BASE_NAMES)
        if not bases:
            whole = [path.removeprefix("/") for path in self._texts(OLD_FILE_NAMES)]
            if len(whole) > most or sum(map(len, whole)) > text:
                raise Broken(_TOO_MANY)
            return whole
        directories = [name.removeprefix("/") for name in self._texts(DIRECTORY_NAMES)]
        entry = self._entries.get(DIRECTORY_INDEXES)
        if entry is None or entry.type != _INT32 or entry.items < len(bases):
            raise Broken("its files have no directories")
        raw = self._store[entry.offset : entry.offset + 4 * len(bases)]
        if len(raw) != 4 * len(bases):
            raise Broken("its files have no directories")
        numbers = struct.unpack(f">{len(bases)}I", raw)
        if max(numbers) >= len(directories):
            raise Broken("a file is in a directory that is not named")
        # Many files may be in one directory of a long name: their paths are not made in vain.
        lengths = [len(name) for name in directories]
        size = sum(map(len, bases)) + sum(map(lengths.__getitem__, numbers))
        if len(bases) > most or size > text:
            raise Broken(_TOO_MANY)
        return [directories[number] + base for number, base in zip(numbers, bases, strict=True)]

    def _texts(self, tag: int) -> list[str]:
        entry = self._entries.get(tag)
        if entry is None or entry.type not in (_STRING, _STRINGS) or not entry.items:
            return []
        parts = self._store[entry.offset :].split(b"\0", entry.items)
        if len(parts) <= entry.items:
            raise Broken("a list of texts is cut off")
        del parts[entry.items :]
        # Decoding all at once takes a fifth of the time; no text has a zero byte in it.
        return b"\0".join(parts).decode("utf-8", "surrogateescape").split("\0")

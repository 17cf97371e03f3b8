"""RPM's database ``Packages`` of Berkeley DB: CentOS and RHEL up to 8, Amazon Linux 2, Photon.

Sources: Berkeley DB's ``src/dbinc/db_page.h`` (pages of hash tables, versions 8 to 10) and RPM's
``lib/backend/bdb_ro.cc``. Whoever wrote it did so in the byte order of his machine: the magic
number tells. Values that do not fit on a page are chains of overflow pages.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from seawall.packages.package import File, Unreadable
from seawall.packages.reading import Notes

_HASH, _TREE = 0x061561, 0x053162
_HASH_PAGES = (2, 13)
"""P_HASH_UNSORTED, P_HASH."""
_OVERFLOW_PAGE = 7
_ON_PAGE, _OFF_PAGE = 1, 3
_PAGE_HEADER = 26
_CHECKSUMS = 1
_MAX_HEADER = 64 * 1024 * 1024


class _Table(NamedTuple):
    """A hash table: its bytes, the byte order of its numbers, its pages."""

    data: bytes
    order: str
    page: int
    pages: int


def headers(file: File, notes: Notes) -> Iterator[bytes]:
    """The headers in a file, in the order of its pages. Raises Unreadable."""
    table = _table(file.data)
    left = len(file.data)
    for number in range(1, table.pages):
        start = number * table.page
        count, _, _, kind = struct.unpack_from(f"{table.order}HHBB", table.data, start + 20)
        if kind not in _HASH_PAGES:
            continue
        for value in _values(table, start, min(count, (table.page - _PAGE_HEADER) // 2)):
            try:
                blob = value if isinstance(value, bytes) else _chained(table, *value)
            except ValueError as error:
                notes.add(f"page {number}", str(error))
                continue
            left -= len(blob)
            if left < 0:
                notes.add(f"page {number}", "several values share their pages: no more are read")
                return
            if len(blob) > 8:  # the last number that was given to a package stands under the key 0
                yield blob


def _table(data: bytes) -> _Table:
    order = next((o for o in "<>" if _magic(data, o) in (_HASH, _TREE)), "")
    if not order or len(data) < 512:
        raise Unreadable("it is no database of Berkeley DB")
    if _magic(data, order) == _TREE:
        raise Unreadable("it is a tree of Berkeley DB: rpm keeps packages in a hash table")
    version, page, encryption, _, flags = struct.unpack_from(f"{order}IIBBB", data, 16)
    if not 8 <= version <= 10:
        raise Unreadable(f"it is a hash table of version {version}: 8, 9 and 10 are known")
    if encryption or flags & _CHECKSUMS:
        raise Unreadable("its pages are encrypted or have checksums: rpm has neither")
    if page & (page - 1) or not 512 <= page <= 65536:
        raise Unreadable(f"its pages have {page} bytes")
    return _Table(data, order, page, len(data) // page)


def _magic(data: bytes, order: str) -> int:
    return int.from_bytes(data[12:16], "little" if order == "<" else "big")


def _values(table: _Table, start: int, count: int) -> Iterator[bytes | tuple[int, int]]:
    """The values of a page: bytes, or the first page of a chain and how long it is."""
    data, order = table.data, table.order
    offsets = struct.unpack_from(f"{order}{count}H", data, start + _PAGE_HEADER)
    for index in range(1, count, 2):  # a key, its value, a key...
        begin, end = offsets[index], offsets[index - 1]
        if not _PAGE_HEADER <= begin < end <= table.page:
            continue
        at = start + begin
        if data[at] == _ON_PAGE:
            yield data[at + 1 : start + end]
        elif data[at] == _OFF_PAGE and end - begin >= 12:
            page, length = struct.unpack_from(f"{order}II", data, at + 4)
            yield page, length


def _chained(table: _Table, number: int, length: int) -> bytes:
    """A value on overflow pages. Raises ValueError for a chain that is broken or leads back."""
    if length > min(_MAX_HEADER, len(table.data)):
        raise ValueError("a value is longer than the file")
    parts = []
    seen: set[int] = set()
    left = length
    while left > 0:
        if not 0 < number < table.pages:
            raise ValueError("a chain of overflow pages leads out of the file")
        if number in seen:
            raise ValueError("a chain of overflow pages leads back to itself")
        seen.add(number)
        start = number * table.page
        following, _, size, _, kind = struct.unpack_from(
            f"{table.order}IHHBB", table.data, start + 16
        )
        if kind != _OVERFLOW_PAGE or not 0 < size <= min(table.page - _PAGE_HEADER, left):
            raise ValueError("a chain of overflow pages is broken")
        parts.append(table.data[start + _PAGE_HEADER : start + _PAGE_HEADER + size])
        left -= size
        number = following
    return b"".join(parts)

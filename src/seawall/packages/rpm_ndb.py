"""RPM's database ``Packages.db`` of the backend ndb, as SUSE has it.

Source: RPM's ``lib/backend/ndb/rpmpkg.c``. A file header, pages of slots, then blobs in blocks of
16 bytes; all numbers are little-endian. Each blob ends with an Adler-32 sum of all before it.
"""

import struct
from collections.abc import Iterator

from seawall.packages.package import File, Unreadable
from seawall.packages.reading import Notes

_MAGIC, _SLOT, _HEAD, _TAIL = b"RpmP", b"Slot", b"BlbS", b"BlbE"
_PAGE, _BLOCK, _HEADER = 4096, 16, 32
_HEAD_SIZE, _TAIL_SIZE = 16, 12


def headers(file: File, notes: Notes) -> Iterator[bytes]:
    """The headers in a file, in the order of their numbers. Raises Unreadable."""
    data = file.data
    if data[:4] != _MAGIC or len(data) < _HEADER:
        raise Unreadable("it is no database of rpm's ndb: its first bytes are not RpmP")
    version, _, pages = struct.unpack_from("<III", data, 4)
    if version != 0:
        raise Unreadable(f"it is of version {version} of ndb, which nobody has described")
    if pages * _PAGE > len(data):
        raise Unreadable("it is cut off")
    taken = 0
    for number, start, size in sorted(_slots(data, pages, notes)):
        taken += size
        if taken > len(data):
            notes.add(f"package number {number}", "blobs overlap: no more are read")
            return
        blob = data[start : start + size]
        problem = _problem(blob, number, size)
        if problem:
            notes.add(f"package number {number}", problem)
        else:
            yield blob[_HEAD_SIZE : _HEAD_SIZE + _number(blob, 12)]


def _problem(blob: bytes, number: int, size: int) -> str:
    """What is wrong with a blob; empty when nothing is."""
    from zlib import adler32  # noqa: PLC0415 - rare

    if len(blob) != size or size < _HEAD_SIZE + _TAIL_SIZE:
        return "it is cut off"
    if blob[:4] != _HEAD or blob[-4:] != _TAIL or _number(blob, 4) != number:
        return "its marks are wrong"
    if _number(blob, 12) > size - _HEAD_SIZE - _TAIL_SIZE:
        return "its length is wrong"
    if adler32(blob[:-_TAIL_SIZE]) != _number(blob, size - _TAIL_SIZE):
        return "its checksum is wrong"
    return ""


def _slots(data: bytes, pages: int, notes: Notes) -> Iterator[tuple[int, int, int]]:
    """Number, place and size of each blob."""
    for at in range(_HEADER, pages * _PAGE, _BLOCK):
        if data[at : at + 4] != _SLOT:
            notes.add(f"slot at byte {at}", "its mark is wrong, and what follows is not read")
            return
        number, block, count = struct.unpack_from("<III", data, at + 4)
        if block:
            yield number, block * _BLOCK, count * _BLOCK


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")

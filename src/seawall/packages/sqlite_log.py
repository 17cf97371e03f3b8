"""SQLite databases as bytes: what is left in a write-ahead log is applied to a copy in memory.

Source: https://www.sqlite.org/fileformat2.html, sections 1.3 and 4. An image may have been made of
a file system with a log that nobody has written back.
"""

import struct
from collections.abc import Iterator

MAGIC = b"SQLite format 3\0"
_LOG_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
"""Whose last bit is the byte order of the sums."""
_LOG_HEADER, _FRAME_HEADER = 32, 24
_MAX_PAGES = 1 << 20


def without_log(data: bytes) -> bytes:
    """The database, told to be in the mode without a log: SQLite would look for one beside it."""
    return data[:18] + b"\1\1" + data[20:] if data[18:20] == b"\2\2" else data


def with_log(data: bytes, log: bytes) -> tuple[bytes, int]:
    """The database after all transactions of a log that were finished, and how many pages changed.

    Frames with another salt are of an earlier use of the log; the first sum that is wrong ends it.
    """
    pages: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    total = 0
    for number, size, page in _frames(log):
        waiting[number] = page
        if size:  # of the database in pages, after the transaction that ends here
            pages |= waiting
            waiting, total = {}, size
    if not pages:
        return data, 0
    length = len(next(iter(pages.values())))
    size = min(total, _MAX_PAGES, len(data) // length + len(pages))
    result = bytearray(data[: size * length].ljust(size * length, b"\0"))
    for number, page in pages.items():
        if number <= size:
            result[(number - 1) * length : number * length] = page
    return bytes(result), len(pages)


def _frames(log: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number of the page, size of the database (0 within a transaction) and page of each frame."""
    if len(log) < _LOG_HEADER:
        return
    magic, _, length, _ = struct.unpack_from(">IIII", log)
    order = _LOG_MAGICS.get(magic)
    if order is None or length & (length - 1) or not 512 <= length <= 65536:
        return
    sums = _sums(log[:24], order, (0, 0))
    if sums != struct.unpack_from(">II", log, 24):
        return
    for at in range(_LOG_HEADER, len(log) - _FRAME_HEADER - length + 1, _FRAME_HEADER + length):
        number, size = struct.unpack_from(">II", log, at)
        page = log[at + _FRAME_HEADER : at + _FRAME_HEADER + length]
        sums = _sums(log[at : at + 8] + page, order, sums)
        is_old = log[at + 8 : at + 16] != log[16:24]
        if is_old or sums != struct.unpack_from(">II", log, at + 16) or not number:
            return
        yield number, size, page


def _sums(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for at in range(0, len(words), 2):
        first = (first + words[at] + second) & 0xFFFFFFFF
        second = (second + words[at + 1] + first) & 0xFFFFFFFF
    return first, second

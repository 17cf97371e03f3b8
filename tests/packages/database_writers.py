"""Writers of RPM's headers and databases, made from the descriptions of the formats.

They write what readers are tried on where no tool is at hand, and what no tool would write.
"""

import sqlite3
import struct
import zlib

Value = int | str | list[str] | list[int]
_TYPES = {int: 4, str: 6}


def header(tags: dict[int, Value]) -> bytes:
    """A header with these tags: numbers are INT32, texts STRING, lists arrays of them."""
    index, store = b"", b""
    for tag, value in sorted(tags.items()):
        items = value if isinstance(value, list) else [value]
        if isinstance(items[0], int):
            kind = 4
            store += bytes(-len(store) % 4)
            data = b"".join(struct.pack(">I", item) for item in items)
        else:
            kind = 8 if isinstance(value, list) else 6
            data = b"".join(str(item).encode() + b"\0" for item in items)
        index += struct.pack(">IIII", tag, kind, len(store), len(items))
        store += data
    return struct.pack(">II", len(tags), len(store)) + index + store


def ndb(headers: list[bytes], pages: int = 1) -> bytes:
    """A ``Packages.db``."""
    slots, blobs = b"", b""
    for number, blob in enumerate(headers, 1):
        block = (pages * 4096 + len(blobs)) // 16
        size = -(-(16 + len(blob) + 12) // 16) * 16
        head = struct.pack("<4sIII", b"BlbS", number, 1, len(blob))
        body = head + blob.ljust(size - 28, b"\0")
        blobs += body + struct.pack("<II4s", zlib.adler32(body), len(blob), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, block, size // 16)
    first = struct.pack("<4sIIII", b"RpmP", 0, 1, pages, len(headers) + 1).ljust(32, b"\0")
    table = first + slots
    while len(table) < pages * 4096:
        table += struct.pack("<4sIII", b"Slot", 0, 0, 0)
    assert len(table) == pages * 4096
    return table + blobs


def berkeley(headers: list[bytes], order: str = "<", page: int = 512) -> bytes:
    """A ``Packages``: a meta page, then for each header a page of the table and its chain."""
    pages = [b""]
    for number, blob in enumerate(headers, 1):
        chain = [blob[at : at + page - 26] for at in range(0, len(blob), page - 26)]
        own = len(pages)
        key = b"\1" + struct.pack(f"{order}I", number)
        value = struct.pack(f"{order}B3xII", 3, own + 1, len(blob))
        offsets = (page - len(key), page - len(key) - len(value))
        top = _page(order, own, 0, 2, offsets[1], 13) + struct.pack(f"{order}HH", *offsets)
        pages.append(top.ljust(page - len(key) - len(value), b"\0") + value + key)
        for step, part in enumerate(chain):
            following = own + step + 2 if step + 1 < len(chain) else 0
            pages.append(
                (_page(order, own + step + 1, following, 1, len(part), 7) + part).ljust(page, b"\0")
            )
    meta = struct.pack(
        f"{order}QIIIIBBBBIIII", 0, 0, 0x061561, 9, page, 0, 8, 0, 0, 0, len(pages) - 1, 0, 0
    )
    pages[0] = meta.ljust(page, b"\0")
    return b"".join(pages)


def _page(order: str, number: int, following: int, entries: int, free: int, kind: int) -> bytes:
    return struct.pack(f"{order}QIIIHHBB", 0, number, 0, following, entries, free, 0, kind)


def sqlite(headers: list[bytes]) -> bytes:
    """An ``rpmdb.sqlite``."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(item,) for item in headers])
    connection.commit()
    data = bytes(connection.serialize())
    connection.close()
    return data

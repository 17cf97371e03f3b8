"""Executables made of nothing but what their readers look for."""

import json
import struct
import zlib
from typing import Any

SENTINEL = bytes(range(16))
ADDRESS = 0x400000


def varint(number: int) -> bytes:
    result = b""
    while number >= 0x80:
        result += bytes([number & 0x7F | 0x80])
        number >>= 7
    return result + bytes([number])


def inline_note(version: str, text: str) -> bytes:
    """The note of Go 1.18 and later."""
    marked = SENTINEL + text.encode() + SENTINEL
    head = b"\xff Go buildinf:" + bytes([8, 2])
    return (
        head.ljust(32, b"\0")
        + varint(len(version))
        + version.encode()
        + varint(len(marked))
        + marked
    )


def pointed_note(version: str, text: str, address: int, order: str = "<", size: int = 8) -> bytes:
    """The note of Go before 1.18, for data that begins at an address."""
    word = "Q" if size == 8 else "I"
    marked = SENTINEL + text.encode() + SENTINEL
    head = b"\xff Go buildinf:" + bytes([size, order == ">"])
    headers = address + 32
    texts = headers + 4 * size
    note = head + struct.pack(f"{order}2{word}", headers, headers + 2 * size)
    note = note.ljust(32, b"\0")
    note += struct.pack(f"{order}4{word}", texts, len(version), texts + len(version), len(marked))
    return note + version.encode() + marked


def audit_note(value: Any) -> bytes:
    """The note of cargo-auditable."""
    return zlib.compress(json.dumps(value).encode())


def elf(name: str, data: bytes, *, order: str = "<", wide: bool = True) -> bytes:
    """An ELF file of one section, or of one segment that is written to where the name is empty."""
    header = 64 if wide else 52
    start = header + 56
    names = b"\0.shstrtab\0" + name.encode() + b"\0"
    sections = start + len(data) + len(names)
    count = 3 if name else 0
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]).ljust(12, b"\0")
    fields = (0, header, sections if name else 0, 0, header, 56 if wide else 32, 0 if name else 1,
              64 if wide else 40, count, 2 if name else 0)  # fmt: skip
    form = "QQQIHHHHHH" if wide else "IIIIHHHHHH"
    result = ident + struct.pack(f"{order}HHI", 2, 62, 1) + struct.pack(f"{order}{form}", *fields)
    if wide:
        segment = struct.pack(f"{order}IIQQQQQQ", 1, 6, start, ADDRESS, 0, len(data), len(data), 0)
    else:
        segment = struct.pack(f"{order}IIIIIIII", 1, start, ADDRESS, 0, len(data), len(data), 6, 0)
    result += segment.ljust(56, b"\0") + data + names
    if name:
        section = "IIQQQQIIQQ" if wide else "IIIIIIIIII"
        empty = struct.pack(f"{order}{section}", *[0] * 10)
        own = struct.pack(f"{order}{section}", 11, 1, 3, ADDRESS, start, len(data), 0, 0, 0, 0)
        texts = struct.pack(
            f"{order}{section}", 1, 3, 0, 0, start + len(data), len(names), 0, 0, 0, 0
        )
        result += empty + own + texts
    return result


def elf_of_segments(*parts: tuple[int, bytes]) -> bytes:
    """An ELF file of segments (their flags and bytes) and one nameless section, ``.text``."""
    start = 64 + 56 * len(parts)
    segments = body = b""
    for flags, data in parts:
        place = start + len(body)
        segments += struct.pack(
            "<IIQQQQQQ", 1, flags, place, ADDRESS + place, 0, len(data), len(data), 0
        )
        body += data
    names = b"\0.shstrtab\0.text\0"
    at_names = start + len(body)
    table = struct.pack("<IIQQQQIIQQ", *[0] * 10)
    table += struct.pack("<IIQQQQIIQQ", 1, 3, 0, 0, at_names, len(names), 0, 0, 0, 0)
    fields = (2, 62, 1, 0, 64, at_names + len(names), 0, 64, 56, len(parts), 64, 2, 1)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", *fields)
    return head + segments + body + names + table


def macho(name: str, data: bytes) -> bytes:
    """A Mach-O file of 64 bits with one section of the segment __DATA."""
    start = 32 + 72 + 80
    header = struct.pack("<4s7I", b"\xcf\xfa\xed\xfe", 0x01000007, 3, 2, 1, 152, 0, 0)
    segment = struct.pack(
        "<II16s4QiiII", 0x19, 152, b"__DATA", ADDRESS, len(data), start, len(data), 7, 3, 1, 0
    )
    section = struct.pack("<16s16s2QI28x", name.encode(), b"__DATA", ADDRESS, len(data), start)
    return header + segment + section + data


def fat(*parts: bytes) -> bytes:
    """A Mach-O file for several architectures."""
    result = struct.pack(">4sI", b"\xca\xfe\xba\xbe", len(parts))
    start = 8 + 20 * len(parts)
    for part in parts:
        result += struct.pack(">5I", 0, 0, start, len(part), 0)
        start += len(part)
    return result + b"".join(parts)


def pe(name: str, data: bytes) -> bytes:
    """A PE file of 64 bits with one section that is written to."""
    optional = struct.pack("<H22xQ", 0x20B, ADDRESS).ljust(240, b"\0")
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x22)
    start = len(head) + len(optional) + 40
    section = struct.pack(
        "<8sIIII12xI", name.encode(), len(data), 0x1000, len(data), start, 0xC0000040
    )
    return head + optional + section + data

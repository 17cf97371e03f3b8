"""ELF files made of nothing but what the dynamic linker looks at."""

import struct
from collections.abc import Sequence

BASE = 0x10000
X86_64, I386, AARCH64, PPC64, S390 = 62, 3, 183, 21, 22


def elf(
    needed: Sequence[str] = (),
    *,
    interpreter: str = "",
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    imports: Sequence[str] = (),
    exports: Sequence[str] = (),
    strings: Sequence[str] = (),
    flags: int = 0,
    machine: int = X86_64,
    order: str = "<",
    wide: bool = True,
) -> bytes:
    """An ELF file with one segment for all of it, a dynamic section and symbols."""
    word = "Q" if wide else "I"
    start = 64 if wide else 52
    size_of_segment = 56 if wide else 32
    body = start + 3 * size_of_segment
    names = b"\0"
    offsets: dict[str, int] = {}
    for text in (*needed, soname, rpath, runpath, *imports, *exports):
        if text and text not in offsets:
            offsets[text] = len(names)
            names += text.encode() + b"\0"
    head = interpreter.encode() + b"\0"
    head += bytes(-len(head) % 8)
    symbols = bytes(24 if wide else 16)
    for section, group in ((0, imports), (1, exports)):
        for name in group:
            if wide:
                symbols += struct.pack(f"{order}IBBHQQ", offsets[name], 18, 0, section, 0, 0)
            else:
                symbols += struct.pack(f"{order}IIIBBH", offsets[name], 0, 0, 18, 0, section)
    table = body + len(head)
    text_at = table + len(symbols)
    data_at = text_at + len(names)
    data = b"\0" + b"".join(text.encode() + b"\0" for text in strings)
    dynamic_at = data_at + len(data)
    entries = [(1, offsets[name]) for name in needed]
    entries += [(14, offsets[soname])] if soname else []
    entries += [(15, offsets[rpath])] if rpath else []
    entries += [(29, offsets[runpath])] if runpath else []
    entries += [(0x6FFFFFFB, flags)] if flags else []
    entries += [(5, BASE + text_at), (6, BASE + table), (10, len(names)), (0, 0)]
    dynamic = b"".join(struct.pack(f"{order}2{word}", *entry) for entry in entries)
    total = dynamic_at + len(dynamic)

    def segment(kind: int, at: int, size: int) -> bytes:
        if wide:
            return struct.pack(f"{order}IIQQQQQQ", kind, 5, at, BASE + at, 0, size, size, 0)
        return struct.pack(f"{order}IIIIIIII", kind, at, BASE + at, 0, size, size, 5, 0)

    segments = segment(1, 0, total) + segment(2, dynamic_at, len(dynamic))
    segments += segment(3 if interpreter else 0, body, len(interpreter) + 1)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]).ljust(12, b"\0")
    header = ident + struct.pack(f"{order}HHI", 3, machine, 1)
    form = "QQQIHHHHHH" if wide else "IIIIHHHHHH"
    header += struct.pack(f"{order}{form}", 0, start, 0, 0, start, size_of_segment, 3, 0, 0, 0)
    return header + segments + head + symbols + names + data + dynamic

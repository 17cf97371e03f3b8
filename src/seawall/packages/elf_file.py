"""The outer parts of an ELF file: its header, segments and sections.

Source: System V ABI, chapter 4 (object files) and 5 (program loading). Numbers in a file lead where
they like: what reads here raises ``struct.error``, ``IndexError`` or ``OverflowError`` for a file
that is cut off, and never reads outside of it.
"""

import struct

from seawall.core.named_tuple import NamedTuple

MAGIC = b"\x7fELF"
MAX_PARTS = 10_000
"""Sections, and segments, that are looked at."""
LOAD, DYNAMIC, INTERPRETER = 1, 2, 3
"""Kinds of segments: ``PT_LOAD``, ``PT_DYNAMIC``, ``PT_INTERP``."""
WRITE = 2
"""A flag of segments, ``PF_W``."""
_NO_BITS = 8
"""``SHT_NOBITS``: a section that takes no space in the file."""


class Section(NamedTuple):
    """A section or segment: a stretch of the file and where it is in memory."""

    name: str
    address: int
    offset: int
    size: int
    writable: bool = False


class Segment(NamedTuple):
    """An entry of the program header table; ``size`` is what the file has of it."""

    kind: int
    flags: int
    offset: int
    address: int
    size: int


class Header(NamedTuple):
    """What the first bytes tell."""

    order: str
    """``<`` or ``>``, as ``struct`` has them."""
    wide: bool
    """Whether addresses have 64 bits."""
    type: int
    """``e_type``: 2 for an executable, 3 for a shared object."""
    machine: int
    programs: int
    sections: int
    program_size: int
    program_count: int
    section_size: int
    section_count: int
    names: int

    @property
    def pointer(self) -> int:
        """Bytes of an address."""
        return 8 if self.wide else 4


def header(data: bytes) -> Header:
    """The header of a file that begins with ``MAGIC``."""
    order = "<" if data[5] == 1 else ">"
    wide = data[4] == 2
    type_, machine = struct.unpack_from(f"{order}HH", data, 16)
    fields = struct.unpack_from(f"{order}{'QQQIHHHHHH' if wide else 'IIIIHHHHHH'}", data, 24)
    _, programs, sections_at, _, _, program_size, program_count, size, count, names = fields
    return Header(
        order, wide, type_, machine, programs, sections_at, program_size, program_count, size,
        min(count, MAX_PARTS), names,
    )  # fmt: skip


def segments(data: bytes, head: Header) -> list[Segment]:
    """All segments."""
    found = []
    form = f"{head.order}{'IIQQQQ' if head.wide else 'IIIIIII'}"
    for number in range(min(head.program_count, MAX_PARTS)):
        fields = struct.unpack_from(form, data, head.programs + number * head.program_size)
        if head.wide:
            kind, flags, offset, address, _, size = fields
        else:
            kind, offset, address, _, size, _, flags = fields
        found.append(Segment(kind, flags, offset, address, size))
    return found


def sections(data: bytes, head: Header) -> list[Section]:
    """All sections that have bytes in the file; none where there is no table of them."""
    if not head.sections or head.names >= head.section_count:
        return []
    found = []
    form = f"{head.order}{'IIQQQQ' if head.wide else 'IIIIII'}"
    size = head.section_size
    offset_of_names = struct.unpack_from(form, data, head.sections + head.names * size)[4]
    for number in range(head.section_count):
        name, kind, flags, address, offset, length = struct.unpack_from(
            form, data, head.sections + number * size
        )
        if kind != _NO_BITS:
            start = offset_of_names + name
            title = text(data[start : start + 64])
            found.append(Section(title, address, offset, length, bool(flags & 1)))
    return found


def text(raw: bytes) -> str:
    """A string that ends with a zero byte, or with the bytes that there are."""
    return raw.partition(b"\0")[0].decode("latin-1")

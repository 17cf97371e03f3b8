"""Executables: what Go's linker and cargo-auditable have noted in them.

ELF (System V ABI, chapter 4), Mach-O (Apple's ``mach-o/loader.h``, one or several architectures)
and PE (Microsoft's PE format) are read as far as it takes to find a section and an address.
"""

import struct
from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.packages import elf_file
from seawall.packages.elf_file import Section
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes

_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
_MACHO = {
    b"\xfe\xed\xfa\xce": (">", 4), b"\xfe\xed\xfa\xcf": (">", 8),
    b"\xce\xfa\xed\xfe": ("<", 4), b"\xcf\xfa\xed\xfe": ("<", 8),
}  # fmt: skip
_MAX_ARCHITECTURES = 20
"""More in a file that begins like this: it is a Java class, and the number its version."""
_PACKED = b"UPX!"
_GO = b"\xff Go buildinf:"
_ELF_HEADER = 64
_HEADERS = 4096
"""Bytes that headers take, and UPX's own."""
NOTED_SECTIONS = (b".go.buildinfo", b".dep-v0")
"""The sections of ELF files that notes stand in."""
MARKS = (_GO, b".dep-v0", _PACKED)


class Executable(NamedTuple):
    """One executable and its sections; segments bear no name."""

    data: bytes
    order: str
    """``<`` or ``>``, as ``struct`` has them."""
    pointer: int
    """Bytes of an address."""
    sections: tuple[Section, ...]

    def section(self, *names: str) -> bytes | None:
        """The bytes of the first section of one of these names."""
        for section in self.sections:
            if section.name in names:
                return self.bytes_of(section)
        return None

    def bytes_of(self, section: Section) -> bytes:
        """The bytes of a section."""
        return self.data[section.offset : section.offset + section.size]

    def at(self, address: int, size: int) -> bytes:
        """Bytes of memory; fewer where the file has fewer."""
        for section in self.sections:
            if section.address <= address < section.address + section.size:
                start = section.offset + address - section.address
                return self.data[start : min(start + size, section.offset + section.size)]
        return b""


def is_executable(head: bytes) -> bool:
    """Whether a file that begins like this is an executable; takes eight bytes."""
    if head[:4] in _FAT:
        return 0 < int.from_bytes(head[4:8], "big") <= _MAX_ARCHITECTURES
    return head[:4] == elf_file.MAGIC or head[:4] in _MACHO or head[:2] == b"MZ"


def read(file: File) -> Contents:
    """The packages that an executable says it is made of; none where it says nothing."""
    from seawall.packages import go_binary, rust_binary  # noqa: PLC0415 - they need this module

    data = file.data
    if not is_executable(data[:8]) or not _may_note(data):
        return Contents()
    notes = Notes()
    for executable in executables(data):
        contents = go_binary.contents(executable, notes) or rust_binary.contents(executable, notes)
        if contents:
            return contents._replace(problems=notes.problems)
    if is_packed(data):
        notes.add("UPX!", "it is packed with UPX: what it is made of cannot be seen")
    return Contents((), notes.problems)


def is_packed(data: bytes) -> bool:
    """Whether UPX packed a program: its mark stands behind the headers (UPX's ``l_info``)."""
    return data.find(_PACKED, 0, _HEADERS) >= 0


def _may_note(data: bytes) -> bool:
    """Whether an executable may say something: an image has hundreds that do not.

    To look for marks in all of their bytes takes longer than to unpack these. Where ELF has names
    of sections, the notes have one of their own; without it, Go's ``debug/buildinfo`` looks in the
    segments that are written to.
    """
    if data[:4] == elf_file.MAGIC:
        try:
            names = section_names(data, data)
            if names:
                return (
                    any(name in names for name in NOTED_SECTIONS)
                    or any(data.find(_GO, *stretch) >= 0 for stretch in written(data) or ())
                    or is_packed(data)
                )
        except (struct.error, IndexError, OverflowError):  # cut off
            pass
    return any(mark in data for mark in MARKS)


def table_of_sections(head: bytes) -> int:
    """Where an ELF file has the table of its sections; 0 where there is none, or it is no ELF."""
    if head[:4] != elf_file.MAGIC or len(head) < _ELF_HEADER:
        return 0
    order = "<" if head[5] == 1 else ">"
    wide = head[4] == 2
    place: int = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 40 if wide else 32)[0]
    return place


def section_names(head: bytes, data: bytes, start: int = 0) -> bytes:
    """The names of an ELF file's sections; empty where they are not to be had.

    ``head`` begins with the file's header, ``data`` is the file from the offset ``start`` on.
    Raises ``struct.error`` or ``OverflowError`` where it is cut off.
    """
    order = "<" if head[5] == 1 else ">"
    wide = head[4] == 2
    size, count, names = struct.unpack_from(f"{order}HHH", head, 58 if wide else 46)
    table = table_of_sections(head)
    place = table + names * size - start
    if not table or names >= count or place < 0:
        return b""
    offset, length = struct.unpack_from(f"{order}{'24xQQ' if wide else '16xII'}", data, place)
    offset -= start
    return data[offset : offset + length] if offset >= 0 else b""


def written(data: bytes) -> tuple[tuple[int, int], ...] | None:
    """Where the segments of an ELF file begin and end that are written to and not executed.

    ``None`` where it has no segments at all. Raises ``struct.error`` where their table is cut off.
    """
    order = "<" if data[5] == 1 else ">"
    wide = data[4] == 2
    (programs,) = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", data, 32 if wide else 28)
    size, count = struct.unpack_from(f"{order}HH", data, 54 if wide else 42)
    form = f"{order}{'IIQ16xQ' if wide else 'II8xI4xI'}"
    found = []
    for number in range(min(count, elf_file.MAX_PARTS)):
        fields = struct.unpack_from(form, data, programs + number * size)
        kind, flags, offset, length = fields if wide else (fields[0], fields[3], *fields[1:3])
        if kind == 1 and flags & 3 == 2:  # PT_LOAD; PF_W without PF_X
            found.append((offset, offset + length))
    return tuple(found) if count else None


def executables(data: bytes) -> Iterator[Executable]:
    """The executables of a file: one for each architecture. Broken ones are left out."""
    for start, end in _architectures(data):
        part = data[start:end] if start else data
        try:
            if part[:4] == elf_file.MAGIC:
                yield _elf(part)
            elif part[:4] in _MACHO:
                yield _macho(part)
            elif part[:2] == b"MZ":
                yield _pe(part)
        except (struct.error, IndexError, OverflowError):  # cut off, or no executable at all
            continue


def _architectures(data: bytes) -> Iterator[tuple[int, int]]:
    if data[:4] not in _FAT:
        yield 0, len(data)
        return
    form = ">IIQQII" if data[:4] == _FAT[1] else ">IIIII"
    for number in range(min(int.from_bytes(data[4:8], "big"), _MAX_ARCHITECTURES)):
        start = 8 + number * struct.calcsize(form)
        if start + struct.calcsize(form) <= len(data):
            _, _, offset, size, *_ = struct.unpack_from(form, data, start)
            if offset:
                yield offset, offset + size


def _elf(data: bytes) -> Executable:
    head = elf_file.header(data)
    sections = elf_file.sections(data, head)
    sections += [
        Section("", part.address, part.offset, part.size, part.flags & 3 == elf_file.WRITE)
        for part in elf_file.segments(data, head)
        if part.kind == elf_file.LOAD
    ]
    return Executable(data, head.order, head.pointer, tuple(sections))


def _macho(data: bytes) -> Executable:
    order, pointer = _MACHO[data[:4]]
    count = struct.unpack_from(f"{order}I", data, 16)[0]
    at = 28 if pointer == 4 else 32
    word = "Q" if pointer == 8 else "I"
    sections: list[Section] = []
    for _ in range(min(count, elf_file.MAX_PARTS)):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind == (0x19 if pointer == 8 else 1):  # LC_SEGMENT_64, LC_SEGMENT
            form = f"{order}16s4{word}iiII"
            name, address, _, offset, length, _, protection, inner, _ = struct.unpack_from(
                form, data, at + 8
            )
            title = elf_file.text(name)
            sections.append(Section(title, address, offset, length, title == "__DATA"))
            form_of_section = f"{order}16s16s2{word}I"
            step = 80 if pointer == 8 else 68
            start = at + 8 + struct.calcsize(form)
            for number in range(min(inner, elf_file.MAX_PARTS - len(sections))):
                own, _, place, span, begin = struct.unpack_from(
                    form_of_section, data, start + number * step
                )
                sections.append(
                    Section(elf_file.text(own), place, begin, span, bool(protection & 2))
                )
        if size < 8:
            break
        at += size
    return Executable(data, order, pointer, tuple(sections))


def _pe(data: bytes) -> Executable:
    start = struct.unpack_from("<I", data, 0x3C)[0]
    if data[start : start + 4] != b"PE\0\0":
        return Executable(data, "<", 4, ())
    count, size = struct.unpack_from("<H12xH", data, start + 6)
    optional = start + 24
    pointer = 8 if struct.unpack_from("<H", data, optional)[0] == 0x20B else 4
    base = struct.unpack_from(
        "<Q" if pointer == 8 else "<I", data, optional + (24 if pointer == 8 else 28)
    )
    sections = []
    for number in range(min(count, elf_file.MAX_PARTS)):
        name, _, address, length, offset, flags = struct.unpack_from(
            "<8sIIII12xI", data, optional + size + number * 40
        )
        sections.append(
            Section(
                elf_file.text(name), base[0] + address, offset, length, bool(flags & 0x80000000)
            )
        )
    return Executable(data, "<", pointer, tuple(sections))

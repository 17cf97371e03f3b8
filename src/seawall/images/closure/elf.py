"""What an ELF file needs at run time: its interpreter, its libraries and where it looks for them.

Sources: System V ABI, chapter 5 (dynamic linking); elf(5); ld.so(8). What a program opens by itself
(dlopen(3)) is guessed from the strings in its read-only data that are names of libraries.
"""

import struct
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.packages import elf_file
from seawall.packages.elf_file import Header, Segment

MAX_FILE = 512 << 20
"""Bytes of a file that are read."""
OPENERS = frozenset(("dlopen", "dlmopen", "__libc_dlopen_mode"))
"""Functions that load libraries by name."""
COMMANDS = frozenset(("system", "popen", "wordexp"))
"""Functions that run ``/bin/sh`` (system(3), popen(3), wordexp(3))."""
EXECUTORS = frozenset(
    "execl execle execlp execv execve execvp execvpe execveat fexecve posix_spawn "
    "posix_spawnp".split()
)
"""Functions that run programs."""
CHARSETS = frozenset(("iconv_open",))
_WATCHED = OPENERS | COMMANDS | EXECUTORS | CHARSETS
_MAX_DYNAMIC = 10_000
_MAX_SYMBOLS = 2_000_000
_MAX_MENTIONS = 2_000
_MAX_NAME = 256
_NULL, _NEEDED, _STRINGS, _SYMBOLS, _STRINGS_SIZE = 0, 1, 5, 6, 10
_SONAME, _RPATH, _RUNPATH, _FLAGS = 14, 15, 29, 0x6FFFFFFB
_NO_DEFAULT = 0x800
_LIBRARY = pattern(rb"\.so(?:\.[0-9]{1,6}){0,4}\0")
_PATH_END = pattern(rb"[\w./+@-]+\Z")
_ABSOLUTE = pattern(rb"\0(/(?:etc|opt|run|srv|usr|var)/[\w.+@/-]{1,200})\0")


class Program(NamedTuple):
    """The facts of one ELF file."""

    machine: int
    wide: bool
    interpreter: str = ""
    """The dynamic linker that the kernel starts; empty for libraries and static programs."""
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    calls: frozenset[str] = frozenset()
    """Of the functions that are watched, those that it imports."""
    defines: frozenset[str] = frozenset()
    mentions: tuple[str, ...] = ()
    """Names and paths of libraries in its read-only data, if it can load them."""
    no_defaults: bool = False
    """Whether the default directories are not searched (``-z nodefaultlib``)."""
    places: tuple[str, ...] = ()
    """Absolute paths in its read-only data."""

    @property
    def kind(self) -> tuple[int, bool]:
        """What libraries and programs must have in common."""
        return self.machine, self.wide


def is_elf(head: bytes) -> bool:
    """Whether a file that begins like this is an ELF file."""
    return head[:4] == elf_file.MAGIC


def read(data: bytes) -> Program | None:
    """The facts of a file; ``None`` for what is none, or is cut off where it matters."""
    if not is_elf(data):
        return None
    try:
        head = elf_file.header(data)
        return _program(data, head, elf_file.segments(data, head))
    except (struct.error, IndexError, OverflowError):
        return None


def _program(data: bytes, head: Header, parts: list[Segment]) -> Program:
    interpreter = ""
    dynamic: list[tuple[int, int]] = []
    for part in parts:
        stretch = data[part.offset : part.offset + part.size]
        if part.kind == elf_file.INTERPRETER:
            interpreter = elf_file.text(stretch[:4096])
        elif part.kind == elf_file.DYNAMIC and not dynamic:
            dynamic = list(_entries(stretch, head))
    tags = dict(reversed(dynamic))  # of several, the first
    strings = _bytes_at(data, parts, tags.get(_STRINGS, 0), tags.get(_STRINGS_SIZE, 0))

    def named(tag: int) -> tuple[str, ...]:
        found = (elf_file.text(strings[at : at + 4096]) for kind, at in dynamic if kind == tag)
        return tuple(name for name in found if name)

    def directories(tag: int) -> tuple[str, ...]:
        return tuple(place for names in named(tag) for place in names.split(":") if place)

    calls, defines = _functions(data, head, parts, tags, strings)
    is_opener = bool((calls | defines) & OPENERS)
    known = {interpreter, *named(_NEEDED), *named(_SONAME)}
    return Program(
        head.machine, head.wide, interpreter,
        needed=named(_NEEDED), soname=(*named(_SONAME), "")[0],
        rpath=directories(_RPATH), runpath=directories(_RUNPATH), calls=calls, defines=defines,
        mentions=tuple(
            name for name in _mentions(data, parts) if name not in known
        ) if is_opener else (),
        no_defaults=bool(tags.get(_FLAGS, 0) & _NO_DEFAULT),
        places=tuple(_places(data, parts)),
    )  # fmt: skip


def _entries(stretch: bytes, head: Header) -> Iterator[tuple[int, int]]:
    """The entries of the dynamic section."""
    word = "Q" if head.wide else "I"
    size = 2 * head.pointer
    stretch = stretch[: _MAX_DYNAMIC * size]
    for tag, value in struct.iter_unpack(
        f"{head.order}2{word}", stretch[: len(stretch) // size * size]
    ):
        if tag == _NULL:
            return
        yield tag, value


def _bytes_at(data: bytes, parts: list[Segment], address: int, size: int) -> bytes:
    """Bytes of memory, as far as the file has them."""
    for part in parts:
        if part.kind == elf_file.LOAD and part.address <= address < part.address + part.size:
            start = part.offset + address - part.address
            return data[start : min(start + size, part.offset + part.size)]
    return b""


def _functions(
    data: bytes, head: Header, parts: list[Segment], tags: dict[int, int], strings: bytes
) -> tuple[frozenset[str], frozenset[str]]:
    """Of the functions that are watched, those that are imported and those that are defined.

    The symbol table has no length in memory; linkers put it before the strings.
    """
    wanted = {
        at: name for name in _WATCHED for at in _offsets(strings, b"%s\0" % name.encode())
    }  # fmt: skip
    start, end = tags.get(_SYMBOLS, 0), tags.get(_STRINGS, 0)
    size = 24 if head.wide else 16
    if not wanted or end <= start:
        return frozenset(), frozenset()
    table = _bytes_at(data, parts, start, min(end - start, _MAX_SYMBOLS * size))
    form = f"{head.order}{'I2xH16x' if head.wide else 'I10xH'}"
    calls: set[str] = set()
    defines: set[str] = set()
    for name, section in struct.iter_unpack(form, table[: len(table) // size * size]):
        if name in wanted:
            (defines if section else calls).add(wanted[name])
    return frozenset(calls), frozenset(defines)


def _offsets(strings: bytes, name: bytes) -> Iterator[int]:
    """Where a name stands: a linker may let it be the end of a longer one."""
    at = strings.find(name)
    while at >= 0:
        yield at
        at = strings.find(name, at + 1)


def _read_only(data: bytes, parts: list[Segment]) -> Iterator[bytes]:
    for part in parts:
        if part.kind == elf_file.LOAD and not part.flags & elf_file.WRITE:
            yield data[part.offset : part.offset + part.size]


def _mentions(data: bytes, parts: list[Segment]) -> Iterator[str]:
    """Names of libraries among the strings."""
    seen: set[bytes] = set()
    for stretch in _read_only(data, parts):
        for found in _LIBRARY.finditer(stretch):
            start = max(0, found.start() - _MAX_NAME)
            before = stretch[start : found.start()]
            head = _PATH_END.search(before[before.rfind(b"\0") + 1 :])
            if head is None or before[-len(head[0]) - 1 : -len(head[0])] not in (b"\0", b""):
                continue  # a part of a sentence, or a pattern such as "lib%s.so"
            name = head[0] + found[0][:-1]
            if name not in seen and len(seen) < _MAX_MENTIONS:
                seen.add(name)
                yield name.decode("latin-1")


def _places(data: bytes, parts: list[Segment]) -> Iterator[str]:
    """Absolute paths among the strings."""
    seen: set[bytes] = set()
    for stretch in _read_only(data, parts):
        at = 0
        while (found := _ABSOLUTE.search(stretch, at)) is not None and len(seen) < _MAX_MENTIONS:
            at = found.end() - 1  # its last zero byte may stand before the next
            if found[1] not in seen:
                seen.add(found[1])
                yield found[1].decode("latin-1")

"""Executables that pass by in pieces: what they note of their packages, with little of them held.

What is small is held as a whole. Of a larger one a stretch behind Go's mark is kept, where since
Go 1.18 the note itself stands, and the end with the names of its sections; notes elsewhere need the
whole file, and are asked for. Go's mark is looked for where Go's ``debug/buildinfo`` looks, in what
is written to and not executed: to search all bytes takes half as long as to unpack them.
"""

import struct
from contextlib import suppress

from seawall.packages import go_binary
from seawall.packages.elf_file import Section
from seawall.packages.executables import (
    MARKS,
    NOTED_SECTIONS,
    Executable,
    is_packed,
    read,
    section_names,
    table_of_sections,
    written,
)
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes

HELD = 8 * 1024 * 1024
"""Bytes of a program that are held as a whole."""
_STRETCH = 4 * 1024 * 1024
"""Bytes behind Go's mark; the notes of the largest programs have some 100 KiB."""
_GO = go_binary.MAGIC
_OTHERS = tuple(mark for mark in MARKS if mark != _GO)
_OVERLAP = max(map(len, MARKS)) - 1 + 32
_INLINE = 15
"""Where Go's note says that its strings stand in it."""
_HEAD = 4096
_NAMES = 3 * 1024 * 1024
"""Bytes before the table of sections in which linkers put their names.

LLVM's puts the strings of all symbols between them: 1.5 MB in a Python module made with Rust.
"""
_MOST_OF_THE_END = 8 * 1024 * 1024
_EVERYWHERE = ((0, 1 << 64),)


class Program:
    """Takes an executable piece by piece."""

    __slots__ = (
        "_end", "_end_at", "_end_size", "_held", "_is_small", "_places", "_size", "_stretch",
        "_tail", "needs_whole", "path", "result",
    )  # fmt: skip

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.result = Contents()
        """What it notes, at its end."""
        self.needs_whole = False
        """Whether there is a note, and the whole file is needed to read it."""
        self._is_small = size <= HELD
        self._held: list[bytes] = []  # all of a small one, else what its headers are in
        self._size = 0
        self._places: tuple[tuple[int, int], ...] = ()  # where Go's mark may stand
        self._tail = b""
        self._stretch: bytearray | None = None
        self._end_at = 0  # where the end with the names of sections begins; 0 for nowhere
        self._end: list[bytes] = []
        self._end_size = 0

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        before = self._size
        self._size += len(piece)
        if self._is_small or before < _HEAD:
            self._held.append(piece)
            if self._is_small or self._size < _HEAD:
                return
            before, piece = 0, b"".join(self._held)
            self._begin(piece)
        if self._stretch is None:
            self._search(piece, before)
        elif len(self._stretch) < _STRETCH:
            self._stretch += piece[: _STRETCH - len(self._stretch)]
        if self._end_at and self._size > self._end_at and self._end_size < _MOST_OF_THE_END:
            self._end.append(piece[max(self._end_at - before, 0) :])
            self._end_size += len(self._end[-1])

    def _begin(self, start: bytes) -> None:
        """See by the headers of a large program what there is to look for in the rest."""
        self._held = [start[:_HEAD]]
        self._places = _EVERYWHERE
        table = table_of_sections(start)
        if table:
            self._end_at = max(table - _NAMES, 1)
            self.needs_whole = is_packed(start)
            with suppress(struct.error):  # cut off: it may be anywhere
                places = written(start)
                self._places = _EVERYWHERE if places is None else places

    def _search(self, piece: bytes, before: int) -> None:
        """Look for marks in a piece that has so many bytes before it."""
        tail = self._tail
        self._tail = piece[-_OVERLAP:] if len(piece) >= _OVERLAP else (tail + piece)[-_OVERLAP:]
        start = before - len(tail)
        window = b""
        for begin, end in self._places:
            if begin < self._size and end > start:
                window = window or tail + piece
                at = _note_in(window, max(begin - start, 0), end - start)
                if at >= 0:
                    self._stretch = bytearray(window[at : at + _STRETCH])
                    return
        if not self.needs_whole and not self._end_at:
            self.needs_whole = any(mark in window for mark in _OTHERS)

    def end(self) -> None:
        """There are no more."""
        if self._is_small:
            self.result = read(File(self.path, b"".join(self._held)))
        elif self._stretch is None:
            self.needs_whole = self.needs_whole or self._names_a_note()
        elif not self._stretch[_INLINE] & 2:
            self.needs_whole = True
        else:
            self._read_stretch(bytes(self._stretch))
        self._held, self._stretch, self._end = [], None, []

    def _names_a_note(self) -> bool:
        """Whether the names of the sections tell of one; where they cannot be read it may be."""
        if not self._end_at:
            return False
        try:
            names = section_names(self._held[0], b"".join(self._end), self._end_at)
        except (struct.error, OverflowError):
            return True
        return not names or any(name in names for name in NOTED_SECTIONS)

    def _read_stretch(self, data: bytes) -> None:
        notes = Notes()
        note = Section(".go.buildinfo", 0, 0, len(data))
        found = go_binary.contents(Executable(data, "<", 8, (note,)), notes)
        if found is not None:
            self.result = found._replace(problems=notes.problems)
            self.needs_whole = False


def _note_in(window: bytes, start: int, end: int) -> int:
    """Where Go's note begins in a stretch of bytes; -1 where there is none."""
    at = window.find(_GO, start, end)
    while at >= 0 and not _is_note(window, at):
        at = window.find(_GO, at + 1, end)
    return at


def _is_note(window: bytes, at: int) -> bool:
    """Whether a mark is that of a note: programs that read notes hold it as a plain string, too."""
    size, flags = window[at + 14 : at + 15], window[at + _INLINE : at + _INLINE + 1]
    return (bool(flags) and flags[0] & 2 == 2) or size in (b"\x04", b"\x08")

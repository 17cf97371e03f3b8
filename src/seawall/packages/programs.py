"""Executables that pass by in pieces: what they note of their packages, with little of them held.

What is small is held as a whole. Of a larger one a stretch behind Go's mark is kept, where since
Go 1.18 the note itself stands, and the end with the names of its sections; notes elsewhere need the
whole file, and are asked for.
"""

import struct

from seawall.packages import go_binary
from seawall.packages.elf_file import Section
from seawall.packages.executables import (
    MARKS,
    Executable,
    is_packed,
    read,
    section_names,
    table_of_sections,
)
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes

HELD = 8 * 1024 * 1024
"""Bytes of a program that are held as a whole."""
_STRETCH = 4 * 1024 * 1024
"""Bytes behind Go's mark; the notes of the largest programs have some 100 KiB."""
_GO = go_binary.MAGIC
_OTHERS = tuple(mark for mark in MARKS if mark != _GO)
_OVERLAP = max(map(len, MARKS)) - 1
_INLINE = 15
"""Where Go's note says that its strings stand in it."""
_HEAD = 4096
_NAMES = 1024 * 1024
"""Bytes before the table of sections in which linkers put their names."""
_MOST_OF_THE_END = 8 * 1024 * 1024
_RUST = b".dep-v0"


class Program:
    """Takes an executable piece by piece."""

    __slots__ = (
        "_end", "_end_at", "_end_size", "_head", "_held", "_size", "_stretch", "_tail",
        "needs_whole", "path", "result",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.result = Contents()
        """What it notes, at its end."""
        self.needs_whole = False
        """Whether there is a note, and the whole file is needed to read it."""
        self._held: list[bytes] | None = []
        self._size = 0
        self._tail = b""
        self._stretch: bytearray | None = None
        self._head = b""
        self._end_at = 0  # where the end with the names of sections begins; 0 for nowhere
        self._end: list[bytes] = []
        self._end_size = 0

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        before = self._size
        self._size += len(piece)
        if self._held is not None:
            self._held.append(piece)
            if self._size <= HELD:
                return
            piece, self._held = b"".join(self._held), None
            self._begin(piece)
            before = 0
        self._search(piece)
        if self._end_at and self._size > self._end_at:
            part = piece[max(self._end_at - before, 0) :]
            self._end_size += len(part)
            if self._end_size <= _MOST_OF_THE_END:
                self._end.append(part)

    def _begin(self, held: bytes) -> None:
        """See by the headers of a large program what there is to look for in the rest."""
        self._head = held[:_HEAD]
        table = table_of_sections(held)
        if table - _NAMES >= HELD:
            self._end_at = table - _NAMES
            self.needs_whole = is_packed(held)

    def _search(self, piece: bytes) -> None:
        if self._stretch is not None:
            if len(self._stretch) < _STRETCH:
                self._stretch += piece[: _STRETCH - len(self._stretch)]
            return
        window = self._tail + piece
        at = window.find(_GO)
        while at >= 0 and not _is_note(window, at):
            at = window.find(_GO, at + 1)
        if at >= 0:
            self._stretch = bytearray(window[at : at + _STRETCH])
        if not self.needs_whole and not self._end_at:
            self.needs_whole = any(mark in window for mark in _OTHERS)
        self._tail = window[-(_OVERLAP + 32) :]

    def end(self) -> None:
        """There are no more."""
        if self._held is not None:
            self.result = read(File(self.path, b"".join(self._held)))
            self._held = None
            return
        if self._stretch is None:
            self.needs_whole = self.needs_whole or self._has_note_of_rust()
        elif not self._stretch[_INLINE] & 2:
            self.needs_whole = True
        else:
            self._read_stretch(bytes(self._stretch))
        self._stretch = None
        self._end = []

    def _has_note_of_rust(self) -> bool:
        """Whether the names of the sections tell of one; where they cannot be read it may be."""
        if not self._end_at:
            return False
        if self._end_size > _MOST_OF_THE_END:
            return True
        try:
            names = section_names(self._head, b"".join(self._end), self._end_at)
        except (struct.error, OverflowError):
            names = b""
        return not names or _RUST in names

    def _read_stretch(self, data: bytes) -> None:
        notes = Notes()
        note = Section(".go.buildinfo", 0, 0, len(data))
        found = go_binary.contents(Executable(data, "<", 8, (note,)), notes)
        if found is not None:
            self.result = found._replace(problems=notes.problems)
            self.needs_whole = False


def _is_note(window: bytes, at: int) -> bool:
    """Whether a mark is that of a note: programs that read notes hold it as a plain string, too."""
    size, flags = window[at + 14 : at + 15], window[at + _INLINE : at + _INLINE + 1]
    return (bool(flags) and flags[0] & 2 == 2) or size in (b"\x04", b"\x08")

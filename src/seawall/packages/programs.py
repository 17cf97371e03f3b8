"""Executables that pass by in pieces: what they note of their packages, with little of them held.

What is small is held as a whole. Of a larger one a stretch behind Go's mark is kept, where since
Go 1.18 the note itself stands; notes elsewhere need the whole file, and are asked for.
"""

from seawall.packages import go_binary
from seawall.packages.elf_file import Section
from seawall.packages.executables import MARKS, Executable, read
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes

HELD = 24 * 1024 * 1024
"""Bytes of a program that are held as a whole."""
_STRETCH = 4 * 1024 * 1024
"""Bytes behind Go's mark; the notes of the largest programs have some 100 KiB."""
_GO = go_binary.MAGIC
_OVERLAP = max(map(len, MARKS)) - 1
_INLINE = 15
"""Where Go's note says that its strings stand in it."""


class Program:
    """Takes an executable piece by piece."""

    __slots__ = ("_held", "_size", "_stretch", "_tail", "needs_whole", "path", "result")

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

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        self._size += len(piece)
        if self._held is not None:
            self._held.append(piece)
            if self._size <= HELD:
                return
            held, self._held = b"".join(self._held), None
            self._search(held)
            return
        self._search(piece)

    def _search(self, piece: bytes) -> None:
        if self._stretch is not None and len(self._stretch) < _STRETCH:
            self._stretch += piece[: _STRETCH - len(self._stretch)]
        window = self._tail + piece
        if self._stretch is None:
            at = window.find(_GO)
            while at >= 0 and not _is_note(window, at):
                at = window.find(_GO, at + 1)
            if at >= 0:
                self._stretch = bytearray(window[at : at + _STRETCH])
        if not self.needs_whole:
            self.needs_whole = any(mark in window for mark in MARKS if mark != _GO)
        self._tail = window[-(_OVERLAP + 32) :]

    def end(self) -> None:
        """There are no more."""
        if self._held is not None:
            self.result = read(File(self.path, b"".join(self._held)))
            self._held = None
            return
        if self._stretch is None:
            return
        if not self._stretch[_INLINE] & 2:
            self.needs_whole = True
            return
        data = bytes(self._stretch)
        self._stretch = None
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

"""Two analyzers that most need: files by their names, and executables with a mark in them."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from seawall.sources.images.entry import FILE, HARD_LINK, Entry
from seawall.sources.images.walking import MAX_HEAD, Want

DEFAULT_LIMIT = 64 << 20
"""Bytes of a file that is held in memory."""
EXECUTABLE_LIMIT = 32 << 20
"""Bytes of an executable that are held while it is searched, in each thread."""
_HEAD = 8
Read = TypeVar("Read")


class Names(NamedTuple):
    """Which files are meant, by their paths; the four are alternatives."""

    paths: frozenset[str] = frozenset()
    """Whole paths, ``etc/os-release`` say."""
    names: frozenset[str] = frozenset()
    """Last parts, ``package-lock.json`` say."""
    suffixes: tuple[str, ...] = ()
    """Ends of paths, ``.dist-info/METADATA`` say."""
    directories: tuple[str, ...] = ()
    """Begins of paths, ``var/lib/dpkg/status.d/`` say."""

    def match(self, path: str) -> bool:
        """Whether a path is meant."""
        return (
            path.rpartition("/")[2] in self.names
            or path in self.paths
            or path.endswith(self.suffixes)
            or path.startswith(self.directories)
        )


class Files:
    """Keeps the content of files by their names; of duplicates the last, as the layer has it."""

    def __init__(self, names: Names, limit: int = DEFAULT_LIMIT) -> None:
        self.found: dict[str, bytes] = {}
        self.too_large: list[Entry] = []
        """Those with more than ``limit`` bytes, whose content is not kept."""
        self._match = names.match
        self._limit = min(limit, MAX_HEAD)

    def wants(self, entry: Entry) -> Want:
        """See ``Analyzer``."""
        if not self._match(entry.path):
            return 0
        if entry.kind is FILE:
            if entry.size > self._limit:
                self.too_large.append(entry)
                self.found.pop(entry.path, None)
                return 0
            if not entry.size:
                self.found[entry.path] = b""
        return max(entry.size, entry.kind is HARD_LINK)

    def take(self, entry: Entry, data: bytes) -> Want:
        """See ``Analyzer``."""
        self.found[entry.path] = data
        return 0


class Executables(Generic[Read]):
    """Searches files that begin like an executable for marks, and has those that have one read.

    ``magics``: what executables begin with; ``marks``: what is searched for; ``read``: makes
    something of an executable with a mark, whose content is let go of then. A content is held
    while it is searched, up to ``limit`` bytes. What is larger and has a mark is in ``too_large``:
    look at its layer once more, with ``Files`` and as much memory as you have.
    """

    def __init__(
        self,
        magics: tuple[bytes, ...],
        marks: Sequence[bytes],
        read: Callable[[Entry, bytes], Read],
        limit: int = EXECUTABLE_LIMIT,
    ) -> None:
        self.found: dict[str, Read] = {}
        """By path; of duplicates the last, as the layer has it."""
        self.too_large: list[Entry] = []
        self.unmarked: list[Entry] = []
        """Those that begin like an executable and have no mark: nothing tells what is in them."""
        self.read = read
        self._magics = magics
        self._marks = tuple(marks)
        self._limit = limit

    def wants(self, entry: Entry) -> Want:
        """See ``Analyzer``; a hard link's file is looked at where it is."""
        return _HEAD if entry.kind is FILE and entry.size >= _HEAD else 0

    def take(self, entry: Entry, data: bytes) -> Want:
        """See ``Analyzer``."""
        self.found.pop(entry.path, None)  # of another member of this name
        if not data.startswith(self._magics):
            return 0
        return _Search(self, entry, self._marks, self._limit)


class _Search:
    """Searches pieces as they come, with the end of the one before."""

    def __init__(
        self, results: Executables[Any], entry: Entry, marks: tuple[bytes, ...], limit: int
    ) -> None:
        self._results = results
        self._entry = entry
        self._marks = marks
        self._hit = False
        self._overlap = max(map(len, marks), default=1) - 1
        self._tail = b""
        self._held: list[bytes] | None = [] if entry.size <= limit else None

    def feed(self, piece: bytes) -> None:
        """See ``Consumer``."""
        if self._held is not None:
            self._held.append(piece)
        if not self._hit:
            seam = self._tail + piece[: self._overlap]
            self._hit = any(mark in piece or mark in seam for mark in self._marks)
            self._tail = (
                (self._tail + piece[-self._overlap :])[-self._overlap :] if self._overlap else b""
            )

    def end(self) -> None:
        """See ``Consumer``."""
        results, entry = self._results, self._entry
        if not self._hit:
            results.unmarked.append(entry)
        elif self._held is None:
            results.too_large.append(entry)
        else:
            data = b"".join(self._held)
            self._held.clear()
            results.found[entry.path] = results.read(entry, data)

"""An analyzer for tests: files by their names."""

from typing import NamedTuple

from seawall.sources.images.entry import FILE, HARD_LINK, Entry
from seawall.sources.images.walking import MAX_HEAD, Want

DEFAULT_LIMIT = 64 << 20
"""Bytes of a file that is held in memory."""


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

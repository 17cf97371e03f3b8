"""The file system that a closure is computed over, and how its files are read."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from seawall.images.facts import Configuration
from seawall.sources.images.entry import FILE, Kind
from seawall.sources.images.merging import FileSystem, Node


class Found(NamedTuple):
    """A file as it was found. Paths have no leading ``/``; the root itself is ""."""

    path: str
    """Where it really is: no part of it is a symbolic link, but for the last when that was asked
    for."""
    kind: Kind
    mode: int
    """Permissions, without the kind."""
    size: int
    crossed: tuple[str, ...] = ()
    """The links and directories on the way to it, the directories above links' targets included."""

    @property
    def is_file(self) -> bool:
        """Whether it is a file proper."""
        return self.kind is FILE

    @property
    def is_executable(self) -> bool:
        """Whether it is a file that somebody may execute."""
        return self.kind is FILE and bool(self.mode & 0o111)


class Root(Protocol):
    """A root file system with the configuration of its process."""

    @property
    def configuration(self) -> Configuration:
        """How containers start."""
        ...

    def resolve(self, path: str) -> Found | None:
        """What a path leads to, all links followed within the root; ``None`` for nothing."""
        ...

    def get(self, path: str) -> Found | None:
        """What is at a path, a symbolic link itself; those on the way to it are followed."""
        ...

    def listdir(self, path: str) -> tuple[str, ...]:
        """The names in a directory, sorted; none where there is no directory."""
        ...

    def read(self, path: str, limit: int) -> bytes | None:
        """The first bytes of a file that ``resolve`` or ``get`` found; ``None`` if unreadable."""
        ...


class MergedRoot:
    """The root of an image whose layers were merged."""

    __slots__ = ("_contents", "_files", "configuration")

    def __init__(
        self,
        files: FileSystem,
        contents: Callable[[Node, int], bytes | None],
        configuration: Configuration,
    ) -> None:
        """Take the merged files and what gives the first N bytes of the content of a node.

        It is called with ``node.content``, whose ``layer`` and ``entry`` (path, offset) have the
        bytes. It gives ``None`` for what it cannot give.
        """
        self._files = files
        self._contents = contents
        self.configuration = configuration

    def resolve(self, path: str) -> Found | None:
        """See ``Root``."""
        return self._found(path, follow_last=True)

    def get(self, path: str) -> Found | None:
        """See ``Root``."""
        return self._found(path, follow_last=False)

    def _found(self, path: str, *, follow_last: bool) -> Found | None:
        node, crossed = self._files.trail(path, follow_last=follow_last)
        if node is None:
            return None
        entry = node.entry
        size = node.content.entry.size
        ways = dict.fromkeys(each.entry.path for each in crossed)
        ways.pop(entry.path, None)
        return Found(entry.path, entry.kind, entry.mode, size, tuple(ways))

    def listdir(self, path: str) -> tuple[str, ...]:
        """See ``Root``."""
        node = self._files.resolve(path)
        return tuple(sorted(node.children)) if node is not None and node.children else ()

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Root``."""
        node = self._files.resolve(path)
        if node is None or node.content.entry.kind is not FILE:
            return None
        return self._contents(node.content, limit)

"""The file system of an image while it is patched: what is read of it, and what is put into it."""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.engine.containers.layers import Read
from seawall.engine.containers.whole import Whole
from seawall.packages.system import Identity
from seawall.sources.images.editing import Edited
from seawall.sources.images.entry import DIRECTORY, FILE, Entry
from seawall.sources.images.merging import Node
from seawall.sources.images.spool import Content, Spool, content_of

_READ = (
    "etc/", "lib/apk/", "usr/lib/apk/", "usr/local/share/ca-certificates/",
    "usr/share/ca-certificates/", "usr/share/keyrings/", "var/lib/dpkg/",
)  # fmt: skip
"""Databases of packages, configuration, keys: all of it is fetched in one pass over the layers."""
_MOST, _MOST_OF_ALL = 64 << 20, 1 << 30
"""Bytes of a file of these, and of all together; real ones have some 20 MB."""


class Actual(NamedTuple):
    """Where a path leads in the image."""

    path: str
    """With the links of the directories on the way followed; that of what is not there, too."""
    node: Node | None
    """What is there, a symbolic link itself."""


class Tree:
    """An image that was read. To be closed."""

    def __init__(self, read: Read, whole: Whole) -> None:
        self.read = read
        self.whole = whole
        self.edited = Edited(whole.files)
        self._spool = Spool()
        wanted = {content_of(node.content.layer, node.content.entry): node.entry.size
                  for node in self._known()}  # fmt: skip
        self._wanted = frozenset(wanted)
        if sum(wanted.values()) > _MOST_OF_ALL:
            raise InputError(
                f"{read.image.name}: its databases and configuration have more than "
                f"{_MOST_OF_ALL} bytes; see what is in /etc and /var/lib/dpkg"
            )
        try:
            self._spool.fill(read.image, wanted.items())
        except BaseException:
            self._spool.close()
            raise

    def _known(self) -> Iterator[Node]:
        for node in self.edited.tree.files():
            entry = node.entry
            if entry.kind is FILE and 0 < entry.size <= _MOST and entry.path.startswith(_READ):
                yield node

    def close(self) -> None:
        """Let go of what was read."""
        self._spool.close()

    @property
    def identity(self) -> Identity:
        """Which system it is; empty where no file tells."""
        return self.whole.packages.identity or Identity()

    # Looking.

    def data(self, path: str) -> bytes | None:
        """The bytes of a file of the databases or the configuration; ``None`` where none is."""
        node = self.edited.tree.resolve(path)
        if node is None or node.entry.kind is not FILE:
            return None
        content = self.edited.content(node)
        if not isinstance(content, Content):
            return content
        if not node.entry.size:
            return b""
        return (
            b"".join(self._spool.pieces(content, node.entry.size))
            if content in self._wanted
            else None
        )

    def names(self, directory: str) -> tuple[str, ...]:
        """The names in a directory, sorted; none where there is no directory."""
        node = self.edited.tree.resolve(directory)
        return tuple(sorted(node.children)) if node is not None and node.children else ()

    def actual(self, path: str) -> Actual:
        """Where a path leads, the links on the way to it followed."""
        above, slash, name = path.rpartition("/")
        if not slash:
            return Actual(path, self.edited.tree.get(path))
        directory = self.edited.tree.resolve(above)
        if directory is None:
            return Actual(path, None)
        there = directory.entry.path
        return Actual(f"{there}/{name}" if there else name, self.edited.tree.get(path))

    def is_directory(self, path: str) -> bool:
        """Whether a path leads to a directory."""
        node = self.edited.tree.resolve(path)
        return node is not None and node.entry.kind is DIRECTORY

    # Changing.

    def place(self, entry: Entry, data: bytes = b"") -> None:
        """Put a file, link or directory in; see ``Edited.place``."""
        self.edited.place(entry, data)

    def put(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Give a file another content."""
        self.edited.put(path, data, mode)

    def remove(self, path: str) -> bool:
        """Take out a file, or a directory with all that is in it; whether it was there."""
        return self.edited.remove(path)

"""Changes to a merged file system, and what a layer must hold of what came out.

What is wanted is a tree that was edited: files taken out, changed, put in. What lies below is
nothing, or the tree of the layers that are kept. ``members`` gives what one layer on top of these
must hold: all of it, or whiteouts and what differs (OCI image-spec, layer.md, "Representing
Changes"). Hard links of files stay links; those of symbolic links and devices become several of
the same.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from seawall.sources.images.entry import DIRECTORY, FILE, HARD_LINK, WHITEOUT, Entry
from seawall.sources.images.merging import FileSystem, Node, implied
from seawall.sources.images.spool import Content, content_of

_NEW = -1
"""The layer of what was put in."""


class Edited:
    """A merged file system, and what was done to it. Paths have no leading ``/``."""

    def __init__(self, tree: FileSystem) -> None:
        self.tree = tree
        self._contents: dict[Node, bytes] = {}
        self._links: dict[Node, list[Node]] | None = None

    def content(self, node: Node) -> Content | bytes:
        """Where the bytes of a file are, or the bytes that were put in."""
        known = self._contents.get(node.content)
        return content_of(node.content.layer, node.content.entry) if known is None else known

    def names_of(self, node: Node) -> list[Node]:
        """All the names of a file: itself and its hard links."""
        if self._links is None:
            found = [each for each in self.tree.files() if each.content is not each]
            self._links = {each.content: [] for each in found}
            for each in self.tree.files() if found else ():
                if each.content in self._links:
                    self._links[each.content].append(each)
        return self._links.get(node.content, [node])

    def remove(self, path: str) -> bool:
        """Take out a file, or a directory with all that is in it; whether it was there."""
        node = self.tree.get(path)
        if node is None or node is self.tree.root:
            return False
        above, _, name = node.entry.path.rpartition("/")
        directory = self.tree.get(above)
        if directory is None or directory.children is None:
            return False
        del directory.children[name]
        return True

    def change(self, node: Node, **fields: Any) -> None:
        """Change what a file is by all its names: its mode, its owner."""
        for each in self.names_of(node):
            each.entry = each.entry._replace(**fields)

    def put(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Give a file another content; one that is not there is root's, with this mode."""
        node = self.tree.resolve(path)
        if node is not None and node.entry.kind is FILE:
            path = node.entry.path
            entry = node.entry._replace(size=len(data), offset=-1)
        else:
            entry = Entry(path, FILE, mode, 0, 0, len(data), 0, "", -1)
        above, _, name = path.rpartition("/")
        directory = self.directory(above)
        made = Node(entry, _NEW)
        if directory.children is not None:
            directory.children[name] = made
        self._contents[made] = data

    def put_in(self) -> Iterator[tuple[str, bytes]]:
        """The files that were put in and are still there, with what they hold."""
        for node, data in self._contents.items():
            if self.tree.get(node.entry.path) is node:
                yield node.entry.path, data

    def place(self, entry: Entry, data: bytes = b"") -> None:
        """Put in what an entry describes, in the place of what has its name.

        A directory that is there stays as it is; a hard link shares what its ``link`` leads to, and
        raises ``LookupError`` where that is nothing.
        """
        above, _, name = entry.path.rpartition("/")
        directory = self.directory(above)
        there = directory.entry.path
        path = f"{there}/{name}" if there else name
        if directory.children is None or not name:
            raise LookupError(path)
        known = directory.children.get(name)
        if entry.kind is DIRECTORY and known is not None and known.children is not None:
            return
        shared = None
        if entry.kind is HARD_LINK:
            shared = self.tree.get(entry.link)
            if shared is None or shared.entry.kind is not FILE:
                raise LookupError(entry.link)
            entry = shared.entry
        made = Node(entry._replace(path=path, offset=-1), _NEW)
        if shared is not None:
            made.content = shared.content
        else:
            self._contents[made] = data
        directory.children[name] = made
        self._links = None

    def directory(self, path: str) -> Node:
        """The directory at a path, made where it is missing; what else was there is replaced."""
        node = self.tree.root
        done: list[str] = []
        for part in path.split("/") if path else ():
            done.append(part)
            below = self.tree.resolve("/".join(done))
            if below is None or below.children is None:
                below = Node(implied("/".join(filter(None, (node.entry.path, part)))), _NEW)
                if node.children is not None:
                    node.children[part] = below
            node = below
        return node

    def keep_only(self, kept: Collection[str]) -> None:
        """Take out all but these paths and the directories above them."""
        directories = {""}
        for path in kept:
            while path := path.rpartition("/")[0]:
                if path in directories:
                    break
                directories.add(path)
        waiting = [self.tree.root]
        while waiting:
            children = waiting.pop().children
            for name, node in [*(children or {}).items()]:
                path = node.entry.path
                if path not in kept and (path not in directories or node.children is None):
                    if children is not None:
                        del children[name]
                elif node.children is not None:
                    waiting.append(node)


class Member(NamedTuple):
    """What a layer is to hold."""

    entry: Entry
    content: Content | bytes = b""


def members(edited: Edited, lower: FileSystem | None, clock: int) -> list[Member]:
    """What a layer must hold so that it makes the wanted tree of what lies below.

    It is in the order of the paths, directories before what is in them; ``clock`` is the newest
    time that a member may have, in seconds since 1970.
    """
    below = FileSystem() if lower is None else lower
    written, gone = _differences(edited, below)
    for node in [*written]:
        if node.entry.kind is FILE:
            written.update(dict.fromkeys(_in_tree(edited, node)))
    needed = set(gone)
    for node in written:
        path = node.entry.path
        while path := path.rpartition("/")[0]:
            if path in needed:
                break
            needed.add(path)
    for path in gone:
        while path := path.rpartition("/")[0]:
            needed.add(path)
    return list(_sorted(edited, written, gone, needed, clock))


def _in_tree(edited: Edited, node: Node) -> Iterator[Node]:
    """The names of a file that are still there."""
    for each in edited.names_of(node):
        if edited.tree.get(each.entry.path) is each:
            yield each


def _differences(
    edited: Edited, lower: FileSystem
) -> tuple[dict[Node, None], dict[str, list[str]]]:
    """What is new or changed, and the names that are gone, by their directories."""
    written: dict[Node, None] = {}
    gone: dict[str, list[str]] = {}
    waiting: list[tuple[Node, Node | None]] = [(edited.tree.root, lower.root)]
    root = edited.tree.root
    if not _is_same(edited, root, lower.root):
        written[root] = None
    while waiting:
        new, old = waiting.pop()
        known = (old.children if old is not None else None) or {}
        children = new.children or {}
        for name, child in children.items():
            before = known.get(name)
            if before is None or not _is_same(edited, child, before):
                written[child] = None
            if child.children is not None:
                is_directory = before is not None and before.children is not None
                waiting.append((child, before if is_directory else None))
        names = sorted(name for name in known if name not in children)
        if names:
            gone[new.entry.path] = names
    return written, gone


def _is_same(edited: Edited, new: Node, old: Node) -> bool:
    if new.entry != old.entry:
        return False
    if new.entry.kind is not FILE:
        return True
    return edited.content(new) == content_of(old.content.layer, old.content.entry)


def _sorted(
    edited: Edited,
    written: Collection[Node],
    gone: dict[str, list[str]],
    needed: set[str],
    clock: int,
) -> Iterator[Member]:
    first: dict[Node, str] = {}
    waiting = [edited.tree.root]
    while waiting:
        node = waiting.pop()
        path = node.entry.path
        if node in written or (node.children is not None and path in needed and path):
            yield _member(edited, node, first, clock)
        for name in gone.get(path, ()):
            mark = f"{path}/{WHITEOUT}{name}" if path else f"{WHITEOUT}{name}"
            yield Member(Entry(mark, FILE, 0, 0, 0, 0, clock, "", -1))
        if node.children:
            waiting += [node.children[name] for name in sorted(node.children, reverse=True)]


def _member(edited: Edited, node: Node, first: dict[Node, str], clock: int) -> Member:
    entry = node.entry._replace(mtime=max(0, min(node.entry.mtime, clock)))
    if entry.kind is not FILE:
        return Member(entry)
    shared = len(edited.names_of(node)) > 1
    known = first.setdefault(node.content, entry.path) if shared else entry.path
    if known != entry.path:
        return Member(entry._replace(kind=HARD_LINK, link=known, size=0))
    return Member(entry, edited.content(node) if entry.size else b"")


def wanted_contents(found: Iterable[Member]) -> Iterator[tuple[Content, int]]:
    """The contents that members need, with their sizes."""
    for each in found:
        if isinstance(each.content, Content):
            yield each.content, each.entry.size

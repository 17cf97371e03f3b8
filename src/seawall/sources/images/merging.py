"""The file system that the layers of an image make, and what of them it does not show any more.

OCI image-spec, layer.md, "Applying Changesets": a whiteout hides what lower layers have, wherever
it stands among the members of its layer; directories are merged, everything else is replaced.
Links are followed within this tree only: nothing is asked of the machine.
"""

from collections.abc import Iterator, Sequence

from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.entry import (
    DIRECTORY,
    HARD_LINK,
    METADATA,
    OPAQUE,
    SYMLINK,
    WHITEOUT,
    Entry,
)
from seawall.sources.images.problems import Problems

_MAX_LINKS = 40
"""Symbolic links on the way to a file (Linux's MAXSYMLINKS, path_resolution(7))."""
_MAX_STEPS = 20_000_000
"""Parts of all links that are followed; hostile ones could make each look-up long."""
_IMPLIED = 0o755


class Node:
    """A file of the merged file system."""

    __slots__ = ("_content", "children", "entry", "layer")

    def __init__(self, entry: Entry, layer: int) -> None:
        self.entry = entry
        """What it is; of a hard link, what the file it shares is, under this path."""
        self.layer = layer
        """The number of the layer that brought it."""
        self._content: Node | None = None  # not itself: nobody collects circles in a scan
        self.children: dict[str, Node] | None = {} if entry.kind is DIRECTORY else None

    @property
    def content(self) -> "Node":
        """The node whose layer and path have the content: another one for a hard link."""
        return self if self._content is None else self._content

    @content.setter
    def content(self, other: "Node") -> None:
        self._content = None if other is self else other


class Hidden(NamedTuple):
    """A file that a layer holds and the image does not show: all the same it can be had."""

    entry: Entry
    layer: int
    by: int
    """The layer that hides it."""
    deleted: bool
    """Whether a whiteout hides it; else another file in its place."""


class FileSystem:
    """What ``merge`` makes."""

    __slots__ = ("_found", "_steps_left", "hidden", "problems", "root")

    def __init__(self) -> None:
        self.root = Node(implied(""), 0)
        self.hidden: list[Hidden] = []
        """Files, links and devices, in the order they were hidden."""
        self.problems = Problems()
        self._steps_left = _MAX_STEPS
        self._found: dict[str, Node] = {}  # of directories, for the files beside each other

    # Looking.

    def get(self, path: str) -> Node | None:
        """What is at a path, a symbolic link itself; those on the way to it are followed."""
        return self._resolved(path, follow_last=False)

    def resolve(self, path: str) -> Node | None:
        """What a path leads to, as the kernel has it for a process whose root this is.

        ``None`` where there is nothing, or links go round in a circle.
        """
        return self._resolved(path, follow_last=True)

    def trail(self, path: str, *, follow_last: bool = True) -> tuple[Node | None, list[Node]]:
        """What a path leads to, and the links and directories that lead there, in their order."""
        crossed: list[Node] = []
        return self._resolved(path, follow_last=follow_last, crossed=crossed), crossed

    def files(self) -> Iterator[Node]:
        """All there is but the root, parents before children, in the order of their names."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node is not self.root:
                yield node
            if node.children:
                waiting += [node.children[name] for name in sorted(node.children, reverse=True)]

    def _resolved(
        self, path: str, *, follow_last: bool, crossed: list[Node] | None = None
    ) -> Node | None:
        node = self.root
        crossed = [] if crossed is None else crossed
        trail: list[Node] = []  # the directories above
        waiting = path.split("/")[::-1]
        links = 0
        while waiting:
            part = waiting.pop()
            if not part or part == ".":
                continue
            if part == "..":
                node = trail.pop() if trail else self.root
                continue
            below = node.children.get(part) if node.children is not None else None
            if below is None:
                return None
            crossed.append(below)
            if below.entry.kind is SYMLINK and (follow_last or any(waiting)):
                links += 1
                target = below.entry.link
                if links > _MAX_LINKS or not target or self._steps_left < 0:
                    return None
                if target.startswith("/"):
                    node, trail = self.root, []
                parts = target.split("/")
                self._steps_left -= len(parts)
                if self._steps_left < 0:
                    self.problems.add("", -1, "there are too many links to follow all of them")
                waiting += parts[::-1]
                continue
            trail.append(node)
            node = below
        return node

    # Making.

    def apply(self, number: int, entries: Sequence[Entry]) -> None:
        """Put the next layer on top."""
        found = self._found
        found.clear()
        marked = [entry for entry in entries if WHITEOUT in entry.path]
        if marked:
            for entry in marked:
                self._white_out(number, entry.path)
            entries = [entry for entry in entries if not _is_whiteout(entry.path)]
        late: list[Entry] = []
        for entry in entries:
            if entry.kind is HARD_LINK:
                if not self._link(number, entry):
                    late.append(entry)
                continue
            # Nearly all stand beside one that was there just now, and nothing is in their place.
            above, _, name = entry.path.rpartition("/")
            directory = found.get(above)
            if (
                directory is not None
                and directory.entry.path == above
                and (children := directory.children) is not None
                and name
                and name not in children
            ):
                children[name] = Node(entry, number)
            else:
                self._add(number, entry)
        for entry in late:
            if not self._link(number, entry):
                self.problems.add(
                    entry.path, entry.offset, f"is a hard link to nothing: {entry.link}"
                )

    def _white_out(self, number: int, path: str) -> None:
        above, _, name = path.rpartition("/")
        if not name.startswith(WHITEOUT):
            return
        directory = self._resolved(above, follow_last=True)
        if directory is None or directory.children is None:
            return  # it hides what is not there, which is no fault
        if name == OPAQUE:
            for node in directory.children.values():
                self._hide(node, number, deleted=True)
            directory.children.clear()
        elif not name.startswith(METADATA):
            gone = directory.children.pop(name[len(WHITEOUT) :], None)
            if gone is not None:
                self._hide(gone, number, deleted=True)

    def _hide(self, top: Node, number: int, *, deleted: bool) -> None:
        waiting = [top]
        while waiting:
            node = waiting.pop()
            if node.children is None:
                self.hidden.append(Hidden(node.entry, node.layer, number, deleted))
            else:
                waiting += reversed(node.children.values())

    def _add(self, number: int, entry: Entry) -> Node | None:
        above, _, name = entry.path.rpartition("/")
        if not name:
            self.root.entry = entry if entry.kind is DIRECTORY else self.root.entry
            return self.root
        directory = self._found.get(above) or self._directory(number, above)
        if directory is None:
            self.problems.add(
                entry.path, entry.offset, "its directory is a link that leads nowhere"
            )
            return None
        children = directory.children
        if children is None:  # a directory has them
            return None
        there = directory.entry.path
        if there != above:  # the directory is a symbolic link's
            entry = entry._replace(path=f"{there}/{name}" if there else name)
        known = children.get(name)
        if known is not None:
            if known.children is not None and entry.kind is DIRECTORY:
                known.entry, known.layer = entry, number
                return known
            self._hide(known, number, deleted=False)
            if known.children is not None or known.entry.kind is SYMLINK:
                self._found.clear()
        node = children[name] = Node(entry, number)
        return node

    def _directory(self, number: int, path: str) -> Node | None:
        """The directory of a path, made where it is missing, as engines do."""
        node = self._beside(number, path)
        if node is None or node.children is None:
            node = self._resolved(path, follow_last=True)
        if node is None or node.children is None:
            node = self._made(number, path)
        if node is not None:
            self._found[path] = node
        return node

    def _beside(self, number: int, path: str) -> Node | None:
        """What is at the path of a directory, which is made if need be, where its own was found."""
        above, _, name = path.rpartition("/")
        directory = self._found.get(above)
        if directory is None or directory.children is None or not name:
            return None
        node = directory.children.get(name)
        if node is None:
            there = directory.entry.path
            made = implied(f"{there}/{name}" if there else name)
            node = directory.children[name] = Node(made, number)
        return node

    def _made(self, number: int, path: str) -> Node | None:
        node = self.root
        parts = path.split("/")
        for count, part in enumerate(parts, 1):
            children = node.children
            if children is None:  # a directory has them
                return None
            below = children.get(part)
            if below is not None and below.entry.kind is SYMLINK:
                below = self._resolved("/".join(parts[:count]), follow_last=True)
                if below is None or below.children is None:
                    return None
            if below is None or below.children is None:
                if below is not None:
                    self.problems.add(
                        below.entry.path, -1, "is a file, and another member lies in it"
                    )
                    self._hide(below, number, deleted=False)
                above = node.entry.path
                below = Node(implied(f"{above}/{part}" if above else part), number)
                children[part] = below
            node = below
        return node

    def _link(self, number: int, entry: Entry) -> bool:
        target = self._resolved(entry.link, follow_last=False)
        if target is None or target.children is not None:
            return False
        shared = target.entry._replace(path=entry.path)
        content = target.content
        if self.get(entry.path) is target:
            return True  # to itself
        node = self._add(number, shared)
        if node is not None:
            node.content = content
        return True


def _is_whiteout(path: str) -> bool:
    return WHITEOUT in path and path.rpartition("/")[2].startswith(WHITEOUT)


def implied(path: str) -> Entry:
    """A directory that no member tells of, as engines make it."""
    return Entry(path, DIRECTORY, _IMPLIED, 0, 0, 0, 0, "", -1)


def merge(layers: Sequence[Sequence[Entry]]) -> FileSystem:
    """The file system of layers, each with its entries in their order, the lowest first."""
    made = FileSystem()
    for number, entries in enumerate(layers):
        made.apply(number, entries)
    return made

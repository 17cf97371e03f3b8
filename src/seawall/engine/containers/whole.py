"""An image as a whole: what its layers hold put together, for rules and for what is known today."""

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from seawall.core.named_tuple import NamedTuple
from seawall.engine.containers.bases import of_image
from seawall.engine.containers.looking import Looked
from seawall.images import accounts, facts
from seawall.images.base import Candidate
from seawall.images.capabilities import names_of
from seawall.images.notable import ACCOUNTS, is_notable
from seawall.images.waste import waste_of
from seawall.packages.inventory import SYSTEM_TYPES, Inventory, inventory
from seawall.packages.package import Package
from seawall.packages.system import Facts
from seawall.sources.images.entry import FILE, Entry, Kind
from seawall.sources.images.image import Image
from seawall.sources.images.merging import FileSystem, Node, merge

_TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.HARD_LINK: stat.S_IFREG,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.CHARACTER_DEVICE: stat.S_IFCHR,
    Kind.BLOCK_DEVICE: stat.S_IFBLK,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
    Kind.OTHER: 0,
}
_ROOT_LINKS = 2
"""Depth of the links of directories that owners of files are looked up through."""


class Place(NamedTuple):
    """Where a package of an image is noted, and the layer that brought it."""

    file: str
    layer: int


class Whole(NamedTuple):
    """An image, put together."""

    image: facts.Image
    packages: Inventory
    places: Mapping[tuple[str, str, str, str], int]
    """By file, type, name and version of a package, the number of the layer that brought it."""
    files: FileSystem

    def layer_of(self, file: str, package: Package) -> int:
        """The number of the layer that brought a package; -1 where that is not known."""
        return self.places.get((file, package.type, package.name, package.version), -1)


def put_together(image: Image, layers: Sequence[Looked], known: Iterable[Candidate] = ()) -> Whole:
    """An image of what its layers hold, the lowest first; those that cannot be read are empty.

    ``known``: images that it may be built on.
    """
    tree = merge([looked.entries for looked in layers])
    own = Files(tree, layers)
    origin = of_image(image, known)
    base = origin.layers
    found = facts.Image(
        image.name,
        _configuration(image),
        own,
        tuple(
            facts.Layer(
                layer.number, layer.diff_id, layer.created_by, _size(looked.entries),
                layer.number < base,
            )
            for layer, looked in zip(image.layers, layers, strict=True)
        ),
        _history(image, base),
        image.tags,
        accounts.read(*map(own.text, ACCOUNTS)),
        partial(_waste, tree, layers, base),
        origin,
    )  # fmt: skip
    told, origins = facts_of(tree, layers)
    return Whole(found, inventory(told, links_of(tree)), origins, tree)


def system_packages(found: Inventory) -> list[Package]:
    """The packages of the system among all."""
    return [
        package
        for _, contents in found.files
        for package in contents.packages
        if package.type in SYSTEM_TYPES
    ]


def _configuration(image: Image) -> facts.Configuration:
    config = image.config
    check = _health_check(config.health_check)
    return facts.Configuration(
        config.user, config.environment, config.entrypoint, config.command, config.exposed_ports,
        config.volumes, config.labels, config.working_directory,
        bool(check) and check[0] != "NONE", config.on_build, config.created,
        bool(config.document), check,
    )  # fmt: skip


def _health_check(value: Mapping[str, object] | None) -> tuple[str, ...]:
    test = None if value is None else value.get("Test")
    return tuple(word for word in test if isinstance(word, str)) if isinstance(test, list) else ()


def _history(image: Image, base: int) -> tuple[facts.Step, ...]:
    made = 0
    steps = []
    for step in image.config.history:
        made += not step.empty_layer
        steps.append(facts.Step(step.created_by, made <= base and bool(base)))
    return tuple(steps)


def _size(entries: Iterable[Entry]) -> int:
    return sum([entry.size for entry in entries])  # quicker than a generator


def _waste(tree: FileSystem, layers: Sequence[Looked], base: int) -> facts.Waste:
    sizes = (
        [(entry.path, entry.size) for entry in looked.entries if entry.kind is FILE]
        for looked in layers
    )
    gone = ((item.entry.path, item.entry.size) for item in tree.hidden
            if item.deleted and item.by >= base)  # fmt: skip
    return waste_of(sizes, gone, base)


# Files ----------------------------------------------------------------------------------------


def _file(entry: Entry, layer: int) -> facts.File:
    return facts.File(
        entry.path, _TYPES[entry.kind] | entry.mode, entry.uid, entry.gid, entry.size, layer,
        names_of(entry.capability) if entry.capability else (),
    )  # fmt: skip


class Files:
    """The files of an image, as rules see them."""

    def __init__(self, tree: FileSystem, layers: Sequence[Looked]) -> None:
        self._tree = tree
        self._layers = layers
        self._notable: list[facts.File] | None = None

    def find(self, path: str) -> facts.File | None:
        """The file that a path leads to."""
        node = self._tree.resolve(path)
        return None if node is None else _file(node.entry, node.layer)

    def notable(self) -> Iterable[facts.File]:
        """Files of the merged file system that rules may have something to say of."""
        if self._notable is None:
            self._notable = [
                _file(node.entry, node.layer) for node in self._tree.files()
                if _is_notable(node.entry)
            ]  # fmt: skip
        return self._notable

    def hidden(self) -> Iterator[facts.Hidden]:
        """Notable files that lower layers still hold."""
        for item in self._tree.hidden:
            if _is_notable(item.entry):
                yield facts.Hidden(_file(item.entry, item.layer), item.by)

    def text(self, path: str, layer: int | None = None) -> str | None:
        """The start of a notable file that is text."""
        if layer is None:
            node = self._tree.get(path)
            if node is None:
                return None
            layer, path = node.content.layer, node.content.entry.path
        return self._layers[layer].texts.get(path)


def _is_notable(entry: Entry) -> bool:
    mode = _TYPES[entry.kind] | entry.mode
    return is_notable(entry.path, mode, capabilities=bool(entry.capability))


# Packages -------------------------------------------------------------------------------------


def facts_of(
    tree: FileSystem, layers: Sequence[Looked]
) -> tuple[dict[str, Facts], dict[tuple[str, str, str, str], int]]:
    """What the files that are left tell, by path, and which layer first had each package."""
    told: dict[str, Facts] = {}
    first: dict[tuple[str, str, str, str], int] = {}
    for number, looked in enumerate(layers):
        for path, found in looked.facts.items():
            node = tree.get(path)
            place = path if node is None else node.entry.path
            for package in found.contents.packages:
                first.setdefault((place, package.type, package.name, package.version), number)
            if node is not None and _brought(node, number):
                told[place] = found
    return told, first


def _brought(node: Node, layer: int) -> bool:
    """Whether a layer is the one that brought what a file holds."""
    return layer in (node.layer, node.content.layer)


def links_of(tree: FileSystem) -> dict[str, str]:
    """Links of directories near the root, such as ``lib`` to ``usr/lib``."""
    found = {}
    waiting: list[tuple[Node, int]] = [(tree.root, 0)]
    while waiting:
        node, depth = waiting.pop()
        for child in (node.children or {}).values():
            if child.entry.kind is Kind.SYMLINK:
                target = tree.resolve(child.entry.path)
                if target is not None and target.children is not None:
                    found[child.entry.path] = child.entry.link
            elif child.children and depth + 1 < _ROOT_LINKS:
                waiting.append((child, depth + 1))
    return found

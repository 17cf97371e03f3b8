"""An image of an OCI layout as a root: its layers are unpacked into one file, found by offsets."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from seawall.images.closure.closing import Closure
from seawall.images.closure.roots import MergedRoot
from seawall.images.facts import Configuration
from seawall.sources.images.entry import DIRECTORY, FILE, SYMLINK, Entry
from seawall.sources.images.image import Config
from seawall.sources.images.merging import Node, merge
from seawall.sources.images.target import resolve
from seawall.sources.images.walking import Want, walk


class _Spool:
    """Writes contents into a file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.places: dict[str, tuple[int, int]] = {}
        self._stream = stream

    def wants(self, entry: Entry) -> Want:
        if entry.kind is FILE and entry.size:
            self.places[entry.path] = (self._stream.tell(), entry.size)
            return self
        return 0

    def take(self, entry: Entry, data: bytes) -> Want:
        raise AssertionError(entry, data)

    def feed(self, piece: bytes) -> None:
        self._stream.write(piece)

    def end(self) -> None:
        pass


class ImageRoot(NamedTuple):
    """A root and where its contents are."""

    root: MergedRoot
    nodes: dict[str, Node]

    def write(self, found: Closure, target: Path) -> Path:
        """Make a root of what is kept."""
        target.mkdir()
        target.chmod(0o755)
        for path in sorted(found.paths):
            entry = self.nodes[path].entry
            place = target / path
            if entry.kind is DIRECTORY:
                place.mkdir()
                place.chmod(entry.mode & 0o777 | 0o500)
            elif entry.kind is SYMLINK:
                place.symlink_to(entry.link)
            else:
                data = found.replaced.get(path)
                place.write_bytes(self.root.read(path, 1 << 40) or b"" if data is None else data)
                place.chmod(entry.mode & 0o777)
        return target


def open_image(layout: str, spool: IO[bytes], *process: str) -> ImageRoot:
    """The image of a layout; with another process than its own if one is given."""
    image = resolve(layout).image
    walked = walk(image, lambda _layer: [_Spool(spool)], threads=1)
    places = [layer.analyzers[0].places for layer in walked]  # type: ignore[attr-defined]
    tree = merge([layer.entries for layer in walked])
    spool.flush()

    def contents(node: Node, limit: int) -> bytes | None:
        place = places[node.layer].get(node.entry.path)
        return b"" if place is None else os.pread(spool.fileno(), min(place[1], limit), place[0])

    root = MergedRoot(tree, contents, _configuration(image.config, process))
    return ImageRoot(root, {node.entry.path: node for node in _nodes(tree.files())})


def _nodes(nodes: Iterator[Node]) -> Iterator[Node]:
    yield from nodes


def _configuration(config: Config, process: tuple[str, ...]) -> Configuration:
    return Configuration(
        config.user, config.environment, process or config.entrypoint,
        () if process else config.command, volumes=config.volumes,
        directory=config.working_directory,
    )  # fmt: skip

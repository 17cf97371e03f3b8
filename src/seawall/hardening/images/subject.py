"""An image while it is hardened: what was read of it, and the file system that is changed."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from seawall.core.errors import UsageError
from seawall.engine.containers.layers import Read
from seawall.engine.containers.whole import Whole
from seawall.hardening.images.options import LAYER, SQUASH, Options, Told
from seawall.images import facts
from seawall.sources.images.editing import Edited
from seawall.sources.images.entry import FILE
from seawall.sources.images.image import Config, Image
from seawall.sources.images.merging import Node
from seawall.sources.images.spool import Spool, content_of

_Result = TypeVar("_Result")


class Subject:
    """One image of one platform."""

    def __init__(self, read: Read, whole: Whole, options: Options) -> None:
        self.read = read
        self.whole = whole
        self.options = options
        self.edited = Edited(whole.files)
        self.told = Told()

    @property
    def kept_layers(self) -> int:
        """How many of the lowest layers stay as they are.

        Raises UsageError where that cannot be known.
        """
        mode, said = self.options.mode, self.options.base_layers
        layers = len(self.read.image.layers)
        if mode == SQUASH or not self.config.document:
            return 0  # a root file system has no layers
        if mode == LAYER:
            return layers
        if said is not None:
            if said > layers:
                raise UsageError(
                    f"--base-layers {said}: {self.image.name} has only {layers} layers; name fewer"
                )
            return said
        base = sum(layer.base for layer in self.whole.image.layers)
        if not base:
            raise UsageError(
                f"{self.image.name}: its history does not tell which layers are its base's; say it "
                "with --base-layers N, or use --squash"
            )
        return base

    @property
    def image(self) -> Image:
        """With the digests that were computed."""
        return self.read.image

    @property
    def config(self) -> Config:
        """Its configuration as it was."""
        return self.read.image.config

    @property
    def facts(self) -> facts.Image:
        """What rules know of it."""
        return self.whole.image

    def node(self, path: str) -> Node | None:
        """What is at a path, links on the way to it followed."""
        return self.edited.tree.get(path)

    def remove(self, paths: Iterable[str]) -> list[str]:
        """Take out what may go; gives the paths that were there."""
        return [path for path in paths if not self.options.keeps(path) and self.edited.remove(path)]

    def with_contents(
        self, nodes: Iterable[Node], look: Callable[[Callable[[Node], Iterator[bytes]]], _Result]
    ) -> _Result:
        """What ``look`` makes of contents; it is given what gives the bytes of each of the nodes.

        Raises ``InputError`` where they cannot be had.
        """
        spool = Spool()
        try:
            spool.fill(
                self.image,
                {
                    content_of(node.content.layer, node.content.entry): node.entry.size
                    for node in nodes
                    if node.entry.kind is FILE and node.entry.size
                },
            )

            def pieces(node: Node) -> Iterator[bytes]:
                if node.entry.size:
                    content = content_of(node.content.layer, node.content.entry)
                    yield from spool.pieces(content)

            return look(pieces)
        finally:
            spool.close()

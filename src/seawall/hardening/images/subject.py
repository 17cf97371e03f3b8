"""An image while it is hardened: what was read of it, and the file system that is changed."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from seawall.core.errors import UsageError
from seawall.engine.containers.layers import Read
from seawall.engine.containers.whole import Whole
from seawall.hardening.images.options import LAYER, MINIMAL, SQUASH, Options, Told
from seawall.images import facts
from seawall.sources.images.editing import Edited
from seawall.sources.images.entry import FILE
from seawall.sources.images.image import Config, Image
from seawall.sources.images.merging import Node
from seawall.sources.images.spool import Spool, content_of

if TYPE_CHECKING:
    from seawall.secrets.search import Search

_Result = TypeVar("_Result")


class Subject:
    """One image of one platform."""

    def __init__(
        self,
        read: Read,
        whole: Whole,
        options: Options,
        search: "Search",
        directory: str | None = None,
    ) -> None:
        """``search`` has looked for secrets in it; a temporary file may lie in ``directory``."""
        self.search = search
        self.read = read
        self.whole = whole
        self.options = options
        self.edited = Edited(whole.files)
        self.told = Told()
        self.spool: Spool | None = None
        """All contents, where more than a few are looked at."""
        self._directory = directory
        self.before: tuple[int, int] | None = None
        """How many files and bytes the image had before it was patched."""
        self.added_layers = 0
        """How many layers patching has put on top of those that the image had."""
        self.statements: list[tuple[str, bytes]] = []
        """Further documents about the result, with their media types; they are attached."""

    @property
    def kept_layers(self) -> int:
        """How many of the lowest layers stay as they are.

        Raises UsageError where that cannot be known.
        """
        mode, said = self.options.mode, self.options.base_layers
        layers = len(self.read.image.layers)
        if mode in (SQUASH, MINIMAL) or not self.config.document:
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
        if self.spool is not None:
            return look(_pieces(self.spool))
        spool = self._filled(nodes)
        try:
            return look(_pieces(spool))
        finally:
            spool.close()

    def hold_contents(self) -> Callable[[Node], Iterator[bytes]]:
        """Have all contents at hand until ``close``; gives what gives those of a node."""
        if self.spool is None:
            self.spool = self._filled(self.edited.tree.files())
        return _pieces(self.spool)

    def _filled(self, nodes: Iterable[Node]) -> Spool:
        spool = Spool(self._directory)
        try:
            spool.fill(
                self.image,
                (
                    (content_of(node.content.layer, node.content.entry), node.entry.size)
                    for node in nodes
                    if node.entry.kind is FILE and node.entry.size
                ),
            )
        except BaseException:
            spool.close()
            raise
        return spool

    def close(self) -> None:
        """Let go of the contents."""
        if self.spool is not None:
            self.spool.close()
            self.spool = None


def _pieces(spool: Spool) -> Callable[[Node], Iterator[bytes]]:
    def pieces(node: Node) -> Iterator[bytes]:
        content = content_of(node.content.layer, node.content.entry)
        return spool.pieces(content, node.entry.size) if node.entry.size else iter(())

    return pieces

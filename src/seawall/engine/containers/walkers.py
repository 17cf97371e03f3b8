"""Walks the layers of an image, large ones in several processes.

A process runs one thread of Python at a time, and much of a walk is Python. So the layers are
shared out; what comes of one in another process comes as plain values.
"""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from mmap import mmap
from typing import TYPE_CHECKING, Any, Self

from seawall.core.named_tuple import NamedTuple
from seawall.engine.containers import looking
from seawall.engine.containers.looking import Again, Look, Looked
from seawall.engine.workers import spread
from seawall.sources.images.entry import Entry
from seawall.sources.images.image import Image, Layer
from seawall.sources.images.stores import Opener
from seawall.sources.images.unpacking import processors
from seawall.sources.images.walking import Analyzer, WalkedLayer, Want, walk

if TYPE_CHECKING:
    from seawall.engine.containers.searchers import Searchers
    from seawall.engine.containers.sifting import Sifting
    from seawall.secrets.search import Search

Plain = Any
WORTH_SHARING = 16 << 20
"""Bytes of packed layers from which another process is worth its start, and what it sends."""

_EVERYTHING: Mapping[int, Again] = {}


class Walked(NamedTuple):
    """What a walk over a layer gave."""

    layer: Layer
    """With its digest and DiffID as they were computed, and its size."""
    looked: Looked
    reason: str
    """Why it could not be read to its end; empty where it could."""
    leads_below: bool
    """Whether a file that was wanted is a link to one of a layer below."""


class Walk:
    """Walks layers of an image; ``search`` looks for secrets in all of their files."""

    def __init__(
        self, image: Image, search: "Search | None", trusted: Collection[tuple[str, str]]
    ) -> None:
        self._image = image
        self._search = search
        self._trusted = trusted

    def over(
        self, numbers: Collection[int], only: Mapping[int, Again] = _EVERYTHING
    ) -> list[Walked]:
        """Walk the layers with these numbers; in their order.

        ``only`` has what is to be looked at, for layers of which all else is known.
        """
        layers = [layer for layer in self._image.layers if layer.number in numbers]
        count = min(processors(), len(layers))
        if count > 1 and _may_be_shared(layers):
            ended = mmap(-1, 1 + max(layer.number for layer in layers))

            def some(part: Sequence[Layer]) -> list[Walked]:
                found = self._here(part, only, 1, lambda: ended.find(b"\1", 0) >= 0)
                ended[part[0].number] = 1
                return found

            weights = [layer.size for layer in layers]
            walked = spread(layers, weights, count, some, _send, _receive)
            if not any(item.leads_below for item in walked):
                return walked
        return self._here(layers, only, 0, None)

    def _here(
        self,
        layers: Sequence[Layer],
        only: Mapping[int, Again],
        threads: int,
        has_spare: Callable[[], bool] | None,
    ) -> list[Walked]:
        numbers = {layer.number for layer in layers}
        size = sum(
            only[layer.number].size if layer.number in only else layer.size for layer in layers
        )
        until = {number: last for number, (_, _, last) in only.items() if last is not None}
        with _Bench(self._search, size, only) as bench:
            walked = walk(
                self._image, bench.analyzers, layers=numbers, trusted=self._trusted,
                threads=threads, has_spare=has_spare, until=until,
            ) if layers else []  # fmt: skip
            bench.end()
        return [
            Walked(
                item.layer, bench.looked(item, self._image.name),
                "" if item.error is None else item.error.reason, bool(item.below),
            )
            for item in walked
        ]  # fmt: skip


def _may_be_shared(layers: Sequence[Layer]) -> bool:
    """Whether several processes may walk layers, and it is worth it.

    Those that come from a registry or an engine have connections, which are one process's.
    """
    return sum(layer.size for layer in layers) >= WORTH_SHARING and all(
        isinstance(layer.open, Opener) and layer.size >= 0 for layer in layers
    )


class _Bench:
    """Makes what looks at layers; ``size`` is how many bytes these have, packed.

    Of layers of which only some files are looked at, it is how many these have.
    """

    def __init__(
        self,
        search: "Search | None",
        size: int,
        only: Mapping[int, Again],
    ) -> None:
        self._search = search
        self._only = only
        self._size = size
        self._searchers: Searchers | None = None
        self._looks: dict[int, Look] = {}
        self._siftings: dict[int, Sifting] = {}

    def __enter__(self) -> Self:
        if self._search is not None:
            from seawall.engine.containers import searchers  # noqa: PLC0415 - where it is wanted

            if searchers.are_worth(self._size):
                # As many for each process that walks: whoever of these ends last has all
                # processors to itself, and to search takes longer than to walk.
                self._searchers = searchers.Searchers(self._search, processors())
        return self

    def __exit__(self, *_: object) -> None:
        if self._searchers is not None:
            self._searchers.close()

    def analyzers(self, layer: Layer) -> list[Analyzer]:
        """What looks at a layer."""
        wanted = self._only.get(layer.number)
        own = self._of(layer)
        return own if wanted is None else [_Only(each, wanted.paths) for each in own]

    def _of(self, layer: Layer) -> list[Analyzer]:
        self._looks[layer.number] = look = Look(packages=True, texts=True)
        if self._search is None:
            return [look]
        from seawall.engine.containers.sifting import Sifting  # noqa: PLC0415 - where it is wanted
        from seawall.secrets.sieve import Here, Sieve  # noqa: PLC0415 - as above

        own = self._searchers
        looker = Here(self._search.twin()) if own is None else own.looker()
        self._siftings[layer.number] = sifting = Sifting(Sieve(looker))
        return [look, sifting]

    def end(self) -> None:
        """Wait for all that was found."""
        for sifting in self._siftings.values():
            sifting.end()

    def looked(self, walked: WalkedLayer, name: str) -> Looked:
        """What a layer holds, to be asked once."""
        number = walked.layer.number
        return looking.looked(
            walked, self._looks.pop(number), name, self._siftings.pop(number, None)
        )


class _Only:
    """An analyzer that looks at some files only."""

    def __init__(self, analyzer: Analyzer, paths: Container[str]) -> None:
        self._analyzer = analyzer
        self._paths = paths
        self.take = analyzer.take

    def wants(self, entry: Entry) -> Want:
        return self._analyzer.wants(entry) if entry.path in self._paths else 0


# Between processes ------------------------------------------------------------------------------


def _send(_layer: Layer, walked: Walked) -> Plain:
    layer = walked.layer
    return (
        (layer.digest, layer.diff_id, layer.size),
        looking.all_to_plain(walked.looked),
        walked.reason,
        walked.leads_below,
    )


def _receive(layer: Layer, plain: Plain) -> Walked:
    (digest, diff_id, size), looked, reason, leads_below = plain
    return Walked(
        layer._replace(digest=digest, diff_id=diff_id, size=size),
        looking.all_from_plain(looked),
        reason,
        leads_below,
    )

"""One pass over each layer of an image, in threads, that gives contents to those who want them.

What unpacks and what hashes lets go of the interpreter's lock, so a thread a layer uses all
processors; the largest layer goes first. What a pass over a layer gives rests on that layer alone,
but for ``WalkedLayer.below``: it can be kept under the layer's digest.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Protocol

from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.budget import Budget, Watched
from seawall.sources.images.entry import FILE, HARD_LINK, WHITEOUT, Entry, Payload
from seawall.sources.images.image import Image, Layer
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.problems import FORBIDDEN, ArchiveError, Problem
from seawall.sources.images.rootfs import Tree
from seawall.sources.images.tar import Archive
from seawall.sources.images.unpacking import Unpacked, processors

MAX_HEAD = 256 << 20
"""Bytes of a content that may be asked for at once."""
_ROUNDS = 8
"""How often an analyzer may ask for more of one content."""
_COUNTED = 1024
_NEVER = 1 << 64
"""An offset that no content has."""
_TO_THE_END: Mapping[int, int] = {}
_PATIENCE = 5.0
"""Seconds that whoever has failed waits for threads that may be waiting for a registry."""


class Consumer(Protocol):
    """Gets a content piece by piece."""

    def feed(self, piece: bytes) -> None:
        """The next piece, a MiB or less."""

    def end(self) -> None:
        """There are no more."""


Want = int | Consumer
"""How much of a content is wanted: 0 for none, else the first N bytes, or all in pieces."""


class Analyzer(Protocol):
    """Looks at one layer, and keeps what it finds. Each is used by one thread."""

    def wants(self, entry: Entry) -> Want:
        """How much of a file's content it wants. It is asked of files and hard links only.

        A hard link's content is had by another pass over the layer, so want it for what the
        path means, not for what files of its sort may hold: the file it leads to is asked about
        as well.
        """

    def take(self, entry: Entry, data: bytes) -> Want:
        """The first bytes, as many as were wanted and there are; says how much more it wants.

        All of the content was given when ``len(data) == entry.size``. More is counted from the
        first byte again.
        """


class WalkedLayer(NamedTuple):
    """What one pass over a layer gave."""

    layer: Layer
    """With its digest and DiffID as they were computed, and its size."""
    entries: list[Entry]
    """In the layer's own order, whiteouts and duplicates included."""
    analyzers: Sequence[Analyzer]
    unpacked_size: int
    """Bytes of the tar, of those that were unpacked; 0 for a directory."""
    problems: tuple[Problem, ...]
    more_problems: int
    """How many problems are not told one by one."""
    error: ArchiveError | None
    """Why it could not be read to its end; what came before it is there, and not to be trusted."""
    below: tuple[Entry, ...]
    """Hard links that were wanted, and lead to files of layers below."""


def walk(
    image: Image,
    analyzers: Callable[[Layer], Sequence[Analyzer]],
    *,
    layers: Container[int] | None = None,
    trusted: Container[tuple[str, str]] = (),
    limits: Limits = DEFAULT,
    threads: int = 0,
    has_spare: Callable[[], bool] | None = None,
    until: Mapping[int, int] = _TO_THE_END,
) -> list[WalkedLayer]:
    """Look at the layers of an image, at all or those with these numbers; in their order.

    ``analyzers`` makes those of one layer. ``trusted`` has pairs of a digest and the DiffID that
    it is known to unpack to. ``has_spare`` is as ``Unpacked`` has it, where other processes are at
    work as well. ``until`` has the offsets in the tars of some layers behind which no content is
    wanted: of a trusted layer the rest is not unpacked then, and its entries are left out.
    Digests are verified always. A layer that cannot be read has an ``error``; what an analyzer
    raises comes through, and Ctrl-C: the other layers are left then, and no thread stays.
    """
    wanted = [layer for layer in image.layers if layers is None or layer.number in layers]
    waiting = sorted(wanted, key=lambda layer: layer.size)
    found: dict[int, WalkedLayer] = {}
    faults: list[BaseException] = []
    budget = Budget()
    available = processors()
    count = min(threads or available, len(wanted))
    ended: list[None] = []

    def none_else() -> bool:
        return available - count + len(ended) > 0

    spare = has_spare or none_else

    def work() -> None:
        while waiting and not faults:
            try:
                layer = waiting.pop()
            except IndexError:  # another thread took the last
                break
            try:
                found[layer.number] = walk_layer(
                    layer, analyzers(layer), image.name, trusted, limits, budget, spare,
                    until.get(layer.number, _NEVER),
                )  # fmt: skip
            except BaseException as fault:  # noqa: BLE001 - raised again in the caller's thread
                faults.append(fault)
                budget.is_over = True
        ended.append(None)

    _in_threads(work, count, budget)
    if faults:
        raise faults[0]
    walked = [found[layer.number] for layer in wanted]
    _follow_down(walked, image.name, limits)
    return walked


def _in_threads(work: Callable[[], None], count: int, budget: Budget) -> None:
    """Work in so many threads, this one among them, and wait until all have ended."""
    from threading import Event, Thread  # noqa: PLC0415 - off the scan path

    def run(ended: Event) -> None:
        try:
            work()
        finally:
            ended.set()

    def wait() -> None:
        for ended, helper in helpers:
            # Not by ``join`` alone: where that is interrupted, the thread counts as ended
            # (CPython 3.11, bpo-45274).
            if ended.wait(_PATIENCE if budget.is_over else None):
                helper.join()

    helpers: list[tuple[Event, Thread]] = []
    try:
        for _ in range(count - 1):
            ended = Event()
            helpers.append((ended, Thread(target=run, args=(ended,), daemon=True)))
            helpers[-1][1].start()
        work()
        wait()
    except BaseException:  # Ctrl-C, at work on no layer
        budget.is_over = True
        wait()
        raise


def walk_layer(
    layer: Layer,
    analyzers: Sequence[Analyzer],
    name: str = "",
    trusted: Container[tuple[str, str]] = (),
    limits: Limits = DEFAULT,
    budget: Budget | None = None,
    has_spare: Callable[[], bool] = lambda: processors() > 1,
    until: int = _NEVER,
) -> WalkedLayer:
    """Look at one layer, see ``walk`` and, of ``has_spare``, ``Unpacked``."""
    name = f"{name}: {layer.name}" if name else layer.name
    known = (layer.digest, layer.diff_id) in trusted
    budget = budget or Budget()
    walk = _Pass(name, analyzers, budget, has_spare, until if known else _NEVER)
    walk.run(layer, limits, trusted=known)
    below = walk.links
    error = walk.error
    if walk.links and walk.error is None:
        sources = {entry.path for entry in walk.entries if entry.kind is FILE}
        here = [link for link in walk.links if link.link in sources]
        below = [link for link in walk.links if link.link not in sources]
        if here:
            error = _deliver(layer, [(link, analyzers) for link in here], name, limits, budget)
    return WalkedLayer(
        layer._replace(
            digest=walk.digest or layer.digest, diff_id=walk.diff_id or layer.diff_id,
            size=walk.packed_size or layer.size,
        ),
        walk.entries, analyzers, walk.size, tuple(walk.problems), walk.more_problems, error,
        tuple(below),
    )  # fmt: skip


class _Pass:
    """A pass over a layer, and what it came to."""

    def __init__(
        self, name: str, analyzers: Sequence[Analyzer], budget: Budget,
        has_spare: Callable[[], bool], until: int,
    ) -> None:  # fmt: skip
        self.name = name
        self.until = until
        self.analyzers = analyzers
        self.budget = budget
        self.has_spare = has_spare
        self.entries: list[Entry] = []
        self.links: list[Entry] = []
        self.problems: list[Problem] = []
        self.more_problems = 0
        self.digest = self.diff_id = ""
        self.packed_size = self.size = 0
        self.error: ArchiveError | None = None

    def run(self, layer: Layer, limits: Limits, *, trusted: bool) -> None:
        if layer.open is None and not layer.directory:
            what = "is kept elsewhere (a foreign layer)" if layer.foreign else "is missing"
            self.error = ArchiveError(self.name, -1, what, "fetch it, or build the image again")
            return
        unpacked: Unpacked | None = None
        try:
            if layer.open is None:
                source: Archive | Tree = _tree(layer, limits)
                self._visit(source)
            else:
                stream = Watched(layer.open(), self.budget)
                try:
                    unpacked = Unpacked(
                        self.name, stream, digest=layer.digest, diff_id=layer.diff_id,
                        trusted=trusted, limits=limits, has_spare=self.has_spare,
                    )  # fmt: skip
                    source = Archive(self.name, unpacked, limits)
                    self._visit(source)
                    self.digest, self.diff_id = unpacked.finish()
                finally:
                    if unpacked is not None:
                        unpacked.close()
                    stream.close()
        except OSError as error:
            self.error = ArchiveError(self.name, -1, error.strerror or str(error), FORBIDDEN)
        except ArchiveError as error:
            if self.budget.left < 0:
                raise
            self.error = error
        if unpacked is not None:
            self.packed_size, self.size = unpacked.packed_size, unpacked.size
            self._tell(unpacked)

    def _tell(self, source: "Archive | Tree | Unpacked") -> None:
        self.problems += source.problems.told
        self.more_problems += source.problems.more

    def _visit(self, source: "Archive | Tree") -> None:
        entries, analyzers, until = self.entries, self.analyzers, self.until
        counted = 0
        try:
            for entry in source:
                if entry.offset > until:
                    break
                entries.append(entry)
                if len(entries) - counted >= _COUNTED:
                    self.budget.take(self.name, entries, counted)
                    counted = len(entries)
                kind = entry.kind
                if kind is not FILE and kind is not HARD_LINK:
                    continue
                wants = []
                for each in analyzers:  # quicker than a comprehension, which is a call
                    want = each.wants(entry)
                    if want:
                        wants.append((each, want))
                if not wants or (WHITEOUT in entry.path and is_whiteout(entry.path)):
                    continue
                if kind is FILE:
                    give(entry, source, wants)
                else:
                    self.links.append(entry)
            self.budget.take(self.name, entries, counted)
        finally:
            self._tell(source)


def _tree(layer: Layer, limits: Limits) -> Tree:
    apart = None if layer.apart is None else {each.path.strip("/") for each in layer.apart}
    return Tree(layer.directory, limits, overlay=layer.overlay, apart=apart)


def is_whiteout(path: str) -> bool:
    """Whether a path is a mark that something is deleted, not a file."""
    return path.rpartition("/")[2].startswith(WHITEOUT)


def give(entry: Entry, payload: Payload, wants: Sequence[tuple[Analyzer, Want]]) -> None:
    """Give a content to analyzers, the head first and then what they want beyond it."""
    rounds = _ROUNDS
    if len(wants) == 1:  # most files, looked through for secrets: quicker than what is for all
        (analyzer, want), *_ = wants
        if isinstance(want, int) and entry.size <= want <= MAX_HEAD:
            more = analyzer.take(entry, payload.head(want))
            if not more:
                return
            wants, rounds = [(analyzer, more)], rounds - 1
    consumers = _give_heads(entry, payload, wants, rounds)
    if consumers:
        for piece in payload.pieces():
            for consumer in consumers:
                consumer.feed(piece)
        for consumer in consumers:
            consumer.end()


def _give_heads(
    entry: Entry, payload: Payload, wants: Sequence[tuple[Analyzer, Want]], rounds: int
) -> list[Consumer]:
    """Give as much of a content as is wanted of its beginning; who wants all is left."""
    consumers: list[Consumer] = []
    for _ in range(rounds):
        heads = []
        for analyzer, want in wants:
            if isinstance(want, int):
                heads.append((analyzer, min(want, MAX_HEAD)))
            else:
                consumers.append(want)
        if not heads:
            break
        data = payload.head(max(size for _, size in heads))
        wants = [
            (analyzer, more)
            for analyzer, size in heads
            if (more := analyzer.take(entry, data if len(data) <= size else data[:size]))
        ]
    return consumers


class _Copies:
    """An analyzer that gives the contents of some files to others, under the names of links."""

    def __init__(self, links: Sequence[tuple[Entry, Sequence[Analyzer]]]) -> None:
        self._links: dict[str, list[tuple[Entry, Sequence[Analyzer]]]] = {}
        for link, analyzers in links:
            self._links.setdefault(link.link, []).append((link, analyzers))

    def visit_all(self, entries: Iterable[Entry], payload: Payload) -> None:
        for entry in entries:
            if entry.kind is FILE and entry.path in self._links:
                self._visit(entry, payload)

    def _visit(self, entry: Entry, payload: Payload) -> None:
        wants: list[tuple[Analyzer, Want]] = []
        for link, analyzers in self._links[entry.path]:
            copy = entry._replace(path=link.path)
            wants += [
                (_Renamed(each, copy), want) for each in analyzers if (want := each.wants(copy))
            ]
        if wants:
            give(entry, payload, wants)


class _Renamed:
    """An analyzer that takes a content for another entry's."""

    def __init__(self, analyzer: Analyzer, entry: Entry) -> None:
        self._analyzer = analyzer
        self._entry = entry

    def wants(self, _entry: Entry) -> Want:
        return self._analyzer.wants(self._entry)

    def take(self, _entry: Entry, data: bytes) -> Want:
        return self._analyzer.take(self._entry, data)


def _deliver(
    layer: Layer,
    links: Sequence[tuple[Entry, Sequence[Analyzer]]],
    name: str,
    limits: Limits,
    budget: Budget,
) -> ArchiveError | None:
    """Another pass over a layer that was read well before, for what links lead to.

    Gives the error where it cannot be read again: it may have been changed since.
    """
    copies = _Copies(links)
    try:
        if layer.open is None:
            tree = _tree(layer, limits)
            copies.visit_all(tree, tree)
            return None
        stream = Watched(layer.open(), budget)
        try:
            # Its tar is what it was when its digest is.
            unpacked = Unpacked(
                name, stream, digest=layer.digest, diff_id=layer.diff_id, trusted=True,
                limits=limits,
            )  # fmt: skip
            try:
                archive = Archive(name, unpacked, limits)
                copies.visit_all(archive, archive)
                unpacked.finish()
            finally:
                unpacked.close()
        finally:
            stream.close()
    except ArchiveError as error:
        return error
    except OSError as error:
        return ArchiveError(name, -1, error.strerror or str(error), FORBIDDEN)
    return None


def _follow_down(walked: list[WalkedLayer], name: str, limits: Limits) -> None:
    """Give analyzers the contents of files of lower layers that hard links of theirs lead to."""
    wanted: dict[int, list[tuple[Entry, Sequence[Analyzer]]]] = {}
    files: dict[int, set[str]] = {}
    for number, layer in enumerate(walked):
        for link in layer.below:
            for lower in range(number - 1, -1, -1):
                known = files.get(lower)
                if known is None:
                    entries = walked[lower].entries
                    known = files[lower] = {each.path for each in entries if each.kind is FILE}
                if link.link in known and walked[lower].error is None:
                    wanted.setdefault(lower, []).append((link, layer.analyzers))
                    break
    for lower, links in sorted(wanted.items()):
        error = _deliver(walked[lower].layer, links, name, limits, Budget())
        if error is not None:
            walked[lower] = walked[lower]._replace(error=error)

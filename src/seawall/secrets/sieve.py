"""Takes contents as they come, whole or in pieces, and has them looked at a megabyte at a time.

Who looks at them may be another process (``Looker``): what was found is told later then.

For archives and layers of images, whose files pass by once: no content is held longer than it takes
to look at it, and of a large one only a part.
"""

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from seawall.core.location import Span
from seawall.core.named_tuple import NamedTuple
from seawall.secrets.batches import SIZE
from seawall.secrets.candidate import Part, Secret
from seawall.secrets.search import Found, Search
from seawall.secrets.text import PROBE, Kind, Text, encoding_of, kind_of, text_or_bytes

_OVERLAP = 1 << 16
"""Bytes of a large content that are looked at with what is before and with what is behind them.

Nothing that is found is longer than that."""
_MOST = 10_000
"""Secrets of one content."""


class Held(NamedTuple):
    """A secret in a content."""

    secret: Secret
    span: Span | None
    """Where it stands first; ``None`` in a binary file."""


class Stretch(NamedTuple):
    """Where a part of a large content stands in it."""

    base: int
    """Bytes before it."""
    line: int
    column: int
    last: bool


class Seen(NamedTuple):
    """What was found in a text, its places those of the whole content."""

    number: int
    """Which one of the texts that were looked at."""
    held: tuple[Held, ...]
    complete: bool


Take = Callable[[Sequence[Seen]], None]


Raw = tuple[str, bytes, Kind | None]
"""A content: its name, its bytes, and its kind; without one it is a whole file as it is, of which
nobody has told yet what it is written in."""


class Looker(Protocol):
    """Looks at contents for one sieve."""

    def look(self, contents: Sequence[Raw], take: Take, stretch: Stretch | None = None) -> None:
        """Look at contents, or at one that is a part of a large one.

        What is found is given to ``take``, now or until ``end`` was called; in the order of the
        calls.
        """

    def end(self) -> None:
        """Wait until everything was told."""


class Here:
    """Looks at once."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def look(self, contents: Sequence[Raw], take: Take, stretch: Stretch | None = None) -> None:
        """See ``Looker``."""
        take(seen_in(self._search, contents, stretch))

    def end(self) -> None:
        """See ``Looker``: there is nothing to wait for."""


def seen_in(search: Search, contents: Sequence[Raw], stretch: Stretch | None) -> list[Seen]:
    """What is found in some contents; those without anything are left out."""
    texts = [
        text_or_bytes(name, data) if kind is None else Text(name, data, kind)
        for name, data, kind in contents
    ]
    numbers = {id(text): number for number, text in enumerate(texts)}
    return [
        Seen(numbers[id(found.text)], tuple(_held_in(found, stretch)), found.complete)
        for found in search.run(texts)
    ]


def _held_in(found: Found, stretch: Stretch | None) -> Iterator[Held]:
    text = found.text
    if stretch is None:
        for secret in found.secrets:
            yield Held(secret, _span(text, *secret.occurrences[0]))
        return
    base, line, column, last = stretch
    for secret in found.secrets:
        whole = [
            place
            for place in secret.occurrences
            if (place.start or not base) and (last or place.end < len(text.data))
        ]
        if whole:
            moved = tuple(_moved(place, base) for place in whole)
            candidate = secret.candidate
            own = candidate._replace(
                start=moved[0].start, end=moved[0].end,
                beside=_moved(candidate.beside, base) if candidate.beside.end else candidate.beside,
            )  # fmt: skip
            span = _span(text, *whole[0], line, column)
            yield Held(secret._replace(candidate=own, occurrences=moved), span)


def _moved(place: Part, base: int) -> Part:
    return Part(place.start + base, place.end + base)


class Sieve:
    """What is found in contents, by their names; all of it once ``end`` was called."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._waiting: list[Raw] = []
        self._size = 0
        self.found: dict[str, tuple[Held, ...]] = {}
        self.incomplete: set[str] = set()
        """Contents with more matches than were looked at."""

    def add(self, name: str, data: bytes) -> None:
        """Take a small content as a whole."""
        self._add((name, data, None))

    def add_text(self, text: Text) -> None:
        """Take a small text."""
        self._add((text.name, text.data, text.kind))

    def _add(self, content: Raw) -> None:
        self._waiting.append(content)
        self._size += len(content[1])
        if self._size > SIZE:
            self.flush()

    def flush(self) -> None:
        """Have what waits looked at."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if waiting:
            names = [name for name, _, _ in waiting]
            self._looker.look(waiting, partial(self._take, names))

    def end(self) -> None:
        """Wait for all that is found; there are no more contents."""
        self.flush()
        self._looker.end()

    def _take(self, names: Sequence[str], found: Sequence[Seen]) -> None:
        for seen in found:
            if not seen.complete:
                self.incomplete.add(names[seen.number])
            self.keep(names[seen.number], seen.held)

    def stream(self, name: str) -> "Stream":
        """Take a large content piece by piece."""
        return Stream(self, self._looker, name)

    def keep(self, name: str, found: Sequence[Held]) -> None:
        """Note what was found; an archive may have two members of one name."""
        if found:
            self.found[name] = (*self.found.get(name, ()), *found)


def _span(text: Text, start: int, end: int, line: int = 1, column: int = 1) -> Span | None:
    """Where a stretch is; ``line`` and ``column`` are where the text begins."""
    if text.kind is Kind.BINARY:
        return None
    ends = []
    for place in (start, end):
        before = text.data.rfind(b"\n", 0, place) + 1
        lines = text.data.count(b"\n", 0, place)
        letters = len(text.data[before:place].decode("utf-8", "replace"))
        ends.append((line + lines, letters + (1 if before else column)))
    return Span(*ends[0], *ends[1])


class Stream:
    """A content that comes in pieces."""

    def __init__(self, sieve: Sieve, looker: Looker, name: str) -> None:
        self._sieve = sieve
        self._looker = looker
        self._name = name
        self._kind: Kind | None = None
        self._decoder: Any = None
        self._parts: list[bytes] = []
        self._size = 0
        self._base = 0  # where the parts begin
        self._line, self._column = 1, 1
        self._found: dict[tuple[str, str], Held] = {}

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        if self._decoder is not None:
            piece = self._decoder.decode(piece).encode("utf-8", "replace")
        self._parts.append(piece)
        self._size += len(piece)
        if self._kind is None and self._size >= PROBE:
            self._begin()
        if self._size > SIZE - len(piece):  # the next one would be too much for one look
            data = b"".join(self._parts)
            self._look(data, last=False)
            gone = len(data) - _OVERLAP
            if self._kind is not Kind.BINARY:
                self._move(data, gone)
            self._parts = [data[gone:]]
            self._size = _OVERLAP
            self._base += gone

    def _begin(self) -> None:
        """Tell what it is, from what has come so far."""
        head = b"".join(self._parts)
        encoding, skipped = encoding_of(head)
        self._kind = Kind.BINARY if encoding is None else kind_of(self._name)
        if encoding:
            self._decoder = getincrementaldecoder(encoding)("replace")
            head = self._decoder.decode(head[skipped:]).encode("utf-8", "replace")
        elif skipped:
            head = head[skipped:]
        self._parts, self._size = [head], len(head)

    def _move(self, data: bytes, gone: int) -> None:
        """Count the lines of what is let go."""
        start = data.rfind(b"\n", 0, gone) + 1
        if start:
            self._line += data.count(b"\n", 0, gone)
            self._column = 1
        self._column += len(data[start:gone].decode("utf-8", "replace"))

    def end(self) -> None:
        """There are no more."""
        if self._kind is None:
            self._begin()
        kind = Kind.BINARY if self._kind is None else self._kind
        data = b"".join(self._parts)
        self._parts = []
        if not self._base:
            self._sieve.add_text(Text(self._name, data, kind))
            return
        self._look(data, last=True)

    def _look(self, data: bytes, *, last: bool) -> None:
        if data[:1] == b"\0" and not data.strip(b"\0"):  # a hole, or a bomb
            data = b""
            if not last:
                return
        kind = Kind.BINARY if self._kind is None else self._kind
        stretch = Stretch(self._base, self._line, self._column, last)
        self._looker.look([(self._name, data, kind)], partial(self._take, last=last), stretch)

    def _take(self, found: Sequence[Seen], *, last: bool) -> None:
        for seen in found:
            if not seen.complete:
                self._sieve.incomplete.add(self._name)
            for held in seen.held:
                self._keep(held)
        if last:
            self._sieve.keep(
                self._name,
                sorted(self._found.values(), key=lambda held: held.secret.candidate.start),
            )

    def _keep(self, held: Held) -> None:
        """Note a secret; where two parts overlap, it is seen twice."""
        secret = held.secret
        candidate = secret.candidate
        key = (candidate.rule, candidate.value.reveal())
        known = self._found.get(key)
        if known is not None:
            merged = tuple(sorted({*known.secret.occurrences, *secret.occurrences}))
            surer = max(known.secret.certainty, secret.certainty)
            self._found[key] = known._replace(
                secret=known.secret._replace(occurrences=merged, certainty=surer)
            )
            return
        if len(self._found) >= _MOST:
            self._sieve.incomplete.add(self._name)
            return
        self._found[key] = held

"""Looks for the texts that each match must hold, where there is no Hyperscan.

For little text each of them is looked for by itself, which needs no preparation. For more, all are
put into one pattern: for RE2 where it is installed, which is twenty times as fast, or for ``re``.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from seawall.secrets.finding.finder import SHIFT, TOO_MANY, Events
from seawall.secrets.rules.shapes import SHORTEST_LITERAL, Shape, without_edge

LITTLE = 32_768
"""Bytes up to which it takes longer to make one pattern of all texts than to look for each."""
_MEMORY = 64 << 20

Search = Callable[[bytes, int], Any]


class PlainFinder:
    """Finds literals; patterns without good ones it matches as they are."""

    ends = False

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._literals: dict[bytes, list[int]] = {}
        self._sources: list[tuple[int, bytes]] = []
        self._seen = 0
        self._patterns: list[tuple[int, Any]] | None = None
        self._beginning_with: dict[bytes, list[int]] = {}
        self._search: Search | None = None
        for index, shape in enumerate(shapes):
            if min(map(len, shape.literals), default=0) < SHORTEST_LITERAL:
                self._sources.append((index, without_edge(shape.source).encode("latin-1")))
                continue
            for literal in shape.literals:
                self._literals.setdefault(literal.encode("latin-1"), []).append(index)

    def twin(self) -> "PlainFinder":
        """See ``Finder``: it holds nothing that changes."""
        return self

    def find(self, data: bytes) -> tuple[Events, bool]:
        """See ``Finder``."""
        self._seen += len(data)
        if self._seen > LITTLE and self._search is None:
            self._prepare()
        events = array("Q")
        for place, indices in self._literals_in(data.lower()):
            events.extend([index << SHIFT | place + 1 for index in indices])
            if len(events) > TOO_MANY:
                return events, False
        for index, pattern in self._without_literals():
            events.extend([index << SHIFT | found.end() for found in pattern.finditer(data)])
        return events, len(events) <= TOO_MANY

    def _prepare(self) -> None:
        engine = _engine()
        for literal in self._literals:
            beginnings = (literal[:length] for length in range(1, len(literal) + 1))
            self._beginning_with[literal] = [
                index for text in beginnings for index in self._literals.get(text, ())
            ]
        self._search = engine(_any_of(self._literals)).search
        self._patterns = [(index, engine(source)) for index, source in self._sources]

    def _literals_in(self, lower: bytes) -> Iterator[tuple[int, Sequence[int]]]:
        """Places of literals, and the patterns that hold them."""
        if self._search is None:
            for literal, indices in self._literals.items():
                at = lower.find(literal)
                while at >= 0:
                    yield at, indices
                    at = lower.find(literal, at + len(literal))
            return
        at = 0
        while (found := self._search(lower, at)) is not None:
            at = found.start()
            yield at, self._beginning_with[found[0]]
            at += 1

    def _without_literals(self) -> Sequence[tuple[int, Any]]:
        if self._patterns is None:
            self._patterns = [(index, re.compile(source)) for index, source in self._sources]
        return self._patterns


def _engine() -> Callable[[bytes], Any]:
    """What compiles a pattern."""
    try:
        import re2  # noqa: PLC0415 - optional, and 20 ms
    except ImportError:
        return re.compile
    options = re2.Options()
    options.max_mem = _MEMORY
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False

    def compiled(source: bytes) -> Any:
        try:
            return re2.compile(source, options)
        except re2.error:  # a repeat of more than a thousand
            return re.compile(source)

    return compiled


def _any_of(texts: Iterable[bytes]) -> bytes:
    """A pattern for the longest of some texts that stands at a place: what they share is shared."""
    heads: dict[bytes, list[bytes]] = {}
    ends = False
    for text in texts:
        if text:
            heads.setdefault(text[:1], []).append(text[1:])
        else:
            ends = True
    if not heads:
        return b""
    parts = [re.escape(head) + _any_of(rest) for head, rest in sorted(heads.items())]
    if len(parts) == 1 and not ends:
        return parts[0]
    return b"(?:" + b"|".join(parts) + (b")?" if ends else b")")

"""Replaces secrets in a stream of bytes, as its lines come.

Lines are given out as soon as they are complete, so what is looked at is what has come so far and
a little of what went before. Held back are lines that are not complete, up to a limit, and private
keys until their end has come. Memory is bounded by these limits, whatever comes.
"""

from collections.abc import Iterable, Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.candidate import Certainty
from seawall.secrets.masking import key_blocks
from seawall.secrets.masking.values import Values
from seawall.secrets.rules.catalogued import id_of
from seawall.secrets.search import Search
from seawall.secrets.text import Kind, Text

LONGEST_LINE = 1 << 20
"""Bytes without the end of a line from which on it is given out in parts."""
_OVERLAP = 1 << 16
"""Bytes of such a line that are looked at again with its next part."""
_CONTEXT = 4096
"""Bytes that were given out and are looked at again: a name may stand on the line before."""
_LEAST = 2048
"""A piece with more matches than are counted is not halved any more."""
FLOOD = "too-many-matches"
"""Stands for what could not be looked at as a whole."""


class Span(NamedTuple):
    """What is to be replaced, and what is said in its place."""

    start: int
    end: int
    rule: str


class Masker:
    """Takes bytes as they come and gives them back without secrets."""

    def __init__(self, search: Search, values: Values, least: Certainty) -> None:
        self._search = search
        self._values = values
        self._least = least
        self._context = b""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> bytes:
        """What may be given out once these bytes have come."""
        buffer = self._buffer
        buffer += data
        is_long = len(buffer) >= LONGEST_LINE
        if not is_long and b"\n" not in data and b"\r" not in data:
            return b""
        end = self._before_open_key(max(buffer.rfind(b"\n"), buffer.rfind(b"\r")) + 1)
        if end:
            return self._give(end, end)
        return self._give(len(buffer) - _OVERLAP, len(buffer)) if is_long else b""

    def finish(self) -> bytes:
        """What is left at the end of the stream."""
        return self._give(len(self._buffer), len(self._buffer))

    def _before_open_key(self, end: int) -> int:
        """Where complete lines end that are not part of a key which goes on."""
        start = max(end - key_blocks.LONGEST, 0)
        found = list(key_blocks.blocks(bytes(self._buffer[start:end])))
        if not found or not found[-1].is_open:
            return end
        line = self._buffer.rfind(b"\n", 0, start + found[-1].start) + 1
        return line if end - line <= key_blocks.LONGEST else end

    def _give(self, end: int, seen: int) -> bytes:
        """The first bytes of what is held, masked, after a look at some more."""
        shift = len(self._context)
        window = self._context + bytes(self._buffer[:seen])
        result: list[bytes] = []
        at = shift
        for span in merged(self._spans(window)):
            if span.end <= shift:
                continue
            if span.start >= shift + end:
                break
            start = max(span.start, shift)
            result += (window[at:start], b"[redacted:%s]" % span.rule.encode("ascii", "replace"))
            at = span.end
        end = max(shift + end, at)  # a secret that goes over the end goes with the rest of it
        result.append(window[at:end])
        del self._buffer[: end - shift]
        self._context = _last_lines(window, end)
        return b"".join(result)

    def _spans(self, window: bytes) -> Iterator[Span]:
        for start, end in self._values.find(window):
            yield Span(start, end, "value")
        for block in key_blocks.blocks(window):
            for start, end in block.spans:
                yield Span(start, end, key_blocks.RULE)
        yield from self._found(window, 0)

    def _found(self, data: bytes, offset: int) -> Iterator[Span]:
        for found in self._search.run([Text("", data, Kind.PROSE)]):
            if not found.complete:
                yield from self._halves(data, offset)
                return
            for secret in found.secrets:
                if secret.certainty >= self._least:
                    for place in secret.occurrences:
                        rule = id_of(secret.candidate.rule)
                        yield Span(place.start + offset, place.end + offset, rule)

    def _halves(self, data: bytes, offset: int) -> Iterator[Span]:
        """Of bytes with more matches than are counted; what is left of them shows nothing."""
        if len(data) <= _LEAST:
            yield Span(offset, offset + len(data), FLOOD)
            return
        middle = data.find(b"\n", len(data) // 2) + 1
        if not middle or middle > len(data) * 3 // 4:
            middle = data.rfind(b"\n", 0, len(data) // 2) + 1 or len(data) // 2
        yield from self._found(data[:middle], offset)
        yield from self._found(data[middle:], offset + middle)


def _last_lines(window: bytes, end: int) -> bytes:
    start = max(end - _CONTEXT, 0)
    line = window.find(b"\n", start, end) + 1
    return window[line if start and 0 < line < end else start : end]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans apart from each other and in order; the one that begins first gives the name."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if result and span.start < result[-1].end:
            if span.end > result[-1].end:
                result[-1] = result[-1]._replace(end=span.end)
        else:
            result.append(span)
    return result

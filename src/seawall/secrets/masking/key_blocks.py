"""Private keys that a stream brings line by line, be they cut off or behind the prefixes of a log.

The search wants a whole key that can be read. A log may break off within one, or put the time
before each of its lines; what stands there is key material all the same.
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern

RULE = "private-key"
LONGEST = 32_768
"""Bytes from the first mark of a key to its end: no key is longer."""

_BEGIN = pattern(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-{1,5}|PuTTY-User-Key-File-[23]:"
)
_END = pattern(rb"-----END |Private-MAC:")
_HEADER = pattern(rb"(?:^|[\s|])[A-Za-z][\w-]{2,30}: ?[^\r\n]{0,200}$")
_RUN = pattern(rb"(?:[A-Za-z0-9+/]|\\+[nr])+={0,2}")
_LINE = pattern(rb"[^\r\n]+")
_LONG_RUN, _SHORT_RUN = 40, 16
"""Letters: a line of a key has the first, but for its last one; the second is no word."""
_TOLERATED = 1
"""Other lines within a key: programs write to a log side by side."""


class Block:
    """A key from its first mark on."""

    __slots__ = ("end", "is_open", "spans", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.spans: list[tuple[int, int]] = []
        """Where key material stands."""
        self.is_open = False
        """Whether more of it may come."""


def blocks(data: bytes) -> Iterator[Block]:
    """The keys in some lines, in order; only the last may be open."""
    behind = 0
    for mark in _BEGIN.finditer(data):
        if mark.start() >= behind:
            block = _block(data, mark.start(), mark.end())
            behind = block.end
            yield block


def _block(data: bytes, start: int, behind_mark: int) -> Block:
    block = Block(start)
    spans: list[tuple[int, int]] = []
    others = 0
    limit = start + LONGEST
    for line in _LINE.finditer(data, behind_mark):
        if line.start() > limit:
            break
        end = _END.search(data, *line.span())
        stop = line.end() if end is None else end.start()
        begins_anew = _BEGIN.search(data, line.start(), stop)
        if begins_anew is not None:
            block.end = line.start()
            return _settled(block, spans, closed=False)
        found = [
            run.span() for run in _RUN.finditer(data, line.start(), stop)
            if run.end() - run.start() >= _SHORT_RUN
        ]  # fmt: skip
        if end is not None:
            last = _last_word(data, line.start(), stop)
            block.end = end.end()
            return _settled(block, [*spans, *found, *last], closed=True)
        spans += found
        block.end = line.end()
        if found or not line[0].strip() or _HEADER.search(line[0]):
            others = 0
        else:
            others += 1
            if others > _TOLERATED:
                return _settled(block, spans, closed=False)
    else:
        block.is_open = True
    return _settled(block, spans, closed=False)


def _last_word(data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
    """What stands right before the end mark on its own line, as in a key on one line."""
    runs = [run.span() for run in _RUN.finditer(data, start, stop)]
    return runs[-1:] if runs and runs[-1][1] == stop else []


def _settled(block: Block, spans: list[tuple[int, int]], *, closed: bool) -> Block:
    """With the spans, if they are those of a key: one that is cut off has a long line at least."""
    if closed or any(end - start >= _LONG_RUN for start, end in spans):
        block.spans = spans
    return block

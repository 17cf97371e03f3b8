"""Lines and columns of stretches of a text that is bytes (UTF-8, as far as it is anything)."""

from collections.abc import Collection, Iterator

from seawall.core.location import Span
from seawall.secrets.candidate import Part

Place = tuple[int, int]


class Places:
    """Turns bytes of one text into places, as ``text.lines`` counts them."""

    def __init__(self, data: bytes, parts: Collection[Part]) -> None:
        """``parts`` are all that will be asked for: one walk over the text finds them."""
        self._data = data
        self.parts = parts
        """What may be asked for."""
        offsets = {offset for part in parts for offset in part}
        self._known = dict(_walked(data, sorted(offsets)))

    def span(self, part: Part) -> Span:
        """The place of a stretch."""
        return Span(*self._known[part.start], *self._known[part.end])

    def lines(self, part: Part) -> Iterator[Span]:
        """The place of a stretch, line by line."""
        line, column = self._known[part.start]
        data = self._data[part.start : part.end]
        if data.isascii() and b"\n" not in data and b"\r" not in data:  # most
            if data:
                yield Span(line, column, line, column + len(data))
            return
        text = data.decode("utf-8", "replace")
        for number, piece in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            start = 1 if number else column
            if piece:
                yield Span(line + number, start, line + number, start + len(piece))


def _walked(data: bytes, offsets: list[int]) -> Iterator[tuple[int, Place]]:
    line, column, at = 1, 1, 0
    returns = b"\r" in data
    for offset in offsets:
        end = offset
        if returns and data[offset - 1 : offset + 1] == b"\r\n":
            end -= 1  # it ends nothing before its LF
        start = data.rfind(b"\n", at, offset) + 1
        if returns:
            start = max(start, data.rfind(b"\r", at, end) + 1)
        if start:
            line += _ends(data, at, start) if returns else data.count(b"\n", at, start)
            at, column = start, 1
        column += len(data[at:offset].decode("utf-8", "replace"))
        at = offset
        yield offset, (line, column)


def _ends(data: bytes, start: int, end: int) -> int:
    """How many lines end in a stretch, which ends behind a line's end.

    A CR LF that it cuts in front of the LF counts there, with the LF.
    """
    returns = data.count(b"\r", start, end)
    return data.count(b"\n", start, end) + returns - data.count(b"\r\n", start, end)

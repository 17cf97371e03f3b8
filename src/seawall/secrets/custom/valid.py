"""Texts as RE2 reads them: UTF-8 throughout.

Go reads each byte that is no UTF-8 as U+FFFD; RE2 matches nothing there. So such bytes are written
as U+FFFD, and places are led back to where they were.
"""

import codecs
from bisect import bisect_left

from seawall.core.named_tuple import NamedTuple

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MORE = len(_REPLACEMENT.encode()) - 1
_HANDLER = "seawall.each-byte"


class Valid(NamedTuple):
    """A text that is UTF-8, and where it has more bytes than it had."""

    data: bytes
    replaced: tuple[int, ...] = ()
    """Where U+FFFD begins that stands for one byte, in order."""

    def place(self, offset: int) -> int:
        """A place of the text in what it was made of."""
        before = bisect_left(self.replaced, offset)
        if not before:
            return offset
        within = offset - self.replaced[before - 1] if before else 0
        return offset - _MORE * before + (_MORE - within + 1 if 0 < within <= _MORE else 0)


def valid(data: bytes) -> Valid:
    """Some bytes as UTF-8."""
    if data.isascii():
        return Valid(data)
    try:
        data.decode()
    except UnicodeDecodeError:
        pass
    else:
        return Valid(data)
    replaced: list[int] = []

    def each(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - what decoding raises
        for place in range(error.start, error.end):
            replaced.append(place + _MORE * len(replaced))
        return _REPLACEMENT * (error.end - error.start), error.end

    codecs.register_error(_HANDLER, each)
    return Valid(data.decode("utf-8", _HANDLER).encode(), tuple(replaced))

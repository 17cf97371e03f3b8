"""Portions: what a report says of some files, before it is known what stands around it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from seawall.core.named_tuple import NamedTuple

if TYPE_CHECKING:
    from seawall.core.rule import Rule

HOLE = "\0"
"""Stands in a text where something is that the whole report decides, such as a number. No format
holds this character, and no writer lets it through."""

Plain = Any
"""Tuples, texts, bytes and whole numbers, as a cache keeps them."""


class Piece(NamedTuple):
    """A text, and what is known here of its holes: what that means is up to the format."""

    text: str
    holes: tuple[Plain, ...] = ()


class Portion(NamedTuple):
    """What a report in one format says of some files.

    Pieces may be put together: of the texts of two pieces, and of their holes, becomes one piece.
    """

    texts: tuple[Iterable[Piece], ...]
    """Such as what is said of findings, and of what is suppressed; each is gone through once."""
    rules: "tuple[Rule, ...]" = ()
    """The rules that a report describes besides, each once."""
    facts: tuple[Plain, ...] = ()
    """What has to be known of all portions before the first text is written."""


def pieces(portions: Sequence[Portion], number: int) -> Iterator[Piece]:
    """One of the texts of all portions."""
    return chain.from_iterable(portion.texts[number] for portion in portions)


def filled(text: str, values: Iterable[str]) -> str:
    """A text with its holes filled: one value for each."""
    first, *rest = text.split(HOLE)
    return first + "".join(chain.from_iterable(zip(values, rest, strict=True)))


class Marks:
    """Tells findings apart that have the same fingerprint, over all of a report.

    The second of them (the same object in two files) gets ``-2`` appended, the third ``-3`` and so
    on, in the order in which they are asked about.
    """

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}

    def ending(self, mark: bytes) -> str:
        """What is to be appended to a fingerprint, given as its 16 bytes; mostly nothing."""
        count = self._counts[mark] = self._counts.get(mark, 0) + 1
        return "" if count == 1 else f"-{count}"

    def fill(self, of_format: Iterable[Piece]) -> Iterator[str]:
        """Texts in which each hole is the end of the fingerprint that is known of it."""
        for text, holes in of_format:
            own = dict.fromkeys(holes, 1)
            if len(own) == len(holes) and self._counts.keys().isdisjoint(own):  # nearly always
                self._counts |= own
                yield text.replace(HOLE, "")
            else:
                yield filled(text, map(self.ending, holes))

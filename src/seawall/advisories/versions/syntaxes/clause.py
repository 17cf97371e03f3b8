"""What notations of ranges have in common: comparisons, their conjunction, and the error."""

from collections.abc import Callable, Iterable

from seawall.advisories.versions.interval import (
    EVERYTHING,
    FIRST,
    LAST,
    Interval,
    after,
    complement,
    intersection,
)
from seawall.core.named_tuple import NamedTuple

Intervals = tuple[Interval, ...]
Key = Callable[[str], bytes | None]

ALL: Intervals = (EVERYTHING,)
NONE: Intervals = ()
LONGEST = 5000
"""Characters a range may have."""
_MOST = 200
"""Comparisons a range may have."""


class RangeError(ValueError):
    """A range that cannot be understood; the message has its text and what is wrong with it."""

    def __init__(self, text: str, reason: str) -> None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        super().__init__(f"range {shown!r}: {reason}")
        self.text = text
        self.reason = reason


class Clause(NamedTuple):
    """Comparisons that must all hold."""

    intervals: Intervals
    """In order and without overlaps."""
    named: tuple[str, ...] = ()
    """The versions that stand in it: whether one is a pre-release tells if others are let in."""


def versions_key(text: str, version: str, key: Key) -> bytes:
    """The key of a version in a range."""
    found = key(version)
    if found is None:
        raise RangeError(text, f"{version!r} is no version")
    return found


def comparison(operator: str, key: bytes) -> Intervals | None:
    """The versions for which a comparison with a key holds; ``None``: there is no such operator."""
    match operator:
        case "<" | "<<":
            return one(FIRST, key)
        case "<=":
            return one(FIRST, after(key))
        case ">" | ">>":
            return one(after(key), LAST)
        case ">=":
            return one(key, LAST)
        case "=" | "==" | "===" | "":
            return one(key, after(key))
        case "!=" | "<>" | "!":
            return complement(one(key, after(key)))
    return None


def one(lo: bytes, hi: bytes) -> Intervals:
    """The versions from one bound to another."""
    return (Interval(lo, hi),) if lo < hi else NONE


def every(text: str, parts: Iterable[Intervals], named: Iterable[str] = ()) -> Clause:
    """The clause of comparisons that must all hold."""
    result = ALL
    for count, part in enumerate(parts):
        if count >= _MOST:
            raise RangeError(text, f"it has more than {_MOST} comparisons")
        result = intersection(result, part)
    return Clause(result, tuple(named))


def checked(text: str) -> str:
    """A range without the blanks around it, once it is no longer than any can be."""
    if len(text) > LONGEST:
        raise RangeError(text, f"it is longer than {LONGEST} characters")
    return text.strip()

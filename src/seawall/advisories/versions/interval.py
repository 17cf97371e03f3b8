"""Intervals of versions, as keys: half open, so that one comparison of bytes decides."""

from collections.abc import Iterable
from typing import NamedTuple

FIRST = b""
"""Before every version."""
LAST = b"\xff\xff"
"""After every version."""


class Interval(NamedTuple):
    """The versions whose key ``k`` has ``lo <= k < hi``."""

    lo: bytes
    hi: bytes


EVERYTHING = Interval(FIRST, LAST)


def after(key: bytes) -> bytes:
    """The least bound above a key and below every greater one: keys have no key as a prefix."""
    return key + b"\x00"


def contains(intervals: Iterable[Interval], key: bytes) -> bool:
    """Whether a version lies in one of some intervals."""
    return any(lo <= key < hi for lo, hi in intervals)

"""Intervals of versions, as keys: half open, so that one comparison of bytes decides."""

from collections.abc import Iterable

from seawall.core.named_tuple import NamedTuple

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


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same versions in the fewest intervals, in order."""
    result: list[Interval] = []
    for lo, hi in sorted(intervals):
        if result and lo <= result[-1].hi:
            if hi > result[-1].hi:
                result[-1] = Interval(result[-1].lo, hi)
        elif lo < hi:
            result.append(Interval(lo, hi))
    return tuple(result)


def intersection(one: Iterable[Interval], other: Iterable[Interval]) -> tuple[Interval, ...]:
    """The versions that are in both; each side in order and without overlaps, as is the result."""
    left, right = list(one), list(other)
    result: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        lo = max(left[i].lo, right[j].lo)
        hi = min(left[i].hi, right[j].hi)
        if lo < hi:
            result.append(Interval(lo, hi))
        if left[i].hi < right[j].hi:
            i += 1
        else:
            j += 1
    return tuple(result)


def complement(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The versions that are in none; the intervals in order and without overlaps."""
    result = []
    lo = FIRST
    for interval in intervals:
        if lo < interval.lo:
            result.append(Interval(lo, interval.lo))
        lo = interval.hi
    if lo < LAST:
        result.append(Interval(lo, LAST))
    return tuple(result)

"""Stretches of a text around events, and the matches of a pattern in them."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from seawall.secrets.rules.shapes import Shape


def windows(places: Iterable[int], before: int, after: int, size: int) -> list[tuple[int, int]]:
    """The stretches from ``before`` bytes in front of places to ``after`` bytes behind them.

    In order, and apart from each other.
    """
    found: list[tuple[int, int]] = []
    start = end = -1
    for place in sorted(places):
        if end < 0 or place - before > end:
            if end >= 0:
                found.append((start, end))
            start = max(place - before, 0)
        end = min(place + after, size)
    if end >= 0:
        found.append((start, end))
    return found


def lines(data: bytes, ends: Iterable[int], before: int, breaks: int) -> list[tuple[int, int]]:
    """The same for the ends of matches that go over to other lines in few runs of blanks only.

    They begin on the line that ends in front of the last of these runs.
    """
    found: list[tuple[int, int]] = []
    for end in sorted(ends):
        low = max(end - before, 0)
        at = end
        for _ in range(breaks):
            at = data.rfind(b"\n", low, at)
            if at < 0:
                break
            at = low + len(data[low:at].rstrip())
        start = low if at < 0 else max(data.rfind(b"\n", low, at) + 1, low)
        if found and start <= found[-1][1]:
            found[-1] = (min(start, found[-1][0]), end)
        else:
            found.append((start, end))
    return found


def matches(
    shape: Shape, data: bytes, stretches: Iterable[tuple[int, int]], overlap: int = 0
) -> Iterator[re.Match[bytes]]:
    """The matches in some stretches; the next is looked for ``overlap`` bytes before one's end."""
    pattern = compiled(shape.source)
    literals = encoded(shape.literals) if shape.leads else ()
    behind = 0
    for start, end in stretches:
        at = max(start, behind)
        if shape.leads:
            for place in _literals_in(literals, data, at, end):
                if place >= at and (match := pattern.match(data, place)) is not None:
                    at = behind = max(match.end() - overlap, place + 1)
                    yield match
            continue
        while (match := pattern.search(data, at, end)) is not None:
            if match.end() == end < len(data):  # the end of the stretch may have cut it
                match = pattern.match(data, match.start()) or match
            at = behind = max(match.end() - overlap, match.start() + 1)
            yield match


def _literals_in(literals: tuple[bytes, ...], data: bytes, start: int, end: int) -> list[int]:
    """Where the literals stand: to look for them is ten times as fast as to try the pattern."""
    lower = data[start:end].lower()
    found: list[int] = []
    if _FEW < len(literals) < _MANY:  # in one pattern they are found twice as fast as one by one
        search, at = _any_of(literals).search, 0
        while (match := search(lower, at)) is not None:
            at = match.start() + 1
            found.append(start + at - 1)
        return found
    for literal in literals:
        if literal not in lower:  # three times as fast as to look for the place
            continue
        at = lower.find(literal)
        while at >= 0:
            found.append(start + at)
            at = lower.find(literal, at + 1)
    found.sort()
    return found


_FEW, _MANY = 8, 64
"""Literals that are not worth a pattern of their own, or would make one that is slow to compile."""


@lru_cache(maxsize=64)
def _any_of(literals: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, literals)))


@lru_cache(maxsize=1024)
def encoded(literals: tuple[str, ...]) -> tuple[bytes, ...]:
    """Texts as bytes."""
    return tuple(literal.encode("latin-1") for literal in literals)


@lru_cache(maxsize=1024)
def compiled(source: str) -> re.Pattern[bytes]:
    """A pattern for bytes."""
    return re.compile(source.encode("latin-1"))

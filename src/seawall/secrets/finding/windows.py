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
    found = []
    for literal in literals:
        if literal not in lower:  # three times as fast as to look for the place
            continue
        at = lower.find(literal)
        while at >= 0:
            found.append(start + at)
            at = lower.find(literal, at + 1)
    found.sort()
    return found


@lru_cache(maxsize=1024)
def encoded(literals: tuple[str, ...]) -> tuple[bytes, ...]:
    """Texts as bytes."""
    return tuple(literal.encode("latin-1") for literal in literals)


@lru_cache(maxsize=1024)
def compiled(source: str) -> re.Pattern[bytes]:
    """A pattern for bytes."""
    return re.compile(source.encode("latin-1"))

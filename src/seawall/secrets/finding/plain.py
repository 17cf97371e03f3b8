"""Looks for the texts that each match must hold.

Ten times slower than Hyperscan, but there at once and everywhere.
"""

import re
from array import array
from collections.abc import Sequence

from seawall.secrets.finding.finder import SHIFT, TOO_MANY, Events
from seawall.secrets.rules.shapes import SHORTEST_LITERAL, Shape


class PlainFinder:
    """Finds literals with ``bytes.find``; patterns without good ones it matches as they are."""

    ends = False

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._literals: dict[bytes, list[int]] = {}
        self._patterns: list[tuple[int, re.Pattern[bytes]]] = []
        for index, shape in enumerate(shapes):
            if min(map(len, shape.literals), default=0) < SHORTEST_LITERAL:
                self._patterns.append((index, re.compile(shape.source.encode("latin-1"))))
                continue
            for literal in shape.literals:
                self._literals.setdefault(literal.encode("latin-1"), []).append(index)

    def find(self, data: bytes) -> tuple[Events, bool]:
        """See ``Finder``."""
        events = array("Q")
        lower = data.lower()
        for literal, indices in self._literals.items():
            at = lower.find(literal)
            while at >= 0:
                events.extend([index << SHIFT | at + 1 for index in indices])
                if len(events) > TOO_MANY:
                    return events, False
                at = lower.find(literal, at + len(literal))
        for index, pattern in self._patterns:
            events.extend([index << SHIFT | found.end() for found in pattern.finditer(data)])
        return events, len(events) <= TOO_MANY

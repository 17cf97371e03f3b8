"""Stretches of a text that can be read one by one: what stands elsewhere changes nothing in them.

A finder tells where patterns may match. What readers then look at is the match, at most as far as
its pattern goes, the lines that it begins and ends on, and what a form or a pair of rules reaches
for beyond these. Places whose stretches have a byte in common but a line end are read together.
"""

from collections.abc import Iterable, Sequence

from seawall.core.named_tuple import NamedTuple

BITS = 10
"""A place and the index of its pattern are one number, ``place << BITS | index``: events of a text
are sorted by place."""
MOST_PATTERNS = 1 << BITS


class Stretch(NamedTuple):
    """Bytes from a line end, or the beginning of the text, to one; the end is exclusive."""

    start: int
    end: int
    events: list[int]


def stretches(
    data: bytes, events: Iterable[int], reaches: Sequence[tuple[int, int]]
) -> list[Stretch]:
    """The stretches that hold some events, which are sorted, in order and apart from each other.

    ``reaches`` has for each pattern how many bytes in front of an event and behind it are read
    beside the lines at both ends.
    """
    found: list[Stretch] = []
    held: list[int] = []
    start = limit = end = 0
    """``limit`` has to be read; ``end``, where it is larger, is behind the line end there."""
    for event in events:
        place = event >> BITS
        before, after = reaches[event & (MOST_PATTERNS - 1)]
        first = place - before
        if held and first > limit:
            if end <= limit:
                end = data.find(b"\n", limit) + 1 or len(data)
            if first >= end:
                found.append(Stretch(start, end, held))
                held = []
        if not held:
            start = max(data.rfind(b"\n", 0, max(first, 0)), 0)
            limit = end = 0
        elif first <= start and start:  # it reaches further than those before it
            start = max(data.rfind(b"\n", 0, max(first, 0)), 0)
            while found and found[-1].end > start + 1:
                earlier = found.pop()
                start = min(start, earlier.start)
                held = earlier.events + held
        held.append(event)
        limit = max(limit, place + after)
    if held:
        end = end if end > limit else data.find(b"\n", limit) + 1 or len(data)
        found.append(Stretch(start, end, held))
    return found

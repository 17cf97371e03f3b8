"""What can be said of commits without the history that gives them an order.

Source: the OSV schema 1.7.5, "Evaluation": a commit that introduces a fault and one that is the
last to have it are affected, one that mends it is not. Whatever lies between, before and after is
not judged here.
"""

from collections.abc import Sequence

from seawall.advisories.advisory import Events
from seawall.advisories.repositories import NO_ORDER, is_commit, tag
from seawall.advisories.spans import Reading, Span
from seawall.advisories.versions.interval import FIRST, LAST
from seawall.core.named_tuple import NamedTuple

_FIRST = "0"

Range = Sequence[Events]
"""The pairs of one range, each a start and an end of it."""


class Judged(NamedTuple):
    """The commits that a record judges by naming them."""

    affected: tuple[str, ...]
    mended: tuple[str, ...]
    is_all: bool
    """Whether every commit is affected: a range that begins with the first and has no end."""


def judged(ranges: Sequence[Range]) -> Judged:
    """What all ranges of one repository say together: any of them is enough to be affected."""
    affected = {commit for each in ranges for commit in _named(each) if is_commit(commit)}
    is_all = any(each and all(pair == Events(_FIRST) for pair in each) for each in ranges)
    # What mends one range may lie within another one.
    mended = set.intersection(*map(_ends, ranges)) if ranges and not is_all else set()
    return Judged(tuple(sorted(affected)), tuple(sorted(mended - affected)), is_all)


def reading(tags: Sequence[str], found: Judged) -> Reading:
    """The rows of who is affected."""
    if found.is_all:
        return Reading((Span(FIRST, LAST, "", ""),), (), ())
    exact = sorted({*map(tag, tags), *found.affected})
    # What lists its tags is told whole by them.
    return Reading((), tuple(exact), () if tags else (NO_ORDER,))


def _named(pairs: Range) -> set[str]:
    return {commit for pair in pairs for commit in (pair.introduced, pair.last_affected)}


def _ends(pairs: Range) -> set[str]:
    return {pair.fixed for pair in pairs if is_commit(pair.fixed)}

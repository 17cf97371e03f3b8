"""Ranges of Maven and of NuGet: ``[1.0,2.0)``, ``(,1.0]``, ``[1.5]``, several with commas between.

Sources: Maven's "Version Range Specification"; NuGet's "Package versioning". A version without
brackets only recommends, and lets in all (Maven), or is the least one (NuGet, which has ``1.*``,
too).
"""

from seawall.advisories.versions.interval import FIRST, LAST, after, union
from seawall.advisories.versions.syntaxes import comparators
from seawall.advisories.versions.syntaxes.clause import (
    ALL,
    Clause,
    Intervals,
    Key,
    RangeError,
    checked,
    one,
    versions_key,
)
from seawall.core.lazy import pattern

_BRACKETS = pattern(r"\s*([\[(])\s*([^\[\](),]*?)\s*(?:(,)\s*([^\[\](),]*?)\s*)?([\])])\s*(?:,|$)")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a range of Maven."""
    own = checked(text)
    if own[:1] in {"<", ">", "=", "!"}:
        return comparators.clauses(text, key)
    if own[:1] in {"[", "("}:
        return brackets(text, own, key)
    versions_key(text, own, key)
    return (Clause(ALL),)


def brackets(text: str, own: str, key: Key) -> tuple[Clause, ...]:
    """The one clause of intervals in brackets."""
    result: list[Intervals] = []
    named = []
    at = 0
    while at < len(own):
        found = _BRACKETS.match(own, at)
        if found is None:
            raise RangeError(text, f"{own[at:]!r} is no interval such as [1.0,2.0)")
        result.append(_interval(text, *found.groups(), key=key))
        named += [version for version in (found[2], found[4]) if version]
        at = found.end()
    return (Clause(union(each for part in result for each in part), tuple(named)),)


def _interval(
    text: str, left: str, lo: str, comma: str | None, hi: str | None, right: str, *, key: Key
) -> Intervals:
    """The versions in one pair of brackets."""
    if comma is None:
        if (left, right) != ("[", "]") or not lo:
            raise RangeError(text, "a single version needs square brackets: [1.0]")
        own = versions_key(text, lo, key)
        return one(own, after(own))
    first, last = FIRST, LAST
    if lo:
        first = versions_key(text, lo, key)
        first = first if left == "[" else after(first)
    if hi:
        last = versions_key(text, hi, key)
        last = after(last) if right == "]" else last
    return one(first, last)

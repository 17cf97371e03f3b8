"""Compatibility of Julia's Pkg: ``1.2, 2`` (either of them), ``~1.2.3``, ``=1.2.3``, ``1 - 3.4``.

Source: Pkg.jl, "Compatibility": a version alone is as ``^``; commas are between alternatives.
"""

from seawall.advisories.versions.interval import FIRST, LAST
from seawall.advisories.versions.syntaxes.clause import (
    Clause,
    Intervals,
    Key,
    RangeError,
    checked,
    comparison,
    one,
    versions_key,
)
from seawall.advisories.versions.syntaxes.partial import Partial, caret, partial, tilde
from seawall.core.lazy import pattern

_HYPHEN = pattern(r"\s*(\S+)\s+-\s+(\S+)\s*")
_COMPARISON = pattern(r"\s*([<>]=?|≥|≤|=|[~^]|)\s*([^\s<>=~^,]+)\s*")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of an entry, between which commas stand."""
    return tuple(Clause(_entry(text, each, key)) for each in checked(text).split(","))


def _entry(text: str, entry: str, key: Key) -> Intervals:
    hyphen = _HYPHEN.fullmatch(entry)
    if hyphen is not None:
        lo, last = partial(text, hyphen[1]), partial(text, hyphen[2])
        return one(versions_key(text, lo.full, key), _end(text, last, key))
    found = _COMPARISON.fullmatch(entry)
    if found is None:
        raise RangeError(text, f"{entry.strip()!r} is no version")
    version = partial(text, found[2])
    own = versions_key(text, version.full, key)
    match found[1]:
        case "" | "^":
            end = caret(version)
        case "~":
            end = tilde(version)
        case "=":
            return one(own, _end(text, Partial((*version.numbers, 0, 0)[:3]), key))
        case "≤" | "<=":
            return one(FIRST, _end(text, version, key))
        case ">=" | "≥":
            return one(own, LAST)
        case operator:
            return comparison(operator, own) or ()
    return one(own, LAST if end is None else versions_key(text, end, key))


def _end(text: str, version: Partial, key: Key) -> bytes:
    """The bound behind a version and all that begin as it does."""
    if not version.numbers:
        return LAST
    return versions_key(text, version.next(len(version.numbers) - 1), key)

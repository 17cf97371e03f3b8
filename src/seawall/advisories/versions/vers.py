"""``vers:`` ranges: ``vers:npm/>=1.0.0|<2.0.0|!=1.5.0``.

Source: the VERS specification (package-url/vers-spec): comparisons sorted by version; those that
follow each other make an interval when the first is a lower and the second an upper end.
"""

from typing import NamedTuple

from seawall.advisories.versions.interval import (
    EVERYTHING,
    FIRST,
    LAST,
    Interval,
    after,
    complement,
    intersection,
    union,
)
from seawall.advisories.versions.schemes import Scheme, scheme, scheme_of
from seawall.advisories.versions.syntaxes.clause import LONGEST, RangeError
from seawall.core.lazy import pattern
from seawall.packages.ecosystems import ecosystem_of

_VERS = pattern(r"vers:([a-z][a-z0-9.-]*)/(.+)")
_CONSTRAINT = pattern(r"(>=|<=|!=|[<>=]|)([^<>=!|]+)")
_ESCAPE = pattern(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = pattern(r"%(?![0-9A-Fa-f]{2})")
_SCHEMES = {
    "apk": "apk",
    "dart": "pub",
    "deb": "debian",
    "generic": "generic",
    "intdot": "numbers",
    "rpm": "rpm",
    "semver": "semver",
}


class Vers(NamedTuple):
    """A range of the VERS specification."""

    type: str
    """That of a package URL, or ``semver``, ``intdot``, ``generic`` ..."""
    constraints: tuple[tuple[str, str], ...]
    """Comparator and version, in the order of the text."""
    intervals: tuple[Interval, ...]
    """The versions in it, in order and without overlaps."""


def parse(text: str) -> Vers:
    """A range; the order of its constraints is of no account.

    Raises:
        RangeError: the text is no range, a version in it is none, or its type has no known order.
    """
    if len(text) > LONGEST:
        raise RangeError(text, f"it is longer than {LONGEST} characters")
    if any(each.isspace() for each in text):
        raise RangeError(text, "blanks may not stand in it")
    found = _VERS.fullmatch(text)
    if found is None:
        raise RangeError(text, "it is not of the form vers:TYPE/CONSTRAINTS")
    type_, written = found.groups()
    if written == "*":
        return Vers(type_, (("*", ""),), () if type_ == "none" else (EVERYTHING,))
    own = _scheme(type_)
    if own is None:
        raise RangeError(text, f"versions of type {type_!r} have no known order")
    constraints = tuple(_constraint(text, each) for each in written.split("|"))
    return Vers(type_, constraints, _intervals(text, constraints, own))


def _scheme(type_: str) -> Scheme | None:
    name = _SCHEMES.get(type_)
    return scheme_of(ecosystem_of(type_)) if name is None else scheme(name)


def _constraint(text: str, written: str) -> tuple[str, str]:
    """The comparator and version of a constraint."""
    found = _CONSTRAINT.fullmatch(written)
    if found is None:
        reason = "a | has nothing before or behind it" if not written else f"{written!r} is none"
        raise RangeError(text, reason)
    if _STRAY_PERCENT.search(found[2]):
        raise RangeError(text, f"{found[2]!r} has a % that is not followed by two hex digits")
    return found[1] or "=", _ESCAPE.sub(lambda each: chr(int(each[1], 16)), found[2])


def _intervals(
    text: str, constraints: tuple[tuple[str, str], ...], own: Scheme
) -> tuple[Interval, ...]:
    """The versions that constraints let in."""
    ends: list[tuple[bytes, str]] = []
    single: list[Interval] = []
    without: list[Interval] = []
    for comparator, version in constraints:
        key = own.key(version)
        if key is None:
            raise RangeError(text, f"{version!r} is no version")
        if comparator in {"=", "!="}:
            (single if comparator == "=" else without).append(Interval(key, after(key)))
        else:
            ends.append((key, comparator))
    if without and not ends and not single:
        return complement(union(without))
    ranges = union([*single, *_between(sorted(ends))])
    return intersection(ranges, complement(union(without)))


def _between(ends: list[tuple[bytes, str]]) -> list[Interval]:
    """The intervals of sorted comparisons, as the specification's algorithm finds them."""
    result = []
    lower = FIRST
    open_ = True
    for key, comparator in ends:
        if comparator[0] == ">":
            lower = key if comparator == ">=" else after(key)
            open_ = True
        elif open_:
            result.append(Interval(lower, after(key) if comparator == "<=" else key))
            open_ = False
    if ends and ends[-1][1][0] == ">":
        result.append(Interval(lower, LAST))
    return result

"""Constraints of Dart's Pub: ``^1.2.3``, ``>=1.0.0 <2.0.0``, ``any``.

Source: ``pub_semver``: ``^0.1.2`` ends at 0.2.0, ``^0.0.1`` at 0.1.0; ``<2.0.0`` does not let in
the pre-releases of 2.0.0, unless the lower end is one of them.
"""

from seawall.advisories.versions.syntaxes.clause import (
    ALL,
    Clause,
    Intervals,
    Key,
    RangeError,
    checked,
    comparison,
    every,
    one,
    versions_key,
)
from seawall.advisories.versions.syntaxes.partial import Partial, partial
from seawall.core.lazy import pattern

_COMPARISON = pattern(r"\s*(\^|[<>]=?|=|)\s*([^\s<>=^,]+)\s*,?")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The one clause of a constraint."""
    own = checked(text)
    if own in {"", "any"}:
        return (Clause(ALL),)
    found = []
    at = 0
    while at < len(own):
        match = _COMPARISON.match(own, at)
        if match is None:
            raise RangeError(text, f"{own[at:]!r} is no comparison")
        found.append((match[1], match[2]))
        at = match.end()
    least = next((partial(text, each) for operator, each in found if operator[:1] == ">"), None)
    parts = [_comparison(text, operator, each, least, key) for operator, each in found]
    return (every(text, parts, [each for _, each in found]),)


def _comparison(
    text: str, operator: str, written: str, least: Partial | None, key: Key
) -> Intervals:
    version = partial(text, written)
    own = versions_key(text, written, key)
    if operator == "^":
        place = 0 if version.numbers[:1] != (0,) else 1
        end = Partial((*version.numbers, 0, 0)[:3]).next(place)
        return one(own, versions_key(text, end, key))
    is_plain = not version.pre_release and "+" not in written
    if operator == "<" and is_plain and not _is_before(least, version):
        own = versions_key(text, f"{version.full}-0", key)
    return comparison(operator, own) or ()


def _is_before(least: Partial | None, version: Partial) -> bool:
    """Whether the lower end is a pre-release of the upper one."""
    return least is not None and bool(least.pre_release) and least.numbers == version.numbers

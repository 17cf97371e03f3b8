"""Ranges of Conan: ``[>=1.2 <2 || ^3.1]``, ``[~1.2, include_prerelease]``.

Source: Conan 2, "Version ranges".
"""

from seawall.advisories.versions.interval import after
from seawall.advisories.versions.syntaxes.clause import (
    ALL,
    NONE,
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
from seawall.core.lazy import pattern

_COMPARISON = pattern(r"\s*([<>]=?|=|[~^]|)\s*([^\s<>=~^,]+)\s*")
_NUMBERS = pattern(r"[0-9]+(?:\.[0-9]+)*")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a range, between which ``||`` stands."""
    own = checked(text)
    if own[:1] == "[" and own[-1:] == "]":
        own = own[1:-1]
    own, _, options = own.partition(",")
    named = ("0-0",) if "include_prerelease" in options else ()
    return tuple(_clause(text, each.strip(), named, key) for each in own.split("||"))


def _clause(text: str, alternative: str, allowed: tuple[str, ...], key: Key) -> Clause:
    parts, named = [], [*allowed]
    at = 0
    while at < len(alternative):
        found = _COMPARISON.match(alternative, at)
        if found is None:
            raise RangeError(text, f"{alternative[at:]!r} is no comparison")
        parts.append(_comparison(text, found[1], found[2], key))
        named.append(found[2])
        at = found.end()
    return every(text, parts, named)


def _comparison(text: str, operator: str, version: str, key: Key) -> Intervals:
    if version in {"*", "*-"}:
        return ALL
    own = versions_key(text, version, key)
    if operator in {"~", "^"}:
        found = _NUMBERS.match(version)
        if found is None:
            raise RangeError(text, f"{version!r} does not begin with a number")
        numbers = [int(each[:300]) for each in found[0].split(".")]
        if operator == "~":
            place = min(1, len(numbers) - 1)
        else:
            place = next((at for at, each in enumerate(numbers) if each), len(numbers) - 1)
        following = ".".join(map(str, [*numbers[:place], numbers[place] + 1]))
        return one(own, versions_key(text, f"{following}-", key))
    if operator == "":
        return one(own, after(own))
    return comparison(operator, own) or NONE

"""Requirements of RubyGems: ``~> 1.2, >= 1.2.3``.

Source: ``Gem::Requirement``: ``~> 2.2`` is 2.2 and more, as long as the release is below 3, so
that no pre-release of 3 is let in.
"""

from seawall.advisories.versions.syntaxes.clause import (
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

_REQUIREMENT = pattern(r"\s*(~>|[<>!]?=|[<>]|)\s*([0-9A-Za-z.-]+)\s*")
_LEADING = pattern(r"[0-9]+(?:\.[0-9]+)*")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The one clause of a requirement; an empty one lets in all."""
    own = checked(text).strip("()")
    parts, named = [], []
    for each in own.split(",") if own else []:
        found = _REQUIREMENT.fullmatch(each)
        if found is None:
            raise RangeError(text, f"{each.strip()!r} is no requirement")
        named.append(found[2])
        parts.append(_requirement(text, found[1], found[2], key))
    return (every(text, parts, named),)


def _requirement(text: str, operator: str, version: str, key: Key) -> Intervals:
    own = versions_key(text, version, key)
    if operator != "~>":
        return comparison(operator, own) or ()
    leading = _LEADING.match(version)
    numbers = leading[0].split(".") if leading else ["0"]
    if len(numbers) > 1:
        numbers.pop()
    following = ".".join([*numbers[:-1], str(int(numbers[-1][:300]) + 1)])
    return one(own, before_pre_releases(versions_key(text, following, key)))


def before_pre_releases(release: bytes) -> bytes:
    """The bound before all pre-releases of a release: its key ends in "zeros, at the end"."""
    return release[:-2] + b"\x01"

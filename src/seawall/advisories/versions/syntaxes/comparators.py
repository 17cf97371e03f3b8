"""Comparisons as advisories and package managers write them: ``>= 2.0, < 2.4.1``, ``<< 1.2``.

For GitHub's advisories, Debian, RPM, CRAN, opam, Go, Swift, GitHub Actions and whoever has no
notation of its own. Commas, ``&``, ``&&`` and blanks stand between what must hold together, ``||``
and ``|`` between alternatives; brackets around and quotation marks count for nothing.
"""

from seawall.advisories.versions.interval import FIRST, LAST
from seawall.advisories.versions.syntaxes.clause import (
    Clause,
    Key,
    RangeError,
    checked,
    comparison,
    every,
    one,
    versions_key,
)
from seawall.core.lazy import pattern

_COMPARISON = pattern(r"\s*([<>=!]{1,3}|)\s*([^\s<>=!,&|]+)\s*(?:,|&&?|\band\b)?")
_SWIFT = pattern(r"\s*([0-9][^\s<]*?)\s*(\.\.[.<])\s*([0-9]\S*)\s*")
_OR = pattern(r"\|\|?|\bor\b")
_QUOTES = {ord(each): None for each in "\"'(){}"}


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a range."""
    own = checked(text).translate(_QUOTES)
    return tuple(_clause(text, each.strip(), key) for each in _OR.split(own))


def _clause(text: str, alternative: str, key: Key) -> Clause:
    """Comparisons that must all hold."""
    if not alternative:
        raise RangeError(text, "a part of it is empty")
    if alternative == "*":
        return Clause(one(FIRST, LAST))
    swift = _SWIFT.fullmatch(alternative)
    if swift is not None:
        last = comparison("<" if swift[2] == "..<" else "<=", versions_key(text, swift[3], key))
        first = one(versions_key(text, swift[1], key), LAST)
        return every(text, [first, last or ()], (swift[1], swift[3]))
    parts, named = [], []
    at = 0
    while at < len(alternative):
        found = _COMPARISON.match(alternative, at)
        if found is None:
            raise RangeError(text, f"{alternative[at:]!r} is no comparison")
        part = comparison(found[1], versions_key(text, found[2], key))
        if part is None:
            raise RangeError(text, f"{found[1]!r} is no operator")
        parts.append(part)
        named.append(found[2])
        at = found.end()
    return every(text, parts, named)

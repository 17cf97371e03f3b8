"""Ranges of npm: ``^1.2.3``, ``~1.2``, ``1.x``, ``>=1 <2``, ``1.2 - 2.3``, ``||``.

Source: the grammar of ``node-semver`` and its ``Range`` with ``includePrerelease``. Commas are as
blanks, as GitHub's advisories write them.
"""

from seawall.advisories.versions.interval import FIRST, LAST, after
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
from seawall.advisories.versions.syntaxes.partial import Partial, caret, partial, tilde
from seawall.core.lazy import pattern

_HYPHEN = pattern(r"\s*(\S+)\s+-\s+(\S+)\s*")
_COMPARATOR = pattern(r"\s*(~>|[<>]=?|!=|=+|~|\^|)\s*([^\s<>=~^!,]+)\s*,?")
_MOST_CLAUSES = 200


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a range, between which ``||`` stands."""
    alternatives = checked(text).split("||")
    if len(alternatives) > _MOST_CLAUSES:
        raise RangeError(text, f"it has more than {_MOST_CLAUSES} alternatives")
    return tuple(_clause(text, each.strip(), key) for each in alternatives)


def _clause(text: str, alternative: str, key: Key) -> Clause:
    """Comparators that must all hold."""
    hyphen = _HYPHEN.fullmatch(alternative)
    if hyphen is not None:
        first, last = partial(text, hyphen[1]), partial(text, hyphen[2])
        # node-semver lets in the pre-releases of the lower end, too, in this notation alone.
        least = first if first.pre_release or not first.numbers else first._replace(pre_release="0")
        ends = [_comparator(text, ">=", least, key), _comparator(text, "<=", last, key)]
        return every(text, ends, (first.full, last.full))
    parts, named = [], []
    at = 0
    while at < len(alternative):
        found = _COMPARATOR.match(alternative, at)
        if found is None:
            raise RangeError(text, f"{alternative[at:]!r} is no comparison")
        version = partial(text, found[2])
        named.append(version.full)
        parts.append(_comparator(text, found[1], version, key))
        at = found.end()
    return every(text, parts, named)


def _comparator(text: str, operator: str, version: Partial, key: Key) -> Intervals:
    """The versions that a comparator lets in."""
    return compared(text, operator, version, key, _bare(version))


def _bare(version: Partial) -> str | None:
    """The end of a version without an operator; ``None`` when it is one version."""
    return version.next(len(version.numbers) - 1) if 0 < len(version.numbers) < 3 else None


def compared(text: str, operator: str, version: Partial, key: Key, bare: str | None) -> Intervals:
    """The versions that a comparator lets in, when a version alone ends at ``bare``."""

    def bound(of: str | None) -> bytes:
        return LAST if of is None else versions_key(text, of, key)

    if not version.numbers:
        return NONE if operator in {"<", ">", "!="} else ALL
    lo = bound(version.first)
    match operator:
        case "^":
            return one(lo, bound(caret(version)))
        case "~" | "~>":
            return one(lo, bound(tilde(version)))
        case ">" if len(version.numbers) < 3:
            return one(bound(version.next(len(version.numbers) - 1)), LAST)
        case "<=" if len(version.numbers) < 3:
            return one(FIRST, bound(version.next(len(version.numbers) - 1)))
        case "" | "=" | "==" | "===":
            end = version.next(len(version.numbers) - 1) if len(version.numbers) < 3 else None
            end = bare if operator == "" else end
            return one(lo, after(lo) if end is None else bound(end))
    result = comparison(operator, lo)
    if result is None:
        raise RangeError(text, f"{operator!r} is no operator")
    return result

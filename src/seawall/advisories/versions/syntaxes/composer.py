"""Constraints of Composer: ``^1.2 || ~2.0.3, <2.5``, ``1.2.*``, ``1.0 - 2.0``, ``@dev``.

Source: ``VersionParser::parseConstraints``. ``<2.0`` and ``>=1.0`` have the bound ``-dev``, which
is before all else of that version. A branch (``dev-main``) has no order and adds nothing to a
range.
"""

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

_OR = pattern(r"\s*\|\|?\s*")
_HYPHEN = pattern(r"\s*([^\s,<>=!~^]+)\s+-\s+([^\s,]+)(?:\s*,|\s+|$)")
_CONSTRAINT = pattern(r"\s*(<>|!=|[<>]=?|==?|[~^]|)\s*([^\s,<>=!~^]+)\s*,?")
_FLAG = pattern(r"@(?:stable|rc|beta|alpha|dev)$")
_ANY = pattern(r"v?[*x](?:\.[*x])*")
_WILD = pattern(r"v?([0-9]+(?:\.[0-9]+){0,2})(?:\.[*x])+")
_NUMBERS = pattern(r"v?([0-9]+(?:\.[0-9]+){0,3})(\.[*x][.-]?dev)?")
_STABILITY = pattern(r"(?:stable|beta|b|rc|alpha|a|patch|pl|p|dev)[0-9.-]*(?:[.-]?dev)?$")
_MOST_CLAUSES = 200


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a constraint, between which ``||`` stands."""
    alternatives = _OR.split(checked(text).lower())
    if len(alternatives) > _MOST_CLAUSES:
        raise RangeError(text, f"it has more than {_MOST_CLAUSES} alternatives")
    return tuple(_clause(text, each.partition(" as ")[0].strip(), key) for each in alternatives)


def _clause(text: str, alternative: str, key: Key) -> Clause:
    parts: list[Intervals] = []
    named: list[str] = []
    at = 0
    while at < len(alternative):
        hyphen = _HYPHEN.match(alternative, at)
        if hyphen is not None:
            parts += _constraint(text, ">=", hyphen[1], key), _last(text, hyphen[2], key)
            named += hyphen.groups()
            at = hyphen.end()
            continue
        found = _CONSTRAINT.match(alternative, at)
        if found is None:
            raise RangeError(text, f"{alternative[at:]!r} is no constraint")
        parts.append(_constraint(text, found[1], _FLAG.sub("", found[2]) or "*", key))
        named.append(found[2])
        at = found.end()
    if not parts:
        raise RangeError(text, "a part of it is empty")
    return every(text, parts, named)


def _constraint(text: str, operator: str, version: str, key: Key) -> Intervals:
    """The versions that a constraint lets in."""
    if _ANY.fullmatch(version):
        return ALL
    version = version.partition("#")[0]
    if version.startswith("dev-") or version in {"master", "trunk", "default"}:
        return ALL if operator in {"!=", "<>"} else NONE
    wild = _WILD.fullmatch(version)
    if wild is not None and operator in {"", "=", "==", "!=", "<>"}:
        numbers = wild[1].split(".")
        return one(_first(text, wild[1], key), _next(text, numbers, len(numbers), key))
    if operator in {"~", "^"}:
        return _compatible(text, operator, version, key)
    if operator in {"<", ">="} and not _STABILITY.search(version):
        version = f"{version.partition('+')[0]}-dev"
    return comparison(operator, versions_key(text, version, key)) or NONE


def _compatible(text: str, operator: str, version: str, key: Key) -> Intervals:
    """The versions that ``~`` or ``^`` lets in."""
    found = _NUMBERS.match(version)
    if found is None:
        raise RangeError(text, f"{version!r} is no version")
    numbers = found[1].split(".")
    if operator == "~":
        place = max(1, len(numbers) - (0 if found[2] else 1))
    else:
        shown = [int(each[:300]) for each in numbers[:3]]
        place = next((at for at, each in enumerate(shown, 1) if each), len(shown))
    return one(_first(text, version, key), _next(text, numbers, place, key))


def _first(text: str, version: str, key: Key) -> bytes:
    """The lower bound of a version: its development, unless it names a stability."""
    own = version.partition("+")[0]
    return versions_key(text, own if _STABILITY.search(own) else f"{own}-dev", key)


def _next(text: str, numbers: list[str], place: int, key: Key) -> bytes:
    """The bound behind all versions that share the first numbers, counted from 1."""
    head = [*numbers, "0", "0", "0", "0"][:place]
    following = ".".join([*head[:-1], str(int(head[-1][:300]) + 1)])
    return versions_key(text, f"{following}-dev", key)


def _last(text: str, version: str, key: Key) -> Intervals:
    """The versions up to the end of a range with a hyphen."""
    found = _NUMBERS.fullmatch(version.partition("+")[0])
    numbers = found[1].split(".") if found else []
    if 0 < len(numbers) < 3:
        return comparison("<", _next(text, numbers, len(numbers), key)) or NONE
    return comparison("<=", versions_key(text, version, key)) or NONE

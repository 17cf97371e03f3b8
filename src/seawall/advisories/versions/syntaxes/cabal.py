"""Version ranges of Cabal: ``>=1.2 && <1.5``, ``==1.2.*``, ``^>=1.2.3``, ``^>={1.2, 1.4}``.

Source: the Cabal user guide, ``build-depends``: ``^>=1.2.3`` ends at 1.3, the next major version
in the sense of the package versioning policy.
"""

from seawall.advisories.versions.interval import complement, intersection, union
from seawall.advisories.versions.syntaxes.clause import (
    ALL,
    NONE,
    Clause,
    Intervals,
    Key,
    RangeError,
    checked,
    comparison,
    one,
    versions_key,
)
from seawall.core.lazy import pattern

_TOKEN = pattern(
    r"\s*(?:(\(|\)|&&|\|\||,)|-(any|none)\b"
    r"|(\^>=|[<>=/!]=|[<>])\s*(?:\{([^{}]*)\}|([0-9]+(?:\.[0-9]+)*(?:\.\*)?)))\s*"
)
_DEEPEST = 20


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The one clause of a range."""
    own = checked(text)
    if own in {"", "*"}:
        return (Clause(ALL),)
    result, rest = _either(text, _tokens(text, own, key), 0)
    if rest:
        raise RangeError(text, "it has a bracket too many")
    return (Clause(result),)


def _tokens(text: str, own: str, key: Key) -> list[str | Intervals]:
    """The marks and comparisons of a range, from the last to the first."""
    tokens: list[str | Intervals] = []
    at = 0
    while at < len(own):
        found = _TOKEN.match(own, at)
        if found is None:
            raise RangeError(text, f"{own[at:]!r} is no comparison")
        mark, word, operator, several, version = found.groups()
        if mark:
            tokens.append("&&" if mark == "," else mark)
        elif word:
            tokens.append(ALL if word == "any" else NONE)
        else:
            versions = version if several is None else several
            parts = [_comparison(text, operator, each.strip(), key) for each in versions.split(",")]
            tokens.append(union(interval for part in parts for interval in part))
        at = found.end()
    return tokens[::-1]


def _either(
    text: str, tokens: list[str | Intervals], depth: int
) -> tuple[Intervals, list[str | Intervals]]:
    """What stands before the next closing bracket, and the tokens behind."""
    result: Intervals = NONE
    both: Intervals = ALL
    while True:
        if not tokens:
            raise RangeError(text, "it ends where a comparison should stand")
        token = tokens.pop()
        if token == "(":  # noqa: S105 - a mark
            if depth > _DEEPEST:
                raise RangeError(text, "its brackets are nested too deep")
            token, tokens = _either(text, tokens, depth + 1)
            if not tokens or tokens.pop() != ")":
                raise RangeError(text, "it has a bracket too few")
        if isinstance(token, str):
            raise RangeError(text, f"{token!r} stands where a comparison should")
        both = intersection(both, token)
        if not tokens or tokens[-1] == ")":
            return union([*result, *both]), tokens
        operator = tokens.pop()
        if operator == "||":
            result, both = union([*result, *both]), ALL
        elif operator != "&&":
            raise RangeError(text, "two comparisons have neither && nor || between them")


def _comparison(text: str, operator: str, version: str, key: Key) -> Intervals:
    """The versions that a comparison lets in."""
    wild = version.endswith(".*")
    numbers = version.removesuffix(".*").split(".")
    own = versions_key(text, version.removesuffix(".*"), key)
    if wild and operator in {"==", "/=", "!="}:
        family = one(own, _next(text, numbers, key))
        return family if operator == "==" else complement(family)
    if wild:
        raise RangeError(text, f"{operator}{version} may not end in .*")
    if operator == "^>=":
        return one(own, _next(text, [*numbers, "0"][:2], key))
    return comparison("!=" if operator == "/=" else operator, own) or NONE


def _next(text: str, numbers: list[str], key: Key) -> bytes:
    """The bound behind all versions that begin with some numbers."""
    return versions_key(text, ".".join([*numbers[:-1], str(int(numbers[-1][:300]) + 1)]), key)

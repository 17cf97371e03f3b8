"""Requirements of Elixir's Hex: ``~> 2.1``, ``>= 1.0.0 and < 2.0.0 or == 3.0.1``.

Source: Elixir's ``Version``: ``~> 2.1.2`` ends at 2.2.0, ``~> 2.1`` at 3.0.0, their pre-releases
left out.
"""

from seawall.advisories.versions.syntaxes.clause import Clause, Key, RangeError, checked, every
from seawall.advisories.versions.syntaxes.npm import compared
from seawall.advisories.versions.syntaxes.partial import Partial, partial
from seawall.core.lazy import pattern

_COMPARISON = pattern(r"\s*(~>|[<>!=]=|[<>!=]|)\s*([0-9][0-9A-Za-z.+-]*)\s*(?:and\b|,)?")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The clauses of a requirement, between which ``or`` stands."""
    return tuple(_clause(text, each.strip(), key) for each in checked(text).split(" or "))


def _clause(text: str, alternative: str, key: Key) -> Clause:
    parts, named = [], []
    at = 0
    while at < len(alternative):
        found = _COMPARISON.match(alternative, at)
        if found is None:
            raise RangeError(text, f"{alternative[at:]!r} is no comparison")
        version = partial(text, found[2])
        if found[1] == "~>":
            parts.append(compared(text, "", version, key, _pessimistic(version)))
        else:
            whole = Partial((*version.numbers, 0, 0)[:3], version.pre_release)
            operator = "!=" if found[1] == "!" else found[1]
            parts.append(compared(text, operator, whole, key, None))
        named.append(version.full)
        at = found.end()
    return every(text, parts, named)


def _pessimistic(version: Partial) -> str:
    """The end of ``~>``: of all numbers but the last one."""
    return version.next(max(len(version.numbers) - 2, 0))

"""Ranges of NuGet: intervals as Maven has them, ``1.0`` for 1.0 and more, and ``1.*``.

Source: NuGet's "Package versioning", sections "Version ranges" and "Floating version resolutions".
"""

from seawall.advisories.versions.interval import LAST
from seawall.advisories.versions.syntaxes import comparators
from seawall.advisories.versions.syntaxes.clause import (
    ALL,
    Clause,
    Key,
    RangeError,
    checked,
    one,
    versions_key,
)
from seawall.advisories.versions.syntaxes.maven import brackets
from seawall.core.lazy import pattern

_FLOATING = pattern(r"((?:[0-9]+\.)*)\*(-\*)?|((?:[0-9]+\.)*[0-9]+-[0-9A-Za-z.-]*)\*")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The one clause of a range."""
    own = checked(text)
    if own[:1] in {"<", ">", "=", "!"}:
        return comparators.clauses(text, key)
    if own[:1] in {"[", "("}:
        return brackets(text, own, key)
    if "*" not in own:
        return (Clause(one(versions_key(text, own, key), LAST), (own,)),)
    found = _FLOATING.fullmatch(own)
    if found is None:
        raise RangeError(text, f"{own!r} has its star where none may stand")
    head, pre_releases, least = found.groups()
    if least is not None:
        # 1.0.0-beta*: the pre-releases that begin so, and what comes after them.
        return (Clause(one(versions_key(text, f"{least}0", key), LAST), (f"{least}0",)),)
    named = ("0-0",) if pre_releases else ()
    if not head:
        return (Clause(ALL, named),)
    numbers = head.rstrip(".").split(".")
    following = ".".join([*numbers[:-1], str(int(numbers[-1][:300]) + 1)])
    lo = versions_key(text, f"{'.'.join(numbers)}-0", key)
    return (Clause(one(lo, versions_key(text, f"{following}-0", key)), named),)

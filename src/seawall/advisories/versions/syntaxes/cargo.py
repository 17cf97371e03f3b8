"""Requirements of Cargo: ``1.2.3`` (as ``^1.2.3``), ``~1.2``, ``=1.2.3``, ``1.*``, ``>=1, <2``.

Source: The Cargo Book, "Specifying Dependencies", and the ``semver`` crate.
"""

from seawall.advisories.versions.syntaxes.clause import Clause, Key, RangeError, checked, every
from seawall.advisories.versions.syntaxes.npm import compared
from seawall.advisories.versions.syntaxes.partial import Partial, caret, partial
from seawall.core.lazy import pattern

_COMPARATOR = pattern(r"\s*([<>]=?|=+|~|\^|)\s*([^\s<>=~^]+)\s*")


def clauses(text: str, key: Key) -> tuple[Clause, ...]:
    """The one clause of a requirement, whose comparators have commas between them."""
    own = checked(text)
    if not own:
        raise RangeError(text, "it is empty")
    parts, named = [], []
    for each in own.split(","):
        found = _COMPARATOR.fullmatch(each)
        if found is None:
            raise RangeError(text, f"{each.strip()!r} is no comparison")
        version = partial(text, found[2])
        named.append(version.full)
        parts.append(compared(text, found[1], version, key, _bare(version, found[2])))
    return (every(text, parts, named),)


def _bare(version: Partial, written: str) -> str | None:
    """The end of a version without an operator: as ``^`` has it, but for wildcards."""
    if len(version.numbers) in {1, 2} and written.rstrip(".*xX") != written:
        return version.next(len(version.numbers) - 1)
    return caret(version)

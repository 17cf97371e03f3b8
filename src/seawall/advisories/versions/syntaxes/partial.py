"""Versions with parts left out (``1.2``, ``1.x``, ``*``), and the bounds made of them.

Used by npm, Cargo, Hex, Pub, Conan and Julia. An upper bound ``2.0.0`` is written ``2.0.0-0``:
below every pre-release of 2.0.0, so that ``^1.2.3`` does not let them in.
"""

from typing import NamedTuple

from seawall.advisories.versions.number import LIMIT
from seawall.advisories.versions.syntaxes.clause import RangeError
from seawall.core.lazy import pattern

_PARTIAL = pattern(
    r"[=vV]*\s*([0-9]+|[xX*])(?:\.([0-9]+|[xX*]))?(?:\.([0-9]+|[xX*]))?"
    r"(?:-?([0-9A-Za-z-][0-9A-Za-z.-]*))?(?:\+[0-9A-Za-z.-]+)?"
)


class Partial(NamedTuple):
    """A version of which parts may be missing."""

    numbers: tuple[int, ...]
    """None to three; what stands behind a wildcard is left out."""
    pre_release: str = ""

    @property
    def first(self) -> str:
        """The first version it stands for; of all pre-releases where a part is missing."""
        if len(self.numbers) < 3:
            return f"{_dotted(self.numbers)}-0"
        return self.full

    @property
    def full(self) -> str:
        """It, with zeros for what is missing."""
        rest = f"-{self.pre_release}" if self.pre_release else ""
        return _dotted(self.numbers) + rest

    def next(self, place: int) -> str:
        """The bound behind all versions that share the numbers up to a place, from 0."""
        head = self.numbers[: place + 1]
        return f"{_dotted((*head[:-1], head[-1] + 1))}-0"


def partial(text: str, version: str) -> Partial:
    """A version in a range, parts of which may be missing."""
    found = _PARTIAL.fullmatch(version) if len(version) <= LIMIT else None
    if found is None:
        raise RangeError(text, f"{version!r} is no version")
    *given, pre_release = found.groups()
    numbers: list[int] = []
    for each in given:
        if each is None or not each.isdigit():
            break
        numbers.append(int(each))
    return Partial(tuple(numbers), pre_release or "" if len(numbers) == 3 else "")


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, (*numbers, 0, 0, 0)[:3]))


def tilde(version: Partial) -> str | None:
    """The end of ``~``: the minor version stays, or the major one where that is all there is."""
    return version.next(min(len(version.numbers), 2) - 1) if version.numbers else None


def caret(version: Partial) -> str | None:
    """The end of ``^``: the first number that is not zero stays."""
    if not version.numbers:
        return None
    place = next((at for at, each in enumerate(version.numbers) if each), None)
    return version.next(len(version.numbers) - 1 if place is None else place)

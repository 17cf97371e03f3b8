"""What packages ask of each other: Depends, Breaks and the like (Debian Policy, chapter 7)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.advisories.versions.schemes import scheme
from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.patching.paragraphs import Paragraph

_RELATION = pattern(
    r"([A-Za-z0-9][A-Za-z0-9+.\-_]*)(?::([a-z0-9\-]+))?\s*"
    r"(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^()\s]+)\s*\))?\s*"
)
ALL = "all"
_MOST_LOOKS = 2_000_000
"""Packages that are looked at for what others ask; 3,000 packages need some 40,000."""


class Relation(NamedTuple):
    """One package that is asked for."""

    name: str
    architecture: str
    """``any`` or an architecture where it says one, else empty."""
    operator: str
    """``<<``, ``<=``, ``=``, ``>=``, ``>>``; empty for any version."""
    version: str

    def __str__(self) -> str:
        where = f":{self.architecture}" if self.architecture else ""
        return f"{self.name}{where}" + (
            f" ({self.operator} {self.version})" if self.version else ""
        )


Group = tuple[Relation, ...]
"""Alternatives: one of them is enough."""


class Unit(NamedTuple):
    """A binary package in one version, and what it asks of others."""

    name: str
    version: str
    architecture: str
    multi_arch: str
    """``same``, ``foreign``, ``allowed`` or empty."""
    depends: tuple[Group, ...]
    """Pre-Depends and Depends."""
    breaks: tuple[Relation, ...]
    """Breaks and Conflicts."""
    provides: tuple[Relation, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Name and architecture: what can be installed once."""
        return self.name, self.architecture

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name


def unit_of(paragraph: Paragraph) -> Unit:
    """A package as its paragraph tells of it."""
    return Unit(
        paragraph.get("Package"), paragraph.get("Version"), paragraph.get("Architecture"),
        paragraph.get("Multi-Arch").lower(),
        tuple(groups(paragraph.one_line("Pre-Depends"))) + tuple(
            groups(paragraph.one_line("Depends"))
        ),
        tuple(each for field in ("Breaks", "Conflicts")
              for group in groups(paragraph.one_line(field)) for each in group),
        tuple(each for group in groups(paragraph.one_line("Provides")) for each in group),
    )  # fmt: skip


def groups(text: str) -> Iterator[Group]:
    """The groups of alternatives of a field. What is none is asked for as it stands: in vain."""
    for part in text.split(","):
        if part.strip():
            yield tuple(_relation(each.strip()) for each in part.split("|"))


def _relation(text: str) -> Relation:
    found = _RELATION.fullmatch(text)
    if found is None:
        return Relation(text, "", "", "")
    operator = {"<": "<=", ">": ">="}.get(found[3] or "", found[3] or "")
    return Relation(found[1], found[2] or "", operator, found[4] or "")


def compare(first: str, second: str) -> int | None:
    """Below, at or above 0 as the first version comes before, with or after the second.

    ``None`` where one is no version.
    """
    key = scheme("debian").key
    one, other = key(first), key(second)
    if one is None or other is None:
        return None
    return (one > other) - (one < other)


_HOLDS: Mapping[str, Iterable[int]] = {
    "<<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,),
}  # fmt: skip


def fits(relation: Relation, version: str) -> bool:
    """Whether a version is one that is asked for."""
    if not relation.operator:
        return True
    order = compare(version, relation.version)
    return order is not None and order in _HOLDS[relation.operator]


class Problem(NamedTuple):
    """Something that a package asks for and has not."""

    unit: Unit
    """Who asks."""
    group: Group
    """What for; of something it does not go with, that alone."""
    other: Unit | None = None
    """The package that it does not go with; ``None`` where something is missing."""

    @property
    def key(self) -> tuple[str, str, Group, str]:
        """The same for the same problem, whatever the versions."""
        return (*self.unit.key, self.group, self.other.name if self.other else "")

    @property
    def reason(self) -> str:
        """In words."""
        wanted = " | ".join(map(str, self.group))
        if self.other is not None:
            return f"{self.unit.name} {self.unit.version} does not go with {wanted}"
        return f"{self.unit.name} {self.unit.version} needs {wanted}"


class World:
    """Packages that are installed together."""

    def __init__(
        self, units: Iterable[Unit], native: str | None,
        fits: Callable[[Relation, str], bool] = fits,
    ) -> None:  # fmt: skip
        """``native``: the architecture that packages for all are taken to be of.

        ``None`` where all packages are of one.
        """
        self._native = native
        self._fits = fits
        self._left = _MOST_LOOKS
        self._named: dict[str, list[Unit]] = {}
        self._provided: dict[str, list[tuple[Unit, Relation]]] = {}
        for unit in units:
            self._named.setdefault(unit.name, []).append(unit)
            for provided in unit.provides:
                self._provided.setdefault(provided.name, []).append((unit, provided))

    def problems(self) -> Iterator[Problem]:
        """All that is missing or does not go together."""
        for units in [*self._named.values()]:
            for unit in units:
                for group in unit.depends:
                    if not any(self._is_met(unit, each) for each in group):
                        yield Problem(unit, group)
                for each in unit.breaks:
                    for other in self._hit(unit, each):
                        yield Problem(unit, (each,), other)

    def givers(self, name: str) -> Sequence[Unit]:
        """The packages of a name, and those that provide it."""
        provided = [unit for unit, _ in self._provided.get(name, ())]
        return [*self._named.get(name, ()), *provided]

    def _look(self) -> None:
        """Count a look at a package; raise ``InputError`` where there are too many."""
        self._left -= 1
        if self._left < 0:
            raise InputError(
                "the packages of the image ask for more of each other than any real ones; see its "
                "database of packages"
            )

    def _actual(self, unit: Unit) -> str | None:
        return self._native if unit.architecture == ALL else unit.architecture

    def _suits(self, unit: Unit, relation: Relation, other: Unit) -> bool:
        """Whether a package is of an architecture that is asked for."""
        self._look()
        if self._native is None:
            return True
        if relation.architecture == "any":
            return self._actual(other) == self._actual(unit) or other.multi_arch in (
                "allowed", "foreign",
            )  # fmt: skip
        wanted = relation.architecture if relation.architecture not in ("", "native") else ""
        if wanted:
            return self._actual(other) == wanted
        return self._actual(other) == self._actual(unit) or other.multi_arch == "foreign"

    def _is_met(self, unit: Unit, relation: Relation) -> bool:
        for other in self._named.get(relation.name, ()):
            if self._suits(unit, relation, other) and self._fits(relation, other.version):
                return True
        for other, provided in self._provided.get(relation.name, ()):
            if not self._suits(unit, relation, other):
                continue
            if not relation.operator or (
                provided.version and self._fits(relation, provided.version)
            ):
                return True
        return False

    def _hit(self, unit: Unit, relation: Relation) -> Iterator[Unit]:
        wanted = relation.architecture if relation.architecture != "any" else ""
        for other in self._named.get(relation.name, ()):
            self._look()
            if other.name == unit.name or (wanted and self._actual(other) != wanted):
                continue
            if self._fits(relation, other.version):
                yield other
        for other, provided in self._provided.get(relation.name, ()):
            self._look()
            if other.name == unit.name:
                continue
            if not relation.operator or (
                provided.version and self._fits(relation, provided.version)
            ):
                yield other

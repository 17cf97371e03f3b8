"""What is known of the packages of an image: the same matching as that of a scan."""

from typing import TYPE_CHECKING

from seawall.advisories.assessing import assess, query_of
from seawall.packages.package import Package
from seawall.patching.candidates import Candidate
from seawall.patching.plans import Exposed
from seawall.patching.relations import Unit

if TYPE_CHECKING:
    from seawall.engine.containers.whole import Whole
    from seawall.engine.knowledge import Knowledge

_NOTHING = Exposed({}, frozenset())


class Watch:
    """Vulnerabilities of packages, installed and to be."""

    def __init__(self, whole: "Whole", type_: str, knowledge: "Knowledge | None") -> None:
        self._knowledge = knowledge
        self._packages: dict[tuple[str, str], Package] = {}
        self._exposed: dict[tuple[str, str], Exposed] = {}
        found = [each for _, contents in whole.packages.files for each in contents.packages
                 if each.type == type_]  # fmt: skip
        for package in found:
            self._packages[_key(package)] = package
        if knowledge is None:
            return
        ids: dict[tuple[str, str], dict[int, str]] = {}
        mended: dict[tuple[str, str], set[int]] = {}
        for exposure in assess(found, knowledge).exposures:
            number = exposure.match.vulnerability
            ids.setdefault(_key(exposure.package), {})[number] = exposure.vulnerability.id
            if exposure.is_fixable:
                mended.setdefault(_key(exposure.package), set()).add(number)
        self._exposed = {
            key: Exposed(known, frozenset(mended.get(key, ()))) for key, known in ids.items()
        }

    def of(self, unit: Unit) -> Exposed:
        """What is known of an installed package."""
        return self._exposed.get((unit.name, unit.architecture), _NOTHING)

    def cleared(self, unit: Unit, candidate: Candidate) -> tuple[str, ...]:
        """The ids of what a package has and a newer version of it has not."""
        exposed = self.of(unit)
        package = self._packages.get((unit.name, unit.architecture))
        if self._knowledge is None or package is None or not exposed.all:
            return ()
        new = candidate.unit.version
        source = candidate.source if candidate.source != (unit.name, new) else ("", "")
        query = query_of(package._replace(version=new, source=source))
        (matches,) = self._knowledge.match([query])
        left = {match.vulnerability for match in matches}
        return tuple(sorted({id_ for number, id_ in exposed.all.items() if number not in left}))

    def mendable(self, unit: Unit) -> tuple[str, ...]:
        """The ids of what some version of a package mends."""
        exposed = self.of(unit)
        return tuple(sorted({exposed.all[number] for number in exposed.mended}))


def _key(package: Package) -> tuple[str, str]:
    return package.name, dict(package.qualifiers).get("arch", "")

"""Exposures: a package of a file, a vulnerability it has, and what would clear it."""

from seawall.advisories.known import Match, Vulnerability
from seawall.core.named_tuple import NamedTuple
from seawall.packages.package import Package


class Upgrade(NamedTuple):
    """What clears the vulnerabilities of a package that are known today, as far as it can be."""

    versions: tuple[str, ...] = ()
    """The least version above the installed one that has none, then the least of each later major
    version. Where every version has some, the one that has the fewest."""
    left: int = 0
    """How many vulnerabilities the first of them has still, or this one where there is none."""
    held_back_by: tuple[str, ...] = ()
    """Packages that ask for the package in a way that rules the nearest out: ``express@4.16.0
    (~1.0.2)``."""


NO_UPGRADE = Upgrade()


class Exposure(NamedTuple):
    """A package that has a vulnerability."""

    package: Package
    match: Match
    vulnerability: Vulnerability
    upgrade: Upgrade = NO_UPGRADE
    chain: tuple[str, ...] = ()
    """The packages that bring it in, the project's own first and itself last:
    ``("express@4.16.0", "qs@6.5.1")``; empty where the file does not tell."""

    @property
    def is_fixable(self) -> bool:
        """Whether some version mends it."""
        return bool(self.match.fixed)

"""Exposures: a package of a file, a vulnerability it has, and what would clear it."""

from typing import NamedTuple

from seawall.advisories.known import Match, Vulnerability
from seawall.packages.package import Package


class Upgrade(NamedTuple):
    """Versions of a package that have none of the vulnerabilities that are known today."""

    versions: tuple[str, ...] = ()
    """The least one above the installed version, then the least of each later major version."""
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
        return bool(self.match.fixed or self.upgrade.versions)

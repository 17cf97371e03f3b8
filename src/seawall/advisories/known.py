"""What the database gives: vulnerabilities, and which of them a package has."""

from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Severity


class Rating(NamedTuple):
    """What one party says of how bad a vulnerability is."""

    source: str
    vector: str
    """A CVSS vector; empty where the party only has a word."""
    score: float | None
    """Computed from the vector; ``None`` without one."""
    word: str = ""


class Vulnerability(NamedTuple):
    """One vulnerability, whatever the number of records about it."""

    id: str
    """The id it is shown by: its CVE where it has exactly one, else GHSA, else its home id."""
    aliases: tuple[str, ...] = ()
    """Every other id of it, sorted."""
    title: str = ""
    severity: Severity | None = None
    """``None`` where nobody says: it is unknown, not low."""
    severity_source: str = ""
    ratings: tuple[Rating, ...] = ()
    """All that is said of it; that of ``severity_source`` first."""
    cwes: tuple[str, ...] = ()
    known_exploited: str = ""
    """The day it entered CISA's catalogue; empty when it is not in it."""
    ransomware: bool = False
    epss: float | None = None
    epss_percentile: float | None = None
    ssvc: str = ""
    published: str = ""
    modified: str = ""
    references: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """``disputed``, ``malicious``, ``unmaintained`` ...; see ``advisory``."""
    details: str = ""
    """What it is, at length, as its best source writes it."""
    records: tuple[tuple[str, str], ...] = ()
    """The records that are about it: their id and the name of their source."""


class Unjudged(NamedTuple):
    """Records about a package that cannot be held against its version."""

    place: int
    """Which of the packages that were asked for."""
    reason: str
    records: tuple[str, ...]
    """Their ids."""


class Match(NamedTuple):
    """Why a version of a package has a vulnerability."""

    vulnerability: int
    """Its number in this database."""
    advisory: str
    """The record that says so: ``GHSA-...``, ``DSA-5380-1``."""
    source: str
    """The name of the source of that record."""
    affected: str
    """The range or version that it lies in, as text: ``>= 2.0, < 2.4.1``."""
    status: str = "affected"
    fixed: tuple[str, ...] = ()
    """Versions that mend it, the least one above the installed version first, then the others."""
    severity: Severity | None = None
    """The source's word for this package in this release, where it has one of its own."""
    flags: tuple[str, ...] = ()
    last_affected: str = ""
    """The last version known to be affected, where no version is known that ends the range."""
    also: tuple[str, ...] = ()
    """Other records that say so."""
    modular: str = ""
    """The module and stream it is about, of a modular RPM repository."""
    arches: tuple[str, ...] = ()
    """The architectures it is about; empty for all."""
    imports: tuple[str, ...] = ()
    """The import paths of the affected code, where the source tells (Go)."""

"""What every source says, in one form. Texts stay as the source has them; versions too.

The shape follows the OSV schema 1.7: ``aliases`` are other names of the same fault in the same
component, ``upstream`` names what a distribution's record is derived from.
"""

from seawall.core.named_tuple import NamedTuple

# What a source says of a package's state, in the words of VEX and of Trivy's status list.
AFFECTED = "affected"
FIXED = "fixed"
NOT_AFFECTED = "not_affected"
UNDER_INVESTIGATION = "under_investigation"
WILL_NOT_FIX = "will_not_fix"
FIX_DEFERRED = "fix_deferred"
END_OF_LIFE = "end_of_life"
UNKNOWN = "unknown"

# Flags of an advisory.
DISPUTED = "disputed"
UNSUPPORTED = "unsupported-when-assigned"
MALICIOUS = "malicious"
UNMAINTAINED = "unmaintained"
UNSOUND = "unsound"
NOTICE = "notice"
UNREVIEWED = "unreviewed"


class Events(NamedTuple):
    """One range of affected versions, as its source writes them; an end is exclusive.

    At most one of ``fixed``, ``last_affected`` and ``limit`` is set; none means: all that follow.
    """

    introduced: str = "0"
    """The first affected version; ``0`` is before all others (OSV)."""
    fixed: str = ""
    last_affected: str = ""
    """The last affected version, itself included; the version that mends it is not known."""
    limit: str = ""
    """Where the range ends without anything having been mended (OSV ``limit``)."""


class Affected(NamedTuple):
    """A package and those of its versions that are affected: in ``ranges`` or in ``versions``."""

    ecosystem: str
    """As OSV writes it, with the release: ``PyPI``, ``Debian:12``, ``Alpine:v3.20``."""
    name: str
    ranges: tuple[Events, ...] = ()
    versions: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    """Ranges in the ecosystem's own notation (``>= 2.0, < 2.4.1``), any of which is enough:
    sources that have no events."""
    unaffected: tuple[str, ...] = ()
    """Ranges in the same notation that are mended or never were affected: all other versions are,
    or those of ``native`` and ``ranges``, where there are any (RubySec, Node.js)."""
    status: str = AFFECTED
    severity: str = ""
    """The source's word for this package in this release, where it has one of its own."""
    vectors: tuple[str, ...] = ()
    modular: str = ""
    """The module and stream of a package of a modular RPM repository: ``nodejs:18``."""
    arches: tuple[str, ...] = ()
    """Architectures it is about; empty for all."""
    imports: tuple[str, ...] = ()
    """Import paths of the affected code, where the source tells (Go)."""


class Score(NamedTuple):
    """What one party says of how bad it is."""

    source: str
    """Who says it: ``ghsa``, ``nvd``, ``cna``, ``cisa-adp``, ``debian``, ``ubuntu``, ``redhat``."""
    vector: str = ""
    """A CVSS vector; with its prefix from version 3 on."""
    word: str = ""
    """A word such as ``moderate``, where there is no vector."""
    secondary: bool = False
    """Whether NVD has it from somebody else (``type: Secondary``)."""


class Advisory(NamedTuple):
    """One record of one source."""

    id: str
    source: str
    """The name of the source in the database: ``osv-go``, ``debian``, ``rubysec``."""
    affected: tuple[Affected, ...] = ()
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    summary: str = ""
    details: str = ""
    scores: tuple[Score, ...] = ()
    cwes: tuple[str, ...] = ()
    """``CWE-79`` and so on."""
    references: tuple[str, ...] = ()
    """Addresses of http and https only."""
    published: str = ""
    """A day, ``2024-03-01``; empty when it is not known."""
    modified: str = ""
    withdrawn: str = ""
    """The day it was taken back; such a record matches nothing."""
    flags: tuple[str, ...] = ()
    licence: str = ""
    """Its own licence (SPDX), where it differs from that of its source."""


class Metadata(NamedTuple):
    """What a source says of a CVE whoever is affected: CVE List, NVD, CISA, FIRST."""

    id: str
    source: str
    title: str = ""
    scores: tuple[Score, ...] = ()
    cwes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    rejected: bool = False
    flags: tuple[str, ...] = ()
    known_exploited: str = ""
    """The day it entered CISA's catalogue of known exploited vulnerabilities."""
    ransomware: bool = False
    epss: float | None = None
    """Probability of exploitation in the next 30 days, 0 to 1 (FIRST's EPSS)."""
    epss_percentile: float | None = None
    ssvc: str = ""
    """CISA's decision points, as ``exploitation/automatable/impact``: ``poc/yes/total``."""
    cpes: tuple[str, ...] = ()
    """Rows of affected products, each as ``criteria|start|end`` with bounds as in intervals:
    ``cpe:2.3:a:nginx:nginx|[1.3|1.20.1)``. An empty bound is none; parts of a CPE at its end that
    are ``*`` are left out; a ``|`` in it stands as ``%7C``. A fourth part names the platforms it
    is affected on, with blanks between them, where it is not on every one."""
    status: str = ""
    """How far NVD's analysis is, in its words: ``analyzed``, ``awaiting analysis``."""
    epss_model: str = ""
    """The version of the model: scores of different models cannot be compared."""


class Cycle(NamedTuple):
    """A release line of a product and the days its support ends (endoflife.date)."""

    product: str
    cycle: str
    released: str = ""
    support: str = ""
    """The last day of active support; empty when not known."""
    end_of_life: str = ""
    """The last day of security support; ``yes`` or ``no`` where the source gives no day."""
    extended: str = ""
    latest: str = ""


class Unread(NamedTuple):
    """A record that could not be understood: counted, and shown by reason."""

    source: str
    record: str
    """Its id or its name in the archive."""
    reason: str


Record = Advisory | Metadata | Cycle | Unread

"""The tables of a database of advisories, and the numbers that stand for words in them.

A version is a key of bytes whose order is its ecosystem's order, so that one comparison in SQL
decides. ``affected`` holds who is affected, one row for each interval of each record and package;
``statement`` what its record says of it, kept once however many packages it is said of; ``member``
which vulnerabilities a record is about: one, or all those of a distribution's bulletin.
"""

from seawall.advisories.advisory import (
    AFFECTED,
    DISPUTED,
    END_OF_LIFE,
    FIX_DEFERRED,
    FIXED,
    MALICIOUS,
    NOT_AFFECTED,
    NOTICE,
    UNDER_INVESTIGATION,
    UNKNOWN,
    UNMAINTAINED,
    UNREVIEWED,
    UNSOUND,
    UNSUPPORTED,
    WILL_NOT_FIX,
)
from seawall.core.severity import Severity

APPLICATION = 0x53574156
"""Of the file, as SQLite's header has it: ``SWAV``."""
VERSION = 2
"""Grows when what is stored changes its shape; a file of another version is not opened."""

STATUSES = (
    AFFECTED, FIXED, NOT_AFFECTED, UNDER_INVESTIGATION, WILL_NOT_FIX, FIX_DEFERRED, END_OF_LIFE,
    UNKNOWN,
)  # fmt: skip
SEVERITIES = ("", "negligible", "low", "medium", "high", "critical")
"""From nobody said anything to worst."""
NEGLIGIBLE = 1
DISPUTED_RANGE = "disputed-range"
"""Two records of one vulnerability say different things of one package."""
OVERRULED = "overruled"
"""The ecosystem's own record speaks of the same package: this one matches nothing by itself."""
REJECTED = "rejected"
"""Its CVE was rejected; a record that stands on its own still says it is there."""
FLAGS = (
    DISPUTED, UNSUPPORTED, MALICIOUS, UNMAINTAINED, UNSOUND, NOTICE, UNREVIEWED, DISPUTED_RANGE,
    REJECTED, OVERRULED,
)  # fmt: skip
"""Each is one bit, in this order."""

# The kinds of records, in the order their words count.
ADVISORY, METADATA, BULLETIN = range(3)

# The ends of an interval, as ``statement.ranges`` writes them.
FIXED_IN = "<"
LAST_AFFECTED = "≤"
LIMIT = "~"
JUST = "="

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    source INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, licence TEXT NOT NULL,
    home TEXT NOT NULL, attribution TEXT NOT NULL, whole INTEGER NOT NULL,
    until TEXT NOT NULL, records INTEGER NOT NULL,
    rows INTEGER NOT NULL, withdrawn INTEGER NOT NULL, unread INTEGER NOT NULL, dictionary BLOB
);
CREATE TABLE unread (
    source INTEGER NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, example TEXT NOT NULL,
    PRIMARY KEY (source, reason)
) WITHOUT ROWID;
CREATE TABLE ecosystem (ecosystem INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE coverage (
    ecosystem INTEGER NOT NULL, source INTEGER NOT NULL, records INTEGER NOT NULL,
    newest TEXT NOT NULL, PRIMARY KEY (ecosystem, source)
) WITHOUT ROWID;
CREATE TABLE package (
    package INTEGER PRIMARY KEY, ecosystem INTEGER NOT NULL, name TEXT NOT NULL,
    UNIQUE (ecosystem, name)
);
CREATE TABLE vulnerability (
    vulnerability INTEGER PRIMARY KEY, id TEXT NOT NULL, severity INTEGER NOT NULL,
    score INTEGER, scorer INTEGER, flags INTEGER NOT NULL, exploited TEXT, ransomware INTEGER,
    epss REAL, percentile REAL
);
CREATE TABLE alias (
    id TEXT NOT NULL, vulnerability INTEGER NOT NULL, PRIMARY KEY (id, vulnerability)
) WITHOUT ROWID;
CREATE TABLE record (
    record INTEGER PRIMARY KEY, id TEXT, source INTEGER NOT NULL, kind INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    score INTEGER, scorer INTEGER, flags INTEGER NOT NULL, detail BLOB
);
CREATE TABLE member (
    record INTEGER NOT NULL, vulnerability INTEGER NOT NULL, PRIMARY KEY (record, vulnerability)
) WITHOUT ROWID;
CREATE TABLE statement (
    statement INTEGER PRIMARY KEY, ranges TEXT NOT NULL, status INTEGER NOT NULL,
    severity INTEGER NOT NULL, score INTEGER, flags INTEGER NOT NULL, extra TEXT NOT NULL
);
CREATE TABLE affected (
    package INTEGER NOT NULL, lo BLOB NOT NULL, record INTEGER NOT NULL, hi BLOB NOT NULL,
    statement INTEGER NOT NULL, part INTEGER NOT NULL,
    PRIMARY KEY (package, lo, record, hi, statement)
) WITHOUT ROWID;
CREATE TABLE exact (
    package INTEGER NOT NULL, version TEXT NOT NULL, record INTEGER NOT NULL,
    statement INTEGER NOT NULL, PRIMARY KEY (package, version, record, statement)
) WITHOUT ROWID;
CREATE TABLE unjudged (
    package INTEGER NOT NULL, record INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (package, record, reason)
) WITHOUT ROWID;
CREATE TABLE cleared (
    package INTEGER NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (package, record)
) WITHOUT ROWID;
CREATE TABLE withdrawn (
    id TEXT NOT NULL, source INTEGER NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL,
    aliases TEXT NOT NULL, PRIMARY KEY (id, source)
) WITHOUT ROWID;
CREATE TABLE cycle (
    product TEXT NOT NULL, cycle TEXT NOT NULL, released TEXT NOT NULL, support TEXT NOT NULL,
    end_of_life TEXT NOT NULL, extended TEXT NOT NULL, latest TEXT NOT NULL,
    PRIMARY KEY (product, cycle)
) WITHOUT ROWID;
CREATE TABLE scorer (scorer INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
"""

INDEXES = """
CREATE INDEX member_of ON member (vulnerability);
"""
"""Made when everything is in: an index that grows with its table costs three times as much."""


def severity_of(number: int) -> Severity | None:
    """The severity a number stands for: reports know none below low; ``None`` for unknown."""
    return _SEVERITIES[number]


_SEVERITIES = (
    None, Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL,
)  # fmt: skip


def flags_of(bits: int) -> tuple[str, ...]:
    """The words of some bits."""
    return tuple(flag for bit, flag in enumerate(FLAGS) if bits >> bit & 1)


def bits_of(flags: tuple[str, ...]) -> int:
    """The bits of some words; those that are not known are left out."""
    return sum(1 << bit for bit, flag in enumerate(FLAGS) if flag in flags)

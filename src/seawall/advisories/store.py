"""The database of advisories as a scan asks it: read-only, one file, nothing written.

One SQL join answers for all packages of a run: their versions become keys in a temporary table,
and an interval holds a version when ``lo <= key < hi``.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

from seawall.advisories import names
from seawall.advisories.advisory import Cycle
from seawall.advisories.schema import (
    APPLICATION,
    VERSION,
)
from seawall.core.errors import InputError

Wanted = tuple[str, str, str]
"""The ecosystem as OSV writes it, with the release; the package's name; its version."""
_MAGIC = b"SQLite format 3\x00"
_REMEDY = "run seawall db update to make it anew"


class DatabaseError(InputError):
    """A file that is no database of advisories, or not one for this version of the program."""


class Match(NamedTuple):
    """A vulnerability that a version of a package is affected by."""

    vulnerability: int
    """Its number, for ``Store.vulnerability``."""
    id: str
    """The id it is shown by: a CVE where there is exactly one."""
    advisory: str
    """The record that says so: ``GHSA-…``, ``DSA-5380-1``."""
    source: str
    """The name of the record's source."""
    status: str
    """``affected``, ``will_not_fix`` and so on, as in ``advisory``."""
    fixed: tuple[str, ...]
    """The versions that mend it, the lowest above this one first, then those of other branches."""
    last_affected: str
    """The last version known to be affected, where no version that mends it is known."""
    why: str
    """The interval the version lies in: ``>=2.0 <2.4.1``."""
    severity: str
    """The word of ``schema.SEVERITIES``; empty when nobody said anything."""
    score: float | None
    """The CVSS base score of whoever said how bad it is, where that was a vector."""
    severity_source: str
    """Who said so."""
    flags: tuple[str, ...]
    """Of the record, the package and the vulnerability."""
    modular: str
    arches: tuple[str, ...]
    imports: tuple[str, ...]
    also: tuple[str, ...] = ()
    """Other records that say the same of this version."""


class Coverage(NamedTuple):
    """What a source knows of an ecosystem."""

    ecosystem: str
    source: str
    records: int
    newest: str
    """The day of the newest record on it."""
    until: str
    """The day the source's data is of: nothing later is known from it."""


class Source(NamedTuple):
    """A source, as it was when the database was made."""

    name: str
    title: str
    licence: str
    home: str
    attribution: str
    until: str
    records: int
    rows: int
    withdrawn: int
    unread: int


class Missed(NamedTuple):
    """Records of a source that could not be understood, for one reason."""

    source: str
    reason: str
    count: int
    example: str


class Withdrawn(NamedTuple):
    """A record that was taken back."""

    id: str
    source: str
    day: str
    reason: str
    aliases: tuple[str, ...]


class Store:
    """An open database. Close it, or use it with ``with``."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        with self._told():
            self._ecosystems: dict[str, int] = dict(
                connection.execute("SELECT name, ecosystem FROM ecosystem")
            )
            self._sources: dict[int, str] = dict(
                connection.execute("SELECT source, name FROM source")
            )
            self._scorers: dict[int | None, str] = dict(
                connection.execute("SELECT scorer, name FROM scorer")
            )

    @classmethod
    def open(cls, path: str) -> Self:
        """The database in a file. Raises ``DatabaseError`` when it is none that can be used."""
        problem = examine(path)
        if problem:
            raise DatabaseError(f"{path}: {problem}")
        quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        try:
            connection = sqlite3.connect(
                f"file:{quoted}?mode=ro&immutable=1", uri=True, isolation_level=None
            )
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA mmap_size = 268435456")
        except sqlite3.Error as error:
            raise DatabaseError(f"{path}: it cannot be opened: {error}; {_REMEDY}") from error
        return cls(path, connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise DatabaseError(f"{self.path}: it is damaged: {error}; {_REMEDY}") from error

    def select(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The answer to a query. Raises ``DatabaseError``."""
        with self._told():
            return self._connection.execute(query, values).fetchall()

    def match(
        self, wanted: Sequence[Wanted], unreadable: "set[int] | None" = None
    ) -> list[list[Match]]:
        """What each of some packages is affected by, one list for each, by id.

        Distributions' packages are asked for by the name and version of their source package.
        ``unreadable`` is given the places of those whose version has no order: what is known of
        their package cannot be judged, but for versions that are listed as they are.
        """
        from seawall.advisories.matching import Matching  # noqa: PLC0415 - built on this

        with self._told():
            return Matching(self._connection, self._ecosystems, self._sources, self._scorers).of(
                wanted, set() if unreadable is None else unreadable
            )

    # What the database is ---------------------------------------------------------------------

    def built(self) -> str:
        """The time it was made."""
        return "".join(
            value for (value,) in self.select("SELECT value FROM meta WHERE key = 'built'")
        )

    def sources(self) -> list[Source]:
        """Every source, in the order they were read."""
        return [
            Source(*row)
            for row in self.select(
                "SELECT name, title, licence, home, attribution, until, records, rows, withdrawn,"
                " unread FROM source ORDER BY source"
            )
        ]

    def missed(self) -> list[Missed]:
        """What could not be understood, the most frequent first."""
        return [
            Missed(*row)
            for row in self.select(
                "SELECT name, reason, count, example FROM unread JOIN source USING (source)"
                " ORDER BY source, count DESC, reason"
            )
        ]

    def coverage(self, ecosystem: str = "") -> list[Coverage]:
        """Which sources reach an ecosystem with its release, and until when; none: not covered.

        Without an ecosystem: all there are.
        """
        return [
            Coverage(*row)
            for row in self.select(
                "SELECT e.name, s.name, c.records, c.newest, s.until FROM coverage c"
                " JOIN ecosystem e USING (ecosystem) JOIN source s USING (source)"
                " WHERE ?1 IN ('', e.name) ORDER BY e.name, s.source",
                (names.ecosystem(ecosystem),),
            )
        ]

    def cycles(self, product: str) -> list[Cycle]:
        """The release lines of a product, newest first as far as their days tell."""
        return [
            Cycle(*row)
            for row in self.select(
                "SELECT * FROM cycle WHERE product = ? ORDER BY released DESC, cycle DESC",
                (product,),
            )
        ]

    def withdrawn(self, id_: str) -> list[Withdrawn]:
        """What was taken back under an id."""
        rows = self.select(
            "SELECT id, name, day, reason, aliases FROM withdrawn JOIN source USING (source)"
            " WHERE id = ? ORDER BY source",
            (id_,),
        )
        return [Withdrawn(*row[:4], tuple(row[4].split())) for row in rows]


def examine(path: str) -> str:
    """What is wrong with a file that should be a database, in words; empty when nothing is seen.

    Looks at its header and size alone; damage further in shows when it is read.
    """
    import os  # noqa: PLC0415 - loaded long since

    try:
        with open(path, "rb") as stream:
            header = stream.read(100)
            size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        return f"it cannot be read: {(error.strerror or str(error)).lower()}; {_REMEDY}"
    if len(header) < 100 or not header.startswith(_MAGIC):
        return f"it is no database of advisories; name another, or {_REMEDY}"
    if int.from_bytes(header[68:72], "big") != APPLICATION:
        return f"it is a database of another program; name another, or {_REMEDY}"
    version = int.from_bytes(header[60:64], "big")
    if version > VERSION:
        return (
            f"it was made by a newer seawall (format {version}, this one reads {VERSION}); "
            f"install that one, or {_REMEDY}"
        )
    if version < VERSION:
        return f"it was made by an older seawall (format {version}); {_REMEDY}"
    page = int.from_bytes(header[16:18], "big")
    if (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big") != size:
        return f"it is not complete; {_REMEDY}"
    return ""

"""The database of advisories as a scan asks it: read-only, one file, nothing written.

One SQL join answers for all packages of a run: their versions become keys in a temporary table,
and an interval holds a version when ``lo <= key < hi``.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

from seawall.advisories import names
from seawall.advisories.advisory import Cycle
from seawall.advisories.known import Match, Unjudged, Vulnerability
from seawall.advisories.matching import Matching, Wanted
from seawall.advisories.schema import APPLICATION, VERSION
from seawall.advisories.telling import Telling
from seawall.core.errors import InputError
from seawall.core.named_tuple import NamedTuple

_MAGIC = b"SQLite format 3\x00"
_REMEDY = "remove it, or make it anew with seawall db update"


class DatabaseError(InputError):
    """A file that is no database of advisories, or not one for this version of the program."""


class Coverage(NamedTuple):
    """How far the data reaches in an ecosystem, or in a release of a distribution."""

    ecosystem: str
    sources: tuple[str, ...]
    records: int
    newest: str
    """The day of the newest record on it."""
    until: str
    """The day the data is of: what came later is not known."""
    whole: bool
    """Whether one of the sources at least is there as a whole, and not a part of it."""


class Source(NamedTuple):
    """A source, as it was when the database was made."""

    name: str
    title: str
    licence: str
    home: str
    attribution: str
    whole: bool
    until: str
    records: int
    rows: int
    withdrawn: int
    unread: int


class Missed(NamedTuple):
    """Records of a source that could not be understood, for one reason."""

    source: str
    reason: str
    times: int
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
        self._matching = Matching(connection, self._ecosystems, self._sources)
        self._telling = Telling(connection, self._sources)

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
            try:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("PRAGMA mmap_size = 268435456")
                return cls(path, connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise DatabaseError(f"{path}: it cannot be opened: {error}; {_REMEDY}") from error

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
        except (sqlite3.Error, ValueError, LookupError) as error:
            raise DatabaseError(f"{self.path}: it is damaged: {error}; {_REMEDY}") from error

    def select(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The answer to a query. Raises ``DatabaseError``."""
        with self._told():
            return self._connection.execute(query, values).fetchall()

    def match(
        self, wanted: Sequence[Wanted], unreadable: set[int] | None = None
    ) -> list[list[Match]]:
        """What each of some packages is affected by, one list for each.

        Distributions' packages are asked for by the name and version of their source package.
        ``unreadable`` is given the places of those whose version has no order: what is known of
        their package cannot be judged, but for versions that are listed as they are, and what
        all versions are affected by.
        """
        with self._told():
            return self._matching.of(wanted, set() if unreadable is None else unreadable)

    def unjudged(self, wanted: Sequence[Wanted]) -> list[Unjudged]:
        """The records about some packages that nothing can be said by of their versions."""
        with self._told():
            return self._matching.unjudged(wanted)

    def vulnerability(self, number: int) -> Vulnerability:
        """One vulnerability, by the number that a match has."""
        return self.vulnerabilities((number,))[number]

    def vulnerabilities(self, numbers: Iterable[int]) -> dict[int, Vulnerability]:
        """All that is known of some, by number."""
        with self._told():
            return self._telling.of(sorted(set(numbers)))

    def find(self, id_: str) -> list[int]:
        """The vulnerabilities that have an id among theirs; a bulletin has many."""
        rows = self.select("SELECT vulnerability FROM alias WHERE id = ?", (id_,))
        if not rows and id_ != id_.upper():
            rows = self.select("SELECT vulnerability FROM alias WHERE id = ?", (id_.upper(),))
        return [number for (number,) in rows]

    def of_package(self, ecosystem: str, name: str) -> list[Match]:
        """What is known of a package, whatever its version: one match for each interval."""
        base = names.ecosystem(ecosystem)
        with self._told():
            return self._matching.of_package(base, names.normal(base, name))

    def affected_by(self, number: int) -> list[tuple[str, str, Match]]:
        """Ecosystem, name and match of every package that has a vulnerability."""
        with self._told():
            return self._matching.of_vulnerability(number)

    def ecosystems_of(self, name: str) -> list[str]:
        """The ecosystems that know a package of a name, as it is or in their normal form."""
        rows = self.select(
            "SELECT e.name, p.name FROM package p JOIN ecosystem e USING (ecosystem)"
            " WHERE lower(p.name) = lower(?) OR p.name = ? ORDER BY e.name",
            (name, names.normal("PyPI", name)),
        )
        return [each for each, own in rows if names.normal(each, name) == own]

    # What the database is ---------------------------------------------------------------------

    @property
    def identity(self) -> str:
        """What tells these data from all others: a digest of them, in hexadecimal."""
        return self._about("identity")

    @property
    def until(self) -> str:
        """The day its newest data is of: ``2026-08-22``."""
        return self._about("until")

    def _about(self, key: str) -> str:
        rows = self.select("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else ""

    @property
    def advisories(self) -> int:
        """Live records of all sources."""
        ((count,),) = self.select("SELECT total(records) FROM source")
        return int(count)

    def sources(self) -> list[Source]:
        """Every source, in the order they were read."""
        return [
            Source(*row)._replace(whole=bool(row[5]))
            for row in self.select(
                "SELECT name, title, licence, home, attribution, whole, until, records, rows,"
                " withdrawn, unread FROM source ORDER BY source"
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

    def coverage(self, ecosystem: str) -> Coverage | None:
        """How far the data reaches in an ecosystem with its release; ``None``: not covered."""
        return next(iter(self.all_coverage(names.ecosystem(ecosystem))), None)

    def all_coverage(self, ecosystem: str = "") -> list[Coverage]:
        """The same for all ecosystems, or for one, by name."""
        rows = self.select(
            "SELECT e.name, s.name, c.records, c.newest, s.until, s.whole FROM coverage c"
            " JOIN ecosystem e USING (ecosystem) JOIN source s USING (source)"
            " WHERE ?1 IN ('', e.name) ORDER BY e.name, s.whole DESC, s.until DESC, s.source",
            (ecosystem,),
        )
        return [
            Coverage(
                name, tuple(row[1] for row in own), sum(row[2] for row in own),
                max(row[3] for row in own), own[0][4], bool(own[0][5]),
            )
            for name, own in ((name, list(own)) for name, own in groupby(rows, itemgetter(0)))
        ]  # fmt: skip

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
        return [Withdrawn(row[0], row[1], row[2], row[3], tuple(row[4].split())) for row in rows]


def examine(path: str) -> str:
    """What is wrong with a file that should be a database, in words; empty when nothing is seen.

    Looks at its header and size alone; damage further in shows when it is read.
    """
    try:
        with open(path, "rb") as stream:
            header = stream.read(100)
            size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        return f"it cannot be read: {(error.strerror or str(error)).lower()}; {_REMEDY}"
    if len(header) < 100 or not header.startswith(_MAGIC):
        return f"it is no database of advisories; name another, {_REMEDY}"
    if int.from_bytes(header[68:72], "big") != APPLICATION:
        return f"it is a database of another program; name another, {_REMEDY}"
    version = int.from_bytes(header[60:64], "big")
    if version > VERSION:
        return (
            f"it was made by a newer seawall (format {version}, this one reads {VERSION}); "
            f"install that one, {_REMEDY}"
        )
    if version < VERSION:
        return f"it was made by an older seawall (format {version}); {_REMEDY}"
    page = int.from_bytes(header[16:18], "big")
    if (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big") != size:
        return f"it is not complete; {_REMEDY}"
    return ""

"""Which vulnerabilities some versions are affected by: one join of numbers, then their words."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from seawall.advisories import names, spans
from seawall.advisories.advisory import FIXED
from seawall.advisories.known import Match, Unjudged
from seawall.advisories.names import Spelling
from seawall.advisories.repositories import NO_ORDER_BESIDE_TAGS, is_commit, tag
from seawall.advisories.schema import (
    LAST_AFFECTED,
    NEGLIGIBLE,
    OVERRULED,
    STATUSES,
    bits_of,
    flags_of,
    severity_of,
)
from seawall.advisories.versions.interval import EVERYTHING
from seawall.advisories.versions.schemes import Key, scheme_of
from seawall.core.named_tuple import NamedTuple

Wanted = tuple[str, str, str]
"""The ecosystem as OSV writes it, with the release; the package's name; its version."""
_CHUNK = 500
"""Numbers asked for in one statement; SQLite allows 999 variables at least."""
_WANTED = (
    "CREATE TEMP TABLE wanted (place INTEGER PRIMARY KEY, ecosystem INTEGER, name TEXT,"
    " version TEXT, key BLOB)"
)
_OF_PACKAGE = (
    " FROM temp.wanted w CROSS JOIN package p ON p.ecosystem = w.ecosystem AND p.name = w.name"
)
_BY_RANGE = (
    "SELECT w.place, m.vulnerability, a.record, a.statement, a.part, a.hi, ''" + _OF_PACKAGE +
    " CROSS JOIN affected a ON a.package = p.package AND a.lo <= w.key AND a.hi > w.key"
    " CROSS JOIN member m ON m.record = a.record"
)  # fmt: skip
_BY_VERSION = (
    "SELECT w.place, m.vulnerability, a.record, a.statement, -1, x'', w.version" + _OF_PACKAGE +
    " CROSS JOIN exact a ON a.package = p.package AND a.version = w.version"
    " CROSS JOIN member m ON m.record = a.record"
)  # fmt: skip
_BY_ALL = (
    "SELECT w.place, m.vulnerability, a.record, a.statement, a.part, a.hi" + _OF_PACKAGE +
    " CROSS JOIN affected a ON a.package = p.package AND a.lo = ? AND a.hi = ?"
    " CROSS JOIN member m ON m.record = a.record WHERE w.key IS NULL"
)  # fmt: skip
"""For versions that are not known or have no order: what all versions are affected by."""
_UNJUDGED_PACKAGES = (
    "SELECT p.ecosystem, p.name, p.package FROM (SELECT DISTINCT package FROM unjudged) u"
    " CROSS JOIN package p USING (package)"
)
"""Few: in this order, since SQLite by itself would go through all packages."""
_UNJUDGED = (
    "SELECT r.id, u.reason FROM unjudged u JOIN record r USING (record)"
    " WHERE u.package = :package AND NOT EXISTS (SELECT 1 FROM exact e"
    " WHERE e.package = :package AND e.version = :version AND e.record = u.record)"
    " AND NOT EXISTS (SELECT 1 FROM member m JOIN member o USING (vulnerability) JOIN affected a"
    " ON a.record = o.record AND a.package = :package"
    " WHERE m.record = u.record AND o.record <> u.record) ORDER BY r.id"
)
"""What says nothing of a version: neither by naming it, nor by what others say of the same."""
_OF_ONE = (
    "SELECT 0, m.vulnerability, a.record, a.statement, a.part, a.hi, ''"
    " FROM package p JOIN affected a USING (package) JOIN member m USING (record)"
    " WHERE p.ecosystem = :ecosystem AND p.name = :name UNION ALL"
    " SELECT 0, m.vulnerability, a.record, a.statement, -1, x'', a.version"
    " FROM package p JOIN exact a USING (package) JOIN member m USING (record)"
    " WHERE p.ecosystem = :ecosystem AND p.name = :name ORDER BY 2, 6, 7"
)
_OF_VULNERABILITY = (
    "SELECT e.name, p.name, 0, :number, a.record, a.statement, a.part, a.hi, ''"
    " FROM affected a CROSS JOIN package p USING (package) CROSS JOIN ecosystem e USING (ecosystem)"
    " WHERE a.record IN (SELECT record FROM member WHERE vulnerability = :number) UNION ALL"
    " SELECT e.name, p.name, 0, :number, a.record, a.statement, -1, x'', a.version"
    " FROM exact a CROSS JOIN package p USING (package) CROSS JOIN ecosystem e USING (ecosystem)"
    " WHERE a.record IN (SELECT record FROM member WHERE vulnerability = :number) ORDER BY 1, 2, 8"
)


_OVERRULED = bits_of((OVERRULED,))
_MENDED = STATUSES.index(FIXED)
"""A record names this very version as one that is not affected."""


class _Hit(NamedTuple):
    """A record says that a version is affected."""

    place: int
    vulnerability: int
    record: int
    statement: int
    part: int
    """Which of the statement's intervals; negative for a version that is listed."""
    hi: bytes
    version: str = ""


class _Record(NamedTuple):
    record: int
    id: str
    source: int
    severity: int
    flags: int


class _Statement(NamedTuple):
    statement: int
    ranges: str
    status: int
    severity: int
    flags: int
    extra: str


class Matching:
    """One question to an open database."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        ecosystems: Mapping[str, int],
        sources: Mapping[int, str],
    ) -> None:
        self._connection = connection
        self._ecosystems = ecosystems
        self._sources = sources
        self._records: dict[int, _Record] = {}
        self._statements: dict[int, _Statement] = {}
        self._flags: dict[int, int] = {}
        self._silent: set[int] = set()
        """Statements that do not say by themselves that a version is affected."""
        self._unjudged: dict[int, dict[str, int]] | None = None

    def of(self, wanted: Sequence[Wanted], unreadable: set[int]) -> list[list[Match]]:
        """What each package is affected by. Raises ``sqlite3.Error``."""
        connection = self._connection
        connection.execute("DROP TABLE IF EXISTS temp.wanted")
        connection.execute(_WANTED)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO temp.wanted VALUES (?, ?, ?, ?, ?)", self._rows(wanted, unreadable)
        )
        connection.execute("COMMIT")
        hits = list(map(_Hit._make, connection.execute(_BY_RANGE)))
        hits += map(_Hit._make, connection.execute(_BY_VERSION))
        if unreadable:
            hits += (_Hit(*row) for row in connection.execute(_BY_ALL, EVERYTHING))
        self._look_up(hits)
        found: list[list[Match]] = [[] for _ in wanted]
        silent = self._silent
        for (place, _), all_hits in sorted(_together(hits).items()):
            if not silent or any(hit.statement not in silent for hit in all_hits):
                found[place].append(self._match(all_hits))
        return found

    def unjudged(self, wanted: Sequence[Wanted]) -> list[Unjudged]:
        """What is known of some packages and cannot be held against their versions.

        Raises ``sqlite3.Error``.
        """
        unjudged = self._unjudged_packages()
        found: list[Unjudged] = []
        by_name: dict[str, Mapping[str, int]] = {}
        for place, (ecosystem, name, version) in enumerate(wanted if unjudged else ()):
            if ecosystem not in by_name:
                number = self._ecosystems.get(names.ecosystem(ecosystem), 0)
                by_name[ecosystem] = unjudged.get(number, {})
            if not by_name[ecosystem]:
                continue
            base = names.ecosystem(ecosystem)
            package = by_name[ecosystem].get(names.normal(base, name))
            if package is not None:
                written = tag(version) if base == names.REPOSITORIES else version
                found += self._unjudged_of(place, package, written)
        return found

    def _unjudged_packages(self) -> Mapping[int, Mapping[str, int]]:
        """By ecosystem and name, the packages that a record cannot be held against."""
        if self._unjudged is None:
            self._unjudged = {}
            for ecosystem, name, package in self._connection.execute(_UNJUDGED_PACKAGES):
                self._unjudged.setdefault(ecosystem, {})[name] = package
        return self._unjudged

    def _unjudged_of(self, place: int, package: int, version: str) -> Iterator[Unjudged]:
        by_reason: dict[str, list[str]] = {}
        rows = self._connection.execute(_UNJUDGED, {"package": package, "version": version})
        for id_, reason in rows:
            if reason != NO_ORDER_BESIDE_TAGS or is_commit(version):
                by_reason.setdefault(reason, []).append(id_)
        for reason, ids in by_reason.items():
            yield Unjudged(place, reason, tuple(ids))

    def of_package(self, ecosystem: str, name: str) -> list[Match]:
        """What is known of a package, one match for each interval. Raises ``sqlite3.Error``."""
        rows = self._connection.execute(
            _OF_ONE, {"ecosystem": self._ecosystems.get(ecosystem), "name": name}
        )
        hits = [_Hit(*row) for row in rows]
        self._look_up(hits)
        return [self._match([hit]) for hit in hits]

    def of_vulnerability(self, number: int) -> list[tuple[str, str, Match]]:
        """Ecosystem, package and interval of all that have it. Raises ``sqlite3.Error``."""
        rows = list(self._connection.execute(_OF_VULNERABILITY, {"number": number}))
        hits = [_Hit(*row[2:]) for row in rows]
        self._look_up(hits)
        return [(row[0], row[1], self._match([hit])) for row, hit in zip(rows, hits, strict=True)]

    def _rows(
        self, wanted: Sequence[Wanted], unreadable: set[int]
    ) -> Iterator[tuple[int, int, str, str, bytes | None]]:
        known: dict[str, tuple[int | None, Spelling, Key]] = {}
        repositories = self._ecosystems.get(names.REPOSITORIES)
        for place, (ecosystem, name, version) in enumerate(wanted):
            if ecosystem not in known:
                known[ecosystem] = self._ecosystem(ecosystem)
            number, spelling, key_of = known[ecosystem]
            if number is None:
                continue
            key = key_of(version)
            if key is None:
                unreadable.add(place)
            written = tag(version) if number == repositories else version
            yield place, number, spelling(name), written, key

    def _ecosystem(self, ecosystem: str) -> tuple[int | None, Spelling, Key]:
        """Its number here, how it writes names, and what gives its versions their keys."""
        base = names.ecosystem(ecosystem)
        scheme = scheme_of(base)
        return (
            self._ecosystems.get(base),
            names.spelling(base),
            _no_key if scheme is None else scheme.key,
        )

    def _look_up(self, hits: Sequence[_Hit]) -> None:
        """What stands behind the numbers, each once."""
        for row in self._by_number("record, id, source, severity, flags", "record",
                                   {hit.record for hit in hits}):  # fmt: skip
            self._records[row[0]] = _Record._make(row)
        for row in self._by_number("statement, ranges, status, severity, flags, extra",
                                   "statement", {hit.statement for hit in hits}):  # fmt: skip
            self._statements[row[0]] = statement = _Statement._make(row)
            if statement.status == _MENDED or statement.flags & _OVERRULED:
                self._silent.add(statement.statement)
        self._flags.update(
            self._by_number(
                "vulnerability, flags", "vulnerability", {hit.vulnerability for hit in hits}
            )
        )

    def _by_number(
        self, columns: str, table: str, wanted: Iterable[int]
    ) -> Iterator[tuple[Any, ...]]:
        numbers = sorted(wanted)
        for start in range(0, len(numbers), _CHUNK):
            chunk = numbers[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT {columns} FROM {table} WHERE {table} IN ({marks})"  # noqa: S608 - ours
            yield from self._connection.execute(query, chunk)

    def _counts(self, hit: _Hit) -> bool:
        """Whether a record says by itself that a version is affected."""
        return hit.statement not in self._silent

    def _match(self, hits: list[_Hit]) -> Match:
        """One match out of what several records say of one vulnerability.

        The interval that ends last speaks, of those that count: its end clears all of them.
        """
        if len(hits) > 1:
            hits = [hit for hit in hits if self._statements[hit.statement].status != _MENDED]
            hits.sort(key=lambda hit: (self._counts(hit), hit.hi, -hit.record), reverse=True)
        hit = hits[0]
        record, statement = self._records[hit.record], self._statements[hit.statement]
        why, fixed, last_affected = _read(statement.ranges, hit.part)
        if len(hits) > 1 and not fixed:
            fixed = next(filter(None, map(self._fixed, filter(self._counts, hits))), ())
        severity = statement.severity or record.severity
        flags = _flags(
            statement.flags | record.flags | self._flags[hit.vulnerability], severity == NEGLIGIBLE
        )
        also: tuple[str, ...] = ()
        if len(hits) > 1:
            also = tuple(dict.fromkeys(
                self._records[each.record].id for each in hits if each.record != hit.record
            ))  # fmt: skip
        modular, arches, imports = _extra(statement.extra)
        return Match(
            hit.vulnerability, record.id, self._sources[record.source],
            f"= {hit.version}" if hit.part < 0 else why, STATUSES[statement.status], fixed,
            severity_of(severity), flags, last_affected, also, modular, arches, imports,
        )  # fmt: skip

    def _fixed(self, hit: _Hit) -> tuple[str, ...]:
        return _read(self._statements[hit.statement].ranges, hit.part)[1]


def _no_key(_version: str) -> None:
    """The key of a version of an ecosystem whose versions have no known order."""


def _together(hits: Sequence[_Hit]) -> dict[tuple[int, int], list[_Hit]]:
    found: dict[tuple[int, int], list[_Hit]] = {}
    for hit in hits:
        found.setdefault(hit[:2], []).append(hit)
    return found


@lru_cache(maxsize=10_000)
def _read(ranges: str, matched: int) -> tuple[str, tuple[str, ...], str]:
    """The interval of a statement as text, the versions that mend it, the last one affected."""
    parts = spans.parts(ranges)
    fixed = spans.fixes(parts, max(matched, 0))
    if matched < 0:
        return "", fixed, ""
    part = parts[matched]
    return str(part), fixed, part.last if part.sign == LAST_AFFECTED else ""


@lru_cache(maxsize=1_000)
def _flags(bits: int, negligible: bool) -> tuple[str, ...]:
    return (*flags_of(bits), *(("negligible",) if negligible else ()))


@lru_cache(maxsize=10_000)
def _extra(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    modular, arches, imports = (*text.split("\n"), "", "")[:3]
    return modular, tuple(arches.split()), tuple(imports.split())

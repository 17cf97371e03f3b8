"""Which vulnerabilities some versions are affected by: one join, then words for its rows."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from seawall.advisories import names, spans
from seawall.advisories.schema import (
    JUST,
    LAST_AFFECTED,
    SEVERITIES,
    STATUSES,
    flags_of,
)
from seawall.advisories.store import Match, Wanted
from seawall.advisories.versions.schemes import scheme_of

_WANTED = (
    "CREATE TEMP TABLE wanted (place INTEGER PRIMARY KEY, ecosystem INTEGER, name TEXT,"
    " version TEXT, key BLOB)"
)
_COLUMNS = (
    "w.place, v.id, {hi}, {part}, w.version, v.vulnerability, v.severity, v.score, v.scorer,"
    " v.flags, r.record, r.id, r.source, r.severity, r.score, r.scorer, r.flags, s.ranges,"
    " s.status, s.severity, s.score, s.flags, s.extra"
)
_JOINED = (
    " CROSS JOIN statement s ON s.statement = a.statement"
    " CROSS JOIN record r ON r.record = a.record"
    " CROSS JOIN member m ON m.record = a.record"
    " CROSS JOIN vulnerability v ON v.vulnerability = m.vulnerability"
)
_OF_PACKAGE = (
    " FROM temp.wanted w CROSS JOIN package p ON p.ecosystem = w.ecosystem AND p.name = w.name"
)
_QUERY = (
    "SELECT " + _COLUMNS.format(hi="a.hi", part="a.part") + _OF_PACKAGE +
    " CROSS JOIN affected a ON a.package = p.package AND a.lo <= w.key AND a.hi > w.key" + _JOINED +
    " UNION ALL SELECT " + _COLUMNS.format(hi="x''", part="-1") + _OF_PACKAGE +
    " CROSS JOIN exact a ON a.package = p.package AND a.version = w.version" + _JOINED +
    " ORDER BY 1, 2, 3 DESC, 11"
)  # fmt: skip
"""Of the rows of one package and vulnerability the one that ends last comes first."""


class _Row(NamedTuple):
    """One row of the answer."""

    place: int
    id: str
    hi: bytes
    part: int
    version: str
    vulnerability: int
    severity: int
    score: int | None
    scorer: int | None
    flags: int
    record: int
    advisory: str
    source: int
    own_severity: int
    own_score: int | None
    own_scorer: int | None
    own_flags: int
    ranges: str
    status: int
    said_severity: int
    said_score: int | None
    said_flags: int
    extra: str


class Matching:
    """One question to an open database."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        ecosystems: Mapping[str, int],
        sources: Mapping[int, str],
        scorers: Mapping[int | None, str],
    ) -> None:
        self._connection = connection
        self._ecosystems = ecosystems
        self._sources = sources
        self._scorers = scorers

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
        found: list[list[Match]] = [[] for _ in wanted]
        answer = map(_Row._make, connection.execute(_QUERY))
        for (place, _id), rows in groupby(answer, itemgetter(0, 1)):
            found[place].append(self._match(list(rows)))
        return found

    def _rows(
        self, wanted: Sequence[Wanted], unreadable: set[int]
    ) -> Iterator[tuple[int, int, str, str, bytes | None]]:
        for place, (ecosystem, name, version) in enumerate(wanted):
            base = names.ecosystem(ecosystem)
            number = self._ecosystems.get(base)
            if number is None:
                continue
            scheme = scheme_of(base)
            key = scheme.key(version) if scheme is not None else None
            if key is None:
                unreadable.add(place)
            yield place, number, names.normal(base, name), version, key

    def _match(self, rows: list[_Row]) -> Match:
        """One match out of the rows of several records that say the same."""
        row = rows[0]
        part, fixed = _read(row.ranges, row.part)
        if not fixed and len(rows) > 1:
            fixed = next(filter(None, (_read(each.ranges, each.part)[1] for each in rows)), ())
        severity, score, said_by = self._severity(row)
        flags = row.flags | row.own_flags | row.said_flags
        modular, arches, imports = _extra(row.extra)
        also = tuple(dict.fromkeys(e.advisory for e in rows[1:] if e.record != row.record))
        return Match(
            row.vulnerability, row.id, row.advisory, self._sources[row.source],
            STATUSES[row.status], fixed, part.last if part.sign == LAST_AFFECTED else "",
            str(part) if row.part >= 0 else f"={row.version}",
            SEVERITIES[severity], None if score is None else score / 10, said_by, flags_of(flags),
            modular, arches, imports, also,
        )  # fmt: skip

    def _severity(self, row: _Row) -> tuple[int, int | None, str]:
        if row.said_severity:
            return row.said_severity, row.said_score, self._sources[row.source]
        if row.own_severity:
            return row.own_severity, row.own_score, self._scorers[row.own_scorer]
        if row.severity:
            return row.severity, row.score, self._scorers[row.scorer]
        return 0, None, ""


@cache
def _read(ranges: str, matched: int) -> tuple[spans.Part, tuple[str, ...]]:
    """The interval of a statement that holds a version, and the versions that mend it."""
    all_parts = spans.parts(ranges)
    if matched < 0:
        return spans.Part("", JUST, ""), spans.fixes(all_parts, 0)
    return all_parts[matched], spans.fixes(all_parts, matched)


@cache
def _extra(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    modular, arches, imports = (*text.split("\n"), "", "")[:3]
    return modular, tuple(arches.split()), tuple(imports.split())

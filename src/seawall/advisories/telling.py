"""All that is known of a vulnerability, put together from the records that are about it.

Words come from the advisory of the package's own world first, then from those who describe CVEs;
a bulletin speaks of many vulnerabilities at once, and is read where nobody else says anything.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seawall.advisories import details
from seawall.advisories.details import Detail
from seawall.advisories.known import Rating, Vulnerability
from seawall.advisories.schema import BULLETIN, SEVERITIES, flags_of, severity_of
from seawall.core.named_tuple import NamedTuple

_CHUNK = 500
_MOST_REFERENCES = 100


class _Facts(NamedTuple):
    """A row of ``vulnerability``."""

    number: int
    id: str
    severity: int
    score: int | None
    scorer: int | None
    flags: int
    exploited: str | None
    ransomware: int | None
    epss: float | None
    percentile: float | None


class _Record(NamedTuple):
    """A record that is about it; of a bulletin no words are read unless they are wanted."""

    id: str | None
    source: int
    kind: int
    severity: int
    score: int | None
    scorer: int | None
    flags: int
    detail: bytes


class Telling:
    """What an open database has to say in words."""

    def __init__(self, connection: sqlite3.Connection, sources: Mapping[int, str]) -> None:
        self._connection = connection
        self._sources = sources
        self._scorers: dict[int | None, str] = dict(
            connection.execute("SELECT scorer, name FROM scorer")
        )
        self._dictionaries: dict[int, bytes] = {}

    def of(self, numbers: Sequence[int]) -> dict[int, Vulnerability]:
        """Vulnerabilities by number. Raises ``sqlite3.Error``, ``ValueError``."""
        found: dict[int, Vulnerability] = {}
        for start in range(0, len(numbers), _CHUNK):
            chunk = numbers[start : start + _CHUNK]
            facts = {row[0]: _Facts(*row) for row in self._rows(_FACTS, chunk)}
            records: dict[int, list[_Record]] = {number: [] for number in chunk}
            for number, *row in self._rows(_RECORDS, chunk):
                records[number].append(_Record(*row))
            for number in chunk:
                found[number] = self._told(facts[number], records[number])
        return found

    def _rows(self, query: str, numbers: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        marks = ",".join("?" * len(numbers))
        return self._connection.execute(query.replace("(?)", f"({marks})"), numbers)

    def _told(self, facts: _Facts, records: Sequence[_Record]) -> Vulnerability:
        first = [record for record in records if record.kind != BULLETIN] or records[:1]
        told = [(record, self._detail(record)) for record in first]
        all_details = [detail for _, detail in told]
        dates = [detail.published for detail in all_details if detail.published]
        flags = facts.flags
        for record in first:
            flags |= record.flags
        return Vulnerability(
            facts.id,
            tuple(sorted(_aliases(facts.id, told))),
            next(filter(None, map(_title, all_details)), ""),
            severity_of(facts.severity),
            self._scorers.get(facts.scorer, ""),
            self._ratings(facts, told, records),
            _united(detail.cwes for detail in all_details),
            facts.exploited or "",
            bool(facts.ransomware),
            facts.epss,
            facts.percentile,
            next((detail.ssvc for detail in all_details if detail.ssvc), ""),
            min(dates, default=""),
            max((detail.modified for detail in all_details), default=""),
            _united(detail.references for detail in all_details)[:_MOST_REFERENCES]
            or (_page(facts.id),),
            flags_of(flags),
            next((detail.details for detail in all_details if detail.details), ""),
            tuple((record.id or facts.id, self._sources[record.source]) for record in records),
        )

    def _ratings(
        self, facts: _Facts, told: Sequence[tuple[_Record, Detail]], records: Sequence[_Record]
    ) -> tuple[Rating, ...]:
        found: dict[Rating, None] = {}
        for record, detail in told:
            if record.kind == BULLETIN:
                continue
            for score in detail.scores:
                found[Rating(score.source, score.vector, _base(score.vector), score.word)] = None
        for record in records:
            if record.kind == BULLETIN and record.severity:
                own = None if record.score is None else record.score / 10
                word = SEVERITIES[record.severity]
                found[Rating(self._scorers.get(record.scorer, ""), "", own, word)] = None
        speaker = self._scorers.get(facts.scorer, "")
        return tuple(sorted(found, key=lambda rating: rating.source != speaker))

    def _detail(self, record: _Record) -> Detail:
        words = self._dictionaries.get(record.source)
        if words is None:
            ((words,),) = self._connection.execute(
                "SELECT dictionary FROM source WHERE source = ?", (record.source,)
            )
            self._dictionaries[record.source] = words = words or b""
        return details.decoded(details.unpacked(record.detail, words))


_FACTS = (
    "SELECT vulnerability, id, severity, score, scorer, flags, exploited, ransomware, epss,"
    " percentile FROM vulnerability WHERE vulnerability IN (?)"
)
_RECORDS = (
    "SELECT m.vulnerability, r.id, r.source, r.kind, r.severity, r.score, r.scorer, r.flags,"
    " r.detail FROM member m JOIN record r USING (record) WHERE m.vulnerability IN (?)"
    " ORDER BY m.vulnerability, r.kind, r.record"
)


def _base(vector: str) -> float | None:
    if not vector:
        return None
    from seawall.advisories import cvss  # noqa: PLC0415 - its tables, for findings only

    score = cvss.score(vector)
    return None if score is None else score.base


def _page(id_: str) -> str:
    """Where a record of an id can be read, for databases that keep no references."""
    if id_.startswith("CVE-"):
        return f"https://www.cve.org/CVERecord?id={id_}"
    if id_.startswith("GHSA-"):
        return f"https://github.com/advisories/{id_}"
    return f"https://osv.dev/vulnerability/{id_}"


def _title(detail: Detail) -> str:
    return detail.summary or details.title_of(detail.details)


def _aliases(id_: str, told: Iterable[tuple[_Record, Detail]]) -> set[str]:
    found: set[str] = set()
    for record, detail in told:
        if record.kind != BULLETIN:
            found.update((record.id or id_, *detail.aliases))
    return found - {id_}


def _united(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))

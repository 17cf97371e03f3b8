"""What can be said only when all records are in: which of them are about one vulnerability.

Then: how bad it is, which of two records that contradict each other counts, and what CISA and
FIRST say of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from seawall.advisories import clusters, severities
from seawall.advisories.advisory import Metadata
from seawall.advisories.clusters import Names
from seawall.advisories.schema import DISPUTED_RANGE, OVERRULED, REJECTED, bits_of
from seawall.advisories.severities import UNKNOWN, Verdict
from seawall.advisories.tables import Row, Statement, Tables

_DISTRIBUTION = 7
"""The rank of a distribution's word on others' packages: better than nothing."""


class Bulletin(NamedTuple):
    """A record that is about the CVEs it names."""

    record: int
    source: int
    id: str
    aliases: tuple[str, ...]
    upstream: tuple[str, ...]
    related: tuple[str, ...]


class Known(NamedTuple):
    """What is known of a CVE beside how bad it is."""

    flags: int = 0
    exploited: str = ""
    ransomware: bool = False
    epss: float | None = None
    percentile: float | None = None

    @classmethod
    def of(cls, metadata: Metadata) -> "Known":
        """What one source says."""
        return cls(
            bits_of(metadata.flags), metadata.known_exploited, metadata.ransomware,
            metadata.epss, metadata.epss_percentile,
        )  # fmt: skip

    def and_also(self, other: "Known") -> "Known":
        """What two sources say."""
        days = [day for day in (self.exploited, other.exploited) if day]
        return Known(
            self.flags | other.flags,
            min(days, default=""),
            self.ransomware or other.ransomware,
            self.epss if other.epss is None else other.epss,
            self.percentile if other.percentile is None else other.percentile,
        )


_NOTHING = Known()


class Finishing:
    """Names and verdicts of the records that are in, until it is run."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._bulletins: list[Bulletin] = []
        self._names: list[Names] = []
        self._metadata: list[tuple[int, str]] = []
        self._verdicts: dict[int, Verdict] = {}
        self._known: dict[str, Known] = {}
        self._rejected: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._worst: dict[int, Verdict] = {}
        self._withdrawn_cves: set[int] = set()
        self._dropped: list[int] = []

    # While records come -----------------------------------------------------------------------

    def verdict(self, record: int, verdict: Verdict, *, distribution: bool) -> None:
        """How bad a record says it is."""
        if distribution and verdict.rank == severities.ADVISORY:
            verdict = verdict._replace(rank=_DISTRIBUTION)
        if verdict.severity:
            self._verdicts[record] = verdict

    def bulletin(self, bulletin: Bulletin) -> None:
        """A distribution's record."""
        self._bulletins.append(bulletin)

    def record(self, names: Names) -> None:
        """A record of an ecosystem of a language."""
        self._names.append(names)

    def metadata(self, record: int, cve: str, verdict: Verdict) -> None:
        """A record that tells of a CVE whoever is affected."""
        self._metadata.append((record, cve))
        self.verdict(record, verdict, distribution=False)

    def know(self, cve: str, known: Known) -> None:
        """Facts on a CVE."""
        if known != _NOTHING:
            before = self._known.get(cve)
            self._known[cve] = known if before is None else before.and_also(known)

    def reject(self, cve: str) -> None:
        """The number of a CVE was taken back."""
        self._rejected.add(cve)

    # When all are in --------------------------------------------------------------------------

    def run(self, *, whole: bool) -> None:
        """Write what ties records together; what is not ``whole`` leaves CVEs of nobody out."""
        for bulletin in self._bulletins:
            self._expand(bulletin)
        together: dict[int, list[Names]] = defaultdict(list)
        for names, id_ in clusters.of_records(self._names, self._rejected.__contains__):
            number = self._member(names.record, id_)
            together[number].append(names)
            for name in (names.id, *names.aliases):
                self._tables.put("alias", (name, number))
        self._settle_conflicts(together)
        self._add_metadata(whole=whole)
        self._drop()
        self._write_vulnerabilities()

    def _number(self, id_: str) -> int:
        number = self._numbers.get(id_)
        if number is None:
            number = self._numbers[id_] = len(self._numbers) + 1
            self._tables.put("alias", (id_, number))
        return number

    def _member(self, record: int, id_: str) -> int:
        number = self._number(id_)
        self._tables.put("member", (record, number))
        verdict = self._verdicts.get(record)
        if verdict is not None and verdict.rank < self._worst.get(number, UNKNOWN).rank:
            self._worst[number] = verdict
        return number

    def _expand(self, bulletin: Bulletin) -> None:
        record, source, id_, aliases, upstream, related = bulletin
        ids = clusters.of_bulletin(id_, aliases, upstream, related)
        live = [each for each in ids if each not in self._rejected]
        if not live and clusters.is_wrapped(id_):
            self._dropped.append(record)
            self._tables.put("withdrawn", (id_, source, "", "its CVE was rejected", ids[0]))
            return
        for each in live or (id_,):
            number = self._member(record, each)
            self._tables.put("alias", (id_, number))
            for name in (*aliases, *upstream):
                if clusters.cve_of(name) in ("", each):
                    self._tables.put("alias", (name, number))
            if not live:
                self._withdrawn_cves.add(number)

    def _drop(self) -> None:
        """Take records out again; all at once, for what they left has no index by record."""
        self._tables.flush()
        connection = self._tables.connection
        connection.execute("CREATE TEMP TABLE dropped (record INTEGER PRIMARY KEY)")
        connection.executemany(
            "INSERT INTO dropped VALUES (?)", ((record,) for record in self._dropped)
        )
        for table in ("affected", "exact", "unjudged", "cleared", "record"):
            connection.execute(
                f"DELETE FROM {table} WHERE record IN (SELECT record FROM temp.dropped)"  # noqa: S608
            )
        connection.execute("DROP TABLE temp.dropped")

    # Two records on one package ---------------------------------------------------------------

    def _settle_conflicts(self, together: dict[int, list[Names]]) -> None:
        for all_names in together.values():
            if len(all_names) == 1:
                continue
            by_package: dict[int, dict[int, str]] = defaultdict(dict)
            for names in all_names:
                for package in names.packages:
                    by_package[package][names.record] = names.id
            for package, ids in sorted(by_package.items()):
                if len(ids) > 1:
                    self._settle(package, ids)

    def _settle(self, package: int, ids: dict[int, str]) -> None:
        rows = {record: self._rows(package, record) for record in ids}
        said = {tuple((row[0], row[1]) for row in found) for found in rows.values() if found}
        spoken = {record: id_ for record, id_ in ids.items() if rows[record]}
        winners = clusters.in_force(self._tables.ecosystem_of(package), spoken or ids)
        for record in ids:
            if record not in winners:
                self._flag(package, record, OVERRULED, ("affected", "exact"))
            elif len(said) > 1:
                self._flag(package, record, DISPUTED_RANGE, ("affected",))

    def _rows(self, package: int, record: int) -> list[Row]:
        return self._tables.select(
            "SELECT lo, hi, statement, part FROM affected WHERE package = ? AND record = ?"
            " ORDER BY lo, hi",
            (package, record),
        )

    def _flag(self, package: int, record: int, flag: str, tables: Sequence[str]) -> None:
        """Mark what a record says of a package."""
        bits = bits_of((flag,))
        for table in tables:
            numbers = self._tables.select(
                f"SELECT DISTINCT statement FROM {table} WHERE package = ? AND record = ?",  # noqa: S608
                (package, record),
            )
            for (number,) in numbers:
                ((ranges, status, severity, score, flags, extra),) = self._tables.select(
                    "SELECT ranges, status, severity, score, flags, extra FROM statement"
                    " WHERE statement = ?",
                    (number,),
                )
                new = self._tables.statement(
                    Statement(ranges, status, severity, score, flags | bits, extra)
                )
                self._tables.connection.execute(
                    f"UPDATE {table} SET statement = ?"  # noqa: S608
                    " WHERE package = ? AND record = ? AND statement = ?",
                    (new, package, record, number),
                )

    # What is known of CVEs --------------------------------------------------------------------

    def _add_metadata(self, *, whole: bool) -> None:
        for record, cve in self._metadata:
            if whole or cve in self._numbers:
                self._member(record, cve)
            else:
                self._dropped.append(record)
        for cve, known in self._known.items():
            if known.exploited and cve not in self._rejected:
                self._number(cve)

    def _write_vulnerabilities(self) -> None:
        for id_, number in self._numbers.items():
            verdict = self._worst.get(number, UNKNOWN)
            known = self._known.get(id_, _NOTHING)
            flags = known.flags
            if number in self._withdrawn_cves:
                flags |= bits_of((REJECTED,))
            row = (
                number, id_, verdict.severity, verdict.score, self._tables.scorer(verdict.scorer),
                flags, known.exploited or None, int(known.ransomware) or None,
                known.epss, known.percentile,
            )  # fmt: skip
            self._tables.put("vulnerability", row)

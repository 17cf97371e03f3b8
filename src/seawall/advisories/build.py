"""From streams of records to one file that answers which versions are affected.

Records are written as they come; what is kept in memory of each is its names. When all are in,
``finish`` finds out which of them are about the same vulnerability (``clusters``).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from seawall.advisories import commits, details, names, severities, spans
from seawall.advisories.advisory import (
    FIXED,
    MALICIOUS,
    NOT_AFFECTED,
    NOTICE,
    Advisory,
    Affected,
    Cycle,
    Metadata,
    Record,
    Score,
    Unread,
)
from seawall.advisories.clusters import Names, cves_of, is_distribution
from seawall.advisories.details import Detail, Kept
from seawall.advisories.finishing import Bulletin, Finishing, Known
from seawall.advisories.names import CPYTHON, REPOSITORIES
from seawall.advisories.repositories import NO_ORDER, NO_ORDER_BESIDE_TAGS, with_runtimes
from seawall.advisories.schema import ADVISORY, BULLETIN, METADATA, STATUSES, bits_of
from seawall.advisories.tables import Statement, Tables
from seawall.core.lazy import pattern

_SAMPLES = 200
"""Records of a source whose words are kept back until its dictionary can be made of them."""
_WORTH = 400
"""Records from which on a source has a dictionary of its own."""
_BUGFIX = pattern(r"(?:AL|RH|RL|EL|CE)(?:BA|EA)-.*")
"""Bulletins on bugs and enhancements: no vulnerabilities unless they name a CVE."""


class Origin(NamedTuple):
    """A source, as the database tells of it."""

    name: str
    title: str
    licence: str
    """SPDX where there is such a name."""
    home: str = ""
    attribution: str = ""
    whole: bool = True
    """Whether it is all there is of it; a sample or an extract makes no ecosystem covered."""
    until: str = ""
    """The day its data is of; empty for that of its newest record."""


class Tally(NamedTuple):
    """What became of the records of a source."""

    records: int
    """Live records that are in."""
    rows: int
    """Intervals and listed versions."""
    withdrawn: int
    unread: int
    until: str
    """The day the data is of."""


class Builder:
    """A database that is being built. ``finish`` makes the file; without it there is none."""

    def __init__(self, path: str, kept: Kept = Kept()) -> None:  # noqa: B008 - immutable
        self._path = path
        self._kept = kept
        self._tables = Tables(f"{path}.building")
        self._finishing = Finishing(self._tables)
        self._record = 0
        self._sources = 0
        self._until = ""

    def add(self, origin: Origin, records: Iterable[Record]) -> Tally:
        """Take in all records of a source."""
        self._sources += 1
        reading = _Reading(self, origin, self._sources)
        for record in records:
            reading.take(record)
        tally = reading.end()
        self._until = max(self._until, tally.until)
        return tally

    def finish(self) -> None:
        """Bring the records together and write the file: the same bytes for the same records."""
        self._finishing.run(whole=self._kept.details)
        self._tables.put("meta", ("until", self._until))
        self._tables.finish(self._path)

    def abandon(self) -> None:
        """Remove what is there so far."""
        self._tables.abandon()

    def next_record(self) -> int:
        """A number for a record."""
        self._record += 1
        return self._record

    @property
    def tables(self) -> Tables:
        """Where rows go."""
        return self._tables

    @property
    def finishing(self) -> Finishing:
        """What is remembered until all records are in."""
        return self._finishing

    @property
    def kept(self) -> Kept:
        """How much of a record's words is kept."""
        return self._kept


class _Waiting(NamedTuple):
    """A row of ``record`` whose words wait for the dictionary."""

    row: tuple[object, ...]
    words: bytes


class _Reading:
    """One source on its way in."""

    def __init__(self, builder: Builder, origin: Origin, number: int) -> None:
        self._builder = builder
        self._origin = origin
        self._number = number
        self._tables = builder.tables
        self._records = self._rows = self._withdrawn = self._unread_records = 0
        self._unread: dict[str, tuple[int, str]] = {}
        self._coverage: dict[int, tuple[int, str]] = {}
        self._keys = Keys()
        self._waiting: list[_Waiting] | None = []
        self._dictionary = b""
        self._newest = ""
        self._last_cve = ""

    def take(self, record: Record) -> None:
        """One record, of whatever kind."""
        match record:
            case Advisory():
                self._advisory(record)
            case Metadata():
                self._metadata(record)
            case Cycle():
                self._records += 1
                self._tables.put("cycle", tuple(record))
            case Unread():
                self._unread_records += 1
                self._miss(record.reason, record.record)

    def end(self) -> Tally:
        """Write what is known of the source itself."""
        self._settle(final=True)
        origin, number = self._origin, self._number
        # A day to come is a slip of whoever wrote it, and would keep later updates out for ever.
        until = origin.until or min(self._newest, date.today().isoformat())  # noqa: DTZ011
        self._tables.put(
            "source",
            (
                number, origin.name, origin.title, origin.licence, origin.home, origin.attribution,
                int(origin.whole), until, self._records, self._rows, self._withdrawn,
                self._unread_records, self._dictionary or None,
            ),
        )  # fmt: skip
        for reason, (count, example) in self._unread.items():
            self._tables.put("unread", (number, reason, count, example))
        for ecosystem, (count, newest) in self._coverage.items():
            self._tables.put("coverage", (ecosystem, number, count, newest))
        return Tally(self._records, self._rows, self._withdrawn, self._unread_records, until)

    def _miss(self, reason: str, record: str) -> None:
        count, example = self._unread.get(reason, (0, record))
        self._unread[reason] = count + 1, example

    # Advisories -------------------------------------------------------------------------------

    def _advisory(self, advisory: Advisory) -> None:
        if advisory.withdrawn:
            self._withdrawn += 1
            aliases = " ".join(advisory.aliases)
            taken_back = (advisory.id, self._number, advisory.withdrawn, "", aliases)
            self._tables.put("withdrawn", taken_back)
            return
        advisory = advisory._replace(affected=tuple(with_runtimes(advisory.affected)))
        number = self._builder.next_record()
        packages = self._packages(number, advisory)
        scores = (*advisory.scores, *self._own_vectors(advisory))
        is_bulletin = any(is_distribution(each.ecosystem) for each in advisory.affected)
        verdict = severities.verdict(scores)
        self._builder.finishing.verdict(number, verdict, distribution=is_bulletin)
        self._names(number, advisory, packages, is_bulletin=is_bulletin)
        kind = BULLETIN if is_bulletin else ADVISORY
        row = (
            number, advisory.id, self._number, kind, verdict.severity, verdict.score,
            self._tables.scorer(verdict.scorer), bits_of(_flags(advisory)),
        )  # fmt: skip
        detail = details.of_advisory(advisory)._replace(scores=scores)
        # The names of a bulletin's vulnerabilities stand in ``alias`` and ``member`` already.
        self._write(row, detail._replace(aliases=()) if is_bulletin else detail)
        self._count(advisory)

    def _count(self, advisory: Advisory) -> None:
        # A record of the CVE list that names packages is metadata and an advisory in one.
        self._records += advisory.id != self._last_cve
        newest = max(advisory.modified, advisory.published)
        self._newest = max(self._newest, newest)
        for ecosystem in dict.fromkeys(
            names.ecosystem(each.ecosystem) for each in advisory.affected
        ):
            number = self._tables.ecosystem(ecosystem)
            count, before = self._coverage.get(number, (0, ""))
            self._coverage[number] = count + 1, max(before, newest)

    def _own_vectors(self, advisory: Advisory) -> Iterator[Score]:
        voice = advisory.scores[0].source if advisory.scores else self._origin.name
        vectors = dict.fromkeys(vector for each in advisory.affected for vector in each.vectors)
        for vector in vectors:
            yield Score(voice, vector)

    def _names(
        self, number: int, advisory: Advisory, packages: set[int], *, is_bulletin: bool
    ) -> None:
        finishing = self._builder.finishing
        derived = not cves_of(advisory.aliases) and bool(cves_of(advisory.upstream))
        if is_bulletin or derived:
            finishing.bulletin(
                Bulletin(
                    number, self._number, advisory.id, () if derived else advisory.aliases,
                    advisory.upstream, advisory.related,
                )
            )  # fmt: skip
        else:
            finishing.record(Names(number, advisory.id, advisory.aliases, frozenset(packages)))

    def _packages(self, number: int, advisory: Advisory) -> set[int]:
        packages = set()
        for affected in _grouped(advisory.affected):
            package = self._tables.package(affected.ecosystem, affected.name)
            packages.add(package)
            if affected.status == NOT_AFFECTED:
                self._tables.put("cleared", (package, number))
            elif affected.ecosystem == REPOSITORIES:
                self._repository(number, package, affected, advisory)
            elif affected.ecosystem == CPYTHON and not _tells_versions(affected):
                self._tables.put("unjudged", (package, number, NO_ORDER))
            else:
                reading = spans.read(affected, self._keys.of(affected.ecosystem))
                self._affected(number, package, affected, reading, advisory.id)
        return packages

    def _repository(
        self, number: int, package: int, affected: Affected, advisory: Advisory
    ) -> None:
        """What a record says of a repository: of its tags, and of the commits that it names."""
        judged = commits.judged([
            each.ranges for each in advisory.affected
            if each.ranges and each.ecosystem == REPOSITORIES
            and names.normal(REPOSITORIES, each.name) == affected.name
        ])  # fmt: skip
        reading = commits.reading(affected.versions, judged)
        self._affected(number, package, affected, reading, advisory.id)
        if affected.versions and not judged.is_all:
            self._tables.put("unjudged", (package, number, NO_ORDER_BESIDE_TAGS))
        mended = spans.Reading((), judged.mended, ())
        self._affected(number, package, affected._replace(status=FIXED), mended, advisory.id)

    def _affected(
        self, number: int, package: int, affected: Affected, reading: spans.Reading, id_: str
    ) -> None:
        for reason in reading.reasons:
            self._miss(f"{affected.ecosystem.partition(':')[0]}: {reason}", id_)
            self._tables.put("unjudged", (package, number, reason))
        if not reading.spans and not reading.exact:
            return
        statement = self._tables.statement(_statement(affected, reading))
        for part, span in enumerate(reading.spans):
            row = (package, span.lo, number, span.hi, statement, part)
            self._tables.put("affected", row)
        for version in reading.exact:
            self._tables.put("exact", (package, version, number, statement))
        self._rows += len(reading.spans) + len(reading.exact)

    # What is known of CVEs --------------------------------------------------------------------

    def _metadata(self, metadata: Metadata) -> None:
        self._records += 1
        self._last_cve = metadata.id
        self._newest = max(
            self._newest, metadata.modified, metadata.published, metadata.known_exploited
        )
        finishing = self._builder.finishing
        if metadata.rejected:
            finishing.reject(metadata.id)
            day = metadata.modified or metadata.published
            self._tables.put("withdrawn", (metadata.id, self._number, day, "rejected", ""))
            return
        finishing.know(metadata.id, Known.of(metadata))
        detail = details.of_metadata(metadata)
        if not self._builder.kept.cpes:
            detail = detail._replace(cpes=())
        if not any(detail._replace(published="", modified="")):
            return
        number = self._builder.next_record()
        verdict = severities.verdict(metadata.scores)
        finishing.metadata(number, metadata.id, verdict)
        row = (
            number, None, self._number, METADATA, verdict.severity, verdict.score,
            self._tables.scorer(verdict.scorer), bits_of(metadata.flags),
        )  # fmt: skip
        self._write(row, detail)

    # Words ------------------------------------------------------------------------------------

    def _write(self, row: tuple[object, ...], detail: Detail) -> None:
        words = details.encoded(detail, self._builder.kept)
        if self._waiting is not None:
            self._waiting.append(_Waiting(row, words))
            self._settle(final=False)
        else:
            self._tables.put("record", (*row, details.packed(words, self._dictionary)))

    def _settle(self, *, final: bool) -> None:
        """Make the dictionary once there is enough to make it of, and write what waited for it."""
        waiting = self._waiting
        if waiting is None or (len(waiting) < _WORTH and not final):
            return
        self._waiting = None
        if len(waiting) >= _WORTH:
            step = len(waiting) // _SAMPLES
            self._dictionary = details.dictionary([each.words for each in waiting[::step]])
        for row, words in waiting:
            self._tables.put("record", (*row, details.packed(words, self._dictionary)))


def _tells_versions(affected: Affected) -> bool:
    return bool(affected.ranges or affected.versions or affected.native or affected.unaffected)


def _flags(advisory: Advisory) -> tuple[str, ...]:
    flags = advisory.flags
    if advisory.id.startswith("MAL-"):
        flags = (*flags, MALICIOUS)
    if _BUGFIX.fullmatch(advisory.id):
        named = (*advisory.aliases, *advisory.upstream, *advisory.related)
        flags = flags if cves_of(named) else (*flags, NOTICE)
    return flags


def _grouped(all_affected: Sequence[Affected]) -> Iterator[Affected]:
    """What a record says of each package, in one piece: some have an entry for each branch."""
    found: dict[tuple[object, ...], Affected] = {}
    for affected in all_affected:
        ecosystem = names.ecosystem(affected.ecosystem)
        name = names.normal(ecosystem, affected.name)
        key = (
            ecosystem, name, affected.status, affected.severity, affected.vectors,
            affected.modular, affected.arches,
        )  # fmt: skip
        before = found.get(key)
        if before is None:
            found[key] = affected._replace(ecosystem=ecosystem, name=name)
        else:
            found[key] = before._replace(
                ranges=before.ranges + affected.ranges,
                versions=before.versions + affected.versions,
                native=before.native + affected.native,
                unaffected=before.unaffected + affected.unaffected,
                imports=before.imports + affected.imports,
            )
    return iter(found.values())


def _statement(affected: Affected, reading: spans.Reading) -> Statement:
    severity, score = severities.number_of(affected.severity), None
    if not severity:
        for score in severities.of_vectors(affected.vectors):
            severity = severities.number_of_score(score)
    lines = affected.modular, " ".join(affected.arches), " ".join(affected.imports)
    return Statement(
        spans.packed(reading.spans), STATUSES.index(affected.status), severity, score, 0,
        "\n".join(lines).rstrip("\n"),
    )  # fmt: skip


class Keys:
    """Keys of versions by ecosystem; distributions say the same version of many packages."""

    _MOST = 20_000

    def __init__(self) -> None:
        self._known: dict[str, spans.Key] = {}

    def of(self, ecosystem: str) -> spans.Key:
        """What gives a version of an ecosystem its key."""
        found = self._known.get(ecosystem)
        if found is None:
            found = self._known[ecosystem] = self._made(ecosystem)
        return found

    def _made(self, ecosystem: str) -> spans.Key:
        from seawall.advisories.versions.schemes import scheme_of  # noqa: PLC0415

        scheme = scheme_of(ecosystem)
        if scheme is None:
            return lambda _version: None
        key = scheme.key
        kept: dict[str, bytes | None] = {}

        def of(version: str) -> bytes | None:
            if version in kept:
                return kept[version]
            if len(kept) >= self._MOST:
                kept.clear()
            found = kept[version] = key(version)
            return found

        return of

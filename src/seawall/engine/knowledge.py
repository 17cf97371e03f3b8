"""What a run knows of packages: the database of advisories, and what VEX documents say of it."""

import os
from collections.abc import Iterable, Mapping, Sequence

from seawall.advisories import database
from seawall.advisories.advisory import Cycle
from seawall.advisories.known import Match, Unjudged, Vulnerability
from seawall.advisories.store import Coverage, Store
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore
from seawall.core.lazy import pattern
from seawall.core.report import Advisories, Feed
from seawall.engine.options import Options

_DAY = pattern(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
WARNED_FROM = 30
"""Days of age from which on a person at a terminal is told (Grype refuses after 5)."""


Query = tuple[str, str, str]


class Knowledge:
    """An open database; use it like one. What was asked before is not looked up again."""

    def __init__(
        self, store: Store, digest: bytes, notes: Sequence[str], ignores: Sequence[Ignore]
    ) -> None:
        self._store = store
        self.digest = digest
        """What it is known by: another database or VEX document has another one."""
        self.notes = list(notes)
        self.ignores = tuple(ignores)
        """What VEX documents say does not affect the product."""
        self._matches: dict[Query, list[Match]] = {}
        self._unjudged: dict[Query, list[Unjudged]] = {}
        self._vulnerabilities: dict[int, Vulnerability] = {}
        self._coverage: dict[str, Coverage | None] = {}

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def match(self, wanted: Sequence[Query]) -> list[list[Match]]:
        """The vulnerabilities of each package."""
        new = [query for query in dict.fromkeys(wanted) if query not in self._matches]
        if new:
            self._matches.update(zip(new, self._store.match(new), strict=True))
        return [self._matches[query] for query in wanted]

    def unjudged(self, wanted: Sequence[Query]) -> list[Unjudged]:
        """What is known of some packages, and cannot be held against their versions."""
        new = [query for query in dict.fromkeys(wanted) if query not in self._unjudged]
        if new:
            self._unjudged.update((query, []) for query in new)
            for item in self._store.unjudged(new):
                self._unjudged[new[item.place]].append(item)
        return [
            item._replace(place=place)
            for place, query in enumerate(wanted)
            for item in self._unjudged[query]
        ]

    def vulnerabilities(self, numbers: Iterable[int]) -> Mapping[int, Vulnerability]:
        """What is known of each."""
        wanted = set(numbers)
        new = wanted - self._vulnerabilities.keys()
        if new:
            self._vulnerabilities.update(self._store.vulnerabilities(new))
        return {number: self._vulnerabilities[number] for number in wanted}

    def coverage(self, ecosystem: str) -> Coverage | None:
        """What the database has of an ecosystem or release; ``None`` when it is nothing."""
        if ecosystem not in self._coverage:
            self._coverage[ecosystem] = self._store.coverage(ecosystem)
        return self._coverage[ecosystem]

    def described(self) -> Advisories:
        """The database, for reports."""
        feeds = tuple(Feed(item.name, item.until, item.records) for item in self._store.sources())
        return Advisories(_day(self._store), self._size(), feeds)

    def aged(self, ecosystems: Iterable[str], today: str) -> list[str]:
        """What a person should know of the age of the data on some ecosystems."""
        old = []
        for ecosystem in sorted(ecosystems):
            reach = self._store.coverage(ecosystem)
            day = "" if reach is None else reach.until[:10]
            if _DAY.fullmatch(day) and _days_since(day, today) >= WARNED_FROM:
                old.append(f"{ecosystem} {day}")
        if not old:
            return []
        return [f"the advisories are old ({', '.join(old)}); newer ones: seawall db update"]

    def _size(self) -> int:
        ((size,),) = self._store.select("SELECT count(*) FROM vulnerability")
        return int(size)

    def cycles(self, product: str) -> Sequence[Cycle]:
        """The release lines of a product, newest first."""
        return self._store.cycles(product)


def load(options: Options) -> Knowledge:
    """Open the database in force and read the VEX documents; raises UsageError."""
    located = database.locate(options.database, os.environ)
    store = Store.open(located.path)
    try:
        _refuse_old(store, options)
        digest, ignores = _exchanged(options, located.digest)
    except BaseException:
        store.close()
        raise
    return Knowledge(store, digest, list(located.notes), ignores)


def _exchanged(options: Options, digest: bytes) -> tuple[bytes, list[Ignore]]:
    """The ignores of VEX documents, and a digest of what is known with them."""
    ignores: list[Ignore] = []
    if options.vex:
        from seawall.advisories.vex import read  # noqa: PLC0415 - where there are any
        from seawall.core.digests import blake2b  # noqa: PLC0415 - seldom of use

        digest = blake2b(digest, digest_size=16).digest()
        for path in options.vex:
            document = read(path)
            ignores += document.ignores
            digest = blake2b(digest + document.digest, digest_size=16).digest()
    return digest, ignores


def _day(store: Store) -> str:
    """The day of the newest source that is there as a whole: what it is made of, not when."""
    days = (item.until[:10] for item in store.sources() if item.whole)
    return max(filter(_DAY.fullmatch, days), default="")


def _refuse_old(store: Store, options: Options) -> None:
    """Raise UsageError where the data is older than it may be."""
    limit, day = options.max_database_age, _day(store)
    if limit is None or not day:
        return
    days = _days_since(day, options.today)
    if days > limit:
        raise UsageError(
            f"the advisories are of {day}, {days} days old, and {limit} are allowed; "
            "run: seawall db update"
        )


def _days_since(day: str, today: str) -> int:
    """Days from one day to another, both as ``2026-08-22``; to that of the clock without one."""
    from datetime import date  # noqa: PLC0415 - loaded with sqlite3

    now = date.fromisoformat(today) if today else date.today()  # noqa: DTZ011 - the user's own day
    return (now - date.fromisoformat(day[:10])).days

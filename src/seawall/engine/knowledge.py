"""What a run knows of packages: the database of advisories, and what VEX documents say of it."""

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from seawall.advisories import database
from seawall.advisories.advisory import Cycle
from seawall.advisories.known import Match, Vulnerability
from seawall.advisories.store import Coverage, Store
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore
from seawall.core.report import Advisories, Feed
from seawall.engine.options import Options

WARNED_FROM = 30
"""Days of age from which on a person at a terminal is told (Grype refuses after 5)."""


class Knowledge:
    """An open database; use it like one."""

    def __init__(
        self, store: Store, digest: bytes, notes: Sequence[str], ignores: Sequence[Ignore]
    ) -> None:
        self._store = store
        self.digest = digest
        """What it is known by: another database or VEX document has another one."""
        self.notes = list(notes)
        self.ignores = tuple(ignores)
        """What VEX documents say does not affect the product."""

    def match(self, wanted: Sequence[tuple[str, str, str]]) -> list[list[Match]]:
        """The vulnerabilities of each package."""
        return self._store.match(wanted)

    def vulnerabilities(self, numbers: Iterable[int]) -> Mapping[int, Vulnerability]:
        """What is known of each."""
        return self._store.vulnerabilities(numbers)

    def coverage(self, ecosystem: str) -> Coverage | None:
        """What the database has of an ecosystem or release; ``None`` when it is nothing."""
        return self._store.coverage(ecosystem)

    def described(self) -> Advisories:
        """The database, for reports."""
        feeds = tuple(Feed(item.name, item.until, item.records) for item in self._store.sources())
        return Advisories(_day(self._store), self._size(), feeds)

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
    notes = list(located.notes)
    notes += _age(store, options)
    ignores: list[Ignore] = []
    digest = located.digest
    if options.vex:
        from seawall.advisories.vex import read  # noqa: PLC0415 - where there are any

        digest = blake2b(digest, digest_size=16).digest()
        for path in options.vex:
            document = read(path)
            ignores += document.ignores
            digest = blake2b(digest + document.digest, digest_size=16).digest()
    return Knowledge(store, digest, notes, ignores)


def _day(store: Store) -> str:
    """The day of the newest of the data: what it was made of, not when."""
    return max((item.until[:10] for item in store.sources()), default="")


def _age(store: Store, options: Options) -> list[str]:
    """What is to be said of the age of the data; raises UsageError where it is too old."""
    from datetime import date  # noqa: PLC0415 - loaded with sqlite3

    built = _day(store)
    if not built:
        return []
    today = date.fromisoformat(options.today) if options.today else date.today()  # noqa: DTZ011 - the user's own day
    days = (today - date.fromisoformat(built)).days
    limit = options.max_database_age
    if limit is not None and days > limit:
        raise UsageError(
            f"the advisories are of {built}, {days} days old, and {limit} are allowed; "
            "run: seawall db update"
        )
    if days < WARNED_FROM:
        return []
    return [f"the advisories are of {built}, {days} days old; newer ones: seawall db update"]

"""Small databases for tests."""

from collections.abc import Iterable
from pathlib import Path

from seawall.advisories.advisory import Advisory, Affected, Events, Record
from seawall.advisories.build import Builder, Origin
from seawall.advisories.details import Kept
from seawall.advisories.store import Store

DAY = "2024-03-01"


def advisory(
    id_: str, *affected: Affected, aliases: tuple[str, ...] = (), **facts: object
) -> Advisory:
    """An advisory that was modified on ``DAY``."""
    base = Advisory(id_, "tests", affected, aliases, modified=DAY)
    return base._replace(**facts)  # type: ignore[arg-type]


def package(name: str, *ends: str, ecosystem: str = "PyPI", introduced: str = "0") -> Affected:
    """A package that is affected up to each of some versions."""
    ranges = tuple(Events(introduced, fixed=end) for end in ends) or (Events(introduced),)
    return Affected(ecosystem, name, ranges)


def built(path: Path, *sources: tuple[str, Iterable[Record]], kept: Kept = Kept()) -> Path:  # noqa: B008
    """A database of some sources at a path."""
    builder = Builder(str(path), kept)
    for name, records in sources:
        whole = not name.endswith("-sample")
        builder.add(Origin(name, name.title(), "CC0-1.0", "https://example.org", whole=whole),
                    records)  # fmt: skip
    builder.finish()
    return path


def store_of(directory: Path, *records: Record, source: str = "tests") -> Store:
    """An open database of some records."""
    return opened(built(directory / "advisories.db", (source, records)))


_OPENED: list[Store] = []


def opened(path: Path | str) -> Store:
    """An open database that is closed when the test is over."""
    store = Store.open(str(path))
    _OPENED.append(store)
    return store


def close_all() -> None:
    """Close what tests have opened: on Python 3.13 an open database is a warning, thus an error."""
    while _OPENED:
        _OPENED.pop().close()

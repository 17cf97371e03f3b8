"""The samples of feeds in tests/data, and readers called with texts."""

from importlib import import_module

from seawall.advisories.advisory import Advisory, Metadata, Record, Unread
from seawall.advisories.feeds import sources
from seawall.advisories.feeds.archive import Member
from tests.shared import DATA

ROOT = DATA / "feeds"
FILES, OTHERS = sources.located(str(ROOT))


def sample(name: str) -> list[Record]:
    """The records of a source."""
    return [each for files in FILES if files.source.name == name for each in sources.records(files)]


def advisories(name: str) -> dict[str, Advisory]:
    """The advisories of a source by their id; one with the same id adds what it is about."""
    found: dict[str, Advisory] = {}
    for each in sample(name):
        if isinstance(each, Advisory):
            before = found.get(each.id)
            affected = (*before.affected, *each.affected) if before else each.affected
            found[each.id] = each._replace(affected=affected)
    return found


def metadata(name: str) -> dict[str, Metadata]:
    """The metadata of a source by their CVE."""
    return {each.id: each for each in sample(name) if isinstance(each, Metadata)}


def read(
    reader: str, text: str | bytes, name: str = "a.json", source: str = "test"
) -> list[Record]:
    """What a reader makes of one member."""
    data = text.encode() if isinstance(text, str) else text
    module = import_module(f"seawall.advisories.feeds.{reader}")
    return list(module.read([Member(name, iter([data]))], source))


def reasons(records: list[Record]) -> list[str]:
    """Why records could not be read."""
    return [each.reason for each in records if isinstance(each, Unread)]

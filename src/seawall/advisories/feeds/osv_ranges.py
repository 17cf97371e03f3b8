"""The ranges of OSV: pairs out of lists of events."""

from collections.abc import Iterator
from typing import Any

from seawall.advisories.advisory import Events
from seawall.advisories.feeds.values import Malformed, items, table, tables, word
from seawall.core.lazy import pattern

_ENDS = ("fixed", "last_affected", "limit")
_PART = pattern(r"\d+|[a-z]+")
Event = tuple[str, str]
"""Its kind and its version."""


def ranges(entry: dict[str, Any]) -> Iterator[Events]:
    """The ranges of versions of an ``affected`` entry. Raises ``Malformed``."""
    for each in tables(entry.get("ranges")):
        if each.get("type") in {"SEMVER", "ECOSYSTEM"}:
            events = _events(each)
            if not _alternate(events):
                events.sort(key=_order)
            yield from _pairs(events)


def commits(entry: dict[str, Any]) -> Iterator[tuple[str, tuple[Events, ...]]]:
    """The repositories of an entry and their ranges of commits. Raises ``Malformed``.

    Commits have no order here: each end belongs to the start named last.
    """
    for each in tables(entry.get("ranges")):
        repository = word(each.get("repo"))
        if each.get("type") != "GIT" or not repository:
            continue
        introduced = "0"
        found: list[Events] = []
        for kind, version in _events(each):
            if kind != "introduced":
                found.append(Events(introduced, **{kind: version}))
            else:
                introduced = version
        yield repository, tuple(found) or (Events(introduced),)


def _events(value: dict[str, Any]) -> list[Event]:
    found: list[Event] = []
    for each in items(value.get("events")):
        for kind, version in table(each).items():
            text = word(version)
            if not text:
                raise Malformed("a range has an event without a version")
            if kind == "introduced" or (kind in _ENDS and text != "*"):
                found.append((kind, text))
    if not any(kind == "introduced" for kind, _ in found):
        raise Malformed("a range does not tell where it starts")
    return found


def _alternate(events: list[Event]) -> bool:
    return all((kind == "introduced") == (place % 2 == 0) for place, (kind, _) in enumerate(events))


def _order(event: Event) -> tuple[list[tuple[int, int, str]], bool]:
    """A key for the rare range whose events are not in their order.

    Numbers go by their value, letters (of pre-releases) before them.
    """
    kind, version = event
    if kind == "introduced" and version == "0":
        return [], True
    parts = [
        (1, int(part), "") if part.isdigit() else (0, 0, part)
        for part in _PART.findall(version.lower())
    ]
    return [*parts, (1, -1, "")], kind == "introduced"


def _pairs(events: list[Event]) -> Iterator[Events]:
    introduced = ""
    for kind, version in events:
        if kind == "introduced":
            introduced = introduced or version
        elif introduced:
            yield Events(introduced, **{kind: version})
            introduced = ""
    if introduced:
        yield Events(introduced)

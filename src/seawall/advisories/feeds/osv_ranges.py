"""The ranges of OSV: pairs out of lists of events."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from seawall.advisories.advisory import Events
from seawall.advisories.feeds.values import Malformed, items, table, tables, word
from seawall.advisories.versions.schemes import scheme_of

_ENDS = ("fixed", "last_affected", "limit")
Event = tuple[str, str]
"""Its kind and its version."""
_FROM_THE_FIRST = ("introduced", "0")


def ranges(entry: dict[str, Any], ecosystem: str) -> Iterator[Events]:
    """The ranges of versions of an ``affected`` entry. Raises ``Malformed``.

    Events count in the order of their versions, whatever the order they are written in; two of one
    version as they are written.
    """
    for each in tables(entry.get("ranges")):
        if word(each.get("type")) in {"SEMVER", "ECOSYSTEM"}:
            events = _events(each)
            yield from _pairs(_in_order(events, ecosystem))


def commits(entry: dict[str, Any]) -> Iterator[tuple[str, tuple[Events, ...]]]:
    """The repositories of an entry and their ranges of commits. Raises ``Malformed``.

    Commits have no order here: each end belongs to the starts that were named last.
    """
    for each in tables(entry.get("ranges")):
        repository = word(each.get("repo"))
        if each.get("type") != "GIT" or not repository:
            continue
        yield repository, tuple(_commit_pairs(_events(each)))


def _commit_pairs(events: list[Event]) -> Iterator[Events]:
    starts: list[str] = []
    is_ended = False
    for kind, commit in events:
        if kind != "introduced":
            is_ended = True
            for start in starts or ("0",):
                yield Events(start, **{kind: commit})
        elif is_ended:
            starts, is_ended = [commit], False
        else:
            starts.append(commit)
    if not is_ended:
        yield from map(Events, starts)


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


def _in_order(events: list[Event], ecosystem: str) -> list[Event]:
    if len(events) < 2 or (len(events) == 2 and events[0] == _FROM_THE_FIRST):
        return events
    scheme = scheme_of(ecosystem)
    keyed = [
        (b"" if event == _FROM_THE_FIRST or scheme is None else scheme.key(event[1]), event)
        for event in events
    ]
    if any(key is None for key, _ in keyed):  # they are counted where intervals are made of them
        return events
    return [event for _, event in sorted(keyed, key=itemgetter(0))]


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

"""OSV's buckets: an archive of everything, and a list of what was modified when."""

import json
import os
from datetime import UTC, datetime

from seawall.advisories.feeds.changes import CHANGED
from seawall.advisories.update.work import (
    UNCHANGED,
    Outcome,
    Work,
    age_in_days,
    archive,
    at_once,
    changed_files,
    is_absent,
    put_changed,
    whole,
)
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError

MOST_RECORDS = 300
"""Records that are fetched one by one; beyond it the archive is less trouble for both sides."""
MOST_DAYS = 30.0
"""Days after which the archive is fetched all the same: the list tells of no removed records."""
_MOST_CHANGED = 5_000
_MAX_LIST = 512 << 20
_MAX_RECORD = 32 << 20
_LINE = pattern(r"(\d{4}-\d\d-\d\dT[\d:.]{8,20})(?:Z|\+00:00),([\w.:+-]{1,200})")
_SECONDS = 19
"""Characters of a time up to its seconds; records do not always have what follows."""


def follow(work: Work) -> Outcome:
    """Fetch what was modified. Raises ``FetchError``."""
    update = work.source.update
    path = f"{work.directory}/all.zip"
    newest = work.state.marks.get("newest", "")
    is_followed = bool(newest) and work.has(path) and age_in_days(work, "whole") < MOST_DAYS
    try:
        found = _modified(work, newest if is_followed else "")
    except FetchError as error:
        if not is_absent(error):
            raise
        # A mirror that has the archive only, perhaps.
        is_new = whole(work, update.address, path) is not None
        return Outcome(changed=is_new, told="the whole archive" if is_new else "")
    is_many = len(found) + changed_files(work, path) > _MOST_CHANGED or len(found) > MOST_RECORDS
    if not is_followed or is_many:
        first = found[0][0] if found else "0001-01-01T00:00:00"
        is_new = archive(work, update.address, path, follow_from=first)
        if is_new or not found or not is_followed:
            return Outcome(changed=is_new, told="the whole archive" if is_new else "")
    return _records(work, path, found)


def _modified(work: Work, since: str) -> list[tuple[str, str]]:
    """Time and id of what was modified, newest first; without a time to begin at, the first."""
    lines = work.client.lines(
        work.source.update.changes, _MAX_LIST,
        lambda line: not since or _instant(line.partition(",")[0]) > _instant(since),
        most=0 if since else 1,
    )  # fmt: skip
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    return [(match[1], match[2]) for match in found]


def _instant(time: str) -> tuple[str, str]:
    """What orders times: up to the seconds, and the parts of one, of which there may be none."""
    return time[:_SECONDS], time[_SECONDS:].strip("Z.").ljust(9, "0")


def _records(work: Work, path: str, found: list[tuple[str, str]]) -> Outcome:
    due = [
        (time, id_) for time, id_ in dict.fromkeys(found) if not _is_there(work, path, time, id_)
    ]
    base = work.source.update.address.rpartition("/")[0]

    def fetched(id_: str) -> None:
        address = f"{base}/{id_}.json"
        try:
            data = work.client.get(address, _MAX_RECORD)
            _check(data, id_, address)
        except FetchError as error:
            if not is_absent(error):
                raise
            data = b""
        put_changed(work, path, f"{id_}.json", data)

    at_once(work, fetched, dict.fromkeys(id_ for _, id_ in due))
    if found:
        work.state.mark(newest=max((time for time, _ in found), key=_instant))
    return Outcome(changed=True, told=f"{len(due)} records") if due else UNCHANGED


def _is_there(work: Work, path: str, time: str, id_: str) -> bool:
    """Whether the record came already, in an update that was cut off, or with the same second."""
    file = os.path.join(work.full(path) + CHANGED, f"{id_}.json")
    try:
        if not os.path.getsize(file):  # taken out after that time?
            then = datetime.fromisoformat(f"{time[:_SECONDS]}+00:00")
            return datetime.fromtimestamp(os.path.getmtime(file), UTC) >= then
        with open(file, encoding="utf-8") as stream:
            modified = json.load(stream)["modified"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return isinstance(modified, str) and modified[:_SECONDS] >= time[:_SECONDS]


def _check(data: bytes, id_: str, address: str) -> None:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("id") != id_:
        raise FetchError(f"{address}: what came is not the record {id_}; try again later")

"""Red Hat's VEX documents: an archive, and lists of what changed and what was deleted since."""

import json
from datetime import datetime, timedelta

from seawall.advisories.update.work import (
    UNCHANGED,
    Outcome,
    Work,
    archive,
    at_once,
    changed_files,
    is_absent,
    put_changed,
)
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError

MOST_DOCUMENTS = 2_000
"""Documents that are fetched one by one, unless there is no newer archive."""
_MOST_CHANGED = 20_000
_BATCH = 60
_MAX_LIST = 256 << 20
_MAX_DOCUMENT = 256 << 20
_PATH = "redhat/csaf_vex.tar.zst"
_NAME = pattern(r"csaf_vex_(\d{4}-\d\d-\d\d)\.tar\.zst")
_LINE = pattern(
    r'"?(\d{4}/cve-\d{4}-\d{4,19}\.json)"?,"?(\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d|\S+Z)"?'
)


def follow(work: Work) -> Outcome:
    """Fetch what changed. Raises ``FetchError``."""
    base = work.source.update.address.rpartition("/")[0]
    newest = work.state.marks.get("newest", "")
    told = []
    if not newest or not work.has(_PATH):
        told += _archive(work, base)
        newest = work.state.marks["newest"]
    changed = _since(work, f"{base}/changes.csv", newest)
    if len(changed) > MOST_DOCUMENTS or changed_files(work, _PATH) > _MOST_CHANGED:
        told += _archive(work, base)
        newest = work.state.marks["newest"]
        changed = _since(work, f"{base}/changes.csv", newest)
    done = work.state.marks.get("done", "")
    due = [path for path, time in changed.items() if _instant(time) > _instant(done or newest)]
    deleted = _since(work, f"{base}/deletions.csv", newest)
    _documents(work, base, {path: changed[path] for path in due})
    for path in deleted:
        if _instant(deleted[path]) >= _instant(changed.get(path, "")):
            put_changed(work, _PATH, path, b"")
    if due:
        told.append(f"{len(due)} documents")
    return Outcome(changed=True, told=", ".join(told)) if told else UNCHANGED


def _archive(work: Work, base: str) -> list[str]:
    """Fetch the latest archive; what it is called, if it is a new one."""
    address = work.source.update.address
    name = work.client.get(address, 4096).decode("ascii", "replace").strip()
    match = _NAME.fullmatch(name)
    if match is None:
        raise FetchError(f"{address}: it names no archive ({name[:60]!r}); try again later")
    # Of the day before, as well: nobody says at which hour of its day an archive was made.
    day = datetime.fromisoformat(f"{match[1]}T00:00:00+00:00") - timedelta(days=1)
    before = work.state.marks.get("archive")
    if before != name:
        work.state.files.pop(_PATH, None)
    is_new = archive(work, f"{base}/{name}", _PATH, follow_from=day.isoformat())
    if is_new:
        work.state.mark(archive=name, done="")
    return [name] if is_new else []


def _since(work: Work, address: str, since: str) -> dict[str, str]:
    """The documents of a list from a time on, with their time."""
    start = _instant(since)
    lines = work.client.lines(address, _MAX_LIST, lambda line: _is_from(line, start))
    return {match[1]: match[2] for line in lines if (match := _LINE.fullmatch(line))}


def _is_from(line: str, start: float) -> bool:
    match = _LINE.fullmatch(line)
    return match is None or _instant(match[2]) >= start


def _instant(time: str) -> float:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return 0.0


def _documents(work: Work, base: str, due: dict[str, str]) -> None:
    """Fetch documents, the oldest first, so that an update that is cut off goes on from there."""
    oldest_first = sorted(due, key=lambda path: _instant(due[path]))
    for place in range(0, len(oldest_first), _BATCH):
        batch = oldest_first[place : place + _BATCH]
        at_once(work, lambda path: _document(work, base, path), batch)
        work.state.mark(done=due[batch[-1]])
        work.shown(f"documents of {work.source.name}", place + len(batch), len(due))


def _document(work: Work, base: str, path: str) -> None:
    address = f"{base}/{path}"
    try:
        data = work.client.get(address, _MAX_DOCUMENT)
        _check(data, address)
    except FetchError as error:
        if not is_absent(error):
            raise
        data = b""
    put_changed(work, _PATH, path, data)


def _check(data: bytes, address: str) -> None:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or "document" not in told:
        raise FetchError(f"{address}: what came is no CSAF document; try again later")

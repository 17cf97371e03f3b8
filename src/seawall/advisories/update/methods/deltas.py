"""The CVE list: an archive of midnight, and archives of what changed since, of hours and of days.

A release has both: what all records were at the midnight before it, and what changed from then to
its hour (README of CVEProject/cvelistV5). Of days gone by there is what changed until their end.
"""

import json
import os
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from seawall.advisories.feeds.archive import members
from seawall.advisories.feeds.errors import FeedError
from seawall.advisories.update import checks
from seawall.advisories.update.downloads import fetch
from seawall.advisories.update.work import (
    UNCHANGED,
    Outcome,
    Work,
    archive,
    changed_files,
    is_absent,
    put_changed,
)
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError

MOST_DAYS = 14
"""Days of changes that are followed before the archive is fetched again."""
_MOST_CHANGED = 40_000
_MAX_ANSWER = 4 << 20
_PATH = "cve-v5/all.zip"
_DELTA = ".delta.zip"
_EVERYTHING = pattern(r"(\d{4}-\d\d-\d\d)_all_CVEs_at_midnight\.zip(?:\.zip)?")
_CHANGES = pattern(r"(\d{4}-\d\d-\d\d)_delta_CVEs_at_(\w{1,20})\.zip")
_RECORD = pattern(r"(?:.*/)?(CVE-\d{4}-\d{4,19}\.json)")


class _Asset(NamedTuple):
    """A file of a release."""

    name: str
    address: str
    sha256: str


class _Release(NamedTuple):
    """The latest release."""

    day: date
    everything: _Asset
    changes: _Asset | None
    """None in that of midnight itself."""


def follow(work: Work) -> Outcome:
    """Fetch what changed. Raises ``FetchError``."""
    release = _latest(work)
    told = []
    days = _days_between(work, release)
    if days is not None:
        for day in days:
            if not _take_day(work, day):
                days = None
                break
            told.append(day.isoformat())
    if days is None:
        address = release.everything.address
        if work.state.marks.get("archive") != address:
            work.state.files.pop(_PATH, None)
        # ``newest`` is the day of which everything is there up to its midnight.
        if archive(work, address, _PATH, follow_from=release.day.isoformat()):
            work.state.mark(archive=address)
            told = [f"the whole archive of {release.day}"]
        work.state.mark(newest=release.day.isoformat(), delta="")
    delta = release.changes
    if delta and work.state.marks.get("delta") != delta.name:
        _take(work, delta)
        work.state.mark(delta=delta.name)
        told.append(delta.name)
    return Outcome(changed=True, told=", ".join(told[-3:])) if told else UNCHANGED


def _days_between(work: Work, release: _Release) -> list[date] | None:
    """The days whose changes are to be taken; ``None`` when everything is."""
    try:
        newest = date.fromisoformat(work.state.marks.get("newest", ""))
    except ValueError:
        return None
    count = (release.day - newest).days
    if not work.has(_PATH) or not 0 <= count <= MOST_DAYS:
        return None
    if changed_files(work, _PATH) > _MOST_CHANGED:
        return None
    return [newest + timedelta(days=number) for number in range(count)]


def _take_day(work: Work, day: date) -> bool:
    """Take in what changed on a day that has ended; whether that is to be had."""
    base = work.source.update.changes
    name = f"{day}_delta_CVEs_at_end_of_day.zip"
    try:
        _take(work, _Asset(name, f"{base}cve_{day}_at_end_of_day/{name}", ""))
    except FetchError as error:
        if not is_absent(error):
            raise
        return False
    work.state.mark(newest=(day + timedelta(days=1)).isoformat(), delta="")
    return True


def _take(work: Work, asset: _Asset) -> None:
    path = os.path.join(work.full(work.directory), _DELTA)
    fetch(
        work.client, asset.address, path, checksum=asset.sha256, shown=work.shown,
        check=partial(checks.check, name=asset.name, address=asset.address),
    )  # fmt: skip
    try:
        for member in members(path, name=asset.name):
            match = _RECORD.fullmatch(member.name)
            if match:
                put_changed(work, _PATH, match[1], member.read())
    except FeedError as error:
        raise FetchError(f"{asset.address}: {error}") from None
    finally:
        os.unlink(path)


def _latest(work: Work) -> _Release:
    address = work.source.update.address
    answer = work.client.get(address, _MAX_ANSWER, {"Accept": "application/vnd.github+json"})
    assets = list(_assets(answer))
    everything = next((each for each in assets if _EVERYTHING.fullmatch(each.name)), None)
    match = _EVERYTHING.fullmatch(everything.name) if everything else None
    if everything is None or match is None:
        raise FetchError(f"{address}: the release has no archive of all CVEs; try again later")
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        raise FetchError(f"{address}: {match[1]} is no day; try again later") from None
    # The release of midnight brings the changes of the day before, which its archive has.
    changes = next((each for each in assets if _is_of(day, each.name)), None)
    return _Release(day, everything, changes)


def _is_of(day: date, name: str) -> bool:
    match = _CHANGES.fullmatch(name)
    return bool(match) and match is not None and match[1] == day.isoformat()


def _assets(answer: bytes) -> list[_Asset]:
    try:
        told = json.loads(answer)["assets"]
        return [
            _Asset(
                str(each["name"]),
                str(each["browser_download_url"]),
                str(each.get("digest") or "").removeprefix("sha256:"),
            )
            for each in told
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []

"""NVD: yearly feeds with a checksum beside each, a feed of the last eight days, and a service."""

import json
import os
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from seawall.advisories.update import checks
from seawall.advisories.update.work import (
    UNCHANGED,
    Outcome,
    Work,
    age_in_days,
    is_absent,
    whole,
)
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError

KEY = "NVD_API_KEY"
"""Of the environment: with one, the service may be asked more often."""
SERVICE = "https://services.nvd.nist.gov/rest/json/cves/2.0"
PAUSE = 6.0
"""Seconds between two questions, as NVD asks for."""
WINDOW = timedelta(days=120)
"""The longest time between the two ends of a question."""
_FIRST_YEAR = 2002
_MODIFIED_DAYS = 7.5
"""Days that the feed of what was modified reaches back, less half a day."""
_SERVICE_DAYS = 365.0
"""Days after which the yearly feeds are less to fetch than what the service would say."""
_PAGE = 2_000
_MAX_META = 4096
_MAX_PAGE = 256 << 20
_SHA256 = pattern(r"(?im)^sha256:\s*([0-9a-f]{64})\s*$")


def follow(work: Work) -> Outcome:
    """Fetch what changed. Raises ``FetchError``."""
    age = age_in_days(work, "whole")
    if not all(work.has(_path(str(year))) for year in _years(work)[:-1]):
        return _all_years(work)
    if age < _MODIFIED_DAYS:
        is_new = _feed(work, "modified")
        return Outcome(changed=is_new, told="what was modified in eight days" if is_new else "")
    if work.environment.get(KEY) and age < _SERVICE_DAYS:
        return _ask(work)
    return _all_years(work)


def _years(work: Work) -> range:
    return range(_FIRST_YEAR, work.now.year + 1)


def _path(year: str) -> str:
    return f"nvd/nvdcve-2.0-{year}.json.gz"


def _all_years(work: Work) -> Outcome:
    began = work.now.isoformat(timespec="seconds")
    changed = 0
    for year in _years(work):
        try:
            changed += _feed(work, str(year))
        except FetchError as error:
            if not (is_absent(error) and year == work.now.year):  # it comes some days into January
                raise
    _remove_newer(work)
    work.state.mark(whole=began, asked="")
    return Outcome(changed=True, told=f"{changed} yearly feeds") if changed else UNCHANGED


def _feed(work: Work, year: str) -> bool:
    """Fetch a feed unless its checksum is that of the one that is there."""
    address = work.source.update.address.format(year=year)
    path, mark = _path(year), f"sha256-{year}"
    meta = work.client.get(work.source.update.changes.format(year=year), _MAX_META)
    match = _SHA256.search(meta.decode("ascii", "replace"))
    if match is None:
        raise FetchError(f"{address}: what should tell its SHA-256 does not; try again later")
    wanted = match[1].lower()
    if work.has(path) and work.state.marks.get(mark) == wanted:
        return False

    def check(temporary: str) -> None:
        if checks.content(temporary, path, address) != wanted:  # of the feed, unpacked
            raise FetchError(
                f"{address}: its SHA-256 is not the one that NVD tells; try again later"
            )

    work.state.files.pop(path, None)  # what the server says of it counts for less
    whole(work, address, path, check=check)
    work.state.mark(**{mark: wanted})
    return True


def _remove_newer(work: Work) -> None:
    directory = work.full("nvd")
    for name in os.listdir(directory):
        if name.startswith(("nvdcve-2.0-changed-", "nvdcve-2.0-modified")):
            os.unlink(os.path.join(directory, name))
            work.state.files.pop(f"nvd/{name}", None)
            work.state.marks.pop("sha256-modified", None)


# The service ----------------------------------------------------------------------------------


def _ask(work: Work) -> Outcome:
    """Ask for what was modified since the last time, in windows and pages."""
    marks = work.state.marks
    # Half a day twice is better than an hour that nobody saw.
    start = datetime.fromisoformat(marks.get("asked") or marks["whole"]) - timedelta(hours=12)
    end = work.now
    records = 0
    while start < end:
        until = min(start + WINDOW, end)
        records += _ask_window(work, start, until)
        start = until
        work.state.mark(asked=until.isoformat(timespec="seconds"))
    return Outcome(changed=True, told=f"{records} records") if records else UNCHANGED


def _ask_window(work: Work, start: datetime, end: datetime) -> int:
    index, total = 0, 1
    while index < total:
        query = {
            "lastModStartDate": _time(start), "lastModEndDate": _time(end),
            "startIndex": index, "resultsPerPage": _PAGE,
        }  # fmt: skip
        address = f"{SERVICE}?{urlencode(query)}"
        data = work.client.get(address, _MAX_PAGE, {"apiKey": work.environment.get(KEY, "")})
        total, count = _counted(address, data)
        if count:
            stamp = end.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
            _write(work.full(f"nvd/nvdcve-2.0-changed-{stamp}-{index:07}.json"), data)
        elif index < total:
            raise FetchError(f"{address}: a page of {total} records is empty; try again later")
        index += count
        work.client.pause(PAUSE)
    return total


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _counted(address: str, data: bytes) -> tuple[int, int]:
    """How many records there are in all, and on this page."""
    try:
        told = json.loads(data)
        return int(told["totalResults"]), len(told["vulnerabilities"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FetchError(f"{address}: what came is no answer of NVD's; try again later") from None


def _write(path: str, data: bytes) -> None:
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}.tmp")
    with open(temporary, "wb") as stream:
        stream.write(data)
    os.replace(temporary, path)

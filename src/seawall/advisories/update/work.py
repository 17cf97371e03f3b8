"""What every way of following a source works with, and the steps that they share."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from seawall.advisories.feeds.changes import CHANGED
from seawall.advisories.feeds.sources import Source
from seawall.advisories.update import checks
from seawall.advisories.update.downloads import Fetched, Shown, fetch
from seawall.advisories.update.state import State
from seawall.sources.http.client import GONE, NOT_FOUND, Client, FetchError

_AT_ONCE = 6
"""Requests of one source: each is small, and most of it is waiting."""


class Outcome(NamedTuple):
    """What following a source came to."""

    changed: bool
    told: str = ""
    """What is new, in a few words."""


UNCHANGED = Outcome(changed=False)


class Work(NamedTuple):
    """A source that is being followed."""

    source: Source
    root: str
    """The directory of feeds."""
    state: State
    client: Client
    environment: Mapping[str, str]
    shown: Shown

    @property
    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.fromtimestamp(self.client.wall(), UTC)

    @property
    def directory(self) -> str:
        """Where the source's files go, below the directory of feeds."""
        return self.source.files[0].rpartition("/")[0]

    def full(self, path: str) -> str:
        """The path of a file in the file system."""
        return os.path.join(self.root, *path.split("/"))

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        return os.path.isfile(self.full(path))


def whole(
    work: Work,
    address: str,
    path: str,
    *,
    checksum: str = "",
    check: Callable[[str], None] | None = None,
    before: Callable[[], None] | None = None,
) -> Fetched | None:
    """Fetch a file unless it is the one that is there; ``None`` when it is.

    ``before`` is called when another one has come, before it takes its place.
    """
    own = check or partial(checks.check_feed, name=path, address=address, source=work.source)

    def checked(temporary: str) -> None:
        own(temporary)
        if before:
            before()

    fetched = fetch(
        work.client, address, work.full(path), known=work.state.validators(path),
        checksum=checksum, check=checked, shown=work.shown,
    )  # fmt: skip
    if fetched:
        work.state.keep(path, fetched, work.now.isoformat(timespec="seconds"))
    return fetched


def archive(work: Work, address: str, path: str, *, follow_from: str) -> bool:
    """Fetch an archive of everything, where its later changes are followed; whether it is new.

    What changed after the earlier archive goes with it. Until all of that is done ``newest`` is
    empty, so that an update that ends in between begins with the archive again.
    """

    def before() -> None:
        work.state.mark(newest="")
        shutil.rmtree(work.full(path) + CHANGED, ignore_errors=True)

    fetched = whole(work, address, path, before=before)
    # With the same archive, its changes since then stay as they are.
    newest = follow_from if fetched else work.state.marks.get("newest") or follow_from
    work.state.mark(newest=newest, whole=work.now.isoformat(timespec="seconds"))
    return fetched is not None


def at_once(work: Work, do: Callable[[str], None], items: Iterable[str]) -> None:
    """Do something with each of some items, a few at a time; the first error ends it."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for _ in pool.map(do, items):  # what has not begun yet goes with an error
                pass
        except KeyboardInterrupt:
            work.client.stop()
            raise


def put_changed(work: Work, path: str, name: str, data: bytes) -> None:
    """Put a record in the place of the one in an archive; an empty one takes it out."""
    target = os.path.join(work.full(path) + CHANGED, *name.split("/"))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.tmp")
    with open(temporary, "wb") as stream:
        stream.write(data)
    os.replace(temporary, target)


def changed_files(work: Work, path: str) -> int:
    """How many records have come since an archive."""
    return sum(len(names) for _, _, names in os.walk(work.full(path) + CHANGED))


def age_in_days(work: Work, mark: str) -> float:
    """Days since the time that a mark holds; many when it holds none."""
    try:
        then = datetime.fromisoformat(work.state.marks.get(mark, ""))
        return (work.now - then).total_seconds() / 86_400
    except (ValueError, TypeError):
        return 1e9


def is_absent(error: FetchError) -> bool:
    """Whether an address has nothing, rather than that it could not be asked."""
    return error.status in {NOT_FOUND, GONE}

"""``seawall db update``: the feeds are kept like those at their addresses, and made a database.

The feeds stay in the data directory, laid out as ``feeds.sources`` says: what did not change is
asked for, and not fetched again; what one update fetched before it was cut off, the next one has. A
source that cannot be had keeps its old data and is told of.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple

from seawall.advisories import database
from seawall.advisories.feeds import sources
from seawall.advisories.feeds.errors import FeedError
from seawall.advisories.feeds.sources import LOCAL, SOURCES, Source
from seawall.advisories.schema import VERSION
from seawall.advisories.store import DatabaseError, Store
from seawall.advisories.update import local
from seawall.advisories.update.downloads import Shown
from seawall.advisories.update.local import Told
from seawall.advisories.update.state import State
from seawall.advisories.update.switching import Switched, switch
from seawall.advisories.update.work import Outcome, Work
from seawall.core.errors import UsageError
from seawall.sources.http.client import Client, FetchError

FEEDS = "feeds"
"""Of the kept feeds, in the data directory."""
_BUILT = os.path.join(".state", ".built.json")
ONLY_NAMED = {
    "osv-ubuntu": "ubuntu has the same from Canonical itself",
    "osv-alpine": "alpine has the same, sooner",
    "osv-red-hat": "redhat has what is not mended as well",
    "redhat-oval": "redhat is what Red Hat goes on with",
    "suse": "osv-suse and osv-opensuse have the same in one archive",
    "rocky": "osv-rocky-linux has the same in one archive",
    "photon-oval": "photon has the same",
}
"""Sources that are fetched only when they are asked for, and why."""
_SAMPLES = {"osv-ghsa-sample", "osv-ubuntu-sample"}


class Report(NamedTuple):
    """What an update came to."""

    switched: Switched | None
    """None when there was nothing to be changed."""
    changed: tuple[str, ...]
    failed: tuple[str, ...]
    """Sources that could not be brought up to date."""
    asked: int
    """Sources that were asked."""


class _UpToDate(Exception):  # noqa: N818 - no error
    """The database is what would be made again."""


def fetchable(name: str) -> bool:
    """Whether a source is at an address."""
    return name not in _SAMPLES and sources.source(name).update.method != LOCAL


def choose(names: Iterable[str], *, shareable: bool = False) -> tuple[Source, ...]:
    """The sources of these names; without names, all that are fetched by default.

    Raises ``UsageError`` for a name that is none, or of a source that cannot be fetched.
    """
    wanted = dict.fromkeys(names)
    known = {each.name for each in SOURCES if fetchable(each.name)}
    for name in wanted:
        if name not in known:
            from difflib import get_close_matches  # noqa: PLC0415 - only for an error

            close = get_close_matches(name, known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise UsageError(
                f"there is no source {name!r} to be fetched{hint}; give one of "
                + ", ".join(sorted(known))
            )
    chosen = tuple(
        each for each in SOURCES
        if each.name in (wanted or known) and (wanted or each.name not in ONLY_NAMED)
    )  # fmt: skip
    if shareable:
        chosen = tuple(
            each for each in chosen if each.is_redistributable and not each.is_share_alike
        )
    if not chosen:
        raise UsageError("none of these sources may be passed on; leave out --shareable")
    return chosen


def update(
    chosen: tuple[Source, ...],
    environment: Mapping[str, str],
    client: Client,
    *,
    told: Told,
    shown: Shown,
    shareable: bool = False,
    partial: bool = False,
    older: bool = False,
) -> Report:
    """Bring the kept feeds up to date and put the database made of them in place.

    Args:
        chosen: the sources to ask.
        environment: tells where the data directory is, and a key for NVD.
        client: does the asking.
        told: is given lines for the person who waits.
        shown: is told how far a file has come.
        shareable: make the database of what may be passed on only.
        partial: let a database take its place that lacks sources of the one in force.
        older: let one take its place whose newest data is older.

    Raises:
        FetchError: nothing could be had, or too little. The database in place stays.
        UsageError: it cannot be made, or not be written. The database in place stays.
    """
    changed: list[str] = []
    failed: list[str] = []
    recipe: dict[str, str] = {}

    def make(target: str) -> None:
        root = os.path.join(os.path.dirname(target), FEEDS)
        os.makedirs(root, mode=0o700, exist_ok=True)
        for source in chosen:
            work = Work(source, root, State(root, source.name), client, environment, shown)
            outcome = _followed(work, told)
            if outcome is None:
                failed.append(source.name)
            elif outcome.changed:
                _forget_built(root)
                changed.append(source.name)
        if not _kept(root):
            raise FetchError("nothing could be fetched; see the lines above, and try again later")
        days = _days(root)
        recipe.update(_recipe(days, shareable=shareable))
        if not changed and _built(root, environment) == recipe:
            raise _UpToDate
        try:
            local.build(root, target, told=told, shareable=shareable, days=days)
        except FeedError as error:  # it was whole when it came
            raise FetchError(f"{error}; {_put_away(root, str(error))}") from error
        if not partial:
            _check_losses(target, environment, failed, shareable=shareable)

    try:
        switched = switch(make, environment, older=older)
    except _UpToDate:
        return Report(None, (), tuple(failed), len(chosen))
    _remember_built(switched.path, recipe)
    return Report(switched, tuple(changed), tuple(failed), len(chosen))


def _followed(work: Work, told: Told) -> Outcome | None:
    """Bring the files of a source up to date; ``None`` when that cannot be done."""
    name = work.source.name
    method = work.source.update.method.replace("-", "_")
    follow: Callable[[Work], Outcome] = import_module(
        f"seawall.advisories.update.methods.{method}"
    ).follow
    try:
        outcome = follow(work)
    except FetchError as error:
        kept = work.state.marks.get("checked", "")
        old = f"its data of {kept[:10]} stays" if kept else "there is no data of it"
        told(f"{name} could not be brought up to date, {old}: {error}")
        return None
    work.state.mark(checked=work.now.isoformat(timespec="seconds"))
    if outcome.changed:
        told(f"{name}: {outcome.told}")
    return outcome


def _kept(root: str) -> set[str]:
    """The sources that have files."""
    return {files.source.name for files in sources.located(root)[0]}


def _check_losses(
    target: str, environment: Mapping[str, str], failed: list[str], *, shareable: bool
) -> None:
    """Raises ``FetchError`` when a database lacks what the one in force has."""
    try:
        located = database.locate(None, environment)
        with Store.open(located.path) as store:
            before = {each.name for each in store.sources()}
    except (DatabaseError, UsageError):  # none, or a damaged one: nothing to be lost
        return
    with Store.open(target) as store:
        after = {each.name for each in store.sources()}
    standard = {each.name for each in choose((), shareable=shareable)}
    lost = [name for name in sorted(before - after) if name in standard]
    if lost:
        why = "could not be fetched" if set(lost) & set(failed) else "were not asked for"
        raise FetchError(
            f"the database in force ({located.origin}) has {_listed(lost)}, which {why} and the "
            "new one would not have; the old one stays, and what was fetched is kept; "
            "run seawall db update again, or let it go with --partial"
        )


def _listed(names: list[str]) -> str:
    most = 6
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _put_away(root: str, problem: str) -> str:
    """Take away the kept file that a problem names, so that it is fetched again."""
    found = [
        (files.source.name, path) for files in sources.located(root)[0] for path in files.paths
    ]
    for name, path in found:
        full = os.path.join(root, *path.split("/"))
        if full in problem or problem.startswith(f"{path}:"):
            os.unlink(full)
            state = State(root, name)
            state.files.pop(path, None)
            state.mark(newest="", whole="")
            return f"it is removed, to be fetched again; run seawall db update again ({name})"
    return f"remove {root}, and run seawall db update again"


# What the database in place was made of -------------------------------------------------------


def _days(root: str) -> dict[str, str]:
    """The day at which the data of each kept source was what its address had."""
    found = {name: State(root, name).marks.get("checked", "")[:10] for name in _kept(root)}
    return {name: day for name, day in sorted(found.items()) if day}


def _recipe(days: Mapping[str, str], *, shareable: bool) -> dict[str, str]:
    """What makes a database another one, besides the feeds."""
    from seawall import __version__  # noqa: PLC0415 - another version reads feeds in another way

    about = {"seawall": __version__, "schema": str(VERSION), "shareable": str(shareable)}
    return about | {f"day of {name}": day for name, day in days.items()}


def _built(root: str, environment: Mapping[str, str]) -> dict[str, str]:
    """How the database in place was made; nothing when it was not made of the feeds as they are."""
    path = os.path.join(database.directory(environment), database.NAME)
    try:
        with open(os.path.join(root, _BUILT), encoding="utf-8") as stream:
            told = json.load(stream)
        with Store.open(path) as store:
            same = bool(told["identity"] == store.identity)
        return dict(told["recipe"]) if same else {}
    except (OSError, ValueError, KeyError, TypeError, DatabaseError, RecursionError):
        return {}


def _forget_built(root: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(root, _BUILT))


def _remember_built(path: str, recipe: Mapping[str, str]) -> None:
    with Store.open(path) as store:
        facts = {"identity": store.identity, "recipe": recipe}
    with open(os.path.join(os.path.dirname(path), FEEDS, _BUILT), "w", encoding="utf-8") as stream:
        json.dump(facts, stream)

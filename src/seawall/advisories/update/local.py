"""Databases out of what is at hand: a directory of feeds, or a file that somebody exported."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from seawall.advisories import packed, snapshot
from seawall.advisories.build import Builder, Origin
from seawall.advisories.details import Kept
from seawall.advisories.feeds import sources
from seawall.advisories.feeds.sources import WHOLE, Files
from seawall.advisories.store import Store, examine
from seawall.core.errors import UsageError

Told = Callable[[str], None]
"""Is given a line for the person who waits."""
NO_DAYS: Mapping[str, str] = {}
_EVERYTHING = Kept()
_TITLES = Kept(details=False, references=False, cpes=False)
ATTRIBUTION = "ATTRIBUTION.md"


def make(source: str, target: str, *, signers: str | None, told: Told) -> None:
    """Make a database at a path: out of a directory of feeds, a packed file, or its address.

    Raises ``UsageError`` when the source is none of these, and what building it raises.
    """
    if source.startswith(("https://", "http://")):
        from seawall.advisories.update import published  # noqa: PLC0415 - the only use of a network

        published.check_address(source, signed=bool(signers))
        with published.fetched(source, f"{target}.download", signed=bool(signers)) as file:
            unpack(file, target, signers=signers)
    elif os.path.isdir(source):
        if signers:
            raise UsageError(
                f"{source}: a directory of feeds has no signature; leave out --signers"
            )
        build(source, target, told=told)
    elif os.path.exists(source):
        unpack(source, target, signers=signers)
    else:
        raise UsageError(f"{source}: there is no such file or directory; name another")


def unpack(file: str, target: str, *, signers: str | None) -> None:
    """Take the database out of a packed file; a database that is not packed is copied."""
    if signers:
        from seawall.advisories import signing  # noqa: PLC0415 - only where it is asked for

        signing.verify(file, signers)
    if packed.is_packed(file):
        packed.unpack(file, target)
        return
    problem = examine(file)
    if problem:
        raise UsageError(
            f"{file}: it is neither a directory of feeds nor "
            "what seawall db export writes; name one of these"
        )
    packed.check(file)
    shutil.copyfile(file, target)


def build(
    directory: str,
    target: str,
    *,
    told: Told,
    kept: Kept = _EVERYTHING,
    shareable: bool = False,
    days: Mapping[str, str] = NO_DAYS,
) -> None:
    """Build a database out of a directory of feeds, laid out as ``feeds.sources`` says.

    Args:
        directory: where the feeds are.
        target: the file to make.
        told: is given a line for each source.
        kept: how much of what records say is kept.
        shareable: leave out sources that may not be passed on, or only under their own licence.
        days: the days that the data of sources is of, by their names, where records do not tell.
    """
    found, strangers = sources.located(directory)
    strange = sorted(set(days) - {each.source.name for each in found})
    if strange:
        raise UsageError(
            f"{directory}: it has nothing of a source named {strange[0]!r}; choose from "
            f"{', '.join(each.source.name for each in found) or 'none'}"
        )
    wanted = [each for each in found if not shareable or _is_shareable(each)]
    if not wanted:
        raise UsageError(
            f"{directory}: there are no feeds in it; name a directory that has them, laid out as "
            "docs/advisories.md says: osv/PyPI/all.zip and so on"
        )
    for path in strangers:
        told(f"{path} is passed over: it is the file of no source")
    builder = Builder(target, kept)
    try:
        for files in wanted:
            tally = builder.add(_origin(files, days), sources.records(files))
            told(
                f"{files.source.name}: {tally.records} records, {tally.withdrawn} withdrawn, "
                f"{tally.unread} not understood"
            )
        builder.finish()
    except BaseException:
        builder.abandon()
        raise


def _is_shareable(files: Files) -> bool:
    return files.source.is_redistributable and not files.source.is_share_alike


def _origin(files: Files, days: Mapping[str, str]) -> Origin:
    source = files.source
    return Origin(
        source.name, source.title, source.licence, source.home, source.attribution,
        whole=source.extent == WHOLE, until=days.get(source.name, ""),
    )  # fmt: skip


def make_beside(
    directory: str, output: str, *, told: Told, days: Mapping[str, str] = NO_DAYS
) -> None:
    """Build a database in the place of a file, which stays as it is until the new one is whole."""
    new = f"{output}.{os.getpid()}.tmp"
    try:
        build(directory, new, told=told, days=days)
        os.replace(new, output)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)
    told(f"{output}: {os.stat(output).st_size / 1_000_000:.1f} MB")


def make_snapshot(
    directory: str, place: str, *, told: Told, days: Mapping[str, str] = NO_DAYS
) -> None:
    """Make the files of the shipped database in a directory: packed, with who is to be credited."""
    os.makedirs(place, exist_ok=True)
    new = os.path.join(place, f"{os.getpid()}.tmp")
    try:
        build(directory, new, told=told, kept=_TITLES, shareable=True, days=days)
        shipped = snapshot.pack(new, place)
        _credit(new, os.path.join(place, ATTRIBUTION))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)
    size = os.stat(shipped.path).st_size
    told(f"{shipped.path}: {size / 1_000_000:.2f} MB, {shipped.size / 1_000_000:.1f} MB unpacked")


def _credit(database: str, path: str) -> None:
    with Store.open(database) as store, open(path, "w", encoding="utf-8") as stream:
        stream.writelines(_credits(store))


def _credits(store: Store) -> Iterable[str]:
    yield "# Where the advisories come from\n\n"
    yield "The database beside this file is made of these sources. Texts are shortened to titles,\n"
    yield "and records of several sources on one vulnerability are brought together.\n\n"
    yield "| source | data until | records | licence | credit |\n|---|---|---|---|---|\n"
    for each in store.sources():
        title = f"[{each.title}]({each.home})" if each.home else each.title
        yield f"| {title} | {each.until} | {each.records} | {each.licence} | {each.attribution} |\n"

"""``seawall db status`` and ``db licenses``: what the database has, how old, and whose it is."""

import argparse
import os
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from seawall.advisories import database
from seawall.advisories.database import Located
from seawall.advisories.store import Coverage, Source, Store
from seawall.cli.output import write_text

_MOST_REASONS = 10


def status(options: argparse.Namespace) -> int:
    """Tell what the database has; gives the exit code."""
    located = database.locate(options.database, os.environ)
    with Store.open(located.path) as store:
        told = _json(located, store) if options.format == "json" else _table(located, store)
        write_text(told, None)
    return 0


def licenses(options: argparse.Namespace) -> int:
    """Tell whose data it is; gives the exit code."""
    located = database.locate(options.database, os.environ)
    with Store.open(located.path) as store:
        write_text((_licence(source) for source in store.sources()), None)
    return 0


def _licence(source: Source) -> str:
    lines = [f"{source.title} ({source.name})", f"  licence  {source.licence}"]
    if source.home:
        lines.append(f"  home     {source.home}")
    if source.attribution:
        lines.append(f"  credit   {source.attribution}")
    return "\n".join(lines) + "\n"


def age(day: str, today: date) -> str:
    """Days since a day, in words; empty when it is not known."""
    try:
        days = (today - date.fromisoformat(day[:10])).days
    except ValueError:
        return ""
    return f"{days} day{'' if days == 1 else 's'}"


def _table(located: Located, store: Store) -> Iterator[str]:
    for note in located.notes:
        yield f"note      {note}\n"
    sources = store.sources()
    yield f"database  {located.path} ({located.origin})\n"
    yield f"data      {store.advisories} records of {len(sources)} sources, until {store.until}\n"
    yield f"size      {os.stat(located.path).st_size / 1_000_000:.1f} MB\n\n"
    yield from _columns(_rows(sources))
    yield "\n"
    yield from _columns(_reach(store.all_coverage()))
    missed = store.missed()
    if missed:
        yield f"\nnot understood ({sum(each.times for each in missed)} times):\n"
        most = sorted(missed, key=lambda each: -each.times)[:_MOST_REASONS]
        yield from (
            f"  {each.times:6} {each.source}: {each.reason} (as in {each.example})\n"
            for each in most
        )


def _rows(sources: Sequence[Source]) -> Iterator[tuple[str, ...]]:
    today = date.today()  # noqa: DTZ011 - the user's own day
    yield "source", "of", "age", "records", "withdrawn", "not read", "extent", "licence"
    for source in sources:
        yield (
            source.name, source.until[:10] or "-", age(source.until, today) or "-",
            str(source.records), str(source.withdrawn), str(source.unread),
            "whole" if source.whole else "part", source.licence,
        )  # fmt: skip


def _reach(coverage: Sequence[Coverage]) -> Iterator[tuple[str, ...]]:
    """A line for each ecosystem, its releases together."""
    yield "ecosystem", "records", "until", "extent", "releases"
    for base, found in groupby(coverage, lambda each: each.ecosystem.partition(":")[0]):
        own = list(found)
        releases = [each.ecosystem.partition(":")[2] for each in own]
        yield (
            base, str(sum(each.records for each in own)), max(each.until for each in own)[:10],
            "whole" if any(each.whole for each in own) else "part",
            ", ".join(filter(None, releases)) or "-",
        )  # fmt: skip


def _columns(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip() + "\n"


def _json(located: Located, store: Store) -> Iterator[str]:
    import json  # noqa: PLC0415 - only for this format

    facts = {
        "path": located.path,
        "origin": located.origin,
        "until": store.until,
        "identity": store.identity,
        "advisories": store.advisories,
        "notes": list(located.notes),
        "sources": [each._asdict() for each in store.sources()],
        "coverage": [each._asdict() for each in store.all_coverage()],
        "not_understood": [each._asdict() for each in store.missed()],
    }
    yield json.dumps(facts, indent=2, ensure_ascii=False) + "\n"

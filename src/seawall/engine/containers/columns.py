"""Entries of a layer as plain columns: quicker to send, to keep and to read than rows are.

A layer has tens of thousands of entries, and nearly all have the same in half of their fields.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from seawall.sources.images.entry import Entry, Kind

Plain = Any
_KINDS = tuple(Kind)
_KIND = Entry._fields.index("kind")
_NEW = partial(tuple.__new__, Entry)
"""Makes an entry in half the time its class needs; columns are as many as it has fields."""


def to_columns(entries: Sequence[Entry]) -> Plain:
    """The fields of entries one after the other, as ``marshal`` takes them."""
    columns: list[Plain] = list(zip(*entries, strict=True))
    if not columns:
        return 0, ()
    columns[_KIND] = bytes(columns[_KIND])
    return len(entries), tuple(map(_shortened, columns))


def _shortened(column: Sequence[object]) -> Plain:
    """A column; of one that has the same all the way, that alone, as a list."""
    first = column[0]
    is_one = column[-1] == first and column.count(first) == len(column)
    return [first] if is_one else column


def from_columns(plain: Plain) -> tuple[Entry, ...]:
    """The entries again; raises TypeError, ValueError or LookupError for anything else."""
    count, columns = plain
    if len(columns) != (len(Entry._fields) if count else 0):
        raise ValueError("an entry has other fields")
    if not count:
        return ()
    whole: list[Iterable[object]] = [
        repeat(column[0], count) if isinstance(column, list) else column for column in columns
    ]
    whole[_KIND] = map(_KINDS.__getitem__, whole[_KIND])  # type: ignore[arg-type]
    return tuple(map(_NEW, zip(*whole, strict=True)))

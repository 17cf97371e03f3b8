"""Which database is in force: the one that was named, else the updated one, else the shipped one.

The shipped one is packed. It is unpacked once, into the user's cache directory, under a name that
its digest is part of; where nothing can be kept, into a temporary file that goes with the run.
"""

import os
import sys
from collections.abc import Mapping

from seawall.advisories.store import DatabaseError, Store
from seawall.core import user_directory
from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple

ENVIRONMENT = "SEAWALL_DATA_DIR"
NAME = "advisories.db"
"""Of the user's own database, in the data directory."""


class Located(NamedTuple):
    """The file of a database that a scan uses."""

    path: str
    digest: bytes
    """What tells its data from all others."""
    origin: str
    """``named``, ``updated`` or ``shipped``."""
    notes: tuple[str, ...] = ()
    """What is to be told of how it was come by."""


def directory(environment: Mapping[str, str]) -> str:
    """Where the user's own database lives (XDG Base Directory Specification).

    Empty when there is no home directory. It is no cache: what is in it does not come back by
    itself.
    """
    mac = sys.platform == "darwin"
    below = ("Library", "Application Support") if mac else (".local", "share")
    return user_directory.of(environment, ENVIRONMENT, "XDG_DATA_HOME", below)


def locate(explicit: str | None, environment: Mapping[str, str]) -> Located:
    """The database in force.

    Raises ``DatabaseError`` when the one that was named cannot be used, and when the updated one
    cannot: an older one in its place would hide what it knows. ``UsageError`` when there is none.
    """
    if explicit is not None:
        return _located(explicit, "named")
    own = directory(environment)
    updated = os.path.join(own, NAME)
    if own and os.path.lexists(updated):
        return _located(updated, "updated")
    from seawall.advisories import snapshot  # noqa: PLC0415 - not where there is a newer one

    shipped = snapshot.shipped()
    if shipped is None:
        raise UsageError(
            "there is no database of advisories, and none is part of this installation; "
            "make one with seawall db update"
        )
    path, notes = snapshot.unpacked(shipped, environment)
    try:
        return _located(path, "shipped", notes)
    except DatabaseError:  # right in size and header, and damaged all the same
        os.unlink(path)
        path, notes = snapshot.unpacked(shipped, environment)
        return _located(path, "shipped", notes)


def _located(path: str, origin: str, notes: tuple[str, ...] = ()) -> Located:
    with Store.open(path) as store:
        return Located(path, bytes.fromhex(store.identity), origin, notes)

"""Puts a new database in the place of the old one, or leaves the old one as it is.

A new one is made beside the old one and looked at before it takes its place: one that is damaged,
of another program, or older than the one it would replace never does. A lock in the directory
keeps a second update from beginning before the first one has ended.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from seawall.advisories import database
from seawall.advisories.store import DatabaseError, Store, examine
from seawall.core.errors import UsageError

_LOCK = "update.lock"


class Switched(NamedTuple):
    """What became of an update."""

    path: str
    until: str
    """The day its newest data is of."""
    advisories: int
    changed: bool
    """Whether the new one is another one than the old one."""


def switch(
    make: Callable[[str], None], environment: Mapping[str, str], *, older: bool = False
) -> Switched:
    """Have a database made at a path, and put it in the place of the user's.

    Args:
        make: writes the new database to the path it is given; may raise.
        environment: tells where the user's database is.
        older: whether one that is older than the user's may take its place.

    Raises:
        UsageError: it cannot be made, or must not take the old one's place, which stays.
    """
    directory = _directory(environment)
    with _alone(directory):
        path = os.path.join(directory, database.NAME)
        new = f"{path}.new"
        try:
            _remove(new)
            make(new)
            return _put(new, path, older=older)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(_told(directory, error)) from error
        finally:
            _remove(new)


def _directory(environment: Mapping[str, str]) -> str:
    directory = database.directory(environment)
    if not directory:
        raise UsageError(
            "there is no home directory to keep the database in; name a directory with "
            f"{database.ENVIRONMENT}"
        )
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(_told(directory, error)) from error
    return directory


@contextmanager
def _alone(directory: str) -> Iterator[None]:
    """Hold the lock of a directory; the system lets go of it whatever happens to the process."""
    path = os.path.join(directory, _LOCK)
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(_told(directory, error)) from error
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"another update of the database in {directory} is running; "
                "run it again when that one has ended"
            ) from error
        yield
    finally:
        os.close(number)


def _put(new: str, path: str, *, older: bool) -> Switched:
    problem = examine(new)
    if problem:
        raise UsageError(
            f"the new database cannot be used: {problem}; the old one stays; run it anew"
        )
    with Store.open(new) as store:
        _check(store)
        until, identity, advisories = store.until, store.identity, store.advisories
    before = _before(path)
    if before is not None and before[0] > until and not older:
        raise UsageError(
            f"the new database is of {until}, the one in place of {before[0]}: it stays; "
            "to go back all the same, say --older"
        )
    os.chmod(new, 0o600)
    os.replace(new, path)
    _settle(os.path.dirname(path))
    return Switched(path, until, advisories, before is None or before[1] != identity)


def _check(store: Store) -> None:
    """Look at every page: this happens once, and a scan looks at those that it needs."""
    problems = [row[0] for row in store.select("PRAGMA quick_check(1)")]
    if problems != ["ok"]:
        raise UsageError(
            f"the new database is damaged: {problems[0]}; the old one stays; run it anew"
        )
    if not store.advisories:
        raise UsageError(
            "the new database has no advisories; the old one stays; name another source"
        )


def _before(path: str) -> tuple[str, str] | None:
    """The day and the identity of the database in place; ``None`` where none is good."""
    try:
        with Store.open(path) as store:
            return store.until, store.identity
    except DatabaseError:
        return None


def _settle(directory: str) -> None:
    """Have the name on the disk before anything else is said of it."""
    with suppress(OSError):
        number = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _remove(path: str) -> None:
    for ending in ("", ".building", ".building-journal"):
        with suppress(FileNotFoundError):
            os.unlink(path + ending)


def _told(directory: str, error: Exception) -> str:
    full = getattr(error, "errno", None) == errno.ENOSPC or (
        getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    )
    if full:
        return (
            f"there is no room for the new database in {directory}; the old one stays; make room, "
            f"or name another directory with {database.ENVIRONMENT}"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return (
        f"the database in {directory} cannot be updated: {reason.lower()}; the old one stays; "
        f"name a directory that can be written with {database.ENVIRONMENT}"
    )

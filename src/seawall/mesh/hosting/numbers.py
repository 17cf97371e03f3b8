"""User ids of several meshes on one host: each has its own.

Else the proxies of one could open the sockets of another's. A mesh takes a place among those of the
host and keeps it while it is up. In the first place the ids are those that are written down
elsewhere; in the others they lie far away, where systemd and useradd give none (systemd, UIDS-GIDS:
1879048192 to 2147352575 are unused).
"""

import contextlib
import fcntl
import os

from seawall.mesh.hosting.errors import HostError
from seawall.mesh.plan.reading import FIRST_MOVED_USER

DIRECTORY = "/run/seawall/places"
PLACES = 100
_APART = 100_000
"""Ids from one place to the next: more than any of those that are moved."""


def moved(place: int, user: int) -> int:
    """The id that a mesh in a place has for one of the ids that are written down."""
    return user if place == 0 or user == 0 else FIRST_MOVED_USER + place * _APART + user


class Place:
    """A place that is taken: a file with the name of the run directory that it is for, locked."""

    def __init__(self, number: int, descriptor: int, path: str) -> None:
        self.number = number
        self._descriptor = descriptor
        self._path = path

    def leave(self) -> None:
        """Let others have it: nothing of the mesh runs any more."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        os.close(self._descriptor)


def take(run: str, places: str = DIRECTORY) -> Place:
    """The first place that nobody has; that of a mesh which was killed stays its own."""
    os.makedirs(places, mode=0o755, exist_ok=True)
    own = [number for number in range(PLACES) if _said(places, number) == run]
    for number in (*own, *range(PLACES)):
        found = _taken(os.path.join(places, str(number)), run)
        if found is not None:
            return Place(number, found, os.path.join(places, str(number)))
    raise HostError(f"{PLACES} meshes are up on this host: take one down first")


def leave_all(run: str, places: str = DIRECTORY) -> None:
    """Leave what a mesh that was killed had, once nothing of it runs any more."""
    for number in range(PLACES):
        path = os.path.join(places, str(number))
        if _said(places, number) == run:
            found = _taken(path, run)
            if found is not None:
                Place(number, found, path).leave()


def _said(places: str, number: int) -> str:
    try:
        with open(os.path.join(places, str(number)), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""


def _taken(path: str, run: str) -> int | None:
    """The file of a place, open, locked and with our name in it; ``None`` where it is not ours."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said = os.pread(descriptor, 4096, 0).decode("utf-8", "replace")
        is_free = said in ("", run) or not os.path.exists(said)
        if is_free and os.path.samestat(os.fstat(descriptor), os.stat(path)):
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, run.encode(), 0)
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None

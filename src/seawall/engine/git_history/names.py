"""What blobs are called, as far as it makes a difference to what is found in them."""

import os
from collections.abc import Callable, Hashable

from seawall.sources.files import shown

Bearing = Callable[[str], Hashable]
"""What of a name a search reads; see ``secrets.bearing``."""
NAMELESS = 0
"""The number of the set of names of a blob without any."""


class Names:
    """For each blob one name of each bearing that its names have.

    A path costs its bytes once, a blob a number: histories have millions of both.
    """

    def __init__(self, bearing: Bearing) -> None:
        self._bearing = bearing
        self._classes: dict[bytes, int] = {}
        self._numbers: dict[Hashable, int] = {bearing(""): 0}
        self._first: list[bytes] = [b""]
        self._sets: list[tuple[int, ...]] = [(0,)]
        self._larger: dict[tuple[int, int], int] = {}
        self._numbers_of_sets: dict[tuple[int, ...], int] = {}
        self._paths: dict[bytes, int] = {}
        self._path_of: dict[bytes, int] = {}
        self.of_blob: dict[bytes, int] = {}
        """The number of its set of names by the bytes of a blob's oid."""

    def add(self, oid: bytes, path: bytes) -> None:
        """A blob has this name, too."""
        number = self._classes.get(path)
        if number is None:
            number = self._class_of(path)
        known = self.of_blob.get(oid)
        if known is None:
            self._path_of[oid] = self._paths.setdefault(path, len(self._paths))
        step = (-1 if known is None else known, number)
        larger = self._larger.get(step)
        if larger is None:
            larger = self._grown(*step)
        if larger != known:
            self.of_blob[oid] = larger

    def add_nameless(self, oid: bytes) -> None:
        """There is a blob of which no name is known."""
        self.of_blob.setdefault(oid, NAMELESS)

    def kinship(self, oid: bytes) -> int:
        """A number that the versions of a file share: that of one of its paths."""
        return self._path_of.get(oid, -1)

    def names(self, number: int) -> tuple[str, ...]:
        """A name for each bearing in a set, by the set's number."""
        return tuple(_name(self._first[item]) for item in self._sets[number])

    def bearings(self, number: int) -> bytes:
        """The bearings of a set as bytes: equal ones lead to equal findings."""
        return repr(sorted(repr(self._bearing(name)) for name in self.names(number))).encode()

    def _class_of(self, path: bytes) -> int:
        bearing = self._bearing(_name(path))
        number = self._numbers.setdefault(bearing, len(self._first))
        if number == len(self._first):
            self._first.append(path)
        elif number:
            # The least, so that it does not matter in which order names come.
            self._first[number] = min(self._first[number], path)
        self._classes[path] = number
        return number

    def _grown(self, number: int, item: int) -> int:
        """The number of a set with one bearing more; -1 is the empty one."""
        before = self._sets[number] if number > 0 else ()
        grown = tuple(sorted({*before, item}))
        if grown == self._sets[NAMELESS]:
            found = NAMELESS
        else:
            found = self._numbers_of_sets.setdefault(grown, len(self._sets))
            if found == len(self._sets):
                self._sets.append(grown)
        self._larger[number, item] = found
        return found


def _name(path: bytes) -> str:
    return shown(os.fsdecode(path))

"""Which objects are known to hold no secret, so that a second look pays for new ones only.

An object never changes, so what was said of it holds until the rules or the program do. Only those
without any finding are remembered: of what holds a secret nothing is kept, not even that it does.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from seawall.cache import digest
from seawall.core.digests import blake2b

if TYPE_CHECKING:
    from seawall.cache import Store

_SHARDS = 16
_MARK = 8
"""Bytes that tell the bearings of an object's names."""


def mark_of(bearings: bytes) -> bytes:
    """A mark for some bearings: under another one, something else may be found."""
    return blake2b(bearings, digest_size=_MARK).digest()


class Clean:
    """The objects of one repository in which nothing was found, by oid and mark.

    ``basis`` tells all that this rests on: rules, code, limits. A repository has its own set, so
    that objects that one of them feigns are of no consequence for another.
    """

    def __init__(self, store: "Store", repository: str, basis: bytes) -> None:
        self._store = store
        place = repository.encode("utf-8", "surrogatepass")
        self._keys = [
            digest(b"clean objects", place, basis, bytes((shard,))) for shard in range(_SHARDS)
        ]
        self._known: dict[int, set[bytes]] = {}

    def read(self, width: int) -> None:
        """Take over what is known; an oid has so many bytes."""
        found = self._store.get(self._keys)
        size = width + _MARK
        for shard, key in enumerate(self._keys):
            data = found.get(key, b"")
            if not isinstance(data, bytes) or len(data) % size:
                data = b""
            self._known[shard] = {data[at : at + size] for at in range(0, len(data), size)}

    def has(self, oid: bytes, mark: bytes) -> bool:
        """Whether nothing is to be found in an object."""
        return oid + mark in self._known[oid[0] % _SHARDS]

    def add(self, found: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember further ones, by oid and mark, until the run has come to its end."""
        changed = set()
        for oid, mark in found:
            shard = oid[0] % _SHARDS
            self._known[shard].add(oid + mark)
            changed.add(shard)
        for shard in changed:
            data = b"".join(sorted(self._known[shard]))
            self._store.put(self._keys[shard], data, is_ours=True)  # hashes show no secret

"""Objects that lie in files of their own, read without git.

So does what was staged or committed last, until git packs it. A process of git costs more than a
hundred of these files. Format: gitformat-loose(5); an object is known by its hash, so what has it
is the object, wherever it came from.
"""

import os
import stat
from zlib import decompressobj, error

from seawall.sources.git.discovery import Place
from seawall.sources.git.hashes import OID, format_of, new_hash

_HEADER = 32
"""Bytes that are enough for ``blob SIZE`` and its NUL."""
_SLACK = 1024
"""Bytes by which a file may be longer than what it holds, besides a 512th: random data is."""


def content(place: Place, oid: str, kind: bytes, limit: int) -> bytes | None:
    """The content of an object of at most ``limit`` bytes.

    ``None`` where git is to be asked: the object is packed or not there, larger, of another kind,
    or its file is damaged.
    """
    if OID.fullmatch(oid) is None:
        return None
    path = os.path.join(place.objects, oid[:2], oid[2:])
    decompressor = decompressobj()
    try:
        with open(path, "rb", buffering=0, opener=_opener) as stream:
            facts = os.fstat(stream.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit + limit // 512 + _SLACK:
                return None
            data = decompressor.decompress(stream.readall(), limit + _HEADER)
    except (OSError, error):
        return None
    if not decompressor.eof or decompressor.unused_data:
        return None
    header, _, found = data.partition(b"\0")
    if header != b"%s %d" % (kind, len(found)) or len(found) > limit:
        return None
    hashed = new_hash(format_of(oid), len(data))
    hashed.update(data)
    return found if hashed.hexdigest() == oid else None


def _opener(path: str, flags: int) -> int:
    """Opens a file without waiting: to open a FIFO is to wait for who writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)

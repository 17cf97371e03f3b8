"""Has the files of a layer looked at for secrets while it passes by."""

from typing import TYPE_CHECKING

from seawall.sources.archives import kinds
from seawall.sources.archives.kinds import without_end
from seawall.sources.images.entry import FILE, Entry
from seawall.sources.images.walking import Want

if TYPE_CHECKING:
    from seawall.secrets.sieve import Sieve

_SHORTEST = 8
"""Bytes of a file that a secret has room in."""
_WHOLE = 1 << 19
"""Bytes of a file that is held as a whole; a larger one is taken in pieces."""
_LARGEST_ZIP = 192 << 20
"""Bytes of an archive of Java and its like, which is held for its packages anyway."""
_LARGEST_ARCHIVE = 32 << 20
CROWDED = "it has so many matches that some were not looked at"


class Sifting:
    """Gives the files of one layer to a sieve, archives unpacked; an ``Analyzer``.

    All of them, for what lies among documentation or in a package is as readable as the rest; what
    a hard link leads to is looked at where it is.
    """

    def __init__(self, sieve: "Sieve") -> None:
        self.sieve = sieve
        self._unsearched: list[tuple[str, str]] = []

    def wants(self, entry: Entry) -> Want:
        """All of each file; of a large one the beginning, which tells how it is to be had."""
        size = entry.size
        if entry.kind is not FILE or size < _SHORTEST:
            return 0
        return size if size <= _WHOLE else kinds.ENOUGH

    def take(self, entry: Entry, data: bytes) -> Want:
        """A small file, the beginning of a large one, or an archive."""
        path = entry.path
        kind = kinds.kind_of(data[: kinds.ENOUGH])
        if len(data) == entry.size:
            if kind == "gzip" and (plain := _inflated(data)) is not None:
                self.sieve.add(f"{path}!/{without_end(path)}", plain)
            elif kind:
                self._unpack(path, data)
            else:
                self.sieve.add(path, data)
            return 0
        if not kind:
            return self.sieve.stream(path)
        limit = _LARGEST_ZIP if kind == kinds.ZIP else _LARGEST_ARCHIVE
        if entry.size <= limit:
            return entry.size
        reason = f"it is an archive of {entry.size} bytes, more than {limit}"
        self._unsearched.append((path, reason))
        return 0

    def _unpack(self, path: str, data: bytes) -> None:
        from seawall.sources.archives.walking import Walk  # noqa: PLC0415 - if there are any

        walk = Walk(lambda name, _size: self.sieve.stream(name))
        walk.data(path, data)
        for name, reason in walk.notes:
            inner = name[len(path) :].removeprefix("!/")
            self._unsearched.append((path, f"{inner}: {reason}" if inner else reason))

    def end(self) -> None:
        """Look at what waits, and wait for what others look at."""
        self.sieve.end()

    @property
    def unsearched(self) -> tuple[tuple[str, str], ...]:
        """What was not looked at: paths of files and reasons."""
        crowded = {(name.partition("!/")[0], CROWDED) for name in self.sieve.incomplete}
        return tuple(sorted({*self._unsearched, *crowded}))


def _inflated(data: bytes) -> bytes | None:
    """A small file in gzip: images have thousands, as manuals; ``None`` for what is more."""
    from isal.isal_zlib import decompressobj, error  # noqa: PLC0415 - if there are any

    inflater = decompressobj(31)
    try:
        plain = inflater.decompress(data, _WHOLE)
    except error:  # type: ignore[misc]  # its stubs call the class an instance
        return None
    if not inflater.eof or inflater.unused_data or kinds.kind_of(plain[: kinds.ENOUGH]):
        return None
    return plain

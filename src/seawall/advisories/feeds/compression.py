"""Streams compressed with gzip, bzip2, xz or zstd, and limits on what comes out of them."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from seawall.advisories.feeds.errors import FeedError
from seawall.sources import decompression

_CHUNK = 1 << 17
_FREE = 32 << 20
"""Bytes that may come out of anything, before the ratio is looked at."""


class Limits(NamedTuple):
    """What one file may hold."""

    total: int = 32 << 30
    """Bytes of everything in it; the CVE list has about 2.5 GB."""
    ratio: int = 400
    """How often larger than its compressed form a member may be; zstd packs OVAL 40 times."""


class Meter:
    """Counts what comes out of an archive."""

    __slots__ = ("limits", "total")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.total = 0

    def count(self, name: str, size: int, produced: int, consumed: int) -> None:
        """Add a piece; raise ``FeedError`` when its archive is a bomb (CWE-409)."""
        self.total += size
        if self.total > self.limits.total:
            raise FeedError(f"{name}: more than {self.limits.total} bytes come out of the archive")
        if produced > _FREE and produced > consumed * self.limits.ratio:
            raise FeedError(
                f"{name}: is more than {self.limits.ratio} times as large as its compressed form"
            )


def metered(name: str, file: BinaryIO, meter: Meter) -> Iterator[bytes]:
    """The bytes of a file as it lies there."""
    try:
        while chunk := file.read(_CHUNK):
            meter.count(name, 0, 0, 0)
            yield chunk
    except OSError as error:
        raise FeedError(f"{name}: {error.strerror or error}") from None


def decompressed(name: str, kind: str, chunks: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    """What was compressed. Raises ``FeedError`` when it is broken, cut off or a bomb."""
    consumed = 0

    def counted() -> Iterator[bytes]:
        nonlocal consumed
        for chunk in chunks:
            consumed += len(chunk)
            yield chunk

    produced = 0
    pieces = decompression.decompressed(kind, counted())
    while True:
        try:
            piece = next(pieces, b"")
        except (FeedError, decompression.MissingLibraryError) as error:
            raise FeedError(str(error)) from None
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
            raise FeedError(f"{name}: is broken {kind} data: {error}: fetch it again") from None
        if not piece:
            return
        produced += len(piece)
        meter.count(name, len(piece), produced, consumed)
        yield piece

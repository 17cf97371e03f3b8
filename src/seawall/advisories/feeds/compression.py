"""Streams compressed with gzip, bzip2, xz or zstd, and limits on what comes out of them."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol

from seawall.advisories.feeds.errors import FeedError

_CHUNK = 1 << 17
_MAX_XZ_MEMORY = 256 << 20
"""Bytes of the dictionary an xz file may ask for; ``xz -9`` makes 64 MB."""
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


def kind_of(head: bytes) -> str:
    """How data is compressed, going by its first bytes; empty when it is not."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in {b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"}:
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    # RFC 8878, section 3.1.1 and 3.1.2: a frame, or a frame that is skipped.
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return "zstd"
    return ""


def decompressed(name: str, kind: str, chunks: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    """What was compressed. Raises ``FeedError`` when it is broken, cut off or a bomb."""
    consumed = 0

    def counted() -> Iterator[bytes]:
        nonlocal consumed
        for chunk in chunks:
            consumed += len(chunk)
            yield chunk

    produced = 0
    pieces = _blocks(_DECOMPRESSORS[kind], counted())
    while True:
        try:
            piece = next(pieces, b"")
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
            raise FeedError(f"{name}: is broken {kind} data: {error}: fetch it again") from None
        if not piece:
            return
        produced += len(piece)
        meter.count(name, len(piece), produced, consumed)
        yield piece


class _Decompressor(Protocol):
    """What the standard library's decompressors share."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, _max_length: int, /) -> bytes: ...


def _blocks(new: Callable[[], _Decompressor], chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of at most ``_CHUNK`` bytes, of one compressed stream after the other."""
    decompressor: _Decompressor | None = None
    for chunk in chunks:
        data = chunk
        while True:
            if decompressor is None:
                data = data.lstrip(b"\0")  # tape drives padded with zeros
                if not data:
                    break
                decompressor = new()
            piece = decompressor.decompress(data, _CHUNK)
            if piece:
                yield piece
            if decompressor.eof:
                data = decompressor.unused_data
                decompressor = None
                continue
            data = getattr(decompressor, "unconsumed_tail", b"")
            if not data and len(piece) < _CHUNK:
                break
    if decompressor is not None:
        raise EOFError("it ends too early")


def _gzip() -> Any:
    import zlib  # noqa: PLC0415 - off the scan path

    return zlib.decompressobj(31)


def _bzip2() -> Any:
    import bz2  # noqa: PLC0415 - off the scan path

    return bz2.BZ2Decompressor()


def _xz() -> Any:
    import lzma  # noqa: PLC0415 - off the scan path

    return lzma.LZMADecompressor(memlimit=_MAX_XZ_MEMORY)


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor  # noqa: PLC0415 - off the scan path

        return ZstdDecompressor()
    try:
        import zstandard  # noqa: PLC0415 - off the scan path
    except ImportError:
        raise FeedError(
            "zstd data cannot be read: install the zstandard package, or decompress it first"
        ) from None
    return _Zstandard(zstandard.ZstdDecompressor().decompressobj())


class _Zstandard:
    """The zstandard package's object, with the interface of the standard library's.

    It takes no limit on what comes out at once, so it is fed little: a block of 4 bytes can stand
    for 128 KiB (RFC 8878, section 3.1.1.2).
    """

    _FED = 1 << 10

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor
        self.eof = False
        self.unused_data = b""
        self.unconsumed_tail = b""

    def decompress(self, data: bytes, _max_length: int, /) -> bytes:
        fed = self._FED
        piece: bytes = self._decompressor.decompress(data[:fed])
        self.unconsumed_tail = data[fed:]
        if self._decompressor.eof:
            self.eof = True
            self.unused_data = self._decompressor.unused_data + self.unconsumed_tail
            self.unconsumed_tail = b""
        return piece


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
}

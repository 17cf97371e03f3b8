"""Streams compressed with gzip, bzip2, xz or zstd: told by their first bytes, never by their names.

What comes out is bounded piece by piece; how much may come out at all is for the caller to say.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

PIECE = 256 << 10
"""Bytes that come out at once, at most; of zstd a little more.

They are hashed and searched while they are in the processor's second cache, which has 1 MiB or
more; pieces of 1 MiB take a tenth longer.
"""
_MAX_XZ_MEMORY = 256 << 20
"""Bytes of the dictionary an xz file may ask for; ``xz -9`` makes 64 MB."""
_MAX_ZSTD_WINDOW = 128 << 20
"""Bytes a zstd frame may look back (RFC 8878, 3.1.1.1.2); the ``zstd`` program's own bound."""


class MissingLibraryError(Exception):
    """What unpacks this is not installed; the message says what to do."""


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


def decompressed(  # noqa: C901 - one state machine
    kind: str, chunks: Iterator[bytes], garbage: Callable[[], None] | None = None
) -> Iterator[bytes]:
    """What was compressed, one stream of ``chunks`` after the other, in pieces.

    ``garbage``: called when something that is no such stream follows a whole one; it and all
    behind it is passed over, as ``gzip`` does. Without it that is an error like any other: what
    the libraries raise for broken data, ``EOFError`` for data that ends too early, and
    ``MissingLibraryError``.
    """
    decompressor: _Decompressor | None = None
    new = _DECOMPRESSORS[kind]
    whole = False
    for chunk in chunks:
        data = chunk
        while True:
            if decompressor is None:
                data = data.lstrip(b"\0")  # tape drives padded with zeros
                if not data:
                    break
                if whole and garbage is not None and not data.startswith(_MAGIC[kind][: len(data)]):
                    garbage()
                    for _ in chunks:  # a digest over all of it may be under way
                        pass
                    return
                decompressor = new()
            piece = decompressor.decompress(data, PIECE)
            if piece:
                yield piece
            if decompressor.eof:
                data = decompressor.unused_data
                decompressor = None
                whole = True
                continue
            data = getattr(decompressor, "unconsumed_tail", b"")
            if not data and len(piece) < PIECE:
                break
    if decompressor is not None:
        raise EOFError("it ends too early")


class _Decompressor(Protocol):
    """What the standard library's decompressors share."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, _max_length: int, /) -> bytes: ...


def _gzip() -> Any:
    from isal import igzip_lib  # noqa: PLC0415 - off the scan path

    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _bzip2() -> Any:
    import bz2  # noqa: PLC0415 - off the scan path

    return bz2.BZ2Decompressor()


def _xz() -> Any:
    import lzma  # noqa: PLC0415 - off the scan path

    return lzma.LZMADecompressor(memlimit=_MAX_XZ_MEMORY)


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression.zstd import (  # noqa: PLC0415 - off the scan path
            DecompressionParameter,
            ZstdDecompressor,
        )

        window = _MAX_ZSTD_WINDOW.bit_length() - 1
        return ZstdDecompressor(options={DecompressionParameter.window_log_max: window})
    try:
        import zstandard  # noqa: PLC0415 - off the scan path
    except ImportError:
        raise MissingLibraryError(
            "zstd data cannot be read: install the zstandard package, or decompress it first"
        ) from None
    return _Zstandard(zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).decompressobj())


class _Zstandard:
    """The zstandard package's object, with the interface of the standard library's.

    It takes no limit on what comes out at once, so it is fed little: a block of 4 bytes can stand
    for 128 KiB (RFC 8878, section 3.1.1.2). Little at a time makes little pieces: they are joined.
    """

    _FED = 1 << 10

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor
        self.eof = False
        self.unused_data = b""
        self.unconsumed_tail = b""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        decompressor = self._decompressor
        parts: list[bytes] = []
        held = 0
        start = 0
        while start < len(data) and held < max_length and not decompressor.eof:
            part: bytes = decompressor.decompress(data[start : start + self._FED])
            start += self._FED
            held += len(part)
            parts.append(part)
        self.unconsumed_tail = data[start:]
        if decompressor.eof:
            self.eof = True
            self.unused_data = decompressor.unused_data + self.unconsumed_tail
            self.unconsumed_tail = b""
        return b"".join(parts)


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
}
_MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}

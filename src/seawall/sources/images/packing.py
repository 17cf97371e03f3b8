"""Layers on their way out: hashed, compressed, hashed again; the same bytes on every machine.

gzip is zlib's, level 6, of blocks of 512 KiB that know the 32 KiB before them (as pigz does it): so
all processors pack, and their number changes nothing. ISA-L is some five times as fast and packs
less, and what it writes depends on the processor's instructions: then the same input would not
have the same digest everywhere.
"""

import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

GZIP, ZSTD, NONE = "gzip", "zstd", "none"
COMPRESSIONS = (GZIP, ZSTD, NONE)
LAYER = "application/vnd.oci.image.layer.v1.tar"
MEDIA_TYPES = {GZIP: f"{LAYER}+gzip", ZSTD: f"{LAYER}+zstd", NONE: LAYER}
"""OCI image-spec, layer.md."""
_LEVEL = 6
_ZSTD_LEVEL = 3
_BLOCK = 512 << 10
_WINDOW = 32 << 10
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""RFC 1952, 2.3: deflate, no flags, no time, an unknown system."""
_GATHERED = 256 << 10
"""Bytes that are gathered before they are hashed and packed: headers are of 512."""


class Packed(NamedTuple):
    """A layer that was written."""

    media_type: str
    digest: str
    size: int
    diff_id: str
    unpacked_size: int


class _Compressor(Protocol):
    def feed(self, data: bytes) -> None: ...

    def end(self) -> None: ...


class Packer:
    """Takes the bytes of a tar; ``write`` is given what comes out."""

    def __init__(self, write: Callable[[bytes], object], compression: str = GZIP) -> None:
        import hashlib  # noqa: PLC0415 - off the scan path

        self._of_tar = hashlib.sha256()
        self._of_packed = hashlib.sha256()
        self._media_type = MEDIA_TYPES[compression]
        self._unpacked = self._packed = 0
        self._write = write
        self._parts: list[bytes] = []
        self._held = 0
        self._compressor = _COMPRESSORS[compression](self._out)

    def write(self, data: bytes) -> None:
        """The next bytes of the tar."""
        self._parts.append(data)
        self._held += len(data)
        if self._held >= _GATHERED:
            self._pass_on()

    def _pass_on(self) -> None:
        data = b"".join(self._parts)
        self._parts, self._held = [], 0
        self._of_tar.update(data)
        self._unpacked += len(data)
        self._compressor.feed(data)

    def _out(self, data: bytes) -> None:
        self._of_packed.update(data)
        self._packed += len(data)
        self._write(data)

    def end(self) -> Packed:
        """There is no more; gives what it came to."""
        self._pass_on()
        self._compressor.end()
        return Packed(
            self._media_type, f"sha256:{self._of_packed.hexdigest()}", self._packed,
            f"sha256:{self._of_tar.hexdigest()}", self._unpacked,
        )  # fmt: skip


class _Plain:
    def __init__(self, out: Callable[[bytes], None]) -> None:
        self._out = out

    def feed(self, data: bytes) -> None:
        self._out(data)

    def end(self) -> None:
        """Nothing is held."""


class _Gzip:
    """Blocks of deflate data, each ended on a byte (Z_SYNC_FLUSH), the last one with its end."""

    def __init__(self, out: Callable[[bytes], None]) -> None:
        from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415 - as above

        from isal.isal_zlib import crc32  # noqa: PLC0415 - as above

        self._crc: Callable[[bytes, int], int] = crc32  # zlib's takes twenty times as long
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        self._pool = ThreadPoolExecutor(threads)
        self._waiting: deque[Future[bytes]] = deque()
        self._most = 2 * threads
        self._out = out
        self._buffer = bytearray()
        self._window = b""
        self._sum = 0
        self._size = 0
        out(_GZIP_HEADER)

    def feed(self, data: bytes) -> None:
        self._sum = self._crc(data, self._sum)
        self._size += len(data)
        self._buffer += data
        while len(self._buffer) > _BLOCK:
            with memoryview(self._buffer) as held:
                block = bytes(held[:_BLOCK])
            del self._buffer[:_BLOCK]
            self._pack(block, last=False)

    def _pack(self, block: bytes, *, last: bool) -> None:
        while len(self._waiting) >= self._most:
            self._out(self._waiting.popleft().result())
        self._waiting.append(self._pool.submit(_deflated, block, self._window, last=last))
        self._window = block[-_WINDOW:]

    def end(self) -> None:
        self._pack(bytes(self._buffer), last=True)
        while self._waiting:
            self._out(self._waiting.popleft().result())
        self._pool.shutdown()
        self._out(self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little"))


def _deflated(block: bytes, before: bytes, *, last: bool) -> bytes:
    import zlib  # noqa: PLC0415 - as above

    options = _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY
    packer = zlib.compressobj(*options, before) if before else zlib.compressobj(*options)
    return packer.compress(block) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


class _Zstd:
    """One frame, with its checksum; one thread, for more of them would write other bytes."""

    def __init__(self, out: Callable[[bytes], None]) -> None:
        self._out = out
        self._packer: Any
        if sys.version_info >= (3, 14):
            from compression.zstd import (  # noqa: PLC0415 - as above
                CompressionParameter,
                ZstdCompressor,
            )

            options = {
                CompressionParameter.compression_level: _ZSTD_LEVEL,
                CompressionParameter.checksum_flag: 1,
            }
            self._packer = ZstdCompressor(options=options)
        else:
            import zstandard  # noqa: PLC0415 - as above

            packer = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            self._packer = packer.compressobj()

    def feed(self, data: bytes) -> None:
        if packed := self._packer.compress(data):
            self._out(packed)

    def end(self) -> None:
        self._out(self._packer.flush())


_COMPRESSORS: dict[str, Callable[[Callable[[bytes], None]], _Compressor]] = {
    GZIP: _Gzip,
    ZSTD: _Zstd,
    NONE: _Plain,
}

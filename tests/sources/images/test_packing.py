"""Layers are packed to the same bytes, whatever pieces they come in and how many threads pack."""

import gzip
import hashlib
import io
import os
import random

import pytest
import zstandard

from seawall.sources.images.packing import COMPRESSIONS, GZIP, NONE, ZSTD, Packer

SIZES = (0, 1, 1000, (512 << 10) - 1, 512 << 10, (512 << 10) + 1, 3 << 20)


def data_of(size: int) -> bytes:
    source = random.Random(7)
    words = [source.randbytes(9) for _ in range(200)]
    found = b"".join(source.choice(words) for _ in range(size // 9 + 1))
    return found[:size]


def packed(data: bytes, compression: str, piece: int = 100_000) -> bytes:
    out = io.BytesIO()
    packer = Packer(out.write, compression)
    for at in range(0, len(data), piece):
        packer.write(data[at : at + piece])
    made = packer.end()
    found = out.getvalue()
    assert made.digest == f"sha256:{hashlib.sha256(found).hexdigest()}"
    assert made.diff_id == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert (made.size, made.unpacked_size) == (len(found), len(data))
    return found


def unpacked(data: bytes, compression: str) -> bytes:
    if compression == GZIP:
        return gzip.decompress(data)
    if compression == ZSTD:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(size: int, compression: str) -> None:
    data = data_of(size)
    assert unpacked(packed(data, compression), compression) == data


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_pieces_and_threads_change_nothing(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(2 << 20)
    first = packed(data, compression)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(7)))
    assert packed(data, compression, 512) == first
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert packed(data, compression, 1 << 21) == first


def test_blocks_cost_little() -> None:
    data = data_of(3 << 20)
    assert len(packed(data, GZIP)) < 1.01 * len(gzip.compress(data, 6))
    assert len(packed(data, NONE)) == len(data)

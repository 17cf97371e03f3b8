"""Valid archives with bytes changed, cut, doubled: nothing but ArchiveError, in bounded work."""

import gzip
import random
import time
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard

from seawall.sources.images.image import Layer
from seawall.sources.images.limits import Limits
from seawall.sources.images.merging import merge
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.tar import Archive
from seawall.sources.images.walking import walk_layer
from tests.sources.images.tars import END, GNU, header, long_name, member, octal, padded, pax

LIMITS = Limits(
    entries=1000, payload=1 << 20, header=1 << 14, total=1 << 22, ratio=100, free=1 << 20,
    name=4096, depth=128, names=1 << 16,
)  # fmt: skip
_PAIRS = b"".join(octal(number, 12) for number in (0, 512, 1024, 100))
VALID = (
    member(b"usr/", kind=b"5", mode=0o755)
    + member(b"usr/bin/a", b"#!/bin/sh\n" * 90, mode=0o755)
    + long_name(b"n/" * 120 + b"a")
    + member(b"n", b"long")
    + pax(("path", "p/" * 90 + "b"), ("size", "5"), ("mtime", "1.25"), ("uid", "1"))
    + member(b"p", b"12345")
    + member(b"usr/link", kind=b"2", link=b"../usr/bin")
    + member(b"usr/hard", kind=b"1", link=b"usr/bin/a")
    + member(b"s", b"x" * 612, b"S", magic=GNU, fields={386: _PAIRS, 483: octal(1124, 12)})
    + pax(("GNU.sparse.map", "0,512,1024,100"), ("GNU.sparse.size", "1124"))
    + member(b"t", b"x" * 612)
    + pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "1124"))
    + member(b"u", padded(b"2\n0\n512\n1024\n100\n") + b"x" * 612)
    + member(b"usr/.wh.gone")
    + member(b"usr/.wh..wh..opq")
    + member(b"dev", kind=b"3")
    + END
)
BLOCKS = len(VALID) // 512
INTERESTING = (
    b"\0", b"\xff", b"9", b"-", b"\x80" + b"\0" * 4 + b"\x7f" + b"\xff" * 6, b"77777777777", b"../",
    b"/", b".wh.", b"L", b"x", b"S", b"1", b"\n", b"=", b" ",
)  # fmt: skip


def mended(data: bytearray) -> bytearray:
    """Make the checksums of changed headers right again: else nothing behind them is reached."""
    for at in range(0, len(data) - 511, 512):
        block = data[at : at + 512]
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            data[at + 148 : at + 156] = b"%06o\0 " % sum(block)
    return data


def mutated(chance: random.Random) -> bytes:
    data = bytearray(VALID)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        if chance.random() < 0.5:  # within the fields of a header
            at = at - at % 512 + chance.randrange(100, 512)
        what = chance.randrange(6)
        if what == 0:
            data[at : at + 1] = bytes((chance.randrange(256),))
        elif what <= 2:
            piece = chance.choice(INTERESTING)
            data[at : at + len(piece)] = piece
        elif what == 3:  # a block again, or elsewhere
            source = chance.randrange(BLOCKS) * 512
            target = chance.randrange(BLOCKS) * 512
            data[target:target] = data[source : source + 512 * chance.randint(1, 3)]
        elif what == 4:
            start = chance.randrange(BLOCKS) * 512
            del data[start : start + 512]
            if not data:
                return b""
        else:
            del data[chance.randrange(len(data)) :]
            if not data:
                return b""
    return bytes(mended(data) if chance.random() < 0.8 else data)


class Counted:
    """A source that counts what is asked of it."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data = data
        self.size = size
        self.at = 0
        self.calls = 0

    def __call__(self) -> bytes:
        self.calls += 1
        self.at += self.size
        return self.data[self.at - self.size : self.at]


def read(data: bytes, chance: random.Random) -> bool:
    """Whether an archive is read to its end; all its work is bounded by what it has."""
    source = Counted(data, chance.choice((100, 512, 1 << 16)))
    archive = Archive("fuzz", source, LIMITS)
    entries = []
    produced = 0
    try:
        for entry in archive:
            entries.append(entry)
            assert not entry.path.startswith("/")
            assert ".." not in entry.path.split("/")
            assert 0 <= entry.size <= LIMITS.payload
            if chance.random() < 0.5:
                assert len(archive.head(100)) == min(100, entry.size)
            if chance.random() < 0.5:
                size = sum(map(len, archive.pieces()))
                assert size == entry.size
                produced += size
    except ArchiveError:
        return False
    finally:
        assert source.calls <= len(data) // source.size + 4
        assert len(entries) <= len(data) // 512
        assert produced <= len(entries) * LIMITS.payload
    system = merge([entries, entries])
    for node in system.files():
        system.resolve(node.entry.path)
    return True


def run(seconds: float, seed: int, one: Callable[[random.Random], bool]) -> tuple[int, int]:
    """Numbers of runs, and of those that were read to their end."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    runs = whole = 0
    tracemalloc.start()
    try:
        while time.monotonic() < end or runs < 50:
            whole += one(chance)
            runs += 1
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    return runs, whole


def test_the_archive_is_valid() -> None:
    assert read(VALID, random.Random(0))


def one_tar(chance: random.Random) -> bool:
    return read(mutated(chance), chance)


def one_layer(chance: random.Random) -> bool:
    """A packed layer whose packed bytes are changed."""
    tar = mutated(chance)
    pack = gzip.compress if chance.random() < 0.5 else zstandard.compress
    data = bytearray(pack(tar))
    for _ in range(chance.randrange(3)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]

    class Stream:
        at = 0

        def read(self, size: int) -> bytes:
            self.at += size
            return bytes(data[self.at - size : self.at])

        def close(self) -> None:
            pass

    walked = walk_layer(Layer(0, "", "", "", len(data), open=Stream), (), limits=LIMITS)
    return walked.error is None


@pytest.mark.parametrize("one", [one_tar, one_layer])
def test_mutated_archives(one: Callable[[random.Random], bool]) -> None:
    runs, whole = run(1.5, 7, one)
    assert 0 < whole < runs


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("one", [one_tar, one_layer])
def test_mutated_archives_at_length(one: Callable[[random.Random], bool], seed: int) -> None:
    runs, whole = run(15, 100 + seed, one)
    assert 0 < whole < runs


def test_headers_of_random_bytes() -> None:
    chance = random.Random(3)
    for _ in range(300):
        block = bytearray(chance.randbytes(512))
        block[257:263] = b"ustar\0"
        data = bytes(mended(block)) + header(b"a") + END
        source = Counted(data, 512)
        archive = Archive("fuzz", source, LIMITS)
        try:
            list(archive)
        except ArchiveError as error:
            assert str(error).startswith("fuzz: at byte ")  # noqa: PT017 - some are read

"""Who gets which content, and what a pass over a layer gives."""

import os
import signal
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images import unpacking
from seawall.sources.images.entry import FILE, Entry
from seawall.sources.images.image import Image, Layer
from seawall.sources.images.layout import read_layout
from seawall.sources.images.merging import merge
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.stores import Directory, TarFiles
from seawall.sources.images.walking import Consumer, Want, is_whiteout, walk
from tests.sources.images.gathering import Files, Names
from tests.sources.images.tars import END, Layout, digest_of, member, packed

ONE = member(b"etc/a", b"1" * 1000) + member(b"b", b"22") + member(b"empty") + END
TWO = member(b"c", kind=b"1", link=b"d") + member(b"d", b"333") + END
THREE = member(b"e", kind=b"1", link=b"b") + member(b"x/.wh.b") + member(b".wh.empty") + END


def image(directory: Path, *tars: bytes, how: str = "gzip") -> Image:
    files = Layout()
    files.index(files.image(tars, how))
    return read_layout(Directory(files.write(directory)), "image")


class Collector:
    """Notes all that it is asked and gets; wants what a function says."""

    def __init__(self, **wanted: Any) -> None:
        self.wanted = wanted
        self.asked: list[str] = []
        self.taken: list[tuple[str, bytes]] = []

    def wants(self, entry: Entry) -> Want:
        self.asked.append(entry.path)
        found: Want = self.wanted.get(entry.path.rpartition("/")[2], 0)
        return found

    def take(self, entry: Entry, data: bytes) -> Want:
        self.taken.append((entry.path, data))
        return 0


@pytest.mark.parametrize("how", ["gzip", "zstd", ""])
def test_digests_and_entries(how: str, tmp_path: Path) -> None:
    walked = walk(image(tmp_path, ONE, TWO, THREE, how=how), lambda _: ())
    assert [layer.error for layer in walked] == [None] * 3
    assert [[entry.path for entry in layer.entries] for layer in walked] == [
        ["etc/a", "b", "empty"], ["c", "d"], ["e", "x/.wh.b", ".wh.empty"],
    ]  # fmt: skip
    assert [layer.unpacked_size for layer in walked] == [len(ONE), len(TWO), len(THREE)]
    for layer, tar in zip(walked, (ONE, TWO, THREE), strict=True):
        assert layer.layer.diff_id == digest_of(tar)
        assert layer.layer.digest == digest_of(packed(tar, how))


def test_what_is_asked_and_given(tmp_path: Path) -> None:
    collectors = [Collector(a=10, b=5, d=2), Collector(a=2000)]
    walked = walk(image(tmp_path, ONE), lambda _: collectors)
    assert walked[0].analyzers is collectors
    assert collectors[0].asked == ["etc/a", "b", "empty"]
    assert collectors[0].taken == [("etc/a", b"1" * 10), ("b", b"22")]
    assert collectors[1].taken == [("etc/a", b"1" * 1000)]


def test_hard_links_get_what_they_lead_to(tmp_path: Path) -> None:
    """In the same layer, before or behind the link, and in a layer below."""
    made: dict[int, Collector] = {}

    def make(layer: Layer) -> list[Collector]:
        made[layer.number] = Collector(c=9, e=9)
        return [made[layer.number]]

    walked = walk(image(tmp_path, ONE, TWO, THREE), make)
    assert made[1].taken == [("c", b"333")]
    assert made[2].taken == [("e", b"22")]
    assert [[link.path for link in layer.below] for layer in walked] == [[], [], ["e"]]


def test_whiteouts_are_no_files(tmp_path: Path) -> None:
    collector = Collector(**{".wh.b": 5, ".wh.empty": 5})
    walk(image(tmp_path, THREE), lambda _: [collector])
    assert collector.taken == []
    assert is_whiteout("a/.wh.b")
    assert not is_whiteout("a/.wh.d/b")


class Growing:
    """Wants more and more, then all in pieces."""

    def __init__(self) -> None:
        self.heads: list[int] = []
        self.pieces: list[bytes] = []
        self.ended = False

    def wants(self, entry: Entry) -> Want:
        return 1 if entry.path == "etc/a" else 0

    def take(self, entry: Entry, data: bytes) -> Want:
        self.heads.append(len(data))
        return self if len(data) >= 4 else len(data) * 2

    def feed(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def end(self) -> None:
        self.ended = True


def test_a_head_may_lead_to_more(tmp_path: Path) -> None:
    growing: Growing = Growing()
    consumer: Consumer = growing
    walk(image(tmp_path, ONE), lambda _: [growing, Collector(a=3)])
    assert consumer is growing
    assert growing.heads == [1, 2, 4]
    assert b"".join(growing.pieces) == b"1" * 1000
    assert growing.ended


def test_an_analyzer_that_never_has_enough_is_left(tmp_path: Path) -> None:
    class Greedy(Collector):
        def take(self, entry: Entry, data: bytes) -> Want:
            super().take(entry, data)
            return 5

    greedy = Greedy(b=5)
    walk(image(tmp_path, ONE), lambda _: [greedy])
    assert len(greedy.taken) == 8


def test_what_an_analyzer_raises_comes_through(tmp_path: Path) -> None:
    class Broken(Collector):
        def take(self, entry: Entry, data: bytes) -> Want:
            raise RuntimeError("ours")

    for threads in (1, 3):
        with pytest.raises(RuntimeError, match="ours"):
            walk(image(tmp_path, ONE, TWO), lambda _: [Broken(b=5, d=5)], threads=threads)
    assert threading.active_count() == 1


class _Endless:
    """A layer that goes on until nobody waits for it."""

    def __init__(self) -> None:
        self.reads = 0
        self.is_closed = False

    def read(self, size: int, /) -> bytes:
        self.reads += 1
        time.sleep(0.001)
        return member(b"f%d" % self.reads, b"")[:size]

    def close(self) -> None:
        self.is_closed = True


def test_the_others_end_with_the_first_that_fails(tmp_path: Path) -> None:
    class Broken(Collector):
        def take(self, entry: Entry, data: bytes) -> Want:
            raise RuntimeError("ours")

    endless = _Endless()
    found = image(tmp_path, ONE, TWO)
    large = found.layers[1]._replace(size=1 << 40, open=lambda: endless)
    layers = (found.layers[0], large)
    with pytest.raises(RuntimeError, match="ours"):
        walk(found._replace(layers=layers), lambda _: [Broken(b=5)], threads=2)
    assert threading.active_count() == 1
    assert endless.is_closed


@pytest.mark.parametrize("begun", [0, 20])
def test_nobody_goes_on_after_an_interrupt(begun: int, tmp_path: Path) -> None:
    """Ctrl-C reaches the main thread at work on a layer, or while it waits for another one."""
    endless = _Endless()
    found = image(tmp_path, ONE, TWO)
    opened = [layer._replace(open=lambda: endless) for layer in found.layers]
    layers = (found.layers[0], opened[1]) if begun else tuple(opened)

    def interrupt() -> None:
        while endless.reads <= begun:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        walk(found._replace(layers=layers), lambda _: (), threads=2)
    helper.join()
    assert threading.active_count() == 1
    assert endless.is_closed


def test_what_a_digest_raises_in_its_own_thread_comes_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> None:
        raise MemoryError("ours")

    monkeypatch.setattr(unpacking, "_LARGE", 0)
    monkeypatch.setattr(unpacking, "_WAITING", 1)
    tar = b"".join(member(b"f%d" % n, os.urandom(200_000)) for n in range(20)) + END
    layer = image(tmp_path, tar).layers[0]
    assert layer.open is not None
    stream = layer.open()
    unpacked = unpacking.Unpacked("layer", stream, has_spare=lambda: True)
    assert unpacked()
    monkeypatch.setattr(unpacked._of_tar, "update", fail)
    with pytest.raises(MemoryError, match="ours"):
        unpacked.finish()
    stream.close()
    assert threading.active_count() == 1


def test_the_largest_layer_goes_first_and_results_keep_their_order(tmp_path: Path) -> None:
    order: list[int] = []

    def make(layer: Layer) -> tuple[()]:
        order.append(layer.number)
        return ()

    found = image(tmp_path, END, ONE, TWO, how="")
    walked = walk(found, make, threads=1)
    assert order == [1, 2, 0]
    assert [layer.layer.number for layer in walked] == [0, 1, 2]
    assert [layer.layer.number for layer in walk(found, make, layers={2, 1})] == [1, 2]


def test_a_trusted_pair_is_not_unpacked_to_a_digest_again(tmp_path: Path) -> None:
    files = Layout()
    config = {"rootfs": {"diff_ids": [digest_of(b"another")]}}
    files.index(files.image([ONE], config=config))
    found = read_layout(Directory(files.write(tmp_path)), "image")
    assert walk(found, lambda _: ())[0].error is not None
    layer = found.layers[0]
    trusted = {(layer.digest, layer.diff_id)}
    assert walk(found, lambda _: (), trusted=trusted)[0].error is None


@given(st.lists(st.binary(max_size=1500), min_size=1, max_size=8), st.data())
def test_a_trusted_layer_is_unpacked_up_to_what_is_wanted(
    contents: list[bytes], data: st.DataObject
) -> None:
    tar = b"".join(member(b"%d" % n, each) for n, each in enumerate(contents)) + END
    last = data.draw(st.integers(0, len(contents) - 1))
    with tempfile.TemporaryDirectory() as directory:
        found = image(Path(directory), tar)
        layer = found.layers[0]
        files = [entry for entry in walk(found, lambda _: ())[0].entries if entry.kind is FILE]
        until = {0: files[last].offset}
        names = {entry.path: 2000 for entry in files}
        for trusted, count in ((layer.digest, last + 1), ("sha256:another", len(files))):
            collectors = [Collector(**names)]
            pairs = {(trusted, layer.diff_id)}
            (walked,) = walk(found, dict.fromkeys(found.layers, collectors).__getitem__,
                             trusted=pairs, until=until)  # fmt: skip
            assert walked.error is None
            assert walked.layer.digest == layer.digest
            assert walked.entries == files[:count]
            taken = [(str(n), each) for n, each in enumerate(contents[:count])]
            assert collectors[0].taken == taken


def test_what_is_not_unpacked_is_held_against_its_digest(tmp_path: Path) -> None:
    tar = member(b"a", b"1") + member(b"b", os.urandom(3 << 20)) + END
    found = image(tmp_path, tar)
    layer = found.layers[0]
    until = {0: walk(found, lambda _: ())[0].entries[0].offset}
    blob = tmp_path / "blobs" / layer.digest.replace(":", "/")
    stored = bytearray(blob.read_bytes())
    stored[-100] ^= 1
    blob.write_bytes(stored)
    trusted = {(layer.digest, layer.diff_id)}
    (walked,) = walk(found, lambda _: (), trusted=trusted, until=until)
    assert "its digest is" in str(walked.error)


def test_layers_fail_alone(tmp_path: Path) -> None:
    files = Layout()
    descriptor = files.image([ONE, TWO, THREE])
    gone = next(path for path, data in files.files.items() if data == packed(TWO, "gzip"))
    del files.files[gone]
    found = read_layout(Directory(files.index(descriptor).write(tmp_path)), "image")
    walked = walk(found, lambda _: ())
    assert [layer.error is None for layer in walked] == [True, False, True]
    assert str(walked[1].error).endswith(": is missing; fetch it, or build the image again")


def test_all_layers_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.sources.images.budget._HELD", 1 << 20)
    tars = [b"".join(member(b"%d-%d" % (n, m)) for m in range(900)) + END for n in range(4)]
    found = image(tmp_path, *tars)
    with pytest.raises(ArchiveError, match="the files of all layers need more than 1 MB"):
        walk(found, lambda _: ())


def test_two_walks_of_one_image_at_once(tmp_path: Path) -> None:
    """Parts of an archive are read at any place, by any thread."""
    files = Layout()
    tars = [member(b"f%d" % n, bytes((n,)) * 70_000) + END for n in range(8)]
    path = files.index(files.image(tars)).tar(tmp_path / "a.tar")
    found = read_layout(TarFiles(path), "image")
    walked = walk(found, lambda _: [Files(Names(suffixes=("f1", "f7")))], threads=8)
    assert all(layer.error is None for layer in walked)
    assert walked[7].analyzers[0].found == {"f7": b"\7" * 70_000}  # type: ignore[attr-defined]


# The two analyzers that are there.


def entry(path: str, size: int) -> Entry:
    return Entry(path, FILE, 0o755, 0, 0, size, 0, "", 0)


def test_files_by_their_names(tmp_path: Path) -> None:
    data = (
        member(b"var/lib/dpkg/status", b"status") + member(b"x/package.json", b"{}")
        + member(b"y.dist-info/METADATA", b"Name: y") + member(b"d/e/f", b"in d")
        + member(b"status", b"no") + member(b"x/package.json", b"{1}") + member(b"d/big", b"x" * 99)
        + member(b"d/none") + END
    )  # fmt: skip
    names = Names(
        frozenset(["var/lib/dpkg/status"]), frozenset(["package.json"]),
        (".dist-info/METADATA",), ("d/",),
    )  # fmt: skip
    files = Files(names, 50)
    walk(image(tmp_path, data), lambda _: [files])
    assert files.found == {
        "var/lib/dpkg/status": b"status", "x/package.json": b"{1}",
        "y.dist-info/METADATA": b"Name: y", "d/e/f": b"in d", "d/none": b"",
    }  # fmt: skip
    assert [each.path for each in files.too_large] == ["d/big"]
    assert not Names().match("anything")


def test_an_image_of_77_000_files_stays_small() -> None:
    """Both lists: what a walk gives, and the merged tree of it."""
    tracemalloc.start()
    try:
        entries = [
            entry(f"usr/lib/python3/dist-packages/package{n % 500:03}/module_{n:05}.py", n)
            for n in range(77_000)
        ]
        system = merge([entries])
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(1 for _ in system.files()) > 77_000
    assert held < 60 << 20


def test_a_layer_that_changes_between_two_passes(tmp_path: Path) -> None:
    found = image(tmp_path, member(b"c", kind=b"1", link=b"d") + member(b"d", b"333") + END)
    (layer,) = found.layers
    data = packed(member(b"d", b"evil") + END, "gzip")
    opened = layer.open
    assert opened is not None

    def change() -> Any:
        stream = opened()
        (tmp_path / "blobs" / layer.digest.replace(":", "/")).unlink()
        (tmp_path / "blobs" / layer.digest.replace(":", "/")).write_bytes(data)
        return stream

    changed = found._replace(layers=(layer._replace(open=change),))
    (walked,) = walk(changed, lambda _: [Collector(c=9)])
    assert "do not trust it" in str(walked.error)

"""What is in archives, and what becomes of those that are broken, hostile or locked."""

import gzip
import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.sources.archives.limits import DEFAULT, Limits
from seawall.sources.archives.walking import Note, Walk
from tests.sources.archives.making import PACKERS, ar, cpio, deb, rpm, tarred, zipped, zstd


class Taken:
    def __init__(self, into: list[tuple[str, bytes]], name: str) -> None:
        self._into = into
        self._name = name
        self._data = b""

    def feed(self, piece: bytes) -> None:
        self._data += piece

    def end(self) -> None:
        self._into.append((self._name, self._data))


def walked(
    data: bytes, name: str = "a", limits: Limits = DEFAULT
) -> tuple[list[tuple[str, bytes]], list[Note]]:
    taken: list[tuple[str, bytes]] = []
    walk = Walk(lambda path, _size: Taken(taken, path), limits)
    walk.data(name, data)
    return taken, walk.notes


FILES = {"a.txt": b"one\n", "etc/b.conf": b"two\n" * 5000}


def named(prefix: str) -> list[tuple[str, bytes]]:
    return [(f"{prefix}!/{name}", data) for name, data in FILES.items()]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped(FILES)),
        ("a.jar", zipped(FILES, zipfile.ZIP_STORED)),
        ("b.zip", zipped(FILES, zipfile.ZIP_BZIP2)),
        ("l.zip", zipped(FILES, zipfile.ZIP_LZMA)),
        ("no-ending", zipped(FILES)),
        ("run.jar", b"#!/bin/sh\nexec java -jar $0\n" + zipped(FILES)),
        ("a.tar", tarred(FILES)),
        *((f"a.tar.{end}", pack(tarred(FILES))) for end, pack in PACKERS.items()),
        ("a.a", ar(FILES)),
        ("a.cpio", cpio(FILES)),
        ("initrd.gz", gzip.compress(cpio(FILES))),
        *((f"a-{end}.rpm", rpm(FILES, end)) for end in PACKERS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_all_kinds(name: str, data: bytes) -> None:
    assert walked(data, name) == (named(name), [])


def test_an_alpine_package_is_several_streams() -> None:
    """Its signature is a tar without an end, compressed by itself."""
    signature = tarred({".SIGN.RSA.a": b"x"})[:1024]
    data = gzip.compress(signature) + gzip.compress(tarred(FILES))
    taken, notes = walked(data, "a.apk")
    assert dict(taken) == {"a.apk!/.SIGN.RSA.a": b"x", **dict(named("a.apk"))}
    assert not notes


@pytest.mark.parametrize("pack", PACKERS)
def test_a_debian_package(pack: str) -> None:
    taken, notes = walked(deb(FILES, pack), "a.deb")
    found = dict(taken)
    assert found[f"a.deb!/data.tar.{pack}!/a.txt"] == b"one\n"
    assert found["a.deb!/control.tar.gz!/control"] == b"Package: a\n"
    assert not notes


@pytest.mark.parametrize(
    ("name", "inner"),
    [("dump.sql.gz", "dump.sql"), ("x.SVGZ", "x.svg"), ("noname", "noname"), ("a.bak", "a.bak")],
)
def test_one_compressed_file(name: str, inner: str) -> None:
    assert walked(gzip.compress(b"text"), name) == ([(f"{name}!/{inner}", b"text")], [])


def test_archives_in_archives() -> None:
    war = zipped({
        "WEB-INF/lib/db.jar": zipped({"db.properties": b"a"}),
        "files.tar.gz": gzip.compress(tarred({"c/d.txt": b"b"})),
    })  # fmt: skip
    taken, notes = walked(zipped({"app.war": war}), "all.zip")
    assert taken == [
        ("all.zip!/app.war!/WEB-INF/lib/db.jar!/db.properties", b"a"),
        ("all.zip!/app.war!/files.tar.gz!/c/d.txt", b"b"),
    ]
    assert not notes


# Hostile ones ---------------------------------------------------------------------------------


def nested(levels: int, data: bytes = b"x") -> bytes:
    for number in range(levels):
        data = zipped({f"{number}.zip" if number else "x": data})
    return data


def test_depth() -> None:
    assert walked(nested(4))[1] == []
    taken, (note,) = walked(nested(5))
    assert not taken
    assert note.reason == "archives are nested more than 4 deep"
    assert note.name.count("!/") == 4


@pytest.mark.parametrize(
    "data",
    [
        zipped({"a": bytes(50_000_000)}),
        gzip.compress(bytes(50_000_000)),
        gzip.compress(tarred({"a": bytes(50_000_000)})),
        tarred({"a.gz": gzip.compress(bytes(50_000_000))}),
    ],
    ids=["zip", "gzip", "tar.gz", "gzip in tar"],
)
def test_bombs(data: bytes) -> None:
    taken, (note,) = walked(data)
    assert note.reason == "it is packed more than 200 times: a bomb?"
    assert sum(len(content) for _, content in taken) < 12 << 20


def test_all_members_together() -> None:
    """Each is harmless, all of them are not."""
    limits = Limits(total=3000, member=2000)
    taken, notes = walked(zipped({str(n): bytes(1000) for n in range(9)}), limits=limits)
    assert len(taken) <= 4
    assert [note.reason for note in notes] == ["too much comes out of it: a bomb?"]


def test_a_member_that_is_too_large() -> None:
    limits = Limits(member=1000)
    for data in (zipped({"a": bytes(2000), "b": b"x"}), tarred({"a": bytes(2000), "b": b"x"})):
        taken, (note,) = walked(data, limits=limits)
        assert taken == [("a!/b", b"x")]
        assert note == Note("a!/a", "it has 2000 bytes, more than 1000")
    taken, (note,) = walked(gzip.compress(bytes(2000)), limits=limits)
    assert note.reason == "a member has more than 1000 bytes"


def test_too_many_members() -> None:
    limits = Limits(entries=3)
    for data in (tarred(dict.fromkeys("abcde", b"x")), ar(dict.fromkeys("abcde", b"x"))):
        taken, notes = walked(data, limits=limits)
        assert len(taken) <= 3
        assert len(notes) == 1
        assert "more than 3 members" in notes[0].reason
    many = zipped(dict.fromkeys(map(str, range(50)), b""))
    assert walked(many, limits=limits) == ([], [Note("a", "it has more than 3 members")])


def test_a_lying_size_in_a_zip() -> None:
    """Fewer bytes than come out are broken data; where it says more, there is just less."""
    for said, expected in ((3, ["a!/a"]), (2_000_000, [])):
        data = bytearray(zipped({"a": bytes(100_000)}))
        central = data.rfind(b"PK\x01\x02")
        data[central + 24 : central + 28] = said.to_bytes(4, "little")
        local = data.find(b"PK\x03\x04")
        data[local + 22 : local + 26] = said.to_bytes(4, "little")
        taken, notes = walked(bytes(data))
        assert sum(len(content) for _, content in taken) <= 100_000
        assert [note.name for note in notes] == expected


def test_encrypted_members() -> None:
    data = bytearray(zipped({"a": b"secret text", "b": b"x"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    taken, (note,) = walked(bytes(data))
    assert taken == [("a!/b", b"x")]
    assert note == Note("a!/a", "it is encrypted")


def test_an_unknown_compression() -> None:
    data = bytearray(zipped({"a": b"text", "b": b"x"}))
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.find(mark) + at] = 97
    taken, (note,) = walked(bytes(data))
    assert taken == [("a!/b", b"x")]
    assert note.name == "a!/a"


@pytest.mark.parametrize(
    ("start", "kind"), [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x00", "RAR")]
)
def test_kinds_that_are_not_read_are_told(start: bytes, kind: str) -> None:
    _, (note,) = walked(tarred({"x": start + bytes(50)}))
    assert note == Note("a!/x", f"{kind} archives are not read")


@pytest.mark.parametrize(
    "data",
    [zipped(FILES), *(pack(tarred(FILES)) for pack in PACKERS.values()), tarred(FILES), ar(FILES),
     cpio(FILES), rpm(FILES), deb(FILES)],
)  # fmt: skip
def test_what_is_cut_off_is_told(data: bytes) -> None:
    _, notes = walked(data[: len(data) - len(data) // 3])
    assert notes


def test_what_came_before_the_cut_is_looked_at() -> None:
    text = random.Random(1).randbytes(400_000)
    taken, notes = walked(gzip.compress(text)[:300_000])
    assert notes
    ((_, content),) = taken
    assert text.startswith(content)
    assert content


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etc/passwd"), ("/etc/passwd", "etc/passwd"),
        ("a\\..\\b", "a/b"), ("./a//b", "a/b"), ("..", "unnamed"),
    ],
)  # fmt: skip
def test_names_lead_nowhere_else(name: str, expected: str) -> None:
    for data in (zipped({name: b"x"}), cpio({name: b"x"})):
        assert walked(data)[0] == [(f"a!/{expected}", b"x")]


def test_two_members_of_one_name() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", b"2")
    assert walked(out.getvalue())[0] == [("a!/a", b"1"), ("a!/a", b"2")]


def test_a_few_notes_stand_for_many() -> None:
    data = bytearray(zipped({str(n): b"text" for n in range(80)}))
    at = -1
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + flag] |= 1
    walk = Walk(lambda _name, _size: None)
    walk.data("a", bytes(data))
    assert len(walk.notes) == 50
    assert walk.left_out == 30


SAMPLES = [
    zipped(FILES), tarred(FILES), gzip.compress(tarred(FILES)), ar(FILES), cpio(FILES), rpm(FILES),
    deb(FILES, "gz"), zipped({"b.jar": zipped(FILES), "c.tar": tarred(FILES)}), zstd(cpio(FILES)),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_nothing_raises(sample: bytes, draw: st.DataObject) -> None:
    data = bytearray(sample)
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, min(len(data) - 1, 3000)))
        data[at] = draw.draw(st.integers(0, 255))
    end = draw.draw(st.integers(0, len(data)))
    walked(bytes(data[: end or len(data)]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.sampled_from([sample[:300] for sample in SAMPLES] + [b""]))
def test_nothing_raises_on_noise(noise: bytes, start: bytes) -> None:
    walked(start + noise)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50).map(lambda data: b"." + data), min_size=1, max_size=5))
def test_all_that_is_put_in_comes_out(contents: list[bytes]) -> None:
    files = {f"f{n}": data for n, data in enumerate(contents)}
    expected = [(f"a!/{name}", data) for name, data in files.items()]
    for data in (zipped(files), tarred(files), cpio(files), ar(files)):
        assert walked(data) == (expected, [])

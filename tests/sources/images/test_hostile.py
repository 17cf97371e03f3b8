"""Archives made to harm: each ends in a clear line, or is read and told of."""

import gzip
import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from seawall.sources.images.archive import read_archive
from seawall.sources.images.image import Layer
from seawall.sources.images.layout import read_layout
from seawall.sources.images.limits import DEFAULT, Limits
from seawall.sources.images.merging import merge
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.stores import Directory, TarFiles
from seawall.sources.images.walking import walk_layer
from tests.sources.images.tars import (
    END,
    GNU,
    Layout,
    base256,
    digest_of,
    header,
    listed,
    long_name,
    member,
    octal,
    padded,
    pax,
    write_tar,
)

AGAIN = "fetch or build it again"
HOLES = "s: its map of holes is broken: "
PAX = "a pax header is broken: "
NO_IMAGE = "see whether it is an image at all"
SMALL = Limits(
    entries=10, payload=5000, header=2000, total=100_000, ratio=20, free=10_000, name=300, depth=20,
    names=2000,
)  # fmt: skip
DISTRUST = "do not trust it: fetch it again from where it was made"
EMPTY = digest_of(b"")
A = member(b"a", b"x")


def raw_pax(data: bytes) -> bytes:
    return member(b"p", data, b"x") + A


def sparse(*numbers: int, real: int = 10, stored: bytes = b"0123456789", **fields: Any) -> bytes:
    pairs = b"".join(octal(number, 12) for number in numbers)
    return member(
        b"s", stored, b"S", magic=GNU, fields={386: pairs, 483: octal(real, 12), **fields}
    )


def sparse_pax(version: str, text: str, size: str = "10", data: bytes = b"0123456789") -> bytes:
    if version == "1.0":
        records = (
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.realsize", size),
        )
        return pax(*records) + member(b"s", padded(text.encode()) + data)
    return pax(("GNU.sparse.map", text), ("GNU.sparse.size", size)) + member(b"s", data)


BROKEN: dict[str, tuple[bytes, str]] = {
    # Headers.
    "checksum": (
        header(b"a", checksum=b"000001\0 "),
        f"at byte 0: a header's checksum is 1, its bytes come to 3134; {AGAIN}",
    ),
    "checksum of the second": (
        A + header(b"a", checksum=b"000001\0 "),
        f"at byte 1024: a header's checksum is 1, its bytes come to 3134; {AGAIN}",
    ),
    "checksum no number": (
        header(b"a", checksum=b"zzzzzz\0 "),
        f"at byte 0: its checksum is no octal number: zzzzzz; {AGAIN}",
    ),
    "checksum of digits 8 and 9": (
        header(b"a", checksum=b"999999\0 "),
        f"at byte 0: its checksum is no octal number: 999999; {AGAIN}",
    ),
    "text": (
        b"<html>" + b"x" * 506,
        f"at byte 0: its checksum is no octal number: xxxxxxxx; {AGAIN}",
    ),
    "random": (
        bytes(range(256)) * 2,
        f"at byte 0: a header's checksum is 1483257230132877979, its bytes come to 64324; {AGAIN}",
    ),
    "size of digits 8 and 9": (
        header(b"a", fields={124: b"00000000009\0"}),
        f"at byte 0: its size is no octal number: 00000000009; {AGAIN}",
    ),
    "size no number": (
        header(b"a", fields={124: b"12x45      \0"}),
        f"at byte 0: its size is no octal number: 12x45; {AGAIN}",
    ),
    "size with a sign": (
        header(b"a", fields={124: b"-0000000010\0"}),
        f"at byte 0: its size is no octal number: -0000000010; {AGAIN}",
    ),
    "size with an underscore": (
        header(b"a", fields={124: b"1_000      \0"}),
        f"at byte 0: its size is no octal number: 1_000; {AGAIN}",
    ),
    "size with a terminal's escape": (
        header(b"a", fields={124: b"\x1b[31m      \0"}),
        f"at byte 0: its size is no octal number: \\x1b[31m; {AGAIN}",
    ),
    "size of base 256, negative": (
        header(b"a", fields={124: base256(-1, 12)}),
        f"at byte 0: its size is negative: -1; {AGAIN}",
    ),
    "size of base 256, huge": (
        header(b"a", fields={124: b"\x80" + b"\xff" * 11}),
        f"at byte 0: its size does not fit in 64 bits; {AGAIN}",
    ),
    "size of base 256, largest": (
        header(b"a", fields={124: base256((1 << 63) - 1, 12)}),
        f"at byte 0: a: is said to have 9223372036854775807 bytes, more than 5000; {NO_IMAGE}",
    ),
    "mode no number": (
        header(b"a", fields={100: b"rwxr-xr\0"}),
        f"at byte 0: its mode is no octal number: rwxr-xr; {AGAIN}",
    ),
    "user no number": (
        header(b"a", fields={108: b"abcdefg\0"}),
        f"at byte 0: its user is no octal number: abcdefg; {AGAIN}",
    ),
    "group no number": (
        header(b"a", fields={116: b"9999999\0"}),
        f"at byte 0: its group is no octal number: 9999999; {AGAIN}",
    ),
    "time no number": (
        header(b"a", fields={136: b"yesterday  \0"}),
        f"at byte 0: its time is no octal number: yesterday; {AGAIN}",
    ),
    # Lying sizes, cut off.
    "lying size": (
        header(b"a", size=4000) + b"x" * 512 + END,
        f"at byte 2048: a: is cut off, 2464 bytes short; {AGAIN}",
    ),
    "cut off in a header": (
        A + header(b"b")[:300], f"at byte 1024: a header is cut off after 300 bytes; {AGAIN}",
    ),
    "cut off in a content": (A[:512], f"at byte 512: a: is cut off, 1 bytes short; {AGAIN}"),
    "cut off in a long name": (
        long_name(b"n" * 600)[:1000],
        f"at byte 1000: (extended header): is cut off, 113 bytes short; {AGAIN}",
    ),
    "cut off behind a long name": (
        long_name(b"n" * 600), f"at byte 1536: an extended header has no member behind it; {AGAIN}",
    ),
    "cut off behind a pax header": (
        pax(("path", "b")), f"at byte 1024: an extended header has no member behind it; {AGAIN}",
    ),
    "a pax header at the end": (
        pax(("path", "b")) + END,
        f"at byte 1024: an extended header has no member behind it; {AGAIN}",
    ),
    "a size in another number than it is": (
        pax(("size", "4000")) + A,
        f"at byte 2048: a: is cut off, 3488 bytes short; {AGAIN}",
    ),
    # Bombs.
    "count": (A * 11, f"at byte 10240: it has more than 10 members; {NO_IMAGE}"),
    "payload": (
        header(b"a", size=5001),
        f"at byte 0: a: is said to have 5001 bytes, more than 5000; {NO_IMAGE}",
    ),
    "payload of pax": (
        pax(("size", "5001")) + A,
        f"at byte 1024: a: is said to have 5001 bytes, more than 5000; {NO_IMAGE}",
    ),
    "payload of an unknown type": (
        header(b"a", b"Z", 5001),
        f"at byte 0: a: is said to have 5001 bytes, more than 5000; {NO_IMAGE}",
    ),
    "payload of holes": (
        sparse(0, 10, real=1 << 32),
        f"at byte 0: s: is said to have 4294967296 bytes, more than 5000; {NO_IMAGE}",
    ),
    "payload of holes in pax": (
        sparse_pax("0.1", "0,10", "9000000000000000000"),
        f"at byte 1024: s: is said to have 9000000000000000000 bytes, more than 5000; {NO_IMAGE}",
    ),
    "pax header": (
        header(b"p", b"x", 2001),
        f"at byte 0: an extended header of 2001 bytes is larger than 2000; {NO_IMAGE}",
    ),
    "pax header of a terabyte": (
        header(b"p", b"x", 0o77777777777),
        f"at byte 0: an extended header of 8589934591 bytes is larger than 2000; {NO_IMAGE}",
    ),
    "long name": (
        header(b"p", b"L", 2001),
        f"at byte 0: an extended header of 2001 bytes is larger than 2000; {NO_IMAGE}",
    ),
    "name": (
        long_name(b"n" * 301) + A,
        f"at byte 1024: a name of 301 bytes is longer than 300; {NO_IMAGE}",
    ),
    "name of pax": (
        pax(("path", "n" * 301)) + A,
        f"at byte 1024: a name of 301 bytes is longer than 300; {NO_IMAGE}",
    ),
    "link": (
        long_name(b"n" * 301, b"K") + member(b"l", kind=b"2"),
        f"at byte 1024: a name of 301 bytes is longer than 300; {NO_IMAGE}",
    ),
    "depth": (
        long_name(b"d/" * 21 + b"f") + A,
        f"at byte 1024: a path is more than 20 directories deep; {NO_IMAGE}",
    ),
    "names": (
        (long_name(b"n" * 300) + A) * 7,
        f"at byte 13312: its names have more than 2000 bytes; {NO_IMAGE}",
    ),
    # Pax records.
    "pax without length": (
        raw_pax(b"path=x\n"), f"at byte 0: {PAX}a record has no length; {AGAIN}",
    ),
    "pax with a negative length": (
        raw_pax(b"-9 path=x\n"),
        f"at byte 0: {PAX}a record has no length; {AGAIN}",
    ),
    "pax with a length of zero": (
        raw_pax(b"0 path=x\n"),
        f"at byte 0: {PAX}a record's length is wrong; {AGAIN}",
    ),
    "pax longer than it is": (
        raw_pax(b"99 path=x\n"),
        f"at byte 0: {PAX}a record's length is wrong; {AGAIN}",
    ),
    "pax with digits without end": (
        raw_pax(b"9" * 600), f"at byte 0: {PAX}a record has no length; {AGAIN}",
    ),
    "pax without a line's end": (
        raw_pax(b"9 path=xy"),
        f"at byte 0: {PAX}a record's length is wrong; {AGAIN}",
    ),
    "pax without a key": (
        raw_pax(b"6 =xy\n"), f"at byte 0: {PAX}a record has no key; {AGAIN}",
    ),
    "pax without a value": (
        raw_pax(b"9 pathxy\n"),
        f"at byte 0: {PAX}a record has no key; {AGAIN}",
    ),
    "pax with a zero byte": (
        pax(("path", b"a\0b")) + A, f"at byte 0: {PAX}a zero byte in path; {AGAIN}",
    ),
    "pax with a size that is none": (
        pax(("size", "1e9")) + A,
        f"at byte 0: {PAX}size is no whole number of 63 bits; {AGAIN}",
    ),
    "pax with a negative size": (
        pax(("size", "-1")) + A,
        f"at byte 0: {PAX}size is no whole number of 63 bits; {AGAIN}",
    ),
    "pax with a size of 5,000 digits": (
        pax(("size", "9" * 1500)) + A,
        f"at byte 0: {PAX}size is no whole number of 63 bits; {AGAIN}",
    ),
    "pax with a time that is none": (
        pax(("mtime", "nan")) + A,
        f"at byte 0: {PAX}mtime is no number of seconds; {AGAIN}",
    ),
    # Holes.
    "holes that overlap": (
        sparse(0, 6, 5, 4),
        f"at byte 0: {HOLES}its stretches overlap or leave the file; {AGAIN}",
    ),
    "holes behind the end": (
        sparse(0, 5, 9, 5),
        f"at byte 0: {HOLES}its stretches overlap or leave the file; {AGAIN}",
    ),
    "holes of another size": (
        sparse(0, 5),
        f"at byte 0: {HOLES}its stretches are not what is stored; {AGAIN}",
    ),
    "holes with no number": (
        member(b"s", b"", b"S", magic=GNU, fields={386: b"x" * 24, 483: octal(1, 12)}),
        f"at byte 0: {HOLES}a number is not octal; {AGAIN}",
    ),
    "holes whose map goes on without end": (
        member(b"s", b"", b"S", magic=GNU, fields={482: b"\1"}) + (bytes(504) + b"\1" * 8) * 10,
        f"at byte 0: {HOLES}it has more than 2000 bytes; {AGAIN}",
    ),
    "holes whose map is cut off": (
        member(b"s", b"", b"S", magic=GNU, fields={482: b"\1"}) + bytes(100),
        f"at byte 0: {HOLES}it is cut off; {AGAIN}",
    ),
    "holes of pax in odd numbers": (
        sparse_pax("0.1", "0,5,6"),
        f"at byte 1024: {HOLES}an offset has no length; {AGAIN}",
    ),
    "holes of pax without numbers": (
        sparse_pax("0.1", "0,x"),
        f"at byte 0: {PAX}GNU.sparse.map is no whole number of 63 bits; {AGAIN}",
    ),
    "holes of pax 1.0 without numbers": (
        sparse_pax("1.0", "x\n"),
        f"at byte 1024: {HOLES}a number is not decimal; {AGAIN}",
    ),
    "holes of pax 1.0 without end": (
        sparse_pax("1.0", "9\n1\n"),
        f"at byte 1024: {HOLES}it is cut off or too long; {AGAIN}",
    ),
    "holes of pax 1.0, a billion": (
        sparse_pax("1.0", "1000000000\n1\n"),
        f"at byte 1024: {HOLES}it is too long; {AGAIN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("piece", [1 << 20, 333])
def test_broken_archives(name: str, piece: int) -> None:
    data, text = BROKEN[name]
    with pytest.raises(ArchiveError) as error:
        listed(data, SMALL, piece)
    assert str(error.value) == f"a.tar: {text}"
    assert f"{error.value.reason}; {error.value.remedy}" in text


def test_there_are_enough_cases() -> None:
    assert len(BROKEN) >= 60


LEADS_OUT = "leads out of the root: it is taken to end there"
TOLD: dict[str, tuple[bytes, list[tuple[str, str]], list[str]]] = {
    "traversal": (member(b"../../etc/passwd"), [("etc/passwd", "")], [LEADS_OUT]),
    "traversal in the middle": (member(b"a/../../b"), [("b", "")], [LEADS_OUT]),
    "traversal by pax": (pax(("path", "/../x")) + A, [("x", "")], [LEADS_OUT]),
    "only the parent": (member(b"..", kind=b"5"), [("", "")], [LEADS_OUT]),
    "absolute": (member(b"/etc/shadow"), [("etc/shadow", "")], []),
    "absolute hard link": (member(b"a", kind=b"1", link=b"/etc/shadow"), [("a", "etc/shadow")], []),
    "hard link that leads out": (
        member(b"a", kind=b"1", link=b"../../b"), [("a", "b")], [LEADS_OUT],
    ),
    "symbolic link that leads out": (
        member(b"a", kind=b"2", link=b"../../../etc/shadow"), [("a", "../../../etc/shadow")], [],
    ),
    "device": (member(b"sda", kind=b"4"), [("sda", "")], []),
    "no name": (member(b""), [("", "")], []),
    "a line's end and an escape": (member(b"a\n\x1b[2J"), [("a\n\x1b[2J", "")], []),
    "no UTF-8": (member(b"\xff\xfe"), [("\udcff\udcfe", "")], []),
    "no UTF-8 in pax": (pax(("path", b"\xff")) + A, [("\udcff", "")], []),
    "surrogates as UTF-8": (member(b"\xed\xa0\x80"), [("\udced\udca0\udc80", "")], []),
    "duplicates": (A * 3, [("a", "")] * 3, []),
    "size of a link": (header(b"a", b"2", 4000, link=b"b"), [("a", "b")], []),
    "size of a directory": (header(b"a", b"5", 0o77777777777), [("a", "")], []),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_is_read_all_the_same(name: str) -> None:
    data, entries, told = TOLD[name]
    found = listed(data + END, SMALL)
    assert [(entry.path, entry.link) for entry in found.entries] == entries
    assert found.reasons == told


def test_cut_off_at_every_block() -> None:
    """It ends in an error, or in one problem: the digest of the layer tells the rest."""
    layer = (
        member(b"usr/", kind=b"5") + long_name(b"n" * 150) + member(b"n", b"x" * 1300)
        + pax(("path", "p" * 200), ("mtime", "1.5")) + member(b"p", b"y" * 512)
        + member(b"l", kind=b"2", link=b"usr") + sparse(0, 10) + END
    )  # fmt: skip
    outcomes = []
    for size in range(0, len(layer) + 1, 512):
        try:
            found = listed(layer[:size])
            outcomes.append(f"{len(found.entries)} {' '.join(found.reasons)}".strip())
        except ArchiveError as error:
            outcomes.append(str(error))
    bare = "has no blocks of zeros at its end: it may be cut off"
    alone = f"an extended header has no member behind it; {AGAIN}"
    assert outcomes == [
        f"0 {bare}", f"1 {bare}",
        f"a.tar: at byte 1024: (extended header): is cut off, 151 bytes short; {AGAIN}",
        f"a.tar: at byte 1536: {alone}",
        f"a.tar: at byte 2048: {'n' * 150}: is cut off, 1300 bytes short; {AGAIN}",
        f"a.tar: at byte 2560: {'n' * 150}: is cut off, 788 bytes short; {AGAIN}",
        f"a.tar: at byte 3072: {'n' * 150}: is cut off, 276 bytes short; {AGAIN}",
        f"2 {bare}",
        f"a.tar: at byte 4096: (extended header): is cut off, 223 bytes short; {AGAIN}",
        f"a.tar: at byte 4608: {alone}",
        f"a.tar: at byte 5120: {'p' * 200}: is cut off, 512 bytes short; {AGAIN}",
        f"3 {bare}", f"4 {bare}",
        f"a.tar: at byte 6656: s: is cut off, 10 bytes short; {AGAIN}",
        f"5 {bare}", "5", "5",
    ]  # fmt: skip


# Layers.


def layer_of(data: bytes, **fields: Any) -> Layer:
    class Stream:
        def __init__(self) -> None:
            self.at = 0

        def read(self, size: int) -> bytes:
            self.at += size
            return data[self.at - size : self.at]

        def close(self) -> None:
            pass

    return Layer(0, fields.pop("digest", ""), fields.pop("diff_id", ""), "", len(data), open=Stream)


TAR = member(b"a", b"x" * 3000) + END
ZEROS = member(b"z", bytes(4096)) * 9 + END
FIT = SMALL._replace(payload=5000)


def frame(size: int) -> bytes:
    """A zstd frame of blocks that repeat one byte (RFC 8878, 3.1.1.2.2): four bytes for 128 KiB."""
    block = (128 << 10) << 3 | 1 << 1
    head = b"\x28\xb5\x2f\xfd\x00\x58"
    blocks = size // (128 << 10)
    return head + (block.to_bytes(3, "little") + b"\0") * blocks + b"\x01\0\0"


LAYERS: dict[str, tuple[Layer, str]] = {
    "another digest": (
        layer_of(TAR, digest=digest_of(b"")),
        f"{EMPTY}: its digest is {digest_of(TAR)}, not {EMPTY}; {DISTRUST}",
    ),
    "another DiffID": (
        layer_of(gzip.compress(TAR, mtime=0), diff_id=digest_of(b"")),
        f"{EMPTY}: its DiffID is {digest_of(TAR)}, not {EMPTY}; {DISTRUST}",
    ),
    "gzip cut off": (
        layer_of(gzip.compress(TAR)[:-5]),
        f"layer 0: at byte 4608: its gzip data is cut off; {AGAIN}",
    ),
    "zstd cut off": (
        layer_of(zstandard.compress(TAR)[:-5]),
        f"layer 0: at byte 0: its zstd data is cut off; {AGAIN}",
    ),
    "bomb of gzip": (
        layer_of(gzip.compress(ZEROS)),
        "layer 0: at byte 42496: is more than 20 times as large as its packed form; " + NO_IMAGE,
    ),
    "bomb of zstd": (
        layer_of(frame(1 << 26)),
        "layer 0: at byte 100000: more than 100000 bytes come out of it; " + NO_IMAGE,
    ),
    "total": (
        layer_of(bytes(100_001)),
        "layer 0: at byte 100000: more than 100000 bytes come out of it; " + NO_IMAGE,
    ),
    "missing": (
        Layer(0, "", "", "", -1), "layer 0: is missing; fetch it, or build the image again",
    ),
    "foreign": (
        Layer(0, "", "", "", -1, foreign=True),
        "layer 0: is kept elsewhere (a foreign layer); fetch it, or build the image again",
    ),
    "a file in place of a directory": (
        Layer(0, "", "", "", -1, directory=__file__),
        f"{__file__}: not a directory; see whether you may read it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_broken_layers(name: str) -> None:
    layer, text = LAYERS[name]
    error = walk_layer(layer, (), limits=FIT).error
    assert error is not None
    assert str(error) == text


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_broken_bytes_of_packed_layers(pack: Callable[[bytes], bytes]) -> None:
    data = pack(TAR * 20)
    for at in range(0, len(data), 3):
        changed = data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]
        walked = walk_layer(layer_of(changed, digest=digest_of(data)), ())
        assert walked.error is not None


def test_garbage_behind_gzip_is_told_and_another_member_read() -> None:
    walked = walk_layer(layer_of(gzip.compress(TAR[:700]) + gzip.compress(TAR[700:]) + b"junk"), ())
    assert walked.error is None
    assert [entry.path for entry in walked.entries] == ["a"]
    assert [problem.reason for problem in walked.problems] == [
        "what follows the gzip data is passed over, as gzip does"
    ]


def test_a_window_of_zstd_that_needs_gigabytes() -> None:
    data = b"\x28\xb5\x2f\xfd\x00\xa8" + frame(1 << 20)[6:]  # 3.1.1.1.2: 1 << (10 + 21) bytes
    error = walk_layer(layer_of(data), ()).error
    assert error is not None
    assert error.reason.startswith("its zstd data is broken: ")


# Images.


def layout_error(files: Layout, directory: Path, tag: str = "") -> str:
    with pytest.raises(ArchiveError) as error:
        read_layout(Directory(files.write(directory)), "image", tag)
    return str(error.value)


def test_documents_of_layouts(tmp_path: Path) -> None:
    cases = iter(range(100))

    def error(files: Layout) -> str:
        directory = tmp_path / str(next(cases))
        directory.mkdir()
        return layout_error(files, directory)

    broken = Layout()
    broken.files["index.json"] = b"{"
    assert error(broken) == (
        "image: index.json: is no JSON: Expecting property name enclosed in double quotes: "
        f"line 1 column 2 (char 1); {AGAIN}"
    )
    broken.files["index.json"] = b"[" * 100_000
    assert error(broken) == f"image: index.json: is nested too deeply; {NO_IMAGE}"
    broken.files["index.json"] = b"[]"
    assert error(broken) == f"image: index.json: is no JSON object; {AGAIN}"
    broken.files["index.json"] = b'"' + b"x" * DEFAULT.document + b'"'
    assert error(broken).endswith(
        f": index.json: has {DEFAULT.document + 2} bytes, more than {DEFAULT.document}; {NO_IMAGE}"
    )
    assert error(Layout()) == f"image: index.json: is missing; {AGAIN}"
    assert error(Layout().index()) == "image: it holds no image; name something else"
    traversal = {"mediaType": "", "digest": "sha256:../../../../etc/passwd", "size": 1}
    assert error(Layout().index(traversal)) == (
        "image: sha256:../../../../etc/passwd: is no digest that can be verified; " + AGAIN
    )
    gone = {"mediaType": "", "digest": digest_of(b"gone"), "size": 1}
    assert error(Layout().index(gone)).endswith(f"{digest_of(b'gone')[7:]}: is missing; {AGAIN}")
    other = Layout()
    descriptor = other.image([TAR])
    path = f"blobs/{descriptor['digest'].replace(':', '/')}"
    other.files[path] += b" "
    assert error(other.index(descriptor)) == (
        f"image: {descriptor['digest']}: its digest is {digest_of(other.files[path])}; "
        "do not trust it: fetch it again from where it was made"
    )
    both = Layout()
    descriptor = both.document({"manifests": [], "layers": []}, "")
    assert error(both.index(descriptor)) == (
        f"image: {descriptor['digest']}: is both an index and a manifest; {DISTRUST}"
    )
    deep = Layout()
    descriptor = deep.image([TAR])
    for _ in range(5):
        descriptor = deep.document({"manifests": [descriptor]}, "")
    assert error(deep.index(descriptor)) == f"image: indexes are nested more than 4 deep; {AGAIN}"
    wide = Layout()
    many = [wide.document({"manifests": [], "n": number}, "") for number in range(1001)]
    assert error(wide.index(*many)).endswith(f": there are more than 1000 manifests; {NO_IMAGE}")
    tall = Layout()
    layers = [{"digest": digest_of(b""), "size": 0}] * 1001
    assert error(tall.index(tall.image([], manifest={"layers": layers}))) == (
        f"image: it has 1001 layers, more than 1000; {NO_IMAGE}"
    )


def test_values_of_the_wrong_type_never_raise(tmp_path: Path) -> None:
    values: tuple[Any, ...] = (None, 1, "x", [1], {"a": 1}, [[]], True, 1.5)
    for number, value in enumerate(values):
        files = Layout()
        keys = "config os history rootfs created architecture variant author".split()
        config = files.document(dict.fromkeys(keys, value), "")
        inner = {
            "Env": value,
            "User": value,
            "Labels": value,
            "ExposedPorts": value,
            "Volumes": value,
        }
        more = files.document({"config": inner, "rootfs": {"diff_ids": value}}, "")
        for each in (config, more):
            manifest = {"config": each, "layers": value, "annotations": value}
            files.index(files.document(manifest, "", annotations=value, platform=value))
            directory = tmp_path / f"{number}"
            try:
                image = read_layout(Directory(files.write(directory)), "image")
            except ArchiveError as error:
                assert "digest" in str(error)  # noqa: PT017 - most are read
                continue
            found = image.config
            for name in dir(type(found)):
                getattr(found, name)
            assert found.environment == () or value == "x" or isinstance(value, list)


def test_documents_of_docker_archives(tmp_path: Path) -> None:
    def error(files: dict[str, bytes], tag: str = "") -> str:
        path = write_tar(tmp_path / "a.tar", files)
        with pytest.raises(ArchiveError) as caught:
            read_archive(TarFiles(path), "image", tag)
        return str(caught.value)

    rows = [{"Config": "c.json", "RepoTags": ["a:1"]}, {"Config": "c.json"}]
    assert error({}) == f"image: it has neither manifest.json nor repositories; {NO_IMAGE}"
    assert error({"manifest.json": b"[]"}) == (
        "image: manifest.json: it holds no image; name something else"
    )
    manifest = json.dumps(rows).encode()
    assert error({"manifest.json": manifest}) == (
        "image: it holds several images; name one of a:1, @1 behind a colon"
    )
    assert error({"manifest.json": manifest}, "b") == (
        "image: it has no image b; name one of a:1, @1 behind a colon"
    )
    assert error({"manifest.json": manifest}, "a:1") == f"image: c.json: is missing; {AGAIN}"
    circle = {"a/json": b'{"parent": "b"}', "b/json": b'{"parent": "a"}'}
    assert error({"repositories": b'{"r": {"t": "a"}}', **circle}) == (
        f"image: a/json: its chain of parents has no end; {AGAIN}"
    )


def test_links_in_an_archive_never_leave_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(
        member(b"manifest.json", kind=b"2", link=b"/etc/passwd")
        + member(b"a", kind=b"2", link=b"b") + member(b"b", kind=b"2", link=b"a") + END
    )  # fmt: skip
    files = TarFiles(str(path))
    assert files.open("manifest.json") is None
    assert files.open("a") is None


def test_links_in_a_layout_are_followed_only_to_proven_files(tmp_path: Path) -> None:
    files = Layout()
    directory = Path(files.index(files.image([TAR])).write(tmp_path / "l"))
    outside = tmp_path / "index.json"
    (directory / "index.json").rename(outside)
    (directory / "index.json").symlink_to(outside)
    with pytest.raises(ArchiveError, match=r"index\.json: too many levels of symbolic links; see"):
        read_layout(Directory(str(directory)), "image")
    for blob in (directory / "blobs" / "sha256").iterdir():
        blob.rename(tmp_path / blob.name)
        blob.symlink_to(tmp_path / blob.name)
    (directory / "index.json").unlink()
    outside.rename(directory / "index.json")
    image = read_layout(Directory(str(directory)), "image")
    assert walk_layer(image.layers[0], ()).error is None
    victim = directory / "blobs" / "sha256" / image.layers[0].digest[7:]
    victim.unlink()
    victim.symlink_to("/dev/zero")
    with pytest.raises(ArchiveError, match="is no regular file; see whether you may read it"):
        read_layout(Directory(str(directory)), "image")


# The merged tree.


def test_links_that_lead_round_or_out() -> None:
    data = b"".join(
        member(name, kind=b"2", link=link)
        for name, link in (
            (b"loop", b"loop"), (b"a", b"b"), (b"b", b"a"), (b"out", b"../../../etc"),
            (b"root", b"/"), (b"deep", b"deep/x"), (b"etc/passwd", b"/../etc/shadow"),
        )
    )  # fmt: skip
    system = merge([listed(data + member(b"etc/shadow", b"s") + END).entries])
    for path in ("loop", "a", "b/c", "deep"):
        assert system.resolve(path) is None
    found = system.resolve("out/shadow")
    assert found is not None
    assert found.entry.path == "etc/shadow"
    assert system.resolve("root/root/root/etc/passwd") is found
    assert system.resolve("../../etc/./passwd") is found


def test_links_that_multiply() -> None:
    """Each link doubles what is to be followed: work is bounded all the same."""
    links = [(b"l%d" % n, b"/".join([b"l%d" % (n + 1)] * 2)) for n in range(60)]
    data = b"".join(member(name, kind=b"2", link=link) for name, link in links)
    system = merge([listed(data + member(b"l60", kind=b"5") + END).entries])
    assert system.resolve("l0") is None


def test_a_million_members_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an image with millions of files costs is bounded, and told."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block = b"".join(header(b"f%05d" % number) for number in range(2048))

    class Endless:
        def read(self, size: int) -> bytes:
            return block

        def close(self) -> None:
            pass

    layer = Layer(0, "", "", "", -1, open=Endless)
    error = walk_layer(layer, (), limits=DEFAULT._replace(entries=200_000)).error
    assert error is not None
    assert error.reason == "it has more than 200000 members"
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < 150_000  # KiB

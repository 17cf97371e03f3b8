"""What headers of tars mean."""

import io
import struct
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.tar import Archive
from tests.sources.images.tars import (
    END,
    GNU,
    POSIX,
    V7,
    base256,
    header,
    listed,
    long_name,
    member,
    octal,
    padded,
    pax,
    pieces,
)


def test_fields_of_a_plain_header() -> None:
    data = member(b"usr/bin/a", b"hello", mode=0o104755, uid=12, gid=34, mtime=1234567890)
    found = listed(data + END)
    assert found.only == Entry("usr/bin/a", Kind.FILE, 0o4755, 12, 34, 5, 1234567890, "", 512, b"")
    assert found.contents == {"usr/bin/a": b"hello"}
    assert found.problems == []


@pytest.mark.parametrize(
    ("flag", "kind"),
    [(b"0", Kind.FILE), (b"\0", Kind.FILE), (b"7", Kind.FILE), (b"1", Kind.HARD_LINK),
     (b"2", Kind.SYMLINK), (b"3", Kind.CHARACTER_DEVICE), (b"4", Kind.BLOCK_DEVICE),
     (b"5", Kind.DIRECTORY), (b"6", Kind.FIFO)],
)  # fmt: skip
def test_kinds(flag: bytes, kind: Kind) -> None:
    assert listed(member(b"a", kind=flag, link=b"b") + END).only.kind is kind


def test_only_files_have_content() -> None:
    """As Go has it: the size of a link or a directory says nothing of what follows."""
    data = b"".join(
        header(b"a%d" % number, flag, 4096, link=b"b")
        for number, flag in enumerate((b"1", b"2", b"5"))
    )
    assert [entry.size for entry in listed(data + END).entries] == [0, 0, 0]


def test_a_contiguous_file_without_content() -> None:
    assert listed(member(b"a", kind=b"7") + member(b"b", b"x") + END).contents == {
        "a": b"",
        "b": b"x",
    }


def test_directories_of_old_tars_end_in_a_slash() -> None:
    found = listed(member(b"d/", kind=b"\0", magic=V7) + member(b"e/", kind=b"0") + END)
    assert [(entry.path, entry.kind) for entry in found.entries] == [
        ("d", Kind.DIRECTORY), ("e", Kind.FILE),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "path"),
    [(b"./a", "a"), (b"./", ""), (b".", ""), (b"/a", "a"), (b"//a//b/", "a/b"), (b"a/./b", "a/b"),
     (b"a/../b", "b"), (b"./.a", ".a"), (b"a/.b/..c", "a/.b/..c"), (b"...", "..."),
     (b"a//", "a"), (b".//a", "a")],
)  # fmt: skip
def test_paths_are_tidied(raw: bytes, path: str) -> None:
    found = listed(member(raw) + END)
    assert (found.only.path, found.problems) == (path, [])


def test_names_of_exactly_100_bytes_and_with_a_prefix() -> None:
    name = b"n" * 100
    prefix = b"p" * 155
    found = listed(member(name) + member(name, prefix=prefix) + END)
    assert [entry.path for entry in found.entries] == ["n" * 100, f"{'p' * 155}/{'n' * 100}"]


def test_only_posix_headers_have_a_prefix() -> None:
    """GNU has times there."""
    found = listed(
        member(b"a", prefix=b"123", magic=GNU) + member(b"b", prefix=b"p", magic=V7) + END
    )
    assert [entry.path for entry in found.entries] == ["a", "b"]


def test_a_prefix_of_star_is_131_bytes() -> None:
    fields = {345: b"p" * 131, 476: b"00000000000 00000000000 ", 508: b"tar\0"}
    assert listed(member(b"a", fields=fields) + END).only.path == "p" * 131 + "/a"


def test_long_names_of_gnu() -> None:
    name, link = b"n/" * 200 + b"a", b"l/" * 200 + b"b"
    data = long_name(link, b"K") + long_name(name) + member(b"short", kind=b"2", link=b"short")
    entry = listed(data + member(b"next", kind=b"2", link=b"plain") + END).entries
    assert [(each.path, each.link) for each in entry] == [
        (name.decode(), link.decode()), ("next", "plain"),
    ]  # fmt: skip


def test_records_of_pax_count_for_the_next_member_only() -> None:
    records = pax(
        ("path", "ä/long"), ("size", "3"), ("mtime", "1700000000.123"), ("uid", "4000000000"),
        ("gid", "7"), ("comment", "no matter"),
        ("SCHILY.xattr.security.capability", b"\x01\0\0\x02"),
    )  # fmt: skip
    found = listed(records + member(b"a", b"abc", size=0) + member(b"b") + END)
    first, second = found.entries
    assert first == Entry(
        "ä/long", Kind.FILE, 0o644, 4000000000, 7, 3, 1700000000, "", 1536, b"\x01\0\0\x02"
    )
    assert second.path == "b"
    assert found.contents["ä/long"] == b"abc"


def test_empty_values_of_pax_leave_the_header() -> None:
    data = pax(("path", ""), ("size", ""), ("mtime", "")) + member(b"a", b"x", mtime=5) + END
    assert listed(data).only[:7] == ("a", Kind.FILE, 0o644, 0, 0, 1, 5)


def test_the_last_of_two_pax_headers_counts_alone() -> None:
    data = pax(("path", "first"), ("uid", "5")) + pax(("gid", "6")) + member(b"a") + END
    assert listed(data).only[:5] == ("a", Kind.FILE, 0o644, 0, 6)


def test_a_link_of_pax() -> None:
    data = pax(("linkpath", "x" * 300)) + member(b"a", kind=b"2", link=b"y") + END
    assert listed(data).only.link == "x" * 300


def test_global_headers_are_told_and_passed_over() -> None:
    found = listed(pax(("path", "evil"), kind=b"g") + member(b"a") + END)
    assert found.only.path == "a"
    assert found.reasons == ["a global pax header is passed over, as container engines do"]
    assert listed(pax(("comment", "a commit"), kind=b"g") + member(b"a") + END).problems == []


def test_times_before_1970() -> None:
    assert listed(pax(("mtime", "-5.5")) + member(b"a") + END).only.mtime == -5
    assert listed(member(b"a", fields={136: base256(-86400, 12)}) + END).only.mtime == -86400


def test_numbers_of_base_256() -> None:
    fields = {108: base256(3_000_000, 8), 116: base256(5_000_000, 8), 124: base256(3, 12)}
    entry = listed(header(b"a", fields=fields) + padded(b"abc") + END).only
    assert entry[3:6] == (3_000_000, 5_000_000, 3)


@pytest.mark.parametrize(
    "field", [b"5\0          ", b"  5 \0\0\0\0\0\0\0", b"000000000005", b"5           "]
)
def test_spellings_of_octal_numbers(field: bytes) -> None:
    assert listed(header(b"a", fields={124: field}) + padded(b"12345") + END).only.size == 5


def test_signed_checksums_of_old_tars() -> None:
    name = "ä".encode()
    rest = header(name, checksum=b" " * 8)
    signed = sum(byte - 256 if byte > 127 else byte for byte in rest)
    assert listed(header(name, checksum=b"%06o\0 " % signed) + END).only.path == "ä"


def test_names_that_are_no_text() -> None:
    raw = b"a\xff/\xc3"
    entry = listed(member(raw) + END).only
    assert entry.path.encode("utf-8", "surrogateescape") == raw


def test_duplicates_come_as_they_are() -> None:
    found = listed(member(b"a", b"1") + member(b"./a", b"22") + END)
    assert [(entry.path, entry.size) for entry in found.entries] == [("a", 1), ("a", 2)]


def test_missing_blocks_at_the_end_are_told() -> None:
    told = ["has no blocks of zeros at its end: it may be cut off"]
    assert listed(member(b"a", b"x")).reasons == told
    assert listed(member(b"a", b"x")[:600]).reasons == told  # without padding, as Go takes it
    assert listed(b"").reasons == told
    assert listed(member(b"a", b"x") + bytes(512)).reasons == []
    assert listed(member(b"a", b"x") + bytes(100)).reasons == []


@pytest.mark.parametrize(
    ("rest", "told"),
    [(bytes(9000), []),
     (bytes(9000) + b"x", ["data behind the end is passed over, as tar does"]),
     (member(b"b") + END, ["another archive behind the end is passed over, as tar does"])],
)  # fmt: skip
def test_what_follows_the_end(rest: bytes, told: list[str]) -> None:
    for piece in (512, 700, 1 << 20):
        found = listed(member(b"a") + END + rest, piece=piece)
        assert ([entry.path for entry in found.entries], found.reasons) == (["a"], told)


def test_a_lone_block_of_zeros_is_the_end() -> None:
    found = listed(member(b"a") + bytes(512) + member(b"b") + END)
    assert [entry.path for entry in found.entries] == ["a"]
    assert found.reasons == ["another archive behind the end is passed over, as tar does"]


def test_unknown_types_are_told_and_their_content_passed_over() -> None:
    found = listed(member(b"a", b"x" * 600, kind=b"Z") + member(b"b") + END)
    assert [(entry.path, entry.kind) for entry in found.entries] == [
        ("a", Kind.OTHER),
        ("b", Kind.FILE),
    ]
    assert found.reasons == ["is of a type that engines refuse: 0x5a"]


def test_labels_of_volumes_are_no_files() -> None:
    found = listed(member(b"label", kind=b"V", magic=GNU) + member(b"b") + END)
    assert ([entry.kind for entry in found.entries], found.problems) == (
        [Kind.OTHER, Kind.FILE],
        [],
    )


# Holes.

CONTENT = b"a" * 512 + bytes(1024) + b"b" * 100
MAP = ((0, 512), (1536, 100))
STORED = b"a" * 512 + b"b" * 100


def test_holes_of_old_gnu() -> None:
    pairs = b"".join(octal(number, 12) for pair in (*MAP, (1636, 0)) for number in pair)
    fields = {386: pairs, 483: octal(1636, 12)}
    data = member(b"a", STORED, kind=b"S", magic=GNU, fields=fields) + member(b"b", b"x") + END
    assert listed(data).contents == {"a": CONTENT, "b": b"x"}


def test_many_holes_of_old_gnu() -> None:
    count = 4 + 21 + 3
    pairs = [octal(1024 * number, 12) + octal(1, 12) for number in range(count)]
    fields = {386: b"".join(pairs[:4]), 482: b"\1", 483: octal(1024 * count, 12)}
    blocks = [b"".join(pairs[4:25]) + b"\1", b"".join(pairs[25:]) + bytes(24 * 18) + b"\0"]
    data = header(b"a", b"S", count, magic=GNU, fields=fields)
    data += b"".join(padded(block) for block in blocks) + padded(b"x" * count) + member(b"b") + END
    found = listed(data)
    assert found.contents == {"a": (b"x" + bytes(1023)) * count, "b": b""}
    assert found.entries[0].offset == 3 * 512


PAX_0_0 = pax(
    ("GNU.sparse.size", "1636"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.offset", "0"),
    ("GNU.sparse.numbytes", "512"), ("GNU.sparse.offset", "1536"), ("GNU.sparse.numbytes", "100"),
) + member(b"a", STORED)  # fmt: skip
PAX_0_1 = pax(
    ("GNU.sparse.size", "1636"), ("GNU.sparse.name", "a"), ("GNU.sparse.map", "0,512,1536,100")
) + member(b"GNUSparseFile.0/a", STORED)
PAX_1_0 = pax(
    ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "a"),
    ("GNU.sparse.realsize", "1636"),
) + member(b"GNUSparseFile.0/a", padded(b"2\n0\n512\n1536\n100\n") + STORED)  # fmt: skip


@pytest.mark.parametrize("data", [PAX_0_0, PAX_0_1, PAX_1_0], ids=["0.0", "0.1", "1.0"])
def test_holes_of_pax(data: bytes) -> None:
    for piece in (100, 512, 1 << 20):
        found = listed(data + member(b"b", b"x") + END, piece=piece)
        assert found.contents == {"a": CONTENT, "b": b"x"}
        assert found.problems == []


def test_the_head_of_a_file_with_holes() -> None:
    source = iter((PAX_1_0 + END,))
    archive = Archive("a.tar", lambda: next(source, b""))
    for _ in archive:
        assert archive.head(600) == CONTENT[:600]
        assert archive.head(5000) == CONTENT
        assert b"".join(archive.pieces()) == CONTENT


# Contents.


@given(st.binary(max_size=3000), st.lists(st.integers(0, 4000), max_size=4), st.integers(1, 2000))
def test_heads_and_pieces_are_the_content(data: bytes, heads: list[int], piece: int) -> None:
    source = iter(pieces(member(b"a", data) + member(b"b", b"next") + END, piece))
    archive = Archive("a.tar", lambda: next(source, b""))
    for entry in archive:
        content = data if entry.path == "a" else b"next"
        for size in heads:
            assert archive.head(size) == content[:size]
        if piece % 2:
            assert b"".join(archive.pieces()) == content


# The standard library as a referee.

NAMES = st.text(st.sampled_from("abä. -"), min_size=1, max_size=8).filter(
    lambda name: name.strip(".")
)
PATHS = st.lists(NAMES, min_size=1, max_size=30).map("/".join)
MEMBERS = st.lists(
    st.tuples(
        PATHS, st.sampled_from((tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
        tarfile.FIFOTYPE, tarfile.CHRTYPE)), st.binary(max_size=1200), st.integers(0, 0o7777),
        st.integers(0, 1 << 31), st.integers(0, 1 << 33), PATHS,
    ),
    max_size=8,
)  # fmt: skip
KINDS = {
    tarfile.REGTYPE: Kind.FILE, tarfile.DIRTYPE: Kind.DIRECTORY, tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARD_LINK, tarfile.FIFOTYPE: Kind.FIFO,
    tarfile.CHRTYPE: Kind.CHARACTER_DEVICE,
}  # fmt: skip


@given(MEMBERS, st.sampled_from((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)), st.integers(1, 3000))
def test_it_reads_what_the_standard_library_writes(
    members: list[tuple[str, bytes, bytes, int, int, int, str]], form: int, piece: int
) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for path, kind, data, mode, uid, mtime, link in members:
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.uid, info.mtime = kind, mode, uid, mtime
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = link
            if kind == tarfile.REGTYPE:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    found = listed(file.getvalue(), piece=piece)
    file.seek(0)
    with tarfile.open(fileobj=file) as archive:
        expected = [
            (
                each.name,
                KINDS[each.type],
                each.mode,
                each.uid,
                each.size,
                int(each.mtime),
                each.linkname,
            )
            for each in archive
        ]
        last = {each.name: each for each in archive if each.isreg()}
        contents = {name: archive.extractfile(each).read() for name, each in last.items()}  # type: ignore[union-attr]
    assert found.problems == []
    assert found.contents == contents
    assert [
        (each.path, each.kind, each.mode, each.uid, each.size, each.mtime, each.link)
        for each in found.entries
    ] == expected  # fmt: skip


def test_a_capability_is_kept_as_it_is() -> None:
    capability = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
    data = pax(("SCHILY.xattr.security.capability", capability)) + member(b"ping") + END
    assert listed(data).only.capability == capability
    assert POSIX in data

"""What is written is what was meant, to our reader, Python's and tar."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.entry import Entry, Kind, tidy
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.tar_writer import TarWriter, can_hold, header
from tests.sources.images.tars import listed


def entry(path: str, kind: Kind = Kind.FILE, **more: object) -> Entry:
    return Entry(path, kind, 0o644, 0, 0, 0, 0, "", -1)._replace(**more)  # type: ignore[arg-type]


def written(*members: tuple[Entry, bytes]) -> bytes:
    out = io.BytesIO()
    tar = TarWriter(out.write)
    for each, data in members:
        tar.add(each, (data[:2], data[2:]) if data else ())
    tar.close()
    return out.getvalue()


_NAME = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60
)
_PATHS = (
    st.lists(_NAME, min_size=1, max_size=6).map("/".join)
    .map(lambda path: tidy(path)[0]).filter(bool)
)  # fmt: skip
_NUMBERS = st.sampled_from((0, 1, 0o7777777, 0o7777777 + 1, 2**32 - 2))
_KINDS = (
    Kind.FILE, Kind.SYMLINK, Kind.DIRECTORY, Kind.FIFO, Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE,
)  # fmt: skip


@st.composite
def entries(draw: st.DrawFn) -> tuple[Entry, bytes]:
    kind = draw(st.sampled_from(_KINDS))
    data = draw(st.binary(max_size=600)) if kind is Kind.FILE else b""
    device = (draw(st.integers(0, 4095)), draw(st.integers(0, 1048575)))
    return Entry(
        draw(_PATHS), kind, draw(st.integers(0, 0o7777)), draw(_NUMBERS), draw(_NUMBERS),
        len(data), draw(st.sampled_from((-5, 0, 2**31, 2**33 - 1, 2**33, 2**40))),
        draw(_PATHS) if kind is Kind.SYMLINK else "", -1,
        draw(st.sampled_from((b"", b"\1\0\n=\xff"))) if kind is Kind.FILE else b"",
        device if kind in (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE) else (0, 0),
        draw(st.sampled_from(((), (("security.selinux", b"a:b\0"), ("user.x", b""))))),
    ), data  # fmt: skip


@given(st.lists(entries(), max_size=6))
def test_our_reader_sees_what_was_meant(members: list[tuple[Entry, bytes]]) -> None:
    found = listed(written(*members))
    assert not found.problems
    assert [each._replace(offset=-1) for each in found.entries] == [
        each._replace(attributes=tuple(pair for pair in each.attributes)) for each, _ in members
    ]
    last = {each.path: data for each, data in members if each.kind is Kind.FILE}
    assert found.contents == last


def test_odd_names_are_kept() -> None:
    names = [
        "a" * 100, "a" * 101, f"{'d' * 155}/{'f' * 100}", f"{'d' * 156}/{'f' * 99}", "ü",
        b"\xff\xfe".decode("utf-8", "surrogateescape"), "x/" * 120 + "y", " ", "#\n",
    ]  # fmt: skip
    found = listed(written(*((entry(name), b"") for name in names)))
    assert [each.path for each in found.entries] == names
    links = [entry("l", Kind.SYMLINK, link=name) for name in names]
    found = listed(written(*((each, b"") for each in links)))
    assert [each.link for each in found.entries] == names


def test_plain_members_have_no_pax_header() -> None:
    assert len(header(entry("usr/bin/a", size=3, uid=1000, mtime=1700000000))) == 512
    assert len(header(entry(f"{'d' * 90}/{'f' * 90}"))) == 512
    assert len(header(entry("ü"))) == 3 * 512


def test_python_and_tar_read_it(tmp_path: Path) -> None:
    members = [
        (entry("d", Kind.DIRECTORY, mode=0o755), b""), (entry("d/ü" + "n" * 120, size=3), b"abc"),
        (entry("d/l", Kind.SYMLINK, link="x" * 130), b""),
        (entry("d/h", Kind.HARD_LINK, link="d/ü" + "n" * 120), b""),
        (entry("big", uid=3_000_000, capability=b"\1\0\n"), b""),
    ]  # fmt: skip
    path = tmp_path / "a.tar"
    path.write_bytes(written(*members))
    with tarfile.open(path) as read:
        found = read.getmembers()
        assert [each.name for each in found] == [each.path for each, _ in members]
        assert found[2].linkname == "x" * 130
        assert found[4].uid == 3_000_000
        assert "SCHILY.xattr.security.capability" in found[4].pax_headers
        stream = read.extractfile(found[3])
        assert stream is not None
        assert stream.read() == b"abc"
    if shutil.which("tar") is None:
        pytest.skip("tar is not installed")
    done = subprocess.run(["tar", "-tf", str(path)], capture_output=True, check=False, timeout=30)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(members)


@pytest.mark.parametrize("data", [b"ab", b"abcd"])
def test_a_content_of_another_size_is_an_error(data: bytes) -> None:
    with pytest.raises(ArchiveError, match="has not the 3 bytes"):
        written((entry("a", size=3), data))


def test_what_no_tar_can_hold() -> None:
    assert not can_hold(entry("s", Kind.SOCKET))
    assert not can_hold(entry("s", Kind.BLOCK_DEVICE, device=(1, 1 << 30)))
    with pytest.raises(ValueError, match="no form"):
        header(entry("s", Kind.SOCKET))

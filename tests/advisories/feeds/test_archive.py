"""Archives: every form gives the same members; what is broken or a bomb is one clear error."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.advisories.feeds import archive, compression
from seawall.advisories.feeds.archive import Member, members
from seawall.advisories.feeds.compression import Limits
from seawall.advisories.feeds.errors import FeedError

FILES = {"a.json": b'{"id": 1}', "b/c.json": b'{"id": 2}' * 50_000, "empty.txt": b""}


def tar(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive_:
        link = tarfile.TarInfo("link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive_.addfile(link)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive_.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive_:
        archive_.writestr("b/", b"")
        for name, data in files.items():
            archive_.writestr(name, data)
    return target.getvalue()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def read(path: Path) -> dict[str, bytes]:
    return {member.name: member.read() for member in members(str(path))}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("all.zip", lambda: zipped(FILES)),
        ("all.tar", lambda: tar(FILES)),
        ("all.tar.gz", lambda: gzip.compress(tar(FILES))),
        ("all.tgz", lambda: gzip.compress(tar(FILES))),
        ("all.tar.bz2", lambda: bz2.compress(tar(FILES))),
        ("all.tar.xz", lambda: lzma.compress(tar(FILES))),
        ("all.tar.zst", lambda: zstd(tar(FILES))),
        ("cves.zip", lambda: zipped({"cves.zip": zipped(FILES)})),
        ("outer.tar", lambda: tar({"inner.tar.gz": gzip.compress(tar(FILES))})),
    ],
)
def test_members_of_archives(tmp_path: Path, name: str, make: Callable[[], bytes]) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    assert read(path) == FILES


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress),
     (".zst", zstd)],
)  # fmt: skip
def test_a_single_file(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    data = b"<oval/>" * 100_000
    path = tmp_path / f"oval.xml{suffix}"
    path.write_bytes(pack(data))
    assert read(path) == {"oval.xml": data}
    path.write_bytes(pack(data) + (pack(b"more") if suffix else b"more"))
    assert read(path) == {"oval.xml": data + b"more"}


def test_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl.zst"
    path.write_bytes(zstd(b'{"a":1}\n\n{"b":2}\r\n{"c":3}'))
    assert read(path) == {
        "all.jsonl:1": b'{"a":1}', "all.jsonl:3": b'{"b":2}\r', "all.jsonl:4": b'{"c":3}',
    }  # fmt: skip


def test_a_directory_is_walked_without_hidden_files_and_links(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"no")
    (tmp_path / "x" / "b.json").write_bytes(b"2")
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"1"))
    (tmp_path / "link.json").symlink_to("/etc/passwd")
    assert read(tmp_path) == {"a.json": b"1", "x/b.json": b"2"}


def test_nothing_is_written_and_names_are_only_names(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "evil.zip"
    path.write_bytes(zipped({"../../evil.json": b"1", "/etc/evil.json": b"2"}))
    assert len(read(path)) == 2
    assert [each.name for each in tmp_path.rglob("*")] == ["in", "evil.zip"]


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="No such file"):
        read(tmp_path / "missing.zip")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.gz", gzip.compress(b"x" * 10_000)[:-9]),
        ("a.xz", lzma.compress(b"x" * 10_000)[:-9]),
        ("a.bz2", bz2.compress(b"x" * 10_000)[:-9]),
        ("a.zst", zstd(b"xy" * 10_000)[:-2]),
        ("a.zip", zipped(FILES)[:-9]),
        ("a.tar.gz", gzip.compress(tar(FILES)[:30_000])),
        ("a.zip", zipped(FILES).replace(b"a.json", b"z.json", 1)),
    ],
    ids=["gz", "xz", "bz2", "zst", "zip", "tar.gz", "zip with two names"],
)
def test_what_is_cut_off_or_broken(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FeedError, match=r"^a\.|^tar|/a\.json"):
        read(path)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.gz", gzip.compress), ("a.xz", lzma.compress), ("a.bz2", bz2.compress), ("a.zst", zstd),
     ("a.zip", lambda data: zipped({"a.json": data}))],
)  # fmt: skip
def test_bombs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(compression, "_FREE", 1 << 20)
    path = tmp_path / name
    path.write_bytes(pack(b"\0" * (64 << 20)))
    pieces = (chunk for each in members(str(path), Limits(ratio=50)) for chunk in each.chunks())
    with pytest.raises(FeedError, match="times as large"):
        sum(map(len, pieces))


def test_everything_together_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{n}.json": bytes(range(256)) * 40 for n in range(100)}))
    everything = (member.read() for member in members(str(path), Limits(total=100_000)))
    with pytest.raises(FeedError, match="more than 100000 bytes"):
        list(everything)


def test_the_number_of_members_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 10)
    for name, data in (
        ("a.zip", zipped({f"{n}.json": b"" for n in range(11)})),
        ("a.tar", tar({f"{n}.json": b"" for n in range(11)})),
        ("a.jsonl", b"{}\n" * 11),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FeedError, match="more than 10 members"):
            read(tmp_path / name)


def test_nesting_is_limited(tmp_path: Path) -> None:
    data = b"x"
    for _ in range(8):
        data = gzip.compress(data)
    (tmp_path / "a.gz").write_bytes(data)
    with pytest.raises(FeedError, match="nested"):
        read(tmp_path / "a.gz")


def test_one_member_in_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_IN_MEMORY", 10)
    with pytest.raises(FeedError, match="is it the right file"):
        Member("a", iter([b"123456", b"123456"])).read()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.sampled_from(
        [zipped(FILES), gzip.compress(tar(FILES)), zstd(tar(FILES)), tar({"a": b"1"})]
    ),
    at=st.integers(0, 3000),
    odd=st.binary(max_size=8),
)
def test_mutated_archives_lead_to_one_error_only(
    tmp_path: Path, data: bytes, at: int, odd: bytes
) -> None:
    path = tmp_path / "all.bin"
    path.write_bytes(data[:at] + odd + data[at + len(odd) :])
    try:
        read(path)
    except FeedError as error:
        told = str(error)
    else:
        told = ""
    assert "Traceback" not in told

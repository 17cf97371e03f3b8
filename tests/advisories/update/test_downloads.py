"""Files that come whole, in parts, cut off, changed, wrong."""

import errno
import gzip
import io
import json
import zipfile
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories.update import checks
from seawall.advisories.update.downloads import Validators, fetch
from seawall.sources.http.client import FetchError, Limits
from tests.sources.http.server import Server, Trick, running
from tests.sources.http.support import QUICK, Waits, client

DATA = b"".join(b"%06d\n" % number for number in range(20_000))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "osv" / "Go" / "all.zip"


def names(target: Path) -> list[str]:
    return sorted(each.name for each in target.parent.iterdir())


def test_a_file_comes_with_what_tells_its_version(
    server: Server, waits: Waits, target: Path
) -> None:
    server.files["/a"] = DATA
    fetched = fetch(client(waits), f"{server.base}/a", str(target))
    assert fetched is not None
    assert target.read_bytes() == DATA
    assert (fetched.sha256, fetched.size) == (sha256(DATA).hexdigest(), len(DATA))
    assert fetched.validators.etag
    assert fetched.validators.modified
    assert names(target) == ["all.zip"]


@pytest.mark.parametrize("tags", [True, False])
def test_what_did_not_change_is_not_fetched(
    server: Server, waits: Waits, target: Path, tags: bool
) -> None:
    server.files["/a"] = DATA
    server.tags = tags
    asking, address = client(waits), f"{server.base}/a"
    first = fetch(asking, address, str(target))
    assert first is not None
    assert bool(first.validators.etag) == tags
    assert fetch(asking, address, str(target), known=first.validators) is None
    server.files["/a"] = DATA + b"more\n"
    assert fetch(asking, address, str(target), known=first.validators) is not None
    assert target.read_bytes() == DATA + b"more\n"


@pytest.mark.parametrize("weak", [False, True])
def test_what_was_cut_off_goes_on_where_it_ended(
    server: Server, waits: Waits, target: Path, weak: bool
) -> None:
    server.files["/a"] = DATA
    headers = {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"} if weak else {}
    server.tricks["/a"] = [Trick(cut_after=50_000, headers=headers)]
    assert fetch(client(waits), f"{server.base}/a", str(target))
    assert target.read_bytes() == DATA
    first, second = server.requests
    assert "range" not in first.headers
    assert second.headers["range"] == "bytes=50000-"
    assert second.headers["if-range"].startswith('"')


def test_the_next_run_goes_on_as_well(server: Server, waits: Waits, target: Path) -> None:
    server.files["/a"] = DATA
    server.tricks["/a"] = [Trick(cut_after=50_000)]
    with pytest.raises(FetchError, match="it ended after 50000 of 140000 bytes"):
        fetch(client(waits, limits=Limits(tries=1)), f"{server.base}/a", str(target))
    assert names(target) == [".all.zip.partial", ".all.zip.partial.json"]
    fetched = fetch(client(waits), f"{server.base}/a", str(target))
    assert fetched is not None
    assert fetched.sha256 == sha256(DATA).hexdigest()
    assert target.read_bytes() == DATA
    assert server.requests[-1].headers["range"] == "bytes=50000-"
    assert names(target) == ["all.zip"]


def test_the_rest_of_another_version_is_not_put_behind(
    server: Server, waits: Waits, target: Path
) -> None:
    server.files["/a"] = DATA
    server.tricks["/a"] = [Trick(cut_after=50_000)]
    with pytest.raises(FetchError):
        fetch(client(waits, limits=Limits(tries=1)), f"{server.base}/a", str(target))
    server.files["/a"] = bytes(reversed(DATA))
    fetch(client(waits), f"{server.base}/a", str(target))
    assert target.read_bytes() == bytes(reversed(DATA))


def test_a_server_without_ranges_sends_it_all(server: Server, waits: Waits, target: Path) -> None:
    server.ranges = False
    server.files["/a"] = DATA
    server.tricks["/a"] = [Trick(cut_after=50_000)] * 2
    fetch(client(waits), f"{server.base}/a", str(target))
    assert target.read_bytes() == DATA


def test_a_version_that_cannot_be_told_is_fetched_anew(
    server: Server, waits: Waits, target: Path
) -> None:
    server.tags = server.times = False
    server.files["/a"] = DATA
    target.parent.mkdir(parents=True)
    target.with_name(".all.zip.partial").write_bytes(b"of long ago")
    target.with_name(".all.zip.partial.json").write_text("[[[")
    fetch(client(waits), f"{server.base}/a", str(target))
    assert "range" not in server.requests[0].headers
    assert target.read_bytes() == DATA


def test_more_than_there_is_was_kept(server: Server, waits: Waits, target: Path) -> None:
    server.files["/a"] = DATA
    tag = f'"{sha256(DATA).hexdigest()[:16]}"'
    target.parent.mkdir(parents=True)
    target.with_name(".all.zip.partial").write_bytes(DATA + b"x")
    target.with_name(".all.zip.partial.json").write_text(json.dumps({"validator": tag}))
    fetch(client(waits), f"{server.base}/a", str(target))  # 416, then 200
    assert target.read_bytes() == DATA
    assert [("range" in each.headers) for each in server.requests] == [True, False]


@pytest.mark.parametrize("told", ["bytes 7-9/10", "bytes */10", "lines 5-9/10", ""])
def test_another_part_than_was_asked_for_is_not_taken(
    server: Server, waits: Waits, target: Path, told: str
) -> None:
    server.files["/a"] = DATA
    server.tricks["/a"] = [
        Trick(cut_after=5), Trick(206, {"Content-Range": told}, b"wrong"),
    ]  # fmt: skip
    fetch(client(waits), f"{server.base}/a", str(target))
    assert target.read_bytes() == DATA


# What is wrong --------------------------------------------------------------------------------


def test_a_wrong_checksum_is_tried_once_more(server: Server, waits: Waits, target: Path) -> None:
    server.files["/a"] = DATA
    right = sha256(DATA).hexdigest()
    server.tricks["/a"] = [Trick(200, {}, b"of another mirror")]
    assert fetch(client(waits), f"{server.base}/a", str(target), checksum=right.upper())
    with pytest.raises(FetchError, match=f"its SHA-256 is {right}, not {'0' * 64}"):
        fetch(client(waits), f"{server.base}/a", str(target), checksum="0" * 64)
    assert target.read_bytes() == DATA
    assert names(target) == ["all.zip"]
    assert len(server.requests) == 4


@pytest.mark.parametrize("chunked", [False, True])
def test_too_much_is_not_kept(server: Server, waits: Waits, target: Path, chunked: bool) -> None:
    server.chunked = chunked
    server.files["/a"] = DATA
    with pytest.raises(FetchError, match="larger than 100 bytes"):
        fetch(client(waits), f"{server.base}/a", str(target), limit=100)
    assert not target.exists()


def test_what_the_check_refuses_does_not_take_its_place(
    server: Server, waits: Waits, target: Path
) -> None:
    server.files["/a"] = b"<html>Please log in</html>"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"the good one")
    check = partial(checks.check, name="osv/Go/all.zip", address="ADDRESS")
    with pytest.raises(FetchError, match=r"no zip .*whether a proxy asks for a login"):
        fetch(client(waits), f"{server.base}/a", str(target), check=check)
    assert target.read_bytes() == b"the good one"
    assert names(target) == ["all.zip"]


def test_a_full_disk_is_not_kept_full(
    server: Server, waits: Waits, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/a"] = DATA

    def no_room(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(OSError, match="No space left"):
        fetch(client(waits), f"{server.base}/a", str(target))
    assert names(target) == []
    assert len(server.requests) == 1


def test_an_interruption_leaves_what_has_come(server: Server, waits: Waits, target: Path) -> None:
    server.files["/a"] = DATA * 10

    def interrupted(_what: str, done: int, total: int) -> None:
        assert 0 < done <= total == len(DATA) * 10
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(client(waits), f"{server.base}/a", str(target), shown=interrupted)
    fetch(client(waits), f"{server.base}/a", str(target))
    assert target.read_bytes() == DATA * 10
    assert "range" in server.requests[-1].headers


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 999), max_size=4), st.booleans(), st.booleans())
def test_however_it_is_cut_it_is_whole_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], ranges: bool, weak: bool
) -> None:
    target = tmp_path_factory.mktemp("cut") / "file"
    data = DATA[:1000]
    with running() as server:
        server.files["/a"], server.ranges, server.weak = data, ranges, weak
        server.tricks["/a"] = [Trick(cut_after=cut) for cut in cuts]
        fetched = fetch(client(Waits()), f"{server.base}/a", str(target))
    assert target.read_bytes() == data
    assert fetched is not None
    assert fetched.sha256 == sha256(data).hexdigest()


# The looks at a file --------------------------------------------------------------------------


def zipped(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


GOOD: dict[str, bytes] = {
    "a.zip": zipped(a="{}" * 900, b="[]"),
    "a.json.gz": gzip.compress(b"{}" * 900),
    "a.json": b'\xef\xbb\xbf {"a": 1}',
    "a.xml": b'<?xml version="1.0"?><oval_definitions/>',
    "a.csv": b"cve,epss\n",
    "compressed.json": gzip.compress(b"{}"),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_files_are_good(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(GOOD[name])
    checks.check(str(path), name, "ADDRESS")


@pytest.mark.parametrize("name", [each for each in GOOD if each != "a.csv"])
def test_pages_and_nothing_are_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    for data in (b"<html><body>Not found", b"", b"\0" * 100, b"<!DOCTYPE html>"):
        path.write_bytes(data)
        with pytest.raises(FetchError, match="ADDRESS: what came is no"):
            checks.check(str(path), name, "ADDRESS")


@pytest.mark.parametrize("name", ["a.zip", "a.json.gz"])
def test_archives_are_good_to_their_last_byte(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    data = GOOD[name]
    for broken in (data[:-1], data[:-9], data[: len(data) // 2] + b"xxxx" + data[len(data) // 2 :]):
        path.write_bytes(broken)
        with pytest.raises(FetchError, match="ADDRESS: what came cannot be used"):
            checks.check(str(path), name, "ADDRESS")


def test_the_digest_is_that_of_what_is_packed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(GOOD["a.json.gz"])
    assert checks.content(str(path), "a.json.gz", "") == sha256(b"{}" * 900).hexdigest()


def test_known_of_nothing_sends_no_conditions(server: Server, waits: Waits, target: Path) -> None:
    server.files["/a"] = DATA
    fetch(client(waits, limits=QUICK), f"{server.base}/a", str(target), known=Validators())
    headers: Any = server.requests[0].headers
    assert not {"if-none-match", "if-modified-since", "range"} & set(headers)

"""Layers of storages, put together again from what engines keep beside them."""

import gzip
import json
import os
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.image import Layer
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.tar_split import opener
from seawall.sources.images.walking import walk_layer
from tests.sources.images.gathering import Files, Names
from tests.sources.images.tars import END, digest_of, member


def split_of(path: Path, *parts: bytes | tuple[str | bytes, int]) -> str:
    """Write the lines that an engine writes for a tar of headers and files."""
    rows: list[dict[str, object]] = []
    for part in parts:
        if isinstance(part, bytes):
            rows.append({"type": 2, "payload": b64encode(part).decode()})
        else:
            name, size = part
            own = {"name": name} if isinstance(name, str) else {
                "name": "", "name_raw": b64encode(name).decode()
            }  # fmt: skip
            rows.append({"type": 1, "size": size, "payload": "AAAAAAAAAAA=", **own})
    lines = (json.dumps({**row, "position": number}) for number, row in enumerate(rows))
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return str(path)


def tar(name: bytes, content: bytes) -> tuple[bytes, bytes, bytes]:
    """A member as header, content and padding."""
    whole = member(name, content)
    return whole[:512], content, whole[512 + len(content) :]


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    directory = tmp_path / "diff"
    (directory / "etc").mkdir(parents=True)
    (directory / "etc" / "a").write_bytes(b"content")
    head, content, padding = tar(b"etc/a", b"content")
    white = member(b"etc/.wh.b")
    split = split_of(
        tmp_path / "split.gz", head, ("etc/a", 7), padding + white, ("etc/.wh.b", 0), END
    )  # fmt: skip
    whole = head + content + padding + white + END
    return Layer(0, "", digest_of(whole), "", -1, open=opener(split, str(directory)))


def test_the_tar_is_the_same_again(layer: Layer) -> None:
    files = Files(Names(names=frozenset(["a"])))
    walked = walk_layer(layer, [files])
    assert walked.error is None
    assert [entry.path for entry in walked.entries] == ["etc/a", "etc/.wh.b"]
    assert files.found == {"etc/a": b"content"}
    assert walked.layer.diff_id == layer.diff_id


def test_a_file_that_was_changed_is_told(layer: Layer, tmp_path: Path) -> None:
    (tmp_path / "diff" / "etc" / "a").write_bytes(b"CONTENT")
    error = walk_layer(layer, []).error
    assert error is not None
    assert "its DiffID is" in error.reason
    (tmp_path / "diff" / "etc" / "a").write_bytes(b"longer than that")
    assert "but 7 when the image was fetched" in str(walk_layer(layer, []).error)
    (tmp_path / "diff" / "etc" / "a").unlink()
    assert "a file of the layer cannot be read" in str(walk_layer(layer, []).error)


def read(split: str, directory: Path) -> bytes:
    stream = opener(split, str(directory))()
    parts = []
    while part := stream.read(100):
        parts.append(part)
    stream.close()
    return b"".join(parts)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"1")
    assert read(split_of(tmp_path / "s", b"<", (b"\xff", 1), b">"), tmp_path) == b"<1>"


def test_files_below_links_of_the_layer(tmp_path: Path) -> None:
    root = tmp_path / "diff"
    (root / "usr" / "lib" / "deep").mkdir(parents=True)
    (root / "usr" / "lib" / "deep" / "x").write_bytes(b"1")
    (root / "lib").symlink_to("/usr/lib")
    (root / "usr" / "again").symlink_to("../lib/deep")
    split = split_of(tmp_path / "s", ("lib/deep/x", 1), ("usr/again/x", 1))
    assert read(split, root) == b"11"


@pytest.mark.parametrize(
    "name", ["../secret", "/../../secret", "up/secret", "out/secret", "loop/x", "file", "", "/"]
)
def test_nothing_leads_out_of_the_layer(tmp_path: Path, name: str) -> None:
    root = tmp_path / "diff"
    root.mkdir()
    (tmp_path / "secret").write_bytes(b"s")
    (root / "up").symlink_to("../..")
    (root / "out").symlink_to(str(tmp_path))
    (root / "loop").symlink_to("loop")
    (root / "file").symlink_to("../secret")
    with pytest.raises(ArchiveError, match="fetch the image again"):
        read(split_of(tmp_path / "s", (name, 1)), root)


@pytest.mark.parametrize(
    "line",
    [
        "[]", "1", "{", '{"type": 3}', '{"type": 1, "name": 1, "size": 1}',
        '{"type": 1, "name": "a", "size": -1}', '{"type": 1, "name": "a", "size": "1"}',
        '{"type": 2, "payload": "A"}', '{"type": 2, "payload": 1}', "[" * 100_000,
        '{"type": 1, "name": "a\\u0000b", "size": 1}',
    ],
)  # fmt: skip
def test_lines_that_no_engine_writes(tmp_path: Path, line: str) -> None:
    (tmp_path / "s").write_bytes(gzip.compress(line.encode()))
    with pytest.raises(ArchiveError):
        read(str(tmp_path / "s"), tmp_path)


def test_what_is_cut_off_or_no_gzip(tmp_path: Path) -> None:
    for data in (b"", b"no gzip", gzip.compress(b'{"type": 2}\n' * 99)[:-9]):
        (tmp_path / "s").write_bytes(data)
        if data:
            with pytest.raises(ArchiveError):
                read(str(tmp_path / "s"), tmp_path)
    with pytest.raises(ArchiveError, match="no such file"):
        read(str(tmp_path / "none"), tmp_path)
    with pytest.raises(ArchiveError, match="no such file"):
        read(str(tmp_path / "s"), tmp_path / "none")


JSON = st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=3)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from([1, 2]) | JSON},
            optional={"name": JSON, "size": JSON, "payload": JSON, "name_raw": JSON},
        ),
        max_size=4,
    )
)
def test_any_lines_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    directory = tmp_path_factory.mktemp("split")
    text = "\n".join(map(json.dumps, rows))
    (directory / "s").write_bytes(gzip.compress(text.encode()))
    with suppress(ArchiveError):
        read(str(directory / "s"), directory)

"""The recorded databases of ``tests/data/databases``."""

import io
import json
import tarfile
from functools import cache

import zstandard

from tests.packages.database_makers import Answer, Row
from tests.shared import DATA


@cache
def members() -> dict[str, bytes]:
    """The files of the archive."""
    packed = (DATA / "databases" / "databases.tar.zst").read_bytes()
    raw = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj().decompress(packed)
    result = {}
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            result[member.name] = stream.read()
    return result


def answer(name: str) -> Answer:
    """What the tool of a database said."""
    value = json.loads(members()[f"{name}.json"])
    return Answer(
        [Row(*row) for row in value["rows"]], [(name, path) for name, path in value["files"]]
    )


def pacman_files() -> dict[str, bytes]:
    """The files of pacman's database."""
    files = json.loads(members()["pacman.json"])["database"]
    return {path: text.encode() for path, text in files.items()}

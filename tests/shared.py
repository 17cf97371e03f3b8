"""Where the recorded verdicts and public corpora are, for tests that need them.

They live beside the checkout, in ``shared/``, or where SEAWALL_SHARED says. What a fresh clone
must prove is in tests/data; the rest skips with a reason.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
SHARED = Path(os.environ.get("SEAWALL_SHARED", ROOT.parent / "shared"))
CORPUS = SHARED / "corpora" / "manifests"

needs_shared = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the shared corpora and oracles are not beside this checkout"
)


def read_rows(path: Path) -> Iterator[dict[str, object]]:
    """The rows of a zstd-compressed file of JSON lines."""
    with path.open("rb") as stream, zstandard.ZstdDecompressor().stream_reader(stream) as reader:
        for line in reader.read().splitlines():
            yield json.loads(line)


def oracle(name: str) -> Path:
    """An oracle's file: the copy in tests/data where there is one, else the shared one."""
    own = DATA / "oracles" / name
    return own if own.exists() else SHARED / "oracles" / name


def corpus_files() -> list[str]:
    """The manifests of the corpus, by their path in it."""
    return sorted(str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file())

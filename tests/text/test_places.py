"""Places against an independent judge, on every corpus manifest and on generated YAML."""

import pytest

from seawall.core.location import KeyPath, Span
from seawall.text.decoding import decode
from seawall.text.places import locate
from seawall.text.yaml import Document, load
from tests.shared import CORPUS, corpus_files, needs_shared
from tests.text import referee
from tests.text.generate import document

"""
"""


def judge(text: str) -> int:
    """Compare every value and every place of a stream; gives the number of places."""
    count = 0
    for found in load(text):
        if not isinstance(found, Document):
            continue
        tree = referee.compose(found.chunk.text)
        assert found.value == referee.value_of(tree)
        wanted: dict[KeyPath, tuple[Span, bool]] = {}
        for path, start, end in referee.places(tree):
            mark = referee.span(found.chunk.text, start, end, found.chunk.line)
            wanted[path] = mark, True
            wanted[*path, "absent"] = mark, False
        assert locate(found.chunk, wanted) == wanted
        count += len(wanted)
    return count


@pytest.mark.parametrize("block", range(20))
def test_generated_yaml(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        text = document(seed)
        try:
            judge(text)
        except Exception:
            print(text)
            raise


@needs_shared
@pytest.mark.parametrize("name", corpus_files() if CORPUS.is_dir() else [])
def test_corpus(name: str) -> None:
    text = decode((CORPUS / name).read_bytes())
    if isinstance(text, str):
        judge(text)

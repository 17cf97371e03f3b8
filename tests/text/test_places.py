"""Places against an independent judge, on every corpus manifest and on generated YAML."""

import pytest

from seawall.core.location import KeyPath, Span
from seawall.text import offsets, yaml
from seawall.text.decoding import decode
from seawall.text.places import locate
from seawall.text.yaml import Broken, Document, load
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
        if found.offsets:
            known = offsets.locate(found.chunk, found.value, found.offsets, wanted)
            assert known == {path: span for path, (span, _) in wanted.items()}
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


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("a: 1", True),
        ("- [a, {b: c}]\n- !!str 1", True),
        ("a: &x 1", False),
        ("a: &x [1]\nb: *x", False),
        ("a: 1\na: 2", False),
        ("1: 1\n'1': 2", False),
        ("<<: {a: 1}", False),
        ("a: !!map {b: 1}", False),
        ("- !x\n  a: 1", False),
    ],
)
def test_offsets_are_kept_of_plain_trees(text: str, is_plain: bool) -> None:
    (found,) = load(text)
    assert isinstance(found, Document)
    assert bool(found.offsets) is is_plain


def test_a_document_of_more_characters_than_offsets_can_tell_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(yaml, "MAX_TEXT", 10)
    first, second = load("a: 1\n--- # a long one\nb: 2\n")
    assert isinstance(first, Document)
    assert isinstance(second, Broken)
    assert second.reason == "more than 10 characters in one document"


def test_a_path_through_what_is_absent_leads_to_its_ancestor() -> None:
    (found,) = load("a:\n  b: 1\nx: 2\n")
    assert isinstance(found, Document)
    paths: list[KeyPath] = [("a", "no", "x"), ("a", "no", "b"), ("x", "y"), ("a", 0), ()]
    spans = offsets.locate(found.chunk, found.value, found.offsets, paths)
    a, x = Span(1, 1, 1, 2), Span(3, 4, 3, 5)
    assert list(spans.values()) == [a, a, x, a, a]

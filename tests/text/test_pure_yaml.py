"""Without libyaml, the same values, places and errors' lines come from PyYAML's own parser."""

import importlib
import sys

import pytest

from seawall.text import offsets, places, yaml
from seawall.text.decoding import decode
from seawall.text.places import locate, repeated_keys
from seawall.text.pure_yaml import PureParser
from seawall.text.yaml import Broken, Document, load
from tests.shared import CORPUS, corpus_files, needs_shared
from tests.text.generate import document


def outcome(text: str) -> list[object]:
    result: list[object] = []
    for item in load(text):
        if isinstance(item, Broken):
            result.append(item.position.line)
            continue
        assert isinstance(item, Document)
        paths = [(key,) for key in item.value] if isinstance(item.value, dict) else []
        found = locate(item.chunk, paths)
        if item.offsets:
            assert offsets.locate(item.chunk, item.value, item.offsets, paths) == {
                path: place.span for path, place in found.items()
            }
        result.append((item.value, item.may_repeat_keys, found, repeated_keys(item.chunk)))
    return result


def test_generated_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [document(seed) for seed in range(50_000, 50_300)]
    expected = [outcome(text) for text in texts]
    monkeypatch.setattr(yaml, "new_parser", PureParser)
    monkeypatch.setattr(places, "new_parser", PureParser)
    for text, wanted in zip(texts, expected, strict=True):
        assert outcome(text) == wanted, text


@needs_shared
@pytest.mark.parametrize("part", range(4))
def test_corpus(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = [decode((CORPUS / name).read_bytes()) for name in corpus_files()[part::4]]
    texts = [text for text in decoded if isinstance(text, str)]
    expected = [outcome(text) for text in texts]
    monkeypatch.setattr(yaml, "new_parser", PureParser)
    monkeypatch.setattr(places, "new_parser", PureParser)
    for text, wanted in zip(texts, expected, strict=True):
        assert outcome(text) == wanted


def test_it_takes_over_where_libyaml_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    assert yaml._fastest_parser() is PureParser
    monkeypatch.undo()
    assert yaml._fastest_parser() is importlib.import_module("yaml._yaml").CParser

"""No text makes the reader raise, and whatever it can read has places."""

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seawall.core.location import KeyPath
from seawall.kubernetes.reader import mentions_objects, read
from seawall.text import offsets
from seawall.text.decoding import decode
from seawall.text.lines import split_lines
from seawall.text.places import locate, repeated_keys
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, Document, load, split
from tests.shared import CORPUS, corpus_files, needs_shared
from tests.text.generate import document

SYNTAX = list("ab1-:?,[]{}#&*!|>'\"%@`~= \t\n\r\\<.") + [
    "\n", "\n", "  ", "- ", ": ", "? ", "\n---\n", "\n...\n", "&a ", "*a", "<<: ", "!!int ", "|\n",
    "\r\n", "\x85", "\u2028", "\ufeff", "\x00", "\ud800", "😀", "é", "{{ .x }}", "%TAG ! t:\n", "kind",
    "apiVersion: v1\nkind: A\n",
]  # fmt: skip


def paths_of(value: Value, path: KeyPath = ()) -> list[KeyPath]:
    result = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            result += paths_of(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            result += paths_of(item, (*path, index))
    return result


def examine(text: str) -> None:
    lines = split_lines(text)
    chunks = list(split(text))
    documents = list(load(text))
    assert [document.chunk for document in documents] == chunks
    for item in documents:
        if isinstance(item, Broken):
            line, column = item.position
            assert 1 <= line <= len(lines)
            assert 1 <= column <= len(lines[line - 1]) + 2  # the line end may be what is wrong
            assert item.reason
            continue
        assert isinstance(item, Document)
        paths = paths_of(item.value)
        found = locate(item.chunk, [*paths, ("absent", 1, "x")])
        assert all(found[path].found for path in paths)
        if item.offsets:
            spans_found = {path: place.span for path, place in found.items()}
            assert offsets.locate(item.chunk, item.value, item.offsets, found) == spans_found
        for place in found.values():
            span = place.span
            assert (span.line, span.column) <= (span.end_line, span.end_column)
            assert item.chunk.line < span.line <= len(lines)
            assert span.end_line <= len(lines)
        for _, spans in repeated_keys(item.chunk):
            assert item.may_repeat_keys
            assert len(spans) > 1
    contents = read(text, "x.yaml", target=True, complete=True)
    assert not contents.objects or mentions_objects(text)


@given(st.text())
@example("\ufeff\ufeffa: 1")
@example("? ")
@example("&a : *a")
def test_any_text(text: str) -> None:
    examine(text)


@given(st.lists(st.sampled_from(SYNTAX), max_size=60).map("".join))
def test_any_syntax(text: str) -> None:
    examine(text)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    text = decode(data)
    if isinstance(text, str):
        examine(text)


def mutate(text: str, random: Random) -> str:
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        end = min(len(text), at + random.choice((0, 0, 1, 1, 3, 20)))
        text = text[:at] + random.choice((*SYNTAX, "", text[at : at + 30])) + text[end:]
    return text


@pytest.mark.parametrize("block", range(8))
def test_mutated_yaml(block: int) -> None:
    random = Random(block)
    for seed in range(block * 250, block * 250 + 250):
        examine(mutate(document(seed), random))


@needs_shared
@pytest.mark.parametrize("block", range(8))
def test_mutated_corpus(block: int) -> None:
    random = Random(block)
    for name in corpus_files()[block::8]:
        text = decode((CORPUS / name).read_bytes())
        if isinstance(text, str) and len(text) < 20_000:
            for _ in range(3):
                examine(mutate(text, random))

"""Places by what was noted while reading are those of a second look at the text."""

import pytest

from seawall.engine.placing import Noted, places_of
from seawall.kubernetes.reader import read
from seawall.text.decoding import decode
from seawall.text.yaml import Document, load
from tests.shared import CORPUS, corpus_files, needs_shared
from tests.text.test_fuzz import paths_of

OBJECT = "apiVersion: v1\nkind: A\nmetadata:\n  name: x\nitems:\n- a: 1\n- [b, {c: d}]\n"
STREAMS = {
    "marks": f"\ufeff{OBJECT}---\r\n{OBJECT}... # end\n{OBJECT}--- {{apiVersion: v1, kind: A}}\n",
    "anchors": f"{OBJECT}---\n{OBJECT}b: &x {{a: 1}}\nc: *x\n---\n{OBJECT}",
    "a list": f"{OBJECT}---\nkind: List\nitems:\n- {{apiVersion: v1, kind: A, metadata: {{}}}}\n",
    "a typed list": "apiVersion: v1\nkind: AList\nitems:\n- metadata: {}\n  spec: {a: 1}\n",
    "JSON": '{"apiVersion": "v1", "kind": "A"}\n{"kind": "A", "apiVersion": "v1", "a": [1]}\n',
}


def compare(text: str) -> set[int]:
    """Look up every path in both ways; gives the documents of which something was noted."""
    contents = read(text, "x.yaml", target=True, complete=True)
    noted = {
        object_.document: Noted(object_.value, contents.offsets[object_.document])
        for object_ in contents.objects
        if object_.document in contents.offsets
    }
    wanted = {
        (document.number, path)
        for document in load(text)
        if isinstance(document, Document)
        for path in (*paths_of(document.value), ("spec", "absent"))
    }
    assert places_of(text, wanted, noted) == places_of(text, wanted)
    return set(noted)


@pytest.mark.parametrize(
    ("stream", "documents"),
    [
        ("marks", {0, 1, 2, 3}),
        ("anchors", {0, 2}),
        ("a list", {0}),
        ("a typed list", set()),
        ("JSON", {0, 1}),
    ],
)
def test_streams(stream: str, documents: set[int]) -> None:
    assert compare(STREAMS[stream]) == documents


@needs_shared
@pytest.mark.parametrize("part", range(4))
def test_corpus(part: int) -> None:
    noted = 0
    for name in corpus_files()[part::4]:
        text = decode((CORPUS / name).read_bytes())
        if isinstance(text, str):
            noted += len(compare(text))
    assert noted > 100

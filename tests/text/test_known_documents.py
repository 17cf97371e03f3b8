"""What is known of a document is what reading it gives, whatever stands around it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text import yaml as reading
from seawall.text.known_documents import KnownDocuments
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, Document, load
from seawall.text.yaml_tree import Node, of_plain_tree, read
from tests.text.generate import document


def files(random: Random, count: int = 6) -> list[str]:
    """Files that share documents, and edits of them."""
    documents = [document(random.randrange(2**32)) for _ in range(4)]
    result = []
    for _ in range(count):
        chosen = [random.choice(documents) for _ in range(random.randint(1, 4))]
        text = "".join(one if one.startswith("---") else f"---\n{one}" for one in chosen)
        if random.random() < 0.5:  # an edit of it
            at = random.randrange(len(text))
            text = text[:at] + random.choice(["x", "\n", "  a: 1\n", "[", "#", ""]) + text[at + 1 :]
        result.append(text)
    return result


@given(st.integers(0, 2**32))
def test_known_documents_are_those_that_are_read(seed: int) -> None:
    known = KnownDocuments()
    for text in files(Random(seed)):
        again = list(load(text, known))
        fresh = list(load(text))
        assert repr(again) == repr(fresh)  # 1 and true are equal, but not the same
        assert again == fresh or "nan" in repr(fresh)


@given(st.integers(0, 2**32), st.integers(1, 120))
def test_a_file_has_as_much_room_as_when_it_is_read(seed: int, most: int) -> None:
    known = KnownDocuments()
    texts = files(Random(seed))
    for text in texts:
        list(load(text, known))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "MAX_VALUES", most)
        for text in (f"{text}# {'-' * 40}\n" for text in texts):
            assert repr(list(load(text, known))) == repr(list(load(text)))


def test_what_is_known_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownDocuments()
    first = list(load("a: 1\n---\nb: [2]\n", known))
    monkeypatch.setattr(reading, "_load_yaml", None)
    again = list(load("---\nb: [2]\n", known))
    assert len(known) == 2
    assert isinstance(first[1], Document)
    assert isinstance(again[0], Document)
    assert again[0].value is first[1].value
    assert (again[0].number, again[0].chunk.line) == (0, 0)


def test_what_is_of_no_use_in_a_turn_is_let_go_of() -> None:
    known = KnownDocuments()
    list(load("a: 1\n", known))
    list(load("b: 1\n", known))
    known.turn()
    list(load("a: 1\n", known))
    known.turn()
    assert len(known) == 1


def test_broken_documents_and_those_with_anchors_are_read_each_time() -> None:
    known = KnownDocuments()
    assert isinstance(next(load("a: [\n", known)), Broken)
    list(load("a: &x 1\nb: *x\n", known))
    assert not len(known)


# Trees ----------------------------------------------------------------------------------------


Row = tuple[object, ...]


def row(node: Node) -> Row:
    """All that a node tells."""
    entries = [(entry.key, row(entry.key_node), row(entry.value)) for entry in node.entries]
    return (
        node.kind, node.start, node.end, node.style, node.anchor, node.merges, node.text,
        node.is_empty, entries, [row(item) for item in node.items],
    )  # fmt: skip


def compare(text: str) -> None:
    for item in load(text):
        if isinstance(item, Document) and item.offsets:
            told = of_plain_tree(item.chunk.text, item.value, item.offsets)
            if told is not None:
                root = read(item.chunk.text)
                assert root is not None
                assert row(told) == row(root)


@given(st.integers(0, 2**32))
def test_offsets_tell_the_tree_of_a_document(seed: int) -> None:
    compare(document(seed))


@given(st.text(alphabet="ab1-:?,[]{}#!|>'\"~ \n\t<", max_size=60))
def test_offsets_tell_the_tree_of_any_text(text: str) -> None:
    compare(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n", "a:\n- b\n- c: 2\n", "a: {b: [1, 2 ], c: {}}\n", "a: [ # c ]\n  1,\n  ]\n",
        "a: 'it''s'\nb: \"x\"\nc: |\n  t\nd: >-\n  u\n", "a:\nb: ~\n", "- - 1\n  - 2\n-\n  - 3\n",
        "? a\n: b\n", "'<<': 1\nb: <<\n", "a: [1, 2,]\n",
    ],
)  # fmt: skip
def test_offsets_tell_the_tree_of_usual_documents(text: str) -> None:
    (item,) = load(text)
    assert isinstance(item, Document)
    assert of_plain_tree(item.chunk.text, item.value, item.offsets) is not None
    compare(text)


@pytest.mark.parametrize("text", ['{"a": 1}', "a: !!str 1\n", "!!str a: 1\n", "a: {b: }\n"])
def test_where_offsets_do_not_tell_all_the_text_is_read(text: str) -> None:
    (item,) = load(text)
    value: Value = item.value if isinstance(item, Document) else None
    offsets = item.offsets if isinstance(item, Document) else b""
    assert not offsets or of_plain_tree(item.chunk.text, value, offsets) is None

"""Edits of YAML text: what is asked for is there, all else is as it was."""

from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.edit import Append, Data, Operation, Prepend, Remove, Set
from seawall.core.location import KeyPath
from seawall.text.scalars import Value
from seawall.text.yaml import Document, load
from seawall.text.yaml_edit import Editable, Refused, apply, edited, render


def edit(text: str, *operations: Operation) -> str:
    new = apply(text, Editable(text).replacements(operations))
    (before,), (after,) = load(text), load(new)
    assert isinstance(before, Document)
    assert isinstance(after, Document), after
    assert after.value == edited(before.value, operations)
    return new


@pytest.mark.parametrize(
    ("text", "operation", "expected"),
    [
        # Scalars keep their manner.
        ("a: 1 # one\n", Set(("a",), 2), "a: 2 # one\n"),
        ("a: 'x'\n", Set(("a",), "it's"), "a: 'it''s'\n"),
        ('a: "x"\n', Set(("a",), "y"), 'a: "y"\n'),
        ("a: x\n", Set(("a",), "true"), 'a: "true"\n'),
        ("a: x\n", Set(("a",), "10"), 'a: "10"\n'),
        ("a: x\n", Set(("a",), "b: c"), 'a: "b: c"\n'),
        ("a: x\n", Set(("a",), "registry.example.org/web:1@sha256:ab"),
         "a: registry.example.org/web:1@sha256:ab\n"),
        ("a: {b: x}\n", Set(("a", "b"), "web:1@sha256:ab"), "a: {b: web:1@sha256:ab}\n"),
        ("a: x\n", Set(("a",), "1:30"), 'a: "1:30"\n'),
        ("a: x\n", Set(("a",), "b:"), 'a: "b:"\n'),
        ("a:\nb: 1\n", Set(path=("a",), value=True), "a: true\nb: 1\n"),
        ("a: ~\n", Set(path=("a",), value=True), "a: true\n"),
        # Missing keys come to the end of their mapping.
        ("a:\n  b: 1 # c\n# d\ne: 2\n", Set(("a", "x"), 1), "a:\n  b: 1 # c\n  x: 1\n# d\ne: 2\n"),
        ("a:\n    b: 1\n", Set(("x", "q", "z"), 1), "a:\n    b: 1\nx:\n    q:\n        z: 1\n"),
        ("a: {b: 1}\n", Set(("a", "x"), 1), "a: {b: 1, x: 1}\n"),
        ("a: {}\n", Set(("a", "x"), 1), "a:\n  x: 1\n"),
        ("a:\n", Set(("a", "x"), 1), "a:\n  x: 1\n"),
        ("a: # c\nb: 1\n", Set(("a", "x"), 1), "a:\n  x: 1 # c\nb: 1\n"),
        ("a: 1", Set(("x",), 1), "a: 1\nx: 1"),
        ("a: 1\r\nb:\r\n  c: 1\r\n", Set(("b", "x"), 1), "a: 1\r\nb:\r\n  c: 1\r\n  x: 1\r\n"),
        ("a: |\n  text\n\nb: 1\n", Set(("x",), 1), "a: |\n  text\n\nb: 1\nx: 1\n"),
        ("b:\n  a: |\n    text\n\n\nc: 1\n", Set(("b", "x"), 1),
         "b:\n  a: |\n    text\n  x: 1\n\n\nc: 1\n"),
        ("b:\n  a: |+\n    text\n\nc: 1\n", Set(("b", "x"), 1),
         "b:\n  a: |+\n    text\n\n  x: 1\nc: 1\n"),
        ("- a: 1\n  b: 2\n- c: 3\n", Set((0, "x"), 1), "- a: 1\n  b: 2\n  x: 1\n- c: 3\n"),
        ('{"a": 1}\n', Set(("x",), "y"), '{"a": 1, "x": "y"}\n'),
        ('{\n  "a": {\n    "b": 1\n  }\n}\n', Set(path=("a", "x"), value=True),
         '{\n  "a": {\n    "b": 1,\n    "x": true\n  }\n}\n'),
        # Lists.
        ("a:\n- 1\n- 2\n", Append(("a",), 3), "a:\n- 1\n- 2\n- 3\n"),
        ("a:\n  - b: 1\n", Append(("a",), {"c": 2, "d": {"e": 3}}),
         "a:\n  - b: 1\n  - c: 2\n    d:\n      e: 3\n"),
        ("a: [1, 2]\n", Append(("a",), "x"), "a: [1, 2, x]\n"),
        ("a: [1, 2,]\n", Append(("a",), 3), "a: [1, 2, 3]\n"),
        ("a: []\n", Append(("a",), "x"), "a: [x]\n"),
        ("a: 1\n", Append(("b", "c"), "x"), "a: 1\nb:\n  c: [x]\n"),
        ("a: 1\n", Append(("b",), {"x": 1}), "a: 1\nb:\n  - x: 1\n"),
        ("a:\n- - x\n", Append(("a",), 1), "a:\n- - x\n- 1\n"),
        ("a: !t\n- - x\n", Append(("a",), 1), "a: !t\n- - x\n- 1\n"),
        ("a: &t\n  - x\n", Append(("a",), 1), "a: &t\n  - x\n  - 1\n"),
        # Removal.
        ("a: 1\nb: 2 # two\nc: 3\n", Remove(("b",)), "a: 1\nc: 3\n"),
        ("a:\n  b: 1\n  c: 2\n", Remove(("a", "c")), "a:\n  b: 1\n"),
        ("a:\n  b: 1\nc: 2\n", Remove(("a", "b")), "a: {}\nc: 2\n"),
        ("a: {b: 1, c: 2}\n", Remove(("a", "b")), "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", Remove(("a", "c")), "a: {b: 1}\n"),
        ("- a: 1\n  b: 2\n", Remove((0, "a")), "- b: 2\n"),
        ("a:\n- 1\n- 2\n", Remove(("a", 0)), "a:\n- 2\n"),
        ("a:\n- x: 1\n  y: 2\n- z: 3\nb: 1\n", Remove(("a", 1)), "a:\n- x: 1\n  y: 2\nb: 1\n"),
        ("a:\n- 1\nb: 2\n", Remove(("a", 0)), "a: []\nb: 2\n"),
        ("a: [1, 2, 3]\n", Remove(("a", 1)), "a: [1, 3]\n"),
        ("a: [1, 2, 3, 4]\n", Remove(("a", 3)), "a: [1, 2, 3]\n"),
        ("a: # c\n  b: 1 # d\nc: 2\n", Remove(("a", "b")), "a: {} # c\nc: 2\n"),
        ("a: # c\n# e\n- 1 # d\nc: 2\n", Remove(("a", 0)), "a: [] # c\n# e\nc: 2\n"),
        ("a: # c\n  b: 1", Remove(("a", "b")), "a: {} # c"),
        # Whole values.
        ("a:\n  b: 1\n", Set(("a",), "x"), "a: x\n"),
        ("a: x\n", Set(("a",), {"b": 1}), "a: {b: 1}\n"),
    ],
)  # fmt: skip
def test_one_edit(text: str, operation: Operation, expected: str) -> None:
    assert edit(text, operation) == expected


def test_edits_of_one_place_become_one() -> None:
    text = "a:\n  b: 1\n"
    new = edit(
        text, Set(("s", "x"), 1), Set(("s", "q", "z"), 2), Append(("s", "l"), "m"),
        Append(("s", "l"), "o"), Set(("a", "c"), 3), Remove(("a", "b")),
    )  # fmt: skip
    assert new == "a:\n  c: 3\ns:\n  x: 1\n  q:\n    z: 2\n  l:\n    - m\n    - o\n"


def test_several_items_go() -> None:
    text = "a: [1, 2, 3, 4] # c\nb:\n- 1\n- 2 # two\nc: {x: 1, v: 2, z: 3}\n"
    new = edit(
        text, Remove(("a", 2)), Remove(("a", 1)), Remove(("a", 3)), Append(("a",), 5),
        Remove(("b", 0)), Remove(("b", 1)), Append(("b",), 7), Remove(("c", "z")),
        Remove(("c", "v")),
    )  # fmt: skip
    assert new == "a: [1, 5] # c\nb:\n- 7 # two\nc: {x: 1}\n"


@pytest.mark.parametrize(
    ("text", "operation", "reason"),
    [
        ("a: &x {b: 1}\nc: *x\n", Set(("a", "b"), 2), "has an anchor, &x, that others use"),
        ("a: &x {b: 1}\nc: *x\n", Set(("c", "b"), 2), "is an alias of &x"),
        ("a: {b: &x 1}\nc: *x\n", Remove(("a", "b")), "that others use"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n", Set(("c", "b"), 2), "merge key"),
        ("a: 1\n", Set(("a", "b"), 2), "a is a scalar"),
        ("a: [1]\n", Set(("a", 3), 2), "is not there"),
        ("a: [\n", Set(("a",), 2), "cannot be read"),
        ("# nothing\n", Set(("a",), 2), "is empty"),
        ("a: 1\n", Remove(("a",)), "nothing of the document would stay"),
        ("? [a]\n: 1\nb: 2\n", Set(("b", "c"), 2), "cannot be read"),
    ],
)
def test_refusals(text: str, operation: Operation, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Editable(text).replacements([operation])


def test_an_anchor_of_its_own_is_no_hindrance() -> None:
    assert edit("a: &x\n  b: 1\n", Set(("a", "c"), 2)) == "a: &x\n  b: 1\n  c: 2\n"
    assert edit("a: &x {b: 1}\n", Set(("a", "c"), 2)) == "a: &x {b: 1, c: 2}\n"


def test_a_new_document() -> None:
    value: dict[str, Data] = {
        "kind": "Service",
        "spec": {"ports": [{"port": 80}], "clusterIP": "None"},
    }
    text = render(value)
    assert text == ("kind: Service\nspec:\n  ports:\n    - port: 80\n  clusterIP: None\n")
    assert render(value, "\r\n") == text.replace("\n", "\r\n")


# Any document ---------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "name", "on", "1", "x y", "c/d", "é"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 99),
    st.sampled_from(["", "x", "true", "12", "a: b", "# c", "two\nlines\n", "'", '"', "é", "- a"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@st.composite
def texts(draw: st.DrawFn) -> str:
    value = draw(DOCUMENTS)
    style = draw(st.sampled_from([None, False, True]))
    text: str = yaml.safe_dump(
        value, default_flow_style=style, indent=draw(st.sampled_from([2, 4])),
        allow_unicode=True, sort_keys=False,
    )  # fmt: skip
    lines = text.splitlines()
    if draw(st.booleans()) and not any("\n" in str(item) for item in _leaves(value)):
        lines = [
            f"{line} # c" if line and not line.endswith(("'", '"')) else line for line in lines
        ]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + newline


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += _paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _paths(item, (*path, index))
    return found


@settings(max_examples=400)
@given(st.data())
def test_any_edit_of_any_document(data: st.DataObject) -> None:
    text = data.draw(texts())
    (document,) = load(text)
    if not isinstance(document, Document) or not isinstance(document.value, dict):
        return
    path = data.draw(st.sampled_from(_paths(document.value)))
    kind = data.draw(st.sampled_from(["set", "below", "remove", "append", "prepend"]))
    operation: Operation
    if kind == "remove":
        operation = Remove(path)
    elif kind == "append":
        operation = Append(path, data.draw(VALUES))
    elif kind == "prepend":
        operation = Prepend(path, data.draw(VALUES))
    elif kind == "below":
        operation = Set((*path, "new", "inner"), data.draw(VALUES))
    else:
        operation = Set(path, data.draw(VALUES))
    try:
        found = Editable(text).replacements([operation])
    except Refused:
        return
    new = apply(text, found)
    (after,) = load(new)
    assert isinstance(after, Document), (text, operation, new)
    assert after.value == edited(document.value, [operation]), (text, operation, new)
    if document.offsets and document.chunk.text == text:  # what is known of it tells the same
        known = Editable(text, document.value, document.offsets)
        assert known.replacements([operation]) == found
        before = deepcopy(document.value)
        assert edited(document.value, [operation], is_tree=True) == after.value
        assert document.value == before
    # Applied to what it gives, a change of a value that is there changes nothing.
    if kind == "set":
        assert apply(new, Editable(new).replacements([operation])) == new


OPERATIONS = st.lists(
    st.one_of(
        st.builds(Set, st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), st.integers(0, 3)),
        st.builds(Set, st.tuples(st.sampled_from("abn")), st.just({"x": [1]})),
        st.builds(Append, st.tuples(st.sampled_from("cn")), st.integers(0, 3)),
        st.builds(Prepend, st.tuples(st.sampled_from("cn")), st.integers(0, 3)),
        st.builds(Append, st.tuples(st.just("a"), st.just("l")), st.integers(0, 3)),
        st.builds(Set, st.tuples(st.just("d"), st.integers(0, 2), st.just("k")), st.integers(0, 3)),
        st.builds(Remove, st.tuples(st.just("d"), st.integers(0, 2))),
        st.builds(Remove, st.tuples(st.sampled_from("abc"))),
    ),
    max_size=6,
)


@given(OPERATIONS)
def test_what_is_shared_with_an_edited_value_stays_as_it_was(operations: list[Operation]) -> None:
    value: Value = {
        "a": {"x": 1, "l": [1]}, "b": None, "c": [1], "d": [{"k": 1}, {"k": [2]}, {}], "e": {"y": 1},
    }  # fmt: skip
    before = deepcopy(value)
    results: list[object] = []
    for is_tree in (False, True):
        try:
            results.append(edited(value, operations, is_tree=is_tree))
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            results.append(type(error))
        assert value == before
    assert results[0] == results[1]

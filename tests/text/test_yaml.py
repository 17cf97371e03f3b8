"""Streams of documents: what is one, what it holds, and where it breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.location import KeyPath, Span
from seawall.text import yaml
from seawall.text.places import MAX_REPEATED, MAX_TIMES, locate, repeated_keys
from seawall.text.scalars import Value
from seawall.text.yaml import MAX_DEPTH, Broken, Document, load, split


def values(text: str) -> list[Value]:
    result = []
    for document in load(text):
        assert isinstance(document, Document), document
        result.append(document.value)
    return result


def only(text: str) -> Document:
    (document,) = load(text)
    assert isinstance(document, Document), document
    return document


def broken(text: str) -> Broken:
    (document,) = load(text)
    assert isinstance(document, Broken), document
    return document


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", [{"a": 1}]),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("---\na: 1\n--- # two\nb: 2\n---\t\nc: 3", [{"a": 1}, {"b": 2}, {"c": 3}]),
        ("a: 1\r\n---\r\nb: 2\r\n--- # x\r\nc: 3\r\n", [{"a": 1}, {"b": 2}, {"c": 3}]),
        ("a: 1\r---\rb: 2\r", [{"a": 1}, {"b": 2}]),
        ("\ufeffa: 1\n", [{"a": 1}]),
        ("\ufeff---\na: 1\n", [{"a": 1}]),
        ("a: 1\n\ufeff---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\n\ufeff# joined by cat\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("--- {a: 1}\n--- [b]\n--- c\n--- 'd'\n", [{"a": 1}, ["b"], "c", "d"]),
        ("--- |\n text\n--- >\n more\n", ["text\n", "more\n"]),
        ("a: 1\n...\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\n... # end\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("...\n---\n...\n---\na: 1\n", [{"a": 1}]),
        ("# only\n# comments\n", []),
        ("", []),
        ("\n \n\t\n---\n---\n# c\n---\n", []),
        ("%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("%TAG ! tag:x,2000:\n---\na: !b 1\n---\nc: 1", [{"a": "1"}, {"c": 1}]),
        ("...\n# c\n%TAG !e! tag:x,2000:\n---\na: !e!b 1\n", [{"a": "1"}]),
        ("a: |\n  ---\n  b\n---\nc: 1\n", [{"a": "---\nb\n"}, {"c": 1}]),
        ("a: ----\n---b: 1\n", [{"a": "----", "---b": 1}]),
        ("a: 1\x85---\x85b: 2", [{"a": 1}, {"b": 2}]),
        ('{"a": 1}', [{"a": 1}]),
        ('{"a": 1}\n---\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('{"a": 1}\n{"b": 2}\n\n {"c":\n 3}\n', [{"a": 1}, {"b": 2}, {"c": 3}]),
        ('\n{\n\t"a":\t"\\ud83d\\ude00",\n\t"b": "\\/"\n}\n', [{"a": "😀", "b": "/"}]),
        ('[{"a": 1}]', [[{"a": 1}]]),
    ],
)
def test_documents_of_a_stream(text: str, expected: list[Value]) -> None:
    assert values(text) == expected


def test_lines_count_from_the_start_of_the_file() -> None:
    text = "# one\n---\na: 1\r\n---\r\n\r\nb: [\r\n---\nc:\n  - d\n"
    first, second, third = load(text)
    assert isinstance(first, Document)
    assert isinstance(second, Broken)
    assert isinstance(third, Document)
    assert (first.number, second.number, third.number) == (0, 1, 2)
    assert locate(first.chunk, [("a",)])["a",].span == Span(3, 4, 3, 5)
    assert second.position == (7, 1)
    assert locate(third.chunk, [("c", 0)])["c", 0].span == Span(9, 5, 9, 6)


def test_a_broken_document_hides_no_other() -> None:
    parts = ["a: 1\n", "b: [\n", "c: 3\n", "\td: 4\n", "e: *none\n", "f: 6\n"]
    found = list(load("---\n".join(parts)))
    assert [type(item) for item in found] == [Document, Broken, Document, Broken, Broken, Document]
    assert [item.position for item in found if isinstance(item, Broken)] == [(4, 1), (7, 1), (9, 4)]


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("a: b: c", (1, 5), "mapping values are not allowed"),
        ("a: 1\nb: [1,\n  2\nc: 3\n", (4, 2), "expected ',' or ']'"),
        ("a: 'x\n", (2, 1), "unexpected end of stream"),
        ("a:\n\t- b\n", (2, 1), "cannot start any token"),
        ("ok: 1\nb: *x\n", (2, 4), "alias *x has no anchor before it"),
        ("a: &x\n  b: [*x]\n", (2, 7), "alias *x refers to what it stands in"),
        ("a: 1\n? [b]\n: 1\n", (2, 3), "a collection as a mapping key"),
        ("a: &x [1]\n*x : 1\n", (2, 1), "a collection as a mapping key"),
        ("a: 1\n~: 2\n", (2, 1), "null as a mapping key"),
        ("<<: 1\n", (1, 5), "the merge key << takes a mapping"),
        ("<<: [{a: 1}, b]\n", (1, 15), "the merge key << takes a mapping"),
        ("a: &x [{b: 1}]\nc:\n  <<: *x\n", (3, 7), "the merge key << takes a mapping"),
        ("a: !!int x\n", (1, 4), "!!int does not fit 'x'"),
        ("é: 😀\x01\n", (1, 5), "U+0001"),
        ("a: b\x85c: 1\x85d: \x07", (1, 14), "U+0007"),
        ("a: \x85 b: c: d\n", (1, 10), "mapping values are not allowed"),
        ("a: 1\u2028b: [\n\n", (3, 1), "expected"),
        ("a\r\n b: \r\n c: d\r\n", (2, 3), "mapping values are not allowed"),
        ("a:\r b: c: d\r", (2, 6), "mapping values are not allowed"),
        ("x: \ud800\n", (1, 4), "U+D800"),
        ("%FOO bar\n", (1, 5), "unknown directive"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), (1, MAX_DEPTH + 1), "nested deeper"),
        ("- " * MAX_DEPTH + "[]", (1, 2 * MAX_DEPTH + 1), "nested deeper than 200 levels"),
    ],
)
def test_where_a_document_breaks(text: str, position: tuple[int, int] | None, reason: str) -> None:
    found = broken(text)
    assert found.position == position, found
    assert reason in found.reason


def test_depth_is_counted_through_aliases() -> None:
    chain = "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{x: *a{i - 1}}}\n" for i in range(1, MAX_DEPTH + 10)
    )
    found = broken(chain)
    assert "nested deeper" in found.reason
    assert found.position.line == MAX_DEPTH
    lines = chain.splitlines(keepends=True)
    assert only("".join(lines[: MAX_DEPTH - 1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x [1, {b: 2}]\nc: *x\nd: [*x]", {"a": [1, {"b": 2}], "c": [1, {"b": 2}],
                                               "d": [[1, {"b": 2}]]}),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("a: &k key\n*k : 1", {"a": "key", "key": 1}),
        ("a: &k 12\n*k : 1", {"a": 12, "12": 1}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("a: &x [&x 1, *x]\nb: *x", {"a": [1, 1], "b": 1}),
        ("<<: {a: 1, b: 1}\na: 2", {"a": 2, "b": 1}),
        ("a: 2\n<<: {a: 1, b: 1}", {"a": 1, "b": 1}),  # as go-yaml v2 does, alas
        ("<<: [{a: 1}, {a: 2, b: 2}]", {"a": 1, "b": 2}),
        ("<<: {a: 1}\n<<: {b: 2}", {"a": 1, "b": 2}),
        ("a: &a {x: 1}\nb: &b {<<: *a, z: 2}\nc: {<<: [*b], x: 3}",
         {"a": {"x": 1}, "b": {"x": 1, "z": 2}, "c": {"x": 3, "z": 2}}),
        ("'<<': 1", {"<<": 1}),
        ("a: <<", {"a": "<<"}),
        ("!!merge <<: {a: 1}", {"a": 1}),
        ("1: a\n1.5: b\ntrue: c\n0x10: d\n", {"1": "a", "1.5": "b", "true": "c", "16": "d"}),
        ("a:\nb: \n- c:\n", {"a": None, "b": [{"c": None}]}),
    ],
)  # fmt: skip
def test_values(text: str, expected: Value) -> None:
    assert only(text).value == expected


def test_aliases_share_the_anchored_value() -> None:
    value = only("a: &x {b: 1}\nc: *x\n").value
    assert isinstance(value, dict)
    assert value["a"] is value["c"]


# Repeated keys --------------------------------------------------------------------------------


def repeated(text: str) -> list[tuple[KeyPath, list[tuple[int, int]]]]:
    document = only(text)
    found = repeated_keys(document.chunk)
    assert document.may_repeat_keys or not found
    return [(path, [(span.line, span.column) for span in spans]) for path, spans in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\n", []),
        ("a: 1\nb: 2\na: 3\n", [(("a",), [(1, 1), (3, 1)])]),
        ("---\nx:\n- {a: 1, 'a': 2, \"a\": 3}\n", [(("x", 0, "a"), [(3, 4), (3, 10), (3, 18)])]),
        ("1: a\n'1': b\n", [(("1",), [(1, 1), (2, 1)])]),
        ("yes: a\non: b\n", [(("true",), [(1, 1), (2, 1)])]),
        ("a: &k b\nb: 1\n*k : 2\n", [(("b",), [(2, 1), (3, 1)])]),
        ("&k b: 1\n*k : 2\n", [(("b",), [(1, 1), (2, 1)])]),
        ("b: {<<: {a: 1}, a: 2}\n", []),
        ("b: {a: 2, <<: {a: 1}}\n", []),
        ("<<: {a: 1}\n<<: {b: 1}\n", []),
        ("a:\n  b: 1\na:\n  b: 1\n  b: 2\n", [(("a",), [(1, 1), (3, 1)]),
                                              (("a", "b"), [(4, 3), (5, 3)])]),
        ("x: &x {a: 1, a: 2}\ny: *x\n", [(("x", "a"), [(1, 8), (1, 14)])]),
        ("a:\n- - b: 1\n    b: 2\n", [(("a", 0, 0, "b"), [(2, 5), (3, 5)])]),
        ('{"a": "\\ud83d\\ude00", "b": {"c": 1,\n "c": 2}}', [(("b", "c"), [(1, 29), (2, 2)])]),
        ("k: {}\nd:\n" + "".join(f"  k{i // 2}: 1\n" for i in range(10)), [
            (("d", f"k{i}"), [(2 * i + 3, 3), (2 * i + 4, 3)]) for i in range(5)]),
    ],
)  # fmt: skip
def test_repeated_keys(text: str, expected: object) -> None:
    assert repeated(text) == expected


def test_the_last_one_counts() -> None:
    assert only("a: 1\na: 2\n").value == {"a": 2}
    assert locate(only("a: 1\na: 2\n").chunk, [("a",)])["a",].span.line == 2


def test_repeated_keys_are_capped() -> None:
    many = "a: 1\n" * 5000 + "".join(f"b{i // 2}: 1\n" for i in range(5000))
    found = repeated(many)
    assert len(found) == MAX_REPEATED
    path, lines = found[0]
    assert path == ("a",)
    assert len(lines) == MAX_TIMES
    assert lines[:3] == [(1, 1), (2, 1), (3, 1)]
    assert lines[-1] == (5000, 1)


def test_markers_leave_no_text_out() -> None:
    text = "# a\n%YAML 1.1\n---\na: 1\n--- # x\nb: 2\n---\n---\n# c\nc: 3\n"
    assert "".join(chunk.text for chunk in split(text)) == text.replace("---\n---", "---")


PIECES = (
    "---",
    "...",
    "--",
    ".",
    "-",
    "\n",
    "\n---",
    "\n...\n",
    " ",
    "a",
    "\t",
    "#",
    "\r",
    "\ufeff",
)


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_markers_are_found_by_their_line_feeds_as_well(text: str) -> None:
    found = [marker.span() for marker in yaml._markers(text)]
    assert found == [marker.span() for marker in yaml._MARKER.finditer(text)]

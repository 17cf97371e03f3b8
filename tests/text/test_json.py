"""JSON: read as YAML where that can be, and the same otherwise."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.location import KeyPath, Span
from seawall.text.json import JsonParser
from seawall.text.places import locate
from seawall.text.scalars import Value
from seawall.text.yaml import MAX_DEPTH, Broken, Document, load, new_parser, split

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
objects = st.dictionaries(st.text(), values, max_size=4)


def paths(value: Value, path: KeyPath = ()) -> list[KeyPath]:
    result = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            result += paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            result += paths(item, (*path, index))
    return result


@given(objects, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_whatever_the_standard_library_writes(
    value: dict[str, Value], indent: int | str | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    (document,) = load(text)
    assert isinstance(document, Document)
    assert document.value == value


def marked(text: str, span: Span) -> str:
    lines = text.split("\n")
    assert span.line == span.end_line
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


@given(objects, st.sampled_from([None, 2]))
def test_places(value: dict[str, Value], indent: int | None) -> None:
    # The key makes YAML's reader refuse it, and is to be found all the same.
    value = {"\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"): value}
    text = json.dumps(value, indent=indent)
    (document,) = load(text)
    assert isinstance(document, Document)
    wanted = paths(document.value)
    for path, place in locate(document.chunk, wanted).items():
        assert place.found
        found: Value = document.value
        for key in path:
            found = found[key]  # type: ignore[index]
        text_there = marked(text, place.span)
        if not isinstance(found, dict | list):
            assert json.loads(text_there) == found
        elif path and isinstance(path[-1], str):
            assert json.loads(text_there) == path[-1]
        else:
            assert text_there in ("{", "[")


def test_events_are_those_of_yaml() -> None:
    text = '{"a": [1, "b", {"c": null}, []], "d": {}}'
    ours, theirs = JsonParser(text), new_parser(text)
    structure = []
    for parser in (ours, theirs):
        events = []
        while (event := parser.get_event()) is not None:
            if hasattr(event, "value") or "Sequence" in repr(event) or "Mapping" in repr(event):
                events.append((repr(event), event.start_mark.index, event.end_mark.index))
        structure.append(events)
    assert structure[0] == structure[1]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d"', '{"a": NaN, "b": "\\ud83d\\ude00"}', '{"a": 01, "b": "\\ud83d\\ude00"}',
        '{"a": "\x01"}',
    ],
)  # fmt: skip
def test_what_is_no_json_either(text: str) -> None:
    (document,) = load(text)
    assert isinstance(document, Broken)


def test_depth_limit() -> None:
    ok = '{"k": "\\ud83d\\ude00", "a": ' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}"
    (document,) = load(ok)
    assert isinstance(document, Document)
    deep = ok.replace("[]", "[[]]")
    (document,) = load(deep)
    assert isinstance(document, Broken)
    assert "nested deeper" in document.reason
    (document,) = load('{"a":' * 100_000)
    assert isinstance(document, Broken)


def test_streams() -> None:
    text = '{"a": 1}\n{"b":\n 2}\n  {"c": "\\ud83d\\ude00"}\n{"d": \n{"e": 5}\nrest: 1\n'
    found = list(load(text))
    assert [chunk.line for chunk in split(text)] == [0, 1, 3, 4, 5, 5]
    assert [item.value if isinstance(item, Document) else item.position for item in found] == [
        {"a": 1}, {"b": 2}, {"c": "😀"}, (6, 1), {"e": 5}, {"rest": 1},
    ]  # fmt: skip
    third = found[2]
    assert isinstance(third, Document)
    assert locate(third.chunk, [("c",)])["c",].span == Span(4, 9, 4, 23)
    (one_line,) = load('{"a": 1} {"b": 2}')
    assert isinstance(one_line, Broken)
    (yaml,) = load("{a: 1,\n b: }\n}\n{")
    assert isinstance(yaml, Broken)

"""JSON: read as YAML where that can be, and the same otherwise."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seawall.core.location import KeyPath, Span
from seawall.text.json import JsonParser, load_json, load_plain
from seawall.text.places import locate
from seawall.text.scalars import Value
from seawall.text.yaml import (
    MAX_DEPTH,
    Broken,
    Budget,
    Chunk,
    Document,
    build,
    load,
    new_parser,
    split,
)

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
@example(value={"": "\x85"}, indent=None, ascii_only=False)  # libyaml folds it
@example(value={"a\u2028 b": ["\u2029", " \u2028 x", "\ufeff\x7f\x80"]}, indent=1, ascii_only=False)
@example(  # and takes these for markers
    value={"a": "b\u2028--- c\x85... d"}, indent=None, ascii_only=False
)
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


def test_places_beside_line_breaks_of_unicode() -> None:
    text = '{"a\x85 b": {"\u2028": 1,\n "c": "\u2029"}}'
    (document,) = load(text)
    assert isinstance(document, Document)
    assert document.value == {"a\x85 b": {"\u2028": 1, "c": "\u2029"}}
    places = locate(document.chunk, paths(document.value)[1:])
    assert [marked(text, place.span) for place in places.values()] == [
        '"a\x85 b"', "1", '"\u2029"',
    ]  # fmt: skip
    assert all(place.found for place in places.values())


def test_line_breaks_of_unicode_in_streams() -> None:
    text = '{"a": "\x85--- b"}\n...\n{"c": "\u2028... d"}\n'
    assert [item.value for item in load(text) if isinstance(item, Document)] == [
        {"a": "\x85--- b"}, {"c": "\u2028... d"},
    ]  # fmt: skip
    # What is no JSON is YAML, where they end lines.
    (yaml,) = load('{"a": "b\x85c", d: e}')
    assert isinstance(yaml, Document)
    assert yaml.value == {"a": "b c", "d": "e"}
    assert locate(yaml.chunk, [("d",)])["d",].found
    assert len(list(split('{"a": 1\x85--- b'))) == 2


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


SCALARS = st.sampled_from(
    ["0", "-0", "1.50", "1e400", "-1E-3", "123456789012345678901", "true", "null", r'"\u00e9\n"',
     r'"\ud83d\ude00"', r'"\/"', '"<<"', '"# no comment"', '"%TAG"', '"---"', '"yes"', '""'],
)  # fmt: skip
KEYS = st.sampled_from(['"a"', '"b"', '"<<"', '"yes"', '""', f'"{"k" * 1025}"'])
BLANKS = st.sampled_from(["", "", " ", "\n", "\n  ", "\r\n"])


def joined(begin: str, members: list[str], blank: str, end: str) -> str:
    return f"{begin}{blank}{f',{blank}'.join(members)}{blank}{end}"


def collections(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    member = st.builds("{}{}:{}{}".format, KEYS, BLANKS, BLANKS, inner)
    mappings = st.builds(joined, st.just("{"), st.lists(member, max_size=4), BLANKS, st.just("}"))
    arrays = st.builds(joined, st.just("["), st.lists(inner, max_size=4), BLANKS, st.just("]"))
    return mappings | arrays


texts = st.tuples(
    KEYS, st.recursive(SCALARS, collections, max_leaves=12), BLANKS, BLANKS
).map(lambda made: f"{{{made[2]}{made[0]}:{made[1]}{made[3]}}}{made[2]}")  # fmt: skip


@given(texts)
def test_what_is_read_faster_is_the_same(text: str) -> None:
    chunk = Chunk(text, 3, 7)
    slow, fast = Budget(len(text)), Budget(len(text))
    found = load_plain(chunk, 2, fast)
    try:
        expected: object = build(new_parser(text), chunk, 2, slow)
    except Exception:  # noqa: BLE001 - YAML refuses it: then it is read as JSON
        slow = Budget(len(text))
        expected = load_json(chunk, 2, slow)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 is no 1.0
    assert fast.values == slow.values
    counting = Budget(len(text))
    assert load_plain(chunk, 2, counting, lambda _: False) == _without_offsets(found)
    assert counting.values == slow.values


def _without_offsets(found: Document | None) -> Document | None:
    return None if found is None else found._replace(offsets=b"")


@pytest.mark.parametrize(
    "text",
    [
        "{a: 1}",
        '{"a": NaN}',
        '{"a": "\u2028"}',
        '{"a": 1} # b',
        '{"a": 1}}',
        pytest.param(f'{{"a": {"[" * MAX_DEPTH}{"]" * MAX_DEPTH}}}', id="too deep"),
        pytest.param(f'{{"a": {"[" * 100_000}{"]" * 100_000}}}', id="deep"),
    ],
)
def test_what_is_left_to_the_reader_of_yaml(text: str) -> None:
    assert load_plain(Chunk(text, 0), 0, Budget(len(text))) is None
    assert load_plain(Chunk(text, 0), 0, Budget(len(text)), lambda _: False) is None


def test_no_more_values_than_a_file_may_have() -> None:
    budget = Budget(0)
    budget.values = 3
    assert load_plain(Chunk('{"a": [1]}', 0), 0, budget) is None
    assert budget.values == 3
    budget.values = 4
    assert load_plain(Chunk('{"a": [1]}', 0), 0, budget) is not None
    assert budget.values == 4 - 4 - 5


def test_blanks_behind_it_cost_nothing() -> None:
    text = '{"a": 1}' + " " * 1_000_000  # tried at each of them, this would take an hour
    (document,) = load(text)
    assert isinstance(document, Document)
    assert document.value == {"a": 1}

"""Parts of large JSON documents are what the standard library makes of the whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories.feeds.json_parts import entries, listed
from seawall.advisories.feeds.values import Malformed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES), st.sampled_from([None, 1]), st.booleans())
def test_entries_are_those_of_the_object(
    value: dict[str, Any], indent: int | None, escaped: bool
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    try:
        json.loads(data)
    except UnicodeDecodeError:  # a lone surrogate, written as such
        with pytest.raises(Malformed):
            list(entries(data))
        return
    assert dict(entries(data)) == value


@given(st.lists(VALUES), st.dictionaries(st.text(), VALUES, max_size=2), st.booleans())
def test_the_values_of_a_list(values: list[Any], beside: dict[str, Any], first: bool) -> None:
    beside.pop("here", None)
    whole = {"here": values, **beside} if first else {**beside, "here": values}
    assert list(listed(json.dumps(whole).encode(), "here")) == values
    assert list(listed(json.dumps(values).encode(), "here")) == values


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is no JSON"),
        (b"5", "it is no JSON"),
        (b'{"here": 5}', "there is no list here in it"),
        (b'{"here": [1, 2', "it is no JSON"),
        (b'{"here": [1 2]}', "it is no JSON"),
        (b'{"a" 1}', "it is no JSON"),
        (b'{"here": [' + b"[" * 100_000, "it is nested too deep"),
        (b'{"here": ["\xff"]}', "it is not UTF-8"),
    ],
)
def test_what_is_broken(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        list(listed(data, "here"))


def test_what_came_before_the_break_was_given() -> None:
    found = listed(b'{"here": [1, 2, ', "here")
    assert [next(found), next(found)] == [1, 2]


@given(st.binary(max_size=40))
def test_odd_bytes_lead_to_one_error_only(data: bytes) -> None:
    for text in (data, b'{"here": [' + data + b"]}"):
        try:
            told = len(list(listed(text, "here")))
        except Malformed as problem:
            told = len(str(problem))
        assert told >= 0

"""Where values stand in JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.location import KeyPath, Span
from seawall.text.json_places import locate

TEXTS = st.text('ab"\\\\{}[]:,\n\tä𝄞 ', max_size=6)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=10,
)


def paths_of(value: object, path: KeyPath = ()) -> list[tuple[KeyPath, object]]:
    """Every path below a value, with what it leads to."""
    pairs: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    found: list[tuple[KeyPath, object]] = []
    for key, inner in pairs:
        found += [((*path, key), inner), *paths_of(inner, (*path, key))]
    return found


def text_at(text: str, span: Span) -> str:
    lines = text.split("\n")
    assert span.line == span.end_line
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


@given(VALUES, st.sampled_from((None, 1, 4)), st.booleans(), st.data())
def test_each_path_leads_to_its_text(
    value: object, indent: int | None, ascii_only: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    everything = paths_of(value)
    wanted = dict(data.draw(st.lists(st.sampled_from(everything)))) if everything else {}
    found = locate(text, list(wanted))
    assert found.keys() == wanted.keys()
    for path, span in found.items():
        inner = wanted[path]
        if not isinstance(inner, dict | list):
            assert json.loads(text_at(text, span)) == inner
        elif isinstance(path[-1], str):
            assert json.loads(text_at(text, span)) == path[-1]
        else:
            assert text_at(text, span) == json.dumps(inner)[0]


def test_what_is_not_there_is_left_out() -> None:
    assert locate('\ufeff{"a": [1]}', [("b",), ("a", 1), ("a", 0), ("a", 0, "c")]) == {
        ("a", 0): Span(1, 9, 1, 10)
    }


@pytest.mark.parametrize("text", ["", "{", '{"a"', '{"a": ', '{"a": 1,', "[1", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        locate(text, [("a",), (0,), *[(0,) * n for n in range(1, 2000, 500)]])

"""Lock files in YAML are read by lines as a parser reads them."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.packages import lock_yaml
from seawall.packages.package import Unreadable

LINES = (
    "",
    "# comment",
    "a:",
    "b: 1.10",
    "  c: text with blanks",
    "  d:",
    "    e: 'it''s'",
    '    f: "x"',
    "  - item",
    "- item",
    "    - 'item'",
    "  g: {a: b, 'c': \"d\"}",
    "  g: {}",
    "h: []",
    "h: [a, 'b c', {d: e}]",
    "  i: |-",
    "    text",
    "     more: text",
    "  j: >-",
    "k: true",
    "k: null",
    "k: ~",
    "'quoted key':",
    '"other key": x',
    "/path/1.0.0:",
    "  /@s/a@1.0(b@2):",
    "  n@https://example.org/x:",
    "o: https://example.org/x",
    "p: {a: b: c}",
    "  q: a # comment",
    "r: 'a' # comment",
    "s: &x a",
    "t: *x",
    "u: !!str a",
    "? v",
    ": w",
    "  x: a: b",
    "y: @a",
    "  z: - a",
    "  - a: b",
    "<<: {a: b}",
    "{a: b}",
    "a: b",
    "  a:  b  ",
    "\ta: b",
    "1: 2",
    "  'a': 'b",
    "c'",
    "a:b",
    "  aa: {a: 'b, c', d: e f, g: ^1.0.0 || >=2}",
    "  bb: [^1, ~2, >=3]",
    "cc: {a: }",
    "dd: {a}",
    "ee: [a b , c]",
    "ff: a]",
    "gg: ]",
    'hh: "a\\tb"',
    'ii: "a" b',
    "jj: '",
    "kk: ''",
    '  ll: ""',
    "mm: -1",
    "nn: - 1",
    "oo: %a",
)


def plain(value: Any) -> Any:
    """A value with its scalars as texts, as PyYAML's basic loader has them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


def same(ours: Any, theirs: Any) -> bool:
    """Whether values agree; the text of block scalars is passed over, and null is any empty one."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if ours is None:
        return theirs in ("", "null", "~")
    return ours in (theirs, "")


@settings(max_examples=400)
@given(st.lists(st.sampled_from(LINES), max_size=9).map("\n".join))
def test_what_is_read_by_lines_is_read_the_same(text: str) -> None:
    try:
        readers = lock_yaml._documents(text)
    except lock_yaml._Unsure:
        return
    expected = yaml.load(text, Loader=yaml.BaseLoader) or {}
    ours = readers[0].root if readers else {}
    assert same(plain(ours), expected), (ours, expected)


def test_lines_and_documents() -> None:
    first, second = lock_yaml.read("---\na:\n  b: 1\n\n  'c':\n    - d\n---\ne: {f: g}\n")
    assert first.value == {"a": {"b": "1", "c": ["d"]}}
    assert first.lines == {("a", "b"): 3, ("a", "c"): 5}
    assert second.value == {"e": {"f": "g"}}


def test_what_no_tool_writes_is_left_to_the_full_reader() -> None:
    [lock] = lock_yaml.read("a: &x {b: 'c'} # why\nd: *x\n")
    assert lock.value == {"a": {"b": "c"}, "d": {"b": "c"}}
    assert lock.lines == {}


@pytest.mark.parametrize(
    ("text", "line"), [("a: [", 1), ("a: b\nc: 'd\n", 2), ("- a", 1), ("a: *b", 1)]
)
def test_what_is_no_yaml(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as raised:
        lock_yaml.read(text)
    assert raised.value.line >= line

"""TOML: the quick reader against the full one, and the lines of keys against a slow oracle."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.text import toml_simple
from seawall.text.toml import TomlError, parse

BARE = st.sampled_from(["a", "b", "c", "rules", "x-1", "host-pid", "7"])
KEY = st.one_of(
    BARE, st.sampled_from(['"KSV-1"', '"a b"', "'q'", '"é"', '"a.b"', '"\\u0061"', '""'])
)
SCALAR = st.sampled_from(
    ['"text"', "'literal'", '""', "true", "false", "0", "42", "-1", "1_000", "0x1f", "1.5", "inf",
     "2027-01-31", "2027-01-31T10:00:00Z", '"\\n"', '"# no comment"', '"[x]"', "'''\nmany\n'''",
     '"""\nmany\n# lines\n"""', "{ k = 1, l = [2] }", "{}", '"=""', "9999999999999999"]
)  # fmt: skip
GAP = st.sampled_from(["", " ", "\n", ' # note ] [ , "\n', "\n\n  "])


@st.composite
def lists(draw: st.DrawFn) -> str:
    items = draw(st.lists(SCALAR, max_size=3))
    text = "["
    for item in items:
        text += draw(GAP) + item + draw(GAP) + ","
    return text.removesuffix(",") * draw(st.booleans()) + text * (not items) + "]"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Documents that are nearly all valid, with headers, dotted keys, comments and blank lines."""
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 9))):
        kind = draw(st.integers(0, 9))
        if kind < 5:
            key = ".".join(draw(st.lists(KEY, min_size=1, max_size=draw(st.integers(1, 3)))))
            value = draw(st.one_of(SCALAR, SCALAR, lists()))
            lines.append(f"{key} = {value}{draw(st.sampled_from(['', ' # note', '  ']))}")
        elif kind < 7:
            lines.append(f"[{'.'.join(draw(st.lists(KEY, min_size=1, max_size=3)))}]")
        elif kind < 9:
            lines.append(f"[[{'.'.join(draw(st.lists(KEY, min_size=1, max_size=3)))}]]")
        else:
            lines.append(draw(st.sampled_from(["", "# a = 1", "  ", "\t# [x]"])))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n"]))


def reference(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@settings(max_examples=300)
@given(documents())
def test_the_quick_reader_agrees_or_declines(text: str) -> None:
    quick = toml_simple.read(text)
    if quick is not None:
        assert quick.value == reference(text)


@settings(max_examples=400)
@given(documents(), st.integers(0, 400), st.sampled_from(list("\n\r\t\"'[]{}#=.,\\ \x00\x7fé0a-")))
def test_the_quick_reader_takes_nothing_that_is_broken(text: str, at: int, mark: str) -> None:
    at = min(at, len(text))
    for changed in (text[:at] + mark + text[at:], text[:at] + text[at + 1 :]):
        quick = toml_simple.read(changed)
        if quick is not None:
            assert quick.value == reference(changed)


def oracle(text: str) -> dict[str, int]:
    """The line on which each key was brought in, told by ``tomllib`` alone.

    A line belongs to the statement whose prefix of lines is the first to parse and to hold the key.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    seen: dict[str, int] = {}
    begun = 1
    for number in range(1, len(lines) + 1):
        value = reference("\n".join(lines[:number]))
        if value is None:
            continue
        while begun < number and not lines[begun - 1].strip().split("#")[0]:
            begun += 1
        for path in _paths(value):
            seen.setdefault(repr(path), begun)
        begun = number + 1
    return seen


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            if isinstance(inner, dict):
                found += _paths(inner, (*path, number))
    return found


@settings(max_examples=400)
@given(documents())
def test_lines_are_those_of_the_statement_that_brings_a_key_in(text: str) -> None:
    try:
        document = parse(text)
    except TomlError:
        assert reference(text) is None
        return
    assert document.value == reference(text)
    expected = oracle(text)
    for path, line in document.lines.items():
        # A table that a longer header has brought in may get a header of its own later.
        own_header = text.split("\n")[line - 1].lstrip().startswith("[")
        assert line == expected[repr(path)] or (own_header and line > expected[repr(path)]), path
    for path in _paths(document.value):
        assert document.line(path) == document.line((*path, "absent", 3))


def test_lines_of_what_is_nested() -> None:
    document = parse('a = 1\n[[s]]\nx = 1\n\n[[s]]\ny.z = 1\n[t.u]\n"k.l" = 2\n')
    assert document.line(("s", 1, "y", "z")) == 6
    assert document.line(("s", 0, "absent")) == 2
    assert document.line(("t", "u", "k.l")) == 8
    assert document.line(("nothing",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("a = \n", 1, 5), ("a = 1\nb\n", 2, 2), ("a = [1,\n", 2, 0), ('a = "x\n', 1, 7)],
)
def test_errors_have_their_place(text: str, line: int, column: int) -> None:
    with pytest.raises(TomlError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100_000,
        ".".join("a" * 200_000) + " = 1",
        "[" + ".".join("a" * 200_000) + "]",
        "[[" + ".".join("a" * 200_000) + "]]",
        '"a".' * 100_000 + "a = 1",
    ],
)
def test_depth_is_refused_at_once(text: str) -> None:
    with pytest.raises(TomlError, match="nested too deeply"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = 2099-12-31",
        "a = [2024-02-29, 1]",
        "a = 2023-02-29",
        "a = 2099-13-01",
        "a = 0000-01-01",
        "a = 2099-12-31T10:00:00Z",
        "a = 2099-12-31 10:00:00",
        "a = 12345-67-9",
        "a = ２０９９-12-31",
    ],
)
def test_days_are_read_alike_or_left_to_the_full_reader(text: str) -> None:
    found = toml_simple.read(text)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert found is None
    else:
        assert found is None or found.value == value


def test_a_day_needs_no_full_reader() -> None:
    found = toml_simple.read("until = 2099-12-31")
    assert found is not None
    assert str(found.value["until"]) == "2099-12-31"

"""Text for screens: escapes, widths, and excerpts of lines of any kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.reports.visible import excerpt, harmless, visible, width, wrap

ANY_TEXT = st.text(st.characters(categories=None), max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("grün 漢字 🚢", "grün 漢字 🚢"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\tb\r\n", r"a\tb\r\n"),
        ("\x9b\x7f", r"\x9b\x7f"),
        ("\u202ecod.exe\u2066", r"\u202ecod.exe\u2066"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("no\xa0break", r"no\xa0break"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("caf\udce9", r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("##[error]x", r"#\x23[error]x"),
        ("a ##vso[task.setvariable x=y]", r"a #\x23vso[task.setvariable x=y]"),
        ("##teamcity[x]", r"#\x23teamcity[x]"),
        ("###[group]", r"##\x23[group]"),
        ("## heading [1]", "## heading [1]"),
        ("::error::x", r"\x3a:error::x"),
        ("   ::stop-commands::x", r"   \x3a:stop-commands::x"),
        ("std::string", "std::string"),
    ],
)
def test_what_does_not_print_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY_TEXT)
def test_visible_text_prints_and_gives_no_orders(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown
    assert visible(shown) == shown
    assert harmless(shown) == shown


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("漢字", 4), ("\uff41", 2), ("e\u0301", 1), ("é", 1), ("🚢", 2)],
)
def test_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_a_short_line_is_shown_whole() -> None:
    part = excerpt("  privileged: true", 2, 12, 80)
    assert part.text == "  privileged: true"
    assert part.spot == "privileged"
    assert part.marks == "  ^^^^^^^^^^"


def test_tabs_reach_to_the_next_stop() -> None:
    part = excerpt("a\tb\tc", 2, 3, 80)
    assert part.text == "a   b   c"
    assert part.marks == "    ^"


def test_wide_characters_take_two_carets() -> None:
    part = excerpt("name: 漢字 # x", 6, 8, 80)
    assert part.marks == "      ^^^^"


def test_escapes_are_as_wide_as_they_look() -> None:
    part = excerpt("a\x1b[31mb", 6, 7, 80)
    assert part.text == r"a\x1b[31mb"
    assert part.marks == " " * 9 + "^"


def test_a_missing_field_gets_one_caret_after_the_line() -> None:
    part = excerpt("spec:", 40, 60, 80)
    assert part.text == "spec:"
    assert part.marks == "     ^"


def test_a_long_line_is_cut_around_the_spot() -> None:
    line = "x" * 500 + "SPOT" + "y" * 500
    part = excerpt(line, 500, 504, 60)
    assert part.spot == "SPOT"
    assert part.text.startswith("...x")
    assert part.text.endswith("y...")
    assert width(part.text) <= 60
    assert part.marks.index("^") == part.text.index("SPOT")


def test_a_long_line_is_cut_only_where_it_must() -> None:
    line = "image: " + "y" * 500
    part = excerpt(line, 0, 5, 60)
    assert part.text.startswith("image: yyy")
    assert part.text.endswith("...")
    line = "y" * 500 + " end"
    part = excerpt(line, 501, 504, 60)
    assert part.text.startswith("...")
    assert part.text.endswith("y end")


def test_a_spot_longer_than_the_room_is_cut() -> None:
    part = excerpt("k: " + "v" * 1000, 3, 1003, 60)
    assert width(part.text) <= 60
    assert width(part.marks) <= 60


def test_a_hostile_line_costs_only_what_is_shown() -> None:
    line = "\x1b" * 2_000_000
    part = excerpt(line, 1_000_000, 1_900_000, 100)
    assert width(part.text) <= 100


def test_orders_to_a_ci_runner_are_broken_in_excerpts() -> None:
    part = excerpt("# ##[error]x ##vso[y]", 2, 4, 80)
    assert part.text == r"# #\x23[error]x #\x23vso[y]"
    assert part.marks == "  ^^^^^"


@given(ANY_TEXT, st.integers(0, 70), st.integers(0, 70), st.integers(20, 100))
def test_excerpts_fit_and_the_carets_stand_below_the_spot(
    line: str, start: int, end: int, room: int
) -> None:
    part = excerpt(line, start, end, room)
    assert part.text.isprintable()
    assert width(part.text) <= room
    assert part.marks.lstrip(" ").strip("^") == ""
    assert len(part.marks) - len(part.marks.lstrip(" ")) == width(part.before)
    assert part.marks.count("^") == max(1, width(part.spot))


@given(st.text("ab 漢", max_size=80), st.integers(5, 40))
def test_wrapping_loses_nothing(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= room or " " not in line for line in lines)


def test_a_wrapped_line_gives_no_order() -> None:
    assert wrap("aaaa aaaa ::error::x", 10)[1:] == [r"\x3a:error::x"]

"""What counts as the same, and what is told of what does not."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.hardening.images.verification.comparing import (
    Compared,
    Said,
    compare,
    may_be_volatile,
    without_times,
)

OK = (("exit status", "0"),)


def said(text: bytes, facts: tuple[tuple[str, str], ...] = OK, *, is_cut: bool = False) -> Said:
    return Said(facts, "output", text, is_cut)


def test_the_same_bytes_are_the_same() -> None:
    assert compare(said(b"a\n\xff"), said(b"a\n\xff")) == Compared(())


def test_a_status_is_told_and_the_text_is_not() -> None:
    found = compare(said(b"a"), said(b"b", (("exit status", "1"),)))
    assert found == Compared(("exit status: 0 in the original, 1 in the result",))
    assert not may_be_volatile(said(b"a"), said(b"b", (("exit status", "1"),)))


def test_lines_that_differ_are_told() -> None:
    found = compare(said(b"a\nb\nc\n"), said(b"a\nB\nc\n"))
    assert found.differences == ("output, line 2: 'b' in the original, 'B' in the result",)
    found = compare(said(b"a\n" + b"x\n" * 9), said(b"a\n"))
    assert found.differences[0] == "output: 20 bytes in the original, 2 in the result"
    assert found.differences[-1].startswith("and ")
    assert len(found.differences) == 4


def test_lines_without_end_are_cut_when_they_are_told() -> None:
    found = compare(said(b"x" * 10_000), said(b"y" * 10_000))
    assert all(len(line) < 400 for line in found.differences)


def test_times_of_day_are_never_compared() -> None:
    times = [
        (b"at 2026-11-27T00:51:33Z", b"at 2026-11-28T10:00:00+01:00"),
        (b"12:00:01,123 up", b"12:00:02,9 up"),
        (b"Date: Fri, 27 Nov 2026 00:51:33 GMT", b"Date: Sat, 28 Nov 2026 01:00:00 GMT"),
        (b"[27/Nov/2026:00:51:33 +0000] x", b"[28/Nov/2026:00:51:34 +0000] x"),
    ]
    for one, other in times:
        found = compare(said(one), said(other))
        assert not found.differences, one
        assert "never the same" in found.notes[0]
        assert without_times(one.decode()) == without_times(other.decode())
    assert compare(said(b"version 1.2.3"), said(b"version 1.2.4")).differences


def test_what_differs_between_two_runs_of_the_original_is_not_compared() -> None:
    original, again = said(b"pid 17 of app\nv 1"), said(b"pid 23 of app\nv 1")
    found = compare(original, said(b"pid 99 of app\nv 1"), again)
    assert not found.differences
    assert found.notes
    assert compare(original, said(b"pid 99 of APP\nv 1"), again).differences
    assert compare(original, said(b"pid 99 of app\nv 2"), again).differences == (
        "output, line 2: 'v 1' in the original, 'v 2' in the result",
    )


def test_a_text_without_a_fixed_shape_is_not_compared_and_that_is_told() -> None:
    found = compare(said(b"a\n"), said(b"b c\nd"), said(b"a\nb\n"))
    assert found.differences == ()
    assert "two runs of the original do not have the same output" in found.notes[0]


def test_an_unsteady_status_is_told() -> None:
    one = (("exit status", "1"),)
    found = compare(said(b""), said(b"", one), said(b"", one))
    assert found.differences
    assert found.notes == ("two runs of the original have another exit status: 0, then 1",)


def test_that_not_all_is_compared_is_told() -> None:
    found = compare(said(b"abc", is_cut=True), said(b"abc", is_cut=True))
    assert found.notes == ("only the first 3 bytes of the output are compared",)


TEXTS = st.lists(st.sampled_from((b"a", b" ", b"\n", b"7", b"10:11:12", b"\xff"))).map(b"".join)


@given(TEXTS, TEXTS, TEXTS)
def test_equal_texts_have_no_difference_and_odd_ones_raise_nothing(
    one: bytes, other: bytes, third: bytes
) -> None:
    assert not compare(said(one), said(one), said(third)).differences
    compare(said(one), said(other), said(third))
    assert not compare(said(one), said(other), said(other)).differences, "so differs the original"

"""``vers:`` ranges, by the specification's own rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories.versions.interval import contains
from seawall.advisories.versions.ranges import RangeError
from seawall.advisories.versions.schemes import scheme_of
from seawall.advisories.versions.vers import parse


@pytest.mark.parametrize(
    ("text", "ecosystem", "inside", "outside"),
    [
        ("vers:npm/>=1.0.0|<2.0.0", "npm", "1.0.0 1.9.9", "0.9.0 2.0.0"),
        ("vers:npm/1.2.3|>=2.0.0|<5.0.0", "npm", "1.2.3 2.0.0 4.9.9", "1.2.4 5.0.0"),
        ("vers:npm/>=2.0.0|1.2.3|<5.0.0", "npm", "1.2.3 2.0.0 4.9.9", "1.2.4 5.0.0"),
        ("vers:pypi/<=1.3.0|3.0.0", "PyPI", "1.0 1.3 3", "1.4 3.1"),
        ("vers:pypi/>0.0.2", "PyPI", "0.0.3", "0.0.2"),
        ("vers:pypi/!=5", "PyPI", "4 6", "5.0"),
        ("vers:pypi/>=1|!=1.5|<2", "PyPI", "1 1.6", "1.5.0 2 0.9"),
        ("vers:pypi/>0.0.0|>=0.0.1|<0.0.3|<0.0.5", "PyPI", "0.0.1 0.0.2", "0.0.4 0.0.0"),
        ("vers:maven/<=1.0|>=2.0|<=2.5|>3", "Maven", "0.1 1.0 2.2 4", "1.5 2.6 3"),
        ("vers:deb/>=1%3A1.0|<1%3A2.0", "Debian", "1:1.5", "1.5 1:2.0"),
        ("vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "RubyGems", "2.2.0 2.2.9", "2.2.1 2.3"),
        ("vers:all/*", "npm", "1.0.0", ""),
        ("vers:none/*", "npm", "", "1.0.0"),
        ("vers:npm/*", "npm", "0.0.0", ""),
        ("vers:rpm/<1.2-3", "Red Hat", "1.2-2", "1.2-3"),
        ("vers:semver/>=1.0.0", "npm", "1.0.0", "1.0.0-rc.1"),
    ],
)
def test_what_is_in_a_range(text: str, ecosystem: str, inside: str, outside: str) -> None:
    scheme = scheme_of(ecosystem)
    assert scheme is not None
    intervals = parse(text).intervals
    assert [
        each for each in inside.split() if not contains(intervals, scheme.key(each) or b"")
    ] == []
    assert [each for each in outside.split() if contains(intervals, scheme.key(each) or b"")] == []


def test_constraints_are_told_as_they_are_written() -> None:
    found = parse("vers:npm/>=1.0.0|2.5.0|<3.0.0%2Bbuild")
    assert found.type == "npm"
    assert found.constraints == ((">=", "1.0.0"), ("=", "2.5.0"), ("<", "3.0.0+build"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("vers:npm/>=1.0.0| <2.0.0", "blanks may not stand in it"),
        ("vers:npm/|>=1.0.0|<2.0.0", "a | has nothing before or behind it"),
        ("vers:npm/>=1.0.0|<2.0.0|", "a | has nothing before or behind it"),
        ("vers:npm/>=1.0.0||<2.0.0", "a | has nothing before or behind it"),
        ("vers:npm/1.0%2G0", "has a % that is not followed by two hex digits"),
        ("vers:npm/>>1.0.0", "'>>1.0.0' is none"),
        ("vers:npm/latest", "'latest' is no version"),
        ("vers:npm", "not of the form vers:TYPE/CONSTRAINTS"),
        ("npm/1.0.0", "not of the form vers:TYPE/CONSTRAINTS"),
        ("vers:mystery/1.0.0", "versions of type 'mystery' have no known order"),
        ("vers:npm/" + "1|" * 5000, "longer than 5000 characters"),
    ],
)
def test_what_is_no_range_says_why(text: str, reason: str) -> None:
    with pytest.raises(RangeError) as caught:
        parse(text)
    assert reason in str(caught.value)


@given(
    st.text(max_size=40) | st.text("0123456789.%2|<>=!*v", max_size=40).map("vers:npm/{}".format)
)
def test_nothing_but_a_range_error_comes_of_any_text(text: str) -> None:
    try:
        intervals = parse(text).intervals
    except RangeError:
        return
    assert list(intervals) == sorted(intervals)

"""Ranges in the notation of each ecosystem: what is in them, what is not, what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories.versions.interval import (
    EVERYTHING,
    Interval,
    complement,
    contains,
    intersection,
    union,
)
from seawall.advisories.versions.ranges import RangeError, parse, satisfies
from seawall.advisories.versions.schemes import ecosystems, scheme_of
from tests.advisories.versions import strategies

CASES = [
    # GitHub's advisories write all ecosystems alike.
    ("npm", ">= 2.0.0, < 2.4.1", "2.0.0 2.4.0 2.4.1-rc.1", "1.9.9 2.4.1"),
    ("Maven", ">= 2.0, < 2.4.1", "2.0 2.4 2.4.1-rc1", "1.9 2.4.1 2.0-alpha"),
    ("Go", ">= 2.0, < 2.4.1", "2.0.0 v2.4.0", "1.9.9 v2.4.1"),
    ("NuGet", ">= 1.0.0, <= 1.0.3", "1.0.0 1.0.3", "1.0.3.1 0.9"),
    ("RubyGems", "< 1.2.3", "1.2.2 1.2.3.a", "1.2.3"),
    ("Packagist", ">= 1.0, < 1.2", "1.0.0 1.1.9", "1.2.0 0.9"),
    ("Hex", "= 1.2.3", "1.2.3", "1.2.4"),
    ("SwiftURL", "= 1.2.3", "1.2.3 v1.2.3", "1.2.4"),
    ("GitHub Actions", "< 4.1.3", "4.1.2", "4.1.3"),
    ("crates.io", ">= 1.0.0, < 1.2.0", "1.1.9", "1.2.0"),
    ("Pub", "> 1.0.0, <= 1.2.0", "1.2.0", "1.0.0 1.2.1"),
    ("PyPI", ">= 1.0, < 1.2", "1.0 1.1.9.post1", "1.2 0.9 1.2rc1"),
    # Their own notations.
    ("npm", "^1.2.3 || ~3.1", "1.2.3 1.9.0 3.1.9", "1.2.2 2.0.0-0 3.2.0"),
    ("npm", "^0.2.3", "0.2.9", "0.3.0 0.2.2"),
    ("npm", "^0.0.3", "0.0.3", "0.0.4"),
    ("npm", "1.x", "1.0.0-alpha 1.9.9", "2.0.0-0 0.9.9"),
    ("npm", "1.2 - 2", "1.2.0 2.9.9", "3.0.0-0 1.1.9"),
    ("npm", "", "0.0.0 1.0.0", ""),
    ("npm", ">1.2", "1.3.0", "1.2.9"),
    ("npm", "<=1.2", "1.2.9", "1.3.0"),
    ("crates.io", "1.2.3", "1.2.3 1.9.9", "2.0.0 1.2.2"),
    ("crates.io", "0.2", "0.2.9", "0.3.0"),
    ("crates.io", "1.2.*", "1.2.9", "1.3.0 1.1.9"),
    ("crates.io", "=1.2", "1.2.7", "1.3.0"),
    ("crates.io", "~1", "1.9.9", "2.0.0"),
    ("crates.io", "*", "0.1.0 9.0.0", ""),
    ("PyPI", "~=1.4.2", "1.4.2 1.4.9", "1.5 1.4.1 1.5.dev1"),
    ("PyPI", "==1.4.*, !=1.4.3", "1.4rc1 1.4.2 1.4.4", "1.4.3 1.5.dev0"),
    ("PyPI", ">1.0", "1.0.1", "1.0.post1 1.0+local 1.0"),
    ("PyPI", ">1.0.post1", "1.0.post2", "1.0.post1"),
    ("PyPI", "==1.0", "1.0 1.0.0 1.0+local", "1.0.post1"),
    ("PyPI", "===1.0", "1.0", "1.0+local"),
    ("PyPI", "", "1.0 2.0", ""),
    ("PyPI", "==2004d", "2004d", "2004e"),
    ("PyPI", "^1.2.3", "1.2.3 1.9", "2.0 2.0.dev1 1.2.2"),
    ("PyPI", "^0.0.3 || ~2.1", "0.0.3 2.1.9", "0.0.4 2.2"),
    ("PyPI", ">=1.0,<2 ; python_version < '3.9'", "1.5", "2.0"),
    ("Maven", "[1.0,2.0)", "1.0 1.9 2.0-SNAPSHOT", "2.0 0.9"),
    ("Maven", "(,1.0],[1.2,)", "0.1 1.0 1.2 3", "1.1"),
    ("Maven", "[1.5]", "1.5 1.5.0", "1.5.1"),
    ("Maven", "(1.0,)", "1.0.1", "1.0"),
    ("Maven", "1.0", "0.1 9.0", ""),
    ("NuGet", "1.0", "1.0 9.0", "0.9"),
    ("NuGet", "[1.0]", "1.0.0.0", "1.0.1"),
    ("NuGet", "(1.0,2.0]", "2.0", "1.0 2.0.1"),
    ("NuGet", "1.1.*", "1.1.0 1.1.9", "1.2.0 1.0.9"),
    ("NuGet", "1.0.0-beta*", "1.0.0-beta2 1.0.0", "1.0.0-alpha"),
    ("NuGet", "*", "0.1 7", ""),
    ("RubyGems", "~> 2.2", "2.2 2.9.9", "3.0.a 3 2.1"),
    ("RubyGems", "~> 2.2.0", "2.2.9", "2.3"),
    ("RubyGems", "~> 1.2, >= 1.2.3", "1.2.3 1.9", "1.2.2 2.0"),
    ("RubyGems", "!= 1.0", "1.1", "1.0.0"),
    ("Packagist", "^1.2 || ~2.0.3, !=2.0.5", "1.9 2.0.9", "2.0.5 2.1 2.0.2"),
    ("Packagist", "^0.3", "0.3.5", "0.4"),
    ("Packagist", "1.2.*", "1.2.0-beta 1.2.7", "1.3.0-dev"),
    ("Packagist", "1.0 - 2.0", "1.0 2.0.9", "2.1"),
    ("Packagist", "<2.0", "1.9", "2.0-beta1"),
    ("Packagist", "^1.0@dev", "1.0.1", "2.0"),
    ("Packagist", "dev-main || ^1.0", "1.1", "2.0"),
    ("Hex", "~> 2.1", "2.1.0 2.9.0", "3.0.0-dev 2.0.9"),
    ("Hex", "~> 2.1.2 or == 3.0.0", "2.1.9 3.0.0", "2.2.0 3.0.1"),
    ("Hex", ">= 1.0.0 and < 2.0.0", "1.9.9", "2.0.0"),
    ("Hex", "1.2.3", "1.2.3", "1.2.4"),
    ("Pub", "^1.2.3", "1.9.0", "2.0.0-dev 2.0.0"),
    ("Pub", "^0.1.2", "0.1.9", "0.2.0"),
    ("Pub", "^0.0.1", "0.0.9", "0.1.0"),
    ("Pub", ">=1.0.0 <2.0.0", "1.0.0 1.9.9", "2.0.0-alpha"),
    ("Pub", ">=2.0.0-alpha <2.0.0", "2.0.0-beta", "2.0.0"),
    ("Pub", "any", "0.0.1", ""),
    ("Hackage", ">=1.2 && <1.5 || ==2.0.*", "1.2 1.4.9 2.0.3", "1.5 2.1 1.1"),
    ("Hackage", "^>=1.2.3", "1.2.3 1.2.9", "1.3 1.2.2"),
    ("Hackage", "^>={1.2, 2.0.1}", "1.2.7 2.0.2", "1.3 2.1 2.0.0"),
    ("Hackage", "(>1 && <2) || -none", "1.5", "1 2"),
    ("Hackage", "-any", "0.1", ""),
    ("Hackage", "/=1.2.*", "1.3 1.1", "1.2.3"),
    ("ConanCenter", "[>=1.2 <2 || ^3.1]", "1.2 1.9 3.9", "2.0 4.0 3.0"),
    ("ConanCenter", "[~1.2.3]", "1.2.9", "1.3.0-pre 1.3"),
    ("Julia", "1.2, 3", "1.9.0 3.1.0", "2.0.0 4.0.0"),
    ("Julia", "~1.2.3", "1.2.9", "1.3.0"),
    ("Julia", "1.2 - 2.3", "1.2.0 2.3.9", "2.4.0"),
    ("Go", "v1.2.3", "v1.2.3 v1.9.0", "v1.2.2"),
    ("SwiftURL", '"1.0.0"..<"2.0.0"', "1.0.0 1.9.9", "2.0.0"),
    ("SwiftURL", "1.0.0...2.0.0", "2.0.0", "2.0.1"),
    ("Debian:12", ">= 1.0, << 1.2-1", "1.0 1.2-1~deb12u1", "1.2-1"),
    ("Red Hat:8", "< 0:1.2-3.el8", "1.2-2.el8", "1.2-3.el8 1:0.1"),
    ("CRAN", ">= 1.0", "1.0-1", "0.9"),
    ("opam", '>= "1.0" & < "2.0"', "1.5", "2.0 0.9"),
]


@pytest.mark.parametrize(("ecosystem", "text", "inside", "outside"), CASES)
def test_what_is_in_a_range(ecosystem: str, text: str, inside: str, outside: str) -> None:
    found = scheme_of(ecosystem)
    assert found is not None
    intervals = parse(ecosystem, text)
    assert {each: contains(intervals, found.key(each) or b"") for each in inside.split()} == (
        dict.fromkeys(inside.split(), True)
    )
    assert {each: contains(intervals, found.key(each) or b"") for each in outside.split()} == (
        dict.fromkeys(outside.split(), False)
    )


@pytest.mark.parametrize(
    ("ecosystem", "text", "reason"),
    [
        ("npm", "^latest", "range '^latest': 'latest' is no version"),
        ("npm", ">=1.0.0 <", "range '>=1.0.0 <': '<' is no comparison"),
        ("PyPI", "=>1.0", "is no specifier"),
        ("PyPI", ">=1.0.*", "may not end in"),
        ("PyPI", "~=1", "needs two numbers at least"),
        ("Maven", "[1.0,2.0", "is no interval such as"),
        ("Maven", "(1.0)", "needs square brackets"),
        ("NuGet", "1.*.*", "star where none may stand"),
        ("RubyGems", "~> ", "is no requirement"),
        ("Packagist", "^1.0 ||", "a part of it is empty"),
        ("crates.io", "", "it is empty"),
        ("Hackage", "(>=1", "a bracket too few"),
        ("Hackage", ">=1)", "a bracket too many"),
        ("Hackage", ">=1 >=2", "neither && nor ||"),
        ("Hackage", "(" * 50, "nested too deep"),
        ("Debian", "=< 1.0", "'=<' is no operator"),
        ("GIT", "< 1", "versions of 'GIT' have no known order"),
        ("npm", "1." * 5000, "longer than 5000 characters"),
        ("npm", ">1 " * 1000, "more than 200 comparisons"),
        ("npm", "1||" * 1000, "more than 200 alternatives"),
    ],
)
def test_what_is_no_range_says_why(ecosystem: str, text: str, reason: str) -> None:
    with pytest.raises(RangeError) as caught:
        parse(ecosystem, text)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("ecosystem", "constraint", "version", "taken"),
    [
        ("npm", "^1.2.3", "1.9.0", True),
        ("npm", "^1.2.3", "2.0.0", False),
        ("npm", "^1.2.3", "1.3.0-beta.1", False),
        ("npm", "^1.3.0-alpha", "1.3.0-beta.1", True),
        ("npm", "^1.3.0-alpha", "1.4.0-beta.1", False),
        ("crates.io", ">=1.0.0-alpha", "1.0.0-beta", True),
        ("crates.io", ">=1.0.0-alpha", "1.1.0-beta", False),
        ("PyPI", ">=1.0", "2.0rc1", False),
        ("PyPI", ">=1.0rc1", "2.0rc1", True),
        ("RubyGems", ">= 1.0", "2.0.pre", False),
        ("RubyGems", ">= 1.0.a", "2.0.pre", True),
        ("Packagist", "^1.0", "1.1-beta", False),
        ("Packagist", "^1.0@beta", "1.1-beta", True),
        ("NuGet", "1.0", "2.0-beta", False),
        ("NuGet", "1.0-alpha", "2.0-beta", True),
        ("NuGet", "1.*-*", "1.2-beta", True),
        ("Maven", "[1.0,2.0)", "1.5-beta", True),
        ("Go", "v1.2.3", "v1.4.0", True),
        ("Debian:12", ">= 1.0", "1.1", True),
        ("npm", "no range at all", "1.0.0", None),
        ("npm", "^1.0.0", "latest", None),
        ("GIT", "^1.0.0", "1.0.0", None),
    ],
)
def test_what_a_package_manager_would_take(
    ecosystem: str, constraint: str, version: str, taken: bool | None
) -> None:
    assert satisfies(ecosystem, constraint, version) is taken


_RANGE = st.text("0123456789.-+~^<>=!*xX|&,()[]{} abvdev@#\"'\n", max_size=40) | strategies.joined(
    st.sampled_from(["1.0", "1.2.3-rc.1", "2.x", "*", ">= ", "<", "~>", "^", "||", "&&", " - "]),
    " ,",
)


@pytest.mark.parametrize("ecosystem", ecosystems())
@settings(max_examples=40)
@given(text=_RANGE, version=strategies.ANY)
def test_nothing_but_a_range_error_comes_of_any_text(
    ecosystem: str, text: str, version: str
) -> None:
    assert satisfies(ecosystem, text, version) in {True, False, None}
    try:
        intervals = parse(ecosystem, text)
    except RangeError:
        return
    assert list(intervals) == sorted(intervals)
    assert all(one.hi < other.lo for one, other in pairwise(intervals))


_INTERVALS = st.lists(
    st.tuples(st.binary(max_size=2), st.binary(max_size=2)).map(lambda ends: Interval(*ends)),
    max_size=6,
)


@settings(max_examples=150)
@given(_INTERVALS, _INTERVALS, st.binary(max_size=2).filter(lambda key: key < b"\xff\xff"))
def test_algebra_of_intervals(one: list[Interval], other: list[Interval], key: bytes) -> None:
    left, right = union(one), union(other)
    assert contains(left, key) == contains(one, key)
    assert contains(intersection(left, right), key) == (contains(one, key) and contains(other, key))
    assert contains(complement(left), key) != contains(left, key) or key >= EVERYTHING.hi
    assert union(complement(complement(left))) == intersection(left, (EVERYTHING,))

"""Globs as github.com/bmatcuk/doublestar reads them; its own answers are in tests/data/foreign."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text.doublestar import ALTERNATIVES, Globs, plain
from tests.shared import DATA

ORACLE = json.loads((DATA / "foreign" / "doublestar.json").read_text())
TWO_DIRECTORIES = "a/**/**"
"""The library wants a directory for each but the last of adjoining ``**``; ours wants none."""


@pytest.mark.parametrize("pattern", sorted(ORACLE["patterns"]))
def test_the_library_and_we_agree(pattern: str) -> None:
    wanted = ORACLE["patterns"][pattern]
    if wanted is None:
        with pytest.raises(ValueError, match=r"has a|ends in"):
            Globs([pattern])
        return
    found = [path for path in ORACLE["paths"] if Globs([pattern]).matches(path)]
    if pattern == TWO_DIRECTORIES:
        found.remove("a")
    assert sorted(found) == wanted


def test_too_many_alternatives_are_refused() -> None:
    with pytest.raises(ValueError, match=str(ALTERNATIVES)):
        Globs(["{a,b}" * 12])


def test_stars_do_not_backtrack() -> None:
    """Exponential time would never come to an end."""
    assert not Globs(["**/*a*a*a*a*a*a*a*a*a*b/**/**/x" * 3]).matches("a" * 2000 + "/" * 500)


@given(st.text(alphabet="a*?[]{},/\\!^-é", max_size=30), st.text(alphabet="a/bé", max_size=20))
def test_odd_patterns_match_or_are_refused(pattern: str, path: str) -> None:
    try:
        globs = Globs([pattern])
    except ValueError:
        with pytest.raises(ValueError, match=r"has a|ends in|stands for"):
            plain(pattern)
        return
    assert globs.matches(path) in (True, False)
    assert Globs(plain(pattern)).matches(path) == globs.matches(path)


@given(st.text(max_size=20).filter(lambda t: not set(t) & set("*?[]{},\\/")))
def test_a_plain_name_is_itself(name: str) -> None:
    assert Globs([name]).matches(name)
    assert Globs([f"**/{name}"]).matches(f"x/y/{name}")

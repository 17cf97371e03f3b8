"""Regular expressions of RE2: by RE2 itself, and the plain ones by ``re`` with the same meaning."""

import contextlib
import re

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seawall.text import patterns
from seawall.text.patterns import (
    LONGEST,
    Pattern,
    PatternError,
    Re2MissingError,
    compile_pattern,
    plain_form,
)

PLAIN = [
    "", "owner", "^pods$", "^(|default)$", "docker.sock$", "^/etc$", "(?i).*secret.*", ".+", "^[^:]*$",
    "v1beta.+", r"^registry\.example\.org/", "^(RollingUpdate|Rolling)$", r"\d", r"a\s", "[a-z0-9_.-]+",
    "(?:a|b)c?", "^a.*b$", "é", "(?i)k", r"\.\*", "a|", "()", ":latest$", "$^", "a??", ".*a.*", ".*", r".*\.*", ".*a|b.*", ".*.*",
]  # fmt: skip
NOT_PLAIN = [
    ".*?a",
    "a.*b",
    "^a|.*b$",
    "(a+)+$", "a{2,3}", "(ab)*", "a.*.*b", "a.*b.*c", "(a|a)" * 20, "(?i)[a-z]", r"(?i)\W", r"\bword\b", r"\pN", "(?m)^a",
    "[[:alpha:]]", "(", ")", "a)", "[", "*", "a**", "\\", r"\Q*\E", "[z-a]", "(?i)é", "(?P<n>a)", "x" * 1_001,
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_plain_patterns_need_no_extra(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_re2", lambda: None)
    assert isinstance(compile_pattern(text), Pattern)


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_the_others_do(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_re2", lambda: None)
    with pytest.raises(Re2MissingError):
        compile_pattern(text)


PIECES = st.sampled_from(
    ["a", "B", "k", "s", "-", "é", " ", r"\.", r"\d", r"\W", r"\s", ".", "[a-c]", "[^a]", "[-+]", "(", "(?:",
     ")", "|", "^", "$", "*", "+", "?", "+?", "\n"]
)  # fmt: skip
SUBJECTS = st.text(alphabet="aBbckKsS-é. 1\n\v\t\u017f\u212a:", max_size=8)


@given(
    folded=st.booleans(),
    pieces=st.lists(PIECES, max_size=7),
    subjects=st.lists(SUBJECTS, max_size=6),
)
@settings(max_examples=1_000)
@example(folded=True, pieces=["k", "s"], subjects=["\u212a\u017f", "KS", "ks"])
@example(folded=False, pieces=["a", "$"], subjects=["a\n", "a"])
@example(folded=False, pieces=[".*", "a", "|", "b", ".*"], subjects=["b", "xax", "c"])
@example(folded=False, pieces=[r"\s"], subjects=["\v", "\t"])
def test_a_plain_form_means_what_re2_says(
    *, folded: bool, pieces: list[str], subjects: list[str]
) -> None:
    text = ("(?i)" if folded else "") + "".join(pieces)
    plain = plain_form(text)
    if plain is None:
        return
    ours, theirs = re.compile(plain, re.ASCII), re2.compile(text)
    for subject in subjects:
        found = ours.search(subject) is not None
        assert found == (theirs.search(subject) is not None), (text, plain, subject)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_forms_end(text: str) -> None:
    """Without a limit on what is plain some would not, on such texts."""
    plain = plain_form(text)
    assert plain is not None
    for subject in ("a" * 200_000, "secre" * 40_000, "x:y/" * 50_000):
        re.compile(plain, re.ASCII).search(subject)


@pytest.mark.parametrize(
    ("text", "subject", "found"),
    [
        ("^*$", "anything", True),  # in RE2 an assertion may be repeated; Python's re refuses it
        ("(?i)ſ", "S", True), (r"\pL", "é", True), (r"\z", "", True), ("(?s)a.b", "a\nb", True),
        ("a$", "a\n", False), (r"\d", "٣", False), ("(?U)a+", "aa", True),
    ],
)  # fmt: skip
def test_meaning_of_re2(text: str, subject: str, *, found: bool) -> None:
    assert compile_pattern(text).found_in(subject) is found


@pytest.mark.parametrize(
    "text", ["(", "[", "*", "a**", r"\1", "(?=a)", "(?<!a)", "(?>a)", "a{1001}", "\\", "\ud800", "x" * (LONGEST + 1)]
)  # fmt: skip
def test_no_patterns(text: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(text)


@pytest.mark.parametrize(
    "text", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$", "([a-z]+)*!", "(.*a){20}"]
)
def test_catastrophic_patterns_end(text: str) -> None:
    """Backtracking would need longer than the universe has."""
    compile_pattern(text).found_in("a" * 100_000 + "!" * 3)


def test_texts_that_are_no_unicode() -> None:
    assert compile_pattern("a").found_in("\ud800a")
    assert not compile_pattern("b").found_in("\ud800a")


@given(st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=200)
def test_nothing_else_is_raised(text: str, subject: str) -> None:
    with contextlib.suppress(PatternError):
        compile_pattern(text).found_in(subject)

"""Strangers' expressions: what is refused, what matches, and that the gate never shuts one out."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seawall.secrets.custom import database, regex
from seawall.secrets.custom.gate import Gate, can_be_gated
from seawall.secrets.custom.regex import fault_of, holds, spans
from seawall.secrets.custom.rule import GITLEAKS, CustomRule
from seawall.secrets.custom.searching import Custom
from seawall.secrets.custom.valid import valid
from seawall.secrets.finding import native
from seawall.secrets.text import Kind, Text
from tests.secrets.custom.support import found, rules


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("a{1001}", "invalid repetition size"),
        ("(a{100}){100}", "invalid repetition size"),
        ("(?=a)", "invalid perl operator"),
        ("(?<!a)b", "invalid perl operator"),
        (r"(a)\1", "invalid escape sequence"),
        ("a++", "bad repetition operator"),
        ("(", "missing )"),
        (r"\Ca", r"\C, a byte"),
        (r"(?:\pL{1000})", "too much memory"),
        (r"((\pL{10}){10}){10}", "too much memory"),
        ("a" * 20_001, "longer than 20,000 characters"),
        ("\ud800", "surrogate"),
    ],
)  # fmt: skip
def test_what_is_refused(source: str, why: str) -> None:
    fault = fault_of(source)
    assert why in fault
    assert re.search(r": (write|make) ", fault)


@pytest.mark.parametrize(
    "source",
    ["(?i)a(?-i)b", r"[[:alnum:]]\z", r"(?P<n>a)|(?<m>b)", r"\Q(a\E", r"\pN+\x{41}", r"a{1000}",
     r"(a+)+b", r"(a|a)*$", r"\\C"],
)  # fmt: skip
def test_what_is_taken(source: str) -> None:
    assert not fault_of(source)


def test_an_exponential_pattern_is_harmless() -> None:
    text = b"a" * 100_000 + b"!"
    for source in ("^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*a){20}b", "^(([a-z])+.)+[A-Z]$"):
        assert not holds(source, text)


@given(
    st.sampled_from(["a|ab", "a*", "(a)?b", "x*?", "[^a]b", "a+b?"]), st.text("abx", max_size=40)
)
def test_matches_are_those_of_python(source: str, text: str) -> None:
    """... which are leftmost and first, too, but for the empty ones."""
    mine = [span[0] for span in spans(source, text.encode()) if span]
    assert mine == [m.span() for m in re.finditer(source, text) if m[0]] or "*" in source


def test_matches_over_the_edge_of_a_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "_STRETCH", 100)
    monkeypatch.setattr(regex, "_OVERLAP", 40)
    text = b"".join(b"key=%06d;" % number + b" " * 23 for number in range(50))
    assert [span[1] for span in spans("key=([0-9]+);", text) if span] == [
        (start + 4, start + 10) for start in range(0, len(text), 34)
    ]


# Texts ----------------------------------------------------------------------------------------


ODD = st.sampled_from([b"a", b"\xc3\xa9", b"\xff", b"\xe2\x84", b"\xed\xa0\x80", b"\xe2\x84\xaa"])


@given(st.lists(ODD, max_size=12))
def test_each_odd_byte_is_one_character(parts: list[bytes]) -> None:
    data = b"".join(parts)
    readable = valid(data)
    assert readable.data.decode() is not None
    odd = data.decode("utf-8", "surrogateescape")
    assert len(readable.data.decode()) == len(odd)
    place = 0
    for character, escaped in zip(readable.data.decode(), odd, strict=True):
        assert (
            readable.place(place)
            == len(odd[: odd.index(escaped)].encode("utf-8", "surrogateescape"))
            or odd.count(escaped) > 1
        )
        place += len(character.encode())
    assert readable.place(len(readable.data)) == len(data)


def test_places_behind_odd_bytes_are_those_of_the_file() -> None:
    look = rules("[[rules]]\nid = 'k'\nregex = 'key=(.)(\\w+)'\nsecretGroup = 2\n")
    assert found(look, b"\xff\xfe key=\xffabc") == [("k", "abc")]
    (candidate,), _ = Custom([look]).find(Text("a", b"\xff\xfe key=\xffabc", Kind.PROSE))
    assert (candidate.start, candidate.end) == (8, 11)


# The gate -------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["a", "b", "k", "s", "K", ".", r"\s", r"\w", r"\W", "[^a]", "[a-c]", "(?i)k", "(?i)s", r"\b",
     "^", "$", "(?m)$", "(?s).", "a?", "b+", ".{2}", r"\x41", "é", r"\d", "|", "(a|b)", "(?:k|s)*",
     "x{2,3}", r"\z", r"[[:upper:]]", r"[^\s]{2}", r"\S", r"\D", r"\t", r"\\"]
)  # fmt: skip
TEXTS = st.text("abksKAxé\u212a\u017f \n\t\\1", max_size=12)


@pytest.mark.skipif(not native.available(), reason="there is no Hyperscan here")
@settings(max_examples=80, deadline=None)
@example(["a\\b"], "a\u017f")
@example(["[[:^word:]]"], "\u017f")
@given(
    st.lists(st.lists(PIECES, min_size=1, max_size=4).map("".join), min_size=1, max_size=4), TEXTS
)
def test_what_re2_finds_the_gate_lets_through(sources: list[str], text: str) -> None:
    taken = [source for source in sources if not fault_of(source)]
    some = [CustomRule(str(n), "", GITLEAKS, source) for n, source in enumerate(taken)]
    gated = [(n, rule.regex) for n, rule in enumerate(some) if can_be_gated(rule.regex)]
    packed, indices = database.build(gated) if gated else (b"", [])
    gate = Gate(some, database.Database(packed, indices) if packed else None)
    data = text.encode()
    for number, rule in enumerate(some):
        if holds(rule.regex, data):
            assert number in gate.open_for(data)


@pytest.mark.skipif(not native.available(), reason="there is no Hyperscan here")
def test_a_database_is_built_by_a_child_and_kept(tmp_path: Path) -> None:
    some = [CustomRule("a", "", GITLEAKS, "key=[0-9]{4}"), CustomRule("b", "", GITLEAKS, r"\pL")]
    assert database.database(some, str(tmp_path), build=False) is None
    built = database.database(some, str(tmp_path), build=True)
    assert built is not None
    assert built.indices == (0,)
    assert built.fired(b"a key=1234") == [0]
    assert built.fired(b"a key=123") == []
    kept = database.database(some, str(tmp_path), build=False)
    assert kept is not None
    assert kept.indices == (0,)


@pytest.mark.skipif(not native.available(), reason="there is no Hyperscan here")
def test_what_cannot_be_built_is_found_without(tmp_path: Path) -> None:
    """Hyperscan refuses the first of these, so the others have a database without it."""
    sources = [r"(?:[^\n]{0,1000}x[^\n]{0,1000}y){9}[^z]{500,1000}", "key=[0-9]"]
    some = [CustomRule(str(n), "", GITLEAKS, source) for n, source in enumerate(sources)]
    built = database.database(some, str(tmp_path), build=True)
    gate = Gate(some, built)
    assert 1 in gate.open_for(b"key=1")

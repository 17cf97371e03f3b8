"""Odd and hostile texts: nothing raises, and time grows as their size does."""

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.secrets import search as search_module
from seawall.secrets.finding import native as finding
from seawall.secrets.randomness import entropy, has_run, surprise
from seawall.secrets.reading.tokens import MOST
from seawall.secrets.rules.examples import example
from seawall.secrets.text import Kind, Text, kind_of, text_of
from seawall.text.credential_names import meaning_of
from seawall.text.placeholders import is_reference, looks_like_prose, placeholder
from tests.secrets.rules import RULES, drawn, native, plain

PIECES = st.sampled_from(
    [
        b"password", b"token", b"=", b":", b'"', b"'", b"\\", b"\n", b" ", b"://", b"@", b"$",
        b"-----BEGIN PRIVATE KEY-----", b"-----END", b"Basic ", b"Bearer ", b"dXNlcjpwYXNz", b"eyJ",
        b".", b"AKIA", b"ghp_", b"\xff", b"\0", b"<password>", b"</", b"%41", b"H4sI", b"kty",
        b'"d": "', b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", b"Q29udGVudA", b"--token ", b"curl -u a:b",
    ]
)  # fmt: skip
MIXED = st.lists(PIECES | st.binary(max_size=12), max_size=60).map(b"".join)
KINDS = st.sampled_from(list(Kind))


@settings(max_examples=150, deadline=None)
@given(MIXED, KINDS)
def test_nothing_raises_and_places_are_within(data: bytes, kind: Kind) -> None:
    for result in native().run([Text("a", data, kind)]):
        for secret in result.secrets:
            for part in secret.occurrences:
                assert 0 <= part.start < part.end <= len(data)


@settings(max_examples=60, deadline=None)
@given(MIXED, KINDS)
def test_both_finders_agree_on_odd_texts(data: bytes, kind: Kind) -> None:
    text = Text("a", data, kind)
    assert list(native().run([text])) == list(plain().run([text]))


@settings(max_examples=60, deadline=None)
@given(st.lists(MIXED, max_size=6))
def test_neighbours_change_nothing(contents: list[bytes]) -> None:
    texts = [Text(str(number), data, Kind.PROSE) for number, data in enumerate(contents)]
    alone = [result for text in texts for result in native().run([text])]
    assert list(native().run(texts)) == alone


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_values_and_names_may_be_anything(text: str) -> None:
    meaning_of(text)
    is_reference(text)
    looks_like_prose(text)
    placeholder(text)
    has_run(text)
    surprise(text)
    kind_of(text)
    if text:
        assert entropy(text) >= 0


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_or_none(data: bytes) -> None:
    text = text_of("a", data)
    assert text is None or text.data is not None


def steps(data: bytes, kind: Kind = Kind.PROSE) -> int:
    """Calls of Python functions that a text costs: a measure that no busy machine changes."""
    count = 0

    def count_calls(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    search = native()
    sys.setprofile(count_calls)
    try:
        list(search.run([Text("a", data, kind)]))
    finally:
        sys.setprofile(None)
    return count


def test_time_grows_with_the_size() -> None:
    for unit in (
        b'password="', b"token=a:b@c ", b"://a:", b"-----BEGIN PRIVATE KEY-----\n", b"key: ",
        b"a/b/", b"Q29u", b"%41", b'"d":"', b"((((", b"secret secret ", b"<key><", b"\\\\\\'",
    ):  # fmt: skip
        small, large = (steps(unit * count) for count in (3_000, 12_000))
        assert large < 6 * small + 20_000, unit


def test_a_hundred_thousand_matches_are_cut() -> None:
    rule = RULES["google-api-key"]
    chance = random.Random(1)
    lines = [example(rule, chance) for _ in range(500)]
    data = "\n".join(lines * 60).encode()
    (result,) = native().run([Text("a", data, Kind.PROSE)])
    assert not result.complete
    assert sum(len(secret.occurrences) for secret in result.secrets) <= MOST
    assert 450 < len(result.secrets) <= 500  # some look made up, as drawn ones may


def test_a_flood_hides_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    flood = Text("a.md", b"key:x " * 150_000, Kind.PROSE)
    value = drawn(14, 9)
    beside = Text("b.yaml", f"password: {value}\n".encode(), Kind.CONFIGURATION)
    search = native()
    monkeypatch.setattr(finding, "TOO_MANY", 10_000)
    results = {}
    for order in ((flood, beside), (beside, flood)):
        for result in search.run(order):
            results[result.text.name] = result
        assert results["b.yaml"].complete
        assert results["b.yaml"].secrets[0].candidate.value.reveal() == value
        assert not results["a.md"].complete


def test_a_large_flood_is_cut_and_hides_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "MOST_PLACES", 10_000)
    value = drawn(14, 9)
    hidden = f"password: {value}\n".encode()
    flood = Text("a.yaml", hidden + b"key:x " * 700_000 + hidden, Kind.CONFIGURATION)
    beside = Text("b.yaml", hidden + b"# nothing else\n" * 100_000, Kind.CONFIGURATION)
    for order in ((flood, beside), (beside, flood), (flood, flood, beside)):
        results = list(native().run(order))
        assert [result.text for result in results] == list(order)
        for result in results:
            assert result.complete is (result.text is beside)
            (secret,) = result.secrets
            assert secret.candidate.value.reveal() == value
            assert len(secret.occurrences) == 1


def test_one_long_line() -> None:
    filler = "var a=function(b,c){return b.d(c)},e=[1,2,3];" * 100_000
    value = drawn(14, 8)
    data = f'{filler}password="{value}";{filler}'.encode()
    (result,) = native().run([Text("a.min.js", data, Kind.CODE)])
    assert value in [secret.candidate.value.reveal() for secret in result.secrets]

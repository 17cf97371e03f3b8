"""Contents that come in pieces: the same is found as in the whole."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.location import Span
from seawall.secrets.candidate import Secret
from seawall.secrets.rules.examples import example
from seawall.secrets.sieve import Held, Here, Sieve
from seawall.secrets.text import Kind, Text, text_or_bytes
from tests.secrets.rules import RULES, drawn, native

TOKENS = [example(RULES["github-classic-token"], random.Random(n)) for n in range(4)]
PASSWORD = drawn(14, 5)
MIB = 1 << 20


def sifted(name: str, data: bytes, sizes: Iterator[int]) -> tuple[Held, ...]:
    sieve = Sieve(Here(native().twin()))
    stream = sieve.stream(name)
    at = 0
    while at < len(data):
        size = next(sizes)
        stream.feed(data[at : at + size])
        at += size
    stream.end()
    sieve.end()
    return sieve.found.get(name, ())


def always(size: int) -> Iterator[int]:
    while True:
        yield size


def lines(count: int, seed: int = 1) -> bytes:
    """Text in which nothing is found, with lines of many lengths."""
    source = random.Random(seed)
    words = [f"word{n} ü" for n in range(50)]
    return "".join(
        " ".join(source.choices(words, k=source.randrange(30))) + "\n" for _ in range(count)
    ).encode()


TEXT = b"".join((
    lines(9000), b'password = "%s"\n' % PASSWORD.encode(), lines(3000, 2),
    b"token: %s\n" % TOKENS[0].encode(), lines(9000, 3), b"x %s y\n" % TOKENS[1].encode(),
    b"token: %s\n" % TOKENS[0].encode(), lines(200, 4), TOKENS[2].encode(),
))  # fmt: skip


def told(secret: Secret) -> tuple[str, list[tuple[int, int]]]:
    places = sorted((place.start, place.end) for place in secret.occurrences)
    return secret.candidate.value.reveal(), places


def as_whole(name: str, data: bytes) -> list[tuple[str, list[tuple[int, int]]]]:
    (found,) = native().run([text_or_bytes(name, data)])
    return [told(one) for one in found.secrets]


@pytest.mark.parametrize("size", [4099, 1 << 16, 1 << 18, MIB])
def test_a_large_text_in_pieces(size: int) -> None:
    assert len(TEXT) > 2.5 * MIB
    found = sifted("a.conf", TEXT, always(size))
    assert [told(held.secret) for held in found] == as_whole("a.conf", TEXT)
    for held in found:
        start = held.secret.occurrences[0].start
        before = TEXT[:start].decode()
        assert held.span is not None
        assert held.span.line == before.count("\n") + 1
        assert held.span.column == len(before) - before.rfind("\n")


@settings(max_examples=30, deadline=None)
@given(st.integers(-200, 200), st.integers(1000, 300_000))
def test_no_edge_hides_a_token(shift: int, size: int) -> None:
    """Whole values only, wherever the parts end."""
    for edge in (MIB - (1 << 16), 2 * MIB):
        data = b" " * (edge + shift) + TOKENS[3].encode() + b" " * MIB
        (held,) = sifted("a.txt", data, always(size))
        assert held.secret.candidate.value.reveal() == TOKENS[3]
        assert held.secret.occurrences[0].start == edge + shift


def test_a_line_without_end() -> None:
    data = b"a" * MIB + b" " + TOKENS[0].encode() + b" " + b"b" * MIB
    (held,) = sifted("a.js", data, always(70_000))
    assert held.span == Span(1, MIB + 2, 1, MIB + 2 + len(TOKENS[0]))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("fill", [10, 700_000])
def test_other_encodings_in_pieces(encoding: str, fill: int) -> None:
    data = ("a " * fill + f'\npassword = "{PASSWORD}"\n' + "b " * 30).encode(encoding)
    (held,) = sifted("a.conf", data, always(4097))
    assert held.secret.candidate.value.reveal() == PASSWORD
    assert held.span == Span(2, 13, 2, 13 + len(PASSWORD))


# Binary files ---------------------------------------------------------------------------------

NOISE = random.Random(7).randbytes(30_000)


def in_bytes(*parts: bytes) -> list[str]:
    text = Text("program", NOISE + b"\0".join(parts) + NOISE, Kind.BINARY)
    return sorted(
        one.candidate.value.reveal() for found in native().run([text]) for one in found.secrets
    )


def test_what_proves_itself_is_found_in_binary_files() -> None:
    address = b"postgres://app:" + PASSWORD.encode() + b"@db.internal.test/app"
    assert in_bytes(TOKENS[0].encode(), address) == sorted([TOKENS[0], PASSWORD])


def test_nothing_else_is() -> None:
    loose = example(RULES["slack-bot-token"], random.Random(1)).encode()
    assert in_bytes(b'password = "' + PASSWORD.encode() + b'"', loose) == []


@pytest.mark.parametrize("offset", [0, 1])
def test_utf_16_within_binary_files(offset: int) -> None:
    """As strings stand in programs for Windows; at odd places, too."""
    address = f"https://app:{PASSWORD}@host.internal.test/"
    for text, value in ((f"key {TOKENS[1]} end", TOKENS[1]), (address, PASSWORD)):
        assert in_bytes(b"\1" * offset + text.encode("utf-16-le") + b"\1\1") == [value]


@pytest.mark.parametrize("size", [5000, 1 << 18])
def test_a_large_binary_in_pieces(size: int) -> None:
    big = random.Random(9).randbytes(3 * MIB)
    data = big + b"\0" + TOKENS[0].encode() + b"\0" + big
    (held,) = sifted("program", data, always(size))
    assert held.span is None
    assert held.secret.occurrences[0].start == len(big) + 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=4000))
def test_no_bytes_raise(data: bytes) -> None:
    for kind in Kind:
        list(native().run([Text("a", data, kind)]))
    sifted("a", data, always(100))

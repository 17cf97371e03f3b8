"""Secrets do not come through the filter, and nothing else is changed."""

import base64
import itertools
import random
import re
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.secrets.candidate import Certainty
from seawall.secrets.masking import key_blocks, stream
from seawall.secrets.masking.stream import Masker, Span, merged
from seawall.secrets.masking.values import Values
from seawall.secrets.rules.examples import example
from seawall.secrets.rules.shapes import shape_of
from tests.secrets.rules import RULES, drawn, native

MARK = re.compile(rb"\[redacted:[a-z0-9-]+\]")
NEUTRAL = (
    "2026-11-27T03:00:00Z INFO web: the request took 3 ms",
    "GET /index.html 200 1043 bytes",
    "Traceback (most recent call last):",
    "",
    "\u00fcber \u96ea \x1b[31mred\x1b[0m \x00 nul",
    "the token was refused: try again",
    "-----BEGIN PRIVATE KEY----- is how a key begins",
    "a\rb",
)


def masker(values: Iterable[bytes] = (), least: Certainty = Certainty.LOW) -> Masker:
    return Masker(native(), Values(values), least)


def masked(data: bytes, *, size: int = 0, values: Iterable[bytes] = ()) -> bytes:
    """What comes out when it comes in pieces of a size."""
    own = masker(values)
    step = size or max(len(data), 1)
    pieces = [own.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(pieces) + own.finish()


@cache
def rsa_key() -> bytes:
    """What has the structure of a key: bytes of chance in a sequence of DER."""
    der = b"\x30\x82\x04\x00\x02\x01\x00" + random.Random(1).randbytes(1021)
    body = base64.encodebytes(der).replace(b"\n", b"")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return b"\n".join([b"-----BEGIN PRIVATE KEY-----", *lines, b"-----END PRIVATE KEY-----", b""])


def planted(rule: str, seed: int) -> tuple[str, str]:
    """An example of a rule, and the value in it."""
    text = example(RULES[rule], random.Random(seed))
    found = re.search(shape_of(RULES[rule]).source, f" {text} ")
    assert found is not None
    return text, found["secret"] if "secret" in found.groupdict() else found[0]


LINES = st.lists(
    st.one_of(
        st.sampled_from(NEUTRAL).map(lambda text: (text, "")),
        st.tuples(st.sampled_from(sorted(RULES)), st.integers(0, 999)).map(
            lambda drawn: planted(*drawn)
        ),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(LINES, st.integers(1, 400), st.sampled_from(["\n", "\r\n"]))
def test_no_planted_value_comes_through(
    lines: list[tuple[str, str]], size: int, line_end: str
) -> None:
    text = "".join(f"INFO {told} done{line_end}" for told, _ in lines).encode()
    out = masked(text, size=size)
    for (told, value), before, after in zip(
        lines, text.split(b"\n"), out.split(b"\n"), strict=False
    ):
        if not value:
            assert after == before
            continue
        assert value.encode() not in out
        assert after.startswith(b"INFO ")
        assert after.endswith(f" done{line_end}".rstrip("\n").encode())
        around = told.split(value)[0]
        assert MARK.sub(b"", after).strip().startswith(f"INFO {around[:1]}".strip().encode())
    assert out.count(b"\n") == text.count(b"\n")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_stands_around_a_token_stays(rule: str) -> None:
    text, value = planted(rule, 7)
    before, after = f"[web] {text}".split(value, 1)
    out = masked(f"[web] {text} (3 ms)\n".encode())
    shown = MARK.split(out)
    assert shown[0] == before.encode()[: len(shown[0])]
    assert shown[-1].decode().endswith(f"{after} (3 ms)\n"[-8:])
    assert not any(
        value[at : at + 8].encode() in MARK.sub(b"", out) for at in range(len(value) - 7)
    )


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_pass(data: bytes, size: int) -> None:
    out = masked(data, size=size)
    if not MARK.search(out):
        assert out == data


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*NEUTRAL, "-----BEGIN RSA PRIVATE KEY-----", "MIIE" * 16, "x" * 70])),
    st.integers(1, 90),
)
def test_the_size_of_the_pieces_changes_nothing(lines: list[str], size: int) -> None:
    data = "\n".join(lines).encode()
    assert masked(data, size=size) == masked(data)


def test_lines_come_out_at_once() -> None:
    own = masker()
    assert own.feed(b"one\ntw") == b"one\n"
    assert own.feed(b"o\n") == b"two\n"
    assert own.feed(b"50 %\r") == b"50 %\r"
    assert own.finish() == b""


def test_a_name_on_the_line_before_counts() -> None:
    own = masker()
    value = drawn(24, 5)
    out = own.feed(b"- name: DB_PASSWORD\n")
    assert out == b"- name: DB_PASSWORD\n"
    assert own.feed(f"  value: {value}\n".encode()) == b"  value: [redacted:assigned-secret]\n"


def test_encoded_values() -> None:
    value = base64.b64encode(f"password={drawn(20, 5)}".encode())
    assert masked(b"data: " + value + b" end\n") == b"data: [redacted:assigned-secret] end\n"


# Private keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 7, 64, 1000])
def test_a_private_key_of_many_lines(size: int) -> None:
    data = b"before\n" + rsa_key() + b"after\n"
    assert masked(data, size=size) == b"before\n[redacted:private-key]\nafter\n"


@pytest.mark.parametrize("size", [0, 13])
def test_a_private_key_behind_prefixes(size: int) -> None:
    lines = rsa_key().decode().splitlines()
    data = "".join(f"2026-11-27T03:00:{at:02} stdout F {line}\n" for at, line in enumerate(lines))
    out = masked(data.encode(), size=size).decode()
    assert not any(line in out for line in lines[1:-1])
    assert out.count("stdout F") == len(lines)
    assert out.count("[redacted:private-key]") == len(lines) - 2


def test_a_private_key_that_is_cut_off() -> None:
    lines = rsa_key().splitlines(keepends=True)
    data = b"".join(lines[:9]) + b"the program died\nreally\n"
    out = masked(data, size=50)
    assert out == lines[0] + b"[redacted:private-key]\n" * 8 + b"the program died\nreally\n"


def test_a_private_key_on_one_line() -> None:
    told = rsa_key().replace(b"\n", b"\\n")
    assert masked(b'{"key": "' + told + b'"}\n', size=100).startswith(b'{"key": "[redacted:')
    cut = told[:300]
    assert masked(b"k " + cut + b"\n") == b"k " + cut[:27] + b"[redacted:private-key]\n"


def test_what_looks_for_keys_is_no_key() -> None:
    data = b'if "-----BEGIN PRIVATE KEY-----" in text:\n    found = True\n    return\n'
    assert masked(data, size=9) == data


def test_a_key_that_never_ends_is_given_out() -> None:
    own = masker()
    line = b"A" * 60 + b"\n"
    begin = b"-----BEGIN PRIVATE KEY-----\n"
    out = own.feed(begin)
    held = most = 0
    for _ in range(3000):
        given_out = own.feed(line)
        held += len(line) - (len(given_out) if given_out else 0)
        out += given_out
        most = max(most, len(own._buffer))
    out += own.finish()
    assert most <= key_blocks.LONGEST + 2 * len(line)
    assert out.startswith(begin + b"[redacted:private-key]\n")


# Limits ---------------------------------------------------------------------------------------


def test_a_line_that_never_ends_is_given_out_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LONGEST_LINE", 20_000)
    monkeypatch.setattr(stream, "_OVERLAP", 4_000)
    token = example(RULES["github-classic-token"], random.Random(1)).encode()
    data = (b"word " * 700 + token + b" ") * 30
    own = masker()
    out, most = b"", 0
    for at in range(0, len(data), 999):
        out += own.feed(data[at : at + 999])
        most = max(most, len(own._buffer))
    out += own.finish()
    assert out == data.replace(token, b"[redacted:github-classic-token]")
    assert most < 22_000


def test_an_open_key_before_such_a_line_holds_nothing_up() -> None:
    own = masker()
    own.feed(b"-----BEGIN PRIVATE KEY-----\n")
    out = b"".join(own.feed(b"x y " * 25_000) for _ in range(30))
    assert len(own._buffer) < stream.LONGEST_LINE + 200_000
    assert out.startswith(b"-----BEGIN PRIVATE KEY-----\nx y ")


def test_more_matches_than_are_counted_are_looked_at_in_halves() -> None:
    tokens = [example(RULES["npm-token"], random.Random(at)).encode() for at in range(40)]
    data = b"\n".join(tokens * 300) + b"\n"  # 12,000 in one piece
    out = masked(data)
    assert not any(token in out for token in tokens)
    assert out == b"[redacted:npm-token]\n" * 12_000


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))))
def test_spans_are_merged(places: list[tuple[int, int]]) -> None:
    spans = merged(Span(start, start + size, "a") for start, size in places)
    covered = {at for start, size in places for at in range(start, start + size)}
    assert {at for span in spans for at in range(span.start, span.end)} == covered
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))

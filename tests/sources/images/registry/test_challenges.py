"""``WWW-Authenticate``, as it is and as it should not be."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.registry.challenges import challenges

PARAMETERS = st.dictionaries(
    st.text("abcz019-", min_size=1, max_size=8),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    min_size=1,
    max_size=3,
)
TOKENS = st.text("abcXYZ019!#$%&'*+.^_`|~-", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        (" , ,", []),
        ('Basic realm="a"', [("basic", {"realm": "a"})]),
        ("Negotiate", [("negotiate", {})]),
        ("Negotiate, Basic realm=a", [("negotiate", {}), ("basic", {"realm": "a"})]),
        ("Negotiate YWJj==, Basic", [("negotiate", {}), ("basic", {})]),
        (
            'Bearer realm="https://a/b?c=d,e",service="s, t" , scope="repository:a/b:pull,push"',
            [("bearer", {"realm": "https://a/b?c=d,e", "service": "s, t",
                         "scope": "repository:a/b:pull,push"})],
        ),
        (
            'Basic realm="a\\"b\\\\", Bearer  Realm = "c"',
            [("basic", {"realm": 'a"b\\'}), ("bearer", {"realm": "c"})],
        ),
        ('Bearer realm="a",realm="b"', [("bearer", {"realm": "a"})]),
        ('Bearer realm="a', [("bearer", {})]),
        ('realm="a"', []),
        ('Basic realm="a" Bearer realm="b"', [("basic", {})]),
        ("\x00", []),
    ],
)  # fmt: skip
def test_headers(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert challenges(header) == expected


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(TOKENS, PARAMETERS), min_size=1, max_size=3))
def test_what_is_written_is_read(given_: list[tuple[str, dict[str, str]]]) -> None:
    header = ", ".join(
        f"{scheme} " + ",".join(f"{name}={quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in given_
    )
    assert challenges(header) == [(scheme.lower(), parameters) for scheme, parameters in given_]


@given(st.text(st.sampled_from('aB=",\\ \t/:\x00é'), max_size=60))
def test_nothing_raises(header: str) -> None:
    for challenge in challenges(header):
        assert challenge.scheme


@pytest.mark.parametrize("piece", ['"', "\\", 'a="', "a ", 'a="\\', ",", "a=a,", "=" * 9, "a a=a "])
def test_long_ones_take_no_time(piece: str) -> None:
    began = time.process_time()
    challenges("Bearer " + piece * 100_000)
    assert time.process_time() - began < 5  # a loop in a loop takes minutes

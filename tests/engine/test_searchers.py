"""Processes that search what an image's walk hands over: the same is found as here."""

import os
import random
import signal
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.containers import searchers as module
from seawall.engine.containers.searchers import Searchers
from seawall.secrets.rules.examples import example
from seawall.secrets.search import Search
from seawall.secrets.sieve import Held, Here, Looker, Sieve
from tests.secrets.rules import RULES, drawn, native

TOKENS = [example(RULES["github-classic-token"], random.Random(n)) for n in range(6)]
LINES = [
    *(f'token = "{token}"\n' for token in TOKENS), f'password = "{drawn(14, 3)}"\n',
    *(f"plain line {n} ü\n" * 40 for n in range(4)),
]  # fmt: skip
Contents = Sequence[tuple[str, bytes]]


@pytest.fixture
def searchers() -> Iterator[Searchers]:
    own = Searchers(native(), 2)
    yield own
    own.close()


def sifted(looker: Looker, contents: Contents) -> tuple[dict[str, tuple[Held, ...]], set[str]]:
    sieve = Sieve(looker)
    for name, data in contents:
        if len(data) < 1 << 16:
            sieve.add(name, data)
            continue
        stream = sieve.stream(name)
        for at in range(0, len(data), 1 << 18):
            stream.feed(data[at : at + (1 << 18)])
        stream.end()
    sieve.end()
    return sieve.found, sieve.incomplete


def here(contents: Contents) -> tuple[dict[str, tuple[Held, ...]], set[str]]:
    return sifted(Here(native().twin()), contents)


def contents_of(seed: int, count: int) -> Contents:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        size = chance.choice((1, 3, 20, 3000))
        text = "".join(chance.choices(LINES, weights=[1] * 7 + [9] * 4, k=size))
        name = chance.choice((f"a{number}.py", f"b{number}.conf", f"c{number}", "twice.txt"))
        found.append((name, text.encode()))
    return found


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 30))
def test_the_same_in_the_same_order(seed: int, count: int) -> None:
    contents = contents_of(seed, count)
    own = Searchers(native(), 2)
    try:
        found = sifted(own.looker(), contents)
    finally:
        own.close()
    expected = here(contents)
    assert found == expected
    assert list(found[0]) == list(expected[0])


def test_several_lookers_at_a_time(searchers: Searchers) -> None:
    from concurrent.futures import ThreadPoolExecutor

    wanted = [contents_of(seed, 25) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda each: sifted(searchers.looker(), each), wanted))
    assert found == [here(each) for each in wanted]


def test_what_a_process_that_is_gone_had_is_done_again(
    searchers: Searchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    contents = contents_of(7, 60)
    plain = Sieve(Here(native().twin()))
    sieve = Sieve(searchers.looker())
    for number, (name, data) in enumerate(contents):
        if number == 10:
            os.kill(searchers._processes[0], signal.SIGKILL)
        if number == 30:
            os.kill(searchers._processes[1], signal.SIGKILL)
        for each in (sieve, plain):
            each.add(name, data)
            each.flush()
    sieve.end()
    assert sieve.found == plain.found


def test_one_process_is_gone(searchers: Searchers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    os.kill(searchers._processes[1], signal.SIGKILL)
    contents = contents_of(8, 40)
    assert sifted(searchers.looker(), contents) == here(contents)


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    own = Searchers(native(), 2)
    contents = contents_of(9, 20)
    assert sifted(own.looker(), contents) == here(contents)
    own.close()


@pytest.mark.parametrize("limit", ["_TEXTS", "_RESULT"])
def test_what_has_no_room(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(module, limit, 2000)
    own = Searchers(native(), 2)
    contents = contents_of(10, 40)
    try:
        assert sifted(own.looker(), contents) == here(contents)
    finally:
        own.close()


def test_a_search_that_breaks_there_breaks_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: Search, _texts: object) -> Iterator[object]:
        raise ZeroDivisionError

    monkeypatch.setattr(Search, "run", broken)
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    own = Searchers(native(), 2)
    try:
        with pytest.raises(ZeroDivisionError):
            sifted(own.looker(), contents_of(11, 20))
    finally:
        own.close()


def test_no_process_is_left() -> None:
    own = Searchers(native(), 2)
    processes = list(own._processes)
    looker = own.looker()
    sieve = Sieve(looker)
    for name, data in contents_of(12, 40):
        sieve.add(name, data)
    own.close()  # in the midst of it
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

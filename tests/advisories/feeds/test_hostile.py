"""Hostile feeds: real records with parts changed never lead to more than Unread or FeedError."""

import json
import random
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories.advisory import Advisory, Cycle, Metadata, Record, Unread
from seawall.advisories.feeds.archive import Member, members
from seawall.advisories.feeds.errors import FeedError
from seawall.advisories.feeds.sources import Files
from seawall.advisories.feeds.values import MAX_ADDRESS, MAX_DETAILS, MAX_SUMMARY, MAX_WORD
from tests.advisories.feeds.samples import FILES, ROOT

ODD: list[Any] = [
    None, True, 0, -1, 1e308, "", " ", "\x00", "\x1b[31m", "\ud800", "a" * 100_000, [], {}, [[]],
    [None], {"": None}, [{}], {"a": {"a": {}}}, ["\u202e"], "javascript:alert(1)", 10**400,
    "0001-01-01T00:00:00Z", "CVE-2026-0001", "../../etc/passwd", "https://a.example.org/\n",
]  # fmt: skip


def texts(files: Files) -> Iterator[tuple[str, bytes]]:
    """The members of a sample: their names and bytes."""
    for path in files.paths:
        for member in members(str(ROOT / path), name=path):
            yield member.name, member.read()


SAMPLES = [
    (files.source.reader, files.source.name, name, data)
    for files in FILES
    for name, data in texts(files)
]
KINDS: tuple[Any, ...] = (None, 5, "\x1b", [], {}, [[]], {"a": []})
JSON = [each for each in SAMPLES if ".json" in each[2]]


def check(reader: str, name: str, data: bytes, source: str) -> None:
    """A reader gives records with texts of the right kind and length, whatever it is given."""
    module = import_module(f"seawall.advisories.feeds.{reader}")
    try:
        for record in module.read([Member(name, iter([data]))], source):
            assert isinstance(record, Advisory | Metadata | Cycle | Unread)
            for text in all_texts(record):
                text.encode()  # no lone surrogates: it may be printed and stored
                assert "\x1b" not in text
                assert "\x00" not in text
                assert len(text) <= MAX_DETAILS
            check_limits(record)
    except FeedError as error:
        assert str(error)  # noqa: PT017 - the defined error


def all_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from all_texts(each)
    else:
        assert value is None or isinstance(value, (bool, float)), value


def check_limits(record: Record) -> None:
    if isinstance(record, Advisory | Metadata):
        assert len(record.id) <= MAX_WORD + 300
        for address in record.references:
            assert address.lower().startswith(("http://", "https://"))
            assert len(address) <= MAX_ADDRESS
            assert not any(character.isspace() for character in address)
    if isinstance(record, Advisory):
        assert len(record.summary) <= MAX_SUMMARY
        for affected in record.affected:
            assert len(affected.name) <= MAX_WORD
            assert isinstance(affected.ranges, tuple)


def changed(value: Any, generator: random.Random, odd: Any) -> Any:
    """A document with one of its values, at any depth, replaced, removed or doubled."""
    if isinstance(value, dict) and value and generator.random() < 0.9:
        key = generator.choice(list(value))
        result = dict(value)
        if generator.random() < 0.1:
            del result[key]
        else:
            result[key] = changed(value[key], generator, odd)
        return result
    if isinstance(value, list) and value and generator.random() < 0.9:
        place = generator.randrange(len(value))
        result_list = list(value)
        result_list[place] = changed(value[place], generator, odd)
        return result_list
    return odd


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(JSON), st.integers(), st.sampled_from(ODD))
def test_records_with_a_wrong_value(
    sample: tuple[str, str, str, bytes], seed: int, odd: Any
) -> None:
    reader, source, name, data = sample
    value = changed(json.loads(data), random.Random(seed), odd)
    text = json.dumps(value, ensure_ascii=seed % 2 == 0)
    check(reader, name, text.encode("utf-8", "surrogatepass"), source)


def one_of_each_file() -> list[tuple[str, str, str, bytes]]:
    """The shortest member of each JSON file, of those that are short."""
    found: dict[str, tuple[str, str, str, bytes]] = {}
    for each in sorted(JSON, key=lambda each: len(each[3])):
        if len(each[3]) < 4_000:
            found.setdefault(each[2].partition(":")[0], each)
    return list(found.values())


@pytest.mark.parametrize("sample", one_of_each_file(), ids=lambda each: each[2])
def test_every_value_replaced_by_every_kind(sample: tuple[str, str, str, bytes]) -> None:
    reader, source, name, data = sample
    document = json.loads(data)
    for place in places(document):
        for odd in KINDS:
            check(reader, name, json.dumps(replaced(document, place, odd)).encode(), source)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        inner = list(enumerate(value[:3]))
    for key, each in inner:
        if len(path) < 8:
            yield from places(each, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    result = dict(value) if isinstance(value, dict) else list(value)
    result[path[0]] = replaced(value[path[0]], path[1:], odd)
    return result


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.floats(0, 1), st.binary(max_size=12), st.integers(0, 30))
def test_bytes_that_changed(
    sample: tuple[str, str, str, bytes], where: float, odd: bytes, cut: int
) -> None:
    reader, source, name, data = sample
    at = int(where * len(data))
    check(reader, name, data[:at] + odd + data[at + cut :], source)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each[2])
def test_what_is_cut_off(sample: tuple[str, str, str, bytes]) -> None:
    reader, source, name, data = sample
    for part in range(1, 8):
        check(reader, name, data[: len(data) * part // 8], source)


@pytest.mark.parametrize("reader", sorted({each[0] for each in SAMPLES}))
@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"null", b"5", b'"a"', b"[" * 100_000, b'{"a":' * 100_000, b"<a>" * 100_000,
     b"a: " * 10_000, b"- " * 10_000, b"\xff\xfe", b"&a [*a, *a]\n" * 50,
     b"a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"],
)  # fmt: skip
def test_what_is_no_feed(reader: str, data: bytes) -> None:
    names = {each[2] for each in SAMPLES if each[0] == reader}
    for name in sorted(names)[:6]:
        check(reader, name, data, "test")

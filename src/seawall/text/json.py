"""JSON that YAML's reader refuses, takes for something else, or is slow to read.

Nearly all JSON is YAML and is read as such. There are two ways for the rest. Surrogate escapes, odd
tabs, keys beyond 1,024 characters and strings with line breaks of Unicode go through a parser that
gives YAML's events for JSON, so that values, limits and positions come about as everywhere else.
Large documents that are plain are read by the standard library's decoder, in C, in a quarter of the
time; what it makes of them is the same. What is JSON and what a string means, the standard library
says.
"""

import json
import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.pyyaml import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from seawall.text.scalars import COLLECTIONS, Value, resolve
from seawall.text.yaml import (
    COST_OF_DOCUMENT,
    MAX_DEPTH,
    MAX_TEXT,
    Broken,
    Budget,
    Chunk,
    Document,
    Event,
    build,
)

_TOKEN = pattern(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|[^\s,:"{}\[\]]++', re.DOTALL)
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_MEMBER = pattern(
    rf"[\s,]*+(?:({_STRING})\s*+:\s*+)?+"
    rf'(?:({_STRING}|[^\s,:"{{}}\[\]]++)|([{{\[])|([}}\]]))',
    re.DOTALL,
)
_NAME, _SCALAR, _CLOSING = 1, 2, 4
"""The groups for a key, for the scalar behind it or alone, and for the end of a collection; the
third is for its beginning."""
_NEXT_OBJECT = pattern(r"(?:\A|(?<=\n)|[ \t\r]*+\n)\s*+\{")
_OBJECT = pattern(r"^\{", re.MULTILINE)
_MAX_BROKEN = 100
"""Broken documents of one stream after which the rest is taken for one more."""


class _Mark:
    """The part of a parser's mark that is looked at."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


class JsonParser:
    """Gives YAML's events for one valid JSON text."""

    def __init__(self, text: str) -> None:
        self._events = _events(text)

    def get_event(self) -> Event:
        """The next event, ``None`` after the last."""
        return next(self._events, None)


def _events(text: str) -> Iterator[Event]:
    for found in _TOKEN.finditer(text):
        part = found[0]
        start: Any = _Mark(found.start())
        end: Any = _Mark(found.end())
        if part == "{":
            yield MappingStartEvent(None, None, True, start, end, flow_style=True)  # noqa: FBT003
        elif part == "[":
            yield SequenceStartEvent(None, None, True, start, end, flow_style=True)  # noqa: FBT003
        elif part == "}":
            yield MappingEndEvent(start, end)
        elif part == "]":
            yield SequenceEndEvent(start, end)
        elif part[0] == '"':
            yield ScalarEvent(None, None, (False, True), json.loads(part), start, end)
        else:
            yield ScalarEvent(None, None, (True, False), part, start, end)


def is_json(text: str) -> bool:
    """Whether a text is one value of JSON and no more."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return False
    return True


def load_json(chunk: Chunk, number: int, budget: Budget) -> Document | Broken | None:
    """Read a JSON document; ``None`` when it is none."""
    if not is_json(chunk.text):
        return None
    return build(JsonParser(chunk.text), chunk, number, budget)


def load_plain(
    chunk: Chunk,
    number: int,
    budget: Budget,
    places_of: Callable[[Value], bool] | None = None,
) -> Document | None:
    """The document that YAML's reader would make of a JSON object, made faster.

    It has no offsets where ``places_of`` says that nobody wants them.

    ``None`` where that one has to read it: it is no JSON, goes beyond a limit, or may mean
    something else there, as line separators of Unicode in a string do.
    """
    text = chunk.text
    if not text.isascii() or len(text) > MAX_TEXT:
        return None
    repeats = False

    def mapping(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        nonlocal repeats
        made = dict(pairs)
        repeats = repeats or len(made) < len(pairs)
        return made

    try:
        value = json.loads(
            text, parse_int=resolve, parse_float=resolve, parse_constant=_refuse_constant,
            object_pairs_hook=mapping,
        )  # fmt: skip
    except (ValueError, RecursionError):
        return None
    wants_places = places_of is None or repeats or places_of(value)
    noted = _noted(text) if wants_places else _counted(value)
    if noted is None or noted.values > budget.values:
        return None
    budget.values -= noted.values + COST_OF_DOCUMENT
    return Document(number, chunk, value, repeats, b"" if repeats else noted.offsets)


class _Noted(NamedTuple):
    """How many values a document has, keys and collections with them, and where they stand."""

    values: int
    offsets: bytes
    """As ``Document`` has them."""


def _noted(text: str) -> _Noted | None:
    """What there is to note of a valid JSON text; ``None`` for one that is too deep."""
    offsets = array("I")
    note = offsets.append
    begun: list[int] = []
    end_of_all = len(text.rstrip())  # nothing is looked for in the blanks behind it
    for found in _MEMBER.finditer(text, 0, end_of_all):
        which = found.lastindex
        if which == _CLOSING:
            offsets[begun.pop()] = len(offsets)
            continue
        start, end = found.span(_NAME)
        if start >= 0:
            note(start)
            note(end)
        start, end = found.span(which or 0)
        note(start)
        if which == _SCALAR:
            note(end)
            continue
        if len(begun) >= MAX_DEPTH:
            return None
        begun.append(len(offsets))
        note(0)
    return _Noted(len(offsets) // 2, offsets.tobytes())


def _counted(value: Value) -> _Noted | None:
    """The same without where they stand, of a value of which no key was repeated."""
    count = 1
    depth = 0
    level = [value]
    while level := [each for each in level if type(each) in COLLECTIONS]:
        depth += 1
        if depth > MAX_DEPTH:
            return None
        below: list[Value] = []
        for each in level:
            if isinstance(each, dict):
                count += len(each)
                below += each.values()
            elif isinstance(each, list):
                below += each
        count += len(below)
        level = below
    return _Noted(count, b"")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def end_of_object(text: str, brace: int) -> int:
    """Where a JSON object ends that begins with a brace; 0 where it is none."""
    try:
        return json.JSONDecoder().raw_decode(text, brace)[1]
    except (ValueError, RecursionError):
        return 0


def stream(text: str) -> list[tuple[int, int]] | None:
    """Start and end of each JSON object of a stream; ``None`` when no object in it is valid.

    Every object begins on a line of its own. A broken one ends before the next line that begins
    with a brace; what follows the last object is a document of its own, for others to judge.
    """
    decode = json.JSONDecoder().raw_decode
    documents: list[tuple[int, int]] = []
    broken = end = 0
    while begin := _NEXT_OBJECT.match(text, end):
        brace = begin.end() - 1
        start = max(text.rfind("\n", end, brace) + 1, end)
        try:
            _, end = decode(text, brace)
        except (ValueError, RecursionError):
            broken += 1
            following = _OBJECT.search(text, brace + 1) if broken < _MAX_BROKEN else None
            end = following.start() if following else len(text)
        documents.append((start, end))
    if text[end:].strip():
        documents.append((end, len(text)))
    return documents if broken < len(documents) else None

"""JSON that YAML's reader refuses: surrogate escapes, odd tabs, keys beyond 1,024 characters.

Nearly all JSON is YAML and is read as such. This is the way for the rest: a parser that gives
YAML's events for JSON, so that values, limits and positions come about as everywhere else. What
is JSON and what a string means, the standard library says.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from seawall.core.lazy import pattern
from seawall.text.pyyaml import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from seawall.text.yaml import Broken, Budget, Chunk, Document, Event, build

_TOKEN = pattern(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|[^\s,:"{}\[\]]++', re.DOTALL)
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


def load_json(chunk: Chunk, number: int, budget: Budget) -> Document | Broken | None:
    """Read a JSON document; ``None`` when it is none."""
    try:
        json.loads(chunk.text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return build(JsonParser(chunk.text), chunk, number, budget)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


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

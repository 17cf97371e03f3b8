"""YAML as Kubernetes reads it, document by document, with limits and exact positions.

Values come from the events of libyaml: no node tree is ever built, so memory stays near the
size of the values, and an alias shares the anchored value instead of copying it. Positions are
not kept; ``seawall.text.places`` finds those that are asked for in a second pass.

A line that starts with ``---`` or ``...`` and a blank is a document marker wherever it stands
(YAML 1.1, section 4.2 "c-forbidden"), so documents are split before they are parsed: one broken
document does not hide the next.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from seawall.core.location import KeyPath
from seawall.text.scalars import Scalar, resolve, tagged

try:
    from yaml._yaml import CParser as Parser
except ImportError:  # a build without libyaml: the same events, some fifty times slower
    from seawall.text.pure_yaml import Parser

Value = Scalar | list["Value"] | dict[str, "Value"]

MAX_DEPTH = 200
"""Nested collections; Kubernetes objects need about twenty."""
MAX_NODES = 1_000_000
"""Values of one document after its aliases are followed."""


class Chunk(NamedTuple):
    """The text of one document; ``line`` is how many lines stand before it in the file."""

    text: str
    line: int


class Position(NamedTuple):
    """Line and column, both from 1; columns in characters."""

    line: int
    column: int


class Duplicate(NamedTuple):
    """A key that stands twice in one mapping: readers take the last, people see the first."""

    key_path: KeyPath
    second: Position


class Document(NamedTuple):
    """One document of a stream. ``index`` counts the documents of the file from 0."""

    index: int
    chunk: Chunk
    value: Value
    duplicates: tuple[Duplicate, ...]


class Broken(NamedTuple):
    """A document that could not be read, and where it went wrong."""

    index: int
    chunk: Chunk
    position: Position
    reason: str


class LimitError(Exception):
    """A document that is valid, but too deep or too large to be looked at."""

    def __init__(self, reason: str, event: object) -> None:
        super().__init__(reason)
        self.reason = reason
        mark = event.start_mark  # type: ignore[attr-defined] - events carry marks
        self.line: int = mark.line
        self.column: int = mark.column


_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_CONTENT = re.compile(r"^[ \t]*(?!---(?:[ \t\r\n]|\Z))[^\s#%]", re.MULTILINE)


def split(text: str) -> Iterator[Chunk]:
    """The documents of a stream as text, empty ones left out.

    Directives and comments before a ``---`` belong to the document that follows.
    """
    start = line = 0
    for marker in _MARKER.finditer(text):
        at = marker.start()
        if not _has_content(text, start, at):
            if text.startswith(("---", "..."), start):  # a document without content
                line += text.count("\n", start, at)
                start = at
            continue  # directives and comments before a marker belong to what comes next
        chunk = text[start:at]
        yield Chunk(chunk, line)
        line += chunk.count("\n")
        start = at
    if _has_content(text, start, len(text)):
        yield Chunk(text[start:], line)


def _has_content(text: str, start: int, end: int) -> bool:
    """Whether a stretch holds more than a marker, directives, comments and blanks."""
    if text.startswith(("---", "..."), start):
        start += 3
        newline = text.find("\n", start, end)
        rest = text[start : end if newline < 0 else newline].strip()
        if rest and not rest.startswith("#"):
            return True
        if newline < 0:
            return False
        start = newline
    return _CONTENT.search(text, start, end) is not None


def load(text: str) -> Iterator[Document | Broken]:
    """Read every document of a stream, in order. Never raises on any text."""
    for index, chunk in enumerate(split(text)):
        yield load_chunk(chunk, index)


def load_chunk(chunk: Chunk, index: int = 0) -> Document | Broken:
    """Read one document."""
    broken = _load_yaml(chunk, index)
    if isinstance(broken, Broken) and chunk.text.lstrip()[:1] in ("{", "["):
        from seawall.text.json import load_json  # noqa: PLC0415 - rare, and json costs 7 ms

        return load_json(chunk, index) or broken
    return broken


def _load_yaml(chunk: Chunk, index: int) -> Document | Broken:
    try:
        value, duplicates = _Builder(Parser(chunk.text), chunk.line).build()
    except LimitError as error:
        position = Position(chunk.line + error.line + 1, error.column + 1)
        return Broken(index, chunk, position, error.reason)
    except yaml.MarkedYAMLError as error:
        return Broken(index, chunk, _error_position(error, chunk), _error_reason(error))
    except yaml.reader.ReaderError as error:
        return Broken(index, chunk, _character_position(chunk, error.position), _unreadable(error))
    return Document(index, chunk, value, tuple(duplicates))


def _error_position(error: yaml.MarkedYAMLError, chunk: Chunk) -> Position:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Position(chunk.line + 1, 1)
    return Position(chunk.line + mark.line + 1, mark.column + 1)


def _error_reason(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "invalid YAML"
    return f"{problem} ({error.context})" if error.context else problem


def _character_position(chunk: Chunk, offset: int) -> Position:
    # libyaml counts bytes, the pure reader characters; before the first odd character of an
    # otherwise plain text both are the same.
    before = chunk.text.encode(errors="surrogatepass")[:offset].decode(errors="ignore")
    line_start = before.rfind("\n") + 1
    return Position(chunk.line + before.count("\n") + 1, len(before) - line_start + 1)


def _unreadable(error: yaml.reader.ReaderError) -> str:
    character = error.character
    code = character if isinstance(character, int) else ord(str(character)[:1] or "\0")
    return f"control characters are not allowed (#x{code:04x})"


_MERGE = object()
"""Stands for the key ``<<`` while a mapping is built."""
_NO_KEY = object()
_NO_EVENT = (StreamStartEvent, DocumentEndEvent)


class _Builder:
    """Builds the value of one document from its events, without recursion."""

    def __init__(self, parser: Parser, line: int) -> None:
        self._next = parser.get_event
        self._line = line
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._open_anchors: set[str] = set()
        self._nodes = 0
        self._duplicates: list[Duplicate] = []
        # Each open collection: (collection, pending key, anchor, nodes before, merges).
        self._stack: list[tuple[Value, object, str, int, list[Value] | None]] = []

    def build(self) -> tuple[Value, list[Duplicate]]:
        """The value of the document and its duplicate keys.

        One long loop on purpose: this is where a scan spends its time, and every call counts.
        """
        next_event = self._next
        container: Value = None
        key: object = None
        anchor = ""
        before = nodes = documents = 0
        merges: list[Value] | None = None
        stack = self._stack
        result: Value = None
        value: Value
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                nodes += 1
                if event.tag is not None:
                    value = tagged(event.tag, event.value)
                elif event.implicit[0]:
                    value = resolve(event.value)
                    if key is _NO_KEY and value == "<<":
                        key = _MERGE
                        continue
                else:
                    value = event.value
                if event.anchor is not None:
                    self._anchors[event.anchor] = (value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if key is _NO_KEY:
                    raise LimitError(_COLLECTION_KEY, event)
                if len(stack) >= MAX_DEPTH:
                    raise LimitError(f"nested deeper than {MAX_DEPTH} levels", event)
                if nodes > MAX_NODES:
                    raise LimitError(f"more than {MAX_NODES:,} values in one document", event)
                stack.append((container, key, anchor, before, merges))
                anchor = event.anchor or ""
                if anchor:
                    self._open_anchors.add(anchor)
                before = nodes
                nodes += 1
                merges = None
                if kind is MappingStartEvent:
                    container, key = {}, _NO_KEY
                else:
                    container, key = [], None
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                if merges is not None and type(value) is dict:
                    value = _merge(value, merges)
                if anchor:
                    self._open_anchors.discard(anchor)
                    self._anchors[anchor] = (value, nodes - before)
                container, key, anchor, before, merges = stack.pop()
            elif kind is AliasEvent:
                value, size = self._alias(event)
                nodes += size
                if nodes > MAX_NODES:
                    raise LimitError(
                        f"aliases unfold to more than {MAX_NODES:,} values in one document", event
                    )
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:  # "... text" on a marker line of its own
                    raise LimitError("a second document without a marker line", event)
                continue
            elif kind is StreamEndEvent or event is None:
                return result, self._duplicates
            elif kind in _NO_EVENT:
                continue
            else:
                raise AssertionError(f"unknown event {kind.__name__}")

            # A value is complete: put it where it belongs.
            if key is None:
                if container is None:
                    result = value
                else:
                    container.append(value)  # type: ignore[union-attr] - a list has no key
            elif key is _NO_KEY:
                if type(value) is not str:
                    if isinstance(value, dict | list):
                        raise LimitError(_COLLECTION_KEY, event)
                    value = key_text(value)
                if value in container:  # type: ignore[operator] - a dict has keys
                    self._duplicate(value, event)
                key = value
            elif key is _MERGE:
                merges = merges or []
                merges.append(value)
                key = _NO_KEY
            else:
                container[key] = value  # type: ignore[index,call-overload] - a text key of a dict
                key = _NO_KEY

    def _alias(self, event: AliasEvent) -> tuple[Value, int]:
        name = event.anchor
        if name in self._open_anchors:
            raise LimitError(f"alias *{name} refers to the value it stands in", event)
        try:
            return self._anchors[name]
        except KeyError:
            raise LimitError(f"alias *{name} has no anchor before it", event) from None

    def _duplicate(self, key: str, event: ScalarEvent) -> None:
        path: list[str | int] = []
        for container, pending, *_ in self._stack[1:]:
            if isinstance(container, list):
                path.append(len(container))
            else:
                path.append("<<" if pending is _MERGE else str(pending))
        mark = event.start_mark
        position = Position(self._line + mark.line + 1, mark.column + 1)
        self._duplicates.append(Duplicate((*path, key), position))


_COLLECTION_KEY = "a collection as a mapping key is nothing Kubernetes reads"


def key_text(value: Scalar) -> str:
    """A mapping key as JSON will have it: Kubernetes converts YAML to JSON first."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _merge(own: dict[str, Value], merges: list[Value]) -> dict[str, Value]:
    """A mapping with ``<<``: its own keys win, then earlier merges over later ones."""
    sources: list[dict[str, Value]] = []
    for merge in merges:
        for source in merge if isinstance(merge, list) else [merge]:
            if isinstance(source, dict):
                sources.append(source)
    result: dict[str, Value] = {}
    for source in reversed(sources):
        result.update(source)
    result.update(own)
    return result

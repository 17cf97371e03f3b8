"""JSON that YAML's reader refuses: surrogate escapes, tabs, keys beyond 1,024 characters.

Nearly all JSON is YAML and is read as such, with positions. This is the way for the rest: the
values come from the standard library, positions from a small scanner of its own.
"""

import json
from collections.abc import Iterable

from yaml import YAMLError

from seawall.core.location import KeyPath, Span
from seawall.text.places import Place
from seawall.text.yaml import MAX_DEPTH, Chunk, Document, Parser, Value


def load_json(chunk: Chunk, index: int) -> Document | None:
    """Read a JSON document; ``None`` when it is none, or nested too deep to be looked at."""
    if _depth(chunk.text) > MAX_DEPTH:
        return None
    try:
        value: Value = json.loads(chunk.text)
    except ValueError:
        return None
    return Document(index, chunk, value, ())


def _depth(text: str) -> int:
    depth = deepest = 0
    in_text = escaped = False
    for character in text:
        if in_text:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_text = False
        elif character == '"':
            in_text = True
        elif character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest


def locate_json(chunk: Chunk, paths: Iterable[KeyPath]) -> dict[KeyPath, Place]:
    """The places of paths in JSON that was read without an error."""
    spans = _Scanner(chunk).spans()
    result = {}
    for path in paths:
        known = path
        while known not in spans:
            known = known[:-1]
        result[path] = Place(spans[known], known == path)
    return result


class _Scanner:
    """Records where each value of a valid JSON text stands."""

    def __init__(self, chunk: Chunk) -> None:
        self._text = chunk.text
        self._line = chunk.line + 1
        self._line_start = 0
        self._at = 0

    def spans(self) -> dict[KeyPath, Span]:
        """Each path with what to mark for it: a scalar itself, the key of a collection."""
        spans: dict[KeyPath, Span] = {}
        path: list[str | int] = []
        is_map: list[bool] = []
        key_span: Span | None = None
        expects_key = False
        while (character := self._skip()) is not None:
            if character in "{[":
                start = self._span(self._at, self._at + 1)
                spans[tuple(path)] = key_span or start
                is_map.append(character == "{")
                path.append("" if character == "{" else 0)
                expects_key, key_span = character == "{", None
                self._at += 1
            elif character in "}]":
                path.pop()
                is_map.pop()
                self._at += 1
            elif character == ",":
                expects_key, key_span = is_map[-1], None
                last = path[-1]
                if isinstance(last, int):
                    path[-1] = last + 1
                self._at += 1
            elif character == ":":
                self._at += 1
            else:
                start_at = self._at
                span = self._scalar(character)
                if expects_key:
                    path[-1] = json.loads(self._text[start_at : self._at])
                    expects_key, key_span = False, span
                else:
                    spans[tuple(path)] = span
        spans.setdefault((), Span(self._line, 1, self._line, 2))
        return spans

    def _skip(self) -> str | None:
        text = self._text
        while self._at < len(text) and text[self._at] in " \t\r\n":
            if text[self._at] == "\n":
                self._line += 1
                self._line_start = self._at + 1
            self._at += 1
        return text[self._at] if self._at < len(text) else None

    def _scalar(self, character: str) -> Span:
        text, start = self._text, self._at
        end = start + 1
        if character == '"':
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            end += 1
        else:
            while end < len(text) and text[end] not in ",]} \t\r\n":
                end += 1
        self._at = end
        return self._span(start, end)

    def _span(self, start: int, end: int) -> Span:
        line = self._line
        return Span(line, start - self._line_start + 1, line, end - self._line_start + 1)


def is_only_json(chunk: Chunk) -> bool:
    """Whether YAML's reader refuses a text, so that its positions must come from here."""
    parser = Parser(chunk.text)
    try:
        while parser.get_event() is not None:
            pass
    except YAMLError:
        return True
    return False

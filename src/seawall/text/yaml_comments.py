"""Comments of a YAML stream that hold a mark, and what each of them is written about.

YAML's parser drops comments, so they are found in the text; what lies within a scalar (a script
in a ConfigMap, say) is no comment. Few files have any: a text without the mark costs one search.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml.events import ScalarEvent

from seawall.core.location import Span
from seawall.text.lines import positions, split_lines
from seawall.text.yaml import Chunk, Event, new_parser, split

MAX_COMMENTS = 10_000
"""Marked comments of one file; later ones are left out."""

_COMMENT = re.compile(r"(?:^|[ \t])#[ \t]*")
_CONTENT = re.compile(r"[ \t]*+([^#\s])")
_MARKER = re.compile(r"(?:---|\.\.\.)(?:[ \t]|$)")


class Comment(NamedTuple):
    """A comment: its text without the mark, where it stands, and the lines it is about.

    Behind something, a comment is about the block that begins on its line: one value, or all that
    a key or a list item holds. Alone on its line, it is about the block that begins on the next
    line with content, and at the head of a document about all of that. ``first`` is 0 where
    nothing follows that it could be about.
    """

    text: str
    span: Span
    first: int
    last: int


def comments(text: str, mark: str) -> Iterator[Comment]:
    """The comments whose text begins with a mark, in order."""
    if mark not in text:
        return
    lines = split_lines(text)
    left = MAX_COMMENTS
    for chunk in split(text):
        if mark not in chunk.text:
            continue
        scalars = _scalars(chunk)
        own = split_lines(chunk.text)
        for number, line in enumerate(own):
            column = _comment_in(line, mark)
            if column is None or (chunk.line + number + 1, column + 1) in scalars:
                continue
            left -= 1
            if left < 0:
                return
            start = _text_start(line, column)
            first, last = _about(lines, chunk.line, len(own), number, line[:column])
            place = chunk.line + number + 1
            span = Span(place, column + 1, place, len(line.rstrip()) + 1)
            yield Comment(line[start:].strip(), span, first, last)


def _comment_in(line: str, mark: str) -> int | None:
    """Where the comment with the mark begins in a line: the place of its ``#``."""
    for found in _COMMENT.finditer(line):
        if line.startswith(mark, found.end()):
            return line.index("#", found.start())
    return None


def _text_start(line: str, column: int) -> int:
    found = _COMMENT.match(line, max(0, column - 1) if column else 0)
    return found.end() if found else column + 1


class _Places:
    """The stretches of text that are scalars."""

    def __init__(self, stretches: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
        self._stretches = stretches

    def __contains__(self, place: object) -> bool:
        return any(start <= place < end for start, end in self._stretches)  # type: ignore[operator]


def _scalars(chunk: Chunk) -> _Places:
    """Where the scalars that could hold a comment's text stand, as lines and columns."""
    offsets = []
    parser = new_parser(chunk.text)
    try:
        while (event := parser.get_event()) is not None:
            if type(event) is ScalarEvent and "#" in event.value:
                offsets.append(_offsets(event))
    except (yaml.YAMLError, UnicodeEncodeError):
        pass  # what comes after the error is judged by its looks
    known = positions(chunk.text, (offset for pair in offsets for offset in pair))
    return _Places(
        [
            (
                (known[start][0] + chunk.line, known[start][1]),
                (known[end][0] + chunk.line, known[end][1]),
            )
            for start, end in offsets
        ]
    )


def _offsets(event: Event) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def _about(lines: list[str], before: int, count: int, number: int, head: str) -> tuple[int, int]:
    """The first and last line, from 1, of what a comment is about."""
    first, last = before, before + count - 1
    at = before + number
    if _MARKER.match(head):
        return first + 1, last + 1
    if head.strip():
        return at + 1, _end(lines, at, last) + 1
    while at <= last and (not _CONTENT.match(lines[at]) or _MARKER.match(lines[at])):
        at += 1
    if at > last:
        return 0, 0
    if not any(_CONTENT.match(line) and not _MARKER.match(line) for line in lines[first:at]):
        return first + 1, last + 1
    return at + 1, _end(lines, at, last) + 1


def _end(lines: list[str], at: int, last: int) -> int:
    """The last line of the block that begins on a line."""
    opener = lines[at]
    indent = _indent(opener)
    is_item = opener[indent : indent + 2] in ("- ", "-")
    end = at
    for number in range(at + 1, last + 1):
        line = lines[number]
        if not _CONTENT.match(line):
            continue
        own = _indent(line)
        item_of_it = own == indent and not is_item and line[own : own + 2] in ("- ", "-")
        if own <= indent and not item_of_it:
            break
        end = number
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

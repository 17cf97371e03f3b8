"""Comments of a YAML stream that hold a mark, and what each of them is written about.

YAML's parser drops comments, so they are found in the text; what lies within a scalar (a script
in a ConfigMap, say) is no comment. Few files have any: a text without the mark costs one search.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.location import Span
from seawall.text.lines import positions, split_lines
from seawall.text.pyyaml import ScalarEvent, yaml
from seawall.text.yaml import Chunk, Event, new_parser, split

MAX_COMMENTS = 10_000
"""Marked comments of one file; later ones are left out."""

_COMMENT = pattern(r"(?:^|[ \t])#[ \t]*")
_MARKERS = ("---", "...")

_Place = tuple[int, int]
"""Line and column of a document, both from 1."""


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
    """The comments whose text begins with a mark, in order. Takes time in proportion to it."""
    if mark not in text:
        return
    lines = split_lines(text)
    left = MAX_COMMENTS
    done = 0
    for document in (*(_Document(chunk, lines) for chunk in split(text)), None):
        first = len(lines) if document is None else document.first
        within = [] if document is None else document.marked(mark)
        outside = ((number, _comment_in(lines[number], mark)) for number in range(done, first))
        found = [(number, column) for number, column in outside if column is not None]
        for number, column in (*found, *within):
            left -= 1
            if left < 0:
                return
            line = lines[number]
            about = (0, 0)
            if document is not None and number >= first:
                about = document.about(number, line[:column])
            span = Span(number + 1, column + 1, number + 1, len(line.rstrip()) + 1)
            yield Comment(line[_text_start(line, column) :].strip(), span, *about)
        done = first if document is None else document.end


def _comment_in(line: str, mark: str) -> int | None:
    """Where the comment with the mark begins in a line: the place of its ``#``."""
    if mark not in line:
        return None
    for found in _COMMENT.finditer(line):
        if line.startswith(mark, found.end()):
            return line.index("#", found.start())
    return None


def _text_start(line: str, column: int) -> int:
    found = _COMMENT.match(line, max(0, column - 1) if column else 0)
    return found.end() if found else column + 1


class _Document:
    """One document: its lines, counted from 0 in the file, and the blocks they form."""

    def __init__(self, chunk: Chunk, lines: list[str]) -> None:
        self._chunk = chunk
        self._lines = split_lines(chunk.text)
        whole = lines[chunk.line]
        self._shift = len(whole) - len(self._lines[0]) if whole.endswith(self._lines[0]) else 0
        """Characters before it on its first line: the end marker of the document before."""
        self.first = chunk.line
        self.end = chunk.line + len(self._lines) - (not self._lines[-1])
        """The first line after it."""
        self._next: list[int] = []
        self._ends: list[int] = []

    def marked(self, mark: str) -> list[_Place]:
        """Line and column of the comments with a mark, both from 0."""
        if mark not in self._chunk.text:
            return []
        places = ((number, _comment_in(line, mark)) for number, line in enumerate(self._lines))
        found = [(number, column) for number, column in places if column is not None]
        if not found:
            return []
        scalars = _scalars(self._chunk)
        return [
            (self.first + number, column + (0 if number else self._shift))
            for number, column in found
            if not _lies_in(scalars, (number + 1, column + 1))
        ]

    def about(self, number: int, before: str) -> tuple[int, int]:
        """The first and last line, from 1, of what a comment is about."""
        if not self._next:
            self._find_blocks()
        at = number - self.first
        if before.startswith(_MARKERS) and before[3:4] in _BLANKS_OR_END:
            return self.first + 1, self.end
        if before.strip() and not before.lstrip().startswith("#"):
            return number + 1, self._ends[at] + self.first + 1
        following = self._next[at]
        if following == len(self._lines):
            return 0, 0
        if following == self._next[0]:
            return self.first + 1, self.end
        return following + self.first + 1, self._ends[following] + self.first + 1

    def _find_blocks(self) -> None:
        """For each line the next one with content, and for each of those the end of its block."""
        lines = self._lines
        following = len(lines)
        self._next = [following] * len(lines)
        self._ends = list(range(len(lines)))
        for number in range(len(lines) - 1, -1, -1):
            if _has_content(lines[number]):
                following = number
            self._next[number] = following
        begun: list[tuple[int, int, bool]] = []  # line, indent and whether it is a list item
        last = 0
        for number, following in enumerate(self._next):
            if number != following:
                continue
            line = lines[number]
            indent = len(line) - len(line.lstrip(" "))
            is_item = _is_item(line, indent)
            while begun and not _holds(begun[-1], indent, is_item=is_item):
                self._ends[begun.pop()[0]] = last
            begun.append((number, indent, is_item))
            last = number
        for opener, _, _ in begun:
            self._ends[opener] = last


_BLANKS_OR_END = frozenset(("", " ", "\t"))


def _has_content(line: str) -> bool:
    """Whether a line says more than a comment, a document's marker or a directive does."""
    rest = line.lstrip(" \t")
    if not rest or rest[0] == "#" or rest[0].isspace() or line[0] == "%":
        return False
    return not (line.startswith(_MARKERS) and line[3:].lstrip(" \t")[:1] in ("", "#"))


def _holds(opener: tuple[int, int, bool], indent: int, *, is_item: bool) -> bool:
    """Whether a line belongs to the block that an earlier one begins.

    Items of a list may stand as far left as the key that holds the list.
    """
    _, own_indent, opener_is_item = opener
    return indent > own_indent or (indent == own_indent and is_item and not opener_is_item)


def _is_item(line: str, indent: int) -> bool:
    return line[indent : indent + 2] in ("- ", "-")


# Scalars --------------------------------------------------------------------------------------


def _scalars(chunk: Chunk) -> list[tuple[_Place, _Place]]:
    """Where the scalars that could hold a comment's text stand: start and end, in order."""
    offsets = []
    parser = new_parser(chunk.text)
    try:
        while (event := parser.get_event()) is not None:
            if type(event) is ScalarEvent and "#" in event.value:
                offsets.append(_offsets(event, chunk.text))
    except (yaml.YAMLError, UnicodeEncodeError):
        pass  # what comes after the error is judged by its looks
    known = positions(chunk.text, (offset for pair in offsets for offset in pair))
    return [(known[start], known[end]) for start, end in offsets]


def _offsets(event: Event, text: str) -> tuple[int, int]:
    start, end = event.start_mark.index, event.end_mark.index
    if event.style in ("|", ">"):  # behind the indicator a comment may stand
        start = _line_end(text, start)
    return start, end


def _line_end(text: str, start: int) -> int:
    found = re.compile(r"[\r\n]").search(text, start)
    return found.start() if found else len(text)


def _lies_in(stretches: list[tuple[_Place, _Place]], place: _Place) -> bool:
    """Whether a place lies in one of some stretches, which are in order and apart."""
    number = bisect_right(stretches, place, key=lambda stretch: stretch[0]) - 1
    return number >= 0 and place < stretches[number][1]

"""Which line of a template a rendered line is from.

A template is rendered a second time with a YAML comment behind each line that has text of its own,
which holds the line's number. Where the output without these comments equals the first output,
the numbers are right; elsewhere nothing is said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from seawall.charts.content import Files
from seawall.charts.output import Rendered
from seawall.core.lazy import pattern
from seawall.core.location import Span
from seawall.text.decoding import decode
from seawall.text.lines import split_lines

_WORD = "#@seawall:"
_MARK = pattern(r" #@seawall:(\d+):(\d+)@")
_ACTION = pattern(
    r"""\{\{(?:-[ \t\r\n]+)?/\*.*?\*/(?:[ \t\r\n]+-)?\}\}"""
    r"""|\{\{(?:"(?:[^"\\\n]|\\.)*+"|`[^`]*+`|'(?:[^'\\\n]|\\.)*+'|(?!\}\})[^"`'])*+\}\}""",
    re.DOTALL,
)
_KEYWORD = pattern(r"\{\{(?:-[ \t\r\n]+)?[ \t\r\n]*(/\*|\$\w*[ \t\r\n]*:?=|\w*)")
_OPENERS = frozenset(("if", "range", "with", "define", "block"))
_SILENT = frozenset((*_OPENERS, "else", "end", "break", "continue", "/*"))
_NO_MARK = pattern(r"---|\.\.\.|%")
_TEXT = pattern(r"[^ \t\r\n]")


def are_possible(files: Files) -> bool:
    """Whether no file of a chart holds the word that begins a mark."""
    return not any(_WORD.encode() in data for data in files.values())


def marked(files: Files, templates: Sequence[str]) -> Files:
    """The files of a chart with marks in some templates, numbered by their place in the list."""
    result = dict(files)
    for number, path in enumerate(templates):
        template = decode(files[path])
        if isinstance(template, str):
            result[path] = _marked(template, number).encode()
    return result


def without(text: str) -> str:
    """A text without its marks."""
    return _MARK.sub("", text)


class _Piece(NamedTuple):
    """A stretch of a template: text, or an action."""

    start: int
    end: int
    is_action: bool


def _pieces(template: str) -> Iterator[_Piece]:
    at = 0
    for found in _ACTION.finditer(template):
        if found.start() > at:
            yield _Piece(at, found.start(), is_action=False)
        yield _Piece(found.start(), found.end(), is_action=True)
        at = found.end()
    if at < len(template):
        yield _Piece(at, len(template), is_action=False)


def _marked(template: str, number: int) -> str:
    """The template with a mark behind the last thing that each line writes."""
    ends = _Ends()
    for piece in _pieces(template):
        ends.take(template, piece)
    lines = template.split("\n")
    begin = 0
    for index, text in enumerate(lines):
        at = ends.of(index + 1) - begin
        if at >= 0 and not _NO_MARK.match(text):
            lines[index] = f"{text[:at]} {_WORD}{number}:{index + 1}@{text[at:]}"
        begin += len(text) + 1
    return "\n".join(lines)


def only_writer(template: str) -> int:
    """The line of the one action that writes where no mark can tell of it; 0 without just one.

    What comes out of a template and has no mark must be what it wrote.
    """
    ends = _Ends()
    for piece in _pieces(template):
        ends.take(template, piece)
    lines = template.split("\n")
    silent = [n for n in ends.writers if ends.of(n) < 0 or _NO_MARK.match(lines[n - 1])]
    return silent[0] if len(silent) == 1 else 0


class _Ends:
    """Where the last thing ends that each line of a template writes."""

    def __init__(self) -> None:
        self.writers: list[int] = []
        """The line on which each action begins that writes."""
        self._ends: dict[int, int] = {}
        self._with_text: set[int] = set()
        self._blocks: list[str] = []
        self._line = 1

    def of(self, line: int) -> int:
        """The end for a line, from 1; -1 where nothing may be put behind it."""
        return self._ends.get(line, -1) if line in self._with_text else -1

    def take(self, template: str, piece: _Piece) -> None:
        """The next piece of the template."""
        text = template[piece.start : piece.end]
        first, self._line = self._line, self._line + text.count("\n")
        if piece.is_action:
            if self._writes(text):
                self.writers.append(first)
                self._ends[first] = -1  # where it goes on below: what it writes is still to come
                # A mark would stop what trims the blanks behind it.
                self._ends[self._line] = -1 if text.endswith("-}}") else piece.end
        elif "define" not in self._blocks:  # else it ends up wherever it is included
            at = piece.start
            for line, part in enumerate(text.split("\n"), first):
                if part.strip():
                    self._with_text.add(line)
                    self._ends[line] = at + len(part.rstrip())
                at += len(part) + 1

    def _writes(self, action: str) -> bool:
        found = _KEYWORD.match(action)
        word = found[1] if found else ""
        if word in _OPENERS:
            self._blocks.append(word)
        elif word == "end" and self._blocks:
            self._blocks.pop()
        return not (word in _SILENT or word.endswith("=") or "define" in self._blocks)


class Lines(NamedTuple):
    """What is known of one rendered text: for each of its lines the template's, 0 if unknown.

    ``otherwise`` is the line for those that no line with a number holds; 0 if unknown.
    """

    rendered: Sequence[str]
    numbers: Sequence[int]
    otherwise: int = 0

    def enclosing(self, line: int) -> int:
        """The template's line for a rendered one, else for the nearest that holds it; else 0."""
        return self._enclosing(line) or self.otherwise

    def _enclosing(self, line: int) -> int:
        index = line - 1
        if not 0 <= index < len(self.rendered):
            return 0
        text = self.rendered[index]
        indent, is_item = _indent(text), _is_item(text)
        while index >= 0:
            text = self.rendered[index]
            if text.startswith("---") and index < line - 1:
                return 0
            own = _indent(text)
            holds = own < indent or (own == indent and is_item and not _is_item(text))
            if index == line - 1 or (holds and _TEXT.search(text) and not _is_comment(text)):
                if self.numbers[index]:
                    return self.numbers[index]
                indent, is_item = own, _is_item(text)
            index -= 1
        return 0


def lines_of(
    plain: Sequence[Rendered], marked: Sequence[Rendered], number: int, otherwise: int = 0
) -> Lines:
    """The lines of the documents of one template, whose marks have a number.

    ``otherwise`` is the line that wrote what has no mark, where the outputs are equal without.
    """
    rendered: list[str] = []
    numbers: list[int] = []
    comparable = len(plain) == len(marked)
    for index, document in enumerate(plain):
        own = split_lines(document.text.removesuffix("\n"))
        other = split_lines(marked[index].text.removesuffix("\n")) if comparable else []
        rendered += own
        if len(own) != len(other):
            numbers += [0] * len(own)
            continue
        for line, with_mark in zip(own, other, strict=True):
            found = next((m for m in _MARK.finditer(with_mark) if int(m[1]) == number), None)
            sure = found is not None and without(with_mark) == line
            numbers.append(int(found[2]) if found is not None and sure else 0)
    texts = "".join(item.text for item in plain), "".join(item.text for item in marked)
    return Lines(rendered, numbers, otherwise if without(texts[1]) == texts[0] else 0)


def span_in(template: Sequence[str], number: int, span: Span, rendered: str) -> Span:
    """A span of a rendered line within the line of the template it is from.

    As much of it as stands there literally; else all of the line.
    """
    line = template[number - 1] if 0 < number <= len(template) else ""
    last = len(line.rstrip()) + 1
    if line == rendered and span.line == span.end_line:
        return Span(number, span.column, number, span.end_column)
    if 1 < span.column <= last and line[: span.column - 1] == rendered[: span.column - 1]:
        return Span(number, span.column, number, max(last, span.column + 1))
    first = len(line) - len(line.lstrip()) + 1
    return Span(number, min(first, last), number, max(last, first))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _is_item(text: str) -> bool:
    stripped = text.lstrip(" ")
    return stripped == "-" or stripped.startswith("- ")


def _is_comment(text: str) -> bool:
    return text.lstrip(" ").startswith("#")


def table(wanted: Iterable[Span], lines: Lines, template: Sequence[str]) -> dict[Span, Span]:
    """Where spans of a rendered text are in its template, as far as that is certain."""
    result: dict[Span, Span] = {}
    for span in wanted:
        number = lines.enclosing(span.line)
        if number:
            own = lines.numbers[span.line - 1] == number
            rendered = lines.rendered[span.line - 1] if own else ""
            result[span] = span_in(template, number, span if own else _NOWHERE, rendered)
    return result


_NOWHERE = Span(1, 1, 1, 1)

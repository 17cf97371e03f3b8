"""A Dockerfile as the row of all its pieces: put together they are the file, byte for byte."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.text.dockerfile.tree import Dockerfile, Instruction

BOM, COMMENT, DIRECTIVE, KEYWORD, FLAG, WORD, STRING = (
    "bom", "comment", "directive", "keyword", "flag", "word", "string",
)  # fmt: skip
HEREDOC_START, HEREDOC_BODY, HEREDOC_END, BREAK, BLANK, TEXT = (
    "heredoc start", "heredoc body", "heredoc end", "break", "blank", "text",
)  # fmt: skip
"""Kinds. A ``break`` is what a continuation takes out: escape, line end, the comments' line ends
and blank lines. ``string`` is of a JSON form; ``text`` is what has no other kind: brackets and
commas of a JSON form, what stands between a pair's key and value, unreadable rest."""


class Token(NamedTuple):
    """A piece of the file."""

    kind: str
    start: int
    end: int


_BLANKS = pattern(rb"[ \t\n\v\f\r]+|[^ \t\n\v\f\r]+")


def tokens(file: Dockerfile) -> Iterator[Token]:
    """All pieces in order, without a gap and without overlap."""
    marks = sorted(_marks(file))
    at = 0
    for start, end, kind in marks:
        if end <= max(at, start):
            continue
        first = max(start, at)
        yield from _between(file.data, at, first)
        yield Token(kind, first, end)
        at = end
    yield from _between(file.data, at, len(file.data))


def _between(data: bytes, start: int, end: int) -> Iterator[Token]:
    if start < end:
        for found in _BLANKS.finditer(data, start, end):
            blank = found[0].isspace()
            yield Token(BLANK if blank else TEXT, found.start(), found.end())


def _marks(file: Dockerfile) -> Iterator[tuple[int, int, str]]:
    if file.data.startswith(b"\xef\xbb\xbf"):
        yield 0, 3, BOM
    for directive in file.directives:
        yield directive.start, directive.end, DIRECTIVE
    for comment in file.comments:
        yield comment.start, comment.end, COMMENT
    for instruction in file.instructions:
        yield from _of(instruction)


def _of(instruction: Instruction) -> Iterator[tuple[int, int, str]]:
    gaps = list(_gaps(instruction))
    ends = [end for _, end in gaps]
    for start, end in gaps:
        yield start, end, BREAK
    for start, end, kind in _words(instruction):
        yield from _cut(start, end, kind, gaps, ends)
    for heredoc in instruction.heredocs:
        yield heredoc.start, heredoc.end, HEREDOC_START
        yield heredoc.body_start, heredoc.body_end, HEREDOC_BODY
        yield heredoc.terminator_start, heredoc.terminator_end, HEREDOC_END


def _words(instruction: Instruction) -> Iterator[tuple[int, int, str]]:
    starts = {heredoc.start for heredoc in instruction.heredocs}
    keyword = instruction.keyword
    yield keyword.start, keyword.end, KEYWORD
    for flag in instruction.flags:
        yield flag.start, flag.end, FLAG
    kind = STRING if instruction.is_json else WORD
    for number, word in enumerate(instruction.arguments):
        first = instruction.name == "HEALTHCHECK" and number == 0
        if word.start not in starts:
            yield from _around(word.start, word.end, WORD if first else kind, instruction)
    if instruction.inner is not None:
        yield from _words(instruction.inner)


def _around(
    start: int, end: int, kind: str, instruction: Instruction
) -> Iterator[tuple[int, int, str]]:
    """A word without the heredocs that are announced in it (``RUN cat <<EOF``)."""
    at = start
    for heredoc in instruction.heredocs:
        if at < heredoc.start and heredoc.end <= end:
            yield at, heredoc.start, kind
            at = heredoc.end
    yield at, end, kind


def _gaps(instruction: Instruction) -> Iterator[tuple[int, int]]:
    """The stretches that continuations take out, without the comments in them."""
    source = instruction.source
    comments = instruction.inner_comments
    length = len(source.text) if source.widths is None else source.widths[-1]
    number = 0
    for piece in range(1, len(source.starts)):
        before = source.starts[piece] - source.starts[piece - 1]
        at, end = source.places[piece - 1] + before, source.places[piece]
        while number < len(comments) and comments[number].start < end:
            if at < comments[number].start:
                yield at, comments[number].start
            at = max(at, comments[number].end)
            number += 1
        if at < end:
            yield at, end
    last = source.places[-1] + length - source.starts[-1]
    for comment in comments[number:]:
        yield last, comment.start
        last = comment.end


def _cut(
    start: int, end: int, kind: str, gaps: list[tuple[int, int]], ends: list[int]
) -> Iterator[tuple[int, int, str]]:
    at = start
    number = bisect_right(ends, start)
    while number < len(gaps) and gaps[number][0] < end:
        first, last = gaps[number]
        if at < first:
            yield at, first, kind
        at = max(at, last)
        number += 1
    if at < end:
        yield at, end, kind

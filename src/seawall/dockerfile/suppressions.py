"""Ignore comments in Dockerfiles: our own and those of other tools."""

from collections.abc import Iterator

from seawall.core.ignore import MARK, Ignore, Lines, WholeFile, directive
from seawall.core.location import Location, Span
from seawall.text.dockerfile.parser import parse
from seawall.text.dockerfile.tree import Comment, Dockerfile, Instruction

MARKS = (MARK.encode(),)
"""A file without any of these holds no ignore."""


def from_comments(data: bytes, path: str) -> Iterator[Ignore]:
    """The ignore comments of a file.

    Ours is about the instruction that follows it, with all its lines; inside a continued
    instruction, about the line that follows.
    """
    file = parse(data)
    for comment in file.comments:
        found = directive(comment.text)
        if found is None:
            continue
        first, last = _about(file, comment)
        fault = found.fault
        if not first and not found.whole_file and not fault:
            fault = "no instruction follows that it could be about"
        scope = WholeFile(path) if found.whole_file else Lines(path, first, last)
        width = len(file.text(comment.start, comment.end)) + 1
        span = Span(comment.line, 1, comment.line, width)
        yield Ignore(found.rules, scope, found.reason, found.until, Location(path, span=span),
                     form="comment", fault=fault)  # fmt: skip


def _about(file: Dockerfile, comment: Comment) -> tuple[int, int]:
    inside = _around(file, comment)
    if inside is not None:
        return comment.line + 1, comment.line + 1
    for instruction in file.instructions:
        if instruction.line > comment.line:
            return instruction.line, instruction.end_line
    return 0, 0


def _around(file: Dockerfile, comment: Comment) -> Instruction | None:
    for instruction in file.instructions:
        if comment in instruction.inner_comments:
            return instruction
    return None

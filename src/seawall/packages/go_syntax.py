"""The lines of go.mod and go.work: directives, alone or in blocks.

Source: https://go.dev/ref/mod#go-mod-file-lexical
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.packages.package import Unreadable
from seawall.packages.reading import Notes

_WORD = pattern(
    r'[ \t]*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|(//.*)|(=>|[(),\[\]])|((?:(?!//)[^\s"`(),\[\]])+))'
)


class Line(NamedTuple):
    """One directive of a file: of a block, each of its lines."""

    directive: str
    words: tuple[str, ...]
    comment: str
    number: int


def lines_of(text: str, notes: Notes) -> Iterator[Line]:
    """The directives of a file; raises Unreadable for an open block."""
    block, opened = "", 0
    number = 0
    for number, raw in enumerate(text.split("\n"), 1):
        words, comment, is_whole = _words(raw.rstrip())
        if not is_whole:
            notes.add(raw.strip(), "it cannot be read", number)
        elif words == [")"] and block:
            block = ""
        elif block and words:
            yield Line(block, tuple(words), comment, number)
        elif len(words) > 1 and words[1:] == ["("]:
            block, opened = words[0], number
        elif words and words[1:] != ["(", ")"]:
            yield Line(words[0], tuple(words[1:]), comment, number)
    if block:
        raise Unreadable(f"the block of {block} is not closed", opened)


def _words(line: str) -> tuple[list[str], str, bool]:
    """Words and comment of a line, and whether all of it was read."""
    words: list[str] = []
    at = 0
    while found := _WORD.match(line, at):
        at = found.end()
        quoted, raw, comment, mark, word = found.groups()
        if comment is not None:
            return words, comment[2:].strip(), True
        words.append(next(part for part in (quoted, raw, mark, word) if part is not None))
    return words, "", not line[at:].strip()

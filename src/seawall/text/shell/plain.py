"""Commands that can be cut into words without their syntax tree: nine of ten.

They hold letters, quotes and variables only: no escape, substitution, assignment or redirection. To
ask the tree for a node costs more than to cut a word out of the text.
"""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

_VARIABLE = r"\$\w++|\$\{\w++\}"
_QUOTED = rf"""'[ -&(-~]*+'|"(?:[ !#%-\[\]-_a-~]++|{_VARIABLE})*+"|{_VARIABLE}"""
# An "=" in the first word may make it an assignment, and one that begins another an operator.
_FIRST = rf"(?:[\w./:@%+,~*?-]++|{_QUOTED})++"
_OTHER = rf"(?:[\w./:@%+,~*?=-]++|{_QUOTED})++"
_COMMAND = pattern(rf"{_FIRST}(?:[ \t]++(?!=){_OTHER})*+", re.ASCII)
_WORD = pattern(_OTHER, re.ASCII)
_PIECES = pattern(rf"[\w./:@%+,~*?=-]++|{_QUOTED}", re.ASCII)
_MARK = pattern("['\"$]")


class Piece(NamedTuple):
    """A word: as written, what the command gets, and where it stands in the text."""

    text: str
    value: str | None
    start: int
    end: int


def shown(text: str) -> list[str] | None:
    """The words of a command as it gets them, those with variables as written.

    ``None`` of a text that is no plain command, or has a variable in its name.
    """
    if _COMMAND.fullmatch(text) is None:
        return None
    if _MARK.search(text) is None:
        return text.split()
    texts = _WORD.findall(text)
    if _value(texts[0]) is None:
        return None
    return [word if (value := _value(word)) is None else value for word in texts]


def cut(text: str, start: int, end: int) -> Iterator[Piece]:
    """The words of a plain command that stands somewhere in a text."""
    for found in _WORD.finditer(text, start, end):
        yield Piece(found[0], _value(found[0]), *found.span())


def _value(text: str) -> str | None:
    """What a command gets of a word; ``None`` where a variable decides."""
    if _MARK.search(text) is None:
        return text
    value = ""
    for piece in _PIECES.findall(text):
        if piece[0] == "'":
            value += piece[1:-1]
        elif "$" in piece:
            return None
        else:
            value += piece[1:-1] if piece[0] == '"' else piece
    return value

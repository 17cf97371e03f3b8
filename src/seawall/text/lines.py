"""Lines as editors count them: a line ends with LF, with CR LF or with a lone CR.

YAML 1.1 also takes U+0085, U+2028 and U+2029 for line breaks; editors, SARIF viewers and web
pages do not. Positions are therefore made from offsets, never from a parser's own line count.
"""

from collections.abc import Iterable

from seawall.core.lazy import pattern

_END = pattern(r"\r\n?|\n")


def count_ends(text: str, start: int, end: int) -> int:
    """How many lines end in a stretch of text that does not cut a CR LF in two."""
    count = text.count("\n", start, end)
    returns = text.count("\r", start, end)
    return count + returns - text.count("\r\n", start, end) if returns else count


def split_lines(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return _END.split(text) if "\r" in text else text.split("\n")


def positions(text: str, offsets: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Line and column of some offsets, both from 1, columns in characters.

    One walk over the text, whatever the number of offsets.
    """
    result: dict[int, tuple[int, int]] = {}
    line, line_start = 1, 0
    returns = "\r" in text
    for offset in sorted(set(offsets)):
        newline = text.rfind("\n", line_start, offset) + 1
        if returns:
            # A CR right before a LF that lies at or after the offset ends nothing yet.
            end = offset - 1 if text[offset - 1 : offset + 1] == "\r\n" else offset
            newline = max(newline, text.rfind("\r", line_start, end) + 1)
            line += count_ends(text, line_start, end) if newline else 0
        elif newline:
            line += text.count("\n", line_start, offset)
        line_start = newline or line_start
        result[offset] = (line, offset - line_start + 1)
    return result

"""Hostile text made fit for a screen: what does not print is shown as an escape.

Names, paths and source lines come from strangers. On a terminal they could move the cursor,
turn text around (Unicode's bidirectional marks) or hide it; in a CI log they could give orders
to the runner.
"""

from seawall.core.location import made
from seawall.core.named_tuple import NamedTuple

TAB_STOP = 4
ELLIPSIS = "..."
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""One line of text that prints as it reads.

    Control characters, marks that reorder or hide text, line separators and lone surrogates
    become escapes (``\x1b``, ``\u202e``), a byte of a name that is no UTF-8 becomes ``\xff``.
    """
    if text.isprintable() and "##" not in text and "::" not in text:
        return text  # nearly always
    if not text.isprintable():
        text = "".join([c if c.isprintable() else escape(c) for c in text])
    return harmless(text)


def escape(character: str) -> str:
    """The escape for one character."""
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that could not be decoded
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def harmless(text: str) -> str:
    """Break what a CI runner would take for an order.

    ``::name::`` is one at the start of a line (GitHub). ``##[name]`` (GitHub), ``##vso[`` (Azure)
    and ``##teamcity[`` are orders anywhere in a line.
    """
    if "##" in text:
        text = "".join(
            [r"\x23" if is_order(text, i) else c for i, c in enumerate(text)]
        )  # fmt: skip
    if "::" in text and text.lstrip().startswith("::"):
        text = text.replace(":", r"\x3a", 1)
    return text


def is_order(text: str, index: int) -> bool:
    """Whether the second ``#`` of the start of an order stands at this place."""
    if text[index] != "#" or index == 0 or text[index - 1] != "#":
        return False
    return text.startswith(("[", "vso[", "teamcity["), index + 1)


def width(text: str) -> int:
    """How many columns a printable text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if character.isascii():
        return 1
    from unicodedata import category, east_asian_width  # noqa: PLC0415 - most text is ASCII

    if category(character) in ("Mn", "Me"):  # drawn over the character before
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def cut(text: str, room: int) -> str:
    """A printable text in so many columns, with an ellipsis where it is longer."""
    if width(text) <= room:
        return text
    taken, kept = len(ELLIPSIS), 0
    for character in text:
        taken += _character_width(character)
        if taken > room:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


class Excerpt(NamedTuple):
    """A source line cut to size, in three parts: the middle one is the marked spot.

    ``marks`` are the carets that belong below it, blanks before them included.
    """

    before: str
    spot: str
    after: str
    marks: str

    @property
    def text(self) -> str:
        """The whole excerpt."""
        return self.before + self.spot + self.after


def excerpt(line: str, start: int, end: int, room: int) -> Excerpt:
    """Show a line around its characters ``start`` to ``end`` (from 0, end exclusive).

    What does not fit into ``room`` columns is cut off on either side, with an ellipsis. Both
    places may lie past the end of the line, for a field that is missing belongs somewhere too.
    """
    if not 0 <= start <= end <= len(line):
        start = max(0, min(start, len(line)))
        end = max(start, min(end, len(line)))
    if len(line) <= room and line.isascii() and line.isprintable() and "##" not in line:
        # Nearly every line: each character is shown as itself and takes one column.
        marks = " " * start + "^" * (end - start or 1)
        return made(Excerpt, (line[:start], line[start:end], line[end:], marks))
    # A hostile line may have millions of characters: never look at more than can be shown.
    first, last = max(0, start - room), min(len(line), min(end, start + room) + room)
    shown = _cells(line, first, last)
    widths = [width(cell) for cell in shown]
    spot = (start - first, min(end - first, len(shown)))
    left, right = 0, len(shown)
    if first > 0 or last < len(line) or sum(widths) > room:
        left, right = _window(widths, *spot, room - 2 * len(ELLIPSIS))
    lead = ELLIPSIS if first + left > 0 else ""
    tail = ELLIPSIS if first + right < len(line) else ""
    until = max(spot[0], min(spot[1], right))
    before = lead + "".join(shown[left : spot[0]])
    carets = "^" * max(1, sum(widths[spot[0] : until]))
    return Excerpt(
        before,
        "".join(shown[spot[0] : until]),
        "".join(shown[until:right]) + tail,
        " " * width(before) + carets,
    )


def _cells(line: str, first: int, last: int) -> list[str]:
    """What each character is shown as; tabs reach to the next tab stop."""
    cells = []
    column = 0
    part = line[first:last]
    if part.isascii() and part.isprintable() and "##" not in line[max(first - 1, 0) : last]:
        return list(part)  # most: each character is shown as itself
    for index in range(first, last):
        character = line[index]
        if character == "\t":
            cell = " " * (TAB_STOP - column % TAB_STOP)
        elif not character.isprintable():
            cell = escape(character)
        else:
            cell = r"\x23" if is_order(line, index) else character
        cells.append(cell)
        column += width(cell)
    return cells


def _window(widths: list[int], start: int, stop: int, room: int) -> tuple[int, int]:
    """Which cells to show: all up to the spot if they fit, else those around it."""
    spot = min(sum(widths[start:stop]), room)
    tail = min(room // 4, sum(widths[stop:]), room - spot)
    left, used = start, spot + tail
    while left > 0 and used + widths[left - 1] <= room:
        left -= 1
        used += widths[left]
    right, used = left, 0
    while right < len(widths) and used + widths[right] <= room:
        used += widths[right]
        right += 1
    return left, right


def wrap(text: str, room: int) -> list[str]:
    """Break a visible text into lines of at most ``room`` columns, at blanks; 0 breaks nothing."""
    if room <= 0 or width(text) <= room:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and width(line) + 1 + width(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return [harmless(line) for line in lines]

"""Which documents the text of an instruction announces."""

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.expansion import RAW, ExpansionError, Style, expand

_HEREDOC = pattern(r"([0-9]*)<<(-?)[\t\n\f\r ]*+([^<]*)")
_NAME = Style(keep_unset=True)
_RAW_NAME = Style(keep_unset=True, raw_quotes=True)


class Announcement(NamedTuple):
    """``<<NAME`` and where it stands in its text."""

    name: str
    descriptor: int
    expand: bool
    strip_tabs: bool
    start: int
    end: int


def announced(text: str) -> list[Announcement]:
    """The heredocs of an instruction's text, its name and flags included, in order.

    The backslash escapes here, whatever the file's escape directive says.

    Raises:
        ExpansionError: BuildKit refuses the name of one.
    """
    if "<<" not in text:
        return []
    try:
        words = expand(text, {}, "\\", RAW).words
    except ExpansionError:
        return []
    result = []
    for word, start, end in words:
        found = heredoc(word, start, end)
        if found is not None:
            result.append(found)
    return result


def heredoc(word: str, start: int = 0, end: int = 0) -> Announcement | None:
    """The heredoc that a word stands for, if it does.

    Raises:
        ExpansionError: BuildKit refuses its name.
    """
    found = _HEREDOC.fullmatch(word)
    if found is None or not found[3]:
        return None
    rest = found[3]
    plain = expand(rest, {}, "\\", _NAME).words
    if len(plain) != 1:
        return None
    raw = expand(rest, {}, "\\", _RAW_NAME).words
    if len(raw) != 1:
        reason = f"internal lexing of heredoc produced inconsistent results: {rest}"
        raise ExpansionError(reason)
    digits = found[1].lstrip("0")
    descriptor = int(digits or "0") if len(digits) < 20 else (1 << 64) - 1
    name = plain[0][0]
    return Announcement(
        name, descriptor, _quotes(name) == _quotes(raw[0][0]), bool(found[2]), start, end
    )


def is_heredoc(word: str) -> bool:
    """Whether COPY and ADD take a word for a heredoc."""
    if "<<" not in word:
        return False
    try:
        return heredoc(word) is not None
    except ExpansionError:
        return False


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')

"""The shell patterns of ``${X#p}``, ``${X%p}`` and ``${X/p/r}``: ``*`` and ``?``, no brackets.

BuildKit makes regular expressions of them. So does this module, but in a form that Python's
engine matches in linear time: the earliest place for a piece between two stars is always good
enough, so that the engine need not come back to it (an atomic group).
"""

import re

from seawall.core import lazy
from seawall.core.named_tuple import NamedTuple

_END = "\ufffd"


class PatternError(Exception):
    """A pattern that BuildKit refuses; the message is its own."""


class _Pattern(NamedTuple):
    first: "re.Pattern[str]"
    whole: "re.Pattern[str]"


def _pieces(pattern: str) -> list[str]:
    """The pieces between stars as regular expressions."""
    pieces = [""]
    at = 1 if pattern.startswith("\ufeff") else 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            if pieces[-1] or len(pieces) == 1:  # two stars are one
                pieces.append("")
        elif character == "?":
            pieces[-1] += "."
        elif character != "\\":
            pieces[-1] += re.escape(character)
        elif pattern[at : at + 1] not in {"}", "/"}:
            character = pattern[at : at + 1]
            at += 1
            if character not in {"*", "?", "\\"}:
                raise PatternError(f"invalid escape '\\{character or _END}'")
            pieces[-1] += re.escape(character)
    return pieces


def _compile(pattern: str, *, greedy: bool) -> _Pattern:
    pieces = _pieces(pattern)
    text = pieces[0]
    if len(pieces) > 1:
        text += "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
        last = pieces[-1]
        text += f".*{last}" if greedy else f".*?{last}"
    return _Pattern(re.compile(pieces[0]), re.compile(text))


def trim_prefix(pattern: str, value: str, *, greedy: bool) -> str:
    """A value without the shortest or longest start that a pattern matches."""
    try:
        found = _compile(pattern, greedy=greedy).whole.match(value)
    except PatternError as error:
        raise PatternError(f"invalid pattern ({pattern}) in substitution: {error}") from None
    return value[found.end() :] if found else value


def trim_suffix(pattern: str, value: str, *, greedy: bool) -> str:
    """A value without the shortest or longest end that a pattern matches."""
    return trim_prefix(_reversed_pattern(pattern), value[::-1], greedy=greedy)[::-1]


def _reversed_pattern(pattern: str) -> str:
    """A pattern from back to front, its escapes before what they escape."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        width = 2 if pattern[at] == "\\" and at + 1 < len(pattern) else 1
        parts.append(pattern[at : at + width])
        at += width
    return "".join(reversed(parts))


def replace(pattern: str, replacement: str, value: str, *, every: bool) -> str:
    """A value with the first or every match of a pattern replaced.

    With ``//`` BuildKit reads the replacement as a template of Go's ``regexp``: ``$0`` is the
    match, ``$$`` a dollar, other names are nothing.
    """
    try:
        compiled = _compile(pattern, greedy=True)
    except PatternError as error:
        raise PatternError(f"invalid pattern ({pattern}) in substitution: {error}") from None
    if not every:
        found = _search(compiled, value, 0)
        if found is None:
            return value
        return value[: found.start()] + replacement + value[found.end() :]
    parts: list[str] = []
    at = done = 0
    while at <= len(value) and (found := _search(compiled, value, at)) is not None:
        start, end = found.span()
        parts.append(value[done:start])
        if end > done or start == 0:  # not an empty match right behind another
            parts.append(_template(replacement, found[0]))
        done = end
        at = max(at + 1, end)
    return "".join(parts) + value[done:]


def _search(pattern: _Pattern, value: str, at: int) -> "re.Match[str] | None":
    """The leftmost match. Where one start of a line fails, the others of the line fail too."""
    while (first := pattern.first.search(value, at)) is not None:
        found = pattern.whole.match(value, first.start())
        if found is not None:
            return found
        newline = value.find("\n", first.start())
        if newline < 0:
            return None
        at = newline + 1 if newline >= first.start() else first.start() + 1
    return None


_TEMPLATE = lazy.pattern(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def _template(replacement: str, match: str) -> str:
    if "$" not in replacement:
        return replacement

    def name(found: "re.Match[str]") -> str:
        if found[1]:
            return "$"
        return match if (found[2] or found[3]) == "0" else ""

    return _TEMPLATE.sub(name, replacement)

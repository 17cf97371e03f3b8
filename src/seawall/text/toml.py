"""TOML (v1.0) with the lines its keys stand on, for messages that point at them.

The standard library reads the values but tells no positions, and takes its time to import; what
most configurations are made of is read without it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

KeyPath = tuple[str | int, ...]
Table = dict[str, Any]
"""A table as ``tomllib`` gives it."""


class Toml(NamedTuple):
    """A document and the line of each key, table and member of an array of tables."""

    value: Table
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """The line a path stands on, or else the nearest above it; 1 when nothing is known."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 1


class TomlError(Exception):
    """Text that is no TOML; line and column count from 1, 0 when they are not known."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


_MAX_DOTS = 100


def _refuse_depth(text: str) -> None:
    """Keys of thousands of parts take ``tomllib`` and us time by the square of their number."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MAX_DOTS:
            key = line.partition("=")[0]
            if key.count(".") > _MAX_DOTS and key.lstrip()[:1] not in ("#", ""):
                raise TomlError("it is nested too deeply", number, 0)


_AT = r"(?s)(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)"


def parse(text: str) -> Toml:
    """Read a document; raises TomlError."""
    from seawall.text import toml_simple  # noqa: PLC0415 - only where there is a file

    simple = toml_simple.read(text)
    if simple is not None:
        return Toml(*simple)
    _refuse_depth(text)
    import tomllib  # noqa: PLC0415 - 5 ms, only for what the simple reader does not know

    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(_AT, str(error))
        reason = found[1] if found else str(error)
        line = int(found[2]) if found and found[2] else text.count("\n") + 1 if found else 0
        column = int(found[3]) if found and found[3] else 0
        raise TomlError(reason[:1].lower() + reason[1:], line, column) from None
    except RecursionError:
        raise TomlError("it is nested too deeply", 0, 0) from None
    from seawall.text.toml_lines import lines_of  # noqa: PLC0415 - rare

    return Toml(value, lines_of(text))


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def literal(value: str | bool | int | Sequence[str]) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    return f"[{', '.join(literal(item) for item in value)}]"


def comment(text: str) -> str:
    """A comment, on one line whatever the text holds."""
    return "# " + "".join(c if c in '\\"' else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """A character of a text; what does not print (or turns other text around) as an escape."""
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # a byte of a file name that is no UTF-8; TOML has no such
        return "\\uFFFD"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def key(name: str) -> str:
    """A key as TOML writes it: bare where it can be."""
    return name if _BARE.fullmatch(name) else literal(name)


_BARE = pattern(r"[A-Za-z0-9_-]+")

"""TOML (v1.0) with the lines its keys stand on, for messages that point at them.

The standard library reads the values but tells no positions. Which line a key stands on is found
by a second look at text that is known to be valid.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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


_AT = re.compile(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def parse(text: str) -> Toml:
    """Read a document; raises TomlError."""
    import tomllib  # noqa: PLC0415 - 5 ms, only where there is a file

    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT.fullmatch(str(error))
        reason = found[1] if found else str(error)
        line = int(found[2]) if found and found[2] else text.count("\n") + 1 if found else 0
        column = int(found[3]) if found and found[3] else 0
        raise TomlError(reason[:1].lower() + reason[1:], line, column) from None
    except RecursionError:
        raise TomlError("it is nested too deeply", 0, 0) from None
    return Toml(value, _Lines(text).find())


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


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_KEY = re.compile(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_PLAIN = re.compile(r"[^\"'\[\]{}#\n]+")
_BLANK = re.compile(r"[ \t\r\n]+|#[^\n]*")


class _Lines:
    """Walks over a valid document and notes where keys stand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._members: dict[KeyPath, int] = {}
        self._table: KeyPath = ()
        self._counted = (0, 1)
        """A place and its line, from which the next one is counted."""

    def find(self) -> dict[KeyPath, int]:
        """The line of each key."""
        while True:
            while blank := _BLANK.match(self._text, self._at):
                self._at = blank.end()
            if self._at >= len(self._text):
                return self._lines
            if self._text[self._at] == "[":
                self._header()
            else:
                self._note((*self._table, *self._keys()))
                self._at += 1  # the equals sign
                self._value()

    def _header(self) -> None:
        is_member = self._text.startswith("[[", self._at)
        self._at += 2 if is_member else 1
        keys = self._keys()
        path: KeyPath = ()
        for number, key in enumerate(keys):
            path = (*path, key)
            last = number == len(keys) - 1
            if path in self._members and not (last and is_member):
                path = (*path, self._members[path])
        if is_member:
            index = self._members[path] = self._members.get(path, -1) + 1
            path = (*path, index)
        self._at += 2 if is_member else 1
        self._table = path
        self._note(path)

    def _note(self, path: KeyPath) -> None:
        before, line = self._counted
        line += self._text.count("\n", before, self._at)
        self._counted = self._at, line
        for depth in range(len(self._table) + 1, len(path)):
            self._lines.setdefault(path[:depth], line)  # a dotted key makes tables on its way
        self._lines.setdefault(path, line)

    def _keys(self) -> tuple[str, ...]:
        keys = []
        while (found := _KEY.match(self._text, self._at)) is not None:
            quoted, literal, bare = found.groups()
            keys.append(_unescaped(quoted) if quoted is not None else literal or bare or "")
            self._at = found.end()
            if self._text[self._at : self._at + 1] != ".":
                break
            self._at += 1
        return tuple(keys)

    def _value(self) -> None:
        depth = 0
        text = self._text
        while self._at < len(text):
            character = text[self._at]
            if character == "\n" and not depth:
                return
            if found := _STRING.match(text, self._at) or _PLAIN.match(text, self._at):
                self._at = found.end()
                continue
            if character == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
                continue
            depth += (character in "[{") - (character in "]}")
            self._at += 1


def _unescaped(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted
    import tomllib  # noqa: PLC0415 - loaded already

    value: str = tomllib.loads(f'key = "{quoted}"')["key"]
    return value

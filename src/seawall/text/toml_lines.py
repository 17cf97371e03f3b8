"""On which line of a TOML document each key stands.

``tomllib`` does not tell, so this is a second look at text that is known to be valid.
"""

import re

from seawall.core.lazy import pattern

KeyPath = tuple[str | int, ...]


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of each key, table and member of an array of tables."""
    return _Lines(text).find()


_KEY = pattern(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*""")
_STRING = pattern(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_PLAIN = pattern(r"[^\"'\[\]{}#\n]+")
_BLANK = pattern(r"[ \t\r\n]+|#[^\n]*")


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
        self._table = ()
        self._note(path)
        self._table = path

    def _note(self, path: KeyPath) -> None:
        before, line = self._counted
        line += self._text.count("\n", before, self._at)
        self._counted = self._at, line
        for depth in range(len(self._table) + 1, len(path)):
            if isinstance(path[depth - 1], str) and path[:depth] not in self._members:
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

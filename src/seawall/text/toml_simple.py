"""The part of TOML that configurations are mostly written in, read without the full reader.

``tomllib`` costs as much to import as the smallest scan may spend on its configuration. This one
knows tables, bare and quoted keys, texts on one line without escapes, whole numbers, truth values
and lists of these. Anything else, valid or not, it leaves to ``tomllib``.
"""

import re
from typing import Any, NamedTuple

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\\\x00-\x1f\x7f]*")"""
_END = r"[ \t]*(?:#[^\x00-\x08\x0a-\x1f\x7f]*)?\r?"
_BLANK = re.compile(_END)
_HEADER = re.compile(rf"[ \t]*\[(\[)?[ \t]*({_KEY}(?:\.{_KEY})*)[ \t]*(\])?\]{_END}")
_PAIR = re.compile(rf"[ \t]*({_KEY})[ \t]*=[ \t]*")
_PARTS = re.compile(rf"({_KEY})(?:\.|\Z)")
_SCALAR = re.compile(
    r"""("[^"\\\x00-\x08\x0a-\x1f\x7f]*"|'[^'\x00-\x08\x0a-\x1f\x7f]*')(?!["'])"""
    r"|(true|false)|([1-9][0-9]{0,15}|0)(?=[ \t\r\n,\]#]|\Z)"
)
_GAP = re.compile(r"(?:[ \t\n]|\r\n|#[^\x00-\x08\x0a-\x1f\x7f]*(?=\r?\n))*+")
_MAX_DEPTH = 8

KeyPath = tuple[str | int, ...]
Table = dict[str, Any]


class Unsure(Exception):  # noqa: N818 - no error: another reader decides
    """The document holds something that this reader does not know."""


class Read(NamedTuple):
    """A document and the line of each key, table and member of an array of tables."""

    value: Table
    lines: dict[KeyPath, int]


def read(text: str) -> Read | None:
    """Read a document; ``None`` when it takes the full reader to tell."""
    reader = _Reader(text)
    try:
        reader.read()
    except Unsure:
        return None
    return Read(reader.root, reader.lines)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._table: Table = {}
        self._path: KeyPath = ()
        self.root = self._table
        self.lines: dict[KeyPath, int] = {}

    def read(self) -> None:
        """Read it all; raises Unsure."""
        text = self._text
        while self._at < len(text):
            if (blank := self._match(_BLANK)) is not None:
                self._end_line(blank)
            elif (header := self._match(_HEADER)) is not None:
                self._open(header)
                self._end_line(header)
            elif (pair := self._match(_PAIR)) is not None:
                self._pair(pair)
            else:
                raise Unsure

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """A match that, for whole lines, must reach the end of one."""
        found = pattern.match(self._text, self._at)
        if found is None or pattern is _PAIR:
            return found
        following = self._text[found.end() : found.end() + 1]
        ends = following == "\n" or (not following and not found.group().endswith("\r"))
        return found if ends else None

    def _end_line(self, match: re.Match[str]) -> None:
        self._at = match.end() + 1
        self._line += 1

    def _open(self, header: re.Match[str]) -> None:
        """A table, or a member of an array of tables, that was not there before."""
        if bool(header[1]) != bool(header[3]):
            raise Unsure
        keys = [_bare(found[1]) for found in _PARTS.finditer(header[2])]
        if len(keys) > _MAX_DEPTH:
            raise Unsure
        table: Any = self.root
        path: KeyPath = ()
        for key in keys[:-1]:
            path = (*path, key)
            table = table.setdefault(key, {})
            if isinstance(table, list) and table and isinstance(table[-1], dict):
                path = (*path, len(table) - 1)
                table = table[-1]
            if not isinstance(table, dict):
                raise Unsure
        last = keys[-1]
        path = (*path, last)
        if header[1]:
            members = table.setdefault(last, [])
            if not isinstance(members, list) or ((*path, 0) in self.lines) != bool(members):
                raise Unsure
            if path in self.lines:
                raise Unsure  # a list that was written as a value
            path = (*path, len(members))
            members.append({})
            self._table = members[-1]
        else:
            if last in table:
                raise Unsure
            self._table = table[last] = {}
        self._path = path
        self.lines[path] = self._line

    def _pair(self, pair: re.Match[str]) -> None:
        key = _bare(pair[1])
        if key in self._table:
            raise Unsure
        self.lines[*self._path, key] = self._line
        self._at = pair.end()
        self._table[key] = self._value()
        rest = self._match(_BLANK)
        if rest is None:
            raise Unsure
        self._end_line(rest)

    def _value(self) -> Any:
        if self._text[self._at : self._at + 1] == "[":
            return self._list()
        found = _SCALAR.match(self._text, self._at)
        if found is None:
            raise Unsure
        self._at = found.end()
        quoted, truth, number = found.groups()
        if quoted is not None:
            return quoted[1:-1]
        return truth == "true" if truth is not None else int(number)

    def _list(self) -> list[Any]:
        result: list[Any] = []
        self._at += 1
        while True:
            self._gap()
            if self._take("]"):
                return result
            if self._text[self._at : self._at + 1] == "[":
                raise Unsure
            result.append(self._value())
            self._gap()
            if not self._take(","):
                if self._take("]"):
                    return result
                raise Unsure

    def _gap(self) -> None:
        found = _GAP.match(self._text, self._at)
        end = found.end() if found else self._at
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _take(self, mark: str) -> bool:
        if self._text[self._at : self._at + 1] != mark:
            return False
        self._at += 1
        return True


def _bare(key: str) -> str:
    return key[1:-1] if key.startswith('"') else key

"""The part of TOML that configurations are mostly written in, read without the full reader.

``tomllib`` costs as much to import as the smallest scan may spend on its configuration, and so
would a handful of regular expressions. This reader knows tables, bare and quoted keys, texts on
one line without escapes, whole numbers, days, truth values and lists of these. Anything else,
valid or not, it leaves to ``tomllib``.
"""

from typing import TYPE_CHECKING, Any

from seawall.core.named_tuple import NamedTuple

if TYPE_CHECKING:
    from datetime import date

KeyPath = tuple[str | int, ...]
Table = dict[str, Any]

_MAX_DEPTH = 8
_MAX_DIGITS = 15


class Unsure(Exception):  # noqa: N818 - no error: another reader decides
    """The document holds something that this reader does not know."""


class Read(NamedTuple):
    """A document and the line of each key, table and member of an array of tables."""

    value: Table
    lines: dict[KeyPath, int]


def read(text: str) -> Read | None:
    """Read a document; ``None`` when it takes the full reader to tell."""
    text = text.replace("\r\n", "\n")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return None  # control characters, a lone carriage return
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
        while True:
            self._gap()
            if self._at >= len(self._text):
                return
            if self._take("["):
                self._open(is_member=self._take("["))
            else:
                self._pair()
            self._end_line()

    # Tables -----------------------------------------------------------------------------------

    def _open(self, *, is_member: bool) -> None:
        """A table, or a member of an array of tables, that was not there before."""
        keys = self._keys()
        if not self._take("]") or (is_member and not self._take("]")) or len(keys) > _MAX_DEPTH:
            raise Unsure
        *above, last = keys
        table, path = self._above(above)
        path = (*path, last)
        if is_member:
            members = table.setdefault(last, [])
            if not isinstance(members, list) or path in self.lines:
                raise Unsure  # a value, or a list that was written as one
            path = (*path, len(members))
            members.append({})
            self._table = members[-1]
        elif last in table:
            raise Unsure
        else:
            self._table = table[last] = {}
        self._path = path
        self.lines[path] = self._line

    def _above(self, keys: list[str]) -> tuple[Table, KeyPath]:
        """The table that some keys lead to, made where it is not there yet."""
        table: Any = self.root
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            table = table.setdefault(key, {})
            if isinstance(table, list) and table and isinstance(table[-1], dict):
                path = (*path, len(table) - 1)
                table = table[-1]
            if not isinstance(table, dict):
                raise Unsure
        return table, path

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._blanks()
            keys.append(self._key())
            self._blanks()
            if not self._take("."):
                return keys

    def _key(self) -> str:
        if self._text[self._at : self._at + 1] == '"':
            return self._quoted('"')
        start = self._at
        while self._text[self._at : self._at + 1] not in ("", ".", "]", "=", " ", "\t", "\n"):
            self._at += 1
        key = self._text[start : self._at]
        letters = key.replace("-", "a").replace("_", "a")
        if not (letters.isascii() and letters.isalnum()):
            raise Unsure
        return key

    # Values -----------------------------------------------------------------------------------

    def _pair(self) -> None:
        key = self._key()
        self._blanks()
        if key in self._table or not self._take("="):
            raise Unsure
        self.lines[*self._path, key] = self._line
        self._blanks()
        self._table[key] = self._list() if self._take("[") else self._scalar()

    def _scalar(self) -> "str | bool | int | date":
        first = self._text[self._at : self._at + 1]
        if first and first in "\"'":
            return self._quoted(first)
        start = self._at
        while self._text[self._at : self._at + 1] not in ("", ",", "]", "#", " ", "\t", "\n"):
            self._at += 1
        word = self._text[start : self._at]
        if word in ("true", "false"):
            return word == "true"
        if len(word) == len("2027-01-31") and word[4] == word[7] == "-":
            return _day(word)
        leads_with_zero = word[:1] == "0" and word != "0"
        if not (word.isascii() and word.isdecimal()) or leads_with_zero or len(word) > _MAX_DIGITS:
            raise Unsure
        return int(word)

    def _quoted(self, mark: str) -> str:
        end = self._text.find(mark, self._at + 1)
        value = self._text[self._at + 1 : end]
        if end < 0 or "\n" in value or (mark == '"' and "\\" in value):
            raise Unsure
        self._at = end + 1
        if self._text[self._at : self._at + 1] == mark:
            raise Unsure  # three of them: a text of several lines
        return value

    def _list(self) -> list[Any]:
        result: list[Any] = []
        while True:
            self._gap()
            if self._take("]"):
                return result
            result.append(self._scalar())
            self._gap()
            if not self._take(","):
                if self._take("]"):
                    return result
                raise Unsure

    # Blanks -----------------------------------------------------------------------------------

    def _take(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += found
        return found

    def _blanks(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1

    def _gap(self) -> None:
        """Pass over blanks, comments and ends of lines."""
        while True:
            self._blanks()
            if self._take("#"):
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            if not self._take("\n"):
                return
            self._line += 1

    def _end_line(self) -> None:
        """Nothing more may stand on the line."""
        self._blanks()
        if self._at < len(self._text) and self._text[self._at] not in "#\n":
            raise Unsure


def _day(word: str) -> "date":
    from datetime import date  # noqa: PLC0415 - loaded already wherever YAML is

    digits = word.replace("-", "")
    if len(digits) != len("20270131") or not (digits.isascii() and digits.isdecimal()):
        raise Unsure
    try:
        return date(int(word[:4]), int(word[5:7]), int(word[8:]))
    except ValueError:
        raise Unsure from None

"""Lock files in TOML, read by lines where a tool wrote them, by ``tomllib`` where not.

``tomllib`` takes 2 s for 5,000 packages of uv. Cargo, Poetry, PDM and uv write one key a line and
one item of a list a line; hashes, most of the text, nobody asks for. The rest is near enough to
JSON for the standard library's scanner in C. Whatever does not fit is left to ``tomllib``.
"""

import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.reading import Table, toml_of

_PAIR = pattern(r'([A-Za-z0-9_-]+|"[^"\\\n]*") = (?:"([^"\\\x00-\x1f\x7f]*)"|(\[)|(\S.*))')
_TEXT = pattern(r'"([^"\\\x00-\x1f\x7f]*)",?')
_HEADER = pattern(r"(\[\[?)([A-Za-z0-9_-]+(?:\.(?:[A-Za-z0-9_-]+|\"[^\"\\]*\"))*)(\]\]?)")
_KEY = pattern(r'[A-Za-z0-9_-]+|"[^"]*"')
_TOKEN = pattern(r'("(?:[^"\\]++|\\.)*+")|([A-Za-z0-9_-]++) ?= ?')
_INTEGER = pattern(r"-?(?:0|[1-9]\d{0,15})")
_MAX_DEPTH = 20


class Lock(NamedTuple):
    """A document and where the members of its arrays of tables stand."""

    value: Table
    lines: dict[str, list[int]]
    """Of each array of tables at the top of the document, the lines of its members."""

    def line(self, name: str, number: int) -> int:
        """The line of a member; 0 where it was not written as a table of its own."""
        found = self.lines.get(name, [])
        return found[number] if number < len(found) else 0


class _Unsure(Exception):  # noqa: N818 - no error: another reader decides
    """The document holds something that is not read by lines."""


def read(text: str, *, skip: Collection[str] = ()) -> Lock:
    """Read a document, of it not the keys that are to be skipped. Raises Unreadable."""
    import json  # noqa: PLC0415 - not at start-up

    reader = _Reader(frozenset(skip), json.loads)
    try:
        reader.read(text)
    except (_Unsure, ValueError, RecursionError):
        value = toml_of(text)
        lines = {
            name: lines_of_members(text, name, len(found))
            for name, found in value.items()
            if isinstance(found, list)
        }
        return Lock(value, lines)
    return Lock(reader.root, reader.lines)


def lines_of_members(text: str, name: str, count: int) -> list[int]:
    """The lines of the members of an array of tables; none where it was not written as one."""
    found = []
    line, start = 1, 0
    header = rf"^[ \t]*\[\[[ \t]*{re.escape(name)}[ \t]*\]\]"
    for place in re.finditer(header, text, re.MULTILINE):
        line += text.count("\n", start, place.start())
        start = place.start()
        found.append(line)
    return found if len(found) == count else []


class _Reader:
    def __init__(self, skip: frozenset[str], loads: Callable[[str], Any]) -> None:
        self._skip = skip
        self._loads = loads
        self._opened: set[int] = set()
        """Tables that have had a header, by identity."""
        self.root: Table = {}
        self.lines: dict[str, list[int]] = {}

    def read(self, text: str) -> None:
        """Read it all; raises _Unsure, ValueError and RecursionError."""
        table = self.root
        items: list[Any] | None = None
        for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
            if items is not None:
                stripped = line.strip(" ")
                if stripped == "]":
                    items = None
                elif items is not _SKIPPED and stripped:
                    found = _TEXT.fullmatch(stripped)
                    items.append(found[1] if found else self._value(stripped.removesuffix(",")))
            elif line[:1] == "[":
                table = self._open(line, number)
            elif line and line[0] != "#":
                items = self._pair(line, table)
        if items is not None:
            raise _Unsure

    def _pair(self, line: str, table: Table) -> list[Any] | None:
        """Take in a key and its value; gives the list whose items follow, where one does."""
        found = _PAIR.fullmatch(line)
        if found is None:
            raise _Unsure
        key, value, bracket, other = found.groups()
        key = key.strip('"')
        if key in table:
            raise _Unsure
        if key in self._skip:
            return _SKIPPED if bracket else None
        if value is not None:
            table[key] = value
        elif bracket:
            items: list[Any] = []
            table[key] = items
            return items
        else:
            table[key] = self._value(other)
        return None

    def _open(self, line: str, number: int) -> Table:
        found = _HEADER.fullmatch(line)
        if found is None or len(found[1]) != len(found[3]):
            raise _Unsure
        *above, last = [key.strip('"') for key in _KEY.findall(found[2])]
        table = self._above(above)
        result: Any
        if found[1] == "[[":
            members = table.setdefault(last, [])
            if not isinstance(members, list) or (members and id(members) not in self._opened):
                raise _Unsure
            self._opened.add(id(members))
            if not above:
                self.lines.setdefault(last, []).append(number)
            result = {}
            members.append(result)
        else:
            result = table.setdefault(last, {})
            if not isinstance(result, dict) or result or id(result) in self._opened:
                raise _Unsure  # said twice, or after a part of it: tomllib knows what may be
        self._opened.add(id(result))
        opened: Table = result
        return opened

    def _above(self, keys: list[str]) -> Table:
        """The table that the first keys of a header lead to."""
        if len(keys) > _MAX_DEPTH:
            raise _Unsure
        table: Any = self.root
        for key in keys:
            table = table.setdefault(key, {})
            if isinstance(table, list) and table and id(table) in self._opened:
                table = table[-1]
            if not isinstance(table, dict):
                raise _Unsure
        result: Table = table
        return result

    def _value(self, text: str) -> Any:
        first = text[:1]
        if first in ("{", "["):
            return self._loads(_TOKEN.sub(_as_json, text))
        if first == '"':
            value = self._loads(text)
            if not isinstance(value, str):
                raise _Unsure
            return value
        if first == "'" and text[-1] == "'" and "'" not in text[1:-1] and len(text) > 1:
            return text[1:-1]
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        raise _Unsure


_SKIPPED: list[Any] = []
"""Stands for a list that is passed over."""


def _as_json(found: re.Match[str]) -> str:
    return found[1] or f'"{found[2]}": '

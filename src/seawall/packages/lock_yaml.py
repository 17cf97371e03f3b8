"""Lock files in YAML, read by lines where a tool wrote them, by the full reader where not.

pnpm and Yarn write a key a line, mappings by two blanks, flow collections on one line. Reading
that takes a tenth of the time of a parser, and tells lines. Scalars stay texts, as these tools
take them: a version ``1.10`` is no number.
"""

from typing import Any, NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.package import Unreadable
from seawall.packages.reading import Table

_PAIR = pattern(
    r"""( *+)(?:'((?:[^']|'')*+)'|"([^"\\]*+)"|([^\s'"\-?:\#&*!|>%@`{}\[\],][^\n]*?))"""
    r""":(?:[ ]+(\S.*))?[ ]*"""
)
_ITEM = pattern(r"( *+)- +([^\s].*)")
_PLAIN = pattern(r"(?![-?:](?: |$))[^\s'\"{}\[\],&*!|>%@`\#][^\n]*")
_FLOW_PLAIN = pattern(
    r"[^\s'\"{}\[\],:&*!|>%@`#-](?:[^\s{}\[\],:]|:(?=[^\s{}\[\],])| (?=[^\s{}\[\],:#]))*"
)
_FLOW_QUOTED = pattern(r"'((?:[^']|'')*+)'|\"([^\"\\]*+)\"")
_BLOCK = pattern(r"[|>][+-]?\d?[+-]?")
_MAX_DEPTH = 50


class Lock(NamedTuple):
    """A document and the lines of its keys of the second level; none where they are not known."""

    value: Table
    lines: dict[tuple[str, str], int]


class _Unsure(Exception):  # noqa: N818 - no error: another reader decides
    """The document holds something that is not read by lines."""


def read(text: str) -> list[Lock]:
    """The documents of a stream that are mappings; raises Unreadable."""
    text = text.replace("\r\n", "\n")
    try:
        return [Lock(reader.root, reader.lines) for reader in _documents(text)]
    except _Unsure:
        return _fully(text)


def _fully(text: str) -> list[Lock]:
    from seawall.text.yaml import Broken, load  # noqa: PLC0415 - rare

    result = []
    for document in load(text):
        if isinstance(document, Broken):
            line, column = document.position
            raise Unreadable(document.reason, line, column)
        if isinstance(document.value, dict):
            result.append(Lock(document.value, {}))
        elif document.value is not None:
            raise Unreadable("a mapping is expected", document.chunk.line + 1, 1)
    return result


def _documents(text: str) -> "list[_Reader]":
    readers = [_Reader()]
    for number, line in enumerate(text.split("\n"), 1):
        if line.rstrip() == "---":
            readers.append(_Reader())
        else:
            readers[-1].take(line, number)
    return [reader for reader in readers if reader.root]


class _Reader:
    def __init__(self) -> None:
        self.root: Table = {}
        self.lines: dict[tuple[str, str], int] = {}
        self._open: list[tuple[int, Table]] = [(0, self.root)]
        """Indentation and mapping of each level."""
        self._pending: tuple[int, Table, str] | None = None
        """A key whose value is to follow: its indentation, mapping and name."""
        self._items: tuple[int, list[Any]] | None = None
        self._top = ""
        self._block = -1
        """Indentation of the key of a block scalar, whose text is passed over."""

    def take(self, line: str, number: int) -> None:
        """Take in a line; raises _Unsure."""
        stripped = line.lstrip(" ")
        indent = len(line) - len(stripped)
        if self._block >= 0:
            if not stripped or indent > self._block:
                return
            self._block = -1
        if not stripped or stripped[0] == "#":
            return
        if stripped[0] == "-" and self._item(line):
            return
        found = _PAIR.fullmatch(line)
        if found is None or "\t" in line:
            raise _Unsure
        _, single, double, plain, value = found.groups()
        key = (
            single.replace("''", "'")
            if single is not None
            else double
            if double is not None
            else plain
        )
        table = self._table(indent)
        if key in table or key == "<<":
            raise _Unsure
        self._place(indent, key, number)
        if value is None:
            table[key] = None
            self._pending = indent, table, key
        elif _BLOCK.fullmatch(value):
            table[key] = ""
            self._block = indent
        else:
            table[key] = _value(value)

    def _place(self, indent: int, key: str, number: int) -> None:
        if indent == 0:
            self._top = key
        elif len(self._open) == 2:
            self.lines[self._top, key] = number

    def _item(self, line: str) -> bool:
        """Take in an item of a list; false where it may be a key."""
        found = _ITEM.fullmatch(line)
        if found is None:
            return False
        indent = len(found[1])
        if self._pending and indent >= self._pending[0]:
            _, table, key = self._pending
            items = table[key] = []
            self._items, self._pending = (indent, items), None
        if self._items is None or self._items[0] != indent:
            raise _Unsure
        value = found[2]
        if _PAIR.fullmatch(value) and value[0] not in "'\"{[":
            raise _Unsure  # a mapping
        self._items[1].append(_value(value))
        return True

    def _table(self, indent: int) -> Table:
        """The mapping that a key of this indentation belongs to."""
        self._items = None
        if self._pending and indent > self._pending[0]:
            _, table, key = self._pending
            inner: Table = {}
            table[key] = inner
            self._open.append((indent, inner))
            if len(self._open) > _MAX_DEPTH:
                raise _Unsure
        self._pending = None
        while self._open[-1][0] > indent:
            self._open.pop()
        if self._open[-1][0] != indent:
            raise _Unsure
        return self._open[-1][1]


def _value(text: str) -> Any:
    first = text[0]
    if first in ("{", "["):
        value, end = _flow(text, 0, 0)
        if text[end:].strip():
            raise _Unsure
        return value
    if first == "'":
        if text[-1] != "'" or len(text) == 1 or "'" in text[1:-1].replace("''", ""):
            raise _Unsure
        return text[1:-1].replace("''", "'")
    if first == '"':
        if text[-1] != '"' or len(text) == 1 or '"' in text[1:-1] or "\\" in text:
            return _escaped(text)
        return text[1:-1]
    if not _PLAIN.fullmatch(text) or " #" in text or ": " in text or text[-1] == ":":
        raise _Unsure
    return _typed(text.rstrip(" "))


def _typed(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return None if text in ("null", "~") else text


def _escaped(text: str) -> str:
    import json  # noqa: PLC0415 - not at start-up

    try:
        value = json.loads(text)
    except ValueError:
        raise _Unsure from None
    if not isinstance(value, str):
        raise _Unsure
    return value


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """A flow collection that begins at a place, and where it ends."""
    if depth > 5:
        raise _Unsure
    is_table = text[at] == "{"
    table: Table = {}
    items: list[Any] = []
    at = _blanks(text, at + 1)
    while text[at : at + 1] != ("}" if is_table else "]"):
        key = ""
        if is_table:
            name, at = _scalar(text, at)
            if text[at : at + 2] != ": " or not isinstance(name, str) or name in table:
                raise _Unsure
            key = name
            at = _blanks(text, at + 1)
        value, at = (
            _flow(text, at, depth + 1) if text[at : at + 1] in ("{", "[") else _scalar(text, at)
        )
        if is_table:
            table[key] = value
        else:
            items.append(value)
        at = _blanks(text, at)
        if text[at : at + 1] == ",":
            at = _blanks(text, at + 1)
        elif text[at : at + 1] != ("}" if is_table else "]"):
            raise _Unsure
    return (table if is_table else items), at + 1


def _blanks(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at


def _scalar(text: str, at: int) -> tuple[Any, int]:
    found = _FLOW_QUOTED.match(text, at)
    if found:
        single, double = found.groups()
        return (single.replace("''", "'") if single is not None else double), found.end()
    found = _FLOW_PLAIN.match(text, at)
    if found is None:
        raise _Unsure
    return _typed(found[0]), found.end()

"""One document of a YAML stream as nodes that know their place, for those who edit its text.

Rules need no nodes (see ``text.yaml``); this is read only for documents that are to be changed.
Places are offsets in characters from the start of the document's text.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.text.pyyaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from seawall.text.scalars import COLLECTIONS, Value, key_text, resolve, tagged
from seawall.text.yaml import Event, is_merge_key, new_parser

SCALAR, MAPPING, SEQUENCE, ALIAS = "scalar", "mapping", "sequence", "alias"


class Entry(NamedTuple):
    """A key of a mapping with its value."""

    key: str
    key_node: "Node"
    value: "Node"


class Node:
    """A value.

    Attributes:
        kind: ``scalar``, ``mapping``, ``sequence`` or ``alias``.
        start, end: its text: for a mapping in block style from its first key, for a list from its
            first dash (its first item behind an anchor), to the end of the last value; quotes and
            brackets included, as are a scalar's tag and anchor.
        style: of a scalar: empty when plain, else its quote or ``|`` or ``>``; ``{`` or ``[`` for a
            collection in flow style, empty for one in block style.
        anchor: its own anchor, or the one that an alias names.
        entries: of a mapping, merge keys left out.
        items: of a sequence.
        merges: whether a mapping takes in others by ``<<``.
        text: of a scalar, as it stands for; of a collection its tag.
        is_empty: a scalar of no text (``key:``).
    """

    __slots__ = (
        "anchor", "end", "entries", "is_empty", "items", "kind", "merges", "start", "style",
        "text",
    )  # fmt: skip

    def __init__(self, kind: str, start: int, end: int, style: str, anchor: str) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.style = style
        self.anchor = anchor
        self.entries: list[Entry] = []
        self.items: list[Node] = []
        self.merges = False
        self.text = ""
        self.is_empty = False

    @property
    def is_flow(self) -> bool:
        """Whether a collection stands in brackets."""
        return self.style in ("{", "[")

    def get(self, key: str) -> Entry | None:
        """The entry that counts: readers take the last of equal keys."""
        for entry in reversed(self.entries):
            if entry.key == key:
                return entry
        return None

    def children(self) -> Iterator["Node"]:
        """Values right below."""
        if self.kind == MAPPING:
            return (entry.value for entry in self.entries)
        return iter(self.items)

    def at(self, path: KeyPath) -> "Node | None":
        """The node under a path; aliases are not followed."""
        node: Node | None = self
        for step in path:
            if node is None:
                return None
            if isinstance(step, int):
                node = node.items[step] if 0 <= step < len(node.items) else None
            else:
                entry = node.get(step)
                node = None if entry is None else entry.value
        return node


def read(text: str) -> Node | None:
    """The root of a document that could be read; ``None`` for an empty one."""
    parser = new_parser(text)
    event: Event
    root: Node | None = None
    open_: list[tuple[Node, list[Node]]] = []
    while (event := parser.get_event()) is not None:
        kind = type(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            node, pending = open_.pop()
            _close(node, pending, event)
        elif kind is ScalarEvent or kind is AliasEvent:
            node = _leaf(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            open_.append((_collection(event), []))
            continue
        else:
            continue
        if open_:
            open_[-1][1].append(node)
        elif root is None:
            root = node
    return root


def _leaf(event: Event) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    if type(event) is AliasEvent:
        return Node(ALIAS, start, end, "", event.anchor or "")
    node = Node(SCALAR, start, end, event.style or "", event.anchor or "")
    node.is_empty = start == end
    if is_merge_key(event):
        node.style = "<<"
    if event.tag is not None:
        value = tagged(event.tag, event.value)
    elif event.implicit[0]:
        value = resolve(event.value)
    else:
        value = event.value
    node.text = "null" if value is None else key_text(value)
    return node


def _collection(event: Event) -> Node:
    kind = MAPPING if type(event) is MappingStartEvent else SEQUENCE
    brackets = "{" if kind == MAPPING else "["
    style = brackets if event.flow_style else ""
    node = Node(kind, event.start_mark.index, event.end_mark.index, style, event.anchor or "")
    node.text = event.tag or ""  # its start is that of the tag, not of its first dash
    return node


def _close(node: Node, pending: list[Node], event: Event) -> None:
    if node.is_flow:
        # The start is that of an anchor or tag, where there is one: the bracket counts.
        node.end = event.end_mark.index
    elif pending:
        if node.kind == MAPPING or node.anchor or node.text:
            node.start = pending[0].start
        node.end = pending[-1].end
    if node.kind == SEQUENCE:
        node.items = pending
        return
    for key, value in zip(pending[::2], pending[1::2], strict=True):
        if key.style == "<<":
            node.merges = True
        else:
            node.entries.append(Entry(key.text, key, value))


# Of what was read before ----------------------------------------------------------------------


def of_plain_tree(text: str, value: Value, offsets: bytes) -> Node | None:
    """The root of a document that was read before, without reading it again.

    ``offsets`` are those of ``text.yaml.Document``, which only plain trees have; ``None`` where
    they do not tell it all: JSON (it may be none to YAML), tags, brackets that stand oddly.
    """
    if _JSON.match(text):
        return None
    tree = _PlainTree(text, offsets)
    try:
        node = tree.node(value, 0)
    except _NotToldError:
        return None
    return node


_JSON = pattern(r"\s*+\{")
_BEFORE_BRACKET = pattern(r"(?:[ \t\r\n,]|(?<=[ \t\r\n])#[^\r\n]*)*")
_QUOTES = frozenset("'\"|>")


class _NotToldError(Exception):
    """The offsets do not tell all of a document."""


class _PlainTree:
    """Makes nodes of the values of a document, which stand in the order of its text."""

    def __init__(self, text: str, offsets: bytes) -> None:
        self._text = text
        self._offsets = memoryview(offsets).cast("I")

    def node(self, value: Value, at: int) -> Node:
        """The node of a value, whose offsets begin at a place."""
        if type(value) not in COLLECTIONS:
            return self._scalar("null" if value is None else key_text(value), at)  # type: ignore[arg-type]
        start = self._offsets[at]
        found = self._text[start : start + 1]
        if found == "!":
            raise _NotToldError
        style = found if found in ("{", "[") else ""
        node = Node(MAPPING if isinstance(value, dict) else SEQUENCE, start, start, style, "")
        last: Node | None = None
        at += 2
        if isinstance(value, dict):
            for key, child in value.items():
                key_node = self._scalar(key, at)
                last = self.node(child, at + 2)
                node.entries.append(Entry(key, key_node, last))
                at = self._offsets[at + 3] if type(child) in COLLECTIONS else at + 4
        elif isinstance(value, list):
            for child in value:
                last = self.node(child, at)
                node.items.append(last)
                at = self._offsets[at + 1] if type(child) in COLLECTIONS else at + 2
        if style:
            node.end = self._bracket(node, last)
        elif last is None:
            raise _NotToldError
        else:
            node.end = last.end
            if node.entries:
                node.start = node.entries[0].key_node.start
        return node

    def _scalar(self, text: str, at: int) -> Node:
        start, end = self._offsets[at], self._offsets[at + 1]
        node = Node(SCALAR, start, end, "", "")
        node.text = text
        if start == end:
            node.is_empty = True
            return node
        first = self._text[start]
        if first in _QUOTES:
            node.style = first
        elif first == "!":
            raise _NotToldError
        elif first == "<" and self._text[start:end] == "<<":
            node.style = "<<"
        return node

    def _bracket(self, node: Node, last: Node | None) -> int:
        """Where a collection in flow style ends."""
        if last is not None and last.is_empty:
            raise _NotToldError
        found = _BEFORE_BRACKET.match(self._text, node.start + 1 if last is None else last.end)
        at = -1 if found is None else found.end()
        if self._text[at : at + 1] != ("}" if node.style == "{" else "]"):
            raise _NotToldError
        return at + 1

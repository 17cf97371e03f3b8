"""Where values stand in a document, by the offsets that were noted while it was read.

Most documents are plain trees: nothing in them is anchored, merged or repeated. Their values stand
in the order of the text, so two numbers for each key, scalar and collection tell where all of them
are (``seawall.text.yaml.Document.offsets``), and what a path points at is found without looking at
the text again. ``seawall.text.places`` knows the places in every document, but parses it for them.
"""

from collections.abc import Iterable
from typing import Any

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath, Span
from seawall.text.places import Stretch, spans
from seawall.text.scalars import COLLECTIONS, Value
from seawall.text.yaml import BREAK, Chunk

_BREAK = pattern(f"[{BREAK}]")


def locate(
    chunk: Chunk, value: Value, offsets: bytes, paths: Iterable[KeyPath]
) -> dict[KeyPath, Span]:
    """Find the spans of paths, the same as ``seawall.text.places.locate`` does."""
    tree = _Tree(chunk.text, value, offsets)
    marks = {path: tree.mark(path) for path in paths}
    known = spans(chunk, marks.values())
    return {path: known[mark] for path, mark in marks.items()}


class _Tree:
    """The value of a document. What is in it is known by where its offsets begin."""

    def __init__(self, text: str, value: Value, offsets: bytes) -> None:
        self._text = text
        self._value = value
        self._offsets = memoryview(offsets).cast("I")
        self._known: dict[int, dict[str | int, int]] = {}

    def mark(self, path: KeyPath) -> Stretch:
        """What to mark for a path, or for the deepest of its ancestors that is there."""
        known = self._known
        holder: Any = None
        value: Any = self._value
        at = 0
        for key in path:
            children = known.get(at)
            if children is None:
                children = known[at] = self._children(value, at)
            if key not in children:
                break
            holder, value, at = value, value[key], children[key]
        is_collection = type(value) in COLLECTIONS
        if type(holder) is dict:  # by its key, unless it is a scalar that has a text
            is_empty = self._offsets[at] == self._offsets[at + 1]
            return self._stretch(at - 2 if is_collection or is_empty else at)
        return self._first_entry(value, at) if is_collection else self._stretch(at)

    def _children(self, value: Value, at: int) -> dict[str | int, int]:
        """Where the offsets of each child begin; those of its key stand right before them."""
        children: dict[str | int, int] = {}
        at += 2
        if isinstance(value, dict):
            for key, child in value.items():
                children[key] = at + 2
                at = self._offsets[at + 3] if type(child) in COLLECTIONS else at + 4
        elif isinstance(value, list):
            for index, child in enumerate(value):
                children[index] = at
                at = self._offsets[at + 1] if type(child) in COLLECTIONS else at + 2
        return children

    def _first_entry(self, value: Value, at: int) -> Stretch:
        """What to mark for a collection without a key: its bracket, else its first entry.

        That is its first item, or its first key with the value when they stand in one line.
        """
        if self._text[self._offsets[at]] in "{[":
            return self._own(value, at)
        at += 2
        if isinstance(value, list):
            return self._own(value[0], at)
        start, end = self._stretch(at)
        first = next(iter(value.values())) if isinstance(value, dict) else None
        if type(first) not in COLLECTIONS:
            begin, until = self._stretch(at + 2)
            if begin < until and not _BREAK.search(self._text, start, until):
                return start, until
        return start, end

    def _own(self, value: Value, at: int) -> Stretch:
        """Where a scalar or the bracket of a collection stands."""
        start, end = self._stretch(at)
        return (start, start + 1) if type(value) in COLLECTIONS else (start, end)

    def _stretch(self, at: int) -> Stretch:
        return self._offsets[at], self._offsets[at + 1]

"""Where values stand in a YAML document: a second pass over its events for the paths asked for.

Positions are wanted for few values, so none are kept while reading. Looking them up later costs
one run over the document's events and no memory to speak of.
"""

from collections.abc import Iterable
from typing import NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from seawall.core.location import KeyPath, Span
from seawall.text.scalars import resolve, tagged
from seawall.text.yaml import Chunk, Parser, Value, key_text

_MAX_SWEEPS = 64
"""Runs over one document: the first, and one for each alias that a wanted path goes through."""


class Place(NamedTuple):
    """Where a path points.

    ``span`` is what to mark for a reader: a scalar itself, the key of a collection, the first
    entry of a list item. When the path is absent, ``found`` is false and the place is that of
    the deepest ancestor there is, which is where the missing field belongs.
    """

    span: Span
    found: bool


def locate(chunk: Chunk, paths: Iterable[KeyPath]) -> dict[KeyPath, Place]:
    """Find the places of paths in one document that was read without an error.

    Paths are those of the value: through a merge key or an alias they lead to the text of the
    anchored value.
    """
    wanted = list(paths)
    if chunk.text.lstrip()[:1] in ("{", "["):
        from seawall.text.json import is_only_json, locate_json  # noqa: PLC0415 - rare

        if is_only_json(chunk):
            return locate_json(chunk, wanted)
    root = _Want()
    for path in wanted:
        node = root
        for key in path:
            node = node.children.setdefault(key, _Want())
    queue: list[tuple[int, _Want]] = [(0, root)]
    sweeps = 0
    while queue and sweeps < _MAX_SWEEPS:
        ordinal, want = queue.pop(0)
        queue.extend(_Sweep(chunk, ordinal, want).run())
        sweeps += 1
    start = Span(chunk.line + 1, 1, chunk.line + 1, 2)
    return {path: _place(root, path, start) for path in wanted}


class _Want:
    """A node of the tree of wanted paths, and what is known of its place."""

    __slots__ = ("children", "span")

    def __init__(self) -> None:
        self.children: dict[str | int, _Want] = {}
        self.span: Span | None = None


def _place(root: _Want, path: KeyPath, start: Span) -> Place:
    node, span, found = root, root.span or start, True
    for key in path:
        node = node.children[key]
        if node.span is None:
            found = False
            break
        span = node.span
    return Place(span, found)


class _Level:
    """A collection on the way to a wanted value."""

    __slots__ = ("aliases", "index", "key", "key_span", "mapping", "seen", "unnamed", "want")

    def __init__(self, want: _Want, *, mapping: bool, unnamed: bool) -> None:
        self.want = want
        self.mapping = mapping
        self.unnamed = unnamed
        self.index = 0
        self.key: str | None = None
        self.key_span: Span | None = None
        self.seen: set[str] = set()
        self.aliases: list[int] = []


class _Sweep:
    """One run over the events, from the event with a given ordinal on."""

    def __init__(self, chunk: Chunk, ordinal: int, want: _Want) -> None:
        self._next = Parser(chunk.text).get_event
        self._line = chunk.line
        self._start = ordinal
        self._root = want
        self._levels: list[_Level] = []
        self._anchors: dict[str, int] = {}
        self._again: list[tuple[int, _Want]] = []

    def run(self) -> list[tuple[int, _Want]]:
        """Fill in the spans; give the (ordinal, want) pairs that need a run of their own."""
        ordinal = -1
        skipped = 0
        started = False
        while True:
            try:
                event = self._next()
            except yaml.YAMLError:
                return self._again  # a broken tail: what was found stands
            kind = type(event)
            if event is None or kind is StreamEndEvent:
                return self._again
            opens = kind is MappingStartEvent or kind is SequenceStartEvent
            closes = kind is MappingEndEvent or kind is SequenceEndEvent
            if opens or kind is ScalarEvent or kind is AliasEvent:
                ordinal += 1
                if kind is not AliasEvent and event.anchor is not None:
                    self._anchors[event.anchor] = ordinal
            elif not closes:
                continue
            if not started:
                if ordinal < self._start or closes:
                    continue
                started = True
                self._enter(self._root, event, opens=opens, key_span=None)
            elif skipped:
                skipped += opens - closes
                continue
            elif closes:
                self._leave()
            else:
                skipped += self._visit(event, opens=opens)
            if not self._levels and not skipped:
                return self._again

    def _visit(self, event: ScalarEvent, *, opens: bool) -> bool:
        """Handle a node inside the innermost level; true when its whole content is skipped."""
        level = self._levels[-1]
        if not level.mapping:
            want = level.want.children.get(level.index)
            level.index += 1
            self._mark_first(level, event)
            return self._enter(want, event, opens=opens, key_span=None)
        if level.key is None:
            self._key(level, event)
            return opens
        key, key_span = level.key, level.key_span
        level.key = None
        self._mark_first_value(level, event, key_span)
        if key == "<<":
            self._merge(level, event)
            want = level.want.children.get(key)
        else:
            want = level.want.children.get(key)
            level.seen.add(key)
        return self._enter(want, event, opens=opens, key_span=key_span)

    def _key(self, level: _Level, event: ScalarEvent) -> None:
        if type(event) is ScalarEvent:
            level.key = _key_of(event)
            level.key_span = self._span(event)
        else:  # an alias as a key: its text is elsewhere, nothing to look up
            level.key = ""
            level.key_span = self._span(event)
        if level.unnamed and level.want.span is None:
            level.want.span = level.key_span

    def _mark_first(self, level: _Level, event: ScalarEvent) -> None:
        if level.unnamed and level.want.span is None:
            level.want.span = self._span(event)

    def _mark_first_value(self, level: _Level, event: ScalarEvent, key_span: Span | None) -> None:
        """Widen the mark of a list item from its first key to that key's value."""
        if not level.unnamed or level.want.span is not key_span or type(event) is not ScalarEvent:
            return
        span = self._span(event)
        if key_span is not None and span.line == span.end_line == key_span.line:
            level.want.span = Span(key_span.line, key_span.column, span.end_line, span.end_column)

    def _merge(self, level: _Level, event: ScalarEvent) -> None:
        if type(event) is AliasEvent and event.anchor in self._anchors:
            level.aliases.append(self._anchors[event.anchor])

    def _enter(
        self, want: _Want | None, event: ScalarEvent, *, opens: bool, key_span: Span | None
    ) -> bool:
        """Record the place of a wanted node and go into it; true when it is to be skipped."""
        if want is None:
            return opens
        if opens:
            want.span = key_span
            mapping = type(event) is MappingStartEvent
            self._levels.append(_Level(want, mapping=mapping, unnamed=key_span is None))
            if key_span is None and _is_empty(event):
                want.span = self._span(event)
            return False
        want.span = self._span(event) if event_has_text(event) else key_span or self._span(event)
        if type(event) is AliasEvent and want.children and event.anchor in self._anchors:
            self._again.append((self._anchors[event.anchor], _below(want)))
        return False

    def _leave(self) -> None:
        level = self._levels.pop()
        missing = {
            key: want
            for key, want in level.want.children.items()
            if want.span is None and key not in level.seen
        }
        if level.mapping and missing:
            for ordinal in level.aliases:
                source = _Want()
                source.children = missing
                self._again.append((ordinal, source))

    def _span(self, event: ScalarEvent) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(
            self._line + start.line + 1, start.column + 1, self._line + end.line + 1,
            end.column + 1,
        )  # fmt: skip


def _below(want: _Want) -> _Want:
    """The same children under a node whose own place is already known (that of the alias)."""
    node = _Want()
    node.children = want.children
    return node


def _is_empty(event: ScalarEvent) -> bool:
    return bool(getattr(event, "flow_style", False))


def event_has_text(event: ScalarEvent) -> bool:
    """Whether a scalar stands somewhere; an omitted value has no text to mark."""
    start, end = event.start_mark, event.end_mark
    return (start.line, start.column) != (end.line, end.column)


def _key_of(event: ScalarEvent) -> str:
    if event.tag is not None:
        return key_text(tagged(event.tag, event.value))
    if event.implicit[0]:
        return "<<" if event.value == "<<" else key_text(resolve(event.value))
    return str(event.value)


def duplicate_keys(chunk: Chunk, parent: KeyPath, key: str) -> tuple[Span, ...]:
    """Every place where a key stands in one mapping: for reporting a key that stands twice."""
    spans: list[Span] = []
    path: list[str | int | None] = []  # key or index of each open collection's current child
    mappings: list[bool] = []
    parser = Parser(chunk.text)
    while (event := parser.get_event()) is not None:
        kind = type(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            path.pop()
            mappings.pop()
            _advance(path, mappings)
        elif kind in (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent):
            if mappings and mappings[-1] and path[-1] is None and kind is ScalarEvent:
                name = _key_of(event)
                path[-1] = name
                if name == key and tuple(path[:-1]) == parent:
                    start, end = event.start_mark, event.end_mark
                    spans.append(
                        Span(chunk.line + start.line + 1, start.column + 1,
                             chunk.line + end.line + 1, end.column + 1)
                    )  # fmt: skip
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                mappings.append(kind is MappingStartEvent)
                path.append(None if kind is MappingStartEvent else 0)
            else:
                _advance(path, mappings)
    return tuple(spans)


def _advance(path: list[str | int | None], mappings: list[bool]) -> None:
    """A child of the innermost collection is complete."""
    if not mappings:
        return
    if mappings[-1]:
        path[-1] = None
        return
    index = path[-1]
    if isinstance(index, int):
        path[-1] = index + 1


def value_at(value: Value, path: KeyPath) -> tuple[bool, Value]:
    """Follow a path through a value: (whether it is there, the value)."""
    for key in path:
        if (isinstance(value, dict) and isinstance(key, str) and key in value) or (isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value)):
            value = value[key]
        else:
            return False, None
    return True, value

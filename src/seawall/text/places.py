"""Where values stand in a document: a second pass over its text for the paths asked for.

Looking them up costs one run over the document's events; only nodes on the way to a wanted value
are remembered, and those under an anchor, for an alias may lead there. ``seawall.text.offsets``
does without that run where a document is simple enough.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath, Span, made
from seawall.core.named_tuple import NamedTuple
from seawall.text.lines import positions
from seawall.text.pyyaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    yaml,
)
from seawall.text.scalars import key_text, resolve, tagged
from seawall.text.yaml import (
    Chunk,
    Event,
    Parser,
    is_merge_key,
    looks_like_json,
    means_more_as_json,
    new_parser,
)

MAX_REMEMBERED = 200_000
"""Nodes under anchors; a place behind an alias to one beyond them is that of the alias."""
MAX_REPEATED = 100
"""Repeated keys of one document that are told of."""
MAX_TIMES = 20
"""Places that are told of one repeated key: the first ones and the last."""


class Place(NamedTuple):
    """Where a path points.

    ``span`` is what to mark for a reader: a scalar itself, the key of a collection, the first
    entry of a list item. When the path is absent, ``found`` is false and the place is that of
    the deepest ancestor there is, which is where the missing field belongs.
    """

    span: Span
    found: bool


class RepeatedKey(NamedTuple):
    """A key that stands several times in one mapping: readers take the last, people the first."""

    key_path: KeyPath
    spans: tuple[Span, ...]


def locate(chunk: Chunk, paths: Iterable[KeyPath]) -> dict[KeyPath, Place]:
    """Find the places of paths in one document that was read without an error.

    Paths are those of the value: through a merge key or an alias they lead to the text of the
    anchored value.
    """
    paths = tuple(paths)
    wanted: _Wanted = {}
    for path in paths:
        step = wanted
        for key in path:
            step = step.setdefault(key, {})
    has_aliases = _may_have_aliases(chunk.text)
    root = _run(chunk, lambda parser: _Walk(parser, wanted, has_aliases=has_aliases).root())
    found = {path: _follow(root, path) for path in paths}
    known = spans(chunk, [mark for mark, _ in found.values()])
    return {path: Place(known[mark], there) for path, (mark, there) in found.items()}


_Result = TypeVar("_Result")


def _run(chunk: Chunk, walk: Callable[[Parser], _Result]) -> _Result:
    """Walk over the events of the parser that a document could be read with."""
    if not (means_more_as_json(chunk) and _is_json(chunk)):
        try:
            return walk(new_parser(chunk.text))
        except yaml.YAMLError:
            if not looks_like_json(chunk):
                raise
    from seawall.text.json import JsonParser  # noqa: PLC0415 - rare

    return walk(JsonParser(chunk.text))


def _is_json(chunk: Chunk) -> bool:
    from seawall.text.json import is_json  # noqa: PLC0415 - rare

    return is_json(chunk.text)


_ANCHOR = pattern("&[0-9A-Za-z_-]")
_ALIAS = pattern(r"\*[0-9A-Za-z_-]")


def _may_have_aliases(text: str) -> bool:
    """Whether aliases are possible: most documents have none, and then much can be skipped."""
    return _ANCHOR.search(text) is not None and _ALIAS.search(text) is not None


Stretch = tuple[int, int]
"""Start and end of a stretch of a document's text."""


def spans(chunk: Chunk, stretches: Iterable[Stretch]) -> dict[Stretch, Span]:
    """Stretches of a document by lines and columns of its file."""
    stretches = set(stretches)
    known = positions(chunk.text, [offset for stretch in stretches for offset in stretch])
    result: dict[Stretch, Span] = {}
    for start, end in stretches:
        (line, column), (end_line, end_column) = known[start], known[end]
        place = (chunk.line + line, column, chunk.line + end_line, end_column)
        result[start, end] = made(Span, place)
    return result


# The tree of places ---------------------------------------------------------------------------


_Wanted = dict[object, "_Wanted"]
"""A node of the tree of the paths asked for: its children by key or index."""


class _Node:
    """A value: what to mark for it, and those of its children that are remembered.

    ``children`` is shared by an anchored collection and its aliases, and empty for scalars.
    """

    __slots__ = ("children", "mark")

    def __init__(self, mark: Stretch) -> None:
        self.mark = mark
        self.children: dict[object, _Node] = _NO_CHILDREN


_NO_CHILDREN: dict[object, _Node] = {}


def _follow(root: _Node, path: KeyPath) -> tuple[Stretch, bool]:
    node = root
    for key in path:
        child = node.children.get(key)
        if child is None:
            return node.mark, False
        node = child
    return node.mark, True


_MERGE = object()
"""Stands for the key ``<<``, which no path holds: what is merged has keys of its own."""
_ROOT = object()
"""Stands for the key of the root in the level above it."""


class _Level:
    """An open collection, and which of its children comes next."""

    __slots__ = ("anchored", "child", "key", "mapping", "node", "unmarked", "wanted")

    def __init__(self, node: _Node | None, wanted: _Wanted | None, *, anchored: bool) -> None:
        self.node = node
        self.wanted = wanted
        self.anchored = anchored
        """Whether an alias or a merge may lead here, so that every part of it is remembered."""
        self.mapping = False
        self.unmarked = False
        """Whether it is marked by its first entry, and that has not come yet."""
        self.child: object = None
        """The key or index of the next value; ``None`` when a key comes first."""
        self.key: Event = None
        """The event of that key."""


class _Walk:
    """One run over the events of a document."""

    def __init__(self, parser: Parser, wanted: _Wanted, *, has_aliases: bool) -> None:
        self._next = parser.get_event
        self._has_aliases = has_aliases
        self._level = _Level(_Node((0, 0)), {_ROOT: wanted}, anchored=False)
        self._level.child = _ROOT
        self._outer: list[_Level] = []
        self._anchored: dict[str, _Node] = {}
        self._key_texts = _KeyTexts(has_aliases=has_aliases)
        self._remembered = 0

    def root(self) -> _Node:
        """The root, with as much of its descendants as is wanted."""
        above = self._level.node = _Node((0, 0))
        above.children = {}
        skipped = 0
        while (event := self._next()) is not None:
            kind = type(event)
            if kind is ScalarEvent or kind is AliasEvent:
                if skipped:
                    continue
                if self._level.child is None:
                    self._key(event)
                else:
                    self._leaf(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if skipped or not self._open(event):
                    skipped += 1
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if skipped:
                    skipped -= 1
                else:
                    closed, self._level = self._level, self._outer.pop()
                    self._complete(closed.node, is_list=not closed.mapping)
        return above.children.get(_ROOT, above)

    def _key(self, event: Event) -> None:
        level = self._level
        level.key = event
        if is_merge_key(event):
            level.child = _MERGE
        else:
            level.child = self._key_texts.read(event)
        if level.unmarked and level.node is not None:
            level.node.mark = _offsets(event)

    def _leaf(self, event: Event) -> None:
        """A scalar or an alias as a value."""
        level = self._level
        mark = _offsets(event)
        if level.unmarked:
            self._mark_first_entry(event, mark)
        if mark[0] == mark[1] and level.mapping:
            mark = _offsets(level.key)  # an omitted value has no text to mark
        node = self._node(mark, anchored=False)
        if event.anchor is not None:
            if type(event) is ScalarEvent:
                self._key_texts.note(event)
                self._anchored.pop(event.anchor, None)
            elif node is not None and event.anchor in self._anchored:
                node.children = self._anchored[event.anchor].children
        self._complete(node, is_list=False)

    def _open(self, event: Event) -> bool:
        """Go into a collection; false when nothing in it can be asked for."""
        outer = self._level
        start, end = _offsets(event)
        # Known by its key, else by its bracket, else by its first entry, once that comes.
        mark = (start, end) if event.flow_style else (end, end + 1)
        if outer.unmarked:
            self._mark_first_entry(event, mark)
        if outer.mapping:
            mark = _offsets(outer.key)
        has_anchor = self._has_aliases and event.anchor is not None
        node = self._node(mark, anchored=has_anchor)
        if node is None and not self._has_aliases:
            self._complete(None, is_list=False)
            return False
        anchored = has_anchor or outer.anchored or outer.child is _MERGE
        wanted = None if outer.wanted is None else outer.wanted.get(outer.child)
        level = self._level = _Level(node, wanted, anchored=anchored)
        self._outer.append(outer)
        level.mapping = type(event) is MappingStartEvent
        level.child = None if level.mapping else 0
        if has_anchor:
            self._anchored.pop(event.anchor, None)
        if node is not None:
            node.children = {}
            level.unmarked = not outer.mapping and not event.flow_style
            if has_anchor:
                self._anchored[event.anchor] = node
        return True

    def _mark_first_entry(self, event: Event, mark: Stretch) -> None:
        """Mark a collection by its first item, or by its first key and value when in one line."""
        level = self._level
        level.unmarked = False
        if level.node is None:
            return
        if not level.mapping:
            level.node.mark = mark
        elif type(event) is ScalarEvent and mark[0] < mark[1] and _in_one_line(level.key, event):
            level.node.mark = (level.node.mark[0], mark[1])

    def _node(self, mark: Stretch, *, anchored: bool) -> _Node | None:
        """The node of the value that comes, when it is to be remembered."""
        level = self._level
        if level.wanted is None or level.child not in level.wanted:
            if not (anchored or level.anchored or level.child is _MERGE):
                return None
            if self._remembered >= MAX_REMEMBERED:
                return None
            self._remembered += 1
        node = _Node(mark)
        if level.node is not None and level.child is not _MERGE:
            level.node.children[level.child] = node
        return node

    def _complete(self, node: _Node | None, *, is_list: bool) -> None:
        """A value ends: merge it where it stands behind ``<<``, and go on to the next child."""
        level = self._level
        if level.child is _MERGE and level.node is not None and node is not None:
            for source in reversed(node.children.values()) if is_list else (node,):
                level.node.children.update(source.children)
        if level.mapping:
            level.child = None
        elif isinstance(level.child, int):
            level.child += 1


def _offsets(event: Event) -> Stretch:
    return event.start_mark.index, event.end_mark.index


def _in_one_line(key: Event, value: Event) -> bool:
    return bool(key.start_mark.line == value.end_mark.line)


class _KeyTexts:
    """What keys read as. An alias may stand as a key, so anchored scalars are remembered."""

    __slots__ = ("_anchored", "_has_aliases")

    def __init__(self, *, has_aliases: bool) -> None:
        self._has_aliases = has_aliases
        self._anchored: dict[str, str] = {}

    def note(self, event: Event) -> None:
        """Remember an anchored scalar."""
        if self._has_aliases:
            self._anchored[event.anchor] = self._text(event)

    def read(self, event: Event) -> str:
        """The text of a key, which is a scalar or an alias to one."""
        is_alias = type(event) is AliasEvent
        if is_alias:
            return self._anchored[event.anchor]
        if event.anchor is not None:
            self.note(event)
        return self._text(event)

    @staticmethod
    def _text(event: Event) -> str:
        if event.tag is not None:
            value = tagged(event.tag, event.value)
        elif event.implicit[0]:
            return _plain_key(event.value)
        else:
            value = event.value
        return "null" if value is None else key_text(value)


@lru_cache(maxsize=4096)  # the keys of manifests are few
def _plain_key(text: str) -> str:
    value = resolve(text)
    return "null" if value is None else key_text(value)


# Repeated keys --------------------------------------------------------------------------------


class _Keys:
    """An open collection: its keys so far, unless it is a list, and the child that comes next."""

    __slots__ = ("child", "key", "mapping", "repeated", "seen")

    def __init__(self, *, mapping: bool) -> None:
        self.mapping = mapping
        self.child: str | int | None = None if mapping else 0
        self.seen: dict[str, int] = {}
        """Where each key stands first: start and length in one number, for there are many."""
        self.repeated: dict[str, list[Stretch]] = {}

    def add(self, key: str, start: int, end: int) -> None:
        """Note a key and where it stands."""
        self.child = key
        first = self.seen.setdefault(key, start << 32 | end)
        if first != start << 32 | end:
            places = self.repeated.setdefault(key, [(first >> 32, first & 0xFFFFFFFF)])
            del places[MAX_TIMES - 1 :]
            places.append((start, end))

    def advance(self) -> None:
        """A value is complete."""
        if isinstance(self.child, int):
            self.child += 1
        else:
            self.child = None


def repeated_keys(chunk: Chunk) -> tuple[RepeatedKey, ...]:
    """The keys that stand more than once in one mapping of a document that could be read.

    What a merge brings into a mapping repeats nothing. No more than ``MAX_REPEATED`` keys and
    ``MAX_TIMES`` places of one are given.
    """
    has_aliases = _may_have_aliases(chunk.text)
    found = _run(chunk, lambda parser: _repeated(parser, has_aliases=has_aliases))[:MAX_REPEATED]
    known = spans(chunk, [place for _, places in found for place in places])
    return tuple(
        RepeatedKey(key_path, tuple(known[place] for place in places)) for key_path, places in found
    )


def _repeated(parser: Parser, *, has_aliases: bool) -> list[tuple[KeyPath, list[Stretch]]]:
    found: list[tuple[KeyPath, list[Stretch]]] = []
    key_texts = _KeyTexts(has_aliases=has_aliases)
    level = _Keys(mapping=False)
    outer: list[_Keys] = []
    while (event := parser.get_event()) is not None:
        kind = type(event)
        if kind is MappingStartEvent or kind is SequenceStartEvent:
            outer.append(level)
            level = _Keys(mapping=kind is MappingStartEvent)
        elif kind is ScalarEvent or kind is AliasEvent:
            if level.child is not None:
                if kind is ScalarEvent and event.anchor is not None:
                    key_texts.note(event)
                level.advance()
            elif is_merge_key(event):
                level.child = "<<"
            else:
                level.add(key_texts.read(event), *_offsets(event))
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            if level.repeated and len(found) < MAX_REPEATED:
                path = [item.child for item in outer[1:] if item.child is not None]
                found += [((*path, key), places) for key, places in level.repeated.items()]
            level = outer.pop()
            level.advance()
    return sorted(found, key=lambda item: item[1])

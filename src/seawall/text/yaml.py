"""YAML as Kubernetes reads it, document by document, with limits and exact positions.

Values come from the events of libyaml: no node tree is ever built, so memory stays near the
size of the values, and an alias shares the anchored value instead of copying it. Of positions only
offsets are kept, eight bytes for each value; ``seawall.text.offsets`` makes places of them, and
``seawall.text.places`` finds those of a document that is no plain tree in a second pass.

A line that starts with ``---`` or ``...`` and a blank is a document marker wherever it stands
(YAML 1.1, section 4.2 "c-forbidden"), so documents are split before they are parsed: one broken
document does not hide the next.

What a document means follows ``sigs.k8s.io/yaml``, with which kubectl and the API server read:
go-yaml v2 resolves scalars and merges ``<<``, then keys become text because JSON wants them so.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.lines import count_ends, positions
from seawall.text.pyyaml import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
    yaml,
)
from seawall.text.scalars import SHORT, Scalar, Value, key_text, resolve, resolve_short, tagged

if TYPE_CHECKING:
    from seawall.text.known_documents import KnownDocuments

Event = Any
"""An event of PyYAML, whose type stubs allow ``None`` for every attribute."""


class Parser(Protocol):
    """A parser as PyYAML has them."""

    def get_event(self) -> Event:
        """The next event, ``None`` after the last."""


def _fastest_parser() -> Callable[[str], Parser]:
    try:
        from yaml._yaml import CParser  # noqa: PLC0415 - absent where PyYAML has no libyaml
    except ImportError:
        from seawall.text.pure_yaml import PureParser  # noqa: PLC0415 - some fifty times slower

        return PureParser
    parser: Callable[[str], Parser] = CParser
    return parser


new_parser = _fastest_parser()
"""Makes a parser of a text; raises ``UnicodeEncodeError`` for half a surrogate pair."""

MAX_DEPTH = 200
"""Nested collections, aliases followed; Kubernetes objects need about twenty."""
MAX_VALUES = 1_000_000
"""Values of one file, aliases followed; more where its text has five characters for each."""
COST_OF_DOCUMENT = 5
"""Values that each document costs besides its own."""
MAX_ALIASED_VALUES = 100_000
"""Values that the aliases of one file may stand for: looking at them costs, sharing them or not."""
MAX_ALIASED_TEXT = 5_000_000
"""Characters that the aliases of one file may stand for."""
MAX_BROKEN = 1000
"""Documents of one file that cannot be read before the rest is given up."""
MAX_TEXT = 2**32 - 1
"""Characters of one document, so that offsets take four bytes."""
MAX_TAG_DIRECTIVES = 100
"""Of one document; libyaml compares each with all before it."""


class Chunk(NamedTuple):
    """The text of one document.

    ``line`` is how many lines stand before it in the file, ``start`` how many characters.
    """

    text: str
    line: int
    start: int = 0


class Position(NamedTuple):
    """Line and column, both from 1; columns in characters."""

    line: int
    column: int


class Document(NamedTuple):
    """One document of a stream. ``number`` counts the documents of the file from 0.

    ``may_repeat_keys`` is false when no mapping has a key twice; where it is true,
    ``seawall.text.places.repeated_keys`` knows for sure.

    ``offsets`` tell where all values stand in the text of the chunk, in its order, for
    ``seawall.text.offsets``: two numbers (an array of type code ``I``) for each key and scalar, its
    start and its end, and for each collection its start and the place among these numbers at which
    it is over. They are empty where that does not tell it all: in a document with anchors, merges,
    repeated keys or tags on collections.
    """

    number: int
    chunk: Chunk
    value: Value
    may_repeat_keys: bool
    offsets: bytes = b""


class Broken(NamedTuple):
    """A document that could not be read, and where it went wrong."""

    number: int
    chunk: Chunk
    position: Position
    reason: str


# Splitting ------------------------------------------------------------------------------------

BREAK = "\n\r\x85\u2028\u2029"
"""Line breaks to libyaml."""
_BLANK_LINE = f"[ \t\ufeff]*+(?:#[^{BREAK}]*+)?"
_DIRECTIVE_LINE = f"(?<![^{BREAK}\ufeff])%[^{BREAK}]*+"

# A byte order mark before a marker comes from files joined by `cat`. The look-behinds stand last
# so that the search for the first character runs at full speed.
_MARKER = pattern(
    rf"(?:---|\.\.\.)(?=[ \t{BREAK}]|\Z)(?:(?<=^...)|(?<=^\ufeff...)|(?<=[{BREAK}]...))",
    re.MULTILINE,
)
_TAG_DIRECTIVE = f"(?<![^{BREAK}\ufeff])%TAG"
_EMPTY = pattern(f"{_BLANK_LINE}(?:[{BREAK}]{_BLANK_LINE})*+")


@cache
def _empty_or_directives() -> re.Pattern[str]:
    """The same, but for directives: few files have any, and the pattern costs a millisecond."""
    return re.compile(
        f"(?:{_DIRECTIVE_LINE}|{_BLANK_LINE})(?:[{BREAK}](?:{_DIRECTIVE_LINE}|{_BLANK_LINE}))*+"
    )


_JSON = pattern(r"\s*+\{")
_ODD_BREAKS = ("\x85", "\u2028", "\u2029")
"""What ends a line to libyaml, and is text like any other in a string of JSON."""
_ODD_BREAK = pattern(f"[{''.join(_ODD_BREAKS)}]")
_JSON_AFTER_JSON = pattern(r"\}[ \t\r]*\n\s*+\{")


def split(text: str) -> Iterator[Chunk]:
    """The documents of a stream as text, empty ones left out.

    Directives and comments before a ``---`` belong to the document that follows. JSON objects on
    lines of their own, one after the other, are documents too, as they are to kubectl.
    """
    stretches: Iterable[tuple[int, int]] = _stretches(text)
    if _JSON.match(text) and _JSON_AFTER_JSON.search(text):
        from seawall.text.json import stream  # noqa: PLC0415 - rare, and json costs 7 ms

        stretches = stream(text) or stretches
    before = line = 0
    for start, end in stretches:
        line += count_ends(text, before, start)
        yield Chunk(text[start:end], line, start)
        before = start


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each document; in all, every character is looked at once."""
    start = after_marker = 1 if text.startswith("\ufeff") else 0
    opened = False
    before_marker = _empty_or_directives() if "%" in text else _EMPTY
    end_of_json = 0
    for marker in _markers(text):
        at = marker.start()
        if text[at - 1 : at] in _ODD_BREAKS:
            end_of_json = end_of_json if at < end_of_json else _end_of_json(text, start)
            if at < end_of_json:
                continue  # it is text in a string
        opens = text[at] == "-"
        empty = before_marker if opens else _EMPTY
        found = empty.match(text, after_marker, at)
        if found is None or found.end() < at:
            yield start, at
            start = at
        elif opened:
            start = at  # a document of nothing but its marker
        opened = opens
        after_marker = marker.end()
        if not opens:
            start = after_marker
    found = _EMPTY.match(text, after_marker)
    if found is None or found.end() < len(text):
        yield start, len(text)


def _end_of_json(text: str, start: int) -> int:
    """Where a JSON object ends that a stretch begins with; 0 where it begins with none."""
    if _JSON.match(text, start) is None:
        return 0
    from seawall.text.json import end_of_object  # noqa: PLC0415 - rare, and json costs 7 ms

    return end_of_object(text, text.index("{", start))


def _markers(text: str) -> Iterator[re.Match[str]]:
    """The markers of a text. Where only line feeds end lines, they are looked for behind these."""
    if not text.isascii() or "\r" in text:
        yield from _MARKER.finditer(text)
        return
    at = 0
    opening, closing = text.find("\n---"), text.find("\n...")
    while at >= 0:
        found = _MARKER.match(text, at)
        if found is not None:
            yield found
        if 0 <= opening < at:
            opening = text.find("\n---", at)
        if 0 <= closing < at:
            closing = text.find("\n...", at)
        nearest = [before for before in (opening, closing) if before >= 0]
        at = min(nearest) + 1 if nearest else -1


# Reading --------------------------------------------------------------------------------------


class Budget:
    """What the documents of one file may still use up between them."""

    __slots__ = ("aliased_text", "aliased_values", "all_values", "exceeded", "values")

    def __init__(self, text_length: int) -> None:
        self.exceeded = False
        self.values = self.all_values = max(MAX_VALUES, text_length // 5)
        self.aliased_values = MAX_ALIASED_VALUES
        self.aliased_text = MAX_ALIASED_TEXT


def load(
    text: str,
    known: "KnownDocuments | None" = None,
    places_of: Callable[[Value], bool] | None = None,
) -> Iterator[Document | Broken]:
    """Read every document of a stream, in order. Never raises on any text.

    A broken document ends nothing, but a file that exceeds its budget is not read to its end.
    What is ``known`` is not read again, and gets to know what is read. ``places_of`` tells of a
    value whether anybody wants the offsets of its document, which may be left out of others.
    """
    budget = Budget(len(text))
    left = MAX_BROKEN
    for number, chunk in enumerate(split(text)):
        again = None if known is None else known.find(chunk, number, budget)
        result = again or _load(chunk, number, budget, places_of if known is None else None)
        left -= isinstance(result, Broken)
        if not left:
            reason = f"more than {MAX_BROKEN:,} documents cannot be read; the rest is left out"
            result = _broken(chunk, number, 0, reason)
        if known is not None and again is None:
            known.note(result)
        yield result
        if not left or budget.exceeded:
            return


def _load(
    chunk: Chunk, number: int, budget: Budget, places_of: Callable[[Value], bool] | None
) -> Document | Broken:
    """A document by the first reader that takes it."""
    if means_more_as_json(chunk):
        from seawall.text.json import load_json  # noqa: PLC0415 - rare, and json costs 7 ms

        return load_json(chunk, number, budget) or _load_yaml(chunk, number, budget)
    result = _load_json(chunk, number, budget, places_of) or _load_yaml(chunk, number, budget)
    if isinstance(result, Broken) and looks_like_json(chunk):
        from seawall.text.json import load_json  # noqa: PLC0415 - rare, and json costs 7 ms

        result = load_json(chunk, number, budget) or result
    return result


def looks_like_json(chunk: Chunk) -> bool:
    """Whether a document begins as a JSON object does."""
    return _JSON.match(chunk.text) is not None


def means_more_as_json(chunk: Chunk) -> bool:
    """Whether a document, if it is JSON, means something else to YAML's reader.

    YAML 1.1 folds U+0085, U+2028 and U+2029 in strings as it does line feeds; to JSON they are text
    (RFC 8259, section 7). kubectl reads as JSON what begins as JSON does, and so does this.
    """
    text = chunk.text
    return not text.isascii() and looks_like_json(chunk) and _ODD_BREAK.search(text) is not None


_LARGE = 8192
"""Characters of JSON that libyaml takes longer for than it takes to load another reader."""


def _load_json(
    chunk: Chunk, number: int, budget: Budget, places_of: Callable[[Value], bool] | None
) -> Document | None:
    """A large document of JSON; ``None`` for any other."""
    if len(chunk.text) < _LARGE or not looks_like_json(chunk):
        return None
    from seawall.text.json import load_plain  # noqa: PLC0415 - json costs 7 ms

    return load_plain(chunk, number, budget, places_of)


def _load_yaml(chunk: Chunk, number: int, budget: Budget) -> Document | Broken:
    if len(chunk.text) > MAX_TEXT:
        return _broken(chunk, number, 0, f"more than {MAX_TEXT:,} characters in one document")
    if "%TAG" in chunk.text:
        directives = re.finditer(_TAG_DIRECTIVE, chunk.text)
        for found in islice(directives, MAX_TAG_DIRECTIVES, None):
            reason = f"more than {MAX_TAG_DIRECTIVES} %TAG directives"
            return _broken(chunk, number, found.start(), reason)
    try:
        return build(new_parser(chunk.text), chunk, number, budget)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        return _broken(chunk, number, mark.index if mark else 0, _reason(error))
    except (yaml.reader.ReaderError, UnicodeEncodeError):
        return _unreadable(chunk, number)


def build(parser: Parser, chunk: Chunk, number: int, budget: Budget) -> Document | Broken:
    """The document that a parser's events tell of; raises what the parser raises."""
    builder = _Builder(parser, budget)
    try:
        value = builder.build()
    except RefusedError as error:
        return _broken(chunk, number, error.offset, error.reason)
    return Document(number, chunk, value, builder.may_repeat_keys, builder.plain_offsets())


def _broken(chunk: Chunk, number: int, offset: int, reason: str) -> Broken:
    """A document that went wrong at an offset of its text."""
    offset = min(offset, len(chunk.text))
    line, column = positions(chunk.text, [offset])[offset]
    return Broken(number, chunk, Position(chunk.line + line, column), reason)


def _reason(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "invalid YAML"
    return f"{problem} ({error.context})" if error.context else problem


_UNREADABLE = pattern("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _unreadable(chunk: Chunk, number: int) -> Broken:
    """A character that YAML does not allow; the parsers do not agree on how to tell its place."""
    found = _UNREADABLE.search(chunk.text)
    offset = found.start() if found else 0
    code = ord(chunk.text[offset]) if found else 0
    return _broken(chunk, number, offset, f"YAML does not allow the character U+{code:04X}")


class RefusedError(Exception):
    """A document that the parser accepts, but that is too deep, too large or no object at all."""

    def __init__(self, reason: str, event: Event) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset: int = event.start_mark.index


class _Opened(NamedTuple):
    """An anchored collection that is not complete yet: its name, and how far things were then."""

    name: str
    values: int
    offset: int
    aliased_text: int


class _Anchored(NamedTuple):
    """An anchored value: how many values it holds, how deep, how many characters unfolded."""

    value: Value
    values: int
    depth: int
    characters: int


_MERGE = object()
"""Stands for the key ``<<`` while a mapping is built."""
_NO_KEY = object()
_STRUCTURAL = (StreamStartEvent, DocumentEndEvent)
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_TOO_MANY = "more than {:,} values in one file; the rest is left out"
_TOO_MANY_ALIASED = f"the aliases of this file stand for more than {MAX_ALIASED_VALUES:,} values"
_TOO_LONG = f"the aliases of this file stand for more than {MAX_ALIASED_TEXT:,} characters"
_COLLECTION_KEY = "a collection as a mapping key is nothing Kubernetes reads"
_NULL_KEY = "null as a mapping key is nothing Kubernetes reads"
_BAD_MERGE = "the merge key << takes a mapping or a list of mappings"


class _Builder:
    """Builds the value of one document from its events, without recursion."""

    def __init__(self, parser: Parser, budget: Budget) -> None:
        self._next = parser.get_event
        self._budget = budget
        self._anchors: dict[str, _Anchored | _Opened] = {}
        self._aliased_values = self._aliased_text = 0
        self._offsets = array("I")
        self._is_plain = True
        self.may_repeat_keys = False

    def plain_offsets(self) -> bytes:
        """What ``Document.offsets`` holds."""
        is_plain = self._is_plain and not self._anchors and not self.may_repeat_keys
        return self._offsets.tobytes() if is_plain else b""

    def build(self) -> Value:  # noqa: C901, PLR0912, PLR0915 - see below
        """The value of the document.

        One long loop on purpose: this is where a scan spends its time, and every call counts.
        """
        next_event = self._next
        container: Any = None
        key: Any = None  # None in a list, _NO_KEY in a mapping that waits for its next key
        opened: _Opened | None = None
        deepest = 0  # levels below the current collection
        offsets = self._offsets
        note = offsets.append
        begun = 0  # where the end of the current collection is to be noted
        stack: list[tuple[Any, Any, _Opened | None, int, int]] = []
        values = documents = 0
        limit = self._budget.values
        result: Value = None
        value: Any
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                values += 1
                if event.tag is not None:
                    value = _tagged(event)
                elif event.implicit[0]:
                    value = event.value
                    value = resolve_short(value) if len(value) < SHORT else resolve(value)
                else:
                    value = event.value
                if event.anchor is not None:
                    self._anchors[event.anchor] = _Anchored(value, 1, 0, len(event.value) + 1)
                note(event.start_mark.index)
                note(event.end_mark.index)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if key is _NO_KEY:
                    raise RefusedError(_COLLECTION_KEY, event)
                if len(stack) >= MAX_DEPTH:
                    raise RefusedError(_TOO_DEEP, event)
                if values > limit:
                    self._budget.exceeded = True
                    raise RefusedError(_TOO_MANY.format(self._budget.all_values), event)
                stack.append((container, key, opened, deepest, begun))
                opened = None if event.anchor is None else self._open(event, values)
                if event.tag is not None:
                    self._is_plain = False  # the tag stands before what is to be marked
                note(event.start_mark.index)
                begun = len(offsets)
                note(0)
                values += 1
                deepest = 0
                if kind is MappingStartEvent:
                    container, key = {}, _NO_KEY
                else:
                    container, key = [], None
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                depth = deepest + 1
                if opened is not None:
                    self._close(opened, event, _Anchored(value, values, depth, 0))
                offsets[begun] = len(offsets)
                container, key, opened, deepest, begun = stack.pop()
                deepest = max(deepest, depth)
            elif kind is AliasEvent:
                anchored = self._alias(event)
                value = anchored.value
                values += anchored.values
                if len(stack) + anchored.depth > MAX_DEPTH:
                    raise RefusedError(_TOO_DEEP, event)
                deepest = max(deepest, anchored.depth)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise RefusedError("a second document without a line --- before it", event)
                continue
            elif kind is StreamEndEvent or event is None:
                self._spend(values)
                return result
            elif kind in _STRUCTURAL:
                continue
            else:
                raise AssertionError(f"unknown event {kind.__name__}")

            # A value is complete: put it where it belongs.
            if key is _NO_KEY:
                if type(value) is not str:
                    value = _key(value, event)
                elif value == "<<" and is_merge_key(event):
                    key = _MERGE
                    self._is_plain = False
                    continue
                if value in container:
                    self.may_repeat_keys = True
                key = value
            elif key is None:
                if container is None:
                    result = value
                else:
                    container.append(value)
            else:
                if key is _MERGE:
                    _merge(container, value, event)
                else:
                    container[key] = value
                key = _NO_KEY

    def _open(self, event: Event, values: int) -> _Opened:
        opened = _Opened(event.anchor, values, event.start_mark.index, self._aliased_text)
        self._anchors[event.anchor] = opened
        return opened

    def _close(self, opened: _Opened, event: Event, anchored: _Anchored) -> None:
        if self._anchors[opened.name] is not opened:
            return  # the same anchor stands again inside, and the last to begin counts
        aliased_text = self._aliased_text - opened.aliased_text
        self._anchors[opened.name] = anchored._replace(
            values=anchored.values - opened.values,
            characters=event.end_mark.index - opened.offset + aliased_text,
        )

    def _alias(self, event: Event) -> _Anchored:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise RefusedError(f"alias *{event.anchor} has no anchor before it", event)
        if isinstance(anchored, _Opened):
            raise RefusedError(f"alias *{event.anchor} refers to what it stands in", event)
        self._aliased_values += anchored.values
        if self._aliased_values > self._budget.aliased_values:
            raise RefusedError(_TOO_MANY_ALIASED, event)
        self._aliased_text += anchored.characters
        if self._aliased_text > self._budget.aliased_text:
            raise RefusedError(_TOO_LONG, event)
        return anchored

    def _spend(self, values: int) -> None:
        """The document can be read: what it holds is no longer to be had for the next one."""
        self._budget.values -= values + COST_OF_DOCUMENT
        self._budget.aliased_values -= self._aliased_values
        self._budget.aliased_text -= self._aliased_text


def _tagged(event: Event) -> Scalar:
    try:
        return tagged(event.tag, event.value)
    except ValueError as error:
        raise RefusedError(str(error), event) from None


def _key(value: Value, event: Event) -> str:
    if isinstance(value, dict | list):
        raise RefusedError(_COLLECTION_KEY, event)
    if value is None:
        raise RefusedError(_NULL_KEY, event)
    return key_text(value)


def is_merge_key(event: Event) -> bool:
    """Whether the event of a key asks for a merge: ``<<``, plain or tagged so."""
    if type(event) is not ScalarEvent or event.value != "<<":
        return False
    if event.tag is None:
        return bool(event.implicit[0])
    return bool(event.tag == "tag:yaml.org,2002:merge")


def _merge(own: dict[str, Value], value: Value, event: Event) -> None:
    """Merge what stands behind ``<<`` as go-yaml v2 does: in the order of the text.

    Keys before the merge key are overridden, keys after it override; of several sources the
    first wins. An alias may stand for a mapping or in the list, but not for the list.
    """
    sources = [value]
    if type(value) is list and type(event) is SequenceEndEvent:
        sources = value[::-1]
    for source in sources:
        if not isinstance(source, dict):
            raise RefusedError(_BAD_MERGE, event)
        own.update(source)

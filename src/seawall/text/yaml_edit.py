"""Changes values of a YAML document in its text: all that is not changed stays as it was written.

Operations name paths of keys. They become replacements of stretches of text in the author's own
manner: indentation, dashes, quotes, flow or block style, line ends, comments. Where that cannot be
done without touching something else (a value behind an alias, an anchor that others use, a merge
key), ``Refused`` says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from seawall.core.edit import Append, Data, Operation, Prepend, Remove, Set
from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.text.scalars import Scalar, Value, resolve
from seawall.text.yaml import Document, load
from seawall.text.yaml_tree import (
    ALIAS,
    MAPPING,
    SCALAR,
    SEQUENCE,
    Entry,
    Node,
    of_plain_tree,
    read,
)

_LITERAL_HEAD = pattern(r"\|(-?)([ \t]*(?:#[^\r\n]*)?\r?\n)([ ]+)(?=\S)")
"""The first line of a literal block and the indentation of its text."""


class Replacement(NamedTuple):
    """Characters ``start`` to ``end`` become a text."""

    start: int
    end: int
    text: str


class Refused(Exception):  # noqa: N818 - the field's word, and no error of ours
    """An operation that cannot be carried out on this text alone; the message says why."""


class Editable:
    """A document that is to be edited. Raises Refused when it cannot be read.

    ``value`` is what the text says, where that is known already, ``offsets`` where its values stand
    (``Document.offsets``). Of a text that ``was_read`` before, as all are that have findings, the
    value is worked out only when it is needed.
    """

    __slots__ = ("_manner", "_root", "_value", "text")

    def __init__(
        self, text: str, value: Value = None, offsets: bytes = b"", *, was_read: bool = False
    ) -> None:
        root = of_plain_tree(text, value, offsets) if offsets else None
        try:
            root = root or read(text)
        except Exception as error:
            raise Refused(f"the document cannot be read: {error}") from error
        if root is None:
            raise Refused("the document is empty")
        self.text = text
        self._root = root
        self._manner: _Manner | None = None
        self._value = self._read() if value is None and not was_read else value

    def _read(self) -> Value:
        document = next(load(self.text), None)
        if not isinstance(document, Document):
            raise Refused("the document cannot be read")
        return document.value

    def _says(self, operation: Set) -> bool:
        """Whether the value is the wanted one already."""
        if not self._manner_of_text().shares and self._root.at(operation.path) is None:
            return False  # nearly always: what is missing is added
        if self._value is None:
            self._value = self._read()
        value: Any = self._value
        for step in operation.path:
            inside = isinstance(value, dict | list)
            if not inside or (
                step not in value
                if isinstance(value, dict)
                else not isinstance(step, int) or step >= len(value)
            ):
                return False
            value = value[step]
        own = _own(operation.value)
        return type(value) is type(own) and bool(value == own)

    def _manner_of_text(self) -> "_Manner":
        if self._manner is None:
            self._manner = _manner(self.text, self._root)
        return self._manner

    def replacements(self, operations: Iterable[Operation]) -> list[Replacement]:
        """What to replace so that the operations are carried out, in order of place.

        Raises Refused when one of them cannot be.
        """
        wanted = _Wanted()
        for operation in operations:
            if not (isinstance(operation, Set) and self._says(operation)):
                _plan(wanted, operation)
        editor = _Editor(self.text, self._manner_of_text())
        editor.change(self._root, wanted, ())
        result = sorted(editor.found)
        for before, after in pairwise(result):
            if before.end > after.start:
                raise Refused("two changes overlap")
        return result


def apply(text: str, found: Iterable[Replacement]) -> str:
    """The text with its replacements made."""
    parts = []
    at = 0
    for start, end, new in found:
        parts.append(text[at:start])
        parts.append(new)
        at = end
    parts.append(text[at:])
    return "".join(parts)


_HEAD = pattern(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))+(?=---)")


def marker_of(text: str) -> int:
    """Where the marker of a document stands: comments before it are the file's."""
    found = _HEAD.match(text)
    return found.end() if found else 0


# Planning -------------------------------------------------------------------------------------


class _Wanted:
    """What is wanted of a value: another one, its removal, or changes below it."""

    __slots__ = ("appended", "below", "has_value", "prepended", "removed", "value")

    def __init__(self) -> None:
        self.below: dict[str | int, _Wanted] = {}
        self.appended: list[Value] = []
        self.prepended: list[Value] = []
        self.removed = False
        self.has_value = False
        self.value: Value = None

    @property
    def items(self) -> list[Value]:
        """What is added to a list."""
        return [*self.prepended, *self.appended]

    def fresh(self) -> Value:
        """The value where there is none yet."""
        if self.has_value:
            value = self.value
            if self.items and isinstance(value, list):
                value = [*self.prepended, *value, *self.appended]
            return value
        if self.items:
            return self.items
        return {
            str(key): wanted.fresh() for key, wanted in self.below.items() if not wanted.removed
        }


def _plan(root: _Wanted, operation: Operation) -> None:
    if not operation.path:
        raise Refused("the whole document is not changed here")
    wanted = root
    for step in operation.path:
        if wanted.has_value:
            raise Refused("one change stands within another")
        wanted = wanted.below.setdefault(step, _Wanted())
    if isinstance(operation, Append):
        wanted.appended.append(_own(operation.value))
    elif isinstance(operation, Prepend):
        wanted.prepended.append(_own(operation.value))
    elif isinstance(operation, Remove):
        wanted.removed = True
    elif wanted.below or (wanted.has_value and wanted.value != _own(operation.value)):
        raise Refused("one change stands within another")
    else:
        wanted.has_value = True
        wanted.value = _own(operation.value)


def _own(value: Data) -> Value:
    if isinstance(value, Mapping):
        return {key: _own(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_own(item) for item in value]
    return value


# Editing --------------------------------------------------------------------------------------

_LINE = pattern(r"[^\r\n]*")
_BLANK = pattern(r"[ \t]*(?:#[^\r\n]*)?")


class _Manner(NamedTuple):
    """How a document is written, looked up once for all its edits."""

    is_json: bool
    newline: str
    uses: Mapping[str, int]
    """How often each anchor is used."""
    step: int
    dash: int
    """By how much mappings are indented, and the dashes of lists in them."""

    @property
    def shares(self) -> bool:
        """Whether a value may stand in several places: by an alias or a merge."""
        return bool(self.uses)


def _manner(text: str, root: Node) -> _Manner:
    newline = "\r\n" if "\r\n" in text else "\n"
    return _Manner(text.lstrip().startswith("{"), newline, _anchor_uses(root), *_habits(text, root))


class _Editor:
    """Turns what is wanted into replacements."""

    def __init__(self, text: str, manner: _Manner) -> None:
        self._text = text
        self.found: list[Replacement] = []
        self._json, self._newline, self._uses, self._step, self._dash = manner

    def document(self, value: Value) -> str:
        """A whole document in block style."""
        return self._block_value(value, -self._step).lstrip("\r\n") + self._newline

    def change(self, node: Node, wanted: _Wanted, path: KeyPath) -> None:
        """Carry out what is wanted of a value that is there."""
        if wanted.has_value:
            self._replace(node, wanted.fresh(), path)
            return
        if not wanted.below and not wanted.items:
            return
        self._refuse_shared(node, path)
        if node.kind == SCALAR and (node.is_empty or node.text == "null"):
            self._replace(node, wanted.fresh(), path)
        elif node.kind == MAPPING and not wanted.items:
            self._change_mapping(node, wanted, path)
        elif node.kind == SEQUENCE:
            self._change_sequence(node, wanted, path)
        else:
            raise Refused(f"{_shown(path)} is a {node.kind}")

    def _refuse_shared(self, node: Node, path: KeyPath) -> None:
        if node.kind == ALIAS:
            raise Refused(f"{_shown(path)} is an alias of &{node.anchor}")
        if node.anchor and self._uses.get(node.anchor, 0):
            raise Refused(f"{_shown(path)} has an anchor, &{node.anchor}, that others use")

    # Mappings ---------------------------------------------------------------------------------

    def _change_mapping(self, node: Node, wanted: _Wanted, path: KeyPath) -> None:
        removed: list[int] = []
        added: dict[str, Value] = {}
        for step, below in wanted.below.items():
            key = str(step)
            entry = node.get(key)
            if entry is None:
                if node.merges:
                    raise Refused(f"{_shown((*path, key))} may come from a merge key")
                if not below.removed:
                    added[key] = below.fresh()
            elif below.removed:
                self._refuse_anchored_below(entry.value, (*path, key))
                removed.append(node.entries.index(entry))
            else:
                self._change_entry(node, entry, below, (*path, key))
        if removed and len(removed) == len(node.entries):
            self._replace_all_entries(node, added, path)
            return
        if node.is_flow and removed:
            places = [(entry.key_node.start, entry.value.end) for entry in node.entries]
            self._remove_from_flow(places, removed)
        else:
            for index in removed:
                self._remove_entry(node, index)
        if added:
            self._add_entries(node, added, removed)

    def _change_entry(self, node: Node, entry: Entry, below: _Wanted, path: KeyPath) -> None:
        value = entry.value
        if below.has_value and value.kind != SCALAR:
            self._refuse_anchored_below(value, path)
            self._replace_entry(node, entry, below.fresh(), path)
            return
        is_null = value.kind == SCALAR and (value.is_empty or value.text == "null")
        if (
            not below.has_value
            and not node.is_flow
            and (is_null or (value.is_flow and not [*value.entries, *value.items]))
        ):
            self._refuse_shared(value, path)
            if value.kind != SCALAR and (value.kind == SEQUENCE) != bool(below.items):
                raise Refused(f"{_shown(path)} is a {value.kind}")
            self._replace_entry(node, entry, below.fresh(), path)
        elif not node.is_flow and _empties(value, below):
            self._empty_entry(entry, path)
        else:
            self.change(value, below, path)

    def _empty_entry(self, entry: Entry, path: KeyPath) -> None:
        """Take away all lines below a key; comments on the key's own line stay."""
        value = entry.value
        self._refuse_shared(value, path)
        for child in value.children():
            self._refuse_anchored_below(child, path)
        colon = self._text.index(":", entry.key_node.end)
        is_list = value.kind == SEQUENCE
        first = self._dash_of(value, 0) if is_list else value.entries[0].key_node.start
        start = self._line_start(first)
        if start <= colon:
            raise Refused(f"{_shown(path)} cannot be emptied in this text")
        end = self._after_line(_content_end(self._text, value))
        self.found.append(Replacement(colon + 1, colon + 1, " []" if is_list else " {}"))
        if end == len(self._text) and self._text[-1:] not in ("\r", "\n"):
            start -= len(self._newline)
        self.found.append(Replacement(start, end, ""))

    def _replace_entry(self, node: Node, entry: Entry, value: Value, path: KeyPath) -> None:
        """Write a new value behind a key."""
        self._refuse_shared(entry.value, path)
        start = entry.key_node.end
        colon = self._text.index(":", start)
        end = max(colon + 1, _content_end(self._text, entry.value))
        if entry.value.is_empty:
            end = colon + 1
        if node.is_flow:
            text = " " + self._flow(value)
        else:
            column = self._column(entry.key_node.start)
            text = self._block_value(value, column)
        self.found.append(Replacement(colon + 1, end, text))

    def _add_entries(self, node: Node, added: dict[str, Value], removed: list[int]) -> None:
        if node.is_flow:
            self._add_to_flow(node, [f"{self._key(k)}: {self._flow(v)}" for k, v in added.items()])
            return
        last = max(index for index in range(len(node.entries)) if index not in removed)
        column = self._column(node.entries[0].key_node.start)
        indent = " " * column
        lines = [
            f"{indent}{self._key(key)}:{self._block_value(value, column)}"
            for key, value in added.items()
        ]
        entry = node.entries[last]
        self._insert_lines(max(entry.key_node.end, _content_end(self._text, entry.value)), lines)

    def _remove_entry(self, node: Node, index: int) -> None:
        entry = node.entries[index]
        start = entry.key_node.start
        end = self._after_line(max(_content_end(self._text, entry.value), entry.key_node.end))
        head = self._text[self._line_start(start) : start]
        if head.strip():  # "- key: value": the next key moves up to the dash
            if index + 1 >= len(node.entries):
                raise Refused("the first key of a list item cannot be removed alone")
            end = node.entries[index + 1].key_node.start
        else:
            start = self._line_start(start)
        self.found.append(Replacement(start, end, ""))

    def _replace_all_entries(self, node: Node, added: dict[str, Value], path: KeyPath) -> None:
        if node.is_flow:
            start = self._bracket(node)
            self.found.append(Replacement(start, node.end, self._flow(added)))
            return
        if added:
            column = self._column(node.start)
            lines = [f"{self._key(k)}:{self._block_value(v, column)}" for k, v in added.items()]
            end = _content_end(self._text, node)
            text = (self._newline + " " * column).join(lines)
            self.found.append(Replacement(node.start, end, text))
            return
        if not path:
            raise Refused("nothing of the document would stay")
        start = node.start
        end = _content_end(self._text, node.entries[-1].value)
        before = self._text[:start].rstrip(" \t\r\n")
        if before.endswith(("-", ":")):
            self.found.append(Replacement(len(before), end, " {}"))
            return
        raise Refused(f"{_shown(path)} cannot be emptied in this text")

    # Sequences --------------------------------------------------------------------------------

    def _change_sequence(self, node: Node, wanted: _Wanted, path: KeyPath) -> None:
        removed = sorted(
            step for step, below in wanted.below.items() if below.removed and isinstance(step, int)
        )
        for step, below in wanted.below.items():
            if not isinstance(step, int) or not 0 <= step < len(node.items):
                raise Refused(f"{_shown((*path, step))} is not there")
            if below.removed:
                self._refuse_anchored_below(node.items[step], (*path, step))
            else:
                self.change(node.items[step], below, (*path, step))
        if removed and len(removed) == len(node.items):
            self._replace_all_items(node, wanted.items, path)
            return
        if node.is_flow and removed:
            self._remove_from_flow([(item.start, item.end) for item in node.items], removed)
        else:
            for index in removed:
                self._remove_item(node, index)
        if wanted.prepended:
            if removed:
                raise Refused(f"{_shown(path)} cannot lose items and get new ones before them")
            self._put_first(node, wanted.prepended)
        if wanted.appended:
            self._add_items(node, wanted.appended, removed)

    def _replace_all_items(self, node: Node, values: list[Value], path: KeyPath) -> None:
        if node.is_flow:
            start = self._bracket(node)
            self.found.append(Replacement(start, node.end, self._flow(list(values))))
            return
        start = self._dash_of(node, 0)
        end = _content_end(self._text, node.items[-1])
        if values:
            column = self._column(start)
            lines = [f"-{self._item(value, column)}" for value in values]
            text = (self._newline + " " * column).join(lines)
            self.found.append(Replacement(start, end, text))
            return
        before = self._text[:start].rstrip(" \t\r\n")
        if not before.endswith(":"):
            raise Refused(f"{_shown(path)} cannot be emptied in this text")
        self.found.append(Replacement(len(before), end, " []"))

    def _remove_item(self, node: Node, index: int) -> None:
        start = self._dash_of(node, index)
        if index + 1 < len(node.items):
            end = self._dash_of(node, index + 1)
            if self._text[self._line_start(start) : start].strip():  # "- - a"
                self.found.append(Replacement(start, end, ""))
                return
            end = self._after_line(_content_end(self._text, node.items[index]))
        else:
            end = self._after_line(_content_end(self._text, node.items[index]))
            if self._text[self._line_start(start) : start].strip():
                raise Refused("the first item of an item cannot be removed alone")
        self.found.append(Replacement(self._line_start(start), end, ""))

    def _add_items(self, node: Node, values: list[Value], removed: list[int]) -> None:
        if not node.items and not node.is_flow:
            raise Refused("an empty list in block style")
        if node.is_flow:
            self._add_to_flow(node, [self._flow(value) for value in values])
            return
        last = max(index for index in range(len(node.items)) if index not in removed)
        column = self._column(self._dash_of(node, len(node.items) - 1))
        lines = [f"{' ' * column}-{self._item(value, column)}" for value in values]
        self._insert_lines(_content_end(self._text, node.items[last]), lines)

    def _put_first(self, node: Node, values: list[Value]) -> None:
        """Put items before the first one and the comments right above it."""
        if node.is_flow:
            self._put_first_in_flow(node, [self._flow(value) for value in values])
            return
        if not node.items:
            raise Refused("an empty list in block style")
        dash = self._dash_of(node, 0)
        place = self._line_start(dash)
        if self._text[place:dash].strip(" "):
            raise Refused("nothing can stand before the first item of an item")
        while place and self._text[self._line_start(place - 1) : place].lstrip(" \t")[:1] == "#":
            place = self._line_start(place - 1)
        column = self._column(dash)
        lines = [f"{' ' * column}-{self._item(value, column)}" for value in values]
        self.found.append(Replacement(place, place, self._newline.join([*lines, ""])))

    def _put_first_in_flow(self, node: Node, texts: list[str]) -> None:
        opening = self._bracket(node)
        if not node.items:
            self.found.append(Replacement(opening + 1, node.end - 1, ", ".join(texts)))
            return
        first = node.items[0].start
        between = self._text[opening + 1 : first]
        joint = ", "
        if "\n" in between and not between.strip():
            joint = "," + self._newline + " " * self._column(first)
        self.found.append(Replacement(first, first, "".join(text + joint for text in texts)))

    def _dash_of(self, node: Node, index: int) -> int:
        """Where the dash of an item stands."""
        start = node.items[index].start
        floor = node.items[index - 1].end if index else 0
        at = self._text.rfind("-", floor, max(start, floor))
        while at >= 0 and (at + 1 < len(self._text) and self._text[at + 1] not in " \t\r\n"):
            at = self._text.rfind("-", floor, at)
        if at < 0:
            raise Refused("the dash of an item was not found")
        return at

    # Flow style -------------------------------------------------------------------------------

    def _bracket(self, node: Node) -> int:
        return self._text.index(node.style, node.start)

    def _add_to_flow(self, node: Node, texts: list[str]) -> None:
        children = [entry.value for entry in node.entries] or node.items
        opening = self._bracket(node)
        if not children:
            self.found.append(Replacement(opening + 1, node.end - 1, ", ".join(texts)))
            return
        last = children[-1].end
        if children[-1].is_empty and node.entries:
            last = max(last, self._text.index(":", node.entries[-1].key_node.end) + 1)
        tail = self._text[last : node.end - 1]
        first = node.entries[0].key_node.start if node.entries else children[0].start
        comma = tail.lstrip().startswith(",")
        at = last + tail.index(",") + 1 if comma else last
        if self._text[opening:first].count("\n"):
            line = self._newline + " " * self._column(first)
            texts = [line + text for text in texts]
            inserted = ",".join(texts)
            self.found.append(Replacement(at, at, ("" if comma else ",") + inserted))
            return
        self.found.append(Replacement(at, at, (" " if comma else ", ") + ", ".join(texts)))

    def _remove_from_flow(self, places: list[tuple[int, int]], removed: Iterable[int]) -> None:
        """Take out items: up to the next that stays, or from the last that stays on."""
        gone = set(removed)
        last = max(index for index in range(len(places)) if index not in gone)
        for index in sorted(gone):
            if index < last:
                self.found.append(Replacement(places[index][0], places[index + 1][0], ""))
        if last + 1 < len(places):
            self.found.append(Replacement(places[last][1], places[-1][1], ""))

    # Values -----------------------------------------------------------------------------------

    def _replace(self, node: Node, value: Value, path: KeyPath) -> None:
        """Write another value in place of one that is no entry of a block mapping."""
        self._refuse_shared(node, path)
        self._refuse_anchored_below(node, path)
        if node.kind == SCALAR and isinstance(value, str | int | float | bool | None):
            text = self._literal(node, value) or self._scalar(value, node.style)
            if node.is_empty:
                text = " " + text
            self.found.append(Replacement(node.start, _content_end(self._text, node), text))
        elif node.is_flow or self._json:
            self.found.append(Replacement(node.start, node.end, self._flow(value)))
        else:
            text = self._flow(value)
            end = _content_end(self._text, node)
            self.found.append(Replacement(node.start, end, (" " if node.is_empty else "") + text))

    def _literal(self, node: Node, value: Scalar) -> str:
        """Another text in the block that a literal one stands in; empty where it needs quotes."""
        body = self._text[node.start : node.end]
        found = _LITERAL_HEAD.match(body)
        if node.style != "|" or found is None or not isinstance(value, str):
            return ""
        text = value[:-1] if found[1] == "" else value
        ends_well = value == f"{text}\n" if found[1] == "" else True
        lines = text.split("\n")
        plain = all(line.isprintable() for line in lines)
        if not ends_well or not plain or not text.strip() or not lines[0].strip() or (
            lines[0].startswith(" ") or not lines[-1].strip()
        ):  # fmt: skip
            return ""
        indent = found[3]
        rest = self._newline.join(f"{indent}{line}" if line else "" for line in lines)
        return f"{found[0][: found.start(3)]}{rest}"

    def _refuse_anchored_below(self, node: Node, path: KeyPath) -> None:
        pending = [node]
        while pending:
            one = pending.pop()
            if one.kind != ALIAS and one.anchor and self._uses.get(one.anchor, 0):
                raise Refused(f"{_shown(path)} holds an anchor, &{one.anchor}, that others use")
            pending.extend(one.children())

    def _block_value(self, value: Value, column: int) -> str:
        """What stands behind a colon, in block style; ``column`` is the key's."""
        if isinstance(value, dict) and value:
            inner = column + self._step
            return "".join(
                f"{self._newline}{' ' * inner}{self._key(key)}:{self._block_value(item, inner)}"
                for key, item in value.items()
            )
        if isinstance(value, list) and value:
            if all(isinstance(item, str) for item in value) and len(value) == 1:
                return " " + self._flow(value)
            inner = column + self._dash
            return "".join(
                f"{self._newline}{' ' * inner}-{self._item(item, inner)}" for item in value
            )
        return " " + self._flow(value)

    def _item(self, value: Value, column: int) -> str:
        """What stands behind a dash, in block style."""
        if isinstance(value, dict) and value:
            inner = column + 2
            text = self._newline.join(
                f"{' ' * inner}{self._key(key)}:{self._block_value(item, inner)}"
                for key, item in value.items()
            )
            return " " + text.lstrip(" ")
        return " " + self._flow(value)

    def _flow(self, value: Value) -> str:
        if isinstance(value, dict):
            inner = ", ".join(f"{self._key(k)}: {self._flow(v)}" for k, v in value.items())
            return f"{{{inner}}}"
        if isinstance(value, list):
            return f"[{', '.join(self._flow(item) for item in value)}]"
        return self._scalar(value, "", flow=True)

    def _key(self, key: str) -> str:
        return quoted(key) if self._json else plain_or_quoted(key)

    def _scalar(self, value: Scalar, style: str, *, flow: bool = False) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return repr(value)
        if self._json or style == '"':
            return quoted(value)
        if style == "'" and "\n" not in value and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        del flow  # what is safe in flow style is so in block style
        return plain_or_quoted(value)

    # Text -------------------------------------------------------------------------------------

    def _line_start(self, at: int) -> int:
        return max(self._text.rfind("\n", 0, at), self._text.rfind("\r", 0, at)) + 1

    def _column(self, at: int) -> int:
        line = self._text[self._line_start(at) : at]
        if "\t" in line:
            raise Refused("a tab stands where the indentation is counted")
        return len(line)

    def _after_line(self, at: int) -> int:
        """Behind the end of the line that a place is in; the place itself at a line's start."""
        if at and self._text[at - 1] in "\r\n" and at > 0:
            return at
        found = _LINE.match(self._text, at)
        end = found.end() if found else len(self._text)
        if self._text.startswith("\r\n", end):
            return end + 2
        return min(end + 1, len(self._text))

    def _insert_lines(self, at: int, lines: list[str]) -> None:
        """Put lines behind the one that a place is in."""
        place = self._after_line(at)
        text = self._newline.join(lines)
        if place == len(self._text) and self._text[-1:] not in ("\r", "\n"):
            self.found.append(Replacement(place, place, self._newline + text))
        else:
            self.found.append(Replacement(place, place, text + self._newline))


def _empties(node: Node, wanted: _Wanted) -> bool:
    """Whether nothing is to be left of a collection in block style."""
    if node.is_flow or node.anchor or node.text or wanted.has_value or wanted.items:
        return False
    count = len(node.entries) if node.kind == MAPPING else len(node.items)
    removed = [step for step, below in wanted.below.items() if below.removed]
    if node.kind == MAPPING:
        known = {entry.key for entry in node.entries}
        removed = [step for step in removed if str(step) in known]
        count = len(known) if len(known) == count else -1
    return count > 0 and len(removed) == count and len(wanted.below) == count


def _content_end(text: str, node: Node) -> int:
    """Where the text of a value ends: of a block scalar, with its last line that is not blank."""
    last = node
    while not last.is_flow and last.kind in (MAPPING, SEQUENCE):
        if last.entries:
            entry = last.entries[-1]
            if entry.value.is_empty:
                return text.index(":", entry.key_node.end) + 1
            last = entry.value
        elif last.items:
            last = last.items[-1]
        else:
            break
    if last.style in ("|", ">"):
        body = text[last.start : last.end]
        header = body.split("\n", 1)[0]
        if "+" in header:
            return last.end
        return last.start + len(body.rstrip(" \t\r\n"))
    return last.end


def _anchor_uses(root: Node) -> dict[str, int]:
    """How often each anchor is used by an alias."""
    uses: dict[str, int] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        if node.kind == ALIAS:
            uses[node.anchor] = uses.get(node.anchor, 0) + 1
        if node.merges:
            uses["<<"] = uses.get("<<", 0) + 1
        pending.extend(node.children())
    return uses


def _habits(text: str, root: Node) -> tuple[int, int]:
    """By how much the author indents mappings and the dashes of lists in mappings."""
    steps: dict[int, int] = {}
    dashes: dict[int, int] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        pending.extend(node.children())
        if node.kind != MAPPING or node.is_flow:
            continue
        for entry in node.entries:
            value = entry.value
            own = _column_of(text, entry.key_node.start)
            if value.is_flow or value.kind in (SCALAR, ALIAS):
                continue
            if value.kind == MAPPING and value.entries:
                step = _column_of(text, value.entries[0].key_node.start) - own
                steps[step] = steps.get(step, 0) + 1
            elif value.items:
                at = text.rfind("-", entry.key_node.end, value.items[0].start)
                dash = _column_of(text, at) - own if at >= 0 else 0
                dashes[dash] = dashes.get(dash, 0) + 1
    return _most(steps, 2, 1), _most(dashes, 2, 0)


def _most(counts: dict[int, int], default: int, least: int) -> int:
    usable = {value: count for value, count in counts.items() if least <= value <= 16}
    return max(usable, key=lambda value: (usable[value], -value)) if usable else default


def _column_of(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at) - 1


_PLAIN = pattern(
    r"[A-Za-z0-9_./$][A-Za-z0-9_./$+@%=~,^-]*(?: [A-Za-z0-9_./$+@%=~^(-][^\s:#,\[\]{}]*)*"
)


_REFERENCE = pattern(r"[a-z][a-z0-9._-]*(?:[:/@][A-Za-z0-9][A-Za-z0-9._-]*)+")
"""Names of images, addresses without a scheme: colons inside, but none before a blank."""


@lru_cache(maxsize=4096)  # the keys of manifests are few
def plain_or_quoted(text: str) -> str:
    """A string as YAML may hold it: plain where nothing else could be read from it."""
    if (
        (_PLAIN.fullmatch(text) or _REFERENCE.fullmatch(text))
        and isinstance(resolve(text), str)
        and "," not in text
        and text.isascii()
    ):
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """A string in double quotes, as JSON has it, which YAML reads alike."""
    from json import dumps  # noqa: PLC0415 - 2 ms, only for edits

    return dumps(text, ensure_ascii=False)


def _shown(path: KeyPath) -> str:
    from seawall.core.location import render_key_path  # noqa: PLC0415 - only for messages

    return render_key_path(path) or "the document"


def edited(value: Value, operations: Iterable[Operation], *, is_tree: bool = False) -> Value:
    """What the operations make of a value, as data: what the edited text must read as.

    Of a tree, in which no value stands twice, what does not change is shared with the result.
    """
    if is_tree:
        root: Any = _Shared(value)
    else:
        from copy import deepcopy  # noqa: PLC0415 - only for edits

        root = _Copied(deepcopy(value))
    removed: list[KeyPath] = []
    prepended: dict[KeyPath, list[Value]] = {}
    for operation in operations:
        if isinstance(operation, Remove):
            removed.append(operation.path)
        elif isinstance(operation, Append):
            root.list_at(operation.path).append(_own(operation.value))
        elif isinstance(operation, Prepend):
            prepended.setdefault(operation.path, []).append(_own(operation.value))
        else:
            root.holder(operation.path)[operation.path[-1]] = _own(operation.value)
    for path in sorted(removed, key=_from_the_end, reverse=True):
        holder = root.holder(path)
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
        else:
            del holder[path[-1]]
    for path, values in prepended.items():  # last: the indices of paths are those from before
        root.list_at(path)[:0] = values
    result: Value = root.value
    return result


def _from_the_end(path: KeyPath) -> tuple[tuple[int, int | str], ...]:
    return tuple((1, step) if isinstance(step, int) else (0, step) for step in path)


class _Copied:
    """A value that may be changed anywhere."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def holder(self, path: KeyPath) -> Any:
        """The collection that the last step of a path is in; mappings on the way are made."""
        value = self.value
        for step in path[:-1]:
            value = self._below(value, step)
        return value

    def _below(self, holder: Any, step: str | int) -> Any:
        inner = holder.get(step) if isinstance(holder, dict) else holder[step]
        if inner is None:
            inner = holder[step] = {}
        return inner

    def list_at(self, path: KeyPath) -> list[Value]:
        """The list under a path, made where it is missing."""
        holder = self.holder(path)
        found = holder.get(path[-1]) if isinstance(holder, dict) else holder[path[-1]]
        if found is None:
            found = holder[path[-1]] = []
        result: list[Value] = found
        return result


class _Shared(_Copied):
    """A value of which others hold parts: what is changed is copied before, and nothing else."""

    def __init__(self, value: Any) -> None:
        self._own: dict[int, Any] = {}
        super().__init__(self._copied(value))

    def _copied(self, value: Any) -> Any:
        if isinstance(value, dict | list) and id(value) not in self._own:
            value = value.copy()
            self._own[id(value)] = value  # it lives as long, so that no other has its id
        return value

    def _below(self, holder: Any, step: str | int) -> Any:
        inner = self._copied(super()._below(holder, step))
        holder[step] = inner
        return inner

    def list_at(self, path: KeyPath) -> list[Value]:
        holder = self.holder(path)
        found: list[Value] = self._copied(super().list_at(path))
        holder[path[-1]] = found
        return found


def render(value: Mapping[str, Data], newline: str = "\n") -> str:
    """A new document in block style, without its marker."""
    manner = _manner("", Node(MAPPING, 0, 0, "", ""))._replace(newline=newline)
    return _Editor("", manner).document(_own(value))

"""An independent judge of values and places: PyYAML's own composer, in pure Python.

It builds the whole node tree, marks and all, and walks it recursively: slow and simple, where
the product is quick.
"""

import re
from collections.abc import Iterator
from typing import Any

from yaml.composer import Composer
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from seawall.core.location import KeyPath, Span
from seawall.text.scalars import Value, key_text, resolve, tagged

PLAIN, QUOTED = "plain", "quoted"


class Alias(Node):
    """An alias that, other than in PyYAML, knows where it stands."""


class Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: Any, index: object) -> Any | None:
        if self.check_event(AliasEvent):
            event = self.get_event()
            return Alias("alias", self.anchors[event.anchor], event.start_mark, event.end_mark)
        self.anchors.pop(self.peek_event().anchor, None)  # an anchor may stand again
        return super().compose_node(parent, index)

    def compose_sequence_node(self, anchor: str | None) -> Any:
        opening = self.peek_event().end_mark.index
        node = super().compose_sequence_node(anchor)
        node.opening = opening
        return node

    def compose_mapping_node(self, anchor: str | None) -> Any:
        opening = self.peek_event().end_mark.index
        node = super().compose_mapping_node(anchor)
        node.opening = opening
        return node

    def resolve(self, kind: type[Node], value: object, implicit: tuple[bool, bool]) -> str:
        return PLAIN if kind is ScalarNode and implicit[0] else QUOTED


def compose(text: str) -> Any:
    node = Loader(text).get_single_node()
    assert node is not None
    return node


def scalar_of(node: Any) -> str | int | float | bool | None:
    if node.tag == PLAIN:
        return resolve(node.value)
    return node.value if node.tag == QUOTED else tagged(node.tag, node.value)


def behind(node: Any) -> Any:
    return node.value if isinstance(node, Alias) else node


def is_merge(key: Any) -> bool:
    return (
        isinstance(key, ScalarNode)
        and key.value == "<<"
        and key.tag in (PLAIN, "tag:yaml.org,2002:merge")
    )


def entries(node: MappingNode) -> dict[str, tuple[Any, Any]]:
    """The key and value nodes of a mapping after its merges: the last one in the text counts."""
    result: dict[str, tuple[Any, Any]] = {}
    for key, value in node.value:
        if not is_merge(key):
            text = scalar_of(behind(key))
            assert text is not None
            result[key_text(text)] = key, value
        elif isinstance(value, SequenceNode):
            for source in reversed(value.value):
                result |= entries(behind(source))
        else:
            result |= entries(behind(value))
    return result


def value_of(node: Any) -> Value:
    node = behind(node)
    if isinstance(node, MappingNode):
        return {key: value_of(value) for key, (_, value) in entries(node).items()}
    if isinstance(node, SequenceNode):
        return [value_of(item) for item in node.value]
    return scalar_of(node)


def first_entry(node: Any) -> tuple[int, int]:
    """What is marked of a collection without a key of its own: its bracket or its first entry."""
    if node.flow_style:
        return node.start_mark.index, node.opening
    if isinstance(node, SequenceNode):
        item: Any = node.value[0]
        if isinstance(item, ScalarNode | Alias):
            return item.start_mark.index, item.end_mark.index
        if item.flow_style:
            return item.start_mark.index, item.opening
        return item.opening, item.opening + 1
    key, value = node.value[0]
    end = key.end_mark.index
    if (
        isinstance(value, ScalarNode)
        and value.start_mark.index < value.end_mark.index
        and value.end_mark.line == key.start_mark.line
    ):
        end = value.end_mark.index
    return key.start_mark.index, end


def places(node: Any, key: Any = None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, int, int]]:
    """Every path of a value with the offsets of what is to be marked."""
    start, end = node.start_mark.index, node.end_mark.index
    inner = behind(node)
    if isinstance(node, MappingNode | SequenceNode):
        start, end = (key.start_mark.index, key.end_mark.index) if key else first_entry(node)
    elif start == end and key is not None:
        start, end = key.start_mark.index, key.end_mark.index
    yield path, start, end
    if isinstance(inner, MappingNode):
        for name, (own_key, value) in entries(inner).items():
            yield from places(value, own_key, (*path, name))
    elif isinstance(inner, SequenceNode):
        for index, item in enumerate(inner.value):
            yield from places(item, None, (*path, index))


def span(text: str, start: int, end: int, first_line: int) -> Span:
    """Lines as an editor counts them."""

    def position(offset: int) -> tuple[int, int]:
        lines = re.split("\r\n|\r|\n", text[:offset])
        return first_line + len(lines), len(lines[-1]) + 1

    return Span(*position(start), *position(end))

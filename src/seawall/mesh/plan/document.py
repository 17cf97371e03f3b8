"""A YAML document that is read strictly: unknown keys, wrong types and repeated keys are errors.

Each error names file and line, so a value carries where it stands.
"""

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from seawall.core.location import KeyPath
from seawall.mesh.plan.errors import PlanError
from seawall.text.decoding import Undecodable, decode
from seawall.text.places import locate, repeated_keys
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, Document, load

LARGEST = 4 * 1024 * 1024
_TYPES = {
    str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a mapping",
}  # fmt: skip


class Node:
    """A value of a document, with its place."""

    def __init__(self, source: "Source", value: Value, at: KeyPath = ()) -> None:
        self._source = source
        self._value = value
        self._at = at

    def __contains__(self, key: str) -> bool:
        return isinstance(self._value, dict) and key in self._value

    @property
    def is_text(self) -> bool:
        """Whether it is a text, where it may be something else, too."""
        return isinstance(self._value, str)

    @property
    def is_list(self) -> bool:
        """Whether it is a list, where it may be something else, too."""
        return isinstance(self._value, list)

    @property
    def is_mapping(self) -> bool:
        """Whether it is a mapping, where it may be something else, too."""
        return isinstance(self._value, dict)

    @property
    def where(self) -> str:
        """``file:line``."""
        return self._source.place(self._at)

    def fail(self, message: str) -> NoReturn:
        """Raise a :class:`PlanError` that names the place; the message ends in a remedy."""
        raise PlanError(f"{self.where}: {message}")

    def only(self, *known: str) -> "Node":
        """Itself, a mapping; its keys must be among these."""
        for key in self._mapping():
            if key not in known:
                close = get_close_matches(key, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(known)}"
                Node(self._source, None, (*self._at, key)).fail(f"unknown key {key!r}; {hint}")
        return self

    def of(self, key: str) -> "Node":
        """The value of a key that must be there."""
        mapping = self._mapping()
        if key not in mapping:
            self.fail(f"there is no {key!r}: add it")
        return Node(self._source, mapping[key], (*self._at, key))

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """The entries of a mapping."""
        for key, value in self._mapping().items():
            yield key, Node(self._source, value, (*self._at, key))

    def sequence(self) -> list["Node"]:
        """The items of a list."""
        values = self._checked(list)
        return [
            Node(self._source, value, (*self._at, number)) for number, value in enumerate(values)
        ]

    def one_or_more(self) -> list["Node"]:
        """The items of a list, or the one value that stands for such a list."""
        return self.sequence() if isinstance(self._value, list) else [self]

    def text(self, *, longest: int = 4096) -> str:
        """A text that is not empty and has no control characters."""
        value: str = self._checked(str)
        if not value or len(value) > longest or any(ord(letter) < 32 for letter in value):
            self.fail(f"write a text of 1 to {longest} letters, in one line")
        return value

    def argument(self, *, longest: int = 128 * 1024) -> str:
        """A text that a program is given: anything but a NUL character (execve(2))."""
        value: str = self._checked(str)
        if len(value) > longest or "\0" in value:
            self.fail(f"write a text of at most {longest} letters without NUL characters")
        return value

    def whole_number(self, least: int, most: int) -> int:
        """A number within bounds."""
        value: int = self._checked(int)
        if not least <= value <= most:
            self.fail(f"{value} is not between {least} and {most}: choose one that is")
        return value

    def boolean(self) -> bool:
        """True or false."""
        return bool(self._checked(bool))

    def choice(self, *words: str) -> str:
        """One of some words."""
        value = self.text()
        if value not in words:
            self.fail(f"{value!r} is not to be had here: choose from {', '.join(words)}")
        return value

    def _mapping(self) -> dict[str, Value]:
        mapping: dict[str, Value] = self._checked(dict)
        return mapping

    def _checked(self, kind: type) -> Any:
        value = self._value
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fail(f"must be {_TYPES[kind]}: change it")
        return value


class Source:
    """The file that a document stands in."""

    def __init__(self, path: str, document: Document) -> None:
        self.path = path
        self._document = document

    def place(self, at: KeyPath) -> str:
        """``file:line`` of a path of keys."""
        chunk = self._document.chunk
        found = locate(chunk, [at])[at]
        return f"{self.path}:{found.span.line}"

    def node(self) -> Node:
        """The whole document."""
        return Node(self, self._document.value)

    def refuse_repeated_keys(self) -> None:
        """A key that stands twice hides what somebody meant."""
        for repeated in repeated_keys(self._document.chunk):
            Node(self, None, repeated.key_path).fail(
                f"the key {str(repeated.key_path[-1])!r} stands here twice: remove one"
            )


def documents_in(path: str, data: bytes) -> list[Node]:
    """The documents of a file that are not empty."""
    if len(data) > LARGEST:
        raise PlanError(f"{path}: {len(data)} bytes; a description has {LARGEST} at most: split it")
    text = decode(data)
    if isinstance(text, Undecodable):
        line, column, reason = text
        raise PlanError(f"{path}:{line}:{column}: {reason}; write it in UTF-8")
    found = []
    for document in load(text):
        if isinstance(document, Broken):
            line, column = document.position
            raise PlanError(f"{path}:{line}:{column}: {document.reason}; correct the YAML")
        source = Source(path, document)
        if document.may_repeat_keys:
            source.refuse_repeated_keys()
        if document.value is not None:
            found.append(source.node())
    return found


def read(path: str) -> bytes:
    """The bytes of a file; raises :class:`PlanError` where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            if not os.path.isfile(path):
                raise PlanError(f"{path} is no file: name one")
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}; name a file that can be read") from None


def names(nodes: Sequence[Node]) -> list[str]:
    """The texts of some nodes."""
    return [node.text() for node in nodes]

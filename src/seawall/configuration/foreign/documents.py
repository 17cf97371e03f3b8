"""A YAML file of another tool: its values, and the line of each."""

from collections.abc import Iterator
from typing import Any, NoReturn

from seawall.core.errors import UsageError
from seawall.core.location import KeyPath, Location, Span
from seawall.text.decoding import Undecodable, decode
from seawall.text.places import locate
from seawall.text.scalars import Value
from seawall.text.yaml import Broken, load

_DEEPEST = 6
"""Keys and indices down to the deepest value whose line is told."""


_MOST = 100_000
"""Values whose lines are told; aliases may make many of few."""


def _paths(value: Value) -> Iterator[KeyPath]:
    stack: list[tuple[KeyPath, Value]] = [((), value)]
    for _ in range(_MOST):
        if not stack:
            return
        path, item = stack.pop()
        yield path
        if len(path) < _DEEPEST and isinstance(item, dict):
            stack.extend(((*path, key), child) for key, child in item.items())
        elif len(path) < _DEEPEST and isinstance(item, list):
            stack.extend(((*path, number), child) for number, child in enumerate(item))


class File:
    """The first document of a YAML file. Raises UsageError for what is no YAML."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        text = decode(data)
        if isinstance(text, Undecodable):
            raise UsageError(f"{path}:{text.line}: {text.reason}; save it as UTF-8")
        document = next(load(text), None)
        if isinstance(document, Broken):
            line, column = document.position
            raise UsageError(
                f"{path}:{line}:{column}: this is no valid YAML: {document.reason}; correct it"
            )
        self.value: Value = None if document is None else document.value
        self._chunk = None if document is None else document.chunk
        self._lines: dict[KeyPath, int] | None = None

    def line(self, *keys: str | int) -> int:
        """The line a value stands on, or where it would belong."""
        if self._lines is None:  # all at once: each look is a pass over the document
            paths = list(_paths(self.value))
            places = {} if self._chunk is None else locate(self._chunk, paths)
            self._lines = {path: place.span.line for path, place in places.items()}
        while keys and keys not in self._lines:
            keys = keys[:-1]
        return self._lines.get(keys, 1)

    def location(self, *keys: str | int) -> Location:
        """Where a value stands."""
        line = self.line(*keys)
        return Location(self.path, 0, keys, Span(line, 1, line, 1))

    def fail(self, keys: KeyPath, message: str) -> NoReturn:
        """Raise a UsageError that names file, line and key."""
        name = ".".join(str(key) for key in keys)
        raise UsageError(f"{self.path}:{self.line(*keys)}: {name} {message}")

    def table(self, value: Value, keys: KeyPath) -> dict[str, Any]:
        """A mapping, empty when there is none; raises UsageError for anything else."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fail(keys, "must be a mapping")
        return {str(key): item for key, item in value.items()}

    def rows(self, value: Value, keys: KeyPath) -> list[Any]:
        """A list, empty when there is none; raises UsageError for anything else."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(keys, "must be a list")
        return value

    def texts(self, value: Value, keys: KeyPath) -> list[str]:
        """A list of texts; raises UsageError for anything else."""
        rows = self.rows(value, keys)
        for number, row in enumerate(rows):
            self.text(row, (*keys, number))
        return rows

    def text(self, value: Value, keys: KeyPath) -> str:
        """A text, empty when there is none; raises UsageError for anything else."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fail(keys, "must be a text")
        return value

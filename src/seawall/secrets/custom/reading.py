"""What readers of rules have in common: places of errors, and values of the right type."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol, TypeVar

from seawall.core.errors import UsageError
from seawall.secrets.custom.regex import MAX_PROGRAMS, fault_of, size_of
from seawall.text.toml import KeyPath, Toml, TomlError, parse

MAX_SIZE = 4 << 20
"""Bytes of a file of rules."""
MOST_RULES = 5_000
T = TypeVar("T")


class Source(Protocol):
    """A document whose errors name file and line."""

    def origin(self, at: KeyPath) -> str:
        """``FILE:LINE`` of a place."""

    def fail(self, at: KeyPath, message: str) -> NoReturn:
        """Raise a UsageError about a place; the message ends in what to do."""

    def spend(self, instructions: int) -> bool:
        """Take from what the expressions of the file may come to; whether there was so much."""


class Budget:
    """What the expressions of a file may come to."""

    _left = MAX_PROGRAMS

    def spend(self, instructions: int) -> bool:
        """See ``Source``."""
        self._left -= instructions
        return self._left >= 0


class Document(Budget):
    """A TOML document."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        try:
            self._toml: Toml = parse(text)
        except TomlError as error:
            place = ":".join(str(number) for number in (error.line, error.column) if number)
            where = f"{path}:{place}" if place else path
            raise UsageError(
                f"{where}: this is no valid TOML: {error.reason}; correct it"
            ) from None
        self.value: Mapping[str, Any] = self._toml.value

    def origin(self, at: KeyPath) -> str:
        """``FILE:LINE`` of a place."""
        return f"{self.path}:{self._toml.line(at)}"

    def fail(self, at: KeyPath, message: str) -> NoReturn:
        """Raise a UsageError about a place; the message ends in what to do."""
        raise UsageError(f"{self.origin(at)}: {message}")


class Table:
    """A table, read key by key; what nobody knows of is an error."""

    def __init__(self, document: Source, at: KeyPath, value: object, *, folded: bool) -> None:
        """``folded`` for tools that do not tell capitals apart in keys."""
        if not isinstance(value, dict):
            document.fail(at, "this must be a table, keys with values")
        self._document = document
        self.at = at
        self._values: dict[str, tuple[str, Any]] = {}
        for key, item in value.items():
            name = key.lower() if folded else key
            if name in self._values:
                document.fail((*at, key), f"{key!r} is there twice: remove one of the two")
            self._values[name] = (key, item)

    @property
    def origin(self) -> str:
        """``FILE:LINE`` of the table."""
        return self._document.origin(self.at)

    def origin_of(self, name: str) -> str:
        """``FILE:LINE`` of a key, or of the table where it is missing."""
        return self._document.origin(self.place(name))

    def place(self, name: str) -> KeyPath:
        """Where a key stands."""
        return (*self.at, self._values[name][0]) if name in self._values else self.at

    def fail(self, name: str, message: str) -> NoReturn:
        """Raise a UsageError about a key, or the table where it is missing."""
        self._document.fail(self.place(name), message)

    def only(self, known: Sequence[str], hints: Mapping[str, str] | None = None) -> None:
        """Refuse keys that are not known."""
        for name, (key, _) in self._values.items():
            folded = {item.lower(): item for item in known}
            if name in folded or name in known:
                continue
            hint = (hints or {}).get(name)
            if hint is None:
                from difflib import get_close_matches  # noqa: PLC0415 - only for an error

                close = get_close_matches(name, folded, n=1)
                listed = f"use one of {', '.join(sorted(folded.values()))}"
                hint = f"did you mean {folded[close[0]]!r}?" if close else listed
            self.fail(name, f"unknown key {key!r}; {hint}")

    def has(self, name: str) -> bool:
        """Whether a key is there."""
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """A text; the default where it is missing."""
        value = self._get(name, default)
        if not isinstance(value, str):
            self.fail(name, f"{name} must be a text: write it in quotes")
        return value

    def texts(self, name: str, *, split: bool = False) -> tuple[str, ...]:
        """A list of texts; none where it is missing. ``split``: one text is cut at its commas."""
        value = self._get(name, [])
        if split and isinstance(value, str):
            return tuple(value.split(",")) if value else ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(name, f"{name} must be a list of texts")
        return tuple(value)

    def truth(self, name: str, *, default: bool = False) -> bool:
        """A truth value."""
        value = self._get(name, default)
        if not isinstance(value, bool):
            self.fail(name, f"{name} must be true or false")
        return value

    def number(self, name: str) -> float | None:
        """A number that is not negative; ``None`` where it is missing."""
        value = self._get(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            self.fail(name, f"{name} must be a number, 0 or more")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number that is not negative; ``None`` where it is missing."""
        value = self.number(name)
        if value is not None and value != int(value):
            self.fail(name, f"{name} must be a whole number")
        return None if value is None else int(value)

    def regex(self, name: str) -> str:
        """A regular expression; empty where it is missing."""
        value = self.text(name)
        self._refuse(name, value)
        return value

    def regexes(self, name: str, *, split: bool = False) -> tuple[str, ...]:
        """A list of regular expressions."""
        values = self.texts(name, split=split)
        for value in values:
            self._refuse(name, value)
        return values

    def one_of(self, name: str, known: Mapping[str, T], default: T) -> T:
        """What one of some words means."""
        value = self.text(name)
        if not value:
            return default
        if value not in known:
            self.fail(name, f"{name} {value!r} is not known: use one of {', '.join(known)}")
        return known[value]

    def tables(self, name: str, *, folded: bool) -> list["Table"]:
        """The members of an array of tables."""
        value = self._get(name, [])
        at = self.place(name)
        if not isinstance(value, list):
            self.fail(name, f"{name} must be a list of tables")
        return [
            Table(self._document, (*at, number), item, folded=folded)
            for number, item in enumerate(value)
        ]

    def table(self, name: str, *, folded: bool) -> "Table | None":
        """A table of its own; ``None`` where it is missing."""
        value = self._get(name, None)
        if value is None:
            return None
        return Table(self._document, self.place(name), value, folded=folded)

    def checked(self, name: str, check: Callable[[str], T], default: T) -> T:
        """A text that a function reads; its ValueError becomes an error with the place."""
        value = self.text(name)
        if not value:
            return default
        try:
            return check(value)
        except ValueError as error:
            self.fail(name, f"{name}: {error}")

    def _get(self, name: str, default: Any) -> Any:
        return self._values[name][1] if name in self._values else default

    def _refuse(self, name: str, regex: str) -> None:
        fault = fault_of(regex)
        if fault:
            self.fail(name, f"{name} is no expression that can be run: {fault}")
        if regex and not self._document.spend(size_of(regex)):
            self.fail(
                name,
                "the expressions of this file together take too much memory: write fewer or "
                "shorter ones",
            )

"""Text that must never be shown: hidden by its type, not by the care of whoever prints it."""

from collections.abc import Iterable


class Redacted:
    """A secret value. Its text comes out only where somebody calls ``reveal``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for hashing and checking; never for a report or a log."""
        return self._value

    def __bool__(self) -> bool:
        """Whether there is a value."""
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Redacted) and self._value == other.reveal()

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Redacted()"

    def __str__(self) -> str:
        return "[redacted]"

    def __reduce__(self) -> str:
        """Refuse to be pickled: a pickle would hold the value."""
        raise TypeError("a secret value is not to be stored")


NOTHING = Redacted("")
LEFT_OUT = Redacted("left out")
"""Stands for a value that was not stored; told by its identity."""


_SHORTEST_LINE = 8


def parts_of(secret: Redacted) -> list[str]:
    """What tells a secret: its value, or each line of one that has several, as far as it is long.

    Nothing for a value that was not stored.
    """
    if secret is LEFT_OUT:
        return []
    lines = [line.strip() for line in secret.reveal().splitlines()]
    return lines if len(lines) < 2 else [line for line in lines if len(line) >= _SHORTEST_LINE]


def reveals(data: bytes, secrets: Iterable[Redacted]) -> bool:
    """Whether some bytes hold a secret value, or a line of one that has several."""
    return any(
        part.encode("utf-8", "surrogatepass") in data
        for secret in secrets
        for part in parts_of(secret)
        if part
    )

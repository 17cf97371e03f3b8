"""Text that must never be shown: hidden by its type, not by the care of whoever prints it."""

from collections.abc import Callable, Iterable


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
_SHORTEST_LINE = 8
_MANY = 2_000
"""Parts of secrets from which it takes too long to look for all of them in each text."""
_SHORTEST_PART = 4
"""Characters of what is looked for: one letter stands in every text, and gives nothing away."""


def parts_of(secret: Redacted) -> list[str]:
    """What tells a secret: its value, or each long line of one that has several."""
    lines = [line.strip() for line in secret.reveal().splitlines()]
    return lines if len(lines) < 2 else [line for line in lines if len(line) >= _SHORTEST_LINE]


def revealing(secrets: Iterable[Redacted]) -> Callable[[bytes], bool]:
    """Tells whether some bytes hold one of some values, or a line of one that has several.

    Of so many that nobody could look for each, any bytes may hold one.
    """
    parts = {part for secret in secrets for part in parts_of(secret)}
    wanted = [
        part.encode("utf-8", "surrogatepass") for part in parts if len(part) >= _SHORTEST_PART
    ]
    if len(wanted) > _MANY:
        return lambda _: True
    return lambda data: any(part in data for part in wanted)


def reveals(data: bytes, secrets: Iterable[Redacted]) -> bool:
    """Whether some bytes hold a secret value, or a line of one that has several."""
    return revealing(secrets)(data)

"""Text that must never be shown: hidden by its type, not by the care of whoever prints it."""


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

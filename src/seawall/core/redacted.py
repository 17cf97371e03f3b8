"""Text that must never be shown: hidden by its type, not by the care of whoever prints it."""

from collections.abc import Callable, Collection, Iterable
from sys import byteorder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal

    _Form = Literal["Q", "I"]


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
_SHORTEST_PART = 4
"""Characters of what is looked for: one letter stands in every text, and gives nothing away."""
_BLOCKS: "tuple[tuple[int, _Form], ...]" = ((8, "Q"), (4, "I"))
"""Bytes of the pieces by which values are looked for, and their form as numbers (``struct``)."""
_AT_ONCE = 1 << 16
"""Bytes whose pieces are held at a time; a multiple of the sizes of all."""
_FEW = 1 << 15
"""Bytes for which, times the number of values, it is not worth to cut a text into pieces."""


def parts_of(secret: Redacted) -> list[str]:
    """What tells a secret: its value, or each long line of one that has several."""
    lines = [line.strip() for line in secret.reveal().splitlines()]
    return lines if len(lines) < 2 else [line for line in lines if len(line) >= _SHORTEST_LINE]


def held_in(text: str, secrets: Collection[Redacted]) -> Redacted:
    """The secret that a text is, or that stands in it and is not short; nothing for none."""
    for secret in secrets if text else ():
        value = secret.reveal()
        if value == text or (len(value) >= _SHORTEST_LINE and value in text):
            return secret
    return NOTHING


def _never(_part: str) -> bool:
    return False


def revealing(
    secrets: Iterable[Redacted], passes: Callable[[str], bool] = _never
) -> Callable[[bytes], bool]:
    """Tells whether some bytes hold one of some values, or a line of one that has several.

    Parts that pass, as ``passes`` says, are not looked for: words that any text may hold.
    """
    parts = {part for secret in secrets for part in parts_of(secret)}
    wanted = [
        part.encode("utf-8", "surrogatepass")
        for part in parts
        if len(part) >= _SHORTEST_PART and not passes(part)
    ]
    return _Finder(wanted)


class _Finder:
    """Looks for many values at once.

    A value of 15 bytes or more has a whole block of 8 in it wherever blocks of a text begin, so of
    the text only each eighth place is looked at; then the value itself is looked for. Blocks are
    numbers, for C makes a row of these in a fifth of the time that pieces of a text take.
    """

    def __init__(self, values: list[bytes]) -> None:
        self._values = values
        self._short = [value for value in values if len(value) < 2 * _BLOCKS[-1][0] - 1]
        self._tables: list[tuple[int, _Form, dict[int, list[bytes]]]] = []
        below = 1 << 62
        for size, form in _BLOCKS:
            least = 2 * size - 1
            table: dict[int, list[bytes]] = {}
            for value in values:
                if least <= len(value) < below:
                    for at in range(size):
                        block = int.from_bytes(value[at : at + size], byteorder)
                        table.setdefault(block, []).append(value)
            if table:
                self._tables.append((size, form, table))
            below = least

    def __call__(self, data: bytes) -> bool:
        if len(self._values) * len(data) < _FEW:
            return any(value in data for value in self._values)
        for start in range(0, len(data), _AT_ONCE):
            end = min(start + _AT_ONCE, len(data))
            for size, form, table in self._tables:
                whole = end - (end - start) % size
                blocks = memoryview(data)[start:whole].cast(form).tolist()
                for block in table.keys() & blocks:
                    for value in table[block]:
                        length = len(value)
                        if data.find(value, max(start - length, 0), end + length) >= 0:
                            return True
        return any(value in data for value in self._short)

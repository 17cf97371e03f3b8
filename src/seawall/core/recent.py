"""Keeps what is of use again, and lets go of what is not."""

from typing import Generic, TypeVar

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Recent(Generic[Key, Kept]):
    """Values by key, as long as they are put or asked for in each turn."""

    def __init__(self) -> None:
        self._now: dict[Key, Kept] = {}
        self._before: dict[Key, Kept] = {}

    def __len__(self) -> int:
        return len(self._now) + sum(key not in self._now for key in self._before)

    def get(self, key: Key) -> Kept | None:
        """The value of a key, where it is kept."""
        found = self._now.get(key)
        if found is None and key in self._before:
            found = self._now[key] = self._before.pop(key)
        return found

    def put(self, key: Key, value: Kept) -> None:
        """Keep a value at least until the turn after the next one begins."""
        self._now[key] = value

    def turn(self) -> None:
        """Begin a turn: what was of no use in the whole of the one before is let go of."""
        self._before = self._now
        self._now = {}

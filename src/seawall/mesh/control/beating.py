"""Whether somebody who beats, by the time of a file, goes on: looked at again and again."""

from collections.abc import Callable
from typing import NamedTuple

HUNG_AFTER = 6.0
"""Seconds without a beat after which somebody counts as hanging."""
_AWAY = 1.0
"""Seconds between two looks after which we were away ourselves, and judge nobody: where a whole
machine stands still for a while, nobody hangs."""


class _Sight(NamedTuple):
    """What was seen."""

    said: bytes
    beat: int
    since: float
    last: float
    noted: int


class Watch:
    """Looks at one file; ``note`` gives a number to be kept from the first look on."""

    def __init__(self, clock: Callable[[], float], note: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._note = note
        self._sight: _Sight | None = None

    def hangs(self, said: bytes, beat: int) -> bool:
        """Whether who has ``said`` that has not beaten for too long; ``beat`` is its last one.

        One of the release before says nothing, and never hangs.
        """
        now, before = self._clock(), self._sight
        if before is None or before[:2] != (said, beat) or now - before.last > _AWAY:
            before = _Sight(said, beat, now, now, self._note())
        self._sight = before._replace(last=now)
        return bool(said) and now - before.since >= HUNG_AFTER

    def forget(self) -> int:
        """Look anew from now on; the number that was noted."""
        sight, self._sight = self._sight, None
        return 0 if sight is None else sight.noted

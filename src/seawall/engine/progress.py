"""How far a run has come, told while it works."""

import os
from typing import Protocol


class Progress(Protocol):
    """Told what is being counted, how many are done and how many there are."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show it."""


class Step:
    """Counts the items of one step of a run.

    Where workers share the items, the process that started them tells of all by its own part; the
    workers tell nothing.
    """

    def __init__(self, progress: Progress | None, what: str, total: int) -> None:
        self._progress = progress
        self._what = what
        self._total = self._part = total
        self._done = 0
        self._process = os.getpid()

    def begin(self, part: int) -> None:
        """So many of the items are this process's own."""
        self._part, self._done = part, 0

    def advance(self) -> None:
        """One more item is about to be dealt with."""
        if self._progress is not None and os.getpid() == self._process:
            done = self._done * self._total // max(self._part, 1)
            self._progress(self._what, done, self._total)
        self._done += 1

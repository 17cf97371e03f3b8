"""A progress bar on standard error, for runs that take longer than a second at a terminal."""

import os
import sys
import time

_DELAY = 1.0
_INTERVAL = 0.1
_WIDTH = 30
_CLEAR_TO_END = "\x1b[K"


class Progress:
    """Call it with (what, how many are done, how many there are).

    Call ``clear`` before anything else is printed. ``enabled`` tells whether calls do anything.
    """

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + _DELAY
        self._shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how far the run has come."""
        if not self.enabled or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        filled = _WIDTH * done // max(total, 1)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        sys.stderr.write(f"\r[{bar}] {done:,} of {total:,} {what}{_CLEAR_TO_END}")
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the bar away."""
        if self._shown:
            sys.stderr.write(f"\r{_CLEAR_TO_END}")
            sys.stderr.flush()
            self._shown = False

"""A progress bar on standard error, for runs that take longer than a second at a terminal."""

import sys
import time

_DELAY = 1.0
_INTERVAL = 0.1
_WIDTH = 30


class Progress:
    """Call it with (files done, files in all); call ``clear`` before anything else is printed."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._next = time.monotonic() + _DELAY
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """Show how far the run has come."""
        if not self._enabled or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        filled = _WIDTH * done // max(total, 1)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        sys.stderr.write(f"\rscanning [{bar}] {done}/{total} files")
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the bar away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False

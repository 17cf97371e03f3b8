"""Waiting that ends as soon as a child has ended or a signal has come."""

import contextlib
import signal
import socket
from collections.abc import Iterator

_LARGEST = 4096


class Bell:
    """Rings with each signal of this process; there is one, and it belongs to the main thread."""

    def __init__(self, hears: socket.socket) -> None:
        self._hears = hears

    def wait(self, seconds: float) -> None:
        """Return when it rings, or has rung since the last time; after so many seconds anyway."""
        self._hears.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._hears.recv(_LARGEST)


@contextlib.contextmanager
def hung() -> Iterator[Bell]:
    """A bell that hangs for as long as it is needed."""
    hears, rings = socket.socketpair()
    rings.settimeout(0)
    # What is ignored rings no bell, and the end of a child is ignored where nobody asks for it.
    children = signal.signal(signal.SIGCHLD, lambda *_: None)
    # A bell that has rung often rings, whether the next ring fits in or not.
    before = signal.set_wakeup_fd(rings.fileno(), warn_on_full_buffer=False)
    try:
        yield Bell(hears)
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGCHLD, children)
        for end in (hears, rings):
            end.close()

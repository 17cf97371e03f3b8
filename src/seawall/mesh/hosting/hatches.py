"""A socket of the supervisor's: who can open it asks, a line of JSON each way."""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

LARGEST = 1024 * 1024
_TIMEOUT = 5.0


class Hatch:
    """Answers one after the other in a thread of its own, so that nothing else delays it."""

    def __init__(self, path: str, group: int, answer: Callable[[bytes], dict[str, Any]]) -> None:
        self._path = path
        self._group = group
        self._answer = answer
        self._listener: socket.socket | None = None

    def open(self) -> None:
        """Listen from now on; the group may ask, besides root."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # nobody is quicker than the mode
        try:
            listener.bind(self._path)
        finally:
            os.umask(before)
        os.chown(self._path, 0, self._group)
        os.chmod(self._path, 0o660)
        listener.listen(16)
        self._listener = listener
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                asking, _ = listener.accept()
            except OSError:
                return  # it was closed
            with asking:
                asking.settimeout(_TIMEOUT)
                try:
                    asking.sendall(json.dumps(self._answer(line_from(asking))).encode() + b"\n")
                except OSError:
                    continue  # who asked has gone


def line_from(stream: socket.socket) -> bytes:
    """What comes up to the end of a line."""
    found = b""
    while not found.endswith(b"\n") and len(found) < LARGEST:
        more = stream.recv(65_536)
        if not more:
            break
        found += more
    return found

"""Of several controllers with one store one leads: who holds the lock on a file beside it.

The lock ends with its process, so the next one takes over at once. The others answer reads.
"""

import asyncio
import fcntl
import os

from seawall.mesh.authority.errors import StoreError

_LOCK = "leader.lock"
_EVERY = 0.1


class Leadership:
    """The lock of one store."""

    def __init__(self, store_path: str) -> None:
        self._path = os.path.join(os.path.dirname(store_path), _LOCK)
        self._descriptor = -1

    async def gain(self) -> None:
        """Wait until nobody else has it."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}; see who may write there") from None
        while True:
            if self._try():
                return
            await asyncio.sleep(_EVERY)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the next one lead."""
        if self._descriptor != -1:
            os.close(self._descriptor)
            self._descriptor = -1

"""Whether the controller that leads goes on: one that hangs is killed, and so it is started again.

Of several controllers another one does the same (``control.leading``); of one nobody else would.
"""

import os
import time
from collections.abc import Callable, Iterable

from seawall.mesh.control.beating import HUNG_AFTER, Watch
from seawall.mesh.control.leading import LARGEST, LOCK, holder_in
from seawall.mesh.hosting.children import Child


class Pulse:
    """Looks at the beat of whoever leads the store in a directory."""

    def __init__(self, state: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = os.path.join(state, LOCK)
        self._watch = Watch(clock)

    def hung(self, children: Iterable[Child]) -> str:
        """Kill who leads and hangs, if it is one of these; what is to be said of that, or nothing.

        The file is the controller's own, so it is no reason to kill anybody else.
        """
        said, beat = self._seen()
        if not self._watch.hangs(said, beat):
            return ""
        self._watch.forget()
        pid = holder_in(said).pid
        for child in children:
            if pid and child.pid == pid:
                child.kill()
                return f"{child.recipe.name} hangs: no beat for {HUNG_AFTER:g} s, so it was killed"
        return ""

    def _seen(self) -> tuple[bytes, int]:
        """What the file says, and its time; nothing where there is none yet."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return b"", 0
        try:
            return os.pread(descriptor, LARGEST, 0), os.fstat(descriptor).st_mtime_ns
        except OSError:
            return b"", 0
        finally:
            os.close(descriptor)

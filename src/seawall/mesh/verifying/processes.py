"""The mesh's own processes on this host, by what they were started with."""

import contextlib
import os
import signal
from collections.abc import Iterator
from threading import Event, Thread
from typing import NamedTuple

from seawall.mesh.control.leading import BEATS_EVERY, LOCK
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.verifying.errors import VerifyError


class Processes(NamedTuple):
    """Those of one mesh."""

    layout: Layout

    def controller(self) -> list[int]:
        """Those of all controllers, by their module and the store."""
        return _pids(b"seawall.mesh.control.process", self.layout.state.encode())

    def leader(self) -> list[int]:
        """That of the controller that leads."""
        leads = os.path.dirname(os.path.realpath(self.layout.operator))
        return _pids(b"seawall.mesh.control.process", leads.encode())

    def agent(self) -> list[int]:
        """The agent's, by its module and the mesh."""
        return _pids(b"seawall.mesh.agents.process", self.layout.mesh.encode())

    def proxy(self, workload: str) -> list[int]:
        """The proxy's of a workload, by its bootstrap."""
        path = os.path.join(self.layout.proxy(workload), "bootstrap.json")
        return _pids(path.encode())


def kill(pids: list[int], number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal; raises :class:`VerifyError` where there is nobody to get it."""
    if not pids:
        raise VerifyError("what is to be killed does not run: see mesh status")
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.contextmanager
def held(pids: list[int], layout: Layout) -> Iterator[None]:
    """Let controllers stand still for a while without being taken for ones that hang.

    Somebody beats in their place. Where we are killed meanwhile nobody does, and they are started
    again.
    """
    ended = Event()
    path = os.path.join(layout.state, LOCK)

    def beat() -> None:
        while not ended.wait(BEATS_EVERY):
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)

    beating = Thread(target=beat, daemon=True)
    kill(pids, signal.SIGSTOP)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        kill(pids, signal.SIGCONT)


def _pids(*words: bytes) -> list[int]:
    """Processes that have all of some words among their arguments."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as stream:
                arguments = stream.read().split(b"\0")
        except OSError:
            continue
        if all(word in arguments for word in words):
            found.append(int(entry))
    return found

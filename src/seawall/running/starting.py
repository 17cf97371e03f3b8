"""Starting a process in a room, and what is had of it while it runs."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any, Self

from seawall.running import groups
from seawall.running.room import Ended, Limits, NotPossibleError, Process, Room

_PATIENCE = 10.0
"""Seconds for a keeper to end what it keeps: the kernel does it, and only memory takes time."""
_MAX_MESSAGE = 1 << 16
_POLL = 0.05
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from seawall.running.keeper import main; main()"
)


class Running:
    """A process in a room; to be used in a ``with`` statement, at whose end nothing is left of it.

    Raises ``NotPossibleError`` where it cannot even be tried.
    """

    def __init__(
        self,
        runner: str,
        program: str,
        room: Room,
        process: Process,
        limits: Limits,
        record: int = -1,
    ) -> None:
        self._outputs = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed in stop
        self._limits = limits
        self._ended: Ended | None = None
        self._answers: list[tuple[dict[str, Any], list[int]]] = []
        self._name = f"seawall-{os.getpid()}-{os.urandom(8).hex()}"
        self._group = f"{self._name}-all"
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        order = {
            "runner": runner, "program": program, "record": record,
            "room": room._asdict(), "process": process._asdict(), "limits": limits._asdict(),
            "control": theirs.fileno(), "outputs": [each.fileno() for each in self._outputs],
            "name": self._name,
        }  # fmt: skip
        above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        try:
            self._keeper = subprocess.Popen(  # noqa: S603 - this interpreter, a list, no shell
                [sys.executable, "-I", "-S", "-B", "-c", _START, above],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[
                    theirs.fileno(), *(each.fileno() for each in self._outputs),
                    *([record] if record >= 0 else []),
                ],
                start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError as error:
            self._close()
            raise NotPossibleError(f"no process can be started: {error.strerror}") from None
        finally:
            theirs.close()
        if not os.geteuid():
            groups.limit(self._group, self._keeper.pid, 2 * limits.processes, limits.all_memory)
        with contextlib.suppress(BrokenPipeError):  # it ended at once, which is told by its end
            if self._keeper.stdin is not None:
                self._keeper.stdin.write(json.dumps(order).encode())
                self._keeper.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it where it still runs, and let go of everything."""
        try:
            self.stop()
        finally:
            self._close()

    def _close(self) -> None:
        self._control.close()
        for each in self._outputs:
            each.close()

    # What it says.

    def wait(self, seconds: float) -> Ended | None:
        """How it ended; ``None`` where it still runs after some seconds."""
        until = time.monotonic() + seconds
        while self._ended is None and self._receive(until - time.monotonic()):
            pass
        return self._ended

    def output(self) -> bytes:
        """What it wrote to standard output by now, as much as ``Limits`` lets it."""
        return self._read(0)

    def errors(self) -> bytes:
        """What it wrote to standard error by now; runners may have written there as well."""
        return self._read(1)

    @property
    def is_cut(self) -> bool:
        """Whether it wrote more than is kept."""
        return any(os.fstat(each.fileno()).st_size > self._limits.output for each in self._outputs)

    def _read(self, number: int) -> bytes:
        return os.pread(self._outputs[number].fileno(), self._limits.output, 0)

    # What is asked of it.

    def connect(self, port: int, seconds: float) -> socket.socket | None:
        """A socket that is connected to a port of its network; ``None`` where nobody listens.

        It is tried for some seconds, or until the process ends.
        """
        until = time.monotonic() + seconds
        while self._ended is None:
            answer, descriptors = self._ask({"connect": port}, until - time.monotonic())
            if descriptors:
                return socket.socket(fileno=descriptors[0])
            if answer is None or time.monotonic() > until:
                break
            self._receive(min(_POLL, max(0.0, until - time.monotonic())))
        return None

    def signal(self, number: int) -> None:
        """Send a signal to the image's process."""
        self._send({"signal": number})

    def stop(self) -> Ended:
        """End it and all that it started, if it still runs."""
        if self._ended is None:
            self._send({"stop": True})
            self.wait(_PATIENCE)
        self._control.close()  # which ends the keeper, if it is still there
        try:
            self._keeper.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._keeper.kill()  # and the kernel the first process of the namespace
            self._keeper.wait()
        if not os.geteuid():
            for name in (self._name, self._group):  # runc's, ours
                groups.remove(name)
        if self._ended is None:
            self._ended = Ended(-1, "what keeps it was ended")
        return self._ended

    # The socket.

    def _send(self, said: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # it has ended, which is told by its end
            self._control.send(json.dumps(said).encode())

    def _ask(self, said: dict[str, Any], seconds: float) -> tuple[dict[str, Any] | None, list[int]]:
        self._send(said)
        until = time.monotonic() + max(seconds, 2.0)
        while not self._answers:
            if self._ended is not None or not self._receive(until - time.monotonic()):
                return None, []
        return self._answers.pop(0)

    def _receive(self, seconds: float) -> bool:
        """Wait for the next message; whether one came."""
        if self._control.fileno() < 0:
            return False
        ready, _, _ = select.select([self._control], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _MAX_MESSAGE, 1)
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._ended = self._ended or Ended(-1, "what keeps it has ended")
            return False
        said = json.loads(data)
        if "ended" in said:
            self._ended = Ended(said["ended"], said["failure"])
        else:
            self._answers.append((said, descriptors))
        return True

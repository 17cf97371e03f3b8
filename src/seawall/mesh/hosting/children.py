"""Processes that are kept running: started, and started again when they end."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from seawall.core.errors import SeawallError

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
"""Seconds before a process that has just been started is started again; twice as long each time.
One that has run well is started again at once."""
LONGEST_LOG = 8 * 1024 * 1024
_CALM = 10.0
"""Seconds after which a process counts as running well."""


class Recipe(NamedTuple):
    """How a process is started."""

    name: str
    command: tuple[str, ...]
    log: str
    """The file that gets what it says."""
    environment: Mapping[str, str]
    directory: str = "/"
    stdin: Callable[[int | None], bytes] | None = None
    """What it is told at its start, made anew each time from how it ended before: its exit code,
    negative by a signal, ``None`` where this is the first time."""
    again: bool = True
    """Whether it is started again when it ends."""
    is_ours: bool = True
    """Whether it is a part of the mesh; a workload's program may end as it likes."""
    log_owner: int = -1
    """The user that may open its log by ``/dev/stdout`` and ``/dev/stderr``, as many programs do
    (its directory is root's all the same); -1: root alone."""


class Child:
    """One process, over all its starts; several threads may look after it."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.starts = 0
        self.ended: int | None = None
        """How it ended last, as :meth:`code`; ``None`` where it never has."""
        self.fault = ""
        """Why it cannot be started again; empty where it can."""
        self._is_wanted = True
        self._turn = threading.Lock()
        """Held by whoever starts it: two at once would start two, of which one is known."""
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = 0.0
        self._not_before = 0.0

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def start(self) -> None:
        """Start it, unless it runs; what it says is added to its log."""
        with self._turn:
            if not self.pid:
                self._start()

    def _start(self) -> None:
        recipe = self.recipe
        told = b"" if recipe.stdin is None else recipe.stdin(self.code())
        with open(recipe.log, "ab") as log:
            if recipe.log_owner != -1:
                os.fchown(log.fileno(), recipe.log_owner, -1)
            self._process = subprocess.Popen(  # noqa: S603 - the plan's own words, no shell
                recipe.command, stdin=subprocess.PIPE if told else subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env=dict(recipe.environment),
                cwd=recipe.directory, start_new_session=True,
            )  # fmt: skip
        if told and self._process.stdin is not None:
            # It may have ended already: that is seen when it is looked after.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(told)
                self._process.stdin.close()
        self.starts += 1
        self._started = time.monotonic()

    def let_go(self) -> None:
        """Start it no more: somebody may be looking after it while it is being stopped."""
        with self._turn:
            self._is_wanted = False

    def look_after(self) -> bool:
        """Start it again if it has ended and it is time; whether that was done."""
        with self._turn:
            return self._looked_after(time.monotonic())

    def _looked_after(self, now: float) -> bool:
        if self.pid:
            if now - self._started > _CALM:
                self._wait = 0.0
            return False
        if self._process is not None:
            self.ended = self._process.poll()
        if not (self.recipe.again and self._is_wanted):
            return False
        if not self._not_before:
            self._not_before = now + self._wait
            self._wait = min(max(FIRST_WAIT, self._wait * 2), LONGEST_WAIT)
        if now < self._not_before:
            return False
        self._not_before = 0.0
        try:
            self._start()
        except SeawallError:  # what it is told cannot be had yet: the controller may be away, too
            self._not_before = now + FIRST_WAIT
            return False
        except OSError as error:
            self.fault = f"{error.filename or self.recipe.name}: {error.strerror}"
            return False
        self.fault = ""
        return True

    def kill(self) -> None:
        """End it at once, with all that it has started."""
        _signal(self.pid, 9)

    def code(self) -> int | None:
        """How it ended; ``None`` while it runs or before its start."""
        return None if self._process is None else self._process.poll()


def shorten(path: str) -> None:
    """Let a log begin anew when it is long, and keep the end of what it was.

    It lies in memory, mostly. A program may write faster than anybody copies, so no more is copied
    than a log may have, and this is to be called often.
    """
    try:
        longest = os.stat(path).st_size
        if longest <= LONGEST_LOG:
            return
        with open(path, "rb") as log:
            log.seek(longest - LONGEST_LOG)
            end = log.read(LONGEST_LOG)
        os.truncate(path, 0)
    except FileNotFoundError:
        return
    with open(f"{path}.old", "wb") as old:
        old.write(end)


def stop_all(children: Sequence[Child], patience: float = 3.0) -> None:
    """End processes: politely, and after a while for good."""
    for child in children:
        _signal(child.pid, 15)
    deadline = time.monotonic() + patience
    while any(child.pid for child in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in children:
        _signal(child.pid, 9)
    while any(child.pid for child in children):
        time.sleep(0.02)


def _signal(pid: int, number: int) -> None:
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)  # each leads a session of its own

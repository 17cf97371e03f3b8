"""Of several controllers with one store one leads: who holds the lock on a file beside it.

The lock ends with its process, so the next one takes over at once. One that hangs would keep it for
ever: so it beats, as long as it does its turns, by the time of that file, and who waits looks
whether it does (``beating``). One that does not is killed, and the lock is free. Where it cannot be
killed (it is in another namespace of processes), another file takes the place of the one that it
holds.

Either way whoever leads begins another term, a number in the store. What is written there, signed
or told to agents is looked at by that number, so one that hung and goes on does nothing of its own
any more (Gray and Cheriton, Leases, 1989; the number is what others call a fencing token).
"""

import asyncio
import fcntl
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import NamedTuple

from seawall.mesh.authority.errors import StoreError
from seawall.mesh.authority.store import Store
from seawall.mesh.control.beating import Watch

LOCK = "leader.lock"
BEATS_EVERY = 0.5
BUSY_FOR = 30.0
"""Seconds for which one that leads may do other things between two turns, and beats all the same:
else a mesh with more work than fits into the time above would never be led again."""
_EVERY = 0.1
_ENDS_WITHIN = 5.0
LARGEST = 4096
"""Bytes that somebody who leads says of itself at most."""
_STARTED = 19
"""The field of /proc/PID/stat with the time of its start, counted behind the name (proc(5): 22)."""


class Holder(NamedTuple):
    """A process, so that it cannot be taken for another one."""

    pid: int
    started: int
    """In ticks since the start of the machine."""
    space: str
    """The namespace of processes in which it has that number."""

    def end(self) -> bool:
        """Kill it; whether it has ended."""
        try:
            if os.readlink("/proc/self/ns/pid") != self.space:
                return False
            descriptor = os.pidfd_open(self.pid)
        except OSError:  # it has ended; where it has not, its lock tells
            return False
        try:
            if _started(self.pid) != self.started:
                return False
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            ended, _, _ = select.select([descriptor], [], [], _ENDS_WITHIN)
            return bool(ended)
        except OSError:
            return False
        finally:
            os.close(descriptor)


def ourselves() -> Holder:
    """Our own process."""
    return Holder(os.getpid(), _started(os.getpid()), os.readlink("/proc/self/ns/pid"))


def _started(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as stream:
        return int(stream.read().rpartition(b")")[2].split()[_STARTED])


class Leadership:
    """The lead of one store."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[Holder], bool] = Holder.end,
    ) -> None:
        self._store = store
        self._path = os.path.join(os.path.dirname(store.path), LOCK)
        self._clock = clock
        self._end = end
        self._descriptor = -1
        self._beaten = 0.0
        self._watch = Watch(clock, store.term)

    async def gain(self) -> None:
        """Wait until nobody else leads, and begin a term."""
        while True:
            if self.try_once():
                return
            await asyncio.sleep(_EVERY)

    def try_once(self) -> bool:
        """Take the lead if nobody has it, or who has it hangs; whether we have it now."""
        descriptor = self._open(self._path)
        if self._is_locked(descriptor):
            seen = os.pread(descriptor, LARGEST, 0), os.fstat(descriptor).st_mtime_ns
            os.close(descriptor)
            return self._watch.hangs(*seen) and self._take_over(seen[0])
        try:
            self._sign(descriptor)
            with self._store.changes():
                # Whoever took over from one that hangs has put another file there.
                if _number(self._path) == os.fstat(descriptor).st_ino:
                    return self._begin(descriptor)
        finally:
            if self._descriptor != descriptor:
                os.close(descriptor)
        return False

    def _take_over(self, said: bytes) -> bool:
        """End who hangs, or put a lock of our own in the place of the one that it holds."""
        term = self._watch.forget()
        if self._end(holder_in(said)):
            return False  # its lock is free: the next try takes it
        aside = f"{self._path}.{os.getpid()}"
        descriptor = self._open(aside)
        try:
            self._is_locked(descriptor)
            self._sign(descriptor)
            with self._store.changes():
                if self._store.term() == term:  # else another one was quicker
                    os.replace(aside, self._path)
                    return self._begin(descriptor)
        except StoreError as error:  # it hangs while it writes: nothing can be done but wait
            sys.stderr.write(f"seawall: who leads hangs, and cannot be ended: {error}\n")
        finally:
            if self._descriptor != descriptor:
                os.close(descriptor)
                with suppress(FileNotFoundError):
                    os.unlink(aside)
        return False

    def _begin(self, descriptor: int) -> bool:
        self._store.begin_term()
        self._descriptor = descriptor
        return True

    def _open(self, path: str) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; see who may write there") from None

    def _is_locked(self, descriptor: int) -> bool:
        """Whether another one has a file locked; else we have from now on."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False

    def _sign(self, descriptor: int) -> None:
        """Say in a file of ours who we are."""
        said = json.dumps(ourselves()._asdict()).encode()
        try:
            os.ftruncate(descriptor, os.pwrite(descriptor, said, 0))
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}; make room") from None

    async def keep(self) -> None:
        """Beat until cancelled; raises :class:`LostError` when another one leads.

        A thread goes on with it while much work is done in one go.
        """
        ended = Event()
        beating = Thread(target=self._beat_on, args=(ended,), daemon=True)
        self.beat()
        beating.start()
        try:
            while True:
                await asyncio.sleep(BEATS_EVERY)
                self.beat()
        finally:
            ended.set()
            beating.join()

    def _beat_on(self, ended: Event) -> None:
        while not ended.wait(BEATS_EVERY):
            if self._clock() - self._beaten < BUSY_FOR:
                os.utime(self._descriptor)

    def beat(self) -> None:
        """Tell those who wait that we lead; raises :class:`LostError` when another one does."""
        self._store.confirm_term()
        os.utime(self._descriptor)  # that needs no room on a disk that is full
        self._beaten = self._clock()

    def release(self) -> None:
        """Let the next one lead."""
        if self._descriptor != -1:
            os.close(self._descriptor)
            self._descriptor = -1


def holder_in(said: bytes) -> Holder:
    """Who has written that; nobody, where it is not to be read."""
    try:
        found = json.loads(said)
        return Holder(int(found["pid"]), int(found["started"]), str(found["space"]))
    except (ValueError, KeyError, TypeError):
        return Holder(0, 0, "")


def _number(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return -1

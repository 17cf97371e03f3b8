"""Processes that look for secrets in what the threads of an image's walk hand over.

Reading what patterns match is Python, of which a process runs one thread at a time: threads that
walk layers and search them besides would use one processor and a half. Texts go through shared
memory, what is found comes back in it, and nothing is written anywhere.
"""

import marshal
import os
import select
import signal
from collections import deque
from collections.abc import Sequence
from mmap import mmap
from threading import Lock
from typing import Any

from seawall.engine.containers.held import held_from_plain, held_to_plain
from seawall.engine.forking import forked
from seawall.secrets.search import Search
from seawall.secrets.sieve import Here, Looker, Raw, Seen, Stretch, Take, seen_in
from seawall.secrets.text import Kind
from seawall.sources.images.unpacking import processors

Plain = Any
WORTH_STARTING = 8 << 20
"""Bytes of packed layers from which processes are worth their start."""
_TEXTS = 2 << 20
"""Bytes of a slot for what is handed over: a sieve flushes at one MiB and a file of half of one."""
_RESULT = 1 << 20
"""Bytes for what is found; more is found again by whoever asked."""
_SLOTS = 2
"""Slots for each process: one waits while another one is looked at."""
_TOKEN = 4
_HEAD = 12
"""The process that has taken a slot, the bytes of its names and of its result; each a token."""
_PATIENCE = 1.0
"""Seconds between looks at whether the processes are still there."""
_AGAIN = 0xFFFFFFFF


class Searchers:
    """Some processes, for any number of lookers in any number of threads. Close it at the end."""

    def __init__(self, search: Search, count: int) -> None:
        self._search = search
        self._lock = Lock()
        slots = _SLOTS * count
        self._slots = [mmap(-1, _HEAD + _TEXTS + _RESULT) for _ in range(slots)]
        self._free = list(range(slots))
        self._flying: dict[int, _Job] = {}
        self._done, told = os.pipe()
        taken, self._jobs = os.pipe()
        self._processes = [self._start(number, taken, told) for number in range(count)]
        os.close(taken)
        os.close(told)

    def looker(self) -> Looker:
        """What looks at texts for one sieve."""
        return _Looker(self, self._search)

    def _start(self, number: int, taken: int, told: int) -> int:
        """Start a process; 0 where that cannot be."""

        def work() -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
            os.close(self._jobs)
            os.close(self._done)
            _work(self._search, self._slots, number, taken, told)

        return forked(work)

    def hand_over(self, job: "_Job", payload: Sequence[bytes], names: int) -> bool:
        """Have a process look at texts, once there is room; false where none is left."""
        with self._lock:
            while not self._free and any(self._processes):
                self._wait()
            if not any(self._processes):
                return False
            number = self._free.pop()
            slot = self._slots[number]
            slot.seek(0)
            slot.write(_AGAIN.to_bytes(_TOKEN, "little") + names.to_bytes(_TOKEN, "little"))
            slot.write(bytes(_TOKEN))
            for part in payload:
                slot.write(part)
            self._flying[number] = job
            try:
                os.write(self._jobs, number.to_bytes(_TOKEN, "little"))
            except OSError:  # nobody is there to read it
                self._give_up()
            return True

    def wait_for(self, job: "_Job") -> None:
        """Wait until a job is done, or has to be done again."""
        with self._lock:
            while not job.is_done:
                self._wait()

    def _wait(self) -> None:
        """Take what has been told, or see that nobody is there to tell it."""
        ready, _, _ = select.select([self._done], [], [], _PATIENCE)
        data = os.read(self._done, 64 * _TOKEN) if ready else b""
        if not data:
            self._look_after()
        for at in range(0, len(data), _TOKEN):
            number = int.from_bytes(data[at : at + _TOKEN], "little")
            self._free.append(number)
            job = self._flying.pop(number, None)
            if job is not None:
                job.settle(_result(self._slots[number]))

    def _look_after(self) -> None:
        """What a process that is gone may have had is done again by who asked for it.

        It may not have come to say that it took it. Where another one has, its slot is free then.
        """
        for index, process in enumerate(self._processes):
            if process and os.waitpid(process, os.WNOHANG)[0]:
                self._processes[index] = 0
                for number in list(self._flying):
                    if _number(self._slots[number], 0) in (index, _AGAIN):
                        self._flying.pop(number).settle(None)
        if not any(self._processes):
            self._give_up()

    def _give_up(self) -> None:
        for job in self._flying.values():
            job.settle(None)
        self._flying.clear()

    def close(self) -> None:
        """End the processes."""
        os.close(self._jobs)
        for process in filter(None, self._processes):
            if self._flying:  # nobody wants what they still do
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.close(self._done)
        for slot in self._slots:
            slot.close()


class _Job:
    """Contents that are looked at."""

    __slots__ = ("contents", "found", "is_done", "stretch", "take")

    def __init__(self, contents: Sequence[Raw], take: Take, stretch: Stretch | None) -> None:
        self.contents = contents
        self.take = take
        self.stretch = stretch
        self.found: Plain = None
        self.is_done = False

    def settle(self, found: Plain) -> None:
        self.found = found
        self.is_done = True
        if found is not None:
            self.contents = ()


class _Looker:
    """See ``Looker``; for one thread."""

    def __init__(self, searchers: Searchers, search: Search) -> None:
        self._searchers = searchers
        self._search = search
        self._here: Here | None = None
        self._jobs: deque[_Job] = deque()

    def look(self, contents: Sequence[Raw], take: Take, stretch: Stretch | None = None) -> None:
        job = _Job(contents, take, stretch)
        told = marshal.dumps((
            [
                (name, len(data), None if kind is None else int(kind))
                for name, data, kind in contents
            ],
            None if stretch is None else tuple(stretch),
        ))  # fmt: skip
        payload = [told, *(data for _, data, _ in contents)]
        size = sum(map(len, payload))
        if size > _TEXTS or not self._searchers.hand_over(job, payload, len(told)):
            job.settle(None)
        self._jobs.append(job)
        while self._jobs and self._jobs[0].is_done:
            self._tell(self._jobs.popleft())

    def end(self) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            self._searchers.wait_for(job)
            self._tell(job)

    def _tell(self, job: _Job) -> None:
        if job.found is not None:
            job.take([_seen(row) for row in job.found])
            return
        if self._here is None:
            self._here = Here(self._search.twin())
        self._here.look(job.contents, job.take, job.stretch)


# In the other process ---------------------------------------------------------------------------


def _work(search: Search, slots: Sequence[mmap], own: int, taken: int, told: int) -> None:
    while len(token := os.read(taken, _TOKEN)) == _TOKEN:
        slot = slots[int.from_bytes(token, "little")]
        slot[:_TOKEN] = own.to_bytes(_TOKEN, "little")
        names = _number(slot, 1)
        at = _HEAD + names
        rows, stretch = marshal.loads(slot[_HEAD:at])  # noqa: S302 - written by our parent
        contents: list[Raw] = []
        for name, size, kind in rows:
            contents.append((name, slot[at : at + size], None if kind is None else Kind(kind)))
            at += size
        seen = seen_in(search, contents, None if stretch is None else Stretch(*stretch))
        data = marshal.dumps([_plain(one) for one in seen])
        length = len(data)
        if length > _RESULT:
            length = _AGAIN
        else:
            slot[_HEAD + _TEXTS : _HEAD + _TEXTS + length] = data
        slot[2 * _TOKEN : _HEAD] = length.to_bytes(_TOKEN, "little")
        os.write(told, token)


def _number(slot: mmap, index: int) -> int:
    return int.from_bytes(slot[index * _TOKEN : (index + 1) * _TOKEN], "little")


def _result(slot: mmap) -> Plain:
    length = _number(slot, 2)
    if length == _AGAIN:
        return None
    start = _HEAD + _TEXTS
    return marshal.loads(slot[start : start + length])  # noqa: S302 - written by our child


def _plain(seen: Seen) -> Plain:
    return seen.number, [held_to_plain(held) for held in seen.held], seen.complete


def _seen(row: Plain) -> Seen:
    number, held, complete = row
    return Seen(number, tuple(map(held_from_plain, held)), complete)


def are_worth(size: int) -> bool:
    """Whether processes are worth their start for so many bytes of packed layers."""
    return size >= WORTH_STARTING and processors() > 1 and hasattr(os, "fork")

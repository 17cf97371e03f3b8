"""Spreads work over the processors by forking: what was read before is there without copying.

``multiprocessing`` costs 44 ms to import; a fork, a pipe and ``marshal`` are all that is needed.
"""

import marshal
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from seawall.engine.forking import started

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], list[Result]]
"""Turns a slice of the items into a list of results, one for each."""
Send = Callable[[Item, Result], Any]
"""Turns a result into plain values, for the way from one process to another."""
Receive = Callable[[Item, Any], Result]
"""The result again; what is called here may be asked for it in another process only."""


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def spread(
    items: Sequence[Item],
    weights: Sequence[int],
    workers: int,
    work: Work[Item, Result],
    send: Send[Item, Result],
    receive: Receive[Item, Result],
) -> list[Result]:
    """What ``work`` makes of each item, in their order, worked out by up to ``workers`` processes.

    The slices are contiguous and about equally heavy; that with most items is worked on here. What
    a worker could not do (it was killed, memory ran out) is done here instead, so the result never
    depends on them. Only what comes from another process is sent and received.
    """
    slices = cut(weights, workers)
    if len(slices) < 2 or not hasattr(os, "fork"):
        return work(items)
    own = max(slices, key=lambda part: part[1] - part[0])
    children = {
        part: _start(_sent(items[slice(*part)], work, send)) for part in slices if part != own
    }
    done = {own: work(items[slice(*own)])}
    for part, child in children.items():
        sent = _finish(*child) if child else None
        if sent is None or len(sent) != part[1] - part[0]:
            done[part] = work(items[slice(*part)])
            continue
        sent.reverse()  # what was received is let go of at once: there is much
        done[part] = [receive(item, sent.pop()) for item in items[slice(*part)]]
    return [result for part in slices for result in done[part]]


def cut(weights: Sequence[int], parts: int) -> list[tuple[int, int]]:
    """Cut a row of weights into at most so many contiguous slices of about equal weight."""
    total = sum(weights)
    slices: list[tuple[int, int]] = []
    start = done = 0
    for index, weight in enumerate(weights):
        done += weight
        if done * parts >= total * (len(slices) + 1) or index == len(weights) - 1:
            slices.append((start, index + 1))
            start = index + 1
    return slices


def _sent(
    items: Sequence[Item], work: Work[Item, Result], send: Send[Item, Result]
) -> Callable[[], list[Any]]:
    return lambda: [send(item, result) for item, result in zip(items, work(items), strict=True)]


class Shared(Generic[Result]):
    """Numbered portions of work, of which each process takes the next one when it is ready.

    The other processes begin at once, this one in ``results``: it may do something else meanwhile.
    What a worker leaves undone is done here. One that nobody waits for any more is stopped.
    """

    def __init__(
        self,
        portions: int,
        workers: int,
        work: Callable[[int], Result],
        send: Callable[[Result], Any],
        receive: Callable[[int, Any], Result],
    ) -> None:
        """``work`` does a portion; ``receive`` is told which one it gets as ``send`` made it."""
        self._portions = portions
        self._work = work
        self._receive = receive
        self._tokens = -1
        self._children: list[tuple[int, int]] = []
        workers = min(workers, portions)
        if workers < 2 or not hasattr(os, "fork"):
            return
        self._tokens = _numbers(portions)

        def job() -> list[tuple[int, Any]]:
            return [(number, send(work(number))) for number in _taken(self._tokens)]

        begun = [_start(job) for _ in range(workers - 1)]
        self._children = [child for child in begun if child is not None]

    def results(self) -> list[Result]:
        """What came of each portion, in their order; to be asked for once."""
        done: dict[int, Result] = {}
        if self._tokens >= 0:
            for number in _taken(self._tokens):
                done[number] = self._work(number)
            os.close(self._tokens)
            self._tokens = -1
        while self._children:
            process, reader = self._children.pop()
            for number, plain in _finish(process, reader) or ():
                done[number] = self._receive(number, plain)
        for number in range(self._portions):
            if number not in done:
                done[number] = self._work(number)
        return [done[number] for number in range(self._portions)]

    def __del__(self) -> None:
        """Nobody wants the rest: an error, or an interruption."""
        for process, reader in self._children:
            import signal  # noqa: PLC0415 - seldom of use

            os.close(reader)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        if self._tokens >= 0:
            os.close(self._tokens)


_TOKEN = 4


def _numbers(count: int) -> int:
    """A descriptor from which any process reads the next number; those that do not fit are left.

    Reads of a pipe do not cut in on each other, and no number lies across its pages.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        os.write(writer, b"".join([number.to_bytes(_TOKEN, "little") for number in range(count)]))
    os.close(writer)
    return reader


def _taken(tokens: int) -> Iterator[int]:
    while len(token := os.read(tokens, _TOKEN)) == _TOKEN:
        yield int.from_bytes(token, "little")


def _start(job: Callable[[], Any]) -> tuple[int, int] | None:
    """Start a worker; gives its process and where its result comes from."""
    return started(lambda stream: marshal.dump(job(), stream))


def _finish(process: int, reader: int) -> list[Any] | None:
    """The result of a worker, ``None`` when it did not end well."""
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    _, status = os.waitpid(process, 0)
    if status:
        return None
    try:
        result = marshal.loads(data)  # noqa: S302 - written by our own child
    except (EOFError, ValueError, TypeError):
        return None
    return result if isinstance(result, list) else None

"""Spreads work over the processors by forking: what was read before is there without copying.

``multiprocessing`` costs 44 ms to import; a fork, a pipe and ``marshal`` are all that is needed.
"""

import marshal
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

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

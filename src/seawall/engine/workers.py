"""Spreads work over the processors by forking: what was read before is there without copying.

``multiprocessing`` costs 44 ms to import; a fork, a pipe and ``marshal`` are all that is needed.
"""

import marshal
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

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

    The slices are contiguous and about equally heavy. What a worker could not do (it was killed,
    memory ran out) is done here instead, so the result never depends on them. Only what comes from
    another process is sent and received.
    """
    slices = cut(weights, workers)
    if len(slices) < 2 or not hasattr(os, "fork"):
        return work(items)
    children = [_start(items[start:end], work, send) for start, end in slices[1:]]
    start, end = slices[0]
    result = work(items[start:end])
    for (start, end), child in zip(slices[1:], children, strict=True):
        part = _finish(*child) if child else None
        if part is None or len(part) != end - start:
            result.extend(work(items[start:end]))
            continue
        part.reverse()
        for item in items[start:end]:  # what was received is let go of at once: there is much
            result.append(receive(item, part.pop()))
    return result


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


def _start(
    items: Sequence[Item], work: Work[Item, Result], send: Send[Item, Result]
) -> tuple[int, int] | None:
    """Start a worker; gives its process and where its result comes from."""
    reader, writer = os.pipe()
    try:
        process = os.fork()
    except OSError:  # no more processes: done without one
        os.close(reader)
        os.close(writer)
        return None
    if process:
        os.close(writer)
        return process, reader
    code = 1
    try:  # the child must never run what follows in its parent
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            sent = [send(item, result) for item, result in zip(items, work(items), strict=True)]
            marshal.dump(sent, stream)
        code = 0
    except BaseException as error:  # noqa: BLE001 - told in the exit code; the parent does it again
        if isinstance(error, Exception):
            sys.stderr.write(f"seawall: a worker failed, its work is done again: {error!r}\n")
    finally:
        os._exit(code)


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

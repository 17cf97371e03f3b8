"""Several processes work off numbered portions, each taking the next one when it is ready."""

import marshal
import os
import select
import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

from seawall.engine.forking import started

Plain = Any
"""Tuples, lists, dictionaries, texts, bytes and numbers, as ``marshal`` takes them."""
Work = Callable[[Iterator[int]], Iterator[tuple[int, Plain]]]
"""Takes portions one by one, as far ahead as it wants, and gives each with its result."""

_TOKEN = 4
_PIECE = 1 << 18


def work_off(portions: int, workers: int, work: Work) -> Iterator[tuple[int, Plain]]:
    """The result of each portion, each once, in no order.

    What a worker leaves undone (it was killed, memory ran out) is done here.
    """
    done: set[int] = set()
    workers = min(workers, portions)
    if workers > 1 and hasattr(os, "fork"):
        import tempfile  # noqa: PLC0415 - where there is enough to do

        with tempfile.TemporaryFile(buffering=0) as tokens:
            # All read at one offset, so each number is taken by one of them. Were two to get the
            # same, it would be done twice and told once.
            tokens.write(b"".join(n.to_bytes(_TOKEN, "little") for n in range(portions)))
            tokens.seek(0)
            write = partial(_written, work, tokens.fileno())
            children = [started(write) for _ in range(workers)]
            for number, result in _results([child for child in children if child]):
                if number not in done:
                    done.add(number)
                    yield number, result
    yield from work(number for number in range(portions) if number not in done)


def _taken(tokens: int) -> Iterator[int]:
    while len(token := os.read(tokens, _TOKEN)) == _TOKEN:
        yield int.from_bytes(token, "little")


def _written(work: Work, tokens: int, stream: BinaryIO) -> None:
    for item in work(_taken(tokens)):
        data = marshal.dumps(item)
        stream.write(len(data).to_bytes(_TOKEN, "little") + data)
        stream.flush()


def _results(children: list[tuple[int, int]]) -> Iterator[tuple[int, Plain]]:
    poll = select.poll()
    unread = {reader: b"" for _, reader in children}
    try:
        for reader in unread:
            poll.register(reader, select.POLLIN)
        while unread:
            for reader, _ in poll.poll():
                piece = os.read(reader, _PIECE)
                if not piece:
                    poll.unregister(reader)
                    del unread[reader]
                    continue
                unread[reader], found = _frames(unread[reader] + piece)
                yield from found
    finally:
        for process, reader in children:
            if reader in unread:  # nobody wants the rest
                os.kill(process, signal.SIGKILL)
            os.close(reader)
            os.waitpid(process, 0)


def _frames(data: bytes) -> tuple[bytes, list[tuple[int, Plain]]]:
    """What is left of some bytes when the frames that are complete are taken out."""
    found = []
    at = 0
    while len(data) >= at + _TOKEN:
        end = at + _TOKEN + int.from_bytes(data[at : at + _TOKEN], "little")
        if len(data) < end:
            break
        found.append(marshal.loads(data[at + _TOKEN : end]))  # noqa: S302 - written by our child
        at = end
    return data[at:], found

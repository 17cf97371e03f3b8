"""Portions of work that several processes share, also while more of it is still being found.

Each process takes the next portion when it is ready for it, so that all of them end at about the
same time. What a process that is gone had taken is done again by the one that started it.
"""

import marshal
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from mmap import mmap
from struct import Struct
from typing import Any, Generic, TypeVar

from seawall.engine.forking import started

Item = TypeVar("Item")
Result = TypeVar("Result")
Plain = Any
Work = Callable[[Iterator[Sequence[Item]]], list[list[Result]]]
"""Takes portions as it needs them, and gives what came of each item of each, in their order."""
_TOKEN = Struct("<IIQ")
"""The number of a portion, its size and place in the memory that is shared. No token lies across
the pages of a pipe, and reads of a pipe do not cut in on each other."""
_ROOM = 32 << 20
"""Bytes for the portions that are found after the others have started; the rest is done here."""


class Portions(Generic[Item, Result]):
    """Numbered portions of items; the other processes begin at once, this one in ``results``.

    It may do something else meanwhile, and add further portions. What nobody waits for any more is
    stopped: by ``close``, or when this is let go of.
    """

    def __init__(
        self,
        portions: Sequence[Sequence[Item]],
        workers: int,
        work: Work[Item, Result],
        send: Callable[[Result], Plain],
        receive: Callable[[Plain], Result],
        ways: "tuple[Callable[[Item], Plain], Callable[[Plain], Item]] | None" = None,
    ) -> None:
        """``send`` turns a result into plain values, ``receive`` makes it again.

        Where portions are added later, ``ways`` do the same with their items.
        """
        self._portions = list(portions)
        self._work = work
        self._receive = receive
        self._reader = self._writer = -1
        self._area: mmap | None = None
        self._used = 0
        self._children: list[tuple[int, int]] = []
        self._ways = ways
        if ways is None:
            workers = min(workers, len(self._portions))
        if workers < 2 or not hasattr(os, "fork"):
            return
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._area = mmap(-1, _ROOM) if ways is not None else None
        for number in range(len(self._portions)):
            self._tell(number, 0, 0)
        known = len(self._portions)

        def job() -> list[tuple[int, list[Plain]]]:
            os.close(self._writer)
            numbers: list[int] = []
            found = work(self._taken(numbers, known))
            return [
                (number, list(map(send, results)))
                for number, results in zip(numbers, found, strict=True)
            ]

        begun = [started(lambda stream: marshal.dump(job(), stream)) for _ in range(workers - 1)]
        self._children = [child for child in begun if child is not None]
        if ways is None:
            self._end()

    def add(self, items: Sequence[Item]) -> None:
        """One more portion."""
        number = len(self._portions)
        self._portions.append(items)
        if self._area is None or self._ways is None:
            return
        data = marshal.dumps(list(map(self._ways[0], items)))
        place, self._used = self._used, self._used + len(data)
        if self._used <= _ROOM:
            self._area[place : self._used] = data
            self._tell(number, len(data), place)

    def _tell(self, number: int, size: int, place: int) -> None:
        """Let the next process that is ready have a portion; what no pipe holds is left."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._writer, _TOKEN.pack(number, size, place))

    def _end(self) -> None:
        """Nothing will be added any more."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def _taken(self, numbers: list[int], known: int) -> Iterator[Sequence[Item]]:
        """The portions that this process takes, whose ``numbers`` are noted."""
        while len(token := os.read(self._reader, _TOKEN.size)) == _TOKEN.size:
            number, size, place = _TOKEN.unpack(token)
            numbers.append(number)
            if number < known:
                yield self._portions[number]
            elif self._area is not None and self._ways is not None:
                plains = marshal.loads(self._area[place : place + size])  # noqa: S302 - our parent's
                yield list(map(self._ways[1], plains))

    def results(self) -> list[Result]:
        """What came of each item, in their order; to be asked for once."""
        self._end()
        done: dict[int, list[Result]] = {}
        if self._reader >= 0:
            numbers: list[int] = []
            found = self._work(self._taken(numbers, len(self._portions)))
            done.update(zip(numbers, found, strict=True))
        ending: list[tuple[int, list[int]]] = []
        while self._children:
            process, reader = self._children.pop()
            numbers = self._received(reader, done)
            ending.append((process, numbers))
        for process, numbers in ending:  # to let go of its memory takes each of them a while
            _, status = os.waitpid(process, 0)
            for number in numbers if status else ():  # it did not end well
                del done[number]
        left = [number for number in range(len(self._portions)) if number not in done]
        if left:
            found = self._work(self._portions[number] for number in left)
            done.update(zip(left, found, strict=True))
        self.close()
        return [item for number in range(len(self._portions)) for item in done[number]]

    def _received(self, reader: int, done: dict[int, list[Result]]) -> list[int]:
        """Take over what another process has done; gives the numbers of these portions."""
        with os.fdopen(reader, "rb") as stream:
            data = stream.read()
        try:
            found = marshal.loads(data)  # noqa: S302 - written by our own child
        except (EOFError, ValueError, TypeError):
            return []
        numbers = []
        for number, plains in found if isinstance(found, list) else ():
            if len(plains) == len(self._portions[number]):
                done[number] = list(map(self._receive, plains))
                numbers.append(number)
        return numbers

    def close(self) -> None:
        """Stop what is still done; nobody wants it: an error, or an interruption."""
        self._end()
        while self._children:
            import signal  # noqa: PLC0415 - seldom of use

            process, reader = self._children.pop()
            os.close(reader)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1
        if self._area is not None:
            self._area.close()
            self._area = None

    def __del__(self) -> None:
        """See ``close``."""
        self.close()

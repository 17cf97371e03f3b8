"""A process of our own that writes what it works out into a pipe.

What was read before is there without copying.
"""

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

Write = Callable[[BinaryIO], None]
"""Does the work, and writes what came of it."""


def forked(work: Callable[[], None]) -> int:
    """Start a process that does some work and ends; gives its number.

    0 when there may be no more processes: whoever asks does the work without one. What the work
    raises is told in the exit code, and on standard error without what it says, which may show what
    was read.
    """
    try:
        process = os.fork()
    except OSError:
        return 0
    if process:
        return process
    code = 1
    try:  # the child must never run what follows in its parent
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - the parent does it again
        if isinstance(error, Exception):
            name = type(error).__name__
            sys.stderr.write(f"seawall: a worker failed, its work is done again: {name}\n")
    finally:
        os._exit(code)


def started(write: Write) -> tuple[int, int] | None:
    """Start a worker; gives its process and where its results come from; see :func:`forked`."""
    reader, writer = os.pipe()

    def work() -> None:
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            write(stream)

    process = forked(work)
    os.close(writer)
    if process:
        return process, reader
    os.close(reader)
    return None

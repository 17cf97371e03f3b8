"""A process of our own that writes what it works out into a pipe.

What was read before is there without copying.
"""

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

Write = Callable[[BinaryIO], None]
"""Does the work, and writes what came of it."""


def started(write: Write) -> tuple[int, int] | None:
    """Start a worker; gives its process and where its results come from.

    ``None`` when there may be no more processes: whoever asks does the work without one. What the
    worker raises is told in its exit code, and on standard error without what it says, which may
    show what was read.
    """
    reader, writer = os.pipe()
    try:
        process = os.fork()
    except OSError:
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
            write(stream)
        code = 0
    except BaseException as error:  # noqa: BLE001 - the parent does it again
        if isinstance(error, Exception):
            name = type(error).__name__
            sys.stderr.write(f"seawall: a worker failed, its work is done again: {name}\n")
    finally:
        os._exit(code)

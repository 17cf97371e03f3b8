"""``seawall secrets mask``: a filter that takes the secrets out of a log."""

import argparse
import gc
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from seawall import cache
from seawall.core.errors import InputError, UsageError
from seawall.core.severity import Confidence
from seawall.secrets.candidate import Certainty
from seawall.secrets.masking.stream import Masker
from seawall.secrets.masking.values import Values, load
from seawall.secrets.search import search

_AT_ONCE = 1 << 20
"""Bytes that are looked at together where they come fast."""
_LEAST = {
    Confidence.LOW: Certainty.LOW,
    Confidence.MEDIUM: Certainty.MEDIUM,
    Confidence.HIGH: Certainty.HIGH,
}


def mask(options: argparse.Namespace) -> int:
    """Copy standard input to standard output without its secrets; gives the exit code."""
    least = _LEAST[Confidence.parse(options.min_confidence)]
    values = Values(value for path in options.values for value in load(path))
    if sys.stdin is None or sys.stdout is None:
        raise UsageError("standard input or output is closed; use it as in: make 2>&1 | seawall "
                         "secrets mask > build.log")  # fmt: skip
    masker = Masker(search(cache.directory(dict(os.environ))), values, least)
    gc.enable()  # a log may go on for months
    try:
        with _patient():
            _copy(masker, sys.stdin.fileno(), sys.stdout.fileno())
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"the log broke off: {reason}; run it again") from error
    return 0


def _copy(masker: Masker, source: int, target: int) -> None:
    for data in _read(source):
        _write(target, masker.feed(data))
    _write(target, masker.finish())


@contextmanager
def _patient() -> Iterator[None]:
    """Let the first Ctrl-C pass: the program that writes the log gets it, too.

    What it says then is still to be copied. The second one ends both.
    """

    def once(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read(source: int) -> Iterator[bytes]:
    """What comes: as much as is there, so that what comes slowly is not waited for."""
    data = os.read(source, _AT_ONCE)
    while data:
        held, size = [data], len(data)
        while data and size < _AT_ONCE and _is_ready(source):
            data = os.read(source, _AT_ONCE - size)
            held.append(data)
            size += len(data)
        yield b"".join(held)
        data = os.read(source, _AT_ONCE) if data else b""


def _is_ready(source: int) -> bool:
    with suppress(OSError, ValueError):  # what cannot be asked is not waited for
        return bool(select.select([source], [], [], 0)[0])
    return False


def _write(target: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(target, left) :]

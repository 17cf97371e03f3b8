"""Running commands and weighing them."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

_MEBIBYTE = 1024 * 1024
_KIBIBYTES_PER_UNIT = 1 if sys.platform != "darwin" else 1 / 1024  # ru_maxrss counts differ


class Run(NamedTuple):
    """One command's wall time and processor time in seconds and its peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


class DiedError(Exception):
    """A command was killed or could not run: what was measured means nothing."""


def run(command: Sequence[str], cwd: str | None = None) -> Run:
    """Run a command once, its output thrown away.

    Exit codes are the command's own business (findings have one), but for a death by a signal
    or a shell's "cannot run", which raise DiedError.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if not 0 <= process.returncode < 126:
        raise DiedError(f"{command[0]} ended with {process.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime, _mebibytes(usage))


def _mebibytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * 1024 * _KIBIBYTES_PER_UNIT / _MEBIBYTE


def repeat(command: Sequence[str], times: int, cwd: str | None = None) -> list[Run]:
    """Run a command several times, after one run that warms the caches."""
    run(command, cwd)
    return [run(command, cwd) for _ in range(times)]


def median_wall(runs: Sequence[Run]) -> float:
    """The middle of the wall times."""
    return statistics.median(item.wall for item in runs)


def least_cpu(runs: Sequence[Run]) -> float:
    """The least processor time: what the command costs when nothing disturbs it."""
    return min(item.cpu for item in runs)


def peak(runs: Sequence[Run]) -> float:
    """The highest peak memory."""
    return max(item.peak for item in runs)

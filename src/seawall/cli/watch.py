"""``seawall scan --watch``: scan again whenever something that the result rests on changes.

Files are looked at from time to time by their stamps, which works on every file system, network
and container mounts included, where change notifications do not.
"""

import gc
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from seawall.cli.arguments import Parser
from seawall.configuration.files import FILE_NAME, PYPROJECT
from seawall.core.errors import SeawallError
from seawall.engine import Options
from seawall.engine.watching import Stamps, inputs_of, stamps
from seawall.sources.files import STDIN_PATHS

_INTERVAL = 0.3
"""Seconds between two looks at least."""
_LONGEST_INTERVAL = 5.0
_SHARE = 20
"""A look may take one part in so many of the time: large trees are looked at less often."""
_SETTLE = 0.1
"""Seconds without a change until it is complete: an editor or a checkout writes several times."""
_PATIENCE = 3.0
"""Seconds after which a scan begins although changes go on."""
_CLEAR = "\x1b[H\x1b[2J"
"""To the first cell, then erase all (ECMA-48); what scrolled out of sight stays."""


class _HasWork(Protocol):
    @property
    def work(self) -> Options:
        """What the engine is to do."""


Plan = TypeVar("Plan", bound=_HasWork)


def refuse(options: Namespace, parser: Parser) -> None:
    """Raise UsageError for what cannot be watched."""
    if any(target in STDIN_PATHS for target in options.targets):
        parser.error("standard input cannot be watched; name files or directories")
    if options.write_baseline is not None:
        parser.error("--watch would make each new finding known; write the baseline without it")
    if options.prune_baseline:
        parser.error("--watch would forget what is away for a moment; leave one of the two out")


def watch(
    plan: Callable[[], Plan],
    scan: Callable[[Plan], int],
    options: Namespace,
    outputs: Iterable[str],
) -> int:
    """Scan, and again after each change, until Ctrl-C; gives the exit code of the last scan.

    ``plan`` reads the configuration, ``scan`` scans and reports; ``outputs`` are files that it
    writes. An error of the first scan is raised, for it may be the command line's. Later ones
    (half a configuration) are told, and the watch goes on.
    """
    terminal = _Terminal()
    code: int | None = None
    try:
        watched = _Watched(options, outputs)
        while True:
            terminal.clear()
            begin = time.monotonic()
            try:
                present = plan()
                watched.rests_on(present.work)
                code = scan(present)
            except SeawallError as error:
                if code is None:
                    raise
                code = error.exit_code
                sys.stderr.write(f"seawall: {error}\n")
            terminal.tell(time.monotonic() - begin, watched.count)
            gc.collect()  # it is off, for a scan alone is over before there is much to collect
            watched.wait()
    except KeyboardInterrupt:
        terminal.end()
        return 130 if code is None else code


class _Watched:
    """What the results rest on, as it stood before the last scan."""

    def __init__(self, options: Namespace, outputs: Iterable[str]) -> None:
        self._work: Options | None = None
        self._count = 0
        self._places = [*options.targets, *options.context]
        self._named = [] if options.config is None else [options.config]
        self._written = frozenset(os.path.realpath(path) for path in outputs)
        self._seen: Stamps = stamps([*_settings(self._places), *self._named])

    def rests_on(self, work: Options) -> None:
        """Look at what a scan is about to read, unless it was looked at before."""
        if work != self._work:
            self._work = work
            seen = self._seen  # the plan rests on settings as they stood then, or later
            self._seen = {path: seen.get(path, stamp) for path, stamp in self._look().items()}

    @property
    def count(self) -> int:
        """How many files a scan reads."""
        return self._count

    def wait(self) -> None:
        """Return after the next change, once it is complete."""
        cost = 0.0
        while True:
            time.sleep(min(max(_INTERVAL, cost * _SHARE), _LONGEST_INTERVAL))
            begin = time.monotonic()
            now = self._look()
            cost = time.monotonic() - begin
            if now != self._seen:
                self._seen = self._settled(now)
                return

    def _settled(self, now: Stamps) -> Stamps:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            time.sleep(_SETTLE)
            before, now = now, self._look()
            if now == before:
                break
        return now

    def _look(self) -> Stamps:
        try:
            paths = _settings(self._places)
            if self._work is not None:
                inputs = inputs_of(self._work)
                self._count = len(inputs)
                paths += [*inputs, *_heads(self._work), *filter(None, [self._work.baseline])]
        except (SeawallError, OSError):  # the current directory is gone; a scan will say so
            paths = list(self._places)
        paths += self._named
        if self._written:  # what a scan writes is no reason for another
            paths = [path for path in paths if os.path.realpath(path) not in self._written]
        return stamps(paths)


def _settings(targets: Sequence[str]) -> list[str]:
    """Files above the targets that may decide what counts: configurations and dot files."""
    found: dict[str, None] = {}
    for target in targets:
        full = os.path.realpath(target)
        directory = full if os.path.isdir(full) else os.path.dirname(full)
        while directory:
            for name in _names(directory):
                if name.startswith(".") or name in (FILE_NAME, PYPROJECT):
                    path = os.path.join(directory, name)
                    if os.path.isfile(path):
                        found[path] = None
            parent = os.path.dirname(directory)
            is_top = os.path.exists(os.path.join(directory, ".git")) or parent == directory
            directory = "" if is_top else parent
    return list(found)


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _heads(plan: Options) -> list[str]:
    """What moves in a repository with each commit, where the result rests on the history."""
    if plan.since is None:
        return []
    from seawall.sources.git import find  # noqa: PLC0415 - only with --since

    repository = find(plan.targets[0])
    if repository is None:
        return []
    return [os.path.join(repository.git_dir, *name.split("/")) for name in ("HEAD", "logs/HEAD")]


class _Terminal:
    """Standard output where somebody looks at it; nothing of this goes into files and pipes."""

    def __init__(self) -> None:
        self._is_one = sys.stdout is not None and sys.stdout.isatty()

    def clear(self) -> None:
        """Take the last result away."""
        if self._is_one and os.environ.get("TERM", "dumb") != "dumb":
            sys.stdout.write(_CLEAR)

    def tell(self, seconds: float, files: int) -> None:
        """Say when this result was found, and that the watch goes on."""
        if self._is_one:
            now = time.strftime("%H:%M:%S")
            noun = "file" if files == 1 else "files"
            sys.stdout.write(
                f"\n{now}, in {seconds:.1f} s. Watching {files} {noun}; Ctrl-C ends.\n"
            )
            sys.stdout.flush()

    def end(self) -> None:
        """Begin a line of its own for whoever writes next."""
        if self._is_one:
            sys.stdout.write("\n")
            sys.stdout.flush()

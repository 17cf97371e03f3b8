"""Running git: what it is asked and what it answers, without threads and without hanging."""

import contextlib
import os
import select
import subprocess
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Self

from seawall.core.errors import InputError, UsageError
from seawall.core.lazy import pattern
from seawall.sources.files import shown
from seawall.sources.git import sterile
from seawall.sources.git.discovery import Place

REPORT = "report it with what 'git --version' says"
"""What to do about an answer of git that nobody foresaw."""
PATIENCE = 60.0
"""Seconds in which git must say something, or have read what it is asked."""

_STORED = pattern(r" \(stored in .*?\)(?= )")
"""Where on this machine an object lies, which is of no use in a report."""
_PIECE = 256 * 1024
_ERRORS_KEPT = 4096
_OUTPUT_LIMIT = 1024 * 1024 * 1024
_WRONG_USAGE = 129  # git's exit code for options it does not know
_CLOSED = "the repository has been closed"


class Git:
    """A sterile directory and the processes that run on it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._program = _program()
        self._directory = sterile.build(place)
        self._environment = sterile.environment(self._directory, place)
        self._running: set[Process] = set()
        self._is_closed = False

    def check_open(self) -> None:
        """Raise ``RuntimeError`` once it was closed: what reads without git asks here."""
        if self._is_closed:
            raise RuntimeError(_CLOSED)

    def close(self) -> None:
        """End what still runs and remove the directory."""
        self._is_closed = True
        for process in tuple(self._running):
            process.close()
        sterile.remove(self._directory)

    def start(
        self,
        arguments: Sequence[str],
        feed: Iterator[bytes] | None = None,
        *,
        in_work_tree: bool = False,
    ) -> "Process":
        """Start git; ``feed`` is written to its standard input as it takes it."""
        environment, directory = self._environment, self._directory
        if in_work_tree:
            environment = environment | {"GIT_WORK_TREE": self.place.top}
            directory = self.place.top
        try:
            process = subprocess.Popen(  # noqa: S603 - a list, no shell; see sterile
                [self._program, "--no-pager", *arguments], bufsize=0, cwd=directory,
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            raise InputError(
                f"cannot start {self._program}: {error.strerror}; install git anew"
            ) from None
        return Process(process, arguments[0], feed, self._running)

    def output(self, arguments: Sequence[str], *, in_work_tree: bool = False) -> bytes:
        """All that git writes. Raises ``InputError`` where it fails."""
        pieces = []
        size = 0
        with self.start(arguments, in_work_tree=in_work_tree) as process:
            while piece := process.read():
                size += len(piece)
                if size > _OUTPUT_LIMIT:
                    raise InputError(f"git {arguments[0]} writes more than 1 GiB; scan a part")
                pieces.append(piece)
            process.check()
        return b"".join(pieces)

    def fields(self, arguments: Sequence[str], limit: int) -> Iterator[bytes]:
        """What git writes with ``-z``, split at the NUL bytes, as it comes.

        ``limit`` is the longest field in bytes. Raises ``InputError`` where git fails.
        """
        with self.start(arguments) as process:
            yield from process.fields(limit)
            process.check()


class Process:
    """One run of git. Standard input, output and errors are moved whenever output is wanted."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        name: str,
        feed: Iterator[bytes] | None,
        running: "set[Process]",
    ) -> None:
        self._process = process
        self._name = name
        self._feed = feed
        self._unsent = b""
        self._errors = b""
        self._running = running
        self._poll = select.poll()
        self._output = _descriptor(process.stdout)
        self._open = {self._output, _descriptor(process.stderr)}
        for descriptor in self._open:
            self._poll.register(descriptor, select.POLLIN)
        self._input = _descriptor(process.stdin)
        if self._input >= 0:
            os.set_blocking(self._input, False)
            self._poll.register(self._input, select.POLLOUT)
        running.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self) -> bytes:
        """The next piece of output, empty at its end."""
        if self not in self._running:
            raise RuntimeError(_CLOSED)
        while self._open:
            events = self._poll.poll(PATIENCE * 1000)
            if not events:
                raise InputError(
                    f"git {self._name} has not answered for {PATIENCE:g} seconds and was ended; "
                    f"look for special files in the repository's git directory"
                )
            piece = b""
            for descriptor, _ in events:
                if descriptor == self._input:
                    self._write()
                elif descriptor == self._output:
                    piece = self._read(descriptor)
                else:
                    self._errors = (self._errors + self._read(descriptor))[-_ERRORS_KEPT:]
            if piece:
                return piece
        return b""

    def fields(self, limit: int) -> Iterator[bytes]:
        """The output split at its NUL bytes, as it comes; what follows the last one is left out."""
        rest = b""
        while piece := self.read():
            fields = (rest + piece).split(b"\0")
            rest = fields.pop()
            if len(rest) > limit:
                raise InputError(
                    f"git {self._name} writes a name of more than {limit} bytes; scan a part"
                )
            yield from fields

    def _read(self, descriptor: int) -> bytes:
        piece = os.read(descriptor, _PIECE)
        if not piece:
            self._poll.unregister(descriptor)
            self._open.discard(descriptor)
        return piece

    def _write(self) -> None:
        if not self._unsent and self._feed is not None:
            self._unsent = next(self._feed, b"")
        try:
            if self._unsent:
                self._unsent = self._unsent[os.write(self._input, self._unsent) :]
                return
        except BlockingIOError:
            return
        except BrokenPipeError:  # it has ended; its exit code says why
            pass
        self._poll.unregister(self._input)
        self._input = -1
        if self._process.stdin is not None:
            self._process.stdin.close()

    def exit_code(self) -> int:
        """Wait for the end; all output must have been read."""
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise InputError(
                f"git {self._name} does not come to an end; look whether the disk answers"
            ) from None

    def check(self) -> None:
        """Raise ``InputError`` if git failed."""
        code = self.exit_code()
        if code == _WRONG_USAGE:
            raise UsageError(
                f"this git does not know 'git {self._name}' as it is needed here "
                f"({self.complaint()}); seawall needs git 2.20 or newer"
            )
        if code:
            raise InputError(
                f"git {self._name} failed: {self.complaint()}; 'git fsck' tells whether the "
                f"repository is damaged, a partial clone lacks objects on purpose"
            )

    def complaint(self) -> str:
        """The line of git's errors that says most, safe to print."""
        lines = os.fsdecode(self._errors).splitlines()
        for start in ("fatal: ", "error: ", ""):
            for line in lines:
                if line.startswith(start) and line.strip():
                    text = shown(_STORED.sub("", line.removeprefix(start)))[:300]
                    return "".join(c if c.isprintable() else "?" for c in text)
        return f"exit code {self._process.returncode}, without a word"

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._running.discard(self)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def _descriptor(stream: IO[bytes] | None) -> int:
    return -1 if stream is None else stream.fileno()


def _program() -> str:
    """The first git of PATH; relative entries are left out, the target may be where we are."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, "git")
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise UsageError("git is not installed, or not in PATH; install it to read a repository")

"""Runs a program and records what it opens, executes and calls, as ``strace -f`` would.

    python -P -m seawall.tracing.tracer --record FILE [--root DIR] -- COMMAND...

It has a process of its own because it waits for every process there is below it, and because the
kernel takes a tracer's requests from one thread only. Its input, output, other descriptors and
exit status are those of the command; signals go to it. When the command ends, all that it left
running is killed, as in a container; when this is killed, the kernel kills all of them.

With ``--root``, what is executed below that root directory counts, and what that starts: not what
puts it there (bubblewrap, runc, chroot). Only what counts is stopped at its system calls.
"""

import argparse
import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from seawall.tracing import ptrace
from seawall.tracing.calls import NATIVE, name_of, numbers, recognised
from seawall.tracing.file_events import FileEvents
from seawall.tracing.named_paths import of_architecture
from seawall.tracing.record import CALLS_SEEN, FILES_SEEN, Record
from seawall.tracing.views import Pending, Views

NOT_PERMITTED = 125
"""The exit code where nothing can be seen; nothing is run then."""
NOT_FOUND = 127
_WALL = 0x40000000
"""``__WALL``: threads as well."""
_FORWARDED = (
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2
)  # fmt: skip
_STOPS = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_BORN = frozenset({ptrace.FORK, ptrace.VFORK, ptrace.CLONE})
_IDLE = 0.1
"""Seconds after which events of files are looked at, should nothing happen."""
_GRACE = 3.0
"""Seconds that a command has to end when its time is over."""
_CLONES = frozenset({"clone", "clone3"})
_MAX_THREADS = 4096
_BETWEEN_LOOKS = 256
"""Stops between two looks at the events of files: their queue must not grow without end."""
_UNTRACED = 0x00800000
_NAMESPACES = 0x7E020000
"""CLONE_UNTRACED, and CLONE_NEW... of clone(2)."""


class _Thread:
    """A thread that is traced."""

    __slots__ = ("counts", "pending")

    def __init__(self, *, counts: bool) -> None:
        self.counts = counts
        """Whether what it does is what is watched."""
        self.pending: Pending = []
        """The paths that its current call names."""


class Tracer:
    """Follows one command and all that it starts."""

    def __init__(self, record: Record, root: str, events: FileEvents | None) -> None:
        self._record = record
        self._views = Views(record)
        self._root = _identity(root) if root else None
        self._events = events
        self._threads: dict[int, _Thread] = {}
        self._early: dict[int, int] = {}
        """Threads that stopped before it was told who started them, with how."""
        self._began = False
        self._seen: set[tuple[int, int]] = set()
        self._clones: set[tuple[int, int]] = set()
        self._counted: set[int] = set()
        """All threads that ever counted."""
        self._is_traced = True

    def follow(self, main: int, seconds: float) -> int:
        """Until a command ends, that was seized. Gives what waitpid told of its end."""
        self._threads[main] = _Thread(counts=False)
        end, warned, steps = time.monotonic() + seconds, False, 0
        while True:
            thread, status = os.waitpid(-1, os.WNOHANG | _WALL)
            steps += 1
            if not thread or steps % _BETWEEN_LOOKS == 0:
                self._look()
                self._pass_on(main, 0.0 if thread else _IDLE)
                if seconds and time.monotonic() > end:
                    _send(main, signal.SIGKILL if warned else signal.SIGTERM)
                    warned, end = True, time.monotonic() + _GRACE
            if not thread:
                continue
            if os.WIFSTOPPED(status):
                self._stopped(thread, status)
                continue
            self._threads.pop(thread, None)
            if thread == main:
                self._look()
                return status

    def kill_all(self) -> None:
        """End all that is left."""
        self._kill()
        end = time.monotonic() + _GRACE
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < end:
                thread, _ = os.waitpid(-1, os.WNOHANG | _WALL)
                if not thread:
                    for child in _children():  # such as were not traced and lost their parents
                        _send(child, signal.SIGKILL)
                    time.sleep(0.002)

    def _kill(self) -> None:
        for thread in [*self._threads, *self._early]:
            _send(thread, signal.SIGKILL)

    def watch_files_only(self) -> None:
        """Nothing is traced: all that happens counts, from the start."""
        self._is_traced = False
        self._began = True
        self._record.began()

    def _pass_on(self, main: int, patience: float) -> None:
        """Wait for something to happen, and give signals of others to the command."""
        told = signal.sigtimedwait([signal.SIGCHLD, *_FORWARDED], patience)
        if told is None:
            if patience:
                self._adopt()
        elif told.si_signo != signal.SIGCHLD and told.si_code <= 0:
            # What the terminal sends (a code above 0), it sends to the command as well.
            _send(main, told.si_signo)

    def _look(self) -> None:
        if self._events is not None:
            self._events.look(lambda process: not self._is_traced or process in self._counted)

    # Stops.

    def _stopped(self, thread: int, status: int) -> None:
        known = self._threads.get(thread)
        if known is None:
            self._early[thread] = status
            return
        number, event = os.WSTOPSIG(status), status >> 16
        with contextlib.suppress(ProcessLookupError):  # killed meanwhile: its end is told next
            if event == ptrace.STOP and number in _STOPS:
                ptrace.resume(thread, ptrace.LISTEN)
                return
            given = 0
            if number == ptrace.CALL_STOP:
                self._at_call(thread, known)
            elif event in _BORN:
                self._born(ptrace.event_message(thread), known)
            elif event == ptrace.EXEC:
                known = self._executed(thread, known)
            elif not event:
                given = number
            how = ptrace.UNTIL_CALL if known.counts else ptrace.CONTINUE
            ptrace.resume(thread, how, given)

    def _born(self, thread: int, parent: _Thread) -> None:
        self._threads[thread] = _Thread(counts=parent.counts)
        if parent.counts:
            self._counted.add(thread)
        if len(self._threads) > _MAX_THREADS:
            self._record.note(f"it was ended as it had more than {_MAX_THREADS} threads")
            self._kill()
        elif thread in self._early:
            self._stopped(thread, self._early.pop(thread))

    def _adopt(self) -> None:
        """Take on threads whose parents were killed before it was told that they have them."""
        for thread in list(self._early):
            parent = self._threads.get(_parent_of(thread), _Thread(counts=self._began))
            self._born(thread, parent)

    def _executed(self, thread: int, known: _Thread) -> _Thread:
        former = ptrace.event_message(thread)
        if former != thread:  # a thread that was not the first one: it has the id of that one now
            known = self._threads.pop(former, known)
            self._threads[thread] = known
        known.pending = []
        if not known.counts:
            if self._root is not None and _identity(f"/proc/{thread}/root") != self._root:
                return known
            known.counts = True
            self._counted.add(thread)
        if not self._began:
            self._began = True
            self._views.begin(thread)
            self._record.began()
        machine = os.uname().machine
        self._record.call(machine, numbers(machine)["execve"])
        self._views.executed(thread)
        return known

    def _cloned(self, thread: int, name: str | None, flags: int) -> None:
        if name == "clone3":  # its flags stand at the start of a structure
            try:
                flags = int.from_bytes(ptrace.read_memory(thread, flags, 8), "little")
            except OSError:
                return
        if flags & _UNTRACED:
            self._record.note("a process asked not to be traced (CLONE_UNTRACED)")
        if flags & _NAMESPACES:
            self._record.namespaces()

    def _at_call(self, thread: int, known: _Thread) -> None:
        call = ptrace.call(thread)
        if call.kind == ptrace.ENTRY:
            known.pending = []
            key = (call.audit, call.number)
            architecture, number = recognised(*key)
            if key not in self._seen:
                self._seen.add(key)
                self._record.call(architecture, number)
                if name_of(architecture, number) in _CLONES:
                    self._clones.add(key)
            named = of_architecture(architecture).get(number)
            if named is not None:
                known.pending = self._views.named(thread, named, call.arguments)
            elif key in self._clones:
                self._cloned(thread, name_of(architecture, number), call.arguments[0])
        elif known.pending:
            if call.kind == ptrace.EXIT and not ptrace.failed(call):
                self._views.done(thread, known.pending, call.number)
            known.pending = []


def _send(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)


def _children() -> list[int]:
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _parent_of(thread: int) -> int:
    """The first thread of a thread's process, or its parent where it is that itself."""
    found = {}
    with contextlib.suppress(OSError), open(f"/proc/{thread}/status", encoding="utf-8") as stream:
        for line in stream:
            name, _, value = line.partition(":")
            if name in {"Tgid", "PPid"}:
                found[name] = int(value)
    leader = found.get("Tgid", thread)
    return leader if leader != thread else found.get("PPid", 0)


# The program ----------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """What is to be seen of a command."""

    root: str = ""
    """What is executed below this root directory counts; all of it where there is none."""
    seconds: float = 0.0
    """After which it is ended; 0 for never."""
    calls: bool = True
    """Whether its system calls are wanted, and the paths in them."""
    files: bool = True
    """Whether events of files are wanted; that takes a root."""


def trace(become: Callable[[], object], wanted: Wanted, record: Record) -> int | None:
    """Run a command to its end, in a process with one thread and no other children.

    Args:
        become: executes the command; called in the process that is to be it.
        wanted: what is to be seen.
        record: gets what was seen.

    Returns:
        What waitpid told of its end; ``None`` where nothing can be seen: then it was not run, and
        the notes say why.
    """
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *_FORWARDED})
    events = FileEvents.of(record, wanted.root) if wanted.files and wanted.root else None
    if events is not None:
        record.means(FILES_SEEN)
    ptrace.adopt_orphans()
    child, go = _start(become, former)
    traced = wanted.calls and _seize(child, record)
    if not traced and events is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    tracer = Tracer(record, wanted.root, events)
    if traced:
        record.means(CALLS_SEEN)
    else:
        tracer.watch_files_only()
    os.write(go, b"\n")
    os.close(go)
    try:
        return tracer.follow(child, wanted.seconds)
    finally:
        tracer.kill_all()


def _start(become: Callable[[], object], mask: set[int | signal.Signals]) -> tuple[int, int]:
    """A child that waits for a byte before it becomes the command; its id, and where to write."""
    waits, go = os.pipe()
    child = os.fork()
    if child:
        os.close(waits)
        return child, go
    try:
        os.close(go)
        if os.read(waits, 1):
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            become()
    finally:
        os._exit(NOT_FOUND)


def _seize(child: int, record: Record) -> bool:
    machine = os.uname().machine
    if machine not in NATIVE:
        record.note(f"system calls cannot be seen on {machine}")
        return False
    release = [int(part) for part in os.uname().release.split("-")[0].split(".")[:2]]
    if release < [5, 3]:
        record.note("system calls cannot be seen: that takes Linux 5.3 or newer")
        return False
    try:
        ptrace.seize(child)
    except OSError as error:
        record.note(f"ptrace is not permitted: {error.strerror}")
        return False
    return True


def main(arguments: list[str]) -> int:
    """Run a command; gives its exit code, or ``NOT_PERMITTED``."""
    parser = argparse.ArgumentParser(prog="tracer", allow_abbrev=False)
    parser.add_argument("--record", required=True)
    parser.add_argument("--root", default="")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--no-calls", dest="calls", action="store_false")
    parser.add_argument("--no-files", dest="files", action="store_false")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    command = options.command

    def become() -> None:
        try:
            os.execvp(command[0], command)  # noqa: S606 - the user's command, no shell
        except OSError as error:
            sys.stderr.write(f"{command[0]}: {error.strerror}\n")
            sys.stderr.flush()

    wanted = Wanted(options.root, options.seconds, options.calls, options.files)
    status = trace(become, wanted, Record.at(options.record))
    return NOT_PERMITTED if status is None else _as_it_ended(status)


def _as_it_ended(status: int) -> int:
    """Ends as the command did: by the same signal, or with the same exit code."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The process between us and a stranger's: it makes the namespaces, and their end is its end.

It is started as a program of its own, since only a process with one thread can do this. It forks
once, and that child is the first process of a new process namespace: whatever it starts, the kernel
kills with it. The child serves a socket: where that is closed, because nobody is left at the other
side, it ends.

Messages are JSON, one each. To it: ``{"connect": PORT}``, ``{"signal": NUMBER}`` and
``{"stop": true}``. From it: ``{"connected": true}`` with an open socket, ``{"refused": REASON}``,
and at the end ``{"ended": STATUS, "failure": REASON}``.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
from typing import Any

from seawall.running import chroot, commands, kernel
from seawall.running.room import Limits, NotPossibleError, Process, Room
from seawall.running.stage import Stage, limit_processes, raise_loopback, set_up

_PIECE = 1 << 16
_MOST_TOLD = 2000
_MAX_MESSAGE = 1 << 16
_CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
"""The environment of runners: that of an image holds what it likes, LD_PRELOAD say."""


def main() -> None:
    """Read what is to be run from standard input, and run it; does not come back."""
    order = json.load(sys.stdin)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    control = socket.socket(fileno=order["control"])
    for descriptor in (control.fileno(), *order["outputs"]):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - as the function has it
    try:
        maps_users = _leave()
        child = os.fork()
    except OSError as error:
        _say(control, {"ended": -1, "failure": str(error.strerror)})
        os._exit(0)
    if child:
        control.close()
        for descriptor in order["outputs"]:
            os.close(descriptor)
        os.waitpid(child, 0)
        os._exit(0)
    try:
        kernel.die_with_parent()
        _Keeper(order, control, maps_users=maps_users).run()
    except (OSError, NotPossibleError) as error:
        reason = str(error.strerror) if isinstance(error, OSError) else str(error)
        _say(control, {"ended": -1, "failure": reason})
    finally:
        os._exit(0)


def _leave() -> bool:
    """Leave all namespaces; whether that took a user namespace. Raises ``OSError``."""
    wanted = (
        kernel.NEW_MOUNTS | kernel.NEW_NETWORK | kernel.NEW_PROCESSES | kernel.NEW_IPC
        | kernel.NEW_NAMES
    )  # fmt: skip
    if os.geteuid() == 0:
        kernel.unshare(wanted)
        return False
    chroot.map_user(0, 0)
    kernel.unshare(wanted)
    return True


def _say(control: socket.socket, said: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    data = json.dumps(said).encode()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        socket.send_fds(control, [data], descriptors)


def _fail(status: int, error: OSError) -> None:
    os.write(status, json.dumps({"failure": str(error.strerror)}).encode() + b"\n")


class _Keeper:
    """The first process of the namespace."""

    def __init__(self, order: dict[str, Any], control: socket.socket, *, maps_users: bool) -> None:
        self._order = order
        self._control = control
        self._maps_users = maps_users
        self._room = Room(**order["room"])
        self._limits = Limits(**order["limits"])
        process = Process(**order["process"])
        environment = tuple((name, value) for name, value in process.environment)
        self._process = process._replace(environment=environment)  # JSON has lists
        self._child = 0
        self._exit = -1
        self._pid = 0  # of the image's process
        self._began = False
        self._failure = ""
        self._outputs: dict[int, list[int]] = {}  # pipe -> where it goes, how much room is left
        self._status = -1  # what the runner tells is read from here
        self._said = b""

    def run(self) -> None:
        """Mount, start, and serve until it ends."""
        kernel.mount("none", "/", None, kernel.PRIVATE | kernel.RECURSIVE)
        kernel.mount("proc", "/proc", "proc")
        kernel.set_host_name("localhost")
        raise_loopback()
        limit_processes(self._limits.processes)
        stage = self._stage = set_up(self._room, self._limits)
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._start(stage)
        self._serve(reader)
        status = self._exit
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all but this one: it is the first of its namespace
        self._exit = max(self._exit, 0)
        with contextlib.suppress(ChildProcessError):
            while os.wait():
                pass
        for pipe in self._outputs:
            self._pump(pipe)
        self._hear()
        self._hear_runc()
        if status >= 0 and not self._began and not self._failure:
            self._failure = f"{self._order['runner']} ended with {status}"
        _say(self._control, {"ended": status, "failure": self._failure[:_MOST_TOLD]})

    # Starting.

    def _start(self, stage: Stage) -> None:
        self._status, status = os.pipe()
        os.set_blocking(self._status, False)
        writers = []
        for target in self._order["outputs"]:
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            # Whoever opens /dev/stdout opens the pipe: its owner must be the user, as with engines.
            with contextlib.suppress(OSError):
                os.fchown(writer, self._process.uid, self._process.gid)
            self._outputs[reader] = [target, self._limits.output]
            writers.append(writer)
        words = self._words(stage, status)
        self._child = os.fork()
        if not self._child:
            self._become_runner(words, stage, writers, status)
        for descriptor in (*writers, status):
            os.close(descriptor)

    def _words(self, stage: Stage, status: int) -> list[str]:
        """What is executed; nothing for the runner that is no program."""
        program, runner = self._order["program"], self._order["runner"]
        if runner == commands.BUBBLEWRAP:
            maps = self._maps_users or self._process.uid != 0
            words = commands.bubblewrap(self._room, self._process, stage, status, maps_users=maps)
            words = [program, "--args", str(_held(words)), "--", *self._process.arguments]
        elif runner == commands.RUNC:
            place = stage.directory
            made = commands.bundle(
                self._room, self._process, stage, self._limits, self._order["name"]
            )
            with open(f"{place}/config.json", "x", encoding="utf-8") as file:
                json.dump(made, file)
            words = [
                program, "--root", f"{place}/state", "--log", f"{place}/log",
                "--log-format", "json",
                "run", "--bundle", place, "--pid-file", f"{place}/pid", self._order["name"],
            ]  # fmt: skip
        else:
            words = []
        return words

    def _become_runner(
        self, words: list[str], stage: Stage, writers: list[int], status: int
    ) -> None:
        """Turn this process into the runner; does not come back."""
        code = 126
        try:
            os.setsid()
            for number, writer in enumerate(writers, 1):
                os.dup2(writer, number)
            self._limit()
            code = self._be_runner(words, stage, status)
        except OSError as error:
            _fail(status, error)
        finally:
            os._exit(code)

    def _be_runner(self, words: list[str], stage: Stage, status: int) -> int:
        """Be the runner, or have a child be it and watch it; gives the exit status."""
        record = self._order["record"]
        if record < 0:
            return self._run(words, stage, status)
        from seawall.running.recording import run_recorded  # noqa: PLC0415 - few are watched

        def become() -> int:
            try:
                return self._run(words, stage, status)
            except OSError as error:
                _fail(status, error)
                return 126

        return run_recorded(become, stage.root, record)

    def _run(self, words: list[str], stage: Stage, status: int) -> int:
        """Become the runner; gives the exit status of the one that is no program."""
        if not words:
            return chroot.run(self._room, self._process, stage, status, maps_users=self._maps_users)
        os.set_inheritable(status, True)  # noqa: FBT003 - as the function has it
        as_user = self._order["runner"] == commands.BUBBLEWRAP and not self._maps_users
        if as_user:
            os.setgroups(self._process.groups)
            os.setresgid(*[self._process.gid] * 3)
            os.setresuid(*[self._process.uid] * 3)
        return os.execve(words[0], words, _CLEAN)  # noqa: S606 - it is what is wanted

    def _limit(self) -> None:
        limits = self._limits
        for what, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, limits.file),
            (resource.RLIMIT_NPROC, limits.processes),
        ):
            # Since Linux 5.14 a user namespace counts its own; before, all of a person's would.
            if what == resource.RLIMIT_NPROC and self._maps_users and kernel.release() < (5, 14):
                continue
            _, hard = resource.getrlimit(what)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (least, least))

    # Serving.

    def _serve(self, wakened: int) -> None:
        """Answer and read until the runner has ended, or nobody asks any more."""
        while self._exit < 0:
            pipes = [*self._outputs, *([self._status] if self._status >= 0 else [])]
            control = self._control.fileno()
            ready, _, _ = select.select([control, wakened, *pipes], [], [])
            for each in ready:
                if each == control:
                    if not self._answer():
                        return
                elif each == wakened:
                    self._wake(wakened)
                elif each == self._status:
                    self._hear()
                else:
                    self._pump(each)

    def _wake(self, wakened: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(wakened, 512):
                pass
        self._reap()

    def _reap(self) -> None:
        """Take note of what has ended: all that lost their parents are children of this one."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self._child and self._exit < 0:
                code = os.waitstatus_to_exitcode(status)
                self._exit = 128 - code if code < 0 else code

    def _answer(self) -> bool:
        """Do what is asked for; whether to go on."""
        try:
            data = self._control.recv(_MAX_MESSAGE)
        except ConnectionResetError:
            return False
        if not data:
            return False
        said = json.loads(data)
        if "connect" in said:
            self._connect(said["connect"])
        elif "signal" in said:
            self._look_for_pid()
            if self._pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, said["signal"])
        return "stop" not in said

    def _connect(self, port: int) -> None:
        """A socket that is connected to a port here, by IPv4 or else IPv6."""
        reason = "no such address"
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                with socket.socket(family, socket.SOCK_STREAM) as made:
                    made.settimeout(1.0)
                    made.connect((address, port))
                    made.setblocking(True)  # noqa: FBT003 - as the function has it
                    _say(self._control, {"connected": True}, (made.fileno(),))
                    return
            except OSError as error:
                reason = str(error.strerror or error)
        _say(self._control, {"refused": reason})

    # What comes from the process and its runner.

    def _pump(self, pipe: int) -> None:
        """Keep what a process wrote, as much as there is room for."""
        target, left = self._outputs[pipe]
        while True:
            try:
                data = os.read(pipe, _PIECE)
            except BlockingIOError:
                return
            if not data:
                if self._exit < 0:
                    del self._outputs[pipe]
                    os.close(pipe)
                return
            # One byte more than there is room for tells that there was more.
            kept = data[: max(0, left + 1)]
            os.write(target, kept)
            left -= len(kept)
            self._outputs[pipe][1] = left
            if self._exit < 0:
                return  # others want to be heard, too

    def _hear(self) -> None:
        """What the runner says: lines of JSON, bubblewrap's and ours."""
        if self._status < 0:
            return
        try:
            data = os.read(self._status, _PIECE)
        except BlockingIOError:
            return
        if not data:
            os.close(self._status)
            self._status = -1
        self._said += data
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if "child-pid" in said:
                self._pid = said["child-pid"]
            self._began = self._began or "exit-code" in said
            self._failure = said.get("failure", self._failure)

    def _look_for_pid(self) -> None:
        """The number of the process, which runc tells in a file."""
        if not self._pid:
            text = self._told("pid")
            self._pid = int(text) if text.isdigit() else 0

    def _hear_runc(self) -> None:
        """Whether the process began, which runc tells in files."""
        if self._order["runner"] != commands.RUNC:
            return
        self._began = bool(self._told("pid"))
        for line in self._told("log").splitlines():
            said = json.loads(line)
            if said.get("level") == "error":
                self._failure, self._began = said.get("msg", ""), False

    def _told(self, name: str) -> str:
        """What runc wrote to a file; nothing where there is none yet."""
        try:
            with open(f"{self._stage.directory}/{name}", encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""


def _held(words: list[str]) -> int:
    """An open file with words, each with a zero behind it."""
    made = os.memfd_create("arguments", 0)
    data = memoryview(b"".join(os.fsencode(word) + b"\0" for word in words))
    while data:
        data = data[os.write(made, data) :]
    os.lseek(made, 0, os.SEEK_SET)
    return made

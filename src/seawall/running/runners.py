"""What can run a process in a room here: bubblewrap, then runc, then the kernel alone.

That a program is installed does not mean that it may do its work, so each is tried first.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from seawall.running import probe
from seawall.running.commands import BUBBLEWRAP, CHROOT, RUNC
from seawall.running.room import Limits, NotPossibleError, Process, Room
from seawall.running.starting import Running

NAMES = (BUBBLEWRAP, RUNC, CHROOT)
_PROGRAMS = {BUBBLEWRAP: "bwrap", RUNC: "runc"}
_PATIENCE = 20.0
"""Seconds for a trial, which takes a tenth of one."""
_PROBE = "probe"
_NOT_THERE = (b"no such file", b"not found", b"not in it")
DEFAULT_LIMITS = Limits()


class Runner(NamedTuple):
    """Something that can run a process in a room."""

    name: str
    program: str
    """Its path; empty for the one that is no program."""

    def start(
        self, room: Room, process: Process, limits: Limits = DEFAULT_LIMITS, *, record: int = -1
    ) -> Running:
        """Start a process; to be used in a ``with`` statement.

        ``record`` is an open file: what the process opens, executes and calls is written to it
        (``tracing.record``). Where that cannot be seen, the process is not run, and fails.
        Raises ``NotPossibleError`` where no process can be started at all.
        """
        return Running(self.name, self.program, room, process, limits, record)


class Choice(NamedTuple):
    """The first runner that works."""

    runner: Runner | None
    tried: tuple[tuple[str, str], ...]
    """Those before it, each with the reason why it does not do."""

    @property
    def reason(self) -> str:
        """Why there is none, in one line."""
        return "; ".join(f"{name}: {why}" if name else why for name, why in self.tried)


def choose(uid: int = 0, directory: str | None = None, names: Sequence[str] = NAMES) -> Choice:
    """The first of the runners that can run a process of a user here.

    ``directory``: where roots of images will lie (default: the one for temporary files).
    """
    if sys.platform != "linux":
        return Choice(None, (("", "processes of images are run on Linux only"),))
    tried = []
    for name in names:
        program = _found(_PROGRAMS[name]) if name in _PROGRAMS else ""
        if program is None:
            tried.append((name, "is not installed"))
            continue
        runner = Runner(name, program)
        reason = try_out(runner, uid, directory)
        if not reason:
            return Choice(runner, tuple(tried))
        tried.append((name, reason))
    return Choice(None, tuple(tried))


def _found(name: str) -> str | None:
    """The first program of ``PATH`` with a name; entries that depend on where we are left out."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.realpath(path)  # whoever it runs as may not go through links to it
    return None


def try_out(runner: Runner, uid: int = 0, directory: str | None = None) -> str:
    """Run something that does nothing; why that is not possible, empty where it is."""
    data = probe.program()
    try:
        with tempfile.TemporaryDirectory(prefix="seawall-", dir=directory) as root:
            os.chmod(root, 0o755)  # noqa: S103 - it is the root of the process
            if data is not None:
                path = os.path.join(root, _PROBE)
                with open(path, "xb") as file:
                    file.write(data)
                os.chmod(path, 0o755)  # noqa: S103 - as above
            process = Process((f"/{_PROBE}",), (("PATH", "/"),), "/", uid, uid)
            with runner.start(Room(root), process) as running:
                ended = running.wait(_PATIENCE)
                if ended is None:
                    return f"does not end within {_PATIENCE:.0f} seconds"
                said = running.errors()[:400]
                if running.output() == probe.WORD and ended.status == probe.STATUS:
                    return ""
    except NotPossibleError as error:
        return str(error)
    except OSError as error:
        return f"there can be no temporary directory: {error.strerror}"
    told = said.decode("utf-8", "replace").strip() or ended.failure
    if data is None and any(each in told.lower().encode() for each in _NOT_THERE):
        return ""  # nothing was written for this machine: it came as far as to look for it
    return " ".join(told.split()) or f"ended with {ended.status}"

"""Containers: a program of an image, run by runc as an engine or a kubelet would.

A container has namespaces of its own, the network's included, so that ports never meet. It is
*confined* as Kubernetes' restricted profile and a read-only root have it: no capabilities, no new
privileges, nothing to write to but ``/tmp`` and what is mounted. Else it has what docker gives.
"""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.builds.machine import CommandError, run

_DOCKERS_CAPABILITIES = [
    f"CAP_{name}"
    for name in (
        "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP "
        "SETGID SETPCAP SETUID SYS_CHROOT"
    ).split()
]
_NAMESPACES = ("pid", "ipc", "uts", "mount", "network")
_WAIT = 30
"""Seconds that a program may take to answer."""
_CLIENT = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=5) as answer:
    sys.stdout.buffer.write(b"%d " % answer.status + answer.read())
"""


class Identity(NamedTuple):
    """What the kernel says of a container's first process."""

    uid: int
    gid: int
    root_is_read_only: bool
    capabilities: int
    """The effective set, as a bit mask."""


class Container(NamedTuple):
    """A root file system with the configuration of its image, and how it is to be run."""

    root: Path
    configuration: Mapping[str, Any]
    confined: bool = False
    writable: Sequence[str] = ()
    """Directories that everybody may write to, as Kubernetes makes its emptyDir."""

    @property
    def user(self) -> tuple[int, int]:
        """The user and group that USER names, as engines find them out."""
        name, colon, group = (self.configuration.get("User") or "0").partition(":")
        uid, gid = _numbers(self.root / "etc/passwd", name) or (int(name), 0)
        if colon:
            found = _numbers(self.root / "etc/group", group)
            gid = found[0] if found else int(group)
        return uid, gid

    @property
    def arguments(self) -> list[str]:
        """The command line: ENTRYPOINT and CMD."""
        value = self.configuration
        return [*(value.get("Entrypoint") or ()), *(value.get("Cmd") or ())]

    def identity(self) -> Identity:
        """Who the program's process is, looked at right before it runs the program."""
        with self._bundle() as (bundle, state):
            name = _name()
            with (bundle / "log").open("wb") as log:
                _call(state, "create", "--bundle", str(bundle), name, output=log)
            try:
                status = Path("/proc", str(_pid(state, name)), "status").read_text()
                mounts = Path("/proc", str(_pid(state, name)), "mountinfo").read_text()
            finally:
                run(["runc", "--root", state, "delete", "--force", name])
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        root = next(line.split() for line in mounts.splitlines() if line.split()[4] == "/")
        return Identity(
            int(fields["Uid"].split()[1]), int(fields["Gid"].split()[1]),
            "ro" in root[5].split(","), int(fields["CapEff"], 16),
        )  # fmt: skip

    def output(self, arguments: Sequence[str] = ()) -> str:
        """What the program says until it ends: its output, errors and exit code."""
        with self._bundle(arguments) as (bundle, state):
            try:
                done = subprocess.run(
                    ["runc", "--root", state, "run", "--bundle", bundle, _name()],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, errors="replace", timeout=_WAIT, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired as error:
                raise CommandError(f"{self.arguments}: still running after {_WAIT} s") from error
        return f"{done.stdout}exit code {done.returncode}\n"

    def answer(self, url: str) -> str:
        """What the program answers to an HTTP request: the status and the body."""
        with self._bundle() as (bundle, state):
            name = _name()
            log = bundle / "log"
            with log.open("wb") as stream:
                process = subprocess.Popen(
                    ["runc", "--root", state, "run", "--bundle", bundle, name],
                    stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
                )  # fmt: skip
            try:
                return _asked(state, name, url, process, log)
            finally:
                subprocess.run(
                    ["runc", "--root", state, "delete", "--force", name],
                    check=False, capture_output=True,
                )  # fmt: skip
                process.wait(timeout=_WAIT)

    @contextmanager
    def _bundle(self, arguments: Sequence[str] = ()) -> Iterator[tuple[Path, str]]:
        """The directory that runc is given, and the one of its state."""
        with TemporaryDirectory() as work:
            bundle = Path(work)
            specification = self._specification(
                arguments, _empty_directories(bundle, self.writable)
            )
            (bundle / "config.json").write_text(json.dumps(specification))
            yield bundle, str(bundle / "state")

    def _specification(
        self, arguments: Sequence[str], directories: Mapping[str, Path]
    ) -> Mapping[str, Any]:
        """OCI runtime specification 1.0.2, config.json."""
        uid, gid = self.user
        names = [] if self.confined else _DOCKERS_CAPABILITIES
        held = names if uid == 0 else []
        home = _home(self.root / "etc/passwd", uid)
        environment = [*(self.configuration.get("Env") or ()), f"HOME={home}"]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "terminal": False,
                "user": {"uid": uid, "gid": gid},
                "args": [*(arguments or self.arguments)],
                "env": environment,
                "cwd": self.configuration.get("WorkingDir") or "/",
                "noNewPrivileges": self.confined,
                "capabilities": {"bounding": names, "effective": held, "permitted": held},
            },
            "root": {"path": str(self.root), "readonly": self.confined},
            "hostname": "container",
            "mounts": _mounts(directories),
            "linux": {
                "namespaces": [{"type": name} for name in _NAMESPACES],
                # as docker and containerd do since 2020
                "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"},
                "maskedPaths": ["/proc/kcore"],
                "readonlyPaths": ["/proc/sys"],
            },
        }


def _empty_directories(bundle: Path, places: Sequence[str]) -> Mapping[str, Path]:
    result = {}
    for number, place in enumerate(places):
        result[place] = bundle / f"empty-{number}"
        result[place].mkdir()
        result[place].chmod(0o1777)
    return result


def _mounts(directories: Mapping[str, Path]) -> list[Mapping[str, Any]]:
    def mount(place: str, kind: str, *options: str) -> Mapping[str, Any]:
        return {"destination": place, "type": kind, "source": kind, "options": options}

    private = ("nosuid", "nodev")
    return [
        mount("/proc", "proc"),
        mount("/dev", "tmpfs", "nosuid", "mode=755", "size=65536k"),
        mount("/dev/pts", "devpts", "newinstance", "ptmxmode=0666", "mode=0620"),
        mount("/dev/shm", "tmpfs", *private, "mode=1777"),
        *(
            {**mount(place, "bind", "rbind", "rw", *private), "source": str(directory)}
            for place, directory in directories.items()
        ),
    ]


def _name() -> str:
    return f"seawall-{uuid.uuid4().hex[:12]}"


def _call(state: str, *arguments: str, output: Any) -> None:
    command = ["runc", "--root", state, *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=_WAIT, check=False
    )
    if done.returncode:
        raise CommandError(f"{' '.join(command)}: {Path(output.name).read_text(errors='replace')}")


def _pid(state: str, name: str) -> int:
    value = json.loads(run(["runc", "--root", state, "state", name]))
    return int(value["pid"])


def _asked(state: str, name: str, url: str, process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Ask until there is an answer, from within the container's network."""
    end = time.monotonic() + _WAIT
    said = ""
    while time.monotonic() < end:
        if process.poll() is not None:
            raise CommandError(
                f"it ended with {process.returncode}: {log.read_text(errors='replace')}"
            )
        try:
            pid = str(_pid(state, name))
            return run(["nsenter", "--target", pid, "--net", sys.executable, "-c", _CLIENT, url])
        except CommandError as error:
            said = str(error).splitlines()[-1]
            time.sleep(0.1)
    raise CommandError(
        f"no answer from {url} after {_WAIT} s: {said}\n{log.read_text(errors='replace')}"
    )


def _rows(path: Path) -> Iterator[list[str]]:
    if path.is_file():
        yield from (line.split(":") for line in path.read_text().splitlines())


def _numbers(path: Path, name: str) -> tuple[int, int] | None:
    """User and group of a row of passwd, or the group of one of group."""
    for row in _rows(path):
        if name in (row[0], row[2]):
            return int(row[2]), int(row[3]) if path.name == "passwd" else 0
    return None


def _home(path: Path, uid: int) -> str:
    return next((row[5] for row in _rows(path) if row[2] == str(uid)), "/")

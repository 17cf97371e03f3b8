"""Hosts for tests: each a process tree with a network, mounts and process ids of its own.

They hang on one wire, a bridge in another namespace, and have nothing but addresses on it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seawall.mesh.agents import telling
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.hosting import network, running
from seawall.mesh.hosting.invitation import Invitation, written
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.reading import load
from seawall.mesh.proxies import program

_WITHIN = 60.0
_LETTERS = iter("xyzuvw")
"""Names of meshes that are up at once in one process."""
_ENTER = (
    "mount -t tmpfs tmpfs /run/netns && mkdir -p /etc/netns && mount -t tmpfs tmpfs /etc/netns && "
    'exec "$@"'
)
"""Names of network namespaces, and their files, are each host's own."""


def until(is_so: Callable[[], object], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OperatorError):
            if is_so():
                return True
        time.sleep(0.1)
    return False


class Host:
    """One host, on which the mesh is up or not."""

    def __init__(self, wire: "Wire", name: str, address: str) -> None:
        self.wire = wire
        self.name = name
        self.address = address
        self.namespace = f"{wire.name}{name}"
        base = wire.directory / name
        base.mkdir(mode=0o755)
        self.layout = Layout(wire.name, str(base / "state"), str(base / "run"))
        self.said = base / "said"
        self.process: subprocess.Popen[bytes] | None = None
        self.pid = 0
        """Of the process that keeps the mesh up, as the test sees it."""

    def start(self, invitation: str = "", fingerprint: str = "") -> None:
        """Begin to bring the mesh up."""
        command = [
            "ip", "netns", "exec", self.namespace, "unshare", "--mount", "--pid", "--fork",
            "--mount-proc", "--kill-child", "sh", "-c", _ENTER, "sh", sys.executable, "-m",
            __name__, str(self.wire.description), self.name, *self.layout[:3], fingerprint,
        ]  # fmt: skip
        with self.said.open("ab") as stream:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream,
                cwd=Path(__file__).parents[3],
            )  # fmt: skip
        assert self.process.stdin is not None
        self.process.stdin.write(invitation.encode())
        self.process.stdin.close()

    def wait(self) -> None:
        """Until the mesh is up here."""
        process = self.process
        assert process is not None
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        deadline = time.monotonic() + _WITHIN
        while not process.stdout.read(6):
            assert process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.02)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        self.pid = int(children.split()[0])

    def fails(self) -> bool:
        """Whether bringing the mesh up here ends in an error."""
        process, self.process = self.process, None
        assert process is not None
        assert process.stdout is not None
        code = process.wait(_WITHIN)
        process.stdout.close()
        return code != 0

    def up(self, invitation: str = "", fingerprint: str = "") -> None:
        self.start(invitation, fingerprint)
        self.wait()

    def down(self) -> int:
        """Stop the mesh here, politely; its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
        else:
            process.kill()
        code = process.wait()
        assert process.stdout is not None
        process.stdout.close()
        self.pid = 0
        return code

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Something on this host."""
        enter = ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "--"]
        return subprocess.run([*enter, *command], capture_output=True, text=True, check=False)

    def curl(self, workload: str, address: str) -> "subprocess.CompletedProcess[str]":
        """A request by a program of a workload."""
        inside = network.prefix_of(self.layout.mesh) + workload
        user = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups")
        return self.run(
            "ip", "netns", "exec", inside, *user, "curl", "-sS", "-m", "5", address
        )  # fmt: skip

    def pids(self, words: str) -> list[int]:
        """Processes on this host, as it sees them."""
        return [int(own) for own in self.run("pgrep", "-f", words).stdout.split()]

    def kill(self, words: str) -> None:
        for pid in self.pids(words):
            self.run("kill", "-9", str(pid))

    def told(self) -> dict[str, Any]:
        """What the agent here says of itself."""
        return telling.read(self.layout.agent_status) or {}

    def ask(self, method: str, **message: object) -> dict[str, Any]:
        return ask(self.layout.operator, method, **message)

    def invite(self, host: str) -> str:
        """The text that lets another host join, made where the controller is."""
        given = self.ask("Token", host=host)
        return written(Invitation(host, given["token"], given["bundle"]))


class Wire:
    """Several hosts and what is between them."""

    def __init__(self, name: str, directory: Path, hosts: Sequence[str], text: str) -> None:
        self.name = name
        self.directory = directory
        self.description = directory / "mesh.yaml"
        self.description.write_text(text)
        self.hosts = {
            own: Host(self, own, f"192.0.2.{number + 10}") for number, own in enumerate(hosts)
        }
        self.between = f"{name}wire"
        self._others: list[str] = []

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def plug(self) -> None:
        _ip("netns", "add", self.between)
        _ip("-n", self.between, "link", "add", "wire", "type", "bridge")
        _ip("-n", self.between, "link", "set", "wire", "up")
        for number, host in enumerate(self.hosts.values()):
            _ip("netns", "add", host.namespace)
            _ip("-n", self.between, "link", "add", f"to{number}", "type", "veth", "peer", "name",
                "eth0", "netns", host.namespace)  # fmt: skip
            _ip("-n", self.between, "link", "set", f"to{number}", "master", "wire", "up")
            _ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", host.namespace, "link", "set", "eth0", "up")
            _ip("-n", host.namespace, "link", "set", "lo", "up")

    def cut(self, name: str, *, off: bool) -> None:
        """Pull a host's plug, or put it in again."""
        number = list(self.hosts).index(name)
        _ip("-n", self.between, "link", "set", f"to{number}", "down" if off else "up")

    def plain(self, name: str, address: str) -> str:
        """Another host on the wire, which knows of no mesh; the name of its namespace."""
        namespace = f"{self.name}{name}"
        self._others.append(namespace)
        _ip("netns", "add", namespace)
        _ip("-n", self.between, "link", "add", name, "type", "veth", "peer", "name", "eth0",
            "netns", namespace)  # fmt: skip
        _ip("-n", self.between, "link", "set", name, "master", "wire", "up")
        _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        return namespace

    def end(self) -> None:
        for host in self.hosts.values():
            host.down()
        made = [self.between, *(host.namespace for host in self.hosts.values()), *self._others]
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@contextmanager
def wired(hosts: Sequence[str], text: str) -> Iterator[Wire]:
    """Hosts on a wire; ``NAME`` in the description is the mesh's name."""
    name = f"h{os.getpid() % 100_000}{next(_LETTERS)}"
    with tempfile.TemporaryDirectory(prefix="sw-hosts-") as made:
        directory = Path(made)
        directory.chmod(0o755)
        wire = Wire(name, directory, hosts, text.replace("NAME", name))
        try:
            wire.plug()
            yield wire
        finally:
            wire.end()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    description, host, mesh, state, run, fingerprint = sys.argv[1:]
    plan = load(description)
    part = running.part_of(plan, host, sys.stdin.buffer.read(), fingerprint)
    running.keep_up(plan, Layout(mesh, state, run), program.find(), _say_ready, part)

"""A mesh from its start to its end: one process that stays, and how it is taken down by another."""

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable

from seawall.mesh.hosting import bell, network, numbers
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.invitation import invitation_in
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.hosting.state import Part
from seawall.mesh.hosting.supervisor import Supervisor
from seawall.mesh.plan.reading import Plan
from seawall.mesh.redirect import loading
from seawall.mesh.redirect.errors import RedirectError

_PATIENCE = 10.0
_ALL_OF_IT = Part()


def check_host() -> None:
    """Refuse a machine that cannot do it, before anything is made."""
    if not sys.platform.startswith("linux"):
        raise HostError(
            "seawall mesh up needs Linux: network namespaces and nftables; elsewhere use mesh "
            "inject and mesh manifests for a cluster"
        )
    if os.geteuid() != 0:
        raise HostError("seawall mesh up needs root for namespaces and rules: use sudo")


def part_of(plan: Plan, host: str, invitation: bytes = b"", fingerprint: str = "") -> Part:
    """What of a mesh is on a host; raises :class:`HostError` where it has none of that name."""
    known = ", ".join(own.name for own in plan.hosts)
    if not plan.hosts:
        if host or invitation:
            raise HostError(f"{plan.path} names no hosts: add them, or leave --host and --join out")
        return Part()
    if not host:
        raise HostError(f"{plan.path} is for several hosts: say which this is by --host ({known})")
    if host not in [own.name for own in plan.hosts]:
        raise HostError(f"{plan.path} has no host {host!r}: name one of {known}")
    if not invitation:
        return Part(host)
    return Part(host, invitation_in(invitation, host, fingerprint))


def keep_up(
    plan: Plan, layout: Layout, envoy: str, ready: Callable[[], None], part: Part = _ALL_OF_IT
) -> None:
    """Bring a mesh up, say when it is ready, and keep it up until told to stop."""
    held = _hold(layout)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: stopped.append(received))
    try:
        _note(held)
        _clean(layout)  # what was left of one that was killed
        place = numbers.take(layout.run)
        try:
            supervisor = Supervisor(plan, layout._replace(place=place.number), envoy, part)
            try:
                supervisor.begin()
                ready()
                with bell.hung() as own:
                    while not stopped:
                        own.wait(supervisor.watch())
            finally:
                supervisor.end()
        finally:
            place.leave()
    finally:
        _clean(layout)
        _let_go(layout, held)


def _hold(layout: Layout, patience: float = 0.0) -> int:
    """Be the only one that brings a mesh up or takes it down: a lock, which ends with the process.

    The file is root's alone, since who can open it can lock it.
    """
    deadline = time.monotonic() + patience
    os.makedirs(layout.run_root, exist_ok=True)
    while True:
        descriptor = os.open(layout.supervisor, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there_still(descriptor, layout.supervisor):
                return descriptor
        except OSError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise HostError(
                    f"{layout.mesh} is up already: seawall mesh apply changes it, seawall mesh "
                    f"down {layout.mesh} takes it down"
                ) from None
        os.close(descriptor)
        time.sleep(0.02)


def _is_there_still(descriptor: int, path: str) -> bool:
    """Whether an open file is the one of its name: who held it before may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _note(held: int) -> None:
    os.truncate(held, 0)
    os.write(held, f"{os.getpid()}\n".encode())


def _let_go(layout: Layout, held: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(layout.supervisor)
    os.close(held)


def running(layout: Layout) -> int:
    """The process that keeps a mesh up; 0 where there is none."""
    try:
        with open(layout.supervisor, encoding="ascii") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(stream.read() or 0)
    except (OSError, ValueError):
        return 0
    return 0


def take_down(layout: Layout) -> bool:
    """Stop a mesh, and remove what one that was killed has left; whether there was anything."""
    pid = running(layout)
    if pid:
        _end(pid, layout)
    held = _hold(layout, _PATIENCE)
    try:
        left = bool(pid) or os.path.exists(layout.run) or bool(network.namespaces_of(layout.mesh))
        _clean(layout)
        numbers.leave_all(layout.run)
    finally:
        _let_go(layout, held)
    return left


def _end(pid: int, layout: Layout) -> None:
    """Let the supervisor end, and end it where it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if running(layout) != pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + _PATIENCE + _drain_of(layout)
        while running(layout) == pid and time.monotonic() < deadline:
            time.sleep(0.02)


def _clean(layout: Layout) -> None:
    """Remove all that a mesh has left on this host but its authority and its logs."""
    network.kill_all(lambda: _own_processes(layout))
    network.remove(layout.mesh)
    with contextlib.suppress(RedirectError):  # without nft there are no rules
        loading.unload_table(layout.mesh)
    _sweep(layout)


def _own_processes(layout: Layout) -> set[int]:
    """Our own processes for a mesh outside of its namespaces."""
    return {
        int(entry)
        for entry in os.listdir("/proc")
        if entry.isdigit() and _is_for(int(entry), layout)
    }


def _drain_of(layout: Layout) -> int:
    """Seconds that the supervisor lets requests take."""
    try:
        with open(layout.drain, encoding="ascii") as stream:
            return int(stream.read(10))
    except (OSError, ValueError):
        return 0


def _is_for(pid: int, layout: Layout) -> bool:
    """Whether a process is one of a mesh that is in no namespace of it."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            words = stream.read().split(b"\0")
    except OSError:
        return False
    if any(word.startswith(f"{layout.run}/proxies/".encode()) for word in words):
        return True
    if b"seawall.mesh.control.process" in words:
        # Of several controllers each has a directory of its own there.
        doors = layout.doors.encode()
        return any(word == doors or word.startswith(doors + b"/") for word in words)
    if b"seawall.mesh.workloads.attestor" in words:
        return layout.attestor.encode() in words
    return b"seawall.mesh.agents.process" in words and layout.mesh.encode() in words


def _sweep(layout: Layout) -> None:
    """Remove the files of a mesh that is down; its authority and its logs stay."""
    if os.path.isdir(layout.logs):
        with contextlib.suppress(OSError):
            shutil.rmtree(layout.old_logs, ignore_errors=True)
            shutil.copytree(layout.logs, layout.old_logs)
    shutil.rmtree(layout.run, ignore_errors=True)
    for name in os.listdir("/etc/netns") if os.path.isdir("/etc/netns") else ():
        if name.startswith(network.prefix_of(layout.mesh)):
            shutil.rmtree(os.path.join("/etc/netns", name), ignore_errors=True)

"""A mesh from its start to its end: one process that stays, and how it is taken down by another."""

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable

from seawall.mesh.hosting import network
from seawall.mesh.hosting.commands import tried
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.hosting.supervisor import Supervisor
from seawall.mesh.plan.reading import Plan

_PATIENCE = 10.0


def check_host() -> None:
    """Refuse a machine that cannot do it, before anything is made."""
    if not sys.platform.startswith("linux"):
        raise HostError(
            "seawall mesh up needs Linux: network namespaces and nftables; elsewhere use mesh "
            "inject and mesh manifests for a cluster"
        )
    if os.geteuid() != 0:
        raise HostError("seawall mesh up needs root for namespaces and rules: use sudo")


def keep_up(plan: Plan, layout: Layout, envoy: str, ready: Callable[[], None]) -> None:
    """Bring a mesh up, say when it is ready, and keep it up until told to stop."""
    if running(layout):
        raise HostError(f"{plan.mesh} is up already: first say seawall mesh down {plan.mesh}")
    take_down(layout)  # what was left of one that was killed
    held = _hold(layout)
    supervisor = Supervisor(plan, layout, envoy)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopped.append(received))
    try:
        supervisor.begin()
        ready()
        while not stopped:
            supervisor.watch()
    finally:
        supervisor.end()
        _sweep(layout)
        os.close(held)


def _hold(layout: Layout) -> int:
    """Note that this process keeps the mesh up: by a lock, which ends as the process does."""
    os.makedirs(layout.run, exist_ok=True)
    descriptor = os.open(layout.supervisor, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise HostError(
            f"{layout.mesh} is up already: first say seawall mesh down {layout.mesh}"
        ) from None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


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
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while running(layout) and time.monotonic() < deadline:
            time.sleep(0.02)
    left = bool(pid) or os.path.exists(layout.run) or bool(network.namespaces_of(layout.mesh))
    if running(layout):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _kill_leftovers(layout)
    network.remove(layout.mesh)
    _sweep(layout)
    return left


def _kill_leftovers(layout: Layout) -> None:
    """End what runs in the namespaces of the mesh, and our own processes for it."""
    pids: set[int] = set()
    for name in network.namespaces_of(layout.mesh):
        pids.update(map(int, tried("ip", "netns", "pids", name).stdout.split()))
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _is_for(int(entry), layout):
            pids.add(int(entry))
    for pid in pids - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _is_for(pid: int, layout: Layout) -> bool:
    """Whether a process is the controller or the agent of a mesh: it has its directory open."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            words = stream.read().split(b"\0")
    except OSError:
        return False
    if b"seawall.mesh.control.process" in words:
        return layout.doors.encode() in words
    if b"seawall.mesh.workloads.attestor" in words:
        return layout.attestor.encode() in words
    return b"seawall.mesh.agents.process" in words and layout.mesh.encode() in words


def _sweep(layout: Layout) -> None:
    """Remove the files of a mesh that is down; its authority and its logs stay."""
    logs = layout.logs
    if os.path.isdir(logs):
        kept = os.path.join(layout.state, "logs")
        with contextlib.suppress(OSError):
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(logs, kept)
    shutil.rmtree(layout.run, ignore_errors=True)
    for name in os.listdir("/etc/netns") if os.path.isdir("/etc/netns") else ():
        if name.startswith(network.prefix_of(layout.mesh)):
            shutil.rmtree(os.path.join("/etc/netns", name), ignore_errors=True)

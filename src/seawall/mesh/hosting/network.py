"""The network of a mesh on one host: a bridge in a namespace of its own, a cable to each workload.

Nothing of it is seen by the host's own network, so it clashes with none of its addresses or
rules. All names begin with the mesh's, so that it can be taken down by them.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from seawall.mesh.hosting.commands import batch, run, tried
from seawall.mesh.hosting.errors import HostError

BRIDGE = "mesh0"
PORT = "eth0"
_PREFIX = "seawall-"
_PATIENCE = 5.0
_MIGRATE = "/proc/sys/net/ipv4/tcp_migrate_req"
RANGE_4 = IPv4Network("10.77.0.0/16")
RANGE_6 = IPv6Network("fd77:5ea:a11::/64")


class Place(NamedTuple):
    """Where a workload lives."""

    namespace: str
    """The name of its network namespace (ip-netns(8))."""
    addresses: tuple[str, str]
    """IPv4, IPv6."""

    @property
    def enter(self) -> tuple[str, ...]:
        """The command that runs another one there."""
        return ("ip", "netns", "exec", self.namespace)


def place_of(mesh: str, workload: str, number: int) -> Place:
    """Where the workload with a number, from 1 on, lives."""
    return Place(prefix_of(mesh) + workload, (str(RANGE_4[number + 1]), str(RANGE_6[number + 1])))


def prefix_of(mesh: str) -> str:
    """What the names of a mesh's namespaces begin with; no name of a mesh has a dot."""
    return f"{_PREFIX}{mesh}."


def switch_of(mesh: str) -> str:
    """The namespace of the bridge; no workload has a name that begins with a dot."""
    return f"{prefix_of(mesh)}.switch"


def build(mesh: str, places: Sequence[Place]) -> None:
    """Make the namespaces and cables. What was left of an earlier mesh of the name goes first."""
    remove(mesh)
    switch = switch_of(mesh)
    batch([f"netns add {name}" for name in (switch, *(place.namespace for place in places))])
    batch(
        [
            f"link add cable{number} netns {switch} type veth peer name {PORT} "
            f"netns {place.namespace}"
            for number, place in enumerate(places)
        ]
    )
    cables = [line for number in range(len(places)) for line in _plugged(number)]
    run(
        "ip", "-netns", switch, "-batch", "-",
        stdin="\n".join((f"link add {BRIDGE} type bridge", *cables, f"link set {BRIDGE} up", "")),
    )  # fmt: skip
    for place in places:
        # A proxy that takes another one's place takes what has come to that one, too; older kernels
        # (before Linux 5.14) do not have it.
        tried(*place.enter, "sh", "-c", f"echo 1 > {_MIGRATE}")
        run("ip", "-netns", place.namespace, "-batch", "-", stdin="\n".join(_inside(place)))


def _plugged(number: int) -> tuple[str, str]:
    return (f"link set cable{number} master {BRIDGE}", f"link set cable{number} up")


def _inside(place: Place) -> list[str]:
    ipv4, ipv6 = place.addresses
    return [
        "link set lo up",
        f"addr add {ipv4}/{RANGE_4.prefixlen} dev {PORT}",
        # No other machine has it: there is no need to ask around first.
        f"addr add {ipv6}/{RANGE_6.prefixlen} dev {PORT} nodad",
        f"link set {PORT} up",
        f"route add default dev {PORT}",
        f"route add ::/0 dev {PORT}",
        "",
    ]


def namespaces_of(mesh: str) -> list[str]:
    """The namespaces of a mesh that are there."""
    said = tried("ip", "-json", "netns", "list")
    found = json.loads(said.stdout) if said.returncode == 0 and said.stdout.strip() else []
    names = [str(item["name"]) for item in found]
    return [name for name in names if name.startswith(prefix_of(mesh))]


def processes_of(mesh: str) -> set[int]:
    """What runs in the namespaces of a mesh, whoever has started it."""
    found: set[int] = set()
    for name in namespaces_of(mesh):
        found.update(map(int, tried("ip", "netns", "pids", name).stdout.split()))
    return found


def remove(mesh: str) -> None:
    """Take the network away, whatever is left of it; cables go with their namespaces.

    What runs there still is ended: a program may have left the session that it was started in.
    """
    kill_all(lambda: processes_of(mesh))
    names = namespaces_of(mesh)
    if names:
        # One that is half made does not keep the others.
        tried(
            "ip", "-force", "-batch", "-", stdin="".join(f"netns delete {name}\n" for name in names)
        )
        left = namespaces_of(mesh)
        if left:
            raise HostError(f"ip netns delete {left[0]} does not work: see that nothing mounts it")


def kill_all(find: Callable[[], set[int]]) -> None:
    """End processes for good, and those that they start meanwhile."""
    deadline = time.monotonic() + _PATIENCE
    while found := find() - {os.getpid()}:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise HostError(f"process {min(found)} cannot be ended: see dmesg")
        time.sleep(0.01)

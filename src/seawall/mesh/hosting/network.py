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
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from seawall.mesh.hosting.commands import batch, run, tried
from seawall.mesh.hosting.errors import HostError

BRIDGE = "mesh0"
PORT = "eth0"
_TUNNEL = "hosts0"
VXLAN_PORT = 4789
TUNNEL_MTU = 1430
"""Bytes of a packet between hosts whose links carry 1500: VXLAN over IPv6 takes 70."""
_PREFIX = "seawall-"
_PATIENCE = 5.0
_MIGRATE = "/proc/sys/net/ipv4/tcp_migrate_req"
RANGE_4 = IPv4Network("10.77.0.0/16")
RANGE_6 = IPv6Network("fd77:5ea:a11::/64")


class Far(NamedTuple):
    """A workload of another host, and the address by which this host reaches that one."""

    number: int
    host: str


class Tunnel(NamedTuple):
    """How frames reach other hosts: VXLAN (RFC 7348), each peer known beforehand."""

    own: str
    """This host's address."""
    far: tuple[Far, ...]


class Place(NamedTuple):
    """Where a workload lives."""

    namespace: str
    """The name of its network namespace (ip-netns(8))."""
    addresses: tuple[str, str]
    """IPv4, IPv6."""
    number: int = 0
    """From 1 on; no two workloads of a mesh have the same, on whatever host."""

    @property
    def enter(self) -> tuple[str, ...]:
        """The command that runs another one there."""
        return ("ip", "netns", "exec", self.namespace)


def place_of(mesh: str, workload: str, number: int) -> Place:
    """Where the workload with a number, from 1 on, lives."""
    addresses = str(RANGE_4[number + 1]), str(RANGE_6[number + 1])
    return Place(prefix_of(mesh) + workload, addresses, number)


def hardware_address(number: int) -> str:
    """That of the workload with a number: told to other hosts beforehand, so nothing is learnt."""
    return f"02:5e:a1:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def prefix_of(mesh: str) -> str:
    """What the names of a mesh's namespaces begin with; no name of a mesh has a dot."""
    return f"{_PREFIX}{mesh}."


def switch_of(mesh: str) -> str:
    """The namespace of the bridge; no workload has a name that begins with a dot."""
    return f"{prefix_of(mesh)}.switch"


def build(mesh: str, places: Sequence[Place], tunnel: Tunnel | None = None) -> None:
    """Make the namespaces and cables. What was left of an earlier mesh of the name goes first."""
    remove(mesh)
    size = f"mtu {TUNNEL_MTU} " if tunnel else ""
    switch = switch_of(mesh)
    batch([f"netns add {name}" for name in (switch, *(place.namespace for place in places))])
    batch([_cable(switch, place, size) for place in places])
    cables = [line for place in places for line in _plugged(place)]
    run(
        "ip", "-netns", switch, "-batch", "-",
        stdin="\n".join((f"link add {BRIDGE} type bridge", *cables, f"link set {BRIDGE} up", "")),
    )  # fmt: skip
    if tunnel:
        _connect(mesh, tunnel)
    for place in places:
        _settle(place)


def add(mesh: str, place: Place, *, has_tunnel: bool = False) -> None:
    """Make one namespace more, with its cable, in a mesh that is up."""
    switch, size = switch_of(mesh), f"mtu {TUNNEL_MTU} " if has_tunnel else ""
    batch([f"netns add {place.namespace}"])
    batch([_cable(switch, place, size)])
    run("ip", "-netns", switch, "-batch", "-", stdin="\n".join((*_plugged(place), "")))
    _settle(place)


def take_away(place: Place) -> None:
    """Remove one namespace, whatever runs there still; its cable goes with it."""
    kill_all(lambda: _processes_in(place.namespace))
    run("ip", "netns", "delete", place.namespace)


def _cable(switch: str, place: Place, size: str) -> str:
    return (
        f"link add cable{place.number} netns {switch} {size}type veth peer name {PORT} "
        f"address {hardware_address(place.number)} {size}netns {place.namespace}"
    )


def _settle(place: Place) -> None:
    # A proxy that takes another one's place takes what has come to that one, too; older kernels
    # (before Linux 5.14) do not have it.
    tried(*place.enter, "sh", "-c", f"echo 1 > {_MIGRATE}")
    run("ip", "-netns", place.namespace, "-batch", "-", stdin="\n".join(_inside(place)))


def _connect(mesh: str, tunnel: Tunnel) -> None:
    """Lead the bridge to other hosts.

    The device is made in the host's own namespace, where its packets travel, and put into that of
    the bridge, where its frames are. Who is behind which host is told, not learnt: a stranger who
    sends frames cannot draw a workload's to himself.
    """
    switch = switch_of(mesh)
    address = ip_address(tunnel.own)
    device = f"link add {_TUNNEL} netns {switch} mtu {TUNNEL_MTU} type vxlan"
    batch([f"{device} id {network_id(mesh)} local {address} dstport {VXLAN_PORT} nolearning"])
    run(
        "ip", "-netns", switch, "-batch", "-",
        stdin=f"link set {_TUNNEL} master {BRIDGE}\nlink set {_TUNNEL} up\n",
    )  # fmt: skip
    lines = [f"link set dev {_TUNNEL} learning off"]
    lines += [line for own in tunnel.far for line in _known("append", own)]
    lines += [_flooded("append", host) for host in sorted({own.host for own in tunnel.far})]
    run("bridge", "-netns", switch, "-batch", "-", stdin="\n".join([*lines, ""]))


def redirect_tunnel(mesh: str, before: Tunnel, after: Tunnel) -> None:
    """Lead the bridge to other workloads of other hosts than before."""
    gone, come = set(before.far) - set(after.far), set(after.far) - set(before.far)
    hosts_before, hosts = ({own.host for own in tunnel.far} for tunnel in (before, after))
    lines = [line for own in sorted(gone) for line in _known("delete", own)]
    lines += [line for own in sorted(come) for line in _known("append", own)]
    lines += [_flooded("delete", host) for host in sorted(hosts_before - hosts)]
    lines += [_flooded("append", host) for host in sorted(hosts - hosts_before)]
    if lines:
        run("bridge", "-netns", switch_of(mesh), "-batch", "-", stdin="\n".join([*lines, ""]))


def _known(word: str, own: Far) -> tuple[str, str]:
    address = hardware_address(own.number)
    return (
        f"fdb {word} {address} dev {_TUNNEL} dst {ip_address(own.host)}",
        f"fdb {word} {address} dev {_TUNNEL} master static",
    )


def _flooded(word: str, host: str) -> str:
    """What is for everybody goes to each host (neighbours are asked for so)."""
    return f"fdb {word} 00:00:00:00:00:00 dev {_TUNNEL} dst {ip_address(host)}"


def network_id(mesh: str) -> int:
    """The VXLAN network identifier of a mesh, 24 bits, from its name."""
    return int.from_bytes(sha256(mesh.encode()).digest()[:3], "big") or 1


def _plugged(place: Place) -> tuple[str, str]:
    name = f"cable{place.number}"
    return (f"link set {name} master {BRIDGE}", f"link set {name} up")


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
        found |= _processes_in(name)
    return found


def _processes_in(namespace: str) -> set[int]:
    return set(map(int, tried("ip", "netns", "pids", namespace).stdout.split()))


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

"""What there is to attack on this host: workloads, where they live, and who runs in them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from seawall.mesh.hosting import network
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.model import Port, Protocol
from seawall.mesh.verifying.attacker import NOBODY
from seawall.mesh.verifying.errors import VerifyError


class Target(NamedTuple):
    """A workload of this host."""

    name: str
    id: str
    addresses: tuple[str, ...]
    ports: tuple[Port, ...]
    namespace: str
    proxy_user: int
    user: int
    """That of its program; of nobody where none runs."""
    admin: str
    """The administration socket of its proxy."""
    log: str
    """What its proxy writes."""


class Edge(NamedTuple):
    """Who may call whom."""

    caller: str
    callee: str
    port: int
    protocol: Protocol


def targets_of(layout: Layout, status: Mapping[str, Any], wanted: Sequence[str]) -> list[Target]:
    """The workloads of this host, or those of them that are wanted."""
    here = set(network.namespaces_of(layout.mesh))
    found = []
    for name, own in status["workloads"].items():
        namespace = network.prefix_of(layout.mesh) + name
        if namespace not in here or own["standing"] is None or (wanted and name not in wanted):
            continue
        ports = tuple(
            Port(number, Protocol(kind), bool(long)) for number, kind, long in own["ports"]
        )
        proxy_user = os.stat(layout.proxy(name)).st_uid
        found.append(
            Target(
                name, own["id"], tuple(own["standing"]["addresses"]), ports, namespace, proxy_user,
                user_in(namespace, proxy_user), layout.admin(name),
                os.path.join(layout.logs, f"{name}.proxy.log"),
            )
        )  # fmt: skip
    missing = set(wanted) - {own.name for own in found}
    if missing:
        raise VerifyError(f"{', '.join(sorted(missing))}: no workload that is up here; name others")
    if not found:
        raise VerifyError(f"no workload of {layout.mesh} is up on this host: see mesh status")
    return found


def edges_of(plain: Mapping[str, Any]) -> list[Edge]:
    """The edges that the controller tells."""
    return [
        Edge(own["from"], own["to"], own["port"], Protocol(own["protocol"]))
        for own in plain["edges"]
    ]


def user_in(namespace: str, proxy_user: int) -> int:
    """The user of the program in a namespace; nobody's id where there is none."""
    for pid in pids_in(namespace):
        try:
            user = os.stat(f"/proc/{pid}").st_uid
        except OSError:
            continue  # it has just ended
        if user not in (0, proxy_user):
            return user
    return NOBODY


def pids_in(namespace: str) -> Iterator[int]:
    """The processes in a namespace."""
    own = os.stat(os.path.join("/run/netns", namespace))
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            there = os.stat(f"/proc/{entry}/ns/net")
        except OSError:
            continue
        if (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino):
            yield int(entry)

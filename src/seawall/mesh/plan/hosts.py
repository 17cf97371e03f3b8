"""The hosts of a mesh that has several: ``hosts`` of its description.

::

    hosts:
      alpha: {address: 192.0.2.10, controller: true}
      beta: {address: 192.0.2.11}
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

from seawall.mesh.plan.document import Node

LOCAL = "local"
"""The name of the only host of a mesh that has one."""
JOIN_PORT, MAIN_PORT = 15012, 15013
"""TCP ports of the controller's two doors, unless others are named."""
MOST_HOSTS = 100


class Host(NamedTuple):
    """A host, by the name that its agent joins with."""

    name: str
    address: str
    """At which the other hosts reach it."""
    join: int = 0
    """The port of the controller's first door; 0: the controller is elsewhere."""
    main: int = 0

    @property
    def has_controller(self) -> bool:
        """Whether the controller runs there."""
        return bool(self.join)

    def door(self, port: int) -> str:
        """An address of the controller as gRPC takes it."""
        return f"[{self.address}]:{port}" if ":" in self.address else f"{self.address}:{port}"


def hosts_in(root: Node, is_name: Callable[[str], object]) -> tuple[Host, ...]:
    """The hosts that a description names; none where it is for one host.

    ``is_name`` tells whether a text can be a name.
    """
    if "hosts" not in root:
        return ()
    node = root.of("hosts")
    found: list[Host] = []
    for name, own in node.items():
        if not is_name(name):
            own.fail(f"{name!r} cannot be a name: use up to 40 small letters, digits and '-'")
        if len(found) == MOST_HOSTS:
            own.fail(f"more than {MOST_HOSTS} hosts: use a mesh of a cluster")
        host = _host(name, own)
        if any(host.address == other.address for other in found):
            own.of("address").fail(f"{host.address} is another host's: give each its own")
        found.append(host)
    if sum(host.has_controller for host in found) != 1:
        node.fail("one host has the controller: write controller: true at it, and at no other")
    return tuple(found)


def host_of(node: Node, hosts: tuple[Host, ...]) -> str:
    """The host of a workload."""
    if not hosts:
        if "host" in node:
            node.of("host").fail("the mesh names no hosts: add them under hosts, or remove it")
        return LOCAL
    return node.of("host").choice(*(host.name for host in hosts))


def _host(name: str, node: Node) -> Host:
    node.only("address", "controller")
    text = node.of("address").text()
    try:
        address = ip_address(text)
    except ValueError:
        node.of("address").fail(f"{text!r} is no address: write one like 192.0.2.10")
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        node.of("address").fail(f"{text} leads to no other host: write one at which it is reached")
    join, main = _doors(node)
    return Host(name, str(address), join, main)


def _doors(node: Node) -> tuple[int, int]:
    if "controller" not in node:
        return 0, 0
    own = node.of("controller")
    if not own.is_mapping:
        return (JOIN_PORT, MAIN_PORT) if own.boolean() else (0, 0)
    own.only("join", "main")
    join = own.of("join").whole_number(1, 65535) if "join" in own else JOIN_PORT
    main = own.of("main").whole_number(1, 65535) if "main" in own else MAIN_PORT
    if join == main:
        own.fail("the two doors need two ports: change one")
    return join, main

"""The parts of a description that are about the world outside.

::

    external:
      payments:
        host: api.pay.example.org
        ports: {80: {protocol: http, tls: {port: 443}}}
      warehouse:
        host: db.example.org
        ports: {5432: tcp}
        private: [10.20.0.0/16]
    egress: {resolvers: [192.0.2.53]}
    gateway:
      listen: 0.0.0.0:8443
      tls: {certificate: tls.crt, key: tls.key}
      routes:
        - {host: shop.example.org, path: /orders/*, to: orders, port: 8080}

What ``private`` leaves out of the ranges that are not public stays closed, whatever DNS answers.
"""

import os
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from seawall.core.lazy import pattern
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.document import Node, read
from seawall.mesh.plan.edges import (
    GATEWAY,
    SECRET,
    Edges,
    External,
    Gateway,
    Origin,
    Route,
    external_id,
)
from seawall.mesh.plan.model import Protocol, Workload
from seawall.mesh.plan.policy import path_of
from seawall.mesh.plan.ports import port_number, port_of

MOST_EXTERNALS = 1000
FIRST_4, FIRST_6 = IPv4Address("10.77.128.1"), IPv6Address("fd77:5ea:a11::1:1")
"""The addresses of destinations as applications see them; no workload has any of these."""
MOST_RESOLVERS = 3
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = pattern(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}\Z")
_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")
_PEM = "-----BEGIN CERTIFICATE-----"


def edges_in(root: Node, domain: SpiffeId, workloads: Mapping[str, Workload], base: str) -> Edges:
    """What a description says of the outside; paths of files are relative to ``base``."""
    externals: tuple[External, ...] = ()
    if "external" in root:
        mesh = root.of("mesh").text()
        taken = frozenset((*workloads, *(f"{name}.{mesh}" for name in workloads)))
        externals = _externals(root.of("external"), domain, taken, base)
    resolvers: tuple[str, ...] = ()
    if "egress" in root:
        own = root.of("egress").only("resolvers")
        resolvers = tuple(_resolver(node) for node in own.of("resolvers").one_or_more())
        if len(resolvers) > MOST_RESOLVERS:
            own.fail(f"more than {MOST_RESOLVERS} resolvers: name those that are asked first")
    gateway = None
    if "gateway" in root:
        # Of several hosts one has the gateway, and only that one is to have its key.
        are_here = "hosts" not in root
        gateway = _gateway(root.of("gateway"), workloads, base, are_here=are_here)
    return Edges(externals, resolvers, gateway)


def _externals(
    node: Node, domain: SpiffeId, taken: Collection[str], base: str
) -> tuple[External, ...]:
    """``taken`` are the names of workloads, as programs find them."""
    found: list[External] = []
    hosts: dict[str, str] = {}
    for name, own in node.items():
        if len(found) == MOST_EXTERNALS:
            own.fail(f"more than {MOST_EXTERNALS} destinations: describe several meshes")
        if not _NAME.match(name):
            own.fail(f"{name!r} cannot be a name: use up to 40 small letters, digits and '-'")
        if name in taken:
            own.fail(f"{name!r} is a workload already: give the destination another name")
        external = _external(name, own, domain, base, len(found))
        if external.host in hosts:
            own.of("host").fail(
                f"{external.host} is {hosts[external.host]!r} already: put all ports there"
            )
        if external.host in taken:
            own.of("host").fail(f"{external.host} is a workload: name a host outside")
        hosts[external.host] = name
        found.append(external)
    return tuple(found)


def _external(name: str, node: Node, domain: SpiffeId, base: str, number: int) -> External:
    node.only("host", "ports", "private")
    host = _host(node.of("host"))
    ports, origins = [], []
    for text, value in node.of("ports").items():
        port = port_of(port_number(text, value), value, "tls")
        if not value.is_text and "tls" in value:
            origins.append((port.number, _origin(value.of("tls"), host, base)))
        ports.append(port)
    if not ports:
        node.of("ports").fail("a destination has ports: name one at least")
    private: tuple[str, ...] = ()
    if "private" in node:
        private = tuple(_range(own) for own in node.of("private").one_or_more())
    return External(
        name, external_id(domain, name), host, tuple(sorted(ports)), addresses_of(host, number),
        tuple(sorted(origins)), private,
    )  # fmt: skip


def addresses_of(host: str, number: int) -> tuple[str, ...]:
    """Those that lead to the exit: two made up, and the one that it has if that is its name."""
    made = (str(FIRST_4 + number), str(FIRST_6 + number))
    return (*made, host) if is_address(host) else made


def is_address(host: str) -> bool:
    """Whether a host is given by its address; else it is a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host(node: Node) -> str:
    text = node.text(longest=253)
    if is_address(text):
        return str(ip_address(text))
    if not _HOST.match(text) or text.rpartition(".")[2].isdigit() or text == "localhost":
        node.fail(
            f"{text!r} is no name of a host outside: write a DNS name in small letters, or an "
            "address; no patterns"
        )
    return text


def _origin(node: Node, host: str, base: str) -> Origin:
    node.only("port", "ca", "name")
    port = node.of("port").whole_number(1, 65535) if "port" in node else 0
    name = node.of("name").text(longest=253) if "name" in node else host
    if not _HOST.match(name) or name.rpartition(".")[2].isdigit():
        where = node.of("name") if "name" in node else node
        where.fail(f"{name!r} is no DNS name that a certificate is for: give one as name")
    ca = ""
    if "ca" in node and node.of("ca").text() != "system":
        path = os.path.join(base, node.of("ca").text())
        ca = read(path).decode("ascii", "replace")
        if _PEM not in ca:
            node.of("ca").fail(f"{path} has no certificate in PEM form: name a file that has")
    return Origin(name, ca, port)


def _range(node: Node) -> str:
    text = node.text(longest=64)
    try:
        found = ip_network(text)
    except ValueError:
        node.fail(f"{text!r} is no range of addresses: write one like 10.20.0.0/16")
    if found.prefixlen < (8 if found.version == 4 else 16):
        node.fail(f"{text} is wider than a destination needs: name the range that it is in")
    return str(found)


def _resolver(node: Node) -> str:
    text = node.text(longest=64)
    address, port = _address_and_port(text, 53)
    if not address:
        node.fail(f"{text!r} is no address of a resolver: write one like 192.0.2.53 or [::1]:5353")
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _address_and_port(text: str, usual: int) -> tuple[str, int]:
    """An address with its port; an empty one where there is none."""
    host, _, port = text.rpartition(":")
    if not host or (":" in host and not text.startswith("[")):
        host, port = text, str(usual)
    try:
        address = str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return "", 0
    return (address, int(port)) if port.isascii() and port.isdigit() and 0 < int(
        port[:6]) < 2**16 else ("", 0)  # fmt: skip


def _gateway(
    node: Node, workloads: Mapping[str, Workload], base: str, *, are_here: bool
) -> Gateway:
    node.only("id", "host", "listen", "tls", "routes")
    text = node.of("listen").text(longest=64)
    address, port = _address_and_port(text, 0)
    if not address:
        node.of("listen").fail(f"{text!r} is no address with a port: write one like 0.0.0.0:8443")
    certificate = key = ""
    if "tls" in node and node.of("tls").is_text:
        certificate = node.of("tls").choice(SECRET)
    elif "tls" in node:
        tls = node.of("tls").only("certificate", "key")
        certificate, key = (
            _file(tls.of(word), base, is_here=are_here) for word in ("certificate", "key")
        )
    routes = tuple(_route(own, workloads) for own in node.of("routes").sequence())
    if not routes:
        node.of("routes").fail("a gateway has routes: name one at least")
    for number, route in enumerate(routes):
        if any(route[:2] == other[:2] for other in routes[:number]):
            node.of("routes").sequence()[number].fail(
                f"{route.host}{route.path} has a route already: remove one"
            )
    return Gateway(address, port, routes, certificate, key)


def _file(node: Node, base: str, *, is_here: bool) -> str:
    path = os.path.join(base, node.text())
    if is_here and not os.path.isfile(path):
        node.fail(f"there is no file {path}: name one that is there")
    return path


def _route(node: Node, workloads: Mapping[str, Workload]) -> Route:
    node.only("host", "path", "to", "port", "http2")
    host = node.of("host").text(longest=253) if "host" in node else "*"
    if host != "*" and not _HOST.match(host):
        node.of("host").fail(f"{host!r} is no name of a host: write a DNS name, or leave it out")
    path = path_of(node.of("path")) if "path" in node else "/*"
    to = node.of("to").choice(*(name for name in workloads if name != GATEWAY))
    ports = [port for port in workloads[to].ports if port.protocol is Protocol.HTTP]
    number = node.of("port").whole_number(1, 65535) if "port" in node else 0
    if number == 0 and len(ports) != 1:
        node.fail(f"{to} serves {len(ports)} ports over HTTP: say which one by port")
    number = number or ports[0].number
    if all(port.number != number for port in ports):
        node.fail(f"port {number} of {to} is not declared as http: a gateway routes HTTP only")
    is_http2 = node.of("http2").boolean() if "http2" in node else False
    return Route(host, path, to, number, is_http2)

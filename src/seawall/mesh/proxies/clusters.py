"""Where a proxy sends: to each peer with the peer's own identity, and to its application."""

from collections.abc import Sequence

from seawall.mesh.plan.edges import EXIT_PORT, External, server_name
from seawall.mesh.plan.model import Port, Protocol, View, Workload
from seawall.mesh.proxies import tls
from seawall.mesh.proxies.names import TYPES, Json, any_of, seconds

_LOCAL = "local:"
"""What the names of clusters for ports of the application begin with."""
CLOSED = "closed"
"""Where connections to unknown destinations go: it has no address, so they end, and are counted."""
CONNECT_TIMEOUT = 5
CLUSTER = TYPES["cluster"]
_ANY_NUMBER = 2**32 - 1
_UNLIMITED: Json = {
    "thresholds": [
        {"max_connections": _ANY_NUMBER, "max_pending_requests": _ANY_NUMBER,
         "max_requests": _ANY_NUMBER}
    ]
}  # fmt: skip
"""Envoy takes 1,024 of each otherwise, and cuts the next one: how many an application takes is its
own affair."""
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster_of(peer: Workload, port: Port) -> str:
    """The name of the cluster for a peer; HTTP and TCP do not share connections."""
    return f"{peer.name}/{port.protocol}"


def clusters_of(view: View) -> list[Json]:
    """One cluster for each peer and protocol, the application's own, and one that leads nowhere."""
    found = {
        cluster_of(peer, port): _cluster(cluster_of(peer, port), port, tls.client(peer.id))
        for peer in view.peers
        for port in peer.ports
    }
    outside = _to_exit(view) if view.exit is not None else []
    local = [_to_application(view.own, port) for port in view.own.ports]
    return [*local, closed(), *found.values(), *outside]


def local_cluster(port: Port) -> str:
    """The name of the cluster for a port of the application."""
    return f"{_LOCAL}{port.number}"


def is_local(cluster: str) -> bool:
    """Whether a name is that of one for the application."""
    return cluster.startswith(_LOCAL)


def _to_application(own: Workload, port: Port) -> Json:
    """The application's port, at whichever address of the workload it listens.

    Callers choose the family, and take any answer of the proxy for that of the application: who
    called a program by IPv6 that listens on IPv4 alone would never try the other one. So we do
    (RFC 8305).
    """
    name, addresses = local_cluster(port), sorted(own.addresses, key=lambda one: ":" in one)
    if not addresses:
        made = _cluster(name, None, None)
    else:
        first, *others = (address_of(one, port.number) for one in addresses)
        made = fixed(name, [first])
        (place,) = made["load_assignment"]["endpoints"]
        more = [{"address": one} for one in others]
        if more:
            place["lb_endpoints"][0]["endpoint"]["additional_addresses"] = more
    if port.protocol is Protocol.HTTP:
        made["typed_extension_protocol_options"] = as_it_came()
    return made


def exit_cluster(external: External, port: Port) -> str:
    """The name of the cluster for a port of a destination outside."""
    return f"outside/{external.name}:{port.number}"


def _to_exit(view: View) -> list[Json]:
    """One for each destination outside: the exit, which is asked for it by its name."""
    assert view.exit is not None  # noqa: S101 - asked before
    places = [address_of(own, EXIT_PORT) for own in view.exit_addresses]
    if view.sockets is not None and view.sockets.exit and not view.sockets.is_pod:
        places.append({"pipe": {"path": view.sockets.exit}})
    return [
        fixed(exit_cluster(external, port), places,
              tls.client(view.exit, server_name(external, port)))
        for external in view.externals
        for port in external.ports
    ]  # fmt: skip


def address_of(address: str, port: int) -> Json:
    """A place in the network (Envoy's Address)."""
    return {"socket_address": {"address": address, "port_value": port}}


def fixed(name: str, addresses: Sequence[Json], socket: Json | None = None) -> Json:
    """A cluster with addresses that are known (Envoy's Address); without any it is closed."""
    endpoints = [{"endpoint": {"address": address}} for address in addresses]
    fields: Json = {
        "name": name, "type": "STATIC", "connect_timeout": seconds(CONNECT_TIMEOUT),
        "circuit_breakers": _UNLIMITED,
        "load_assignment": {
            "cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}] if endpoints else [],
        },
    }  # fmt: skip
    if socket is not None:
        fields["transport_socket"] = socket
    return any_of(CLUSTER, **fields)


def closed() -> Json:
    """The cluster without an address."""
    return fixed(CLOSED, [])


def as_it_came() -> Json:
    """What came as HTTP/2 (gRPC) goes on as HTTP/2."""
    options = any_of(OPTIONS, use_downstream_protocol_config={"http2_protocol_options": {}})
    return {OPTIONS: options}


def always(*, http2: bool) -> Json:
    """One version of HTTP, whatever came."""
    word = "http2_protocol_options" if http2 else "http_protocol_options"
    return {OPTIONS: any_of(OPTIONS, explicit_http_config={word: {}})}


def _cluster(name: str, port: Port | None, socket: Json | None) -> Json:
    fields: Json = {
        "name": name,
        "type": "ORIGINAL_DST",
        "lb_policy": "CLUSTER_PROVIDED",
        "connect_timeout": seconds(CONNECT_TIMEOUT),
        "circuit_breakers": _UNLIMITED,
    }
    if socket is not None:
        fields["transport_socket"] = socket
    if port is not None and port.protocol is Protocol.HTTP:
        fields["typed_extension_protocol_options"] = as_it_came()
    return any_of(CLUSTER, **fields)

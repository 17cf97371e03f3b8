"""Where a proxy sends: to each peer with the peer's own identity, and to its application."""

from seawall.mesh.plan.model import Port, Protocol, View, Workload
from seawall.mesh.proxies import tls
from seawall.mesh.proxies.names import Json, any_of, seconds

LOCAL = "local"
"""The application: whatever address and port the connection was for."""
CLOSED = "closed"
"""Where connections to unknown destinations go: it has no address, so they end, and are counted."""
_CONNECT_TIMEOUT = 5
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


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
    return [_cluster(LOCAL, None, None), _closed(), *found.values()]


def _closed() -> Json:
    return any_of(
        "envoy.config.cluster.v3.Cluster", name=CLOSED, type="STATIC",
        connect_timeout=seconds(_CONNECT_TIMEOUT), load_assignment={"cluster_name": CLOSED},
    )  # fmt: skip


def _cluster(name: str, port: Port | None, socket: Json | None) -> Json:
    fields: Json = {
        "name": name,
        "type": "ORIGINAL_DST",
        "lb_policy": "CLUSTER_PROVIDED",
        "connect_timeout": seconds(_CONNECT_TIMEOUT),
    }
    if socket is not None:
        fields["transport_socket"] = socket
    if port is None or port.protocol is Protocol.HTTP:
        # What came as HTTP/2 (gRPC) goes on as HTTP/2.
        options = any_of(_OPTIONS, use_downstream_protocol_config={"http2_protocol_options": {}})
        fields["typed_extension_protocol_options"] = {_OPTIONS: options}
    return any_of("envoy.config.cluster.v3.Cluster", **fields)

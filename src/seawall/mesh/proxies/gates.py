"""The gateway's way in: requests from outside, by host and path, to workloads.

It takes them from a unix socket: who listens in the host's own network hands bytes on, with the
address that they came from (PROXY protocol). The way on is that of any workload: mutual TLS, and
the other side's rules.
"""

from collections.abc import Iterable, Mapping, Sequence

from seawall.mesh.plan.edges import Route
from seawall.mesh.plan.model import Protocol, View, Workload
from seawall.mesh.proxies import tls
from seawall.mesh.proxies.clusters import address_of, always, fixed
from seawall.mesh.proxies.listeners import HANDSHAKE_TIMEOUT, MANAGER, ROUTER, any_version
from seawall.mesh.proxies.listeners import listener as redirected
from seawall.mesh.proxies.logs import logs
from seawall.mesh.proxies.names import TYPES, Json, any_of, filter_of, seconds
from seawall.mesh.redirect.rules import INBOUND

_PROXY_PROTOCOL = filter_of(
    "envoy.filters.listener.proxy_protocol",
    "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
)
_BELOW = "/*"


def listeners_of(view: View) -> list[Json]:
    """The gateway's listener; none for other workloads."""
    gateway, sockets = view.gateway, view.sockets
    if gateway is None or sockets is None or not sockets.gate:
        return []
    chain: Json = {"name": "gate", "filters": [_manager(view)]}
    if gateway.certificate:
        chain["transport_socket"] = tls.public(sockets.secret)
        chain["transport_socket_connect_timeout"] = seconds(HANDSHAKE_TIMEOUT)
    if sockets.is_pod:  # all that comes is redirected there: one port is the gateway's
        chain["filter_chain_match"] = {"destination_port": gateway.port}
        return [redirected("gate", INBOUND, "INBOUND", [chain])]
    return [
        any_of(
            TYPES["listener"],
            name="gate",
            traffic_direction="INBOUND",
            address={"pipe": {"path": sockets.gate, "mode": 0o666}},
            listener_filters=[_PROXY_PROTOCOL],
            listener_filters_timeout=seconds(HANDSHAKE_TIMEOUT),
            filter_chains=[chain],
        )
    ]


def clusters_of(view: View) -> list[Json]:
    """One for each workload and port that a route leads to."""
    if view.gateway is None:
        return []
    wanted = dict.fromkeys((route.to, route.port, route.is_http2) for route in view.gateway.routes)
    targets = _targets(view)
    return [
        fixed(
            _cluster_of(*key),
            [address_of(address, key[1]) for address in _places(view, targets[key[:2]])],
            tls.client(targets[key[:2]].id),
        )
        | {"typed_extension_protocol_options": always(http2=key[2])}
        for key in wanted
        if key[:2] in targets
    ]


def _targets(view: View) -> Mapping[tuple[str, int], Workload]:
    """The workloads by name and port of HTTP, as rules let the gateway know of them."""
    return {
        (peer.name, port.number): peer
        for peer in view.peers
        for port in peer.ports
        if port.protocol is Protocol.HTTP
    }


def _cluster_of(name: str, port: int, is_http2: bool) -> str:
    return f"gate/{name}:{port}{'/http2' if is_http2 else ''}"


def _places(view: View, target: Workload) -> Sequence[str]:
    """The addresses of a workload of this host are of one place; those of pods of several."""
    if view.sockets is None or not view.sockets.is_pod:
        return target.addresses[:1]
    four = [own for own in target.addresses if ":" not in own]
    return four or target.addresses


def _manager(view: View) -> Json:
    assert view.gateway is not None  # noqa: S101 - asked before
    targets = _targets(view)
    routes = [route for route in view.gateway.routes if (route.to, route.port) in targets]
    hosts = [
        {"name": host, "domains": [host], "routes": _routes(routes, host)}
        for host in dict.fromkeys(route.host for route in routes)
    ]
    return filter_of(
        *MANAGER,
        stat_prefix="gate",
        route_config={"name": "gate", "virtual_hosts": hosts},
        http_filters=[filter_of(*ROUTER)],
        access_log=logs(http=True),
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        strip_any_host_port=True,
        generate_request_id=False,
        # Nobody outside has an identity here, whatever they write.
        forward_client_cert_details="SANITIZE",
        use_remote_address=True,
        upgrade_configs=[{"upgrade_type": "websocket"}],
        http_protocol_options=any_version("gateway"),
        # Anybody may come: who says nothing does not keep a connection.
        request_headers_timeout=seconds(10),
        stream_idle_timeout=seconds(300),
        common_http_protocol_options={"idle_timeout": seconds(60)},
    )


def _routes(routes: Iterable[Route], host: str) -> list[Json]:
    """The routes of a host, the most exact first: Envoy takes the first that fits."""
    own = [route for route in routes if route.host == host]
    own.sort(key=lambda route: (route.path.endswith(_BELOW), -len(route.path)))
    return [
        {
            "match": {"prefix": route.path[:-1]} if route.path.endswith(_BELOW)
            else {"path": route.path},
            "route": {
                "cluster": _cluster_of(route.to, route.port, route.is_http2), "timeout": "0s",
            },
        }
        for route in own
    ]  # fmt: skip

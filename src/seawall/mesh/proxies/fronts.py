"""Who listens for a gateway in the host's network: bytes go on as they come, with where from."""

from seawall.mesh.proxies.clusters import fixed
from seawall.mesh.proxies.listeners import TCP_PROXY
from seawall.mesh.proxies.names import TYPES, Json, any_of, filter_of, url_of

_CLUSTER = "gate"
_MOST_CONNECTIONS = 20_000
_PROXY_PROTOCOL = (
    "envoy.transport_sockets.upstream_proxy_protocol",
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
)
_PLAIN = (
    "envoy.transport_sockets.raw_buffer",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
)


def front(address: str, port: int, socket: str, admin: str) -> Json:
    """The whole configuration of an Envoy that hands on what comes to an address.

    ``socket`` is the gateway's; ``admin`` is where Envoy makes its own, for its user alone.
    """
    transport = filter_of(
        *_PROXY_PROTOCOL, config={"version": "V2"}, transport_socket=filter_of(*_PLAIN)
    )
    cluster = fixed(_CLUSTER, [{"pipe": {"path": socket}}], transport)
    listener = any_of(
        TYPES["listener"],
        name="front",
        address={"socket_address": {"address": address, "port_value": port}},
        filter_chains=[{"filters": [filter_of(*TCP_PROXY, cluster=_CLUSTER, stat_prefix="front")]}],
    )
    monitor = any_of(
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=_MOST_CONNECTIONS,
    )
    return {
        "node": {"id": "front", "cluster": "gateway"},
        "admin": {"address": {"pipe": {"path": admin, "mode": 0o600}}},
        "static_resources": {
            "listeners": [_without_type(listener)], "clusters": [_without_type(cluster)],
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": monitor,
                }
            ]
        },
    }  # fmt: skip


def _without_type(message: Json) -> Json:
    """What stands in a place of its own type says it not."""
    assert message["@type"] in map(url_of, TYPES.values())  # noqa: S101 - made above
    return {key: value for key, value in message.items() if key != "@type"}

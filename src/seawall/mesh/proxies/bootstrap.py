"""What an Envoy is started with: who it is, and the agent's socket. All else comes over that."""

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.proxies.names import CONTROL_PLANE, Json, any_of

LONGEST_SOCKET = 107
"""Bytes of the path of a unix socket (unix(7): sun_path)."""
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_MOST_CONNECTIONS = 50_000
_AGAIN = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "1s"}}
"""How soon an agent that was away is called again: it is on this host (Envoy: up to 30 s)."""


def bootstrap(name: SpiffeId, socket: str, admin: str) -> Json:
    """The bootstrap of the proxy of a workload, in JSON.

    ``socket`` is the agent's for this workload; ``admin`` is where Envoy makes its own, for the
    proxy's user alone: on a port the application could read and change everything there.
    """
    return {
        "node": {"id": str(name), "cluster": name.trust_domain},
        "admin": {"address": {"pipe": {"path": admin, "mode": 0o600}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [
                    {"envoy_grpc": {"cluster_name": CONTROL_PLANE, "retry_policy": _AGAIN}}
                ],
            },
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": {"clusters": [_agent(socket)]},
        "stats_sinks": [{"name": "envoy.stat_sinks.metrics_service", "typed_config": _sink()}],
        "stats_flush_interval": "5s",
        "layered_runtime": {"layers": [{"name": "static", "static_layer": {}}]},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": any_of(
                        "envoy.extensions.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        max_active_downstream_connections=_MOST_CONNECTIONS,
                    ),
                }
            ]
        },
    }


def _sink() -> Json:
    """Counters go to the agent, so that nobody needs to ask the administration for them."""
    return any_of(
        "envoy.config.metrics.v3.MetricsServiceConfig",
        transport_api_version="V3",
        grpc_service={"envoy_grpc": {"cluster_name": CONTROL_PLANE}},
    )


def _agent(socket: str) -> Json:
    options = any_of(_OPTIONS, explicit_http_config={"http2_protocol_options": {}})
    endpoint = {"endpoint": {"address": {"pipe": {"path": socket}}}}
    return {
        "name": CONTROL_PLANE,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {_OPTIONS: options},
        "load_assignment": {
            "cluster_name": CONTROL_PLANE,
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }

"""The access log: one line of JSON for each connection, or each request over HTTP."""

from seawall.mesh.proxies.names import CONTROL_PLANE, Json, any_of, seconds

EVERY = 5
"""Seconds between what the agent is told of a connection that lasts."""

DENIED, SILENT = "rbac_access_denied", "transport socket timeout was reached"
"""Why Envoy ended a connection, in its own words; of the first what they begin with."""

_BOTH = {
    "time": "%START_TIME%", "took_ms": "%DURATION%", "flags": "%RESPONSE_FLAGS%",
    "from": "%DOWNSTREAM_REMOTE_ADDRESS%", "to": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "upstream": "%UPSTREAM_HOST%", "peer": "%DOWNSTREAM_PEER_URI_SAN%",
    "own": "%DOWNSTREAM_LOCAL_URI_SAN%", "tls": "%DOWNSTREAM_TLS_VERSION%",
    "refused_because": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
    "ended_because": "%CONNECTION_TERMINATION_DETAILS%",
    "upstream_failed": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "upstream_peer": "%UPSTREAM_PEER_URI_SAN%",
    "received": "%BYTES_RECEIVED%", "sent": "%BYTES_SENT%",
}  # fmt: skip
_REQUEST = {
    "method": "%REQ(:METHOD)%", "path": "%PATH(NQ)%", "status": "%RESPONSE_CODE%",
    "protocol": "%PROTOCOL%", "details": "%RESPONSE_CODE_DETAILS%",
}  # fmt: skip


_FAILED = {
    "extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": any_of(
            "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            expression=" || ".join(
                (
                    "connection.transport_failure_reason != ''",
                    f"connection.termination_details.startsWith('{DENIED}')",
                    f"connection.termination_details == '{SILENT}'",
                )
            ),
        ),
    }
}


def refusals() -> list[Json]:
    """What a listener writes: connections that ended before they came to a chain's last filter.

    Their handshake failed, or was not begun in time, or the one who came was refused as a whole.
    """
    return [{**own, "filter": _FAILED} for own in logs(http=False)]


def logs(*, http: bool) -> list[Json]:
    """Where a chain writes: standard output. Query strings may hold secrets, and are left out."""
    fields = _BOTH | _REQUEST if http else _BOTH
    return [
        {
            "name": "envoy.access_loggers.stdout",
            "typed_config": any_of(
                "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
                log_format={"json_format": fields},
            ),
        }
    ]


_PERIODIC = {True: "DownstreamPeriodic", False: "TcpPeriodic"}
_STREAMED = {True: "Http", False: "Tcp"}


def watched(*, http: bool) -> Json:
    """What a way in writes, beside its options: the agent is told of connections that last."""
    periodic = [_PERIODIC[http]]
    own = [
        {**log, "filter": {"log_type_filter": {"types": periodic, "exclude": True}}}
        for log in logs(http=http)
    ]
    common = {
        "log_name": "live", "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": CONTROL_PLANE}},
        "buffer_flush_interval": seconds(1),
    }  # fmt: skip
    kind = _STREAMED[http]
    told = {
        "name": f"envoy.access_loggers.{kind.lower()}_grpc",
        "filter": {"log_type_filter": {"types": periodic}},
        "typed_config": any_of(
            f"envoy.extensions.access_loggers.grpc.v3.{kind}GrpcAccessLogConfig",
            common_config=common,
        ),
    }
    return {
        "access_log": [*own, told],
        "access_log_options": {"access_log_flush_interval": seconds(EVERY)},
    }

"""The access log: one line of JSON for each connection, or each request over HTTP."""

from seawall.mesh.proxies.names import Json, any_of

_BOTH = {
    "time": "%START_TIME%", "took_ms": "%DURATION%", "flags": "%RESPONSE_FLAGS%",
    "from": "%DOWNSTREAM_REMOTE_ADDRESS%", "to": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "upstream": "%UPSTREAM_HOST%", "peer": "%DOWNSTREAM_PEER_URI_SAN%",
    "own": "%DOWNSTREAM_LOCAL_URI_SAN%", "tls": "%DOWNSTREAM_TLS_VERSION%",
    "refused_because": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
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
            expression="connection.transport_failure_reason != ''",
        ),
    }
}


def refusals() -> list[Json]:
    """What a listener writes: handshakes that failed, which no chain of filters hears of."""
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

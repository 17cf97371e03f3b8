"""TLS between proxies: version 1.3, both sides authenticated, nothing resumed.

A ticket would let an expired certificate in: Envoy does not look at the certificate again when a
session is resumed. So none is given out or kept, on both sides.
"""

from collections.abc import Sequence

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.proxies.names import BUNDLE, CERTIFICATE, Json, any_of

_TLS = "envoy.extensions.transport_sockets.tls.v3"
_ADS = {"ads": {}, "resource_api_version": "V3"}


def server(callers: Sequence[Json]) -> Json:
    """The socket of an inbound chain: whoever comes shows a certificate with one of these names."""
    return _socket(
        any_of(
            f"{_TLS}.DownstreamTlsContext",
            common_tls_context=_common(callers),
            require_client_certificate=True,
            disable_stateless_session_resumption=True,
            disable_stateful_session_resumption=True,
        )
    )


def client(peer: SpiffeId) -> Json:
    """The socket of a cluster: the other side must be this peer and no other."""
    return _socket(
        any_of(
            f"{_TLS}.UpstreamTlsContext",
            common_tls_context=_common([{"exact": str(peer)}]),
            max_session_keys=0,
        )
    )


def _socket(context: Json) -> Json:
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _common(matchers: Sequence[Json]) -> Json:
    return {
        "tls_params": {
            "tls_minimum_protocol_version": "TLSv1_3",
            "tls_maximum_protocol_version": "TLSv1_3",
        },
        "tls_certificate_sds_secret_configs": [_secret(CERTIFICATE)],
        "combined_validation_context": {
            "default_validation_context": {
                "match_typed_subject_alt_names": [
                    {"san_type": "URI", "matcher": matcher} for matcher in matchers
                ]
            },
            "validation_context_sds_secret_config": _secret(BUNDLE),
        },
    }


def _secret(name: str) -> Json:
    return {"name": name, "sds_config": _ADS}

"""TLS between proxies: version 1.3, both sides authenticated, nothing resumed.

A ticket would let an expired certificate in: Envoy does not look at the certificate again when a
session is resumed. So none is given out or kept, on both sides.
"""

import os
from collections.abc import Sequence

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import Origin
from seawall.mesh.proxies.names import BUNDLE, CERTIFICATE, GATEWAY_CERTIFICATE, Json, any_of

_TLS = "envoy.extensions.transport_sockets.tls.v3"
SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
)  # fmt: skip
"""Where Debian, Fedora, openSUSE and Alpine have them, and those that are made from these."""
_ADS = {"ads": {}, "resource_api_version": "V3"}


def server(trust_domain: SpiffeId, callers: str = "") -> Json:
    """The socket of an inbound chain: whoever comes shows a certificate of this trust domain.

    ``callers`` is the secret that knows more about them (``proxies.callers``).
    """
    return _socket(
        any_of(
            f"{_TLS}.DownstreamTlsContext",
            common_tls_context=(
                _known_by(callers) if callers else _common([{"prefix": f"{trust_domain}/"}])
            ),
            require_client_certificate=True,
            disable_stateless_session_resumption=True,
            disable_stateful_session_resumption=True,
        )
    )


def client(peer: SpiffeId, server_name: str = "") -> Json:
    """The socket of a cluster: the other side must be this peer and no other.

    ``server_name`` tells an exit where to; elsewhere it is empty.
    """
    context = any_of(
        f"{_TLS}.UpstreamTlsContext",
        common_tls_context=_common([{"exact": str(peer)}]),
        max_session_keys=0,
    )
    if server_name:
        context["sni"] = server_name
    return _socket(context)


def outside(origin: Origin) -> Json:
    """The socket of a cluster outside: a server with a certificate for a DNS name."""
    roots = next((path for path in SYSTEM_ROOTS if os.path.exists(path)), SYSTEM_ROOTS[0])
    trusted = {"inline_string": origin.ca} if origin.ca else {"filename": roots}
    return _socket(
        any_of(
            f"{_TLS}.UpstreamTlsContext",
            sni=origin.name,
            common_tls_context={
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "alpn_protocols": ["http/1.1"],
                "validation_context": {
                    "trusted_ca": trusted,
                    "match_typed_subject_alt_names": [
                        {"san_type": "DNS", "matcher": {"exact": origin.name}}
                    ],
                },
            },
        )
    )


def public(secret: str) -> Json:
    """The socket of a gateway: anybody may come, and sees a certificate out of a file."""
    watched = {"path": secret, "watched_directory": {"path": os.path.dirname(secret)}}
    return _socket(
        any_of(
            f"{_TLS}.DownstreamTlsContext",
            common_tls_context={
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificate_sds_secret_configs": [
                    {
                        "name": GATEWAY_CERTIFICATE,
                        "sds_config": {
                            "path_config_source": watched, "resource_api_version": "V3",
                        },
                    }
                ],
            },
        )
    )  # fmt: skip


def _socket(context: Json) -> Json:
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _common(matchers: Sequence[Json]) -> Json:
    return {
        **_own(),
        "combined_validation_context": {
            "default_validation_context": {
                "match_typed_subject_alt_names": [
                    {"san_type": "URI", "matcher": matcher} for matcher in matchers
                ]
            },
            "validation_context_sds_secret_config": _secret(BUNDLE),
        },
    }


def _known_by(secret: str) -> Json:
    return {**_own(), "validation_context_sds_secret_config": _secret(secret)}


def _own() -> Json:
    return {
        "tls_params": {
            "tls_minimum_protocol_version": "TLSv1_3",
            "tls_maximum_protocol_version": "TLSv1_3",
        },
        "tls_certificate_sds_secret_configs": [_secret(CERTIFICATE)],
    }


def _secret(name: str) -> Json:
    return {"name": name, "sds_config": _ADS}

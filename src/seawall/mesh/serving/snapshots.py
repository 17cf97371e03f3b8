"""What one proxy is to have: a configuration as a whole, with a number."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from envoy.config.core.v3.base_pb2 import DataSource
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import TlsCertificate
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import ParseDict, ParseError

from seawall.core.errors import UsageError
from seawall.mesh.plan.model import View
from seawall.mesh.proxies.names import CERTIFICATE, TYPES, Json, url_of
from seawall.mesh.proxies.whole import access_of, clusters_of, listeners_of

CLUSTERS, LISTENERS, EXTENSIONS, SECRETS = (
    url_of(TYPES[kind]) for kind in ("cluster", "listener", "extension", "secret")
)
ORDER = (CLUSTERS, LISTENERS, EXTENSIONS, SECRETS)
"""In which order resources go out."""
BY_NAME = (EXTENSIONS, SECRETS)
"""Types of which a proxy asks for those that others of its resources name."""


class Snapshot(NamedTuple):
    """Everything one proxy is told, by type and name."""

    version: int
    resources: Mapping[str, Mapping[str, Packed]]


def packed(message: Json) -> Packed:
    """A message of Envoy's in its binary form; what Envoy does not know is an error."""
    _load_types()
    try:
        return ParseDict(message, Packed())
    except ParseError as error:
        raise UsageError(
            f"the configuration does not fit this version of Envoy's messages: {error}; "
            "install seawall[mesh] anew"
        ) from None


@lru_cache(maxsize=4096)  # proxies with equal neighbours share the bytes
def _resources_of(view: View) -> Mapping[str, Mapping[str, Packed]]:
    found = {CLUSTERS: by_name(clusters_of(view)), LISTENERS: by_name(listeners_of(view))}
    access = by_name(access_of(view))
    if access:  # else nothing refers to it, and none is asked for
        found[EXTENSIONS] = access
    return found


def snapshot_of(view: View, secrets: Mapping[str, Packed], version: int) -> Snapshot:
    """The configuration of a proxy with its secrets."""
    resources = dict(_resources_of(view))
    if view.peers or view.own.ports or view.externals:  # as above
        resources[SECRETS] = secrets
    return Snapshot(version, resources)


def certificate_of(chain: bytes, key: bytes) -> Packed:
    """The secret ``default``, of texts in PEM form; as ``proxies.secrets`` has it, but quicker."""
    own = TlsCertificate(
        certificate_chain=DataSource(inline_bytes=chain), private_key=DataSource(inline_bytes=key)
    )
    found = Packed()
    found.Pack(Secret(name=CERTIFICATE, tls_certificate=own))
    return found


def by_name(messages: Sequence[Json]) -> Mapping[str, Packed]:
    """Messages of Envoy's in their binary form."""
    return {message["name"]: packed(message) for message in messages}


@lru_cache(maxsize=1)
def _load_types() -> tuple[Any, ...]:
    """Import every message that a configuration may have within an ``Any``."""
    from importlib import import_module  # noqa: PLC0415 - once

    return tuple(import_module(name) for name in _MODULES)


_FILTERS = "envoy.extensions.filters"
_MODULES = (
    "envoy.config.cluster.v3.cluster_pb2",
    "envoy.config.core.v3.extension_pb2",
    "envoy.config.listener.v3.listener_pb2",
    "envoy.extensions.access_loggers.filters.cel.v3.cel_pb2",
    "envoy.extensions.access_loggers.grpc.v3.als_pb2",
    "envoy.extensions.access_loggers.stream.v3.stream_pb2",
    f"{_FILTERS}.http.rbac.v3.rbac_pb2",
    f"{_FILTERS}.http.router.v3.router_pb2",
    f"{_FILTERS}.listener.original_dst.v3.original_dst_pb2",
    f"{_FILTERS}.listener.proxy_protocol.v3.proxy_protocol_pb2",
    f"{_FILTERS}.listener.tls_inspector.v3.tls_inspector_pb2",
    f"{_FILTERS}.network.http_connection_manager.v3.http_connection_manager_pb2",
    f"{_FILTERS}.network.rbac.v3.rbac_pb2",
    f"{_FILTERS}.network.tcp_proxy.v3.tcp_proxy_pb2",
    "envoy.extensions.matching.common_inputs.ssl.v3.ssl_inputs_pb2",
    "envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_spiffe_validator_config_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
)

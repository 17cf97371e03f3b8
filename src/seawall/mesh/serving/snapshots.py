"""What one proxy is to have: a configuration as a whole, with a number."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from envoy.config.core.v3.base_pb2 import DataSource
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import TlsCertificate
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret
from google.protobuf.any_pb2 import Any as Packed

from seawall.mesh.plan.model import View
from seawall.mesh.proxies.names import CERTIFICATE, TYPES, Json, url_of
from seawall.mesh.proxies.whole import access_of, clusters_of, listeners_of
from seawall.mesh.serving.packing import packed

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

"""Names that both ends of the control plane know, and the types of Envoy's messages."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
"""A message of Envoy's in its JSON form (protobuf's mapping)."""

CERTIFICATE, BUNDLE = "default", "ROOTCA"
"""Secrets, by the names that SPIRE and Istio use too."""
GATEWAY_CERTIFICATE = "gateway"
"""The secret with what a gateway shows to the world outside; it comes from a file."""
CONTROL_PLANE = "seawall_agent"
"""The only static cluster: the agent's socket."""

TYPES: Mapping[str, str] = {
    "cluster": "envoy.config.cluster.v3.Cluster",
    "extension": "envoy.config.core.v3.TypedExtensionConfig",
    "listener": "envoy.config.listener.v3.Listener",
    "secret": "envoy.extensions.transport_sockets.tls.v3.Secret",
}
_PREFIX = "type.googleapis.com/"


def url_of(name: str) -> str:
    """The type URL of a message: ``type.googleapis.com/envoy.config.cluster.v3.Cluster``."""
    return _PREFIX + name


def any_of(type_: str, /, **fields: Any) -> Json:
    """A message within an ``Any``."""
    return {"@type": url_of(type_), **fields}


def filter_of(short: str, type_: str, /, **fields: Any) -> Json:
    """An extension by its registered name, with its configuration."""
    return {"name": short, "typed_config": any_of(type_, **fields)}


def seconds(number: float) -> str:
    """A duration as protobuf's JSON has it."""
    return f"{number:g}s"

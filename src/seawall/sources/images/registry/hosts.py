"""Registries by the names that references give them."""

from seawall.core.image_reference import DEFAULT_REGISTRY
from seawall.core.lazy import pattern

_HUB = "registry-1.docker.io"
"""Where Docker Hub has its registry."""
_HOST = pattern(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*"
    r"|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
_LOOPBACK = pattern(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?")


def is_host(text: str) -> bool:
    """Whether a text is a host with or without a port, and nothing that leads elsewhere."""
    return _HOST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Whether a registry is on this machine: docker asks those without encryption."""
    return _LOOPBACK.fullmatch(host) is not None


def address_of(registry: str) -> str:
    """The host that is asked for a registry."""
    return _HUB if registry == DEFAULT_REGISTRY else registry

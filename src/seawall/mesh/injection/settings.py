"""What every injected pod has in common."""

from enum import Enum
from typing import NamedTuple

from seawall.core.image_reference import is_valid_image, parse_image
from seawall.core.lazy import pattern
from seawall.mesh.injection.errors import SettingsError

PROXY_USER = 61_337
"""User and group of the proxy in pods: the first of those that hosts use."""
LARGEST_USER = 2**31 - 1
_DIGEST = pattern(r"sha256:[0-9a-f]{64}\Z")
_ADDRESS = pattern(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?:[1-9][0-9]{0,4}\Z")


class By(Enum):
    """Who loads the rules that redirect a pod's traffic."""

    INIT = "init"
    """An init container of the pod; it needs NET_ADMIN."""
    AGENT = "agent"
    """The agent of the node, from outside: no container of the pod needs any capability."""


class Agent(Enum):
    """Where the agent is that holds the keys of a pod."""

    NODE = "node"
    """One for the node; its socket comes by a directory of the node (hostPath)."""
    SIDECAR = "sidecar"
    """In the proxy's own container, which then asks the controller itself."""


class Settings(NamedTuple):
    """How pods are injected."""

    image: str
    """With its digest."""
    redirect: By = By.INIT
    agent: Agent = Agent.NODE
    proxy_user: int = PROXY_USER
    controller: str = "seawall-mesh-controller.seawall-mesh.svc:15012"
    """Its address, for agents in sidecars."""


def checked(settings: Settings) -> Settings:
    """The settings, when pods can be injected with them.

    Raises:
        SettingsError: no digest, root as the proxy's user, no address.
    """
    image = settings.image
    if not is_valid_image(image) or not _DIGEST.match(parse_image(image).digest):
        raise SettingsError(
            f"{image or 'no image'} names no image by its digest: give one like "
            "registry.example.org/seawall@sha256:... (64 hexadecimal digits)"
        )
    if not 0 < settings.proxy_user <= LARGEST_USER:
        raise SettingsError(
            f"{settings.proxy_user} is no user id of a proxy: give a number from 1 to "
            f"{LARGEST_USER}, not root's"
        )
    if not _ADDRESS.match(settings.controller):
        raise SettingsError(
            f"{settings.controller!r} is no address of a controller: give HOST:PORT, as in "
            "seawall-mesh-controller.seawall-mesh.svc:15012"
        )
    return settings

"""Probes of the kubelet, which has no certificate: the mesh asks the application in its place.

Each probe of a pod becomes an HTTP request to the sidecar, with a path of its own. What the probe
was stands in an annotation, from which the sidecar knows whom to ask (on loopback), and from which
``uninject`` restores it. Commands (``exec``) run in the container and stay as they are, as do
probes of another host, which are no traffic of the pod.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.edit import Operation, Remove, Set
from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.mesh.injection.containers import containers
from seawall.mesh.injection.refusing import Refusal
from seawall.mesh.redirect.rules import PROBES
from seawall.text.values import Map, at, integer, mapping, sequence, text

KINDS: dict[str, KeyPath] = {
    "startup": ("startupProbe",),
    "liveness": ("livenessProbe",),
    "readiness": ("readinessProbe",),
    "post-start": ("lifecycle", "postStart"),
    "pre-stop": ("lifecycle", "preStop"),
}
"""Where a container says whom the kubelet asks; hooks are asked alike."""
_HANDLERS = ("httpGet", "tcpSocket", "grpc")
_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


class Probes(NamedTuple):
    """What becomes of the probes of a pod."""

    operations: tuple[Operation, ...]
    """Paths are below the pod's spec."""
    known: Map
    """Path of the request to the sidecar -> the probe as it was, and the number of its port."""
    refused: tuple[Refusal, ...]


def rewritten(spec: Map) -> Probes:
    """Lead all probes of a pod to the sidecar."""
    operations: list[Operation] = []
    known: Map = {}
    refused: list[Refusal] = []
    for path, container in containers(spec):
        for kind, below in KINDS.items():
            probe = mapping(container, *below)
            handler = _handler(probe)
            if not handler:
                continue
            place = (*path, *below, handler)
            port = _port(container, at(probe, handler, "port"), handler)
            reason = _unknown(container, port, at(probe, handler, "port"))
            if reason:
                refused.append(Refusal(place, *reason))
                continue
            request = request_path(text(container, "name"), kind)
            seconds = integer(probe, "timeoutSeconds")
            known[request] = {
                "port": port,
                **({} if seconds is None else {"timeoutSeconds": seconds}),
                handler: probe[handler],
            }
            if handler != "httpGet":
                operations.append(Remove(place))
            operations.append(Set((*path, *below, "httpGet"), {"path": request, "port": PROBES}))
    return Probes(tuple(operations), known, tuple(refused))


def restored(spec: Map, known: Map) -> Iterator[Operation]:
    """What gives the probes back that still lead to the sidecar."""
    for path, container in containers(spec):
        for kind, below in KINDS.items():
            request = request_path(text(container, "name"), kind)
            probe = mapping(container, *below)
            original = mapping(known, request)
            handler = _handler(original)
            if text(probe, "httpGet", "path") != request or not handler:
                continue
            if integer(probe, "httpGet", "port") != PROBES:
                continue
            if handler != "httpGet":
                yield Remove((*path, *below, "httpGet"))
            yield Set((*path, *below, handler), original[handler])


def request_path(container: str, kind: str) -> str:
    """What the kubelet asks the sidecar for in place of a probe."""
    return f"/probe/{container}/{kind}"


def _handler(probe: Map) -> str:
    """How the kubelet would reach the pod itself; empty when it would not."""
    for key in _HANDLERS:
        if isinstance(probe.get(key), dict):
            return "" if text(probe, key, "host") else key
    return ""


def _port(container: Map, port: object, handler: str) -> int | None:
    """The number of a port that a probe names."""
    if isinstance(port, int) and not isinstance(port, bool):
        return port if 0 < port < 2**16 else None
    if not isinstance(port, str) or handler == "grpc":
        return None
    for item in sequence(container, "ports"):
        if text(item, "name") == port:
            return integer(item, "containerPort")
    return int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 2**16 else None


def _unknown(container: Map, port: int | None, written: object) -> tuple[str, str] | None:
    """Why a probe cannot be asked by the sidecar, and what to do."""
    name = text(container, "name")
    if not _NAME.match(name):
        return f"{name or 'a container without a name'} has a probe", "give it a valid name"
    if port is None:
        return (
            f"a probe of container {name} is of port {written!r}, which that does not have",
            "name one of its ports, or write the number",
        )
    return None

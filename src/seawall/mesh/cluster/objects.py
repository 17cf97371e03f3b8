"""What the mesh keeps of pods, services and endpoint slices. Nothing odd in them raises."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.injection import programs
from seawall.mesh.injection.parts import INIT, PROXY
from seawall.mesh.injection.refusing import of_static
from seawall.text.values import Map, integer, is_true, mapping, sequence, text

EXTERNAL = "seawall/mesh-external"
"""The annotation of a service by which pods call a destination outside: its name."""
OF_SERVICE = "kubernetes.io/service-name"
"""The label of a slice that names its service."""
_OVER = ("Succeeded", "Failed")


class Account(NamedTuple):
    """A service account."""

    namespace: str
    name: str

    def id_in(self, trust_domain: SpiffeId) -> SpiffeId:
        """Its pods' identity, as Istio writes it too; raises ``IdentityError`` for odd names."""
        return trust_domain.child("ns", self.namespace, "sa", self.name)


class Pod(NamedTuple):
    """A pod that may still run."""

    uid: str
    namespace: str
    name: str
    account: Account
    node: str
    """Empty until it is scheduled."""
    addresses: tuple[str, ...] = ()
    has_proxy: bool = False
    """Whether it has been given a proxy (``mesh inject``)."""
    keeps_keys: bool = False
    """Whether its keys are in the sidecar, and not with the node's agent."""
    is_closed_outside: bool = False
    """Whether its rules are loaded by the node's agent, and not by an init container."""
    is_leaving: bool = False
    is_static: bool = False
    """Whether it is only the image of a pod that a kubelet has started by itself."""
    has_programs: bool = False
    """Whether its programs take their identity themselves, over the Workload API."""


class ServicePort(NamedTuple):
    """A port of a service, and the name by which slices know it."""

    number: int
    name: str


class Service(NamedTuple):
    """A service with addresses of its own."""

    namespace: str
    name: str
    addresses: tuple[str, ...]
    ports: tuple[ServicePort, ...]
    external: str = ""
    """The destination outside of the mesh that it stands for, by its name in the document."""


class Slice(NamedTuple):
    """Some of the endpoints of a service."""

    namespace: str
    service: str
    ports: tuple[ServicePort, ...]
    """What a port of that name is on the endpoints."""
    pods: tuple[str, ...]
    """Their uids; empty for an endpoint that is no pod."""


def pod_of(own: Map) -> Pod | None:
    """A pod; ``None`` for one that has ended, or lives in the node's own network."""
    metadata, spec, status = (mapping(own, key) for key in ("metadata", "spec", "status"))
    uid, namespace, name = (text(metadata, key) for key in ("uid", "namespace", "name"))
    if not (uid and namespace and name) or "/" in uid:
        return None
    if text(status, "phase") in _OVER or is_true(spec, "hostNetwork"):
        return None
    # Parts of the mesh whose only container is the proxy have it among the others.
    parts = {
        text(part, "name"): part
        for key in ("containers", "initContainers")
        for part in sequence(spec, key)
    }
    words = sequence(parts.get(PROXY), "args")
    return Pod(
        uid, namespace, name, Account(namespace, text(spec, "serviceAccountName") or "default"),
        text(spec, "nodeName"),
        _addresses(text(one, "ip") for one in sequence(status, "podIPs")),
        PROXY in parts,
        "--controller" in words,
        PROXY in parts and INIT not in parts,
        bool(text(metadata, "deletionTimestamp")),
        bool(list(of_static(own))),
        programs.are_asked(own),
    )  # fmt: skip


def service_of(own: Map) -> Service | None:
    """A service; ``None`` for one without addresses: its pods are then called by their own."""
    metadata, spec = mapping(own, "metadata"), mapping(own, "spec")
    found = [one for one in sequence(spec, "clusterIPs") if isinstance(one, str)]
    addresses = _addresses(one for one in found if one != "None")
    ports = _ports(sequence(spec, "ports"))
    if not addresses or not ports:
        return None
    external = text(metadata, "annotations", EXTERNAL)
    return Service(text(metadata, "namespace"), text(metadata, "name"), addresses, ports, external)


def slice_of(own: Map) -> Slice | None:
    """An endpoint slice; ``None`` for one of no service."""
    metadata = mapping(own, "metadata")
    service = text(metadata, "labels", OF_SERVICE)
    if not service:
        return None
    pods = tuple(
        text(one, "targetRef", "uid") if text(one, "targetRef", "kind") == "Pod" else ""
        for one in sequence(own, "endpoints")
    )
    return Slice(text(metadata, "namespace"), service, _ports(sequence(own, "ports")), pods)


def _ports(found: Iterable[object]) -> tuple[ServicePort, ...]:
    kept = []
    for one in found:
        if not isinstance(one, dict):
            continue
        port = integer(one, "port")
        if port is not None and 0 < port < 2**16 and (text(one, "protocol") or "TCP") == "TCP":
            kept.append(ServicePort(port, text(one, "name")))
    return tuple(kept)


def _addresses(found: Iterable[str]) -> tuple[str, ...]:
    kept = []
    for one in found:
        try:
            kept.append(str(ip_address(one)))
        except ValueError:
            continue
    return tuple(kept)


def id_of(account: Account, trust_domain: SpiffeId) -> SpiffeId | None:
    """The identity of an account's pods; ``None`` where its name cannot stand in one."""
    try:
        return account.id_in(trust_domain)
    except IdentityError:
        return None

"""Pods that no proxy can stand in front of.

The rules in a pod's network namespace tell the proxy from the application by its user id. So
whoever can become that user, change the rules, or has no namespace of its own walks past them.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.location import KeyPath
from seawall.mesh.injection.containers import containers
from seawall.mesh.injection.parts import CONTAINERS
from seawall.mesh.redirect.rules import INBOUND, OUTBOUND, PROBES
from seawall.text.scalars import Value
from seawall.text.values import Map, at, integer, is_true, mapping, sequence, text

PORTS = (OUTBOUND, INBOUND, PROBES)
"""TCP ports of a pod that the mesh takes."""
RUN = "/run/seawall"
"""The directory of a node that is the mesh's own."""
STATIC = "/etc/kubernetes/manifests"
"""Where kubelets look for pods of their own (kubeadm's ``staticPodPath``)."""
MIRROR, SOURCE = "kubernetes.io/config.mirror", "kubernetes.io/config.source"
"""Annotations of a kubelet: this is only the image of a static pod; where a pod comes from."""
_API = "api"
_WITH_FRIENDS = "run it as a DaemonSet or Deployment, or keep it in a namespace outside the mesh"
_REWRITES_RULES = ("ALL", "NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "BPF")
_CHANGES_USER = ("SETUID", "SETGID")
_BY_DEFAULT = ("SETUID", "SETGID", "NET_RAW")
"""Those of the capabilities that runtimes give by default which lead past the proxy."""


class Refusal(NamedTuple):
    """Why a pod is not injected."""

    path: KeyPath
    """Of the field, below the pod's spec."""
    reason: str
    remedy: str


def refusals(spec: Map, proxy_user: int) -> list[Refusal]:
    """All reasons not to inject a pod."""
    found = list(_of_pod(spec, proxy_user))
    for path, container in containers(spec):
        found.extend(_of_container(spec, container, path, proxy_user))
    return found


def of_static(pod: Map, path: str = "") -> Iterator[Refusal]:
    """Why a static pod is not injected; ``path`` is that of its file.

    A kubelet starts it without the API server, so it has no token (Kubernetes: Static Pods), and
    what the API server shows, under another uid, can be changed without any effect on it.
    """
    annotations = mapping(pod, "metadata", "annotations")
    source = text(annotations, SOURCE)
    is_there = path and os.path.dirname(os.path.abspath(path)) == STATIC
    if is_there or MIRROR in annotations or source not in ("", _API):
        yield Refusal((), "it is a static pod, which has no service account's token", _WITH_FRIENDS)


def _of_pod(spec: Map, proxy_user: int) -> Iterator[Refusal]:
    if is_true(spec, "hostNetwork"):
        yield Refusal(
            ("hostNetwork",), "the pod uses the node's network",
            "remove hostNetwork, or keep the pod in a namespace outside the mesh",
        )  # fmt: skip
    for key in ("shareProcessNamespace", "hostPID"):
        if is_true(spec, key):
            yield Refusal(
                (key,), f"{key} shows the proxy's process to the application",
                f"remove {key}",
            )  # fmt: skip
    if (
        text(spec, "os", "name") == "windows"
        or text(spec, "nodeSelector", "kubernetes.io/os") == "windows"
        or mapping(spec, "securityContext", "windowsOptions")
    ):
        yield Refusal(
            ("os",), "the pod is for Windows, where nothing is redirected",
            "keep it in a namespace outside the mesh",
        )  # fmt: skip
    for index, volume in enumerate(sequence(spec, "volumes")):
        path = text(volume, "hostPath", "path")
        if path and _covers_sockets(path):
            yield Refusal(
                ("volumes", index, "hostPath", "path"),
                f"{path} of the node has the sockets from which other pods' proxies get their keys",
                f"mount what is needed of it, without {RUN}",
            )  # fmt: skip
    yield from _same_user(spec, (), proxy_user)
    for key in ("fsGroup", "supplementalGroups"):
        own = at(spec, "securityContext", key)
        if proxy_user in (own if isinstance(own, list) else [own]):
            yield Refusal(
                ("securityContext", key), f"{key} is the proxy's group, {proxy_user}",
                "use another, or give the proxy another user with --proxy-user",
            )  # fmt: skip


def _covers_sockets(path: str) -> bool:
    """Whether a directory of the node holds the mesh's, or is in it."""
    whole = os.path.normpath("/" + path.lstrip("/"))
    if whole == "/var" or (whole + "/").startswith("/var/run/"):
        whole = whole.removeprefix("/var") or "/run"  # a link on nodes
    return (RUN + "/").startswith(whole.rstrip("/") + "/") or (whole + "/").startswith(RUN + "/")


def _same_user(holder: Map, path: KeyPath, proxy_user: int) -> Iterator[Refusal]:
    for key in ("runAsUser", "runAsGroup"):
        if integer(holder, "securityContext", key) == proxy_user:
            yield Refusal(
                (*path, "securityContext", key), f"{key} is the proxy's, {proxy_user}",
                "use another, or give the proxy another user with --proxy-user",
            )  # fmt: skip


def _of_container(spec: Map, container: Map, path: KeyPath, proxy_user: int) -> Iterator[Refusal]:
    name = text(container, "name") or "?"
    place = (*path, "securityContext")
    if is_true(container, "securityContext", "privileged"):
        yield Refusal(
            (*place, "privileged"), f"container {name} is privileged: it can change the rules",
            "remove privileged",
        )  # fmt: skip
        return
    if mapping(container, "securityContext", "windowsOptions"):
        yield Refusal(
            (*place, "windowsOptions"), f"container {name} is for Windows",
            "keep the pod in a namespace outside the mesh",
        )  # fmt: skip
    target = text(container, "targetContainerName")
    if target in CONTAINERS:
        yield Refusal(
            (*path, "targetContainerName"),
            f"container {name} is to see the processes of {target}, which has the pod's keys",
            "choose a container of the application (kubectl debug --target)",
        )
    yield from _same_user(container, path, proxy_user)
    yield from _capabilities(spec, container, path)
    for index, port in enumerate(sequence(container, "ports")):
        own = integer(port, "containerPort")
        outer = integer(port, "hostPort")
        if outer:
            yield Refusal(
                (*path, "ports", index, "hostPort"),
                f"container {name} wants port {outer} of its node, whose callers have no "
                "certificate: they would get no answer",
                "remove hostPort; callers from outside come through the gateway",
            )
        if own in PORTS and text(port, "protocol") in ("", "TCP"):
            yield Refusal(
                (*path, "ports", index, "containerPort"),
                f"container {name} listens on {own}, a port of the mesh",
                f"use another than {', '.join(map(str, PORTS))}",
            )  # fmt: skip


def _capabilities(spec: Map, container: Map, path: KeyPath) -> Iterator[Refusal]:
    name = text(container, "name") or "?"
    place = (*path, "securityContext", "capabilities")
    added = _names(sequence(container, "securityContext", "capabilities", "add"))
    dropped = _names(sequence(container, "securityContext", "capabilities", "drop"))
    for one in _REWRITES_RULES:
        if one in added:
            yield Refusal(
                (*place, "add"), f"container {name} has {one}, with which it can pass the rules by",
                f"remove {one} from capabilities.add",
            )  # fmt: skip
    asked = [one for one in _CHANGES_USER if one in added]
    if asked:
        yield Refusal(
            (*place, "add"),
            f"container {name} has {asked[0]}, with which it can become the proxy's user",
            f"remove {asked[0]} from capabilities.add",
        )
    elif _may_be_root(spec, container) and "ALL" not in dropped:
        left = [one for one in _BY_DEFAULT if one not in dropped]
        if left:
            yield Refusal(
                (*path, "securityContext"),
                f"container {name} may run as root and keeps {left[0]} of the default "
                "capabilities, so it can pass the proxy by",
                "set runAsNonRoot: true, or drop ALL capabilities",
            )


def _names(found: list[Value]) -> set[str]:
    return {item.upper().removeprefix("CAP_") for item in found if isinstance(item, str)}


def _may_be_root(spec: Map, container: Map) -> bool:
    """Whether nothing says that a container runs as another user than root."""
    user = integer(container, "securityContext", "runAsUser")
    if user is None:
        user = integer(spec, "securityContext", "runAsUser")
    if user is not None:
        return user == 0
    own = at(container, "securityContext", "runAsNonRoot")
    return not (is_true(spec, "securityContext", "runAsNonRoot") if own is None else own is True)

"""Containers that take their pod's identity themselves, over the SPIFFE Workload API.

A pod asks for it by an annotation. Then its containers find a socket where the variable of the
specification says (SPIFFE_Workload_Endpoint.md, 4): that of the node's agent, in the pod's own
directory, or that of the agent in the sidecar.
"""

from collections.abc import Iterator

from seawall.core.edit import Append, Data, Operation, Remove
from seawall.mesh.injection import parts
from seawall.mesh.injection.containers import containers
from seawall.mesh.injection.refusing import Refusal
from seawall.mesh.injection.settings import Agent, Settings
from seawall.text.values import Map, at, mapping, sequence, text

ASKED = "seawall/mesh-workload-api"
"""The annotation by which a pod asks for it: ``"true"``."""
ENDPOINT = "SPIFFE_ENDPOINT_SOCKET"
_UID = "SEAWALL_MESH_POD_UID"
_OURS = (ENDPOINT, _UID)


def are_asked(pod: Map) -> bool:
    """Whether a pod asks for it."""
    return at(pod, "metadata", "annotations", ASKED) == "true"


def refusals(pod: Map) -> Iterator[Refusal]:
    """Why a pod cannot have it."""
    written = at(pod, "metadata", "annotations", ASKED)
    if written not in (None, "true", "false"):
        yield Refusal((), f"{ASKED} is {written!r}", 'write "true" or "false", in quotes')
    if not are_asked(pod):
        return
    for path, container in containers(mapping(pod, "spec")):
        name = text(container, "name") or "?"
        for key in ("env", "volumeMounts"):
            if not isinstance(container.get(key), list | None):
                yield Refusal((*path, key), f"{key} of container {name} is no list", "write one")
        for index, own in enumerate(sequence(container, "env")):
            if text(own, "name") in _OURS:
                yield Refusal(
                    (*path, "env", index, "name"),
                    f"container {name} sets {text(own, 'name')}, which the mesh is to set",
                    f"remove it, or the annotation {ASKED}",
                )
        for index, own in enumerate(sequence(container, "volumeMounts")):
            where = text(own, "mountPath").rstrip("/")
            if (parts.PROGRAMS_AT + "/").startswith(where + "/") and where:
                yield Refusal(
                    (*path, "volumeMounts", index, "mountPath"),
                    f"container {name} mounts something at {where}, where the mesh puts a socket",
                    f"mount it elsewhere, or remove the annotation {ASKED}",
                )


def operations(pod: Map, settings: Settings) -> Iterator[Operation]:
    """What gives it to the containers of a pod that asks. Paths are below the pod's spec."""
    if not are_asked(pod):
        return
    by_node = settings.agent is Agent.NODE
    mount: dict[str, Data] = {"mountPath": parts.PROGRAMS_AT, "readOnly": True}
    if by_node:
        below = f"$({_UID})/{parts.PROGRAMS_BELOW}"
        mount |= {"name": parts.AGENT, "subPathExpr": below}
    else:
        mount["name"] = parts.PROGRAMS
    for path, _ in _own_containers(mapping(pod, "spec")):
        yield Append((*path, "env"), {"name": ENDPOINT, "value": parts.PROGRAMS_ENDPOINT})
        if by_node:
            field: Data = {"fieldRef": {"fieldPath": "metadata.uid"}}
            yield Append((*path, "env"), {"name": _UID, "valueFrom": field})
        yield Append((*path, "volumeMounts"), mount)


def removal(spec: Map) -> Iterator[Operation]:
    """What takes it away again."""
    for path, container in _own_containers(spec):
        if {parts.INIT, parts.PROXY} & {text(container, "name")}:
            continue
        variables = [
            index for index, own in enumerate(sequence(container, "env"))
            if text(own, "name") == _UID
            or (text(own, "name") == ENDPOINT and text(own, "value") == parts.PROGRAMS_ENDPOINT)
        ]  # fmt: skip
        mounts = [
            index for index, own in enumerate(sequence(container, "volumeMounts"))
            if text(own, "mountPath") == parts.PROGRAMS_AT and text(own, "name") in parts.VOLUMES
        ]  # fmt: skip
        for key, gone in (("env", variables), ("volumeMounts", mounts)):
            if gone and len(gone) == len(sequence(container, key)):
                yield Remove((*path, key))
            else:
                yield from (Remove((*path, key, index)) for index in gone)


def _own_containers(spec: Map) -> Iterator[tuple[tuple[str | int, ...], Map]]:
    """Containers that are there from the start: an ephemeral one gets nothing."""
    return ((path, own) for path, own in containers(spec) if path[0] != "ephemeralContainers")

"""One pod as data: what makes an injected pod of it, and the other way round."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.edit import Append, Data, Operation, Prepend, Remove, Set
from seawall.core.location import KeyPath
from seawall.mesh.injection import parts, probing, programs
from seawall.mesh.injection.containers import containers
from seawall.mesh.injection.refusing import Refusal, of_static, refusals
from seawall.mesh.injection.settings import Settings
from seawall.text.values import Map, mapping, sequence, text

if TYPE_CHECKING:
    from seawall.text.scalars import Value

INJECTED = "seawall/mesh-injected"
"""The annotation with the hash of what was put into a pod."""
PROBES_OF = "seawall/mesh-probes"
"""The annotation with the probes as they were."""
UNDO = "seawall/mesh-undo"
"""The annotation of an object in a file, with what gives the file's text back."""
_LISTS: Mapping[str, tuple[str, ...]] = {
    "initContainers": parts.CONTAINERS, "volumes": parts.VOLUMES,
}  # fmt: skip


class Injection(NamedTuple):
    """What is to be done to a pod. Paths are below the pod."""

    operations: tuple[Operation, ...]
    refused: tuple[Refusal, ...]


def injection(pod: Map, settings: Settings, path: str = "") -> Injection:
    """What makes an injected pod of one that is not injected; ``path`` is that of its file."""
    spec = mapping(pod, "spec")
    probes = probing.rewritten(spec)
    refused = [
        *of_static(pod, path), *refusals(spec, settings.proxy_user), *_names_taken(spec),
        *probes.refused,
        *programs.refusals(pod),
    ]  # fmt: skip
    has_programs = programs.are_asked(pod)
    put_in = [
        parts.containers(settings, PROBES_OF, programs=has_programs),
        parts.volumes(settings, programs=has_programs),
    ]
    operations: list[Operation] = [
        Set(("metadata", "annotations", INJECTED), _hash(put_in, probes.known)),
        Set(("metadata", "annotations", PROBES_OF), _json(probes.known)),
        *(Prepend(("spec", "initContainers"), part) for part in put_in[0]),
        *(_below(operation) for operation in probes.operations),
        *(_below(operation) for operation in programs.operations(pod, settings)),
        *(Append(("spec", "volumes"), part) for part in put_in[1]),
    ]
    return Injection(tuple(operations), tuple(refused))


def is_injected(pod: Map) -> bool:
    """Whether a pod says that it was injected."""
    return INJECTED in mapping(pod, "metadata", "annotations")


def removal(pod: Map) -> Iterator[Operation]:
    """What takes away all that was put into a pod. What became empty goes with it."""
    if not is_injected(pod):
        return
    spec = mapping(pod, "spec")
    for key, own in _LISTS.items():
        found = sequence(spec, key)
        gone = [index for index, item in enumerate(found) if text(item, "name") in own]
        if gone and len(gone) == len(found):
            yield Remove(("spec", key))
        else:
            yield from (Remove(("spec", key, index)) for index in gone)
    yield from map(_below, programs.removal(spec))
    annotations = mapping(pod, "metadata", "annotations")
    for operation in probing.restored(spec, known_probes(annotations)):
        if _list_stays(operation.path, pod):
            yield _below(operation)
    own_keys = [key for key in (INJECTED, PROBES_OF, UNDO) if key in annotations]
    if len(own_keys) < len(annotations):
        yield from (Remove(("metadata", "annotations", key)) for key in own_keys)
    elif len(mapping(pod, "metadata")) > 1:
        yield Remove(("metadata", "annotations"))
    else:
        yield Remove(("metadata",))


def _list_stays(path: KeyPath, pod: Map) -> bool:
    """Whether a probe is not one of a container that is taken away."""
    return text(pod, "spec", *path[:2], "name") not in parts.CONTAINERS


def known_probes(annotations: Map) -> Map:
    """The probes of an injected pod as they were; empty where the annotation says none."""
    try:
        found = json.loads(text(annotations, PROBES_OF) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _names_taken(spec: Map) -> Iterator[Refusal]:
    taken = {"initContainers": parts.CONTAINERS, "containers": parts.CONTAINERS,
             "volumes": parts.VOLUMES}  # fmt: skip
    for key, own in taken.items():
        for index, item in enumerate(sequence(spec, key)):
            if text(item, "name") in own:
                yield Refusal(
                    (key, index, "name"), f"the name {text(item, 'name')} is the mesh's",
                    "choose another name",
                )  # fmt: skip
    # Before injection such a mount leads nowhere, and nobody would object to it afterwards.
    for path, container in containers(spec):
        for index, mount in enumerate(sequence(container, "volumeMounts")):
            if text(mount, "name") in parts.VOLUMES:
                yield Refusal(
                    (*path, "volumeMounts", index, "name"),
                    f"container {text(container, 'name')} mounts {text(mount, 'name')}, which is "
                    "the proxy's",
                    "remove the mount",
                )  # fmt: skip


def _below(operation: Operation) -> Operation:
    """An operation on the spec, as one on its pod."""
    return operation._replace(path=("spec", *operation.path))


def _hash(put_in: Sequence[Sequence[parts.Part]], probes: Map) -> str:
    """What tells whether a pod has what would be put into it today."""
    from hashlib import sha256  # noqa: PLC0415 - 2 ms

    what: dict[str, Value | Data] = {
        "containers": list(put_in[0]),
        "volumes": list(put_in[1]),
        "probes": probes,
    }
    return f"sha256:{sha256(_json(what).encode()).hexdigest()}"


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))

"""Where pods stand in objects of the kinds that come with Kubernetes."""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.location import KeyPath
from seawall.text.scalars import Value
from seawall.text.values import mapping, sequence, text

_TEMPLATE: KeyPath = ("spec", "template")
TEMPLATES: dict[str, KeyPath] = {
    # kind -> where that which has metadata and spec stands
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_GROUPS = ("v1", "apps/", "batch/", "extensions/")
_DEEPEST = 8
"""Lists within lists."""


class Place(NamedTuple):
    """A pod, or the template of pods, in a document."""

    object: KeyPath
    """The path of the object that has it."""
    pod: KeyPath
    """The path of what has the pod's metadata and spec."""
    name: str
    """``kind/name`` of the object."""


def places(value: Value) -> Iterator[Place]:
    """The pods of a document, lists of objects included."""
    return _places(value, (), 0)


def _places(value: Value, path: KeyPath, depth: int) -> Iterator[Place]:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    kind = text(value, "kind")
    if kind.endswith("List"):
        for index, item in enumerate(sequence(value, "items")):
            yield from _places(item, (*path, "items", index), depth + 1)
        return
    template = TEMPLATES.get(kind)
    if template is None or not text(value, "apiVersion").startswith(_GROUPS):
        return
    if isinstance(mapping(value, *template).get("spec"), dict):
        metadata = mapping(value, "metadata")
        name = text(metadata, "name") or text(metadata, "generateName") or "?"
        yield Place(path, (*path, *template), f"{kind}/{name}")

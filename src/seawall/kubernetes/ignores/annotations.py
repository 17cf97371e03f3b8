"""The annotations of objects and their pod templates, as readers of ignores want them."""

from collections.abc import Iterable, Iterator

from seawall.core.ignore import Ignore, Part
from seawall.core.location import KeyPath, Location
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.workloads import pods_of


class Annotations(NamedTuple):
    """The annotations of an object, or of one of its pod templates.

    ``path`` is where the thing that has the ``metadata`` stands in its document.
    """

    object: KubernetesObject
    path: KeyPath
    values: dict[str, str]

    def ignore(self, key: str, rules: tuple[str, ...], *, reason: str = "") -> Ignore:
        """An ignore of all below, written under one of the annotations."""
        object_ = self.object
        return Ignore(
            rules,
            Part(object_.file, object_.document, self.path),
            reason,
            origin=Location(
                object_.file, object_.document, (*self.path, "metadata", "annotations", key)
            ),
            subject=object_.subject,
            form="annotation",
        )


def of_object(object_: KubernetesObject) -> Annotations:
    """The annotations of an object itself."""
    return Annotations(object_, object_.path, object_.annotations)


def of_templates(object_: KubernetesObject) -> tuple[Annotations, ...]:
    """The annotations of an object's pod templates; none for a Pod, which is its own."""
    if object_.kind == "Pod":
        return ()
    return tuple(Annotations(object_, pod.path, pod.annotations) for pod in pods_of(object_))


def of_objects(objects: Iterable[KubernetesObject]) -> Iterator[Annotations]:
    """The annotations of objects, without those of pod templates."""
    return (of_object(object_) for object_ in objects if "annotations" in object_.metadata)

"""The objects of a run by what is asked for, be they at hand or read when somebody asks."""

from collections.abc import Callable, Iterable
from typing import Protocol

from seawall.kubernetes.objects import KubernetesObject

HasPods = Callable[[KubernetesObject], object]
"""Tells by its truth whether an object has pods."""


class Stock(Protocol):
    """Gives objects in the order of the input; the same object each time it is asked for."""

    @property
    def objects(self) -> tuple[KubernetesObject, ...]:
        """All objects."""

    def open_all(self) -> None:
        """Read all objects, where that was not done."""

    def of_kind(self, kind: str, namespace: str | None = None) -> list[KubernetesObject]:
        """The objects of a kind, of one namespace or of all."""

    def with_pods(self, namespace: str | None = None) -> list[KubernetesObject]:
        """At least the objects with pods or pod templates, of one namespace or of all."""

    def holds(self, kind: str) -> bool:
        """Whether there is any object of a kind."""

    def files_with_pods(self, has_pods: HasPods) -> Iterable[str]:
        """The files of the objects that have pods."""


class AtHand:
    """Objects that have been read."""

    def __init__(self, objects: Iterable[KubernetesObject]) -> None:
        self.objects = tuple(objects)
        self._by_kind: dict[str, list[KubernetesObject]] = {}
        self._by_place: dict[tuple[str, str], list[KubernetesObject]] = {}
        self._by_namespace: dict[str, list[KubernetesObject]] = {}
        for object_ in self.objects:
            kind, namespace = object_.kind, object_.namespace
            self._by_kind.setdefault(kind, []).append(object_)
            self._by_place.setdefault((kind, namespace), []).append(object_)
            self._by_namespace.setdefault(namespace, []).append(object_)

    def open_all(self) -> None:
        """Nothing is to be read."""

    def of_kind(self, kind: str, namespace: str | None = None) -> list[KubernetesObject]:
        """The objects of a kind, of one namespace or of all."""
        if namespace is None:
            return self._by_kind.get(kind, [])
        return self._by_place.get((kind, namespace), [])

    def with_pods(self, namespace: str | None = None) -> list[KubernetesObject]:
        """All objects, or those of a namespace: whether one has pods is found out but once."""
        return list(self.objects) if namespace is None else self._by_namespace.get(namespace, [])

    def holds(self, kind: str) -> bool:
        """Whether there is any object of a kind."""
        return kind in self._by_kind

    def files_with_pods(self, has_pods: HasPods) -> Iterable[str]:
        """The files of the objects that have pods."""
        return (object_.file for object_ in self.objects if has_pods(object_))

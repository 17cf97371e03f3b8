"""The objects of a run, read only when the index asks for them, and what its answers rest on."""

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain

from seawall.core.digests import blake2b
from seawall.engine.units import NO_PODS, PODS, Unit
from seawall.kubernetes import topics
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.stock import HasPods
from seawall.kubernetes.topics import Topic

Entry = tuple[Unit, tuple[int, ...], bytes]
"""Some objects of a file, and a digest of all that may be asked of them."""


class Shelf:
    """A stock of objects (``kubernetes.stock.Stock``) that opens a file when it is asked for.

    It knows by their outlines what the files hold.
    """

    def __init__(self, units: Sequence[Unit], opaque: Iterable[str]) -> None:
        self._units = units
        self._opaque = opaque
        self._by_kind: dict[str, dict[str, list[Entry]]] = {}
        self._with_pods: dict[str, list[Entry]] = {}
        self._places = {unit: place for place, unit in enumerate(units)}
        self._digests: dict[Topic, bytes] = {}
        for unit in units:
            task = unit.task
            stamp = b"%s\0%d%d%d" % (
                _bytes(task.file.path),
                task.file.context,
                task.listed,
                unit.complete,
            )
            for kind, namespace, pods, numbers, digest in unit.leaves:
                entry = (unit, numbers, digest + stamp)
                by_namespace = self._by_kind.get(kind)
                if by_namespace is None:
                    by_namespace = self._by_kind[kind] = {}
                by_namespace.setdefault(namespace, []).append(entry)
                if pods != NO_PODS:
                    self._with_pods.setdefault(namespace, []).append(entry)

    @property
    def objects(self) -> tuple[KubernetesObject, ...]:
        """All objects."""
        self.open_all()
        return tuple(object_ for unit in self._units for object_ in unit.objects)

    def open_all(self) -> None:
        """Read every file."""
        _open(self._units)

    def of_kind(self, kind: str, namespace: str | None = None) -> list[KubernetesObject]:
        """The objects of a kind, of one namespace or of all."""
        return self._objects(_within(self._by_kind.get(kind, {}), namespace))

    def with_pods(self, namespace: str | None = None) -> list[KubernetesObject]:
        """The objects with pods or pod templates, of one namespace or of all."""
        return self._objects(_within(self._with_pods, namespace))

    def holds(self, kind: str) -> bool:
        """Whether there is any object of a kind."""
        return kind in self._by_kind

    def files_with_pods(self, has_pods: HasPods) -> Iterable[str]:  # noqa: ARG002 - known by now
        """The files of the objects that have pods."""
        return (
            unit.task.file.path
            for unit in self._units
            if any(leaf.pods == PODS for leaf in unit.leaves)
        )

    def _objects(self, entries: Iterable[Entry]) -> list[KubernetesObject]:
        numbers: dict[Unit, list[int]] = {}
        for unit, own, _ in entries:
            numbers.setdefault(unit, []).extend(own)
        _open(numbers)
        return [
            unit.objects[number]
            for unit in sorted(numbers, key=self._places.__getitem__)
            for number in sorted(numbers[unit])
        ]

    # Digests ----------------------------------------------------------------------------------

    def digest(self, asked: Iterable[Topic]) -> bytes:
        """A digest of what there is of some topics: equal only where the answers are."""
        result = blake2b(digest_size=16)
        for topic in asked:
            found = self._digests.get(topic)
            if found is None:
                found = self._digests[topic] = self._digest(topic)
            result.update(found)
        return result.digest()

    def _digest(self, topic: Topic) -> bytes:
        result = blake2b(digest_size=16)
        for part in self._parts(topic):
            result.update(len(part).to_bytes(8, "little"))
            result.update(part)
        return result.digest()

    def _parts(self, topic: Topic) -> Iterable[bytes]:
        match topic:
            case (topics.KIND, kind, *namespaces):
                entries = self._by_kind.get(kind, {})
                return _digests(_within(entries, namespaces[0] if namespaces else None))
            case (topics.PODS, *namespaces):
                return _digests(_within(self._with_pods, namespaces[0] if namespaces else None))
            case (topics.PRESENCE, kind):
                return (b"some" if kind in self._by_kind else b"none",)
            case (topics.TEXT, path):
                return self._texts.get(path, ())
            case topics.OPAQUE:
                return map(_bytes, self._opaque)
            case topics.APPLICATIONS:
                directories = {os.path.dirname(path) for path in self.files_with_pods(bool)}
                return map(_bytes, sorted(directories))
        return chain.from_iterable(
            _digests(_within(self._by_kind[kind], None)) for kind in sorted(self._by_kind)
        )

    @cached_property
    def _texts(self) -> dict[str, list[bytes]]:
        result: dict[str, list[bytes]] = {}
        for unit in self._units:
            result.setdefault(unit.task.file.path, []).append(unit.task.digest)
        return result


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digests(entries: Iterable[Entry]) -> Iterable[bytes]:
    return (digest for *_, digest in entries)


def _within(entries: dict[str, list[Entry]], namespace: str | None) -> Iterable[Entry]:
    if namespace is not None:
        return entries.get(namespace, ())
    return [entry for name in sorted(entries) for entry in entries[name]]


def _open(units: Iterable[Unit]) -> None:
    """Read some files, at once."""
    closed = [unit for unit in units if not unit.is_open]
    if closed and closed[0].open is not None:
        closed[0].open(*closed)

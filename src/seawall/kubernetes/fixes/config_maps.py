"""Moves credentials from ConfigMaps into Secrets, with all that reads them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.edit import Append, Data, Operation, Remove, Repair, Safety, Set
from seawall.core.location import KeyPath
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, in_pod, mends, repair
from seawall.kubernetes.fixes.naming import credentials_name, new_value, plain
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.text.scalars import Value
from seawall.text.values import Map, mapping, sequence, text


class _Moved(NamedTuple):
    """The key of a ConfigMap that becomes one of a Secret."""

    config_map: str
    key: str
    secret: str

    @property
    def item(self) -> dict[str, Data]:
        """The key as a file of its own name."""
        return {"key": self.key, "path": self.key}


@mends("hardcoded-secret")
def move_to_secret(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """A key of a ConfigMap becomes one of a Secret that somebody makes by hand.

    Variables, ``envFrom`` and volumes of all pods that read it get it from there under the same
    name. Nothing is proposed where it is not sure who reads it: where not all manifests are known,
    where text that could not be read reads it too, or where nobody does.
    """
    if object_.kind != "ConfigMap" or len(hit.at) != 2 or hit.at[0] != "data":
        return
    index, key = context.index, str(hit.at[1])
    if not object_.complete or _is_read_elsewhere(object_.name, index):
        return
    moved = _Moved(object_.name, key, credentials_name(object_))
    changes: dict[int, tuple[KubernetesObject, list[Operation]]] = {}
    for pod in index.pods_in(object_.namespace):
        operations = list(_in_pod(pod, moved))
        if operations:
            if not pod.object.target:
                return
            changes.setdefault(id(pod.object), (pod.object, []))[1].extend(operations)
    if not changes or len(index.find_all("ConfigMap", object_.namespace, object_.name)) > 1:
        return
    title = f"Move {key} to the Secret {moved.secret}"
    value = text(object_.value, "data", key)
    form = "--from-file" if "\n" in value.strip() else "--from-literal"
    yield repair(
        object_,
        title,
        Remove((*object_.path, "data", key)),
        safety=Safety.UNSAFE,
        effect="pods that read it do not start before the Secret is there; what an overlay puts "
        "into the ConfigMap under this key is read no more",
        brings=("config-reference-not-found",),
        note=new_value(object_, moved.secret, key, form),
        others=tuple(
            Repair(title, reader.file, reader.document, tuple(operations))
            for reader, operations in changes.values()
        ),
    )


def _is_read_elsewhere(name: str, index: Index) -> bool:
    """Whether a template or a patch that could not be read takes values from a ConfigMap."""
    if not index.is_unresolved(name):
        return False
    reader = (
        r"configMap(?:Ref|KeyRef)?[\"']?\s*:\s*(?:\{[^}]*|(?:[^\n]*\n){1,4}?[^\n]*)\bname[\"']?\s*:"
    )
    return index.holds_unresolved(rf"{reader}\s*[\"']?{re.escape(name)}\b")


def _in_pod(pod: Pod, moved: _Moved) -> Iterator[Operation]:
    for container in pod.containers:
        for index, variable in container.env:
            reference = mapping(variable, "valueFrom", "configMapKeyRef")
            if reference.get("name") == moved.config_map and reference.get("key") == moved.key:
                place: KeyPath = (*container.path, "env", index, "valueFrom")
                yield Remove((*place, "configMapKeyRef"))
                yield Set((*place, "secretKeyRef"), {**reference, "name": moved.secret})
        yield from _sources(
            sequence(container.value, "envFrom"), (*container.path, "envFrom"), moved
        )
    for index, volume in pod.volumes:
        yield from _volume(volume, in_pod(pod, "volumes", index), moved)


def _sources(sources: list[Value], place: KeyPath, moved: _Moved) -> Iterator[Operation]:
    """``envFrom``: the Secret beside the ConfigMap, once."""
    have = {text(source, "secretRef", "name") for source in sources}
    for source in sources:
        reference = mapping(source, "configMapRef")
        if reference.get("name") == moved.config_map and moved.secret not in have:
            more: dict[str, Data] = {"secretRef": {**reference, "name": moved.secret}}
            prefix = text(source, "prefix")
            yield Append(place, {"prefix": prefix, **more} if prefix else more)
            return


def _volume(volume: Map, place: KeyPath, moved: _Moved) -> Iterator[Operation]:
    """A volume of the ConfigMap becomes a projected one, of both."""
    own = mapping(volume, "configMap")
    if own.get("name") != moved.config_map:
        yield from _projected(sequence(volume, "projected", "sources"), place, moved)
        return
    items = sequence(own, "items")
    wanted = [plain(item) for item in items if text(item, "key") == moved.key]
    if items and not wanted:
        return
    kept = [plain(item) for item in items if text(item, "key") != moved.key]
    common = {key: plain(own[key]) for key in ("optional",) if key in own}
    sources: list[Data] = []
    if kept or not items:
        more: dict[str, Data] = {"items": kept} if kept else {}
        sources.append({"configMap": {"name": moved.config_map, **more, **common}})
    secret: dict[str, Data] = {"name": moved.secret, "items": wanted or [moved.item], **common}
    sources.append({"secret": secret})
    modes = {key: plain(own[key]) for key in ("defaultMode",) if key in own}
    yield Remove((*place, "configMap"))
    yield Set((*place, "projected"), {**modes, "sources": sources})


def _projected(sources: list[Value], place: KeyPath, moved: _Moved) -> Iterator[Operation]:
    """The key out of a source of the ConfigMap, and into one of the Secret."""
    base = (*place, "projected", "sources")
    secrets = {text(one, "secret", "name"): index for index, one in enumerate(sources)}
    for index, source in enumerate(sources):
        if text(source, "configMap", "name") != moved.config_map:
            continue
        items = sequence(source, "configMap", "items")
        places = [at for at, item in enumerate(items) if text(item, "key") == moved.key]
        if items and (not places or len(items) == len(places)):
            continue
        for at in places:
            yield Remove((*base, index, "configMap", "items", at))
        wanted: list[Data] = [plain(items[at]) for at in places] or [moved.item]
        known = secrets.get(moved.secret)
        if known is None:
            yield Append(base, {"secret": {"name": moved.secret, "items": wanted}})
            continue
        have = sequence(sources[known], "secret", "items")
        for item in wanted:
            if have and item not in have:
                yield Append((*base, known, "secret", "items"), item)

"""Fixes of volumes: directories of the node, room without a limit."""

from seawall.core.edit import Data, Operation, Remove, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, at_hit, drop, in_pod, mends, repair, set_at
from seawall.kubernetes.fixes.naming import metadata_of
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.text.values import at, sequence, text

_ROOM = "1Gi"


@mends("runtime-socket-mount", "sensitive-host-path")
def remove_host_path(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The volume goes with every mount of it."""
    index = _index(hit)
    volumes = sequence(pod.spec, "volumes")
    if index is None or index >= len(volumes):
        return
    name = text(volumes[index], "name")
    operations: list[Operation] = [Remove(in_pod(pod, "volumes", index))]
    for container in pod.containers:
        operations += [
            drop(container, ("volumeMounts", number))
            for number, mount in container.mounts
            if text(mount, "name") == name
        ]
    yield repair(
        pod,
        f"Do not mount the node's {text(volumes[index], 'hostPath', 'path')}",
        *operations,
        safety=Safety.UNSAFE,
        effect="what reads or writes there fails",
    )


def _index(hit: Hit) -> int | None:
    return next((step for step in hit.at if isinstance(step, int)), None)


@mends("writable-host-path")
def write_elsewhere(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """What may be claimed as a volume stays writable; all else is mounted for reading only."""
    if not hit.at or hit.at[-1] != "readOnly":
        return
    mount = at(pod.object.value, *at_hit(pod, hit)[len(pod.object.path) : -1])
    name = text(mount, "name")
    index = next((i for i, volume in pod.volumes if text(volume, "name") == name), None)
    claims = () if index is None else tuple(_claims(pod, index, context))
    if claims:
        yield from claims
        return
    yield repair(
        pod,
        "Mount it for reading only",
        set_at(pod, hit, value=True),
        safety=Safety.UNSAFE,
        effect="what writes there fails",
    )


@mends("host-path-volume")
def claim_volume(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The hit names the volume."""
    index = _index(hit)
    if index is not None:
        yield from _claims(pod, index, context)


def _claims(pod: Pod, index: int, context: Context) -> Repairs:
    """A claim in place of the node's directory, where one pod at a time writes to it.

    The pods of a DaemonSet each want their own node's directory, and several replicas cannot
    share a claim of one node: there a person decides. So it is with directories of the system.
    """
    object_ = pod.object
    volumes = sequence(pod.spec, "volumes")
    if index >= len(volumes) or not object_.name:
        return
    path = text(volumes[index], "hostPath", "path")
    kind = text(volumes[index], "hostPath", "type") or "Directory"
    single = pod.is_job or object_.kind == "Pod" or context.index.scale_of(object_).most <= 1
    if object_.kind == "DaemonSet" or not single or not kind.startswith("Directory"):
        return
    if not path.startswith(_DATA):
        return
    name = f"{object_.name}-{text(volumes[index], 'name')}"
    claim: dict[str, Data] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata_of(object_, name),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": _ROOM}}},
    }
    is_new = context.index.find("PersistentVolumeClaim", object_.namespace, name) is None
    volume = in_pod(pod, "volumes", index)
    yield repair(
        pod,
        f"Claim the volume {name} in place of a directory of the node",
        Remove((*volume, "hostPath")),
        Set((*volume, "persistentVolumeClaim", "claimName"), name),
        added=(claim,) if is_new else (),
        safety=Safety.UNSAFE,
        effect="the volume is empty at first, and what the node has is no longer seen",
        note=f"copy the node's {path} to the volume {name} where it is needed, and set the size, "
        f"now {_ROOM}, and the class it needs",
    )


_DATA = ("/data", "/mnt/", "/opt/", "/srv/", "/storage", "/tmp/", "/var/lib/", "/var/data")  # noqa: S108 - of a node
"""Where data of applications lie on a node; other directories are its own."""


@mends("emptydir-no-sizelimit")
def limit_empty_dir(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The kubelet evicts a pod whose volume grows beyond its limit."""
    if hit.at and hit.at[-1] == "sizeLimit":
        yield repair(
            pod,
            "Limit the size of the volume",
            set_at(pod, hit, _ROOM),
            safety=Safety.UNSAFE,
            effect="the pod is evicted when the volume holds more than 1 GiB",
        )

"""Fixes of the users and groups that containers run as."""

from collections.abc import Iterator

from seawall.core.edit import Operation, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, at_hit, in_pod, mends, put, remove_at, repair, set_at
from seawall.kubernetes.fixes.known import facts, identity
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context
from seawall.text.values import integer

USER = 10001
"""A user and group above those of any node, where people are numbered from 1000 on."""
_SECURITY = "securityContext"
_EFFECT = "files that belong to another user can no longer be written"


@mends("run-as-non-root", "run-as-root-conflict")
def run_as_user(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Run every container that may be root as the image's own user, else as one without rights.

    A user that somebody chose stays. Where the image names a user that is not root, but one whose
    number nobody knows, the number is left to it.
    """
    operations = [
        operation
        for container in pod.containers
        if not pod.is_windows
        for operation in _unprivileged(container)
    ]
    if operations:
        yield repair(
            pod,
            "Run as a user without rights",
            *operations,
            *_volumes_group(pod),
            safety=Safety.UNSAFE,
            effect=_EFFECT,
        )


def _unprivileged(container: Container) -> Iterator[Operation]:
    if container.run_as_user:
        if container.run_as_non_root:
            return
    else:
        user, group = identity(container)
        leaves = not user and facts(container).is_unprivileged is True
        if container.run_as_user == 0 or not leaves:
            yield put(container, (_SECURITY, "runAsUser"), user or USER)
            if not container.run_as_group:
                yield put(container, (_SECURITY, "runAsGroup"), group or USER)
    if not container.run_as_non_root:
        yield put(container, (_SECURITY, "runAsNonRoot"), value=True)


def _volumes_group(pod: Pod) -> list[Operation]:
    """Volumes belong to root unless the pod names a group for them."""
    kinds = ("persistentVolumeClaim", "emptyDir", "ephemeral", "csi")
    claims = pod.object.kind == "StatefulSet" or any(
        kind in volume for _, volume in pod.volumes for kind in kinds
    )
    if not claims or integer(pod.spec, _SECURITY, "fsGroup"):
        return []
    groups = {identity(container)[1] for container in pod.containers} - {0}
    group = groups.pop() if len(groups) == 1 else USER
    return [Set(in_pod(pod, _SECURITY, "fsGroup"), group)]


@mends("run-as-root-group")
def leave_root_group(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The hit names the group, of the pod, of a container, or among the further groups."""
    in_list = bool(hit.at) and isinstance(hit.at[-1], int)
    yield repair(
        pod,
        "Run without the group of root",
        remove_at(pod, hit) if in_list else set_at(pod, hit, USER),
        safety=Safety.UNSAFE,
        effect="files that only the group root may use are out of reach",
    )


@mends("low-uid", "low-gid")
def raise_number(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """A number that belongs to the image is kept: its files belong to it."""
    own = {number for container in pod.containers for number in identity(container)}
    if hit.at and hit.at[-1] in ("runAsUser", "runAsGroup") and _number(pod, hit) not in own:
        yield repair(
            pod,
            "Use a number that no user of a node has",
            set_at(pod, hit, USER),
            safety=Safety.UNSAFE,
            effect=_EFFECT,
        )


def _number(pod: Pod, hit: Hit) -> int | None:
    path = at_hit(pod, hit)
    return integer(pod.object.value, *path[len(pod.object.path) :])


@mends("fsgroup-root")
def own_volumes_group(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Whoever writes to the volumes needs their group, and gets it."""
    yield repair(
        pod,
        "Give its volumes to a group without rights",
        set_at(pod, hit, USER),
        safety=Safety.UNSAFE,
        effect="the kubelet changes the group of what is in the volumes",
    )

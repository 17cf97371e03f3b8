"""Fixes of what a container may do: users, capabilities, profiles, privileges."""

from collections.abc import Iterator

from seawall.core.edit import Append, Data, Operation, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, add, drop, mends, put, remove_at, repair, set_at
from seawall.kubernetes.fixes.images import facts_of
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.values import integer, sequence, text, texts

USER = 10001
"""A user and group above those of any node, where people are numbered from 1000 on."""
_SECURITY = "securityContext"
_KEEPS_ESCALATION = frozenset(("SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"))
_PRIVILEGED_PORTS = 1024


@mends("privilege-escalation-allowed")
def forbid_privilege_escalation(container: Container, hit: Hit, context: Context) -> Repairs:
    """The API server refuses it beside ``privileged`` and CAP_SYS_ADMIN (validation of core/v1)."""
    added = texts(container.value, _SECURITY, "capabilities", "add")
    if not container.is_privileged and not _KEEPS_ESCALATION.intersection(added):
        yield repair(
            container,
            "Forbid privilege escalation",
            put(container, (_SECURITY, "allowPrivilegeEscalation"), value=False),
        )


@mends("privileged-container")
def take_privileges(container: Container, hit: Hit, context: Context) -> Repairs:
    """Without its privileges a container has the default capabilities and no devices."""
    yield repair(
        container,
        "Run it unprivileged",
        put(container, (_SECURITY, "privileged"), value=False),
        safety=Safety.UNSAFE,
        effect="it loses all devices and most capabilities",
    )


@mends("capability-sys-admin-added", "capability-dangerous-added", "capabilities-beyond-baseline")
def remove_capability(container: Container, hit: Hit, context: Context) -> Repairs:
    """The hit names the entry of the list."""
    if hit.at and isinstance(hit.at[-1], int):
        name = text(container.value, *hit.at)
        yield repair(
            container,
            f"Do not add {name}",
            remove_at(container, hit),
            safety=Safety.UNSAFE,
            effect=f"what needs {name} fails",
        )


@mends("capabilities-not-dropped-all", "capability-net-raw-kept")
def drop_capabilities(container: Container, hit: Hit, context: Context) -> Repairs:
    """Drop all; give back the right to low ports where the container listens on one as no root."""
    if container.is_privileged:
        return
    path = (_SECURITY, "capabilities")
    drops = sequence(container.value, *path, "drop")
    operations: list[Operation] = [
        put(container, (*path, "drop"), ["ALL"])
        if drops
        else add(container, (*path, "drop"), "ALL")
    ]
    added = texts(container.value, *path, "add")
    for index, name in enumerate(added):
        if name in ("NET_RAW", "CAP_NET_RAW"):
            operations.append(drop(container, (*path, "add", index)))
    low = [
        port
        for _, port in container.ports
        if 0 < (integer(port, "containerPort") or 0) < _PRIVILEGED_PORTS
    ]
    names = {name.removeprefix("CAP_") for name in added}
    needed = ["NET_BIND_SERVICE"] if low else []
    needed += facts_of(container).capabilities
    operations += [add(container, (*path, "add"), name) for name in needed if name not in names]
    yield repair(
        container,
        "Drop all capabilities",
        *operations,
        safety=Safety.UNSAFE,
        effect="a program that changes owners, users or network settings at its start fails",
    )


@mends("run-as-non-root", "run-as-root-conflict", "run-as-root-group", "low-uid", "low-gid")
def run_as_user(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Run every container that may be root as the image's own user, else as one without rights."""
    operations: list[Operation] = []
    for container in pod.containers:
        if pod.is_windows or container.type == "ephemeral":
            continue
        operations += _user(container)
    group = _volumes_group(pod)
    operations += group
    if operations:
        yield repair(
            pod,
            "Run as a user without rights",
            *operations,
            safety=Safety.UNSAFE,
            effect="files that belong to another user can no longer be written",
        )


def _user(container: Container) -> Iterator[Operation]:
    facts = facts_of(container)
    user, group = facts.user or USER, facts.group or facts.user or USER
    for name, effective, wanted in (
        ("runAsUser", container.run_as_user, user),
        ("runAsGroup", container.run_as_group, group),
    ):
        if effective is None or effective < min(wanted, 10_000) or effective == 0:
            yield put(container, (_SECURITY, name), wanted)
    if container.run_as_non_root is not True:
        yield put(container, (_SECURITY, "runAsNonRoot"), value=True)


def _volumes_group(pod: Pod) -> list[Operation]:
    """Volumes belong to root unless the pod names a group for them."""
    kinds = ("persistentVolumeClaim", "emptyDir", "ephemeral", "csi")
    claims = pod.object.kind == "StatefulSet" or any(
        kind in volume for _, volume in pod.volumes for kind in kinds
    )
    own = integer(pod.spec, _SECURITY, "fsGroup")
    if not claims or own:
        return []
    groups = {facts_of(container).group or facts_of(container).user for container in pod.containers}
    group = groups.pop() if len(groups) == 1 else None
    return [Set((*pod.spec_path, _SECURITY, "fsGroup"), group or USER)]


@mends("seccomp-profile-missing")
def set_seccomp(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The runtime's own profile leaves out what programs do not use (Kubernetes docs, seccomp)."""
    yield repair(
        pod,
        "Use the runtime's seccomp profile",
        Set((*pod.spec_path, _SECURITY, "seccompProfile", "type"), "RuntimeDefault"),
    )


@mends("seccomp-unconfined")
def confine_seccomp(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Somebody has switched it off, perhaps for a reason."""
    if hit.at and hit.at[-1] == "type":
        yield repair(
            pod,
            "Use the runtime's seccomp profile",
            set_at(pod, hit, "RuntimeDefault"),
            safety=Safety.UNSAFE,
            effect="system calls outside of the runtime's profile fail",
        )


@mends("apparmor-profile-missing", "apparmor-unconfined")
def set_apparmor(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The field is there since 1.30 (KEP-24)."""
    if context.minor < 30 or not hit.at or hit.at[-1] != "type":
        return
    yield repair(
        pod,
        "Use the runtime's AppArmor profile",
        set_at(pod, hit, "RuntimeDefault"),
        safety=Safety.UNSAFE,
        effect="a node without AppArmor refuses the pod",
    )


@mends("read-only-root-filesystem")
def read_only_root(container: Container, hit: Hit, context: Context) -> Repairs:
    """Mount an empty directory where the image is known to write, and at ``/tmp``."""
    operations: list[Operation] = [
        put(container, (_SECURITY, "readOnlyRootFilesystem"), value=True)
    ]
    pod = container.pod
    mounted = {text(mount, "mountPath").rstrip("/") for _, mount in container.mounts}
    names = {text(volume, "name") for _, volume in pod.volumes}
    for path in ("/tmp", *facts_of(container).writable):  # noqa: S108 - of the container
        if any(path == other or path.startswith(f"{other}/") for other in mounted):
            continue
        name = f"{container.name}-{path.strip('/').replace('/', '-').replace('.', '-')}"[:63]
        operations.append(add(container, ("volumeMounts",), {"name": name, "mountPath": path}))
        if name not in names:
            volume: dict[str, Data] = {"name": name, "emptyDir": {"sizeLimit": "64Mi"}}
            operations.append(Append((*pod.spec_path, "volumes"), volume))
    yield repair(
        container,
        "Make its root file system read-only",
        *operations,
        safety=Safety.UNSAFE,
        effect="what writes elsewhere than to its volumes fails",
    )


@mends("unsafe-proc-mount")
def default_proc_mount(container: Container, hit: Hit, context: Context) -> Repairs:
    """Without the field the API server sets Default."""
    yield repair(
        container, "Mount /proc as usual", drop(container, (_SECURITY, "procMount")),
        safety=Safety.UNSAFE, effect="what needs all of /proc, such as a nested container, fails",
    )  # fmt: skip


@mends("duplicate-env-var")
def remove_duplicate(container: Container, hit: Hit, context: Context) -> Repairs:
    """The kubelet takes the last of equal names."""
    env = sequence(container.value, "env")
    name = hit.evidence
    places = [
        i for i, item in enumerate(env) if isinstance(item, dict) and item.get("name") == name
    ]
    if len(places) > 1:
        yield repair(
            container,
            f"Keep the last {name}, which is the one that counts",
            *(drop(container, ("env", index)) for index in places[:-1]),
        )


@mends("image-pull-policy")
def set_pull_policy(container: Container, hit: Hit, context: Context) -> Repairs:
    """Always for a tag that moves, IfNotPresent for an image that does not."""
    image = container.image
    if image is None:
        return
    policy = "IfNotPresent" if image.digest else "Always"
    yield repair(
        container, f"Pull its image {'once' if image.digest else 'at each start'}",
        put(container, ("imagePullPolicy",), policy),
    )  # fmt: skip

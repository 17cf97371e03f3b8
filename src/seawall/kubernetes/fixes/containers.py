"""Fixes of what a container may do: capabilities, profiles, privileges, its root file system."""

from seawall.core.edit import Append, Data, Operation, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import (
    Repairs,
    add,
    drop,
    in_pod,
    mends,
    put,
    remove_at,
    repair,
    set_at,
)
from seawall.kubernetes.fixes.known import facts
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context
from seawall.text.values import integer, mapping, sequence, text

_SECURITY = "securityContext"
_PRIVILEGED_PORTS = 1024
_SPACE = "64Mi"
"""Room in a directory that a program writes small files to."""
_DATA = "1Gi"
"""Room in a directory that the image declares as a volume, where nothing else is mounted."""


@mends("privilege-escalation-allowed")
def forbid_privilege_escalation(container: Container, hit: Hit, context: Context) -> Repairs:
    """The API server refuses it beside ``privileged`` and CAP_SYS_ADMIN (validation of core/v1)."""
    keeps = {"SYS_ADMIN", "ALL"}.intersection(container.added_capabilities)
    if container.is_privileged or keeps:
        return
    needed = facts(container).capabilities
    allowed = container.security_context.get("allowPrivilegeEscalation") is True
    effects = [f"its program gets no {' and '.join(needed)} from its file"] if needed else []
    effects += ["what calls sudo or another setuid program fails"] if allowed else []
    yield repair(
        container,
        "Forbid privilege escalation",
        put(container, (_SECURITY, "allowPrivilegeEscalation"), value=False),
        safety=Safety.UNSAFE if effects else Safety.SAFE,
        effect="; ".join(effects),
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


@mends("capability-sys-admin-added", "capability-dangerous-added", "capabilities-beyond-baseline",
       "capabilities-not-only-net-bind")  # fmt: skip
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
    """Drop all; give back the right to low ports where the container declares one."""
    if container.is_privileged:
        return
    path = (_SECURITY, "capabilities")
    drops = sequence(container.value, *path, "drop")
    operations: list[Operation] = []
    if not container.drops_all:
        operations.append(
            put(container, (*path, "drop"), ["ALL"])
            if drops
            else add(container, (*path, "drop"), "ALL")
        )
    added = container.added_capabilities
    if "NET_RAW" in added:
        operations.append(drop(container, (*path, "add", added["NET_RAW"])))
    low = any(
        0 < (integer(port, "containerPort") or 0) < _PRIVILEGED_PORTS for _, port in container.ports
    )
    needed = dict.fromkeys((*(["NET_BIND_SERVICE"] if low else []), *facts(container).capabilities))
    operations += [add(container, (*path, "add"), name) for name in needed if name not in added]
    yield repair(
        container,
        "Drop all capabilities",
        *operations,
        safety=Safety.UNSAFE,
        effect="a program that changes owners, users or network settings at its start fails",
    )


@mends("seccomp-profile-missing")
def set_seccomp(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The runtime's own profile leaves out what programs do not use (Kubernetes docs, seccomp)."""
    yield repair(
        pod,
        "Use the runtime's seccomp profile",
        Set(in_pod(pod, _SECURITY, "seccompProfile", "type"), "RuntimeDefault"),
    )


@mends("seccomp-unconfined")
def confine_seccomp(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Somebody has switched it off, perhaps for a reason."""
    effect = "system calls outside of the runtime's profile fail"
    title = "Use the runtime's seccomp profile"
    if hit.at and hit.at[-1] == "type":
        yield repair(
            pod, title, set_at(pod, hit, "RuntimeDefault"), safety=Safety.UNSAFE, effect=effect
        )


@mends("apparmor-profile-missing", "apparmor-unconfined")
def set_apparmor(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The field is there since 1.30 (KEP-24), annotations are older."""
    if not hit.at:
        return
    key = str(hit.at[-1])
    operations: list[Operation] = []
    if key == "type" and context.minor >= _FIELD_SINCE:
        operations = [set_at(pod, hit, "RuntimeDefault")]
    elif key.startswith(_APPARMOR):
        named = (one for one in pod.containers if one.name == key.removeprefix(_APPARMOR))
        container = next(named, None)
        if context.minor < _FIELD_SINCE:
            operations = [set_at(pod, hit, "runtime/default")]
        elif container is not None:
            field = (_SECURITY, "appArmorProfile", "type")
            operations = [remove_at(pod, hit), put(container, field, "RuntimeDefault")]
    if operations:
        yield repair(
            pod,
            "Use the runtime's AppArmor profile",
            *operations,
            safety=Safety.UNSAFE,
            effect="a node without AppArmor refuses the pod",
        )


_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_FIELD_SINCE = 30


@mends("read-only-root-filesystem")
def read_only_root(container: Container, hit: Hit, context: Context) -> Repairs:
    """Mount an empty directory where the image is known to write, and at ``/tmp``."""
    known = facts(container)
    if known.rewrites_itself:
        return
    operations: list[Operation] = [
        put(container, (_SECURITY, "readOnlyRootFilesystem"), value=True)
    ]
    pod = container.pod
    mounted = {text(mount, "mountPath").rstrip("/") for _, mount in container.mounts}
    taken = {text(volume, "name") for _, volume in pod.volumes}
    if container.type != "ephemeral":
        for path in ("/tmp", *known.writable, *known.volumes):  # noqa: S108 - of the container
            if any(path == other or path.startswith(f"{other}/") for other in mounted):
                continue
            name = _volume_name(container, path)
            operations.append(add(container, ("volumeMounts",), {"name": name, "mountPath": path}))
            if name not in taken:
                room = {"sizeLimit": _DATA if path in known.volumes else _SPACE}
                volume: dict[str, Data] = {"name": name, "emptyDir": room}
                operations.append(Append(in_pod(pod, "volumes"), volume))
    yield repair(
        container,
        "Make its root file system read-only",
        *operations,
        safety=Safety.UNSAFE,
        effect="what writes elsewhere than to its volumes fails",
    )


_LONGEST = 63


def _volume_name(container: Container, path: str) -> str:
    """A DNS label (core/v1 validation of volume names) of the container and the directory."""
    tail = path.strip("/").replace("/", "-").replace(".", "-").lower()
    return f"{container.name[: _LONGEST - len(tail) - 1].rstrip('-')}-{tail}"


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
    name = hit.evidence
    places = [index for index, item in container.env if item.get("name") == name]
    if len(places) > 1:
        yield repair(
            container,
            f"Keep the last {name}, which is the one that counts",
            *(drop(container, ("env", index)) for index in places[:-1]),
        )


@mends("probe-or-lifecycle-host")
def ask_own_address(container: Container, hit: Hit, context: Context) -> Repairs:
    """Without a host the kubelet asks at the pod's own address."""
    if hit.at and mapping(container.value, *hit.at[:-1]):
        yield repair(
            container,
            "Ask at the pod's own address",
            remove_at(container, hit),
            safety=Safety.UNSAFE,
            effect="the other host is no longer asked",
        )

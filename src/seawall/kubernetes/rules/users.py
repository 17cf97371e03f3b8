"""Rules about the users and groups that containers run as."""

from collections.abc import Iterator

from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context, pod_rule
from seawall.kubernetes.rules.inherited import once, place
from seawall.text.values import integer, is_false, sequence

_NON_ROOT = "runAsNonRoot"
_USER = "runAsUser"
_GROUP = "runAsGroup"
_USER_NAME = ("windowsOptions", "runAsUserName")


def _hit(container: Container, message: str, severity: Severity | None, *keys: str) -> Hit:
    """A hit where the field is set, or at the container where it is missing."""
    at, name = place(container, *keys)
    return Hit(message, at, severity=severity, container=name)


@pod_rule(
    "run-as-non-root",
    severity=Severity.HIGH,
    remedy="Set securityContext.runAsNonRoot to true, and runAsUser to the number of a user.",
    aliases=(
        "kubesec:RunAsNonRoot",
        "kube-score:container-security-context-user-group-id",
        "kube-linter:run-as-non-root",
        "KSV-0012",
        "KSV-0105",
        "CKV_K8S_23",
        "C-0013",
        "polaris:runAsRootAllowed",
    ),
    compliance=("cis-1.12:5.2.7", "pss-restricted:runAsNonRoot", "pss-restricted:runAsUser"),
)
def run_as_non_root(pod: Pod, context: Context) -> Hits:
    """Containers must not run as root.

    Looks at the effective values of ``runAsUser`` and ``runAsNonRoot``, a container's before its
    pod's. A user of 0 is high. Where neither a user nor ``runAsNonRoot: true`` is set, the image
    decides, which usually means root: medium. In a pod with ``hostUsers: false`` both are low.

    Why:

    Root in a container is root for the kernel. Any hole in the runtime or the kernel, any mounted
    directory and any capability then counts for the node too.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                runAsUser: 0

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsNonRoot: true
            runAsUser: 10001
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    A user other than 0 without ``runAsNonRoot``, which cannot be root. ``runAsNonRoot: true``
    with the user 0: ``run-as-root-conflict`` reports it. Windows pods.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if not pod.is_windows:
        yield from once(_root_hits(pod))


def _root_hits(pod: Pod) -> Iterator[Hit]:
    isolated = Severity.LOW if is_false(pod.spec, "hostUsers") else None
    for container in pod.containers:
        if container.run_as_non_root:
            continue
        user = container.run_as_user
        if user == 0:
            yield _hit(container, "runs as root", isolated, _USER)
        elif user is None:
            message = (
                "may run as root: runAsNonRoot is false"
                if container.security(_NON_ROOT) is False
                else "may run as root: nothing forbids it"
            )
            yield _hit(container, message, isolated or Severity.MEDIUM, _NON_ROOT)


@pod_rule(
    "run-as-root-conflict",
    severity=Severity.HIGH,
    remedy="Set runAsUser to the number of a user other than 0.",
    aliases=(
        "kube-score:container-security-context-user-group-id",
        "kube-linter:run-as-non-root",
        "KSV-0105",
        "CKV_K8S_23",
    ),
    compliance=("cis-1.12:5.2.7", "pss-restricted:runAsUser"),
)
def run_as_root_conflict(pod: Pod, context: Context) -> Hits:
    """Containers must not be told to run as root and not to.

    Reports containers whose effective values are ``runAsNonRoot: true`` and ``runAsUser: 0``.

    Why:

    The kubelet refuses to start such a container: the pod never becomes ready.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsNonRoot: true
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                runAsUser: 0

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsNonRoot: true
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                runAsUser: 10001

    Not reported:

    Windows pods.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if not pod.is_windows:
        yield from once(
            _hit(container, "never starts: runs as root, which it forbids", None, _USER)._replace(
                related=((pod, place(container, _NON_ROOT)[0], "forbids root"),)
            )
            for container in pod.containers
            if container.run_as_non_root and container.run_as_user == 0
        )


@pod_rule(
    "run-as-root-group",
    severity=Severity.MEDIUM,
    remedy="Set the group to a number other than 0.",
    aliases=(
        "kube-score:container-security-context-user-group-id",
        "kube-linter:run-as-non-root",
        "KSV-0116",
    ),
)
def run_as_root_group(pod: Pod, context: Context) -> Hits:
    """Containers should not belong to the group of root.

    Reports an effective ``runAsGroup`` of 0, and 0 among the ``supplementalGroups`` of the pod.

    Why:

    Many files of images and of mounted directories are open to the group of root: its members
    read and change what they should not, without being root.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsUser: 10001
            runAsGroup: 0
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsUser: 10001
            runAsGroup: 10001
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    An unset group, which the image decides. ``fsGroup``: ``fsgroup-root`` reports it. Windows
    pods.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if pod.is_windows:
        return
    yield from once(
        _hit(container, "runs with the group of root", None, _GROUP)
        for container in pod.containers
        if container.run_as_group == 0
    )
    for index, group in enumerate(sequence(pod.security_context, "supplementalGroups")):
        if integer(group) == 0:
            at = pod.at("securityContext", "supplementalGroups", index)
            yield Hit("adds its containers to the group of root", at)


@pod_rule(
    "fsgroup-root",
    severity=Severity.LOW,
    remedy="Set securityContext.fsGroup to a number other than 0.",
    aliases=("KSV-0116",),
)
def fsgroup_root(pod: Pod, context: Context) -> Hits:
    """The volumes of a pod should not belong to the group of root.

    Reports pods with ``fsGroup: 0``.

    Why:

    The number becomes a group of every container and the group of the files in volumes: all
    containers join the group of root, and so do their files.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            fsGroup: 0
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            fsGroup: 10001
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Windows pods.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if integer(pod.security_context, "fsGroup") == 0 and not pod.is_windows:
        yield Hit("gives its volumes to the group of root", pod.at("securityContext", "fsGroup"))


@pod_rule(
    "low-uid",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Set securityContext.runAsUser to a high number.",
    aliases=(
        "kubesec:RunAsUser",
        "kube-score:container-security-context-user-group-id",
        "KSV-0020",
        "CKV_K8S_40",
    ),
    parameters=(Parameter("minimum", 10000, "the lowest user id that is not reported"),),
)
def low_uid(pod: Pod, context: Context) -> Hits:
    """Containers should run as a user that the node does not have.

    Reports an effective ``runAsUser`` below the parameter ``minimum``, and none at all.

    Why:

    User ids are the same numbers in a container and on its node. A process that gets out of its
    container, or a mounted directory, has the rights of the node's user with that number; low
    numbers belong to people and services of the node.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsUser: 1000
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsUser: 10000
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    The user 0: ``run-as-non-root`` reports it. Pods with ``hostUsers: false``, whose numbers
    are others than those of the node. Windows pods.
    """
    if not pod.is_windows and not is_false(pod.spec, "hostUsers"):
        minimum = context.integer(low_uid, "minimum")
        users = [(container, container.run_as_user) for container in pod.containers]
        yield from once(_low(users, "user", minimum, _USER))


@pod_rule(
    "low-gid",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Set securityContext.runAsGroup to a high number.",
    aliases=(
        "kubesec:RunAsGroup",
        "kube-score:container-security-context-user-group-id",
        "KSV-0021",
    ),
    parameters=(Parameter("minimum", 10000, "the lowest group id that is not reported"),),
)
def low_gid(pod: Pod, context: Context) -> Hits:
    """Containers should run with a group that the node does not have.

    Reports an effective ``runAsGroup`` below the parameter ``minimum``, and none at all.

    Why:

    Group ids are the same numbers in a container and on its node. A process that gets out of its
    container, or a mounted directory, has the rights of the node's group with that number; where
    none is set the group is usually that of root.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsGroup: 1000
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsGroup: 10000
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    The group 0: ``run-as-root-group`` reports it. Pods with ``hostUsers: false``, whose numbers
    are others than those of the node. Windows pods.
    """
    if not pod.is_windows and not is_false(pod.spec, "hostUsers"):
        minimum = context.integer(low_gid, "minimum")
        groups = [(container, container.run_as_group) for container in pod.containers]
        yield from once(_low(groups, "group", minimum, _GROUP))


def _low(
    ids: list[tuple[Container, int | None]], what: str, minimum: int, field: str
) -> Iterator[Hit]:
    for container, number in ids:
        if number is None:
            yield _hit(container, f"leaves the {what} to the image", None, field)
        elif 0 != number < minimum:
            message = f"runs as {what} {number}, below {minimum}"
            yield _hit(container, message, None, field)._replace(evidence=str(number))


@pod_rule(
    "windows-container-admin",
    severity=Severity.MEDIUM,
    remedy="Set securityContext.windowsOptions.runAsUserName to ContainerUser.",
)
def windows_container_admin(pod: Pod, context: Context) -> Hits:
    """Windows containers should not run as their administrator.

    Reports an effective ``windowsOptions.runAsUserName`` of ContainerAdministrator.

    Why:

    This user changes everything in the container, programs and services too, and what the node
    shares with it: what an intruder needs to stay or to look for a way out.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          os:
            name: windows
          securityContext:
            windowsOptions:
              runAsUserName: ContainerAdministrator
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          os:
            name: windows
          securityContext:
            windowsOptions:
              runAsUserName: ContainerUser
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    An unset name, which the image decides.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-runasusername/
    """
    yield from once(
        _hit(container, "runs as the administrator of its container", None, *_USER_NAME)
        for container in pod.containers
        if _is_administrator(container)
    )


def _is_administrator(container: Container) -> bool:
    name = str(container.security(*_USER_NAME))
    return name.lower().rpartition("\\")[2] == "containeradministrator"

"""Rules about the profiles that confine a container: seccomp, AppArmor, SELinux, /proc."""

from collections.abc import Iterator

from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.pods import APPARMOR_ANNOTATION, Container, Pod
from seawall.kubernetes.rule import Context, container_rule, pod_rule
from seawall.kubernetes.rules.inherited import once, place
from seawall.text.values import is_false, mapping, text

_CONFINED = frozenset(("RuntimeDefault", "Localhost"))
_UNCONFINED = "Unconfined"
_TYPES = {
    # an annotation's word -> the field's
    "runtime/default": "RuntimeDefault",
    "docker/default": "RuntimeDefault",
    "unconfined": _UNCONFINED,
}

_SECCOMP = ("seccompProfile", "type")
_SECCOMP_FIELD_ONLY = 27
"""The minor version since which seccomp annotations mean nothing."""
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"

_APPARMOR = ("appArmorProfile", "type")
_APPARMOR_FIELD = 30
"""The minor version since which AppArmor has a field."""

_SELINUX_TYPES = {
    # type -> minor version since which the baseline level allows it
    "container_t": 0,
    "container_init_t": 0,
    "container_kvm_t": 0,
    "container_engine_t": 31,
}


def _annotated(pod: Pod, key: str) -> str:
    """The profile type an annotation stands for, empty when there is none."""
    word = pod.annotations.get(key, "")
    return "Localhost" if word.startswith("localhost/") else _TYPES.get(word, word)


def _seccomp(container: Container, context: Context) -> tuple[str, str]:
    """The effective seccomp profile type, and the annotation it comes from if it is from one."""
    if container.seccomp or context.minor >= _SECCOMP_FIELD_ONLY:
        return container.seccomp, ""
    for key in (_SECCOMP_CONTAINER + container.name, _SECCOMP_POD):
        annotated = _annotated(container.pod, key)
        if annotated:
            return annotated, key
    return "", ""


def _apparmor(container: Container, context: Context) -> tuple[str, str]:
    """The effective AppArmor profile type, and the annotation it comes from if it is from one.

    The API server writes a container's annotation into the field of a container that has none,
    so it goes before the field of the pod (KEP-24).
    """
    has_field = context.minor >= _APPARMOR_FIELD
    own = text(container.security_context, *_APPARMOR) if has_field else ""
    if own:
        return own, ""
    if container.pod.annotations:
        key = APPARMOR_ANNOTATION + container.name
        annotated = _annotated(container.pod, key)
        if annotated:
            return annotated, key
    return text(container.pod.security_context, *_APPARMOR) if has_field else "", ""


def _hit(container: Container, message: str, annotation: str, field: tuple[str, str]) -> Hit:
    """A hit at the annotation, or where the field is set or missing."""
    if annotation:
        name = "" if annotation == _SECCOMP_POD else container.name
        return Hit(message, ("metadata", "annotations", annotation), container=name)
    at, name = place(container, *field)
    return Hit(message, at, container=name)


@pod_rule(
    "seccomp-profile-missing",
    severity=Severity.MEDIUM,
    remedy="Set securityContext.seccompProfile.type to RuntimeDefault.",
    aliases=(
        "kubesec:SeccompAny",
        "kube-score:container-seccomp-profile",
        "KSV-0030",
        "KSV-0104",
        "CKV_K8S_31",
        "C-0055",
        "C-0210",
        "polaris:linuxHardening",
    ),
    compliance=("cis-1.12:5.6.2", "pss-restricted:seccompProfile_restricted"),
)
def seccomp_profile_missing(pod: Pod, context: Context) -> Hits:
    """Containers must have a seccomp profile.

    Reports containers whose effective ``seccompProfile.type``, their own or else their pod's, is
    none of RuntimeDefault, Localhost and Unconfined. Before version 1.27 annotations count too.

    Why:

    Without a profile a container may use every system call of the kernel, while programs need a
    small part of them. Most ways out of containers use the other part.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
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
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    ``Unconfined``: ``seccomp-unconfined`` reports it. Privileged containers, which run without a
    profile whatever is set (``privileged-container`` reports them), and Windows pods.

    References:
    https://kubernetes.io/docs/tutorials/security/seccomp/
    """
    if not pod.is_windows:
        yield from once(_without_seccomp(pod, context))


def _without_seccomp(pod: Pod, context: Context) -> Iterator[Hit]:
    for container in pod.containers:
        if container.is_privileged:
            continue
        type_, annotation = _seccomp(container, context)
        if not type_:
            yield _hit(container, "has no seccomp profile", "", _SECCOMP)
        elif type_ not in _CONFINED and type_ != _UNCONFINED:
            message = f"has a seccomp profile of the unknown type {type_}"
            yield _hit(container, message, annotation, _SECCOMP)._replace(evidence=type_)


@pod_rule(
    "seccomp-unconfined",
    severity=Severity.HIGH,
    remedy="Set securityContext.seccompProfile.type to RuntimeDefault.",
    aliases=(
        "kubesec:SeccompAny",
        "kubesec:SeccompUnconfined",
        "KSV-0030",
        "KSV-0104",
        "CKV_K8S_31",
        "C-0210",
        "polaris:linuxHardening",
    ),
    compliance=("cis-1.12:5.6.2", "pss-baseline:seccompProfile_baseline"),
)
def seccomp_unconfined(pod: Pod, context: Context) -> Hits:
    """Containers must not switch seccomp off.

    Reports containers whose effective ``seccompProfile.type``, their own or else their pod's, is
    Unconfined. Before version 1.27 annotations count too.

    Why:

    The setting also goes against nodes that give containers a profile by default: it opens every
    system call of the kernel, and with them most known ways out of containers.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            seccompProfile:
              type: Unconfined
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
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    A pod's value that each of its containers replaces by its own. Windows pods.

    References:
    https://kubernetes.io/docs/tutorials/security/seccomp/
    """
    if not pod.is_windows:
        yield from once(
            _hit(container, "switches seccomp off", annotation, _SECCOMP)
            for container in pod.containers
            for type_, annotation in (_seccomp(container, context),)
            if type_ == _UNCONFINED
        )


@pod_rule(
    "apparmor-profile-missing",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Set securityContext.appArmorProfile.type to RuntimeDefault.",
    aliases=("kubesec:ApparmorAny", "C-0055", "polaris:linuxHardening"),
)
def apparmor_profile_missing(pod: Pod, context: Context) -> Hits:
    """Containers should name their AppArmor profile.

    Reports containers without an effective profile: the field ``appArmorProfile`` of the
    container or its pod (from version 1.30 on) or the annotation for the container.

    Why:

    Where a node has AppArmor, the runtime usually applies its own profile. To say so makes the
    kubelet refuse to start the container on nodes where it would run without any.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
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
            appArmorProfile:
              type: RuntimeDefault
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Privileged containers, which run without a profile whatever is set, and Windows pods.

    References:
    https://kubernetes.io/docs/tutorials/security/apparmor/
    """
    if pod.is_windows:
        return
    for container in pod.containers:
        if not container.is_privileged and not _apparmor(container, context)[0]:
            yield _hit(container, "names no AppArmor profile", "", _APPARMOR)


@pod_rule(
    "apparmor-unconfined",
    severity=Severity.MEDIUM,
    remedy="Set securityContext.appArmorProfile.type to RuntimeDefault.",
    aliases=("kubesec:ApparmorAny", "kubesec:ApparmorUnconfined", "KSV-0002"),
    compliance=("pss-baseline:appArmorProfile",),
)
def apparmor_unconfined(pod: Pod, context: Context) -> Hits:
    """Containers must not switch AppArmor off.

    Reports containers whose effective profile is Unconfined: by the field ``appArmorProfile`` of
    the container or its pod (from version 1.30 on) or by the annotation for the container.

    Why:

    The profile of the runtime keeps containers from mounting, from writing to most of /proc and
    /sys and from tracing other processes, even as root. Without it these walls are gone.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations:
            container.apparmor.security.beta.kubernetes.io/web: unconfined
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                appArmorProfile:
                  type: RuntimeDefault

    Not reported:

    A pod's value that each of its containers replaces by its own. Windows pods.

    References:
    https://kubernetes.io/docs/tutorials/security/apparmor/
    """
    if not pod.is_windows:
        yield from once(
            _hit(container, "switches AppArmor off", annotation, _APPARMOR)
            for container in pod.containers
            for type_, annotation in (_apparmor(container, context),)
            if type_ == _UNCONFINED
        )


def _apparmor_annotations(pod: Pod) -> list[str]:
    return [key for key in pod.annotations if key.startswith(APPARMOR_ANNOTATION)]


@pod_rule(
    "apparmor-annotation-deprecated",
    severity=Severity.LOW,
    remedy="Move the annotation's value to securityContext.appArmorProfile of the container.",
)
def apparmor_annotation_deprecated(pod: Pod, context: Context) -> Hits:
    """AppArmor profiles should be set by field, not by annotation.

    Reports annotations that name an AppArmor profile, from version 1.30 on, where the field is
    there to replace them.

    Why:

    The annotation is deprecated. A cluster that no longer reads it runs the container with
    another profile than its author chose, and says nothing.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations:
            container.apparmor.security.beta.kubernetes.io/web: runtime/default
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                appArmorProfile:
                  type: RuntimeDefault

    Not reported:

    Windows pods.

    References:
    https://kubernetes.io/docs/tutorials/security/apparmor/
    """
    if context.minor < _APPARMOR_FIELD or pod.is_windows:
        return
    for key in _apparmor_annotations(pod):
        yield Hit(
            "sets its AppArmor profile by the deprecated annotation",
            ("metadata", "annotations", key),
            container=key.removeprefix(APPARMOR_ANNOTATION),
        )


@pod_rule(
    "apparmor-conflict",
    severity=Severity.MEDIUM,
    remedy="Remove the annotation; keep securityContext.appArmorProfile.",
)
def apparmor_conflict(pod: Pod, context: Context) -> Hits:
    """AppArmor annotations must agree with the field and with the containers.

    Reports annotations that name another profile than the effective field of their container
    (from version 1.30 on), and those whose name is no container of the pod.

    Why:

    The API server refuses such a workload or pod; where the field is the pod's, it may as well
    follow the annotation, so that another profile holds than the field says.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations:
            container.apparmor.security.beta.kubernetes.io/web: localhost/web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                appArmorProfile:
                  type: RuntimeDefault

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations:
            container.apparmor.security.beta.kubernetes.io/web: localhost/web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                appArmorProfile:
                  type: Localhost
                  localhostProfile: web

    Not reported:

    Windows pods.

    References:
    https://kubernetes.io/docs/tutorials/security/apparmor/
    """
    if pod.is_windows:
        return
    by_name = {container.name: container for container in pod.containers}
    for key in _apparmor_annotations(pod):
        at = ("metadata", "annotations", key)
        name = key.removeprefix(APPARMOR_ANNOTATION)
        container = by_name.get(name)
        if container is None:
            yield Hit(f"has an AppArmor annotation for {name}, which is no container of it", at)
        elif context.minor >= _APPARMOR_FIELD:
            field = _as_annotation(container)
            if field and field != pod.annotations[key]:
                field_at = place(container, *_APPARMOR)[0]
                yield Hit(
                    "has an AppArmor annotation that contradicts the field",
                    at,
                    container=name,
                    related=((pod, field_at, "the field"),),
                )


def _as_annotation(container: Container) -> str:
    """The effective AppArmor field in the words of the annotation, empty when there is none."""
    own = mapping(container.security_context, "appArmorProfile")
    profile = own or mapping(container.pod.security_context, "appArmorProfile")
    type_ = text(profile, "type")
    if type_ == "Localhost":
        return f"localhost/{text(profile, 'localhostProfile')}"
    return {"RuntimeDefault": "runtime/default", _UNCONFINED: "unconfined"}.get(type_, type_)


@pod_rule(
    "selinux-custom",
    severity=Severity.MEDIUM,
    remedy="Remove the field from securityContext.seLinuxOptions; level may stay.",
    aliases=("KSV-0025",),
    compliance=("pss-baseline:seLinuxOptions",),
)
def selinux_custom(pod: Pod, context: Context) -> Hits:
    """Containers must not choose their SELinux user, role or an unusual type.

    Reports an effective ``seLinuxOptions.user`` or ``role``, and a ``type`` outside of the types
    for containers. Types that confine nothing (spc_t, and those named unconfined) are high.

    Why:

    With SELinux the type is the wall between container and node. Another type has other rights,
    often far more; spc_t has them all.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            seLinuxOptions:
              type: spc_t
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
            seLinuxOptions:
              type: container_t
              level: s0:c123,c456
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Values of a pod that each of its containers replaces. Windows pods.

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if not pod.is_windows:
        yield from once(_selinux_hits(pod, context))


def _selinux_hits(pod: Pod, context: Context) -> Iterator[Hit]:
    common = mapping(pod.security_context, "seLinuxOptions")
    for container in pod.containers:
        own = mapping(container.security_context, "seLinuxOptions")
        if not common and not own:
            continue
        for field in ("type", "user", "role"):
            value = text(own, field) or text(common, field)
            since = _SELINUX_TYPES.get(value) if field == "type" else None
            if not value or (since is not None and context.minor >= since):
                continue
            at, name = place(container, "seLinuxOptions", field)
            unconfined = field == "type" and (value == "spc_t" or "unconfined" in value)
            yield Hit(
                f"sets the SELinux {field} {value}",
                at,
                severity=Severity.HIGH if unconfined else None,
                container=name,
                evidence=value,
            )


@container_rule(
    "unsafe-proc-mount",
    severity=Severity.HIGH,
    remedy="Remove securityContext.procMount.",
    aliases=("kube-linter:unsafe-proc-mount", "KSV-0027", "polaris:procMount"),
    compliance=("pss-baseline:procMount",),
)
def unsafe_proc_mount(container: Container, context: Context) -> Hits:
    """Containers must not see the parts of /proc that runtimes hide.

    Reports ``procMount`` with another value than Default. In a pod with ``hostUsers: false``,
    which Kubernetes requires for it, it is low.

    Why:

    Runtimes hide or protect the parts of /proc through which a process reads the kernel's memory
    and secrets or changes settings of the whole node. Unmasked gives them to the container.

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
                procMount: Unmasked

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                procMount: Default

    Not reported:

    Windows pods.

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    value = text(container.security_context, "procMount")
    if value and value != "Default" and not container.pod.is_windows:
        yield Hit(
            f"mounts /proc with procMount {value}",
            ("securityContext", "procMount"),
            severity=Severity.LOW if is_false(container.pod.spec, "hostUsers") else None,
            evidence=value,
        )

"""The checks of the baseline level.

Each function states the rule of one row of the Pod Security Standards page
(https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline). Which policy
versions a rule belongs to is in the table of ``checks``.
"""

from collections.abc import Callable

from seawall.core.location import KeyPath
from seawall.kubernetes.pod_security.pod import (
    Finding,
    Pod,
    Scope,
    entries,
    holders,
    integer,
    mapping,
    strings,
    text,
)
from seawall.kubernetes.pod_security.wording import go_quote, listed, named, plural, use

# What the runtimes give a container anyway, but for NET_RAW.
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)

_PROFILE_TYPES = ("RuntimeDefault", "Localhost")

_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"

_HANDLERS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


def host_process(pod: Pod) -> Finding | None:
    """No ``windowsOptions.hostProcess``, whatever the operating system."""
    bad = [
        scope
        for scope in pod.scopes
        if mapping(scope.security.get("windowsOptions")).get("hostProcess") is True
    ]
    if not bad:
        return None
    return Finding(
        "hostProcess",
        f"{holders(bad)} must not set securityContext.windowsOptions.hostProcess=true",
        tuple(scope.in_security("windowsOptions", "hostProcess") for scope in bad),
    )


def host_namespaces(pod: Pod) -> Finding | None:
    """Neither the network, nor the process, nor the IPC namespace of the node."""
    bad = [field for field in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(field) is True]
    if not bad:
        return None
    return Finding(
        "host namespaces",
        ", ".join(f"{field}=true" for field in bad),
        tuple(pod.scope.at(field) for field in bad),
    )


def privileged(pod: Pod) -> Finding | None:
    """No privileged container."""
    bad = [scope for scope in pod.containers if scope.security.get("privileged") is True]
    if not bad:
        return None
    return Finding(
        "privileged",
        f"{holders(bad)} must not set securityContext.privileged=true",
        tuple(scope.in_security("privileged") for scope in bad),
    )


def added_capabilities(pod: Pod, allowed: frozenset[str]) -> tuple[str, tuple[KeyPath, ...]] | None:
    """The detail and the places of capabilities added beyond the allowed ones.

    Names count exactly as written: the server knows neither lower case nor a CAP_ prefix.
    """
    bad: list[Scope] = []
    names: set[str] = set()
    paths: list[KeyPath] = []
    for scope in pod.containers:
        capabilities = mapping(scope.security.get("capabilities"))
        extra = [item for item in strings(capabilities.get("add")) if item[1] not in allowed]
        if extra:
            bad.append(scope)
            names.update(name for _, name in extra)
            paths += (scope.in_security("capabilities", "add", index) for index, _ in extra)
    if not bad:
        return None
    detail = (
        f"{holders(bad)} must not include {listed(sorted(names))} in "
        "securityContext.capabilities.add"
    )
    return detail, tuple(paths)


def capabilities(pod: Pod) -> Finding | None:
    """No capability added beyond the default set without NET_RAW."""
    added = added_capabilities(pod, _CAPABILITIES)
    return added and Finding("non-default capabilities", *added)


def host_path_volumes(pod: Pod) -> Finding | None:
    """No ``hostPath`` volume; one behind a claim cannot be seen in the pod."""
    bad = [
        (index, volume) for index, volume in pod.volumes if isinstance(volume.get("hostPath"), dict)
    ]
    if not bad:
        return None
    return Finding(
        "hostPath volumes",
        named("volume", [text(volume.get("name")) for _, volume in bad]),
        tuple(pod.scope.at("volumes", index, "hostPath") for index, _ in bad),
    )


def host_ports(pod: Pod) -> Finding | None:
    """No port of the node.

    With ``hostNetwork`` the API server sets a missing ``hostPort`` of a pod's containers to the
    ``containerPort``, so those two fields are the places then.
    """
    host_network = pod.spec.get("hostNetwork") is True
    bad: list[Scope] = []
    numbers: set[str] = set()
    paths: list[KeyPath] = []
    defaulted = False
    for scope in pod.containers:
        found = False
        for index, port in entries(scope.fields.get("ports")):
            field = "hostPort"
            number = integer(port.get(field))
            # The server gives no such default to ephemeral containers.
            if not number and host_network and scope.path[1] != "ephemeralContainers":
                field = "containerPort"
                number = integer(port.get(field))
            if number:
                found = True
                numbers.add(str(number))
                paths.append(scope.at("ports", index, field))
                defaulted = defaulted or field == "containerPort"
        if found:
            bad.append(scope)
    if not bad:
        return None
    if defaulted:
        paths.append(pod.scope.at("hostNetwork"))
    detail = (
        f"{holders(bad)} {use(len(bad))} {plural('hostPort', len(numbers))} "
        f"{', '.join(sorted(numbers))}"
    )
    return Finding("hostPort", detail, tuple(paths))


def apparmor_profile(pod: Pod) -> Finding | None:
    """No AppArmor profile but the runtime's or one of the node.

    The field came in 1.30 (KEP-24) beside the annotation. Since then the server copies a
    container's annotation to the field of a container that has none, unless the pod's field says
    the same, and the policy then sees both.
    """
    pod_profile = pod.scope.profile("appArmorProfile")
    bad: list[Scope] = []
    values: set[str] = set()
    paths: list[KeyPath] = []
    for scope in pod.scopes:
        profile = scope.profile("appArmorProfile")
        if profile is not None:
            if profile not in _PROFILE_TYPES:
                bad.append(scope)
                values.add(profile)
                paths.append(scope.in_security("appArmorProfile", "type"))
        elif (
            scope.name is not None
            and pod.annotations.get(_APPARMOR_ANNOTATION + scope.name) == "unconfined"
            and pod_profile != "Unconfined"
            and not pod.is_windows
        ):
            bad.append(scope)
            values.add("Unconfined")

    annotations = sorted(
        (f"{key}={go_quote(value)}", key)
        for key, value in pod.annotations.items()
        if key.startswith(_APPARMOR_ANNOTATION)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    who = [holders(bad)] if bad else []
    if annotations:
        who.append(plural("annotation", len(annotations)))
    if not who:
        return None
    shown = [*sorted(values), *(shown for shown, _ in annotations)]
    return Finding(
        plural("forbidden AppArmor profile", len(shown)),
        f"{' and '.join(who)} must not set AppArmor profile type to {listed(shown)}",
        (*paths, *(("metadata", "annotations", key) for _, key in annotations)),
    )


def selinux_options(allowed_types: frozenset[str]) -> Callable[[Pod], Finding | None]:
    """No SELinux user or role, and no type but the given ones; the level is free."""

    def check(pod: Pod) -> Finding | None:
        bad: list[Scope] = []
        types: set[str] = set()
        paths: list[KeyPath] = []
        for scope in pod.scopes:
            options = mapping(scope.security.get("seLinuxOptions"))
            fields = [field for field in ("user", "role") if text(options.get(field))]
            kind = text(options.get("type"))
            if kind and kind not in allowed_types:
                types.add(kind)
                fields.insert(0, "type")
            if fields:
                bad.append(scope)
                paths += (scope.in_security("seLinuxOptions", field) for field in fields)
        if not bad:
            return None
        what = [named("type", sorted(types))] if types else []
        what += (
            f"{field} may not be set"
            for field in ("user", "role")
            if any(path[-1] == field for path in paths)
        )
        return Finding(
            "seLinuxOptions",
            f"{holders(bad)} set forbidden securityContext.seLinuxOptions: {'; '.join(what)}",
            tuple(paths),
        )

    return check


def proc_mount(pod: Pod) -> Finding | None:
    """No container with an unmasked /proc."""
    bad: list[Scope] = []
    values: set[str] = set()
    for scope in pod.containers:
        value = scope.security.get("procMount")
        if isinstance(value, str) and value != "Default":
            bad.append(scope)
            values.add(value)
    if not bad:
        return None
    return Finding(
        "procMount",
        f"{holders(bad)} must not set securityContext.procMount to {listed(sorted(values))}",
        tuple(scope.in_security("procMount") for scope in bad),
    )


def seccomp_annotations(pod: Pod) -> Finding | None:
    """No unconfined seccomp annotation: the rule of the time before the field (KEP-135, 1.19)."""
    keys = [
        _SECCOMP_POD_ANNOTATION,
        *(f"{_SECCOMP_CONTAINER_ANNOTATION}{scope.name}" for scope in pod.containers),
    ]
    bad = {
        f"{key}={go_quote(value)}": ("metadata", "annotations", key)
        for key in keys
        if (value := pod.annotations.get(key)) is not None
        and value not in ("runtime/default", "docker/default")
        and not value.startswith("localhost/")
    }
    if not bad:
        return None
    shown = sorted(bad)
    return Finding(
        "seccompProfile",
        f"forbidden {plural('annotation', len(bad))} {', '.join(shown)}",
        tuple(bad[item] for item in shown),
    )


def seccomp_profile(pod: Pod) -> Finding | None:
    """No seccomp profile but the runtime's or one of the node; none at all is allowed."""
    bad: list[Scope] = []
    values: set[str] = set()
    for scope in pod.scopes:
        profile = scope.profile("seccompProfile")
        if profile is not None and profile not in _PROFILE_TYPES:
            bad.append(scope)
            values.add(profile)
    if not bad:
        return None
    return Finding(
        "seccompProfile",
        f"{holders(bad)} must not set securityContext.seccompProfile.type to "
        f"{listed(sorted(values))}",
        tuple(scope.in_security("seccompProfile", "type") for scope in bad),
    )


def sysctls(allowed: frozenset[str]) -> Callable[[Pod], Finding | None]:
    """No sysctl but the given ones, spelled with dots."""

    def check(pod: Pod) -> Finding | None:
        bad = [
            (index, name)
            for index, sysctl in entries(pod.scope.security.get("sysctls"))
            if (name := text(sysctl.get("name"))) not in allowed
        ]
        if not bad:
            return None
        return Finding(
            "forbidden sysctls",
            ", ".join(name for _, name in bad),
            tuple(pod.scope.in_security("sysctls", index, "name") for index, _ in bad),
        )

    return check


def handler_hosts(pod: Pod) -> Finding | None:
    """No ``host`` in a probe or lifecycle handler, which the kubelet would contact (KEP-4940)."""
    names: set[str] = set()
    hosts: set[str] = set()
    paths: list[KeyPath] = []
    for scope in pod.containers:
        for keys in _HANDLERS:
            handler = scope.fields
            for key in keys:
                handler = mapping(handler.get(key))
            for action in ("httpGet", "tcpSocket"):
                host = text(mapping(handler.get(action)).get("host"))
                if host:
                    names.add(text(scope.name))
                    hosts.add(host)
                    paths.append(scope.at(*keys, action, "host"))
    if not paths:
        return None
    # Unlike every other check, this one sorts the containers.
    detail = (
        f"{named('container', sorted(names))} {use(len(names))} "
        f"{named('probe or lifecycle host', sorted(hosts))}"
    )
    return Finding("probe or lifecycle host", detail, tuple(paths))

"""The checks of the restricted level.

Each function states the rule of one row of the Pod Security Standards page
(https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted). Which policy
versions a rule belongs to is in the table of ``checks``.
"""

from seawall.kubernetes.pod_security.baseline import added_capabilities, seccomp_profile
from seawall.kubernetes.pod_security.pod import (
    Fields,
    Finding,
    Pod,
    holders,
    mapping,
    strings,
    text,
)
from seawall.kubernetes.pod_security.wording import named, use

_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})

_ALLOWED_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)

# In the order in which the server looks for the type to name in its message.
_OTHER_VOLUMES = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)


def restricted_volumes(pod: Pod) -> Finding | None:
    """No volume but those of the API and of a claim or driver.

    A volume without a source needs no case of its own: the server makes it an ``emptyDir``.
    """
    bad = [
        (index, text(volume.get("name")), source)
        for index, volume in pod.volumes
        if (source := _restricted_source(volume)) is not None
    ]
    if not bad:
        return None
    types = {source for _, _, source in bad}
    detail = (
        f"{named('volume', [name for _, name, _ in bad])} {use(len(bad))} "
        f"{named('restricted volume type', sorted(types))}"
    )
    paths = tuple(pod.scope.at("volumes", index, source) for index, _, source in bad)
    return Finding("restricted volume types", detail, paths)


def _restricted_source(volume: Fields) -> str | None:
    if any(isinstance(volume.get(source), dict) for source in _ALLOWED_VOLUMES):
        return None
    for source in _OTHER_VOLUMES:
        if isinstance(volume.get(source), dict):
            return source
    return None


def allow_privilege_escalation(pod: Pod) -> Finding | None:
    """Every container says ``allowPrivilegeEscalation: false`` (a field of 1.8)."""
    bad = [
        scope
        for scope in pod.containers
        if scope.security.get("allowPrivilegeEscalation") is not False
    ]
    if not bad:
        return None
    return Finding(
        "allowPrivilegeEscalation != false",
        f"{holders(bad)} must set securityContext.allowPrivilegeEscalation=false",
        tuple(scope.in_security("allowPrivilegeEscalation") for scope in bad),
    )


def run_as_non_root(pod: Pod) -> Finding | None:
    """Every container says ``runAsNonRoot: true`` or inherits it, and nobody says false."""
    bad = [scope for scope in pod.scopes if scope.security.get("runAsNonRoot") is False]
    detail = f"{holders(bad)} must not set securityContext.runAsNonRoot=false"
    if not bad and pod.scope.security.get("runAsNonRoot") is not True:
        bad = [scope for scope in pod.containers if scope.security.get("runAsNonRoot") is not True]
        detail = f"pod or {holders(bad)} must set securityContext.runAsNonRoot=true"
    if not bad:
        return None
    paths = tuple(scope.in_security("runAsNonRoot") for scope in bad)
    return Finding("runAsNonRoot != true", detail, paths)


def run_as_user(pod: Pod) -> Finding | None:
    """Nobody says ``runAsUser: 0``."""
    bad = [
        scope
        for scope in pod.scopes
        # False equals 0 in Python, but not for the server.
        if scope.security.get("runAsUser") == 0 and scope.security["runAsUser"] is not False
    ]
    if not bad:
        return None
    return Finding(
        "runAsUser=0",
        f"{holders(bad)} must not set runAsUser=0",
        tuple(scope.in_security("runAsUser") for scope in bad),
    )


def seccomp_profile_required(pod: Pod) -> Finding | None:
    """Every container has a seccomp profile of its own or the pod's, and nobody a bad one."""
    bad_profile = seccomp_profile(pod)
    if bad_profile or pod.scope.profile("seccompProfile") is not None:
        return bad_profile
    bad = [scope for scope in pod.containers if scope.profile("seccompProfile") is None]
    if not bad:
        return None
    return Finding(
        "seccompProfile",
        f"pod or {holders(bad)} must set securityContext.seccompProfile.type to "
        '"RuntimeDefault" or "Localhost"',
        tuple(scope.in_security("seccompProfile", "type") for scope in bad),
    )


def capabilities_dropped(pod: Pod) -> Finding | None:
    """Every container drops ``ALL`` and adds nothing but ``NET_BIND_SERVICE``."""
    bad = [
        scope
        for scope in pod.containers
        if not any(
            name == "ALL"
            for _, name in strings(mapping(scope.security.get("capabilities")).get("drop"))
        )
    ]
    details: list[str] = []
    paths = tuple(scope.in_security("capabilities", "drop") for scope in bad)
    if bad:
        details.append(f'{holders(bad)} must set securityContext.capabilities.drop=["ALL"]')
    added = added_capabilities(pod, _CAPABILITIES)
    if added:
        details.append(added[0])
        paths += added[1]
    return Finding("unrestricted capabilities", "; ".join(details), paths) if details else None

"""Judging one pod against one level and policy version."""

from collections.abc import Iterable

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.pod_security.checks import active_checks
from seawall.kubernetes.pod_security.pod import Pod
from seawall.kubernetes.pod_security.policy import BASELINE, PRIVILEGED, effective_minor


class Violation(NamedTuple):
    """One check that a pod fails.

    ``check`` is the upstream id and ``level`` the level it belongs to. ``paths`` are the
    offending fields, relative to the object with ``metadata`` and ``spec``; where a field should
    be set and is not, the path is the one it would have, and may pass through a
    ``securityContext`` that is missing too.
    """

    check: str
    level: str
    reason: str
    detail: str
    paths: tuple[KeyPath, ...]


def evaluate(level: str, version: str, metadata: object, spec: object) -> tuple[Violation, ...]:
    """What the API server would hold against a pod, in its order; nothing if it is admitted.

    Source: the Pod Security Standards page of the Kubernetes documentation and KEP-2579. The pod
    is judged as the server sees it, that is with the defaults that matter for the policy filled
    in; see ``host_ports`` and ``apparmor_profile``. An unknown level is judged as restricted, as
    an unknown ``enforce`` label is, and an unreadable version as "latest".
    """
    if level == PRIVILEGED:
        return ()
    pod = Pod(metadata, spec)
    return tuple(
        Violation(check, check_level, *finding)
        for check, check_level, run in active_checks(level != BASELINE, effective_minor(version))
        if (finding := run(pod)) is not None
    )


def message(level: str, version: str, violations: Iterable[Violation]) -> str:
    """The server's message for these violations of one pod; empty if there are none."""
    # The server writes no brackets around a detail that is empty (a sysctl without a name).
    reasons = [
        f"{violation.reason} ({violation.detail})" if violation.detail else violation.reason
        for violation in violations
    ]
    if not reasons:
        return ""
    return f'violates PodSecurity "{level}:{version}": {", ".join(reasons)}'

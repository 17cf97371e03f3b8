"""Which checks belong to which level and policy version."""

from collections.abc import Callable

from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.pod_security import baseline, restricted
from seawall.kubernetes.pod_security.pod import Finding, Pod
from seawall.kubernetes.pod_security.policy import BASELINE, RESTRICTED

CheckFunction = Callable[[Pod], Finding | None]


class Check(NamedTuple):
    """A check under its upstream id: what it runs from which minor version of 1.x on."""

    id: str
    level: str
    versions: tuple[tuple[int, CheckFunction], ...]
    replaces: str | None = None


class ActiveCheck(NamedTuple):
    """What a check runs at one policy version."""

    id: str
    level: str
    run: CheckFunction


def _unless_windows(check: CheckFunction) -> CheckFunction:
    """Windows knows none of the fields; validation forbids them there from 1.25 (KEP-2802)."""
    return lambda pod: None if pod.is_windows else check(pod)


def _unless_user_namespace(check: CheckFunction) -> CheckFunction:
    """Root in a user namespace is nobody on the node; policies allow for it from 1.35 (KEP-127)."""
    return lambda pod: None if pod.has_user_namespace else check(pod)


_SELINUX_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t"})

_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_syncookies",
    }
)
_SYSCTLS_27 = _SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
_SYSCTLS_29 = _SYSCTLS_27 | {
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
}
_SYSCTLS_32 = _SYSCTLS_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
_SYSCTLS_37 = _SYSCTLS_32 | {
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_slow_start_after_idle",
}

# The server orders by level, then by id; the table is in that order.
CHECKS = (
    Check("appArmorProfile", BASELINE, ((0, baseline.apparmor_profile),)),
    Check("capabilities_baseline", BASELINE, ((0, baseline.capabilities),)),
    Check("hostNamespaces", BASELINE, ((0, baseline.host_namespaces),)),
    Check("hostPathVolumes", BASELINE, ((0, baseline.host_path_volumes),)),
    Check("hostPorts", BASELINE, ((0, baseline.host_ports),)),
    Check("hostProbesAndHostLifecycle", BASELINE, ((34, baseline.handler_hosts),)),
    Check("privileged", BASELINE, ((0, baseline.privileged),)),
    Check(
        "procMount",
        BASELINE,
        ((0, baseline.proc_mount), (35, _unless_user_namespace(baseline.proc_mount))),
    ),
    Check(
        "seLinuxOptions",
        BASELINE,
        (
            (0, baseline.selinux_options(_SELINUX_TYPES)),
            (31, baseline.selinux_options(_SELINUX_TYPES | {"container_engine_t"})),
        ),
    ),
    Check(
        "seccompProfile_baseline",
        BASELINE,
        ((0, baseline.seccomp_annotations), (19, baseline.seccomp_profile)),
    ),
    Check(
        "sysctls",
        BASELINE,
        (
            (0, baseline.sysctls(_SYSCTLS)),
            (27, baseline.sysctls(_SYSCTLS_27)),
            (29, baseline.sysctls(_SYSCTLS_29)),
            (32, baseline.sysctls(_SYSCTLS_32)),
            (37, baseline.sysctls(_SYSCTLS_37)),
        ),
    ),
    Check("windowsHostProcess", BASELINE, ((0, baseline.host_process),)),
    Check(
        "allowPrivilegeEscalation",
        RESTRICTED,
        (
            (8, restricted.allow_privilege_escalation),
            (25, _unless_windows(restricted.allow_privilege_escalation)),
        ),
    ),
    Check(
        "capabilities_restricted",
        RESTRICTED,
        (
            (22, restricted.capabilities_dropped),
            (25, _unless_windows(restricted.capabilities_dropped)),
        ),
        replaces="capabilities_baseline",
    ),
    # The strict rule stays in restricted when baseline becomes lenient.
    Check("procMount_restricted", RESTRICTED, ((35, baseline.proc_mount),), replaces="procMount"),
    Check(
        "restrictedVolumes",
        RESTRICTED,
        ((0, restricted.restricted_volumes),),
        replaces="hostPathVolumes",
    ),
    Check(
        "runAsNonRoot",
        RESTRICTED,
        ((0, restricted.run_as_non_root), (35, _unless_user_namespace(restricted.run_as_non_root))),
    ),
    Check(
        "runAsUser",
        RESTRICTED,
        ((23, restricted.run_as_user), (35, _unless_user_namespace(restricted.run_as_user))),
    ),
    Check(
        "seccompProfile_restricted",
        RESTRICTED,
        (
            (19, restricted.seccomp_profile_required),
            (25, _unless_windows(restricted.seccomp_profile_required)),
        ),
        replaces="seccompProfile_baseline",
    ),
)

_active: dict[tuple[bool, int], tuple[ActiveCheck, ...]] = {}


def active_checks(is_restricted: bool, minor: int) -> tuple[ActiveCheck, ...]:
    """The checks of baseline or restricted at policy version 1.``minor``, in the server's order.

    Restricted has every baseline check too, but for those that a restricted one replaces.
    """
    found = _active.get((is_restricted, minor))
    if found is None:
        found = _active[is_restricted, minor] = _select(is_restricted, minor)
    return found


def _select(is_restricted: bool, minor: int) -> tuple[ActiveCheck, ...]:
    present = [
        check
        for check in CHECKS
        if check.versions[0][0] <= minor and (is_restricted or check.level == BASELINE)
    ]
    replaced = {check.replaces for check in present}
    return tuple(
        ActiveCheck(
            check.id,
            check.level,
            [function for since, function in check.versions if since <= minor][-1],
        )
        for check in present
        if check.id not in replaced
    )

"""Rules about what a container may do beyond an ordinary process: privileges, capabilities."""

from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.pods import DEFAULT_CAPABILITIES, Container
from seawall.kubernetes.rule import Context, container_rule
from seawall.text.values import is_false, is_true

_DANGEROUS = {
    # capability -> what it lets a process do
    "BPF": "load programs into the kernel",
    "DAC_READ_SEARCH": "read any file, outside of the container too",
    "LINUX_IMMUTABLE": "change files that are marked as unchangeable",
    "MAC_ADMIN": "change the policy of AppArmor or SELinux",
    "MAC_OVERRIDE": "ignore the policy of AppArmor or SELinux",
    "NET_ADMIN": "change network interfaces, routes and firewalls",
    "PERFMON": "watch the whole node's memory and processes",
    "SYS_BOOT": "load another kernel and restart the node",
    "SYS_MODULE": "load modules into the kernel",
    "SYS_PTRACE": "read and change other processes",
    "SYS_RAWIO": "read and write memory and devices of the node",
    "SYS_TIME": "set the clock of the node",
    "SYSLOG": "read the log and addresses of the kernel",
}
_ESCAPES = frozenset(("DAC_READ_SEARCH", "SYS_MODULE", "SYS_RAWIO"))
"""Capabilities that by themselves suffice to own the node."""

_OTHER = frozenset(
    "AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND CHECKPOINT_RESTORE IPC_LOCK IPC_OWNER LEASE "
    "NET_BROADCAST SYS_NICE SYS_PACCT SYS_RESOURCE SYS_TTY_CONFIG WAKE_ALARM".split()
)
_REPORTED_APART = frozenset(("ALL", "SYS_ADMIN", "NET_RAW", *_DANGEROUS))
_ADD = ("securityContext", "capabilities", "add")
_DROP = ("securityContext", "capabilities", "drop")


def _has_user_namespace(container: Container) -> bool:
    """Whether capabilities only count inside a user namespace of the pod."""
    return is_false(container.pod.spec, "hostUsers")


@container_rule(
    "privileged-container",
    severity=Severity.CRITICAL,
    remedy="Set securityContext.privileged to false; add the few capabilities it needs.",
    aliases=(
        "kubesec:Privileged",
        "kube-score:container-security-context-privileged",
        "kube-linter:privileged-container",
        "kube-linter:privilege-escalation-container",
        "KSV-0017",
        "CKV_K8S_16",
        "C-0057",
        "polaris:runAsPrivileged",
    ),
    compliance=("cis-1.12:5.2.2", "pss-baseline:privileged"),
)
def privileged_container(container: Container, context: Context) -> Hits:
    """Containers must not run privileged.

    Reports ``privileged: true``, of init and ephemeral containers too.

    Why:

    A privileged container has every capability, all devices of the node, and neither seccomp nor
    AppArmor: it is root on the node with one more step.

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
                privileged: true

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
                privileged: false

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if container.is_privileged:
        yield Hit("runs privileged", ("securityContext", "privileged"))


@container_rule(
    "privilege-escalation-allowed",
    severity=Severity.MEDIUM,
    remedy="Set securityContext.allowPrivilegeEscalation to false.",
    aliases=(
        "kubesec:AllowPrivilegeEscalation",
        "kube-linter:privilege-escalation-container",
        "KSV-0001",
        "CKV_K8S_20",
        "C-0016",
        "polaris:privilegeEscalationAllowed",
    ),
    compliance=("cis-1.12:5.2.6", "pss-restricted:allowPrivilegeEscalation"),
)
def privilege_escalation_allowed(container: Container, context: Context) -> Hits:
    """Processes in containers must not gain more rights than they started with.

    Reports containers without ``allowPrivilegeEscalation: false``: high when it is true, medium
    when it is unset, which means the same.

    Why:

    Programs with the setuid bit or with file capabilities turn an ordinary user into root. The
    setting makes the kernel ignore both, so that a process which starts as nobody stays nobody.

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
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                allowPrivilegeEscalation: false

    Not reported:

    An unset value of containers that are privileged or add CAP_SYS_ADMIN: the API server refuses
    ``false`` there; ``privileged-container`` and ``capability-sys-admin-added`` report the cause.
    Windows pods.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    field = "allowPrivilegeEscalation"
    at = ("securityContext", field)
    if container.pod.is_windows or is_false(container.security_context, field):
        return
    if is_true(container.security_context, field):
        yield Hit("allows privilege escalation", at, severity=Severity.HIGH)
    elif not container.is_privileged and "SYS_ADMIN" not in container.added_capabilities:
        yield Hit("does not forbid privilege escalation", at)


@container_rule(
    "capability-sys-admin-added",
    severity=Severity.CRITICAL,
    remedy="Remove the entry from securityContext.capabilities.add.",
    aliases=(
        "kubesec:CapSysAdmin",
        "kube-linter:privilege-escalation-container",
        "KSV-0005",
        "KSV-0022",
        "CKV_K8S_25",
        "CKV_K8S_39",
        "C-0046",
        "polaris:dangerousCapabilities",
    ),
    compliance=("cis-1.12:5.2.9", "pss-baseline:capabilities_baseline"),
)
def capability_sys_admin_added(container: Container, context: Context) -> Hits:
    """Containers must not add CAP_SYS_ADMIN.

    Reports ``SYS_ADMIN`` and ``ALL``, which includes it, among the added capabilities, in any
    case and with or without the prefix ``CAP_``. In a pod with ``hostUsers: false`` it is high.

    Why:

    This capability mounts file systems, enters namespaces and does most else that the kernel
    allows only root: with it, getting out of the container takes a few known commands.

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
                capabilities:
                  add: [SYS_ADMIN]

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
                capabilities:
                  drop: [ALL]

    References:
    https://man7.org/linux/man-pages/man7/capabilities.7.html
    """
    for name in ("ALL", "SYS_ADMIN"):
        index = container.added_capabilities.get(name)
        if index is not None:
            yield Hit(
                "adds every capability" if name == "ALL" else "adds CAP_SYS_ADMIN",
                (*_ADD, index),
                severity=Severity.HIGH if _has_user_namespace(container) else None,
                evidence=name,
            )


@container_rule(
    "capability-dangerous-added",
    severity=Severity.HIGH,
    remedy="Remove the entry from securityContext.capabilities.add.",
    aliases=(
        "kube-linter:verify-container-capabilities",
        "KSV-0022",
        "KSV-0120",
        "CKV_K8S_25",
        "C-0046",
        "polaris:dangerousCapabilities",
    ),
    compliance=("cis-1.12:5.2.9", "pss-baseline:capabilities_baseline"),
)
def capability_dangerous_added(container: Container, context: Context) -> Hits:
    """Containers must not add capabilities that reach the node or its other containers.

    Reports each added capability among BPF, DAC_READ_SEARCH, LINUX_IMMUTABLE, MAC_ADMIN,
    MAC_OVERRIDE, NET_ADMIN, PERFMON, SYS_BOOT, SYS_MODULE, SYS_PTRACE, SYS_RAWIO, SYS_TIME and
    SYSLOG. Those that suffice to take over the node are critical: DAC_READ_SEARCH, SYS_MODULE,
    SYS_RAWIO, and SYS_PTRACE in the process namespace of the node. In a pod with
    ``hostUsers: false`` all are medium. They are low where the container runs as another user
    than root and sets ``allowPrivilegeEscalation: false``: there no process gets them.

    Why:

    The kernel knows no containers: most of these rights apply to the whole node, not only to the
    container that has them.

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
                capabilities:
                  add: [NET_ADMIN]

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
                capabilities:
                  add: [NET_BIND_SERVICE]

    Not reported:

    SYS_ADMIN and ALL: ``capability-sys-admin-added`` reports them. NET_RAW:
    ``capability-net-raw-kept`` does.

    References:
    https://man7.org/linux/man-pages/man7/capabilities.7.html
    """
    for name, index in container.added_capabilities.items():
        can = _DANGEROUS.get(name)
        if can is None:
            continue
        effect = f"and so can {can}"
        severity = _severity(container, name)
        if _loses_capabilities(container):
            effect, severity = "which no user but root gets here", Severity.LOW
        yield Hit(f"adds CAP_{name}, {effect}", (*_ADD, index), severity=severity, evidence=name)


def _loses_capabilities(container: Container) -> bool:
    """Whether added capabilities stay in the bounding set.

    Runtimes set no ambient capabilities: a process of another user than root has them only after
    it ran a program with file capabilities, which no_new_privs forbids.
    """
    not_root = container.run_as_non_root or bool(container.run_as_user)
    return not_root and is_false(container.security_context, "allowPrivilegeEscalation")


def _severity(container: Container, capability: str) -> Severity:
    if _has_user_namespace(container):
        return Severity.MEDIUM
    on_node = capability == "SYS_PTRACE" and is_true(container.pod.spec, "hostPID")
    return Severity.CRITICAL if on_node or capability in _ESCAPES else Severity.HIGH


@container_rule(
    "capabilities-beyond-baseline",
    severity=Severity.MEDIUM,
    remedy="Remove the entry from securityContext.capabilities.add.",
    aliases=("KSV-0022", "CKV_K8S_25"),
    compliance=("cis-1.12:5.2.9", "pss-baseline:capabilities_baseline"),
)
def capabilities_beyond_baseline(container: Container, context: Context) -> Hits:
    """Containers must not add capabilities that runtimes do not give by default.

    Reports each added capability outside of the list of the baseline level, and names that are
    no capability at all.

    Why:

    Each further capability opens parts of the kernel that are otherwise closed to containers.
    Namespaces with the baseline level refuse such pods.

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
                capabilities:
                  add: [IPC_LOCK]

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
                capabilities:
                  add: [CHOWN]

    Not reported:

    Capabilities that have a rule of their own: ``capability-sys-admin-added``,
    ``capability-dangerous-added`` and ``capability-net-raw-kept``.

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    for name, index in container.added_capabilities.items():
        if name not in DEFAULT_CAPABILITIES and name not in _REPORTED_APART:
            known = name in _OTHER
            yield Hit(
                f"adds CAP_{name}" if known else f"adds {name}, which is no capability",
                (*_ADD, index),
                evidence=name,
            )


@container_rule(
    "capabilities-not-only-net-bind",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Remove the entry from securityContext.capabilities.add.",
    aliases=("KSV-0022", "KSV-0106", "CKV_K8S_25"),
    compliance=("cis-1.12:5.2.9", "pss-restricted:capabilities_restricted"),
)
def capabilities_not_only_net_bind(container: Container, context: Context) -> Hits:
    """Containers should add no capability but NET_BIND_SERVICE.

    Reports each other capability that is added and that the baseline level allows.

    Why:

    Even the usual capabilities help an intruder: to change owners, become other users or ignore
    file modes. Namespaces with the restricted level only allow to open ports below 1024.

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
                capabilities:
                  drop: [ALL]
                  add: [SETUID]

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
                capabilities:
                  drop: [ALL]
                  add: [NET_BIND_SERVICE]

    Not reported:

    Capabilities beyond the baseline level, which have rules of their own. Windows pods.

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if container.pod.is_windows:
        return
    for name, index in container.added_capabilities.items():
        if name in DEFAULT_CAPABILITIES and name not in ("NET_BIND_SERVICE", "NET_RAW"):
            yield Hit(f"adds CAP_{name}", (*_ADD, index), evidence=name)


@container_rule(
    "capabilities-not-dropped-all",
    severity=Severity.MEDIUM,
    remedy="Set securityContext.capabilities.drop to [ALL]; add back what the program needs.",
    aliases=(
        "kubesec:CapDropAll",
        "kubesec:CapDropAny",
        "kube-linter:drop-net-raw-capability",
        "kube-linter:verify-container-capabilities",
        "KSV-0003",
        "KSV-0004",
        "KSV-0106",
        "CKV_K8S_28",
        "CKV_K8S_37",
        "C-0055",
        "polaris:insecureCapabilities",
        "polaris:linuxHardening",
    ),
    compliance=(
        "cis-1.12:5.2.8",
        "cis-1.12:5.2.9",
        "pss-restricted:capabilities_restricted",
    ),
)
def capabilities_not_dropped_all(container: Container, context: Context) -> Hits:
    """Containers should drop all capabilities and add back the few they need.

    Reports containers that do not drop ``ALL``, in any case. Where at least NET_RAW is dropped it
    is low.

    Why:

    Runtimes give containers fourteen capabilities, few of which a service needs: with them root
    in the container ignores file modes, becomes any user and forges network packets.

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
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                capabilities:
                  drop: [ALL]

    Not reported:

    Privileged containers, which have every capability whatever they drop
    (``privileged-container`` reports them), and Windows pods.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if container.drops_all or container.is_privileged or container.pod.is_windows:
        return
    if not container.dropped_capabilities:
        yield Hit("keeps the default capabilities", _DROP)
    elif "NET_RAW" in container.dropped_capabilities:
        yield Hit("drops only some capabilities", _DROP, severity=Severity.LOW)
    else:
        yield Hit("drops only some capabilities and keeps CAP_NET_RAW", _DROP)


@container_rule(
    "capability-net-raw-kept",
    severity=Severity.MEDIUM,
    remedy="Remove NET_RAW from securityContext.capabilities.add, and drop it or ALL.",
    aliases=("kube-linter:drop-net-raw-capability", "KSV-0022", "KSV-0119", "CKV_K8S_25"),
    compliance=("cis-1.12:5.2.8", "pss-baseline:capabilities_baseline"),
    parameters=(
        Parameter(
            "default", default=False, help="whether to report containers that keep it unsaid"
        ),
    ),
)
def capability_net_raw_kept(container: Container, context: Context) -> Hits:
    """Containers must not forge network packets.

    Reports containers that add ``NET_RAW``. With the parameter ``default`` also those that merely
    keep it, because they drop neither it nor ``ALL``.

    Why:

    With raw sockets a container sends packets in the name of others: it answers for the gateway
    or the DNS of the cluster and reads what other pods on the node say to each other.

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
                capabilities:
                  drop: [ALL]
                  add: [NET_RAW]

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
                capabilities:
                  drop: [NET_RAW]

    Not reported:

    Containers that keep the capability from the runtime's default set, unless the parameter asks
    for it: ``capabilities-not-dropped-all`` reports those. Capabilities added as ``ALL``
    (``capability-sys-admin-added``), privileged containers that do not add it by name, Windows
    pods.

    References:
    https://man7.org/linux/man-pages/man7/capabilities.7.html
    """
    index = container.added_capabilities.get("NET_RAW")
    if index is not None:
        yield Hit("adds CAP_NET_RAW", (*_ADD, index))
    elif (
        context.parameter(capability_net_raw_kept, "default") is True
        and not container.is_privileged
        and not container.pod.is_windows
        and "ALL" not in container.added_capabilities
        and container.has_capability("NET_RAW")
    ):
        yield Hit("keeps CAP_NET_RAW", _DROP)

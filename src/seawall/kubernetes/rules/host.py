"""Rules about what a pod shares with its node: namespaces, ports, kernel settings, placement."""

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import EPHEMERAL, INIT, Container, Pod
from seawall.kubernetes.rule import Context, container_rule, object_rule, pod_rule
from seawall.kubernetes.rules.inherited import once, place
from seawall.text.values import (
    integer,
    is_false,
    is_true,
    mapping,
    mappings,
    sequence,
    text,
)

_USER_NAMESPACES_SINCE = 33
"""The first minor version in which every cluster can give pods a user namespace."""

_SAFE_SYSCTLS = {
    # name -> minor version since which Kubernetes counts it as safe
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_slow_start_after_idle": 37,
    "net.ipv4.tcp_notsent_lowat": 37,
}
_SWAPPED_SEPARATORS = str.maketrans("./", "/.")
_NAMESPACED_SYSCTLS = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.", "net.")

_HANDLERS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)

_CONTROL_PLANE = frozenset(
    ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
)

_STATIC_POD = ("kubernetes.io/config.mirror", "kubernetes.io/config.source", "helm.sh/hook")
"""Annotations of pods that something else than a controller looks after."""


@pod_rule(
    "host-network",
    severity=Severity.HIGH,
    remedy="Remove spec.hostNetwork; publish ports with a Service.",
    aliases=(
        "kubesec:HostNetwork",
        "kube-linter:host-network",
        "KSV-0009",
        "CKV_K8S_19",
        "C-0041",
        "polaris:hostNetworkSet",
    ),
    compliance=("cis-1.12:5.2.5", "pss-baseline:hostNamespaces"),
)
def host_network(pod: Pod, context: Context) -> Hits:
    """Pods must not use the network namespace of their node.

    Reports pods with ``hostNetwork: true``.

    Why:

    Such a pod sees the traffic of every other pod on the node, reaches services that listen on
    the node's loopback address (the kubelet, cloud metadata), and no NetworkPolicy applies to it.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostNetwork: true
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

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if is_true(pod.spec, "hostNetwork"):
        yield Hit("shares the network namespace of its node", pod.at("hostNetwork"))


@pod_rule(
    "host-pid",
    severity=Severity.HIGH,
    remedy="Remove spec.hostPID.",
    aliases=(
        "kubesec:HostPID",
        "kube-linter:host-pid",
        "KSV-0010",
        "CKV_K8S_17",
        "C-0038",
        "polaris:hostPIDSet",
    ),
    compliance=("cis-1.12:5.2.3", "pss-baseline:hostNamespaces"),
)
def host_pid(pod: Pod, context: Context) -> Hits:
    """Pods must not use the process namespace of their node.

    Reports pods with ``hostPID: true``.

    Why:

    Such a pod sees every process of the node with its arguments, and as root reads the
    environment and the files of other containers below /proc or ends them with a signal. With
    the right to trace processes it takes over the node.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostPID: true
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

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if is_true(pod.spec, "hostPID"):
        yield Hit("shares the process namespace of its node", pod.at("hostPID"))


@pod_rule(
    "host-ipc",
    severity=Severity.HIGH,
    remedy="Remove spec.hostIPC.",
    aliases=(
        "kubesec:HostIPC",
        "kube-linter:host-ipc",
        "KSV-0008",
        "CKV_K8S_18",
        "C-0038",
        "polaris:hostIPCSet",
    ),
    compliance=("cis-1.12:5.2.4", "pss-baseline:hostNamespaces"),
)
def host_ipc(pod: Pod, context: Context) -> Hits:
    """Pods must not use the IPC namespace of their node.

    Reports pods with ``hostIPC: true``.

    Why:

    Such a pod reads and writes the shared memory, semaphores and message queues of processes
    outside of it, where programs keep data they believe to be private.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostIPC: true
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

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if is_true(pod.spec, "hostIPC"):
        yield Hit("shares the IPC namespace of its node", pod.at("hostIPC"))


@pod_rule(
    "host-users-not-isolated",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Set spec.hostUsers to false.",
    aliases=("kubesec:HostUsers",),
)
def host_users_not_isolated(pod: Pod, context: Context) -> Hits:
    """Pods should have a user namespace of their own.

    Reports pods without ``hostUsers: false`` for clusters of version 1.33 and later, where user
    namespaces are on by default.

    Why:

    Without a user namespace, root in a container is root on the node: whoever breaks out of the
    container owns the node. With one, it is a user there without any rights.

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
          hostUsers: false
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Windows pods, and pods that share a namespace of their node (``host-network``, ``host-pid``
    and ``host-ipc`` report those): the API server refuses the two together.

    References:
    https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/
    """
    if (
        context.minor >= _USER_NAMESPACES_SINCE
        and not is_false(pod.spec, "hostUsers")
        and not pod.is_windows
        and not any(is_true(pod.spec, field) for field in ("hostNetwork", "hostPID", "hostIPC"))
    ):
        yield Hit("has no user namespace of its own", pod.at("hostUsers"))


@pod_rule(
    "host-aliases-set",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Remove spec.hostAliases; give the names in DNS.",
    aliases=("kubesec:HostAliases", "KSV-0007"),
)
def host_aliases_set(pod: Pod, context: Context) -> Hits:
    """Pods should take names from DNS, not from entries of their own.

    Reports pods with entries in ``hostAliases``.

    Why:

    An entry in a pod's hosts file goes past the DNS of the cluster: a wrong or planted one sends
    traffic elsewhere, and no log of name look-ups shows it.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostAliases:
            - ip: 192.0.2.10
              hostnames: [database.example.org]
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

    Not reported:

    An empty list.
    """
    if sequence(pod.spec, "hostAliases"):
        yield Hit("has host names of its own", pod.at("hostAliases"))


@pod_rule(
    "share-process-namespace",
    severity=Severity.MEDIUM,
    remedy="Remove spec.shareProcessNamespace.",
)
def share_process_namespace(pod: Pod, context: Context) -> Hits:
    """The containers of a pod should not see each other's processes.

    Reports pods with ``shareProcessNamespace: true`` and more than one container that runs at a
    time.

    Why:

    In a common process namespace each container sees the others' processes with their arguments,
    may send them signals, and with the same user id reads their environment and files through
    /proc: a weak sidecar exposes the secrets of the main container.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          shareProcessNamespace: true
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
            - name: logs
              image: registry.example.org/logs:2.0.1

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
            - name: logs
              image: registry.example.org/logs:2.0.1

    Not reported:

    A pod with one container besides init containers, which shares with nobody.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/
    """
    if not is_true(pod.spec, "shareProcessNamespace"):
        return
    if len([container for container in pod.containers if container.type != INIT]) > 1:
        yield Hit("lets its containers see each other's processes", pod.at("shareProcessNamespace"))


@container_rule(
    "host-port",
    severity=Severity.MEDIUM,
    remedy="Remove ports[].hostPort; publish the port with a Service.",
    aliases=("KSV-0024", "CKV_K8S_26", "C-0044", "polaris:hostPortSet"),
    compliance=("cis-1.12:5.2.12", "pss-baseline:hostPorts"),
    parameters=(Parameter("allowed", (), "host ports that may be used, as texts"),),
)
def host_port(container: Container, context: Context) -> Hits:
    """Containers must not take ports of their node.

    Reports each declared port with a ``hostPort``, unless the parameter ``allowed`` lists it.

    Why:

    The port is open on the address of the node, so callers go past Services and often past
    firewalls meant for them. And only one such pod fits on each node.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - containerPort: 8080
                  hostPort: 80

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - containerPort: 8080

    Not reported:

    The ports of pods in the network namespace of their node, which are all host ports:
    ``host-network`` reports the cause. A ``hostPort`` of 0, which means none.
    """
    if container.pod.host_network or container.type == EPHEMERAL:
        return
    for index, port in container.ports:
        number = integer(port, "hostPort")
        if number and str(number) not in context.texts(host_port, "allowed"):
            protocol = text(port, "protocol") or "TCP"
            yield Hit(
                f"takes port {number}/{protocol} of its node",
                ("ports", index, "hostPort"),
                evidence=f"{number}/{protocol}",
            )


@container_rule(
    "probe-or-lifecycle-host",
    severity=Severity.MEDIUM,
    remedy="Remove host from the probe or lifecycle handler; the kubelet then asks the pod itself.",
    compliance=("pss-baseline:hostProbesAndHostLifecycle",),
)
def probe_or_lifecycle_host(container: Container, context: Context) -> Hits:
    """Probes and lifecycle handlers must ask the pod itself, not another host.

    Reports ``host`` in the ``httpGet`` or ``tcpSocket`` action of probes and lifecycle handlers.

    Why:

    The kubelet sends these requests from the node's own network. Whoever writes the pod chooses
    the target, so the kubelet can be made to reach what the pod itself may not: the node's
    loopback address, cloud metadata, other networks.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                httpGet:
                  host: 127.0.0.1
                  port: 8080

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                httpGet:
                  port: 8080

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    https://github.com/kubernetes/enhancements/issues/4940
    """
    for keys in _HANDLERS:
        handler = mapping(container.value, *keys)
        if not handler:
            continue
        for action in ("httpGet", "tcpSocket"):
            host = text(handler, action, "host")
            if host:
                yield Hit(
                    f"lets the kubelet send requests to {host}",
                    (*keys, action, "host"),
                    evidence=host,
                )


@pod_rule(
    "host-process-windows",
    severity=Severity.HIGH,
    remedy="Remove securityContext.windowsOptions.hostProcess.",
    aliases=("KSV-0103", "C-0202", "polaris:hostProcess"),
    compliance=("cis-1.12:5.2.10", "pss-baseline:windowsHostProcess"),
)
def host_process_windows(pod: Pod, context: Context) -> Hits:
    r"""Windows containers must not run as processes of their node.

    Reports ``windowsOptions.hostProcess: true`` of pods and of containers.

    Why:

    A host process container has no isolation at all: it sees the node's files, devices and
    network, and its user is one of the node.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: agent
        spec:
          os:
            name: windows
          hostNetwork: true
          securityContext:
            windowsOptions:
              hostProcess: true
              runAsUserName: NT AUTHORITY\Local service
          containers:
            - name: agent
              image: registry.example.org/agent:3.1.0

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: agent
        spec:
          os:
            name: windows
          securityContext:
            windowsOptions:
              runAsUserName: ContainerUser
          containers:
            - name: agent
              image: registry.example.org/agent:3.1.0

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/
    """
    keys = ("windowsOptions", "hostProcess")
    yield from once(
        Hit("runs as a process of its Windows node", at, container=name)
        for container in pod.containers
        if container.security(*keys) is True
        for at, name in (place(container, *keys),)
    )


@pod_rule(
    "unsafe-sysctls",
    severity=Severity.MEDIUM,
    remedy="Remove the entry from securityContext.sysctls.",
    aliases=("kube-linter:unsafe-sysctls", "KSV-0026"),
    compliance=("pss-baseline:sysctls",),
    parameters=(
        Parameter("forbidden", (), "prefixes of sysctls to report though Kubernetes allows them"),
    ),
)
def unsafe_sysctls(pod: Pod, context: Context) -> Hits:
    """Pods must only set kernel parameters that Kubernetes counts as safe.

    Reports each entry of ``securityContext.sysctls`` outside of the safe set of the cluster's
    version, and those that begin with a prefix from the parameter ``forbidden``. Parameters that
    belong to no namespace, and so to the whole node, are high.

    Why:

    A kernel parameter can weaken the isolation of a pod, take resources from its neighbours or
    make the node unstable. A kubelet that does not allow the parameter refuses the pod.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            sysctls:
              - name: kernel.msgmax
                value: "65536"
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
            sysctls:
              - name: net.ipv4.tcp_syncookies
                value: "1"
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
    """
    for index, item in mappings(pod.security_context, "sysctls"):
        name = sysctl_name(text(item, "name"))
        at = pod.at("securityContext", "sysctls", index, "name")
        if not name:
            continue
        if not name.startswith(_NAMESPACED_SYSCTLS):
            yield Hit(
                f"sets {name}, which belongs to the whole node",
                at,
                severity=Severity.HIGH,
                evidence=name,
            )
        elif _SAFE_SYSCTLS.get(name, context.minor + 1) > context.minor:
            yield Hit(f"sets the unsafe kernel parameter {name}", at, evidence=name)
        elif name.startswith(context.texts(unsafe_sysctls, "forbidden")):
            yield Hit(f"sets the forbidden kernel parameter {name}", at, evidence=name)


def sysctl_name(written: str) -> str:
    """The name with dots; where a slash comes first, slashes separate its parts."""
    first = next((mark for mark in written if mark in "./"), "")
    return written.translate(_SWAPPED_SEPARATORS) if first == "/" else written


@pod_rule(
    "scheduling-control-plane",
    severity=Severity.MEDIUM,
    remedy="Remove the toleration, node selector or node name, so that worker nodes run the pod.",
)
def scheduling_control_plane(pod: Pod, context: Context) -> Hits:
    """Workloads should not be placed on control plane nodes.

    Reports pods that tolerate the taint of control plane nodes or every taint, that select
    control plane nodes, or that name their node and so go past the scheduler. Agents of a
    DaemonSet, which belong on every node, are low.

    Why:

    On a control plane node a pod is next to the cluster's credentials and its database: breaking
    out of a container there means to own the cluster.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          tolerations:
            - key: node-role.kubernetes.io/control-plane
              operator: Exists
              effect: NoSchedule
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          tolerations:
            - key: example.org/gpu
              operator: Exists
              effect: NoSchedule
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    More than one toleration of a pod: the taints of old and new control planes are usually
    tolerated together. ``nodeName`` of pods that have an owner or were read from a cluster (with
    ``uid`` or ``status``), where the scheduler wrote it.

    References:
    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    severity = Severity.LOW if pod.object.kind == "DaemonSet" else None
    for index, toleration in mappings(pod.spec, "tolerations"):
        if text(toleration, "effect") not in ("", "NoSchedule"):
            continue
        key = text(toleration, "key")
        if key in _CONTROL_PLANE or (not key and text(toleration, "operator") == "Exists"):
            what = "control plane nodes" if key else "every node, whatever its taints"
            yield Hit(f"may run on {what}", pod.at("tolerations", index), severity=severity)
            break
    for key in mapping(pod.spec, "nodeSelector"):
        if key in _CONTROL_PLANE:
            yield Hit("runs on control plane nodes", pod.at("nodeSelector", key), severity=severity)
            break
    node = text(pod.spec, "nodeName")
    was_scheduled = "uid" in pod.metadata or bool(mapping(pod.object.value, "status"))
    if node and not was_scheduled and not sequence(pod.metadata, "ownerReferences"):
        yield Hit(
            f"names its node {node}, past the scheduler",
            pod.at("nodeName"),
            severity=Severity.LOW,
            evidence=node,
        )


@object_rule(
    "naked-pod",
    severity=Severity.LOW,
    profile=RELIABILITY,
    kinds=("Pod",),
    remedy="Make the pod a Deployment, StatefulSet, DaemonSet or Job.",
    aliases=("C-0073",),
)
def naked_pod(object_: KubernetesObject, context: Context) -> Hits:
    """Pods should be made by a controller.

    Reports objects of kind Pod that nothing owns.

    Why:

    When its node fails or is drained, such a pod is gone for good: nothing makes it again, moves
    it to another node or rolls out a new version.

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

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
                - name: web
                  image: registry.example.org/web:1.4.2

    Not reported:

    Static pods of the control plane (the label ``tier: control-plane`` or the kubelet's
    annotations), which the kubelet looks after, and Helm hooks, which Helm does.
    """
    if (
        not sequence(object_.metadata, "ownerReferences")
        and object_.labels.get("tier") != "control-plane"
        and not any(key in object_.annotations for key in _STATIC_POD)
    ):
        yield Hit("has no controller that would make it again", ("kind",))

"""Rules about where pods run: spread over nodes, kept to some nodes, in a sandbox of their own."""

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context, object_rule, pod_rule
from seawall.kubernetes.rules.scaling import REPLICATED
from seawall.kubernetes.selectors import parse_selector
from seawall.text.values import Map, integer, is_true, mapping, mappings, text, texts

_REPLICATED = frozenset(REPLICATED)
_BETA_TOPOLOGIES = (
    "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
)  # fmt: skip


@pod_rule(
    "pod-anti-affinity-missing",
    severity=Severity.LOW,
    remedy="Add a podAntiAffinity term or a topologySpreadConstraint that selects the own pods.",
    profile=RELIABILITY,
    aliases=(
        "kube-score:deployment-has-host-podantiaffinity",
        "kube-score:statefulset-has-host-podantiaffinity",
        "kube-linter:no-anti-affinity",
    ),
)
def pod_anti_affinity_missing(pod: Pod, context: Context) -> Hits:
    """The replicas of a workload should be spread over nodes or zones.

    Reports workloads that may have two replicas or more and have neither a podAntiAffinity
    term nor a topology spread constraint that selects their own pods, in their own namespace,
    over nodes, zones or regions. Where nothing says how many replicas there are the finding has
    low confidence.

    Why:

    Replicas that share a node, or a zone, fail together with it.

    Bad:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
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

    Good:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: web
            spec:
              topologySpreadConstraints:
                - maxSkew: 1
                  topologyKey: kubernetes.io/hostname
                  whenUnsatisfiable: ScheduleAnyway
                  labelSelector:
                    matchLabels:
                      app: web
              containers:
                - name: web
                  image: registry.example.org/web:1.4.2

    Not reported:

    Workloads with at most one replica, and DaemonSets, which have one pod on each node.

    References:
    https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
    """
    if pod.object.kind not in _REPLICATED:
        return
    scale = context.index.scale_of(pod.object)
    if (scale.stated and scale.most < 2) or any(_spreads(term, pod) for term in terms_of(pod)):
        return
    yield Hit(
        "has replicas that may all run on one node",
        pod.at("affinity", "podAntiAffinity"),
        confidence=Confidence.HIGH if scale.stated else Confidence.LOW,
    )


def terms_of(pod: Pod) -> list[Map]:
    """Everything that keeps pods apart: anti-affinity of both strengths, spread constraints."""
    key = "DuringSchedulingIgnoredDuringExecution"
    anti = mapping(pod.spec, "affinity", "podAntiAffinity")
    terms = [term for _, term in mappings(anti, f"required{key}")]
    terms += [
        mapping(weighted, "podAffinityTerm") for _, weighted in mappings(anti, f"preferred{key}")
    ]
    return terms + [term for _, term in mappings(pod.spec, "topologySpreadConstraints")]


def _spreads(term: Map, pod: Pod) -> bool:
    key = text(term, "topologyKey")
    if not key.startswith(("kubernetes.io/hostname", "topology.")) and key not in _BETA_TOPOLOGIES:
        return False
    return selects_own(term, pod)


def selects_own(term: Map, pod: Pod) -> bool:
    """Whether a term keeps the pods of one workload apart, and not from others only."""
    namespaces = texts(term, "namespaces")
    if namespaces and "namespaceSelector" not in term and pod.object.namespace not in namespaces:
        return False
    selector = parse_selector(term.get("labelSelector"))
    return selector is not None and selector.matches(pod.labels)


@pod_rule(
    "node-affinity-missing",
    severity=Severity.INFO,
    remedy="Set spec.affinity.nodeAffinity, or spec.nodeSelector.",
    profile=OPT_IN,
    aliases=("kube-linter:no-node-affinity",),
)
def node_affinity_missing(pod: Pod, context: Context) -> Hits:
    """Pods should say which nodes they belong on.

    Reports pods with neither ``nodeAffinity`` nor ``nodeSelector`` nor ``nodeName``.

    Why:

    In a cluster with nodes of several kinds or of several owners, a pod that does not say where
    it belongs may end up on any of them.

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
          nodeSelector:
            example.org/pool: public
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
    """
    spec = pod.spec
    has_affinity = bool(mapping(spec, "affinity", "nodeAffinity"))
    if not has_affinity and not mapping(spec, "nodeSelector") and not text(spec, "nodeName"):
        yield Hit("does not say which nodes it belongs on", pod.at("affinity", "nodeAffinity"))


@pod_rule(
    "topology-spread-invalid",
    severity=Severity.MEDIUM,
    remedy="Mend the topology spread constraint.",
    profile=RELIABILITY,
    aliases=("kube-score:pod-topology-spread-constraints",),
)
def topology_spread_invalid(pod: Pod, context: Context) -> Hits:
    """Topology spread constraints must be complete, and count the pods they are set on.

    Reports constraints with ``maxSkew`` or ``minDomains`` below 1, with ``minDomains`` where
    pods may be scheduled anyway, without ``topologyKey``, with an unknown
    ``whenUnsatisfiable``, without ``labelSelector``, or with one that does not match the pod's
    own labels.

    Why:

    The API server refuses most of these. It takes a constraint without a selector, or with one
    for other pods, but such a constraint does not spread the pods it is set on.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          labels:
            app: web
        spec:
          topologySpreadConstraints:
            - maxSkew: 1
              topologyKey: topology.kubernetes.io/zone
              whenUnsatisfiable: DoNotSchedule
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          labels:
            app: web
        spec:
          topologySpreadConstraints:
            - maxSkew: 1
              topologyKey: topology.kubernetes.io/zone
              whenUnsatisfiable: DoNotSchedule
              labelSelector:
                matchLabels:
                  app: web
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
    """
    for index, constraint in mappings(pod.spec, "topologySpreadConstraints"):
        place = pod.at("topologySpreadConstraints", index)
        if (integer(constraint, "maxSkew") or 0) < 1:
            yield Hit(
                "has a spread constraint without a maxSkew of 1 or more",
                (*place, "maxSkew"),
                remedy="Set maxSkew to 1 or more.",
            )
        domains = integer(constraint, "minDomains")
        action = text(constraint, "whenUnsatisfiable")
        if domains is not None and (domains < 1 or action == "ScheduleAnyway"):
            yield Hit(
                "has a spread constraint with a minDomains it cannot have",
                (*place, "minDomains"),
                remedy="Set minDomains to 1 or more and whenUnsatisfiable to DoNotSchedule.",
            )
        if not text(constraint, "topologyKey"):
            yield Hit(
                "has a spread constraint without a topologyKey",
                (*place, "topologyKey"),
                remedy="Set topologyKey to the node label to spread over.",
            )
        if action not in ("DoNotSchedule", "ScheduleAnyway"):
            yield Hit(
                "has a spread constraint that does not say what to do when it cannot be met",
                (*place, "whenUnsatisfiable"),
                evidence=action,
                remedy="Set whenUnsatisfiable to DoNotSchedule or ScheduleAnyway.",
            )
        selector = parse_selector(constraint.get("labelSelector"))
        if selector is None:
            yield Hit(
                "has a spread constraint that counts no pods",
                (*place, "labelSelector"),
                remedy="Set labelSelector to the labels of the own pods.",
            )
        elif not selector.matches(pod.labels):
            yield Hit(
                "has a spread constraint that does not count its own pods",
                (*place, "labelSelector"),
                severity=Severity.LOW,
                remedy="Set labelSelector to the labels of the own pods.",
            )


_SANDBOXES = (
    # The start of a handler's name -> what it is; runc, crun and the like share the kernel.
    ("runsc", "gVisor"),
    ("gvisor", "gVisor"),
    ("kata", "Kata"),
    ("firecracker", "Firecracker"),
)
_SHARED_KERNEL = frozenset(("runc", "crun", "youki"))


@pod_rule(
    "runtime-class-missing",
    severity=Severity.MEDIUM,
    remedy="Name an existing RuntimeClass in spec.runtimeClassName.",
)
def runtime_class_missing(pod: Pod, context: Context) -> Hits:
    """The RuntimeClass a pod names must exist.

    Reports pods whose ``runtimeClassName`` names no RuntimeClass of the input. RuntimeClasses
    belong to the cluster, so this is judged only where the input has any RuntimeClass.

    Why:

    The API server refuses the pod: a workload that is meant to run in a sandbox does not run at
    all, and the quick way out is to run it without.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          runtimeClassName: sandbox
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
        ---
        apiVersion: node.k8s.io/v1
        kind: RuntimeClass
        metadata:
          name: gvisor
        handler: runsc

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          runtimeClassName: gvisor
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
        ---
        apiVersion: node.k8s.io/v1
        kind: RuntimeClass
        metadata:
          name: gvisor
        handler: runsc

    Not reported:

    Anything where the input has no RuntimeClass at all.

    References:
    https://kubernetes.io/docs/concepts/containers/runtime-class/
    """
    name = text(pod.spec, "runtimeClassName")
    if not name or not context.index.holds("RuntimeClass") or context.index.is_unresolved(name):
        return
    if context.index.find("RuntimeClass", "", name) is None:
        yield Hit(
            f"names the RuntimeClass {name}, which does not exist",
            pod.at("runtimeClassName"),
            confidence=context.confidence_of_absence(pod.object),
            evidence=name,
        )


@pod_rule(
    "runtime-class-incompatible",
    severity=Severity.MEDIUM,
    remedy="Remove what reaches out of the sandbox, or run the pod without the RuntimeClass.",
)
def runtime_class_incompatible(pod: Pod, context: Context) -> Hits:
    """Pods in a sandbox must not ask for what the sandbox keeps from them.

    Reports pods whose RuntimeClass has a gVisor, Kata or Firecracker handler and that share the
    network, process or IPC namespace of their node, mount one of its sockets, or run privileged
    in a virtual machine. Where the RuntimeClass is not in the input its name is taken for its
    handler, with low confidence.

    Why:

    A sandbox and the namespaces or sockets of the node exclude each other: the pod fails, or
    works with less than it was written for. A privileged pod has the devices of the node passed
    into its virtual machine, which undoes the isolation.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: agent
        spec:
          runtimeClassName: kata
          hostPID: true
          containers:
            - name: agent
              image: registry.example.org/agent:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: agent
        spec:
          runtimeClassName: kata
          containers:
            - name: agent
              image: registry.example.org/agent:1.4.2

    References:
    https://kubernetes.io/docs/concepts/containers/runtime-class/
    https://gvisor.dev/docs/user_guide/compatibility/
    https://github.com/kata-containers/kata-containers/blob/main/docs/Limitations.md
    """
    name = text(pod.spec, "runtimeClassName")
    if not name:
        return
    runtime_class = context.index.find("RuntimeClass", "", name)
    handler = name if runtime_class is None else text(runtime_class.value, "handler")
    sandbox = next((what for start, what in _SANDBOXES if handler.startswith(start)), "")
    if not sandbox:
        return
    confidence = Confidence.LOW if runtime_class is None else Confidence.HIGH
    for key, what in (("hostNetwork", "network"), ("hostPID", "process"), ("hostIPC", "IPC")):
        if is_true(pod.spec, key):
            yield Hit(
                f"shares the {what} namespace of its node, which a {sandbox} sandbox does not have",
                pod.at(key),
                confidence=confidence,
            )
    for index, volume in pod.volumes:
        path = text(volume, "hostPath", "path")
        if path.endswith(".sock") or text(volume, "hostPath", "type") == "Socket":
            yield Hit(
                f"mounts the socket {path}, which does not work in a {sandbox} sandbox",
                pod.at("volumes", index, "hostPath"),
                confidence=confidence,
                evidence=path,
            )
    if sandbox == "gVisor":
        return  # its privileged containers hold no device of the node
    for container in pod.containers:
        if container.is_privileged:
            place = (*container.path[len(pod.path) :], "securityContext", "privileged")
            yield Hit(
                f"runs privileged, which passes devices of the node into the {sandbox} sandbox",
                place,
                confidence=confidence,
                container=container.name,
            )


@object_rule(
    "runtime-class-without-scheduling",
    severity=Severity.LOW,
    remedy="Set scheduling.nodeSelector to the label of the nodes that have the handler.",
    profile=RELIABILITY,
    kinds=("RuntimeClass",),
)
def runtime_class_without_scheduling(object_: KubernetesObject, context: Context) -> Hits:
    """A RuntimeClass should say which nodes have its handler.

    Reports RuntimeClasses without ``scheduling.nodeSelector``.

    Why:

    The scheduler puts pods of the class on any node, and on those without the handler they
    never start.

    Bad:

        apiVersion: node.k8s.io/v1
        kind: RuntimeClass
        metadata:
          name: gvisor
        handler: runsc

    Good:

        apiVersion: node.k8s.io/v1
        kind: RuntimeClass
        metadata:
          name: gvisor
        handler: runsc
        scheduling:
          nodeSelector:
            example.org/runtime: gvisor

    Not reported:

    The handlers every node has: runc, crun, youki.

    References:
    https://kubernetes.io/docs/concepts/containers/runtime-class/#scheduling
    """
    handler = text(object_.value, "handler")
    if handler in _SHARED_KERNEL or mapping(object_.value, "scheduling", "nodeSelector"):
        return
    yield Hit(
        f"does not say which nodes have the handler {handler}", ("scheduling", "nodeSelector")
    )

"""Fixes of workloads: resources, replicas, updates, budgets, probes, versions."""

from collections.abc import Iterator, Mapping

from seawall.core.edit import Append, Data, Operation, Remove, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, at_hit, mends, put, remove_at, repair, set_at
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.values import integer, mapping, text
from seawall.text.yaml import Value

_MEMORY, _CPU, _STORAGE = "256Mi", "100m", "1Gi"
"""What a small service needs; teams measure and set their own."""
_DEADLINE = 300
"""Seconds; below 10 the controller, which looks every 10 seconds, may miss a start (batch/v1)."""
_KEPT = 86_400
"""Seconds for which a finished Job is kept: a day to look at its logs."""
_REPLICAS = 2


# Resources ------------------------------------------------------------------------------------


@mends("memory-limit-missing", "ephemeral-storage-missing")
def set_limit(container: Container, hit: Hit, context: Context) -> Repairs:
    """Where a request is there the limit is at least that."""
    resource = str(hit.at[-1])
    if not hit.at or hit.at[-2:-1] not in (("limits",), ("requests",)):
        return
    value = container.request(resource) or (_MEMORY if resource == "memory" else _STORAGE)
    if isinstance(value, str | int | float):
        yield repair(
            container,
            f"Limit its {resource}",
            set_at(container, hit, value),
            safety=Safety.UNSAFE,
            effect=f"it is killed when it uses more than {value}",
        )


@mends("cpu-request-missing", "memory-request-missing")
def set_request(container: Container, hit: Hit, context: Context) -> Repairs:
    """A request that is missing beside a limit is that limit (API defaulting of core/v1)."""
    resource = str(hit.at[-1])
    limit = container.limit(resource)
    if isinstance(limit, str | int | float):
        yield repair(
            container,
            f"Request the {resource} that it is limited to",
            set_at(container, hit, limit),
        )
    else:
        value = _MEMORY if resource == "memory" else _CPU
        yield repair(
            container,
            f"Request {value} of {resource}",
            set_at(container, hit, value),
            safety=Safety.UNSAFE,
            effect="it is placed only on a node that has this free",
        )


# Replicas and updates -------------------------------------------------------------------------


@mends("replicas-too-few", "hpa-min-replicas")
def more_replicas(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Two let one be replaced without a gap."""
    yield repair(
        object_,
        f"Run at least {_REPLICAS}",
        set_at(object_, hit, _REPLICAS),
        safety=Safety.UNSAFE,
        effect="several pods run at once, and cost more",
    )


@mends("hpa-static-replicas")
def leave_to_autoscaler(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The autoscaler sets it; each apply would set it back."""
    yield repair(object_, "Leave the number of replicas to the autoscaler", remove_at(object_, hit))


@mends("update-strategy-not-rolling")
def update_rolling(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """A volume that only one pod may write to does not survive a rolling update."""
    if text(object_.value, *hit.at) != "Recreate":
        yield repair(
            object_,
            "Update it pod by pod",
            set_at(object_, hit, "RollingUpdate"),
            safety=Safety.UNSAFE,
            effect="pods are replaced as soon as the template changes",
        )


@mends("pod-anti-affinity-missing")
def spread_over_nodes(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Preferred only: where there is but one node it changes nothing."""
    labels = _selector(pod)
    if labels:
        term: dict[str, Data] = {
            "weight": 100,
            "podAffinityTerm": {
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": {"matchLabels": labels},
            },
        }
        path = (*pod.spec_path, "affinity", "podAntiAffinity")
        name = "preferredDuringSchedulingIgnoredDuringExecution"
        yield repair(pod, "Prefer different nodes for its replicas", Append((*path, name), term))


@mends("topology-spread-invalid")
def select_own_pods(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """A constraint without a selector counts no pods."""
    labels = _selector(pod)
    if labels and hit.at and hit.at[-1] == "labelSelector":
        yield repair(pod, "Count its own pods", Set((*at_hit(pod, hit), "matchLabels"), labels))


@mends("selector-template-mismatch")
def label_template(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The selector cannot be changed later, so the template gets its labels."""
    wanted = mapping(object_.spec, "selector", "matchLabels")
    for pod in context.pods(object_):
        missing = [(k, v) for k, v in wanted.items() if pod.labels.get(k) != v]
        if missing and all(isinstance(value, str) for _, value in missing):
            yield repair(
                object_,
                "Give the pods the labels that are selected",
                *(Set((*pod.path, "metadata", "labels", k), _plain(v)) for k, v in missing),
            )


@mends("cronjob-deadline-missing")
def set_deadline(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Without one a controller that was away starts up to 100 missed runs."""
    if hit.at[-1] == "concurrencyPolicy":
        yield repair(
            object_,
            "Leave out a run while the one before lasts",
            set_at(object_, hit, "Forbid"),
            safety=Safety.UNSAFE,
            effect="runs do not overlap any more",
        )
        return
    yield repair(
        object_,
        f"Give up a start that is {_DEADLINE} seconds late",
        set_at(object_, hit, _DEADLINE),
        safety=Safety.UNSAFE,
        effect="a run is left out when it cannot be started in time",
    )


@mends("job-ttl")
def remove_finished(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """A CronJob keeps its own history instead."""
    if object_.kind == "Job":
        yield repair(object_, "Remove it a day after its end", set_at(object_, hit, _KEPT))
    else:
        yield repair(object_, "Leave it to the CronJob's history limits", remove_at(object_, hit))


# Budgets --------------------------------------------------------------------------------------


@mends("pdb-missing")
def add_budget(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """One pod at a time may be evicted."""
    labels, name = _selector(pod), pod.object.name
    if labels and name:
        budget: dict[str, Data] = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": _metadata(pod.object, name),
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}},
        }
        yield repair(pod, "Add a PodDisruptionBudget", added=(budget,))


@mends("pdb-policy-missing", "pdb-blocks-eviction")
def allow_one_eviction(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Both fields at once are refused by the API server."""
    operations: list[Operation] = [put(object_, ("spec", "maxUnavailable"), 1)]
    if "minAvailable" in object_.spec:
        operations.append(Remove((*object_.path, "spec", "minAvailable")))
    yield repair(
        object_,
        "Let one pod at a time be evicted",
        *operations,
        safety=Safety.UNSAFE,
        effect="a node that is drained takes one pod down at a time",
    )


@mends("pdb-unhealthy-eviction-policy")
def evict_unhealthy(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Pods that are broken anyway must not hold up a drain."""
    yield repair(object_, "Let broken pods be evicted", set_at(object_, hit, "AlwaysAllow"))


# Services and probes --------------------------------------------------------------------------


@mends("readiness-probe-missing")
def probe_port(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The port of a Service that selects the pod is open once the program is ready to be asked."""
    index = next((step for step in hit.at if isinstance(step, int)), None)
    container = next(
        (item for item in pod.containers if index is not None and item.path[-1] == index
         and item.path[-2] == "containers"), None
    )  # fmt: skip
    if container is None:
        return
    port = next(_served_ports(pod, container, context), None)
    if port is not None:
        yield repair(
            pod,
            f"Send it requests only while port {port} is open",
            set_at(pod, hit, {"tcpSocket": {"port": port}}),
            safety=Safety.UNSAFE,
            effect="the pod gets no requests while the port is closed",
        )


def _served_ports(pod: Pod, container: Container, context: Context) -> Iterator[int | str]:
    """Ports of the container that a Service leads to."""
    own = {
        number: text(port, "name")
        for _, port in container.ports
        if (number := integer(port, "containerPort"))
    }
    for service in context.index.services_of(pod):
        ports = service.spec.get("ports")
        for port in ports if isinstance(ports, list) else ():
            target = mapping(port).get("targetPort") or mapping(port).get("port")
            if isinstance(target, int) and target in own:
                yield own[target] or target
            elif isinstance(target, str) and target in own.values():
                yield target


@mends("service-type-exposed")
def keep_inside(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Reached from inside the cluster only."""
    operations: list[Operation] = [set_at(object_, hit, "ClusterIP")]
    ports = object_.spec.get("ports")
    for index, port in enumerate(ports if isinstance(ports, list) else ()):
        if "nodePort" in mapping(port):
            operations.append(Remove((*object_.path, "spec", "ports", index, "nodePort")))
    yield repair(
        object_,
        "Open it inside the cluster only",
        *operations,
        safety=Safety.UNSAFE,
        effect="nobody outside reaches it but through an Ingress or Gateway",
    )


@mends("statefulset-headless-service")
def add_headless_service(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The names of its pods come from a Service without an address of its own."""
    name = text(object_.spec, "serviceName")
    pods = context.pods(object_)
    labels = _selector(pods[0]) if pods else {}
    if not name or not labels or context.index.find("Service", object_.namespace, name):
        return
    ports: list[Data] = [
        {"name": text(port, "name") or f"port-{number}", "port": number}
        for container in pods[0].containers
        for _, port in container.ports
        if (number := integer(port, "containerPort"))
    ]
    service: dict[str, Data] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(object_, name),
        "spec": {"clusterIP": "None", "selector": labels, **({"ports": ports} if ports else {})},
    }
    yield repair(object_, f"Add the headless Service {name}", added=(service,))


# Versions -------------------------------------------------------------------------------------

_SUCCESSORS = {
    ("apps/v1beta1", "Deployment"): "apps/v1",
    ("apps/v1beta2", "Deployment"): "apps/v1",
    ("extensions/v1beta1", "Deployment"): "apps/v1",
    ("apps/v1beta1", "StatefulSet"): "apps/v1",
    ("apps/v1beta2", "StatefulSet"): "apps/v1",
    ("apps/v1beta2", "DaemonSet"): "apps/v1",
    ("extensions/v1beta1", "DaemonSet"): "apps/v1",
    ("apps/v1beta2", "ReplicaSet"): "apps/v1",
    ("extensions/v1beta1", "ReplicaSet"): "apps/v1",
    ("batch/v1beta1", "CronJob"): "batch/v1",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("extensions/v1beta1", "NetworkPolicy"): "networking.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "Role"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): "rbac.authorization.k8s.io/v1",
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): "scheduling.k8s.io/v1",
    ("storage.k8s.io/v1beta1", "StorageClass"): "storage.k8s.io/v1",
    ("coordination.k8s.io/v1beta1", "Lease"): "coordination.k8s.io/v1",
    ("policy/v1beta1", "PodDisruptionBudget"): "policy/v1",
}
"""Versions whose schema the newer one takes as it is (Kubernetes deprecation guide)."""
_NEED_SELECTOR = frozenset(("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"))


@mends("deprecated-api-version")
def newer_version(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Only where the fields mean the same: apps/v1 wants a selector that the old ones filled in."""
    version = _SUCCESSORS.get((object_.api_version, object_.kind))
    if version is None or (hit.at and hit.at != ("apiVersion",)):
        return
    if object_.kind == "PodDisruptionBudget":
        selector = object_.spec.get("selector")
        if not mapping(selector):  # an empty one matched nothing before, and everything now
            return
    operations: list[Operation] = [put(object_, ("apiVersion",), version)]
    if object_.kind in _NEED_SELECTOR and not mapping(object_.spec, "selector"):
        labels = mapping(object_.spec, "template", "metadata", "labels")
        if not labels or not all(isinstance(value, str) for value in labels.values()):
            return
        operations.append(put(object_, ("spec", "selector", "matchLabels"), _plain(labels)))
    yield repair(object_, f"Use {version}", *operations)


@mends("pss-namespace-unlabelled")
def enforce_level(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Refuse what nearly nobody needs; warn of what the strict level would refuse."""
    labels = (*object_.path, "metadata", "labels")
    prefix = "pod-security.kubernetes.io/"
    yield repair(
        object_,
        "Enforce the baseline level, warn of what is not restricted",
        Set((*labels, f"{prefix}enforce"), "baseline"),
        Set((*labels, f"{prefix}enforce-version"), f"v{context.kubernetes_version}"),
        Set((*labels, f"{prefix}warn"), "restricted"),
        safety=Safety.UNSAFE,
        effect="the API server refuses pods that ask for more than baseline",
        risks=("pss-deployment-will-be-rejected",),
    )


@mends("rbac-anonymous-binding", "rbac-bind-all-authenticated")
def remove_subject(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The binding stays for its other subjects."""
    index = next((step for step in hit.at if isinstance(step, int)), None)
    subjects = object_.value.get("subjects")
    if index is None or not isinstance(subjects, list) or len(subjects) < 2:
        return
    yield repair(
        object_,
        "Take the role from everybody",
        Remove((*object_.path, "subjects", index)),
        safety=Safety.UNSAFE,
        effect="callers who relied on it are refused",
    )


# Helpers --------------------------------------------------------------------------------------


def _selector(pod: Pod) -> dict[str, Data]:
    """The labels that the controller selects its pods by."""
    labels = mapping(pod.object.spec, "selector", "matchLabels") or (
        pod.labels if pod.object.kind in ("Pod", "ReplicationController") else {}
    )
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def _metadata(object_: KubernetesObject, name: str) -> Mapping[str, Data]:
    namespace = text(object_.metadata, "namespace")
    return {"name": name, "namespace": namespace} if namespace else {"name": name}


def _plain(value: Value) -> Data:
    return value

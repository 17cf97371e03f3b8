"""Fixes of workloads: replicas, updates, spreading, Jobs, budgets, levels of namespaces."""

from seawall.core.edit import Append, Data, Operation, Remove, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, at_hit, in_pod, mends, put, remove_at, repair, set_at
from seawall.kubernetes.fixes.known import facts
from seawall.kubernetes.fixes.naming import metadata_of, plain, selector_of
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pod_security.evaluate import evaluate
from seawall.kubernetes.pod_security.policy import BASELINE, RESTRICTED
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.text.values import mapping, text

_DEADLINE = 300
"""Seconds; below 10 the controller, which looks every 10 seconds, may miss a start (batch/v1)."""
_KEPT = 86_400
"""Seconds for which a finished Job is kept: a day to look at its logs."""
_REPLICAS = 2


@mends("replicas-too-few", "hpa-min-replicas")
def more_replicas(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Two let one be replaced without a gap, but where they would not share their data."""
    if any(_keeps_data(pod) for pod in context.pods(object_)):
        return
    yield repair(
        object_,
        f"Run at least {_REPLICAS}",
        set_at(object_, hit, _REPLICAS),
        safety=Safety.UNSAFE,
        effect="several pods run at once, and cost more",
    )


def _keeps_data(pod: Pod) -> bool:
    """Whether a pod writes to what another of its kind would not see, or must have alone."""
    claims = any("persistentVolumeClaim" in volume for _, volume in pod.volumes)
    alone = text(pod.object.spec, "strategy", "type") == "Recreate"
    return claims or alone or any(facts(one).volumes for one in pod.containers)


@mends("hpa-static-replicas")
def leave_to_autoscaler(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The autoscaler sets it; each apply would set it back."""
    yield repair(
        object_,
        "Leave the number of replicas to the autoscaler",
        remove_at(object_, hit),
        note="kubectl apply without --server-side sets one replica once, until the autoscaler "
        "acts: kubectl apply edit-last-applied, and take replicas out, prevents it",
    )


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
    labels = selector_of(pod)
    if labels:
        term: dict[str, Data] = {
            "weight": 100,
            "podAffinityTerm": {
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": {"matchLabels": labels},
            },
        }
        path = in_pod(pod, "affinity", "podAntiAffinity")
        name = "preferredDuringSchedulingIgnoredDuringExecution"
        yield repair(pod, "Prefer different nodes for its replicas", Append((*path, name), term))


@mends("topology-spread-invalid")
def select_own_pods(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """A constraint without a selector counts no pods."""
    labels = selector_of(pod)
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
                *(Set((*pod.path, "metadata", "labels", k), plain(v)) for k, v in missing),
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
    labels, name = selector_of(pod), pod.object.name
    if labels and name:
        budget: dict[str, Data] = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata_of(pod.object, name),
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


# Namespaces -----------------------------------------------------------------------------------


@mends("pss-namespace-unlabelled")
def enforce_level(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The strictest level that every known pod of the namespace meets; none where some do not."""
    pods = [pod for pod in context.index.pods_in(object_.name) if pod.spec]
    version = f"v{context.kubernetes_version}"
    level = next(
        (
            level
            for level in (RESTRICTED, BASELINE)
            if not any(evaluate(level, version, pod.metadata, pod.whole_spec) for pod in pods)
        ),
        None,
    )
    if level is None or not pods:
        return
    labels = (*object_.path, "metadata", "labels")
    operations: list[Operation] = [
        Set((*labels, f"{_LABEL}enforce"), level),
        Set((*labels, f"{_LABEL}enforce-version"), version),
    ]
    if level == BASELINE and f"{_LABEL}warn" not in object_.labels:
        operations.append(Set((*labels, f"{_LABEL}warn"), RESTRICTED))
    yield repair(
        object_,
        f"Enforce the level {level}, which its pods meet",
        *operations,
        safety=Safety.UNSAFE,
        effect=f"the API server refuses pods that ask for more than {level}",
        risks=("pss-deployment-will-be-rejected",),
    )


_LABEL = "pod-security.kubernetes.io/"


@mends("pss-enforce-version-unpinned")
def pin_level(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The version that the cluster has now: what is checked stays as it is."""
    key = f"{_LABEL}enforce-version"
    if hit.at[-1:] == (key,):
        version = f"v{context.kubernetes_version}"
        yield repair(
            object_, f"Hold its pods against the checks of {version}", set_at(object_, hit, version)
        )

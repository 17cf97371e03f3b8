"""Rules about workloads staying up: how updates roll out, and which evictions are let through."""

from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context, object_rule, pod_rule
from seawall.kubernetes.rules.scaling import REPLICATED
from seawall.text.values import integer, mapping, text, texts

if TYPE_CHECKING:
    from seawall.text.scalars import Value

_REPLICATED = frozenset(REPLICATED)
_ROLLING = frozenset(("RollingUpdate", "Rolling"))
STRATEGY_FIELDS = {
    # kind -> the field of its update strategy, and that of its rolling update
    "Deployment": ("strategy", "rollingUpdate"),
    "DeploymentConfig": ("strategy", "rollingParams"),
    "StatefulSet": ("updateStrategy", "rollingUpdate"),
    "DaemonSet": ("updateStrategy", "rollingUpdate"),
}
_TYPES = {
    "Deployment": ("RollingUpdate", "Recreate"),
    "DeploymentConfig": ("Rolling", "Recreate", "Custom"),
    "StatefulSet": ("RollingUpdate", "OnDelete"),
    "DaemonSet": ("RollingUpdate", "OnDelete"),
}
"""The types of strategy the API server takes (apps/v1 and apps.openshift.io/v1 validation)."""


class Amount(NamedTuple):
    """A number of pods, or a percentage of them."""

    number: int
    is_percent: bool

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_percent else str(self.number)

    def of(self, total: int) -> int:
        """How many of ``total`` pods it is, rounded up."""
        return -(-self.number * total // 100) if self.is_percent else self.number

    def exceeds(self, other: "Amount", total: int | None) -> bool:
        """Whether it is more than another amount; no where that needs an unknown total."""
        if self.is_percent == other.is_percent:
            return self.number > other.number
        if total is None:
            return False
        pods = (total, 100) if self.is_percent else (100, total)
        return self.number * pods[0] > other.number * pods[1]


def amount_of(value: "Value") -> Amount | None:
    """Read a whole number or a percentage; ``None`` for anything else."""
    number = integer(value)
    if number is not None:
        return Amount(number, is_percent=False)
    words = text(value).strip()
    digits = words.removesuffix("%")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    return Amount(int(digits), is_percent=words.endswith("%"))


@object_rule(
    "update-strategy-not-rolling",
    severity=Severity.LOW,
    remedy="Set the type of the update strategy to RollingUpdate.",
    profile=RELIABILITY,
    aliases=("kube-score:deployment-strategy", "kube-linter:no-rolling-update-strategy"),
    kinds=tuple(STRATEGY_FIELDS),
)
def update_strategy_not_rolling(object_: KubernetesObject, context: Context) -> Hits:
    """Updates should replace pods step by step, and by themselves.

    Reports Deployments and DeploymentConfigs behind a Service whose strategy stops all pods
    before it starts new ones (``Recreate``, ``Custom``), and StatefulSets and DaemonSets that
    are updated only when somebody deletes their pods (``OnDelete``). Reports types that do not
    exist, too, whatever sends traffic there: the API server refuses the object.

    Why:

    ``Recreate`` makes each update an outage. With ``OnDelete`` an update that was applied, even
    one that mends a vulnerability, is not running anywhere.

    Bad:

        apiVersion: apps/v1
        kind: DaemonSet
        metadata:
          name: agent
        spec:
          updateStrategy:
            type: OnDelete
          selector:
            matchLabels:
              app: agent
          template:
            metadata:
              labels:
                app: agent
            spec:
              containers:
                - name: agent
                  image: registry.example.org/agent:1.4.2

    Good:

        apiVersion: apps/v1
        kind: DaemonSet
        metadata:
          name: agent
        spec:
          updateStrategy:
            type: RollingUpdate
          selector:
            matchLabels:
              app: agent
          template:
            metadata:
              labels:
                app: agent
            spec:
              containers:
                - name: agent
                  image: registry.example.org/agent:1.4.2

    Not reported:

    Deployments that no Service of the input sends traffic to, and those that mount a
    PersistentVolumeClaim that is not known to be ReadWriteMany: the new pod could not start
    while the old one holds the volume.

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy
    https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/
    """
    field = STRATEGY_FIELDS[object_.kind][0]
    strategy = text(object_.spec, field, "type")
    if not strategy or strategy in _ROLLING:
        return
    if strategy not in _TYPES[object_.kind]:
        known = " or ".join(_TYPES[object_.kind])
        message = f"has the update strategy {strategy}, which does not exist ({known})"
        yield Hit(message, ("spec", field, "type"), evidence=strategy)
        return
    if field == "updateStrategy":
        yield Hit(f"is updated with {strategy}", ("spec", field, "type"), evidence=strategy)
        return
    pods = context.pods(object_)
    is_served = any(context.index.services_of(pod) for pod in pods)
    if is_served and not any(_holds_volume(pod, context) for pod in pods):
        yield Hit(
            f"is updated with {strategy}, behind a Service",
            ("spec", field, "type"),
            evidence=strategy,
        )


def _holds_volume(pod: Pod, context: Context) -> bool:
    """Whether a pod mounts a volume that its successor may have to wait for."""
    for _, volume in pod.volumes:
        name = text(volume, "persistentVolumeClaim", "claimName")
        if name:
            claim = context.index.find("PersistentVolumeClaim", pod.object.namespace, name)
            if claim is None or "ReadWriteMany" not in texts(claim.spec, "accessModes"):
                return True
    return False


@object_rule(
    "update-strategy-bounds",
    severity=Severity.INFO,
    remedy="Set the bounds of the rolling update within those your team has chosen.",
    profile=OPT_IN,
    aliases=("kube-linter:update-configuration",),
    kinds=tuple(STRATEGY_FIELDS),
    parameters=(
        Parameter("max_unavailable", "", "the largest maxUnavailable, such as 1 or 25%"),
        Parameter("min_unavailable", "", "the smallest maxUnavailable"),
        Parameter("max_surge", "", "the largest maxSurge"),
        Parameter("min_surge", "", "the smallest maxSurge"),
    ),
)
def update_strategy_bounds(object_: KubernetesObject, context: Context) -> Hits:
    """Rolling updates should stay within the bounds a team has chosen.

    Reports workloads whose ``maxUnavailable`` or ``maxSurge`` (or the default where it is
    unset) lies outside the rule's parameters, each a number of pods or a percentage. A number
    and a percentage are compared by way of ``replicas``. Without parameters nothing is reported.

    Why:

    How many pods may be missing during an update, and how many may run on top, is what the
    update costs in capacity and in money.

    Bad:

        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 4
          strategy:
            rollingUpdate:
              maxUnavailable: 50%
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
          replicas: 4
          strategy:
            rollingUpdate:
              maxUnavailable: 1
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

    Parameters:

        max_unavailable = "25%"

    Not reported:

    Workloads that are not updated step by step, and a percentage against a number of pods where
    the number of replicas is not known.

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable
    """
    field, rolling = STRATEGY_FIELDS[object_.kind]
    strategy = mapping(object_.spec, field)
    if (text(strategy, "type") or "RollingUpdate") not in _ROLLING:
        return
    scale = context.index.scale_of(object_)
    total = scale.least if object_.kind in _REPLICATED and scale.stated else None
    for key, name in (("maxUnavailable", "unavailable"), ("maxSurge", "surge")):
        own = amount_of(mapping(strategy, rolling).get(key))
        if own is None:
            own = _default_bound(object_.kind, key)
        if own is None:
            continue
        most = amount_of(str(context.parameter(update_strategy_bounds, f"max_{name}")))
        least = amount_of(str(context.parameter(update_strategy_bounds, f"min_{name}")))
        if most is not None and own.exceeds(most, total):
            message = f"has {key} {own}, at most {most} wanted"
        elif least is not None and least.exceeds(own, total):
            message = f"has {key} {own}, at least {least} wanted"
        else:
            continue
        yield Hit(message, ("spec", field, rolling, key), evidence=str(own))


def _default_bound(kind: str, key: str) -> Amount | None:
    if kind in ("Deployment", "DeploymentConfig"):
        return Amount(25, is_percent=True)
    if key == "maxUnavailable":
        return Amount(1, is_percent=False)
    return Amount(0, is_percent=False) if kind == "DaemonSet" else None


@pod_rule(
    "pdb-missing",
    severity=Severity.LOW,
    remedy="Add a PodDisruptionBudget that selects the pods, with maxUnavailable 1.",
    profile=RELIABILITY,
    aliases=(
        "kube-score:deployment-has-poddisruptionbudget",
        "kube-score:statefulset-has-poddisruptionbudget",
        "polaris:missingPodDisruptionBudget",
    ),
)
def pdb_missing(pod: Pod, context: Context) -> Hits:
    """Workloads with several replicas should have a PodDisruptionBudget.

    Reports workloads that may have two replicas or more and whose pods no PodDisruptionBudget
    of their namespace selects. Where nothing says how many replicas there are the finding has
    low confidence.

    Why:

    Draining nodes for an upgrade evicts pods as fast as it can. Only a budget keeps it from
    evicting all pods of a workload at once.

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
              containers:
                - name: web
                  image: registry.example.org/web:1.4.2
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app: web

    Not reported:

    Workloads with at most one replica; and anything where a part of the input that could not
    be read mentions a PodDisruptionBudget.

    References:
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    if pod.object.kind not in _REPLICATED or context.index.budgets_of(pod):
        return
    scale = context.index.scale_of(pod.object)
    if (scale.stated and scale.most < 2) or context.index.is_unresolved("PodDisruptionBudget"):
        return
    yield Hit(
        "has no PodDisruptionBudget",
        ("metadata", "labels"),
        confidence=context.confidence_of_absence(pod.object) if scale.stated else Confidence.LOW,
    )


@object_rule(
    "pdb-policy-missing",
    severity=Severity.MEDIUM,
    remedy="Set spec.maxUnavailable or spec.minAvailable.",
    profile=RELIABILITY,
    aliases=("kube-score:poddisruptionbudget-has-policy",),
    kinds=("PodDisruptionBudget",),
)
def pdb_policy_missing(object_: KubernetesObject, context: Context) -> Hits:
    """A PodDisruptionBudget must say how many pods may be missing.

    Reports budgets with neither ``minAvailable`` nor ``maxUnavailable``.

    Why:

    Such a budget covers its pods and states nothing about them: the controller counts no pod
    it could spare, and nodes with these pods cannot be drained.

    Bad:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          selector:
            matchLabels:
              app: web

    Good:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app: web

    References:
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    if object_.spec.get("maxUnavailable") is None and object_.spec.get("minAvailable") is None:
        yield Hit("does not say how many pods may be missing", ("spec", "maxUnavailable"))


@object_rule(
    "pdb-blocks-eviction",
    severity=Severity.MEDIUM,
    remedy="Set maxUnavailable to 1 or more, or minAvailable below the number of replicas.",
    profile=RELIABILITY,
    aliases=(
        "kube-linter:pdb-max-unavailable",
        "kube-linter:pdb-min-available",
        "polaris:pdbDisruptionsIsZero",
        "polaris:pdbMinAvailableEqualToHPAMinReplicas",
        "polaris:pdbMinAvailableGreaterThanHPAMinReplicas",
    ),
    kinds=("PodDisruptionBudget",),
)
def pdb_blocks_eviction(object_: KubernetesObject, context: Context) -> Hits:
    """A PodDisruptionBudget must let some pod be evicted.

    Reports budgets with ``maxUnavailable`` 0, with ``minAvailable`` 100% or more, and with a
    ``minAvailable`` that is not below the number of pods the covered workloads have at least
    (the autoscaler's minimum, or else ``replicas``).

    Why:

    Nodes that hold these pods cannot be drained: upgrades of the cluster wait, and security
    updates of the nodes with them.

    Bad:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 0
          selector:
            matchLabels:
              app: web

    Good:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app: web

    Not reported:

    ``minAvailable`` as a number where the budget covers pods whose number is not stated in
    manifests, as those of DaemonSets.

    References:
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    unavailable = amount_of(object_.spec.get("maxUnavailable"))
    available = amount_of(object_.spec.get("minAvailable"))
    if unavailable is not None:
        if unavailable.number == 0:
            yield Hit(
                f"lets no pod be evicted: maxUnavailable is {unavailable}",
                ("spec", "maxUnavailable"),
                evidence=str(unavailable),
            )
    elif available is not None and available.is_percent and available.number >= 100:
        yield Hit(
            f"lets no pod be evicted: minAvailable is {available}",
            ("spec", "minAvailable"),
            evidence=str(available),
        )
    elif available is not None:
        total, stated = _least_covered(object_, context)
        if 0 < total <= available.of(total):
            sure = context.confidence_of_absence(object_)
            yield Hit(
                f"lets no pod be evicted: minAvailable is {available} of {total}",
                ("spec", "minAvailable"),
                confidence=sure if stated else Confidence.LOW,
                evidence=str(available),
            )


def _least_covered(budget: KubernetesObject, context: Context) -> tuple[int, bool]:
    """The least number of pods a budget covers (0: unknown), and whether anything states it."""
    total, stated = 0, True
    for pod in context.index.covered_by(budget):
        object_ = pod.object
        if object_.kind == "Pod":
            total += 1
        elif object_.kind not in _REPLICATED:
            return 0, False
        else:
            scale = context.index.scale_of(object_)
            total += max(scale.least, 1) if context.index.scalers_of(object_) else scale.least
            stated = stated and scale.stated
    return total, stated


@object_rule(
    "pdb-unhealthy-eviction-policy",
    severity=Severity.INFO,
    remedy="Set spec.unhealthyPodEvictionPolicy to AlwaysAllow.",
    profile=OPT_IN,
    aliases=("kube-linter:pdb-unhealthy-pod-eviction-policy",),
    kinds=("PodDisruptionBudget",),
)
def pdb_unhealthy_eviction_policy(object_: KubernetesObject, context: Context) -> Hits:
    """A PodDisruptionBudget should say whether pods that are not healthy may be evicted.

    Reports budgets without ``unhealthyPodEvictionPolicy``, for clusters of version 1.27 or newer.

    Why:

    By default a pod that runs but is not ready counts like a healthy one where the budget is
    used up: a workload that crashes in a loop keeps its nodes from being drained.

    Bad:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app: web

    Good:

        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          maxUnavailable: 1
          unhealthyPodEvictionPolicy: AlwaysAllow
          selector:
            matchLabels:
              app: web

    References:
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
    """
    if context.minor >= 27 and not text(object_.spec, "unhealthyPodEvictionPolicy"):
        yield Hit(
            "does not say whether unhealthy pods may be evicted",
            ("spec", "unhealthyPodEvictionPolicy"),
        )

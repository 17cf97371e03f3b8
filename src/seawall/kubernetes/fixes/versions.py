"""Fixes of API versions that are no longer served."""

from seawall.core.edit import Operation, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, put, repair
from seawall.kubernetes.fixes.naming import plain
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context
from seawall.kubernetes.schema import load
from seawall.text.values import mapping
from seawall.text.yaml_edit import edited

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
        operations.append(put(object_, ("spec", "selector", "matchLabels"), plain(labels)))
    if _is_valid(object_, operations):
        yield repair(object_, f"Use {version}", *operations)


def _is_valid(object_: KubernetesObject, operations: list[Operation]) -> bool:
    """Whether the new version takes the object: nothing checks the fields of the old one."""
    depth = len(object_.path)
    below = [Set(item.path[depth:], item.value) for item in operations if isinstance(item, Set)]
    try:
        value = edited(object_.value, below)
    except (KeyError, IndexError, TypeError, AttributeError):
        return False
    return not any(load().validate(value)) if isinstance(value, dict) else False

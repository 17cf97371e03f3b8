"""Fixes of who may do what: subjects that stand for everybody, rights that lead further.

What needs every right of the cluster, or why a wildcard is there, no machine can know: these stay
advice (``unmended``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seawall.core.edit import Append, Data, Operation, Remove, Safety, Set
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, repair
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context
from seawall.text.values import mapping, sequence, texts

if TYPE_CHECKING:
    from seawall.core.location import KeyPath

_READ = ("get", "list", "watch")
_ANY = "*"


@mends("rbac-anonymous-binding", "rbac-bind-all-authenticated", "rbac-bind-all-serviceaccounts",
       "service-account-default-bound")  # fmt: skip
def remove_subject(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The binding stays, for its other subjects or without any, so that its history does too."""
    index = next((step for step in hit.at if isinstance(step, int)), None)
    subjects = sequence(object_.value, "subjects")
    if index is None or index >= len(subjects) or "subjects" not in hit.at:
        return
    name = mapping(subjects[index]).get("name")
    yield repair(
        object_,
        f"Take the role from {name}",
        Remove((*object_.path, "subjects", index)),
        safety=Safety.UNSAFE,
        effect=f"who has the role only as {name} is refused",
    )


@mends("rbac-secrets-access", "rbac-pods-exec", "rbac-pods-portforward",
       "rbac-ephemeral-containers", "rbac-token-request", "rbac-services-pods-proxy")  # fmt: skip
def take_right(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The hit names the entry of ``resources``; the rule keeps its others."""
    place = _resource(object_, hit)
    if place is None:
        return
    rule, index, name = place
    resources = texts(object_.value, "rules", rule, "resources")
    whole: KeyPath = (*object_.path, "rules", rule)
    yield repair(
        object_,
        f"Give no right to {name}",
        Remove((*whole, "resources", index) if len(resources) > 1 else whole),
        safety=Safety.UNSAFE,
        effect=f"who uses {name} through this role is refused",
    )


def _resource(object_: KubernetesObject, hit: Hit) -> tuple[int, int, str] | None:
    """The rule, the place in its resources, and the resource that a hit is about."""
    if len(hit.at) != 4 or hit.at[0] != "rules" or hit.at[2] != "resources":
        return None
    rule, index = hit.at[1], hit.at[3]
    if not isinstance(rule, int) or not isinstance(index, int):
        return None
    resources = sequence(object_.value, "rules", rule, "resources")
    name = resources[index] if index < len(resources) else None
    if not isinstance(name, str) or _ANY in name:
        return None
    if not all(isinstance(item, str) for item in resources):
        return None
    return rule, index, name


_WORKLOADS = frozenset(
    "pods deployments daemonsets statefulsets replicasets replicationcontrollers jobs cronjobs "
    "podtemplates".split()
)


@mends("rbac-create-workloads", "rbac-patch-pods", "rbac-delete-nodes-pods")
def only_read(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Workloads stay readable; other resources keep their verbs, in a rule of their own."""
    place = _resource(object_, hit)
    if place is None:
        return
    rule, _, name = place
    value = mapping(object_.value, "rules", rule)
    verbs = texts(value, "verbs")
    if _ANY in verbs:
        return
    base: KeyPath = (*object_.path, "rules", rule)
    resources = texts(value, "resources")
    wanted = [item for item in resources if item == name or item in _WORKLOADS]
    others = [item for item in resources if item not in wanted]
    left = [verb for verb in verbs if verb in _READ]
    operations: list[Operation] = []
    if others:
        further: dict[str, Data] = {
            "apiGroups": list(texts(value, "apiGroups")),
            "resources": others,
            "verbs": list(verbs),
        }
        operations.append(Append((*object_.path, "rules"), further))
    if left:
        operations += [
            Remove((*base, "resources", index))
            for index, item in enumerate(resources)
            if item in others
        ]
        operations += [
            Remove((*base, "verbs", index)) for index, verb in enumerate(verbs) if verb not in left
        ]
    else:
        operations.append(Remove(base))
    yield repair(
        object_,
        f"Give no right to change {', '.join(wanted)}",
        *operations,
        safety=Safety.UNSAFE,
        effect="who deploys with this role is refused",
    )


_USUAL: Mapping[str, tuple[str, ...]] = {
    "": ("configmaps", "endpoints", "events", "namespaces", "nodes", "persistentvolumeclaims",
         "pods", "pods/log", "resourcequotas", "serviceaccounts", "services"),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
}  # fmt: skip
"""What the built-in role ``view`` reads, and nodes: no Secrets, no rights."""


@mends("rbac-wildcard")
def name_what_is_read(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Reading stays, of what the entry names, else of the usual resources."""
    index = hit.at[1] if len(hit.at) > 1 and hit.at[0] == "rules" else None
    if not isinstance(index, int):
        return
    value = mapping(object_.value, "rules", index)
    verbs, resources, groups = (
        texts(value, key) for key in ("verbs", "resources", "apiGroups")
    )  # fmt: skip
    if value.keys() - {"verbs", "resources", "apiGroups"} or not resources:
        return
    base: KeyPath = (*object_.path, "rules", index)
    reads = [verb for verb in _READ if verb in verbs] if _ANY not in verbs else list(_READ)
    operations: list[Operation] = []
    if _ANY in resources:
        own = [group for group in _USUAL if _ANY in groups or group in groups]
        if not own or not reads:
            return
        entries: list[dict[str, Data]] = [
            {"apiGroups": [group], "resources": list(_USUAL[group]), "verbs": reads}
            for group in own
        ]
        operations = [Set((*base, key), entries[0][key]) for key in entries[0]]
        operations += [Append((*object_.path, "rules"), entry) for entry in entries[1:]]
        title = "Let it read the usual resources"
        effect = (
            "who changes anything with this role, or reads Secrets or custom resources, is refused"
        )
    elif _ANY in verbs and not any(_ANY in name for name in (*resources, *groups)):
        operations = [Set((*base, "verbs"), reads)]
        title, effect = (
            f"Let it read {', '.join(resources)}",
            "who changes them with this role is refused",
        )
    else:
        return
    yield repair(object_, title, *operations, safety=Safety.UNSAFE, effect=effect)

"""The names that ``scope.objectKinds`` takes, and which objects each means.

Source: kube-linter, ``pkg/objectkinds``: most names stand for one version of one kind,
``DeploymentLike`` for some kinds of any version, ``Any`` for everything.
"""

from collections.abc import Iterable
from typing import NamedTuple

from seawall.kubernetes.objects import KubernetesObject


class Kind(NamedTuple):
    """Objects of a kind; without versions, of any version of its group."""

    group: str
    kind: str
    versions: tuple[str, ...] = ()

    def includes(self, object_: KubernetesObject) -> bool:
        """Whether an object is one of these."""
        return (
            object_.kind == self.kind
            and object_.group == self.group
            and (not self.versions or object_.version in self.versions)
        )


ANY = "Any"
DEPLOYMENT_LIKE = "DeploymentLike"
JOB_LIKE = "JobLike"

_V1 = ("v1",)
_RBAC = "rbac.authorization.k8s.io"
_PLAIN = (
    Kind("", "PersistentVolumeClaim", _V1),
    Kind("", "Pod", _V1),
    Kind("", "ReplicationController", _V1),
    Kind("", "Service", _V1),
    Kind("", "ServiceAccount", _V1),
    Kind("apps", "DaemonSet", _V1),
    Kind("apps", "Deployment", _V1),
    Kind("apps", "ReplicaSet", _V1),
    Kind("apps", "StatefulSet", _V1),
    Kind("apps.openshift.io", "DeploymentConfig", _V1),
    Kind("autoscaling", "HorizontalPodAutoscaler", ("v1", "v2", "v2beta1", "v2beta2")),
    Kind("batch", "CronJob", _V1),
    Kind("batch", "Job", _V1),
    Kind("keda.sh", "ScaledObject", ("v1alpha1",)),
    Kind("monitoring.coreos.com", "ServiceMonitor", _V1),
    Kind("networking.k8s.io", "Ingress", _V1),
    Kind("networking.k8s.io", "NetworkPolicy", _V1),
    Kind("policy", "PodDisruptionBudget", _V1),
    Kind(_RBAC, "ClusterRole", _V1),
    Kind(_RBAC, "ClusterRoleBinding", _V1),
    Kind(_RBAC, "Role", _V1),
    Kind(_RBAC, "RoleBinding", _V1),
    Kind("security.openshift.io", "SecurityContextConstraints", _V1),
)
_LIKE_DEPLOYMENTS = frozenset(
    """
    CronJob DaemonSet Deployment DeploymentConfig Job Pod ReplicaSet ReplicationController
    StatefulSet
    """.split()
)

OBJECT_KINDS: dict[str, tuple[Kind, ...]] = {
    ANY: (),
    DEPLOYMENT_LIKE: tuple(
        kind._replace(versions=()) for kind in _PLAIN if kind.kind in _LIKE_DEPLOYMENTS
    ),
    JOB_LIKE: tuple(kind for kind in _PLAIN if kind.kind in ("CronJob", "Job")),
    **{kind.kind: (kind,) for kind in _PLAIN},
}
"""Every name, with what it means; nothing for ``Any``."""


class Scope:
    """The objects that some names mean together."""

    __slots__ = ("_is_any", "_kinds")

    def __init__(self, names: Iterable[str]) -> None:
        names = tuple(names)
        self._is_any = ANY in names
        self._kinds = tuple({kind: None for name in names for kind in OBJECT_KINDS[name]})

    def includes(self, object_: KubernetesObject) -> bool:
        """Whether a check of this scope looks at an object."""
        return self._is_any or any(kind.includes(object_) for kind in self._kinds)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds it may look at, as rules name them: none for every kind there is."""
        return () if self._is_any else tuple({kind.kind: None for kind in self._kinds})

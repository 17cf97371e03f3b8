"""Which objects the names in a scope mean: versions count, but for DeploymentLike."""

import pytest

from seawall.kubernetes.custom.object_kinds import OBJECT_KINDS, Scope
from seawall.kubernetes.objects import KubernetesObject

NAMES = """
    Any ClusterRole ClusterRoleBinding CronJob DaemonSet Deployment DeploymentConfig DeploymentLike
    HorizontalPodAutoscaler Ingress Job JobLike NetworkPolicy PersistentVolumeClaim Pod
    PodDisruptionBudget ReplicaSet ReplicationController Role RoleBinding ScaledObject
    SecurityContextConstraints Service ServiceAccount ServiceMonitor StatefulSet
""".split()


def test_the_names_are_those_of_kube_linter() -> None:
    assert sorted(OBJECT_KINDS) == sorted(NAMES)


@pytest.mark.parametrize(
    ("name", "api_version", "kind", "included"),
    [
        ("Deployment", "apps/v1", "Deployment", True),
        ("Deployment", "apps/v1beta1", "Deployment", False),
        ("Deployment", "extensions/v1beta1", "Deployment", False),
        ("DeploymentLike", "apps/v1beta1", "Deployment", True),
        ("DeploymentLike", "extensions/v1beta1", "Deployment", False),
        ("DeploymentLike", "v1", "Pod", True),
        ("DeploymentLike", "batch/v1beta1", "CronJob", True),
        ("DeploymentLike", "apps.openshift.io/v1", "DeploymentConfig", True),
        ("DeploymentLike", "argoproj.io/v1alpha1", "Rollout", False),
        ("DeploymentLike", "v1", "Service", False),
        ("JobLike", "batch/v1", "CronJob", True),
        ("JobLike", "batch/v1beta1", "CronJob", False),
        ("JobLike", "apps/v1", "Deployment", False),
        ("HorizontalPodAutoscaler", "autoscaling/v2beta2", "HorizontalPodAutoscaler", True),
        ("Ingress", "networking.k8s.io/v1beta1", "Ingress", False),
        ("Service", "serving.knative.dev/v1", "Service", False),
        ("Service", "v1", "Service", True),
        ("Any", "example.org/v1", "Anything", True),
    ],
)
def test_meaning(name: str, api_version: str, kind: str, *, included: bool) -> None:
    object_ = KubernetesObject({"apiVersion": api_version, "kind": kind})
    scope = Scope([name])
    assert scope.includes(object_) is included
    if included and name != "Any":
        assert kind in scope.kinds


def test_names_add_up() -> None:
    scope = Scope(["Service", "JobLike"])
    assert scope.kinds == ("Service", "CronJob", "Job")
    assert Scope(["Service", "Any"]).kinds == ()

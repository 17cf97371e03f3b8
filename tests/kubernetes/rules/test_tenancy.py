"""What rules about the walls between tenants do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.relations import CONTAINERS, obj, stream, workload
from tests.kubernetes.support import judge

NAMESPACE = obj("Namespace", "shop")
QUOTAS = {"resource-quota-missing": "ResourceQuota", "limit-range-missing": "LimitRange"}


@pytest.mark.parametrize(("rule", "kind"), QUOTAS.items())
def test_quotas_of_namespaces(rule: str, kind: str) -> None:
    assert judge(rule, stream(NAMESPACE))
    assert not judge(rule, stream(NAMESPACE), complete=False)
    assert not judge(rule, stream(NAMESPACE), opaque=(f"kind: {kind}",))
    assert not judge(rule, stream(NAMESPACE, obj(kind, namespace="shop")))
    assert judge(rule, stream(NAMESPACE, obj(kind, namespace="other")))
    assert not judge(rule, stream(workload(namespace="shop")))


def test_quotas_across_namespaces() -> None:
    other = obj("ClusterResourceQuota", version="quota.openshift.io/v1")
    assert not judge("resource-quota-missing", stream(NAMESPACE, other))


@pytest.mark.parametrize(
    ("document", "reported"),
    [
        (workload(namespace="kube-system"), True),
        (workload(namespace="kube-public"), True),
        (workload(namespace="shop"), False),
        (workload(), False),
        (obj("ConfigMap", namespace="kube-system"), False),
        (
            workload(
                namespace="kube-system", template={"priorityClassName": "system-node-critical"}
            ),
            False,
        ),
        (workload(namespace="kube-system", template={"priorityClassName": "high"}), True),
        (workload("DaemonSet", namespace="kube-system", labels={"k8s-app": "kube-proxy"}), False),
        (workload("DaemonSet", namespace="kube-system", labels={"k8s-app": "miner"}), True),
        (
            obj(
                "Pod",
                namespace="kube-system",
                labels={"tier": "control-plane"},
                spec={"containers": CONTAINERS},
            ),
            False,
        ),
        (obj("Pod", namespace="kube-system", spec={"containers": [{"name": "etcd"}]}), False),
    ],
)
def test_workloads_in_system_namespaces(document: Any, reported: bool) -> None:
    found = judge("user-workload-in-system-namespace", stream(document))
    assert bool(found) == reported
    assert all(finding.location.key_path == ("metadata", "namespace") for finding in found)


@pytest.mark.parametrize(
    ("namespace", "version", "reported"),
    [
        ("shop", "gateway.networking.k8s.io/v1", True),
        ("edge", "gateway.networking.k8s.io/v1", False),
        (None, "gateway.networking.k8s.io/v1", False),
        ("shop", "networking.istio.io/v1", False),
    ],
)
def test_certificates_of_other_namespaces(
    namespace: str | None, version: str, reported: bool
) -> None:
    reference = {"name": "tls", "namespace": namespace}
    listeners = [{"name": "a"}, {"name": "b", "tls": {"certificateRefs": [reference]}}]
    document = obj("Gateway", namespace="edge", version=version, spec={"listeners": listeners})
    found = judge("cross-namespace-secret-ref", stream(document))
    assert [finding.evidence for finding in found] == (["shop/tls"] if reported else [])


@pytest.mark.parametrize(
    ("target", "reported"),
    [
        ({"group": "", "kind": "Secret"}, True),
        ({"group": "", "kind": "Secret", "name": ""}, True),
        ({"group": "", "kind": "Secret", "name": "tls"}, False),
        ({"group": "", "kind": "Service"}, False),
    ],
)
def test_grants(target: Any, reported: bool) -> None:
    spec = {"from": [{"namespace": "edge"}, None], "to": [target]}
    document = obj(
        "ReferenceGrant", namespace="shop", version="gateway.networking.k8s.io/v1", spec=spec
    )
    found = judge("reference-grant-broad", stream(document))
    assert [finding.message for finding in found] == (
        ["opens every Secret of shop to edge"] if reported else []
    )


@pytest.mark.parametrize(("value", "count"), [(True, 1), (False, 0), (None, 0), ("true", 0)])
def test_apiservices(value: Any, count: int) -> None:
    document = obj(
        "APIService", version="apiregistration.k8s.io/v1", spec={"insecureSkipTLSVerify": value}
    )
    assert len(judge("aggregated-apiservice-insecure", stream(document))) == count


@pytest.mark.parametrize(
    ("spec", "severities"),
    [
        ({"destinations": [{"server": "*", "namespace": "*"}]}, [Severity.MEDIUM]),
        ({"destinations": [{"name": "*", "namespace": "*"}]}, [Severity.MEDIUM]),
        ({"destinations": [{"server": "*", "namespace": "shop"}]}, []),
        ({"destinations": [{"server": "https://a.example.org", "namespace": "*"}]}, []),
        ({"clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}, [Severity.MEDIUM]),
        ({"clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}]}, []),
        ({"sourceRepos": [None, "*"]}, [Severity.LOW]),
        ({"sourceRepos": ["https://git.example.org/*"]}, []),
        ({}, []),
    ],
)
def test_argocd_projects(spec: Any, severities: list[Severity]) -> None:
    found = judge("argocd-project-unrestricted", stream(obj("AppProject", spec=spec)))
    assert [finding.severity for finding in found] == severities


@pytest.mark.parametrize(
    ("repository", "reported"),
    [
        ("registry.example.org", True),
        ("registry.example.org/", False),
        ("registry.example.org/shop", True),
        ("registry.example.org/shop/", False),
        ("registry.example.org/shop/web:1.4.2", False),
        ("registry.example.org/shop/web@sha256:0123", False),
        ("registry.example.org:5000", True),
        ("registry.example.org:5000/", False),
        ("", False),
        (None, False),
    ],
)
def test_prefixes_of_images(repository: Any, reported: bool) -> None:
    spec = {"parameters": {"repos": [None, repository]}}
    document = obj("K8sAllowedRepos", version="constraints.gatekeeper.sh/v1beta1", spec=spec)
    found = judge("gatekeeper-repo-prefix-ambiguous", stream(document))
    assert bool(found) == reported
    assert all(finding.location.key_path[-1] == 1 for finding in found)

"""What we say where other tools are known to disagree: docs/disagreements.md, D1 to D20."""

from typing import Any

import pytest
import yaml

from tests.kubernetes.support import judge

Object = dict[str, Any]


def pod(*, context: Object | None = None, **container: Any) -> Object:
    """A pod with a container of some fields; ``context`` is the pod's security context."""
    own = {"name": "web", "image": "registry.example.org/web:1.4.2", **container}
    spec = {"containers": [own], **({"securityContext": context} if context else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta(), "spec": spec}


def meta(namespace: str = "shop", **fields: Any) -> Object:
    """Metadata of an object named web, with its label."""
    return {"name": "web", "namespace": namespace, "labels": {"app": "web"}, **fields}


def workload(kind: str = "Deployment", /, *, template: Object | None = None, **spec: Any) -> Object:
    """A workload of the pod, with fields of its spec and of its pod's."""
    inner = {**pod()["spec"], **(template or {})}
    content = {"template": {"metadata": {"labels": {"app": "web"}}, "spec": inner}}
    group = "batch/v1" if kind == "Job" else "apps/v1"
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": "web"}}}
    full = {**selector, **content, **spec}
    return {"apiVersion": group, "kind": kind, "metadata": meta(), "spec": full}


def other(api_version: str, kind: str, namespace: str = "shop", /, **fields: Any) -> Object:
    """Some other object named web."""
    return {"apiVersion": api_version, "kind": kind, "metadata": meta(namespace), **fields}


def service(**spec: Any) -> Object:
    """A Service with one port."""
    return other("v1", "Service", spec={"ports": [{"port": 80}], **spec})


def autoscaler(namespace: str = "shop", minimum: int = 3) -> Object:
    """A HorizontalPodAutoscaler of the Deployment."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": minimum, "maxReplicas": 9}
    return other("autoscaling/v2", "HorizontalPodAutoscaler", namespace, spec=spec)


def ingress(port: int) -> Object:
    """An Ingress that sends to a port of the Service."""
    backend = {"service": {"name": "web", "port": {"number": port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return other("networking.k8s.io/v1", "Ingress", spec={"rules": [{"http": {"paths": [path]}}]})


TO_WEB = {"selector": {"app": "web"}}
PROBE = {"httpGet": {"path": "/", "port": 80}}
UNCONFINED = {"seccompProfile": {"type": "Unconfined"}}
RBAC = "rbac.authorization.k8s.io"
READER = other(
    f"{RBAC}/v1",
    "ClusterRole",
    rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
)
BINDING = other(
    f"{RBAC}/v1",
    "RoleBinding",
    roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": "web"},
    subjects=[{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}],
)
HARDENED = {"name": "a", "image": "a:1", "securityContext": {"readOnlyRootFilesystem": True}}
TWO = {**pod(), "spec": {"containers": [HARDENED, {"name": "b", "image": "b:1"}]}}
SIDECAR = {"name": "log", "image": "log:1"}
SERVED = {"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}
WITH_SIDECAR = {
    **pod(),
    "spec": {"containers": [{**SERVED, "readinessProbe": PROBE}, SIDECAR]},
}
DEFAULT_DENY = other("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}})
BUDGET = other(
    "policy/v1",
    "PodDisruptionBudget",
    spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
)

REPORTED, SILENT = True, False
CASES: list[tuple[str, str, list[Object], bool]] = [
    ("D1", "privilege-escalation-allowed", [pod()], REPORTED),
    ("D2", "capabilities-not-dropped-all", [pod()], REPORTED),
    ("D3", "readiness-probe-missing", [pod(), service()], SILENT),
    ("D3", "replicas-too-few", [workload(replicas=1), service()], SILENT),
    ("D4", "image-tag-mutable", [pod(image="registry.example.org:5000/shop/web")], REPORTED),
    ("D5", "image-pull-policy", [pod(image=f"web@sha256:{64 * '0'}")], SILENT),
    ("D6", "readiness-probe-missing", [WITH_SIDECAR, service(**TO_WEB)], SILENT),
    (
        "D6",
        "readiness-probe-missing",
        [workload("Job", template={"restartPolicy": "Never"})],
        SILENT,
    ),
    ("D7", "replicas-too-few", [workload(replicas=1), service(**TO_WEB), autoscaler()], SILENT),
    ("D7", "replicas-too-few", [workload(replicas=1), service(**TO_WEB)], REPORTED),
    ("D8", "hpa-target-missing", [workload(), autoscaler("other")], REPORTED),
    ("D9", "pod-anti-affinity-missing", [workload()], REPORTED),
    ("D10", "restart-policy", [workload("Job", template={"restartPolicy": "Never"})], SILENT),
    ("D10", "restart-policy", [workload(template={"restartPolicy": "OnFailure"})], REPORTED),
    ("D11", "low-uid", [pod(context={"runAsUser": 10000})], SILENT),
    ("D12", "seccomp-unconfined", [pod(context=UNCONFINED)], REPORTED),
    ("D13", "read-only-root-filesystem", [TWO], REPORTED),
    ("D14", "rbac-secrets-access", [READER, BINDING], REPORTED),
    ("D15", "ingress-backend-dangling", [ingress(9999), service(**TO_WEB)], REPORTED),
    ("D15", "ingress-backend-dangling", [ingress(80), service(**TO_WEB)], SILENT),
    ("D16", "network-policy-dangling", [DEFAULT_DENY], SILENT),
    ("D17", "pdb-blocks-eviction", [workload("DaemonSet"), BUDGET], SILENT),
    ("D18", "restart-policy", [workload()], SILENT),
    ("D19", "memory-request-missing", [pod(resources={"limits": {"memory": "1Gi"}})], SILENT),
]


@pytest.mark.parametrize(
    ("number", "rule", "objects", "expected"),
    CASES,
    ids=[f"{number}-{rule}-{expected}" for number, rule, _, expected in CASES],
)
def test_our_side_of_a_disagreement(
    number: str, rule: str, objects: list[Object], expected: bool
) -> None:
    findings = judge(rule, yaml.safe_dump_all(objects))
    assert bool(findings) is expected, f"{number}: {[item.message for item in findings]}"


@pytest.mark.parametrize("separator", ["--- # the second\n", "--- \n", "---\r\n"])
def test_d20_no_document_is_lost(separator: str) -> None:
    text = yaml.safe_dump(pod()) + separator + yaml.safe_dump(workload())
    found = judge("privilege-escalation-allowed", text)
    assert [item.subject.kind for item in found] == ["Pod", "Deployment"]


def test_every_number_known_beforehand_has_a_case() -> None:
    assert {number for number, *_ in CASES} | {"D20"} == {f"D{number}" for number in range(1, 21)}

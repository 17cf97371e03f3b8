"""What rules about Services do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.relations import obj, pod, service, stream, workload
from tests.kubernetes.support import judge

SLICE = obj("EndpointSlice", "web-x", labels={"kubernetes.io/service-name": "web"})


@pytest.mark.parametrize(
    ("documents", "severity"),
    [
        ([service()], Severity.MEDIUM),
        ([service(), pod()], None),
        ([service(), workload("CronJob")], Severity.MEDIUM),  # its template stands elsewhere
        ([service(), workload("Rollout")], None),
        ([service(), pod(namespace="other")], Severity.MEDIUM),
        ([service(namespace="default"), pod()], None),
        ([service({"app": "web", "tier": "x"}), pod()], Severity.MEDIUM),
        ([service(None), pod()], Severity.INFO),  # D3
        ([service({}), pod()], Severity.INFO),
        ([service(None), obj("Endpoints")], None),
        ([service(None), SLICE], None),
        ([service(None, type="ExternalName", externalName="x.example.org")], None),
        ([service({"app": 1}), pod()], Severity.MEDIUM),
        ([obj("Service", version="serving.knative.dev/v1", spec={})], None),
    ],
)
def test_services_select_pods(documents: Any, severity: Severity | None) -> None:
    found = judge("service-selector-dangling", stream(*documents))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])


def test_what_is_read_in_part_is_reported_with_care() -> None:
    rule = "service-selector-dangling"
    text = stream(service())
    found = judge(rule, text, complete=False)
    assert [finding.confidence for finding in found] == [Confidence.LOW]
    assert not judge(rule, text, opaque=("labels: {app: web}",))


@pytest.mark.parametrize(
    ("kind", "version", "confidence"),
    [
        ("Kafka", "kafka.strimzi.io/v1beta2", Confidence.LOW),
        ("HelmRelease", "helm.toolkit.fluxcd.io/v2", Confidence.LOW),
        ("VirtualService", "networking.istio.io/v1", Confidence.HIGH),
        ("Ingress", "networking.k8s.io/v1", Confidence.HIGH),
        ("ConfigMap", "v1", Confidence.HIGH),
    ],
)
def test_operators_make_pods(kind: str, version: str, confidence: Confidence) -> None:
    text = stream(service(), obj(kind, "web", version=version))
    found = judge("service-selector-dangling", text)
    assert [finding.confidence for finding in found] == [confidence]


def test_labels_may_be_ignored() -> None:
    rule = "service-selector-dangling"
    text = stream(service({"app": "web", "release": "canary"}), pod())
    assert judge(rule, text)
    assert not judge(rule, text, parameters={rule: {"ignored_labels": ("release",)}})
    every: Any = {rule: {"ignored_labels": ("app", "release")}}
    assert not judge(rule, stream(service()), parameters=every)


@pytest.mark.parametrize(
    ("spec", "annotations", "severity"),
    [
        ({}, {}, None),
        ({"type": "ClusterIP"}, {}, None),
        ({"type": "NodePort"}, {}, Severity.LOW),
        ({"type": "LoadBalancer"}, {}, Severity.INFO),
        ({"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]}, {}, None),
        (
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8", "0.0.0.0/0"]},
            {},
            Severity.INFO,
        ),
        (
            {"type": "LoadBalancer"},
            {"service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8, 10.1.0.0/16"},
            None,
        ),
        (
            {"type": "LoadBalancer"},
            {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
            None,
        ),
        (
            {"type": "LoadBalancer"},
            {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"},
            Severity.INFO,
        ),
        ({"type": "LoadBalancer"}, {"networking.gke.io/load-balancer-type": "Internal"}, None),
        (
            {"type": "NodePort"},
            {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
            Severity.LOW,
        ),
        ({"type": "ExternalName"}, {}, None),
        ({"type": ["NodePort"]}, {}, None),
    ],
)
def test_exposed_types(spec: Any, annotations: Any, severity: Severity | None) -> None:
    document = obj("Service", annotations=annotations, spec=spec)
    found = judge("service-type-exposed", stream(document))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("spec", "severity"),
    [
        ({"externalIPs": ["198.51.100.7", "198.51.100.8"]}, Severity.HIGH),
        ({"externalIPs": []}, None),
        ({"externalIPs": "198.51.100.7"}, None),
        ({"type": "ExternalName", "externalName": "api.example.org"}, None),
        ({"type": "ExternalName", "externalName": "10.example.org"}, None),
        ({"type": "ExternalName", "externalName": "db.other.svc.cluster.local."}, Severity.MEDIUM),
        ({"type": "ExternalName", "externalName": "db.other.svc"}, Severity.MEDIUM),
        ({"type": "ExternalName", "externalName": "localhost"}, Severity.MEDIUM),
        ({"type": "ExternalName", "externalName": "169.254.169.254"}, Severity.MEDIUM),
        ({"type": "ClusterIP", "externalName": "localhost"}, None),
    ],
)
def test_addresses_of_others(spec: Any, severity: Severity | None) -> None:
    found = judge("service-external-ip", stream(obj("Service", spec=spec)))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])


def watched(name: str = "web", *, namespace: str = "", **labels: str) -> Any:
    return obj("Service", name, namespace=namespace, labels=labels or {"app": "web"}, spec={})


@pytest.mark.parametrize(
    ("kind", "spec", "documents", "reported"),
    [
        ("ServiceMonitor", {"selector": {"matchLabels": {"app": "web"}}}, [watched()], False),
        ("ServiceMonitor", {"selector": {"matchLabels": {"app": "x"}}}, [watched()], True),
        ("ServiceMonitor", {"selector": {}}, [watched()], False),
        ("ServiceMonitor", {"selector": {}}, [], True),
        ("ServiceMonitor", {"selector": {}}, [watched(namespace="other")], True),
        (
            "ServiceMonitor",
            {"selector": {}, "namespaceSelector": {"any": True}},
            [watched(namespace="other")],
            False,
        ),
        (
            "ServiceMonitor",
            {"selector": {}, "namespaceSelector": {"matchNames": ["other"]}},
            [watched(namespace="other")],
            False,
        ),
        (
            "ServiceMonitor",
            {"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}},
            [watched()],
            True,
        ),
        ("PodMonitor", {"selector": {"matchLabels": {"app": "web"}}}, [pod()], False),
        ("PodMonitor", {"selector": {"matchLabels": {"app": "web"}}}, [watched()], True),
        (
            "PodMonitor",
            {"selector": {"matchLabels": {"app": "web"}}, "namespaceSelector": {"any": True}},
            [pod(namespace="other")],
            False,
        ),
    ],
)
def test_monitors_watch_something(kind: str, spec: Any, documents: Any, reported: bool) -> None:
    text = stream(obj(kind, "monitor", spec=spec), *documents)
    assert bool(judge("service-monitor-dangling", text)) == reported


HEADLESS = service(clusterIP="None")


@pytest.mark.parametrize(
    ("documents", "severity", "words"),
    [
        ([workload("StatefulSet", serviceName="web"), HEADLESS], None, ""),
        ([workload("StatefulSet")], Severity.LOW, "names no Service"),
        ([workload("StatefulSet", serviceName="")], Severity.LOW, "names no Service"),
        ([workload("StatefulSet", serviceName="web")], Severity.MEDIUM, "does not exist"),
        ([workload("StatefulSet", serviceName="web"), service()], Severity.MEDIUM, "not headless"),
        (
            [workload("StatefulSet", serviceName="web"), service({"a": "b"}, clusterIP="None")],
            Severity.MEDIUM,
            "does not select",
        ),
        (
            [workload("StatefulSet", serviceName="web"), service(None, clusterIP="None")],
            Severity.MEDIUM,
            "does not select",
        ),
        (
            [
                workload("StatefulSet", serviceName="web"),
                service(clusterIP="None", namespace="other"),
            ],
            Severity.MEDIUM,
            "does not exist",
        ),
    ],
)
def test_headless_services(documents: Any, severity: Severity | None, words: str) -> None:
    found = judge("statefulset-headless-service", stream(*documents))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    assert all(words in finding.message for finding in found)


def test_a_headless_service_in_unreadable_text_is_not_missing() -> None:
    text = stream(workload("StatefulSet", serviceName="db"))
    assert not judge("statefulset-headless-service", text, opaque=("name: db\n{{ x }}",))

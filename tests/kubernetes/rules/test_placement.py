"""What rules about where pods run do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.relations import LABELS, autoscaler, obj, pod, stream, workload
from tests.kubernetes.support import judge

OWN = {"matchLabels": LABELS}
HOST = "kubernetes.io/hostname"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def anti(term: Any, key: str = REQUIRED) -> Any:
    item = term if key == REQUIRED else {"weight": 100, "podAffinityTerm": term}
    return {"affinity": {"podAntiAffinity": {key: [item]}}}


@pytest.mark.parametrize(
    ("template", "reported"),
    [
        ({}, True),
        (anti({"topologyKey": HOST, "labelSelector": OWN}), False),
        (anti({"topologyKey": HOST, "labelSelector": OWN}, PREFERRED), False),
        (anti({"topologyKey": "topology.kubernetes.io/zone", "labelSelector": OWN}), False),  # D9
        (
            anti({"topologyKey": "failure-domain.beta.kubernetes.io/zone", "labelSelector": OWN}),
            False,
        ),
        (anti({"topologyKey": "example.org/colour", "labelSelector": OWN}), True),
        (anti({"labelSelector": OWN}), True),
        (anti({"topologyKey": HOST}), True),  # no selector matches nothing
        (anti({"topologyKey": HOST, "labelSelector": {}}), False),
        (anti({"topologyKey": HOST, "labelSelector": {"matchLabels": {"app": "x"}}}), True),
        (anti({"topologyKey": HOST, "labelSelector": OWN, "namespaces": ["other"]}), True),
        (anti({"topologyKey": HOST, "labelSelector": OWN, "namespaces": ["default"]}), False),
        (
            anti(
                {
                    "topologyKey": HOST,
                    "labelSelector": OWN,
                    "namespaces": ["other"],
                    "namespaceSelector": {},
                }
            ),
            False,
        ),
        ({"topologySpreadConstraints": [{"topologyKey": HOST, "labelSelector": OWN}]}, False),
        ({"topologySpreadConstraints": [{"topologyKey": HOST}]}, True),
        ({"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": HOST}]}}}, True),
    ],
)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_pods_are_spread(kind: str, template: Any, reported: bool) -> None:
    text = stream(workload(kind, replicas=2, template=template))
    assert bool(judge("pod-anti-affinity-missing", text)) == reported


@pytest.mark.parametrize(
    ("documents", "confidence"),
    [
        ([workload(replicas=1)], None),
        ([workload(replicas=0)], None),
        ([workload()], Confidence.LOW),  # D9
        ([workload(), autoscaler(minReplicas=1, maxReplicas=3)], Confidence.HIGH),
        ([workload(replicas=1), autoscaler(minReplicas=1, maxReplicas=3)], Confidence.HIGH),
        ([workload(replicas=2), autoscaler(minReplicas=1, maxReplicas=1)], None),
        ([workload("DaemonSet")], None),
        ([workload("Job")], None),
    ],
)
@pytest.mark.parametrize("rule", ["pod-anti-affinity-missing", "pdb-missing"])
def test_one_replica_needs_no_company(
    rule: str, documents: Any, confidence: Confidence | None
) -> None:
    found = judge(rule, stream(*documents))
    assert [finding.confidence for finding in found] == ([] if confidence is None else [confidence])


@pytest.mark.parametrize(
    ("spec", "reported"),
    [
        ({}, True),
        ({"affinity": {"podAntiAffinity": {}}}, True),
        ({"affinity": {"nodeAffinity": {}}}, True),
        ({"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}}, False),
        ({"nodeSelector": {"pool": "a"}}, False),
        ({"nodeName": "node-1"}, False),
    ],
)
def test_node_affinity(spec: Any, reported: bool) -> None:
    assert bool(judge("node-affinity-missing", stream(pod(**spec)))) == reported


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"maxSkew": 0}, ["maxSkew"]),
        ({"maxSkew": None}, ["maxSkew"]),
        ({"maxSkew": "1"}, ["maxSkew"]),
        ({"minDomains": 2}, []),
        ({"minDomains": 0}, ["minDomains"]),
        ({"minDomains": 2, "whenUnsatisfiable": "ScheduleAnyway"}, ["minDomains"]),
        ({"topologyKey": ""}, ["topologyKey"]),
        ({"whenUnsatisfiable": "DoNotSCHEDULE"}, ["whenUnsatisfiable"]),
        ({"whenUnsatisfiable": None}, ["whenUnsatisfiable"]),
        ({"labelSelector": None}, ["labelSelector"]),
        ({"labelSelector": {"matchLabels": {"app": "x"}}}, ["labelSelector"]),
        ({"labelSelector": {}}, []),
        ({"labelSelector": None, "maxSkew": 0}, ["maxSkew", "labelSelector"]),
    ],
)
def test_spread_constraints(change: Any, fields: list[str]) -> None:
    constraint = {
        "maxSkew": 1,
        "topologyKey": HOST,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": OWN,
        **change,
    }
    text = stream(pod(topologySpreadConstraints=[constraint]))
    found = judge("topology-spread-invalid", text)
    assert [finding.location.key_path[-1] for finding in found] == fields


def test_a_constraint_for_other_pods_is_a_lesser_fault() -> None:
    constraint = {
        "maxSkew": 1,
        "topologyKey": HOST,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "x"}},
    }
    found = judge(
        "topology-spread-invalid", stream(pod(topologySpreadConstraints=[None, constraint]))
    )
    assert [finding.severity for finding in found] == [Severity.LOW]
    assert found[0].location.key_path == ("spec", "topologySpreadConstraints", 1, "labelSelector")


def runtime_class(name: str, handler: str, **fields: Any) -> Any:
    return obj("RuntimeClass", name, handler=handler, **fields)


def test_runtime_classes_are_looked_for_only_where_there_are_any() -> None:
    rule = "runtime-class-missing"
    lonely = pod(runtimeClassName="gvisor")
    assert not judge(rule, stream(lonely))
    assert judge(rule, stream(lonely, runtime_class("kata", "kata")))
    assert not judge(rule, stream(lonely, runtime_class("gvisor", "runsc")))
    assert not judge(rule, stream(lonely, runtime_class("kata", "kata")), opaque=("gvisor",))
    assert not judge(rule, stream(pod(), runtime_class("kata", "kata")))


@pytest.mark.parametrize(
    ("spec", "last"),
    [
        ({"hostNetwork": True}, ["hostNetwork"]),
        ({"hostPID": True, "hostIPC": True}, ["hostPID", "hostIPC"]),
        ({"hostPID": "true"}, []),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/run/app.sock"}}]}, ["hostPath"]),
        (
            {"volumes": [{"name": "a", "hostPath": {"path": "/run/app", "type": "Socket"}}]},
            ["hostPath"],
        ),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/data"}}]}, []),
        (
            {"containers": [{"name": "a", "securityContext": {"privileged": True}}]},
            ["privileged"],
        ),
    ],
)
def test_what_a_sandbox_does_not_have(spec: Any, last: list[str]) -> None:
    rule = "runtime-class-incompatible"
    text = stream(pod(runtimeClassName="safe", **spec), runtime_class("safe", "kata-qemu"))
    found = judge(rule, text)
    assert [finding.location.key_path[-1] for finding in found] == last
    assert {finding.confidence for finding in found} <= {Confidence.HIGH}
    plain = stream(pod(runtimeClassName="safe", **spec), runtime_class("safe", "runc"))
    assert not judge(rule, plain)
    by_name = judge(rule, stream(pod(runtimeClassName="kata", **spec)))
    assert {finding.confidence for finding in by_name} <= {Confidence.LOW}
    assert len(by_name) == len(found)


def test_privileged_is_harmless_in_gvisor() -> None:
    spec: Any = {"containers": [{"name": "a", "securityContext": {"privileged": True}}]}
    text = stream(pod(runtimeClassName="gvisor", **spec), runtime_class("gvisor", "runsc"))
    assert not judge("runtime-class-incompatible", text)


@pytest.mark.parametrize(
    ("document", "reported"),
    [
        (runtime_class("a", "runsc"), True),
        (runtime_class("a", "runc"), False),
        (runtime_class("a", "runsc", scheduling={"nodeSelector": {}}), True),
        (runtime_class("a", "runsc", scheduling={"nodeSelector": {"a": "b"}}), False),
        (runtime_class("a", "runsc", scheduling={"tolerations": []}), True),
    ],
)
def test_scheduling_of_runtime_classes(document: Any, reported: bool) -> None:
    assert bool(judge("runtime-class-without-scheduling", stream(document))) == reported

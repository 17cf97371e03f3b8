"""What rules about updates and evictions do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence
from tests.kubernetes.rules.relations import (
    autoscaler,
    budget,
    obj,
    pod,
    service,
    stream,
    workload,
)
from tests.kubernetes.support import judge

RECREATE: Any = {"strategy": {"type": "Recreate"}}
ON_DELETE: Any = {"updateStrategy": {"type": "OnDelete"}}
CLAIM: Any = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}


def claim(*modes: str) -> Any:
    return obj("PersistentVolumeClaim", "data", spec={"accessModes": list(modes)})


@pytest.mark.parametrize(
    ("documents", "reported"),
    [
        ([workload(**RECREATE), service()], True),
        ([workload(**RECREATE)], False),
        ([workload(**RECREATE), service(None)], False),  # D3
        ([workload(), service()], False),
        ([workload(strategy={"type": "RollingUpdate"}), service()], False),
        ([workload(template=CLAIM, **RECREATE), service()], False),
        ([workload(template=CLAIM, **RECREATE), service(), claim("ReadWriteOnce")], False),
        ([workload(template=CLAIM, **RECREATE), service(), claim("ReadWriteMany")], True),
        ([workload("StatefulSet", **ON_DELETE)], True),
        ([workload("DaemonSet", **ON_DELETE)], True),
        ([workload("DaemonSet", updateStrategy={"type": "RollingUpdate"})], False),
        ([workload("DaemonSet")], False),
        ([workload("DeploymentConfig", strategy={"type": "Rolling"}), service()], False),
        ([workload("DeploymentConfig", strategy={"type": "Custom"})], False),
        ([workload(strategy={"type": "Other"})], True),
        ([workload("DeploymentConfig", strategy={"type": "Other"})], True),
        ([workload("StatefulSet", updateStrategy={"type": "Recreate"})], True),
        ([workload(strategy={"type": 1})], False),
    ],
)
def test_update_strategies(documents: Any, reported: bool) -> None:
    assert bool(judge("update-strategy-not-rolling", stream(*documents))) == reported


@pytest.mark.parametrize(
    ("document", "parameters", "messages"),
    [
        (workload(), {}, []),
        (workload(), {"max_unavailable": "25%"}, []),
        (workload(), {"max_unavailable": "20%"}, ["has maxUnavailable 25%, at most 20% wanted"]),
        (workload(), {"max_surge": "10%"}, ["has maxSurge 25%, at most 10% wanted"]),
        (workload(), {"min_surge": "50%"}, ["has maxSurge 25%, at least 50% wanted"]),
        (workload(), {"max_unavailable": "1"}, []),  # of how many?
        (workload(replicas=4), {"max_unavailable": "1"}, []),
        (
            workload(replicas=8),
            {"max_unavailable": "1"},
            ["has maxUnavailable 25%, at most 1 wanted"],
        ),
        (
            workload(replicas=4, strategy={"rollingUpdate": {"maxUnavailable": 2}}),
            {"max_unavailable": "25%"},
            ["has maxUnavailable 2, at most 25% wanted"],
        ),
        (
            workload(strategy={"rollingUpdate": {"maxUnavailable": 0}}),
            {"min_unavailable": "1"},
            ["has maxUnavailable 0, at least 1 wanted"],
        ),
        (
            workload(strategy={"rollingUpdate": {"maxUnavailable": "many"}}),
            {"max_unavailable": "20%"},
            ["has maxUnavailable 25%, at most 20% wanted"],
        ),
        (workload(**RECREATE), {"max_unavailable": "1%"}, []),
        (workload("DaemonSet"), {"max_unavailable": "10%"}, []),
        (workload("DaemonSet"), {"max_unavailable": "0"}, ["has maxUnavailable 1, at most 0"]),
        (workload("StatefulSet"), {"max_surge": "0"}, []),
        (workload("DaemonSet", **ON_DELETE), {"max_unavailable": "0"}, []),
        (workload(), {"max_unavailable": "nonsense"}, []),
    ],
)
def test_bounds_of_rolling_updates(document: Any, parameters: Any, messages: list[str]) -> None:
    rule = "update-strategy-bounds"
    found = judge(rule, stream(document), parameters={rule: parameters})
    assert len(found) == len(messages)
    for finding, message in zip(found, messages, strict=True):
        assert finding.message.startswith(message)


@pytest.mark.parametrize(
    ("document", "reported"),
    [
        (budget(), False),
        (budget({"matchLabels": {"app": "other"}}), True),
        (budget(namespace="other"), True),
        (budget({}), False),  # policy/v1: every pod
        (budget({}, version="policy/v1beta1"), True),  # policy/v1beta1: none
        (obj("PodDisruptionBudget", spec={}), True),
        (budget({"matchExpressions": [{"key": "app", "operator": "Exists"}]}), False),
        (budget({"matchExpressions": [{"key": "app", "operator": "Is"}]}), True),
    ],
)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_budgets_cover(kind: str, document: Any, reported: bool) -> None:
    assert bool(judge("pdb-missing", stream(workload(kind, replicas=2), document))) == reported


def test_a_budget_in_unreadable_text_may_be_the_missing_one() -> None:
    text = stream(workload(replicas=2))
    assert not judge("pdb-missing", text, opaque=("kind: PodDisruptionBudget\n{{ x }}",))
    found = judge("pdb-missing", text, complete=False)
    assert [finding.confidence for finding in found] == [Confidence.LOW]


@pytest.mark.parametrize(
    ("spec", "reported"),
    [
        ({}, True),
        ({"maxUnavailable": None, "minAvailable": None}, True),
        ({"maxUnavailable": 0}, False),
        ({"minAvailable": "50%"}, False),
    ],
)
def test_budgets_have_a_policy(spec: Any, reported: bool) -> None:
    assert bool(judge("pdb-policy-missing", stream(budget(**spec)))) == reported


@pytest.mark.parametrize(
    ("documents", "reported"),
    [
        ([budget(maxUnavailable=0)], True),
        ([budget(maxUnavailable="0%")], True),
        ([budget(maxUnavailable="1%")], False),  # rounded up
        ([budget(minAvailable="100%")], True),
        ([budget(minAvailable="150%")], True),
        ([budget(minAvailable="99%")], False),
        ([budget(minAvailable=1)], False),  # covers nothing that is known
        ([budget(minAvailable=1), workload(replicas=1)], True),
        ([budget(minAvailable=1), workload()], True),
        ([budget(minAvailable=1), workload(replicas=0)], False),
        ([budget(minAvailable=1), workload(replicas=2)], False),
        ([budget(minAvailable=2), workload(replicas=2)], True),
        ([budget(minAvailable="67%"), workload(replicas=3)], True),  # 2.01 is rounded up to 3
        ([budget(minAvailable="66%"), workload(replicas=3)], False),
        ([budget(minAvailable=2), workload(replicas=1), workload(name="b", replicas=2)], False),
        ([budget(minAvailable=1), workload("DaemonSet")], False),  # D17
        ([budget(minAvailable=2), workload(replicas=1), workload("DaemonSet", "b")], False),
        ([budget(minAvailable=2), workload(), autoscaler(minReplicas=2)], True),
        ([budget(minAvailable=2), workload(replicas=1), autoscaler(minReplicas=3)], False),
        ([budget(minAvailable=1), workload(replicas=1, namespace="other")], False),
        ([budget(minAvailable=1), workload(replicas=1, labels={"app": "other"})], False),
        ([budget(minAvailable=1), pod()], True),
        ([budget(minAvailable=0), workload(replicas=1)], False),
        ([budget(minAvailable="some"), workload(replicas=1)], False),
    ],
)
def test_budgets_let_something_be_evicted(documents: Any, reported: bool) -> None:
    assert bool(judge("pdb-blocks-eviction", stream(*documents))) == reported


def test_the_number_of_pods_may_be_a_guess() -> None:
    rule = "pdb-blocks-eviction"
    stated = stream(budget(minAvailable=1), workload(replicas=1))
    guessed = stream(budget(minAvailable=1), workload())
    assert [finding.confidence for finding in judge(rule, stated)] == [Confidence.HIGH]
    assert [finding.confidence for finding in judge(rule, guessed)] == [Confidence.LOW]


def test_scale_of_keda() -> None:
    scaler = obj(
        "ScaledObject",
        spec={"scaleTargetRef": {"name": "web"}, "minReplicaCount": 1, "maxReplicaCount": 2},
    )
    text = stream(budget(minAvailable=1), workload(replicas=5), scaler)
    assert judge("pdb-blocks-eviction", text)


@pytest.mark.parametrize(
    ("version", "policy", "reported"),
    [
        ("1.26", None, False),
        ("1.27", None, True),
        ("1.27", "IfHealthyBudget", False),
        ("1.27", "AlwaysAllow", False),
    ],
)
def test_eviction_of_unhealthy_pods(version: str, policy: Any, reported: bool) -> None:
    text = stream(budget(unhealthyPodEvictionPolicy=policy))
    found = judge("pdb-unhealthy-eviction-policy", text, kubernetes_version=version)
    assert bool(found) == reported

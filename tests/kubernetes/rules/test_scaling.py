"""What rules about replicas and autoscalers do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence
from tests.kubernetes.rules.relations import autoscaler, obj, service, stream, workload
from tests.kubernetes.support import judge


def scaled_object(**spec: Any) -> dict[str, Any]:
    return obj("ScaledObject", spec={"scaleTargetRef": {"name": "web"}, **spec})


@pytest.mark.parametrize(
    ("documents", "reported"),
    [
        ([workload(replicas=1), service()], True),
        ([workload(), service()], True),  # unset is 1
        ([workload(replicas=2), service()], False),
        ([workload(replicas=0), service()], False),  # switched off
        ([workload(replicas=1)], False),  # nobody calls it
        ([workload(replicas=1), service(None)], False),  # D3: no selector selects nothing
        ([workload(replicas=1), service(namespace="other")], False),
        ([workload(replicas=1), service(), autoscaler(minReplicas=3)], False),  # D7
        ([workload(replicas=1), service(), autoscaler(minReplicas=1)], False),
        ([workload(replicas=1), service(), autoscaler(namespace="other")], True),
        ([workload(replicas=1), service(), scaled_object()], False),
        ([workload("StatefulSet", replicas=1), service()], False),
        ([workload("DaemonSet"), service()], False),
        ([workload("Rollout", replicas=1), service()], True),
        ([workload("ReplicationController", replicas=1), service()], True),
    ],
)
def test_replicas(documents: Any, reported: bool) -> None:
    assert bool(judge("replicas-too-few", stream(*documents))) == reported


def test_the_least_number_of_replicas_is_a_parameter() -> None:
    rule = "replicas-too-few"
    text = stream(workload(replicas=2), service())
    found = judge(rule, text, parameters={rule: {"minimum": 3}})
    assert [finding.message for finding in found] == [
        "runs 2 replicas behind a Service, at least 3 wanted"
    ]


def test_an_autoscaler_may_stand_in_another_file() -> None:
    found = judge("replicas-too-few", stream(workload(), service()), complete=False)
    assert [finding.confidence for finding in found] == [Confidence.LOW]


@pytest.mark.parametrize(
    ("spec", "reported"),
    [
        ({"minReplicas": 1}, True),
        ({"minReplicas": 0}, True),
        ({"minReplicas": None}, True),
        ({"minReplicas": 2}, False),
        ({"minReplicas": 2.0}, False),
    ],
)
def test_minimum_of_an_autoscaler(spec: Any, reported: bool) -> None:
    rule = "hpa-min-replicas"
    text = stream(autoscaler(**spec))
    assert bool(judge(rule, text)) == reported
    assert judge(rule, text, parameters={rule: {"minimum": 3}})


def test_keda_may_scale_to_nothing() -> None:
    assert not judge("hpa-min-replicas", stream(scaled_object()))


@pytest.mark.parametrize(
    ("documents", "reported"),
    [
        ([autoscaler(), workload()], False),
        ([autoscaler(), workload(name="other")], True),
        ([autoscaler(namespace="a"), workload(namespace="b")], True),  # D8
        ([autoscaler(namespace="default"), workload()], False),
        ([autoscaler(kind="StatefulSet"), workload()], True),
        ([autoscaler(kind="Rollout")], False),  # nothing is known of Rollouts here
        ([autoscaler(kind="Rollout"), workload("Rollout", "other")], True),
        ([autoscaler(kind="Rollout", target_version="argoproj.io/v1alpha1")], False),
        (
            [
                autoscaler(kind="ReplicationController", target_version="v1"),
                workload("ReplicationController"),
            ],
            False,
        ),
        ([autoscaler(target_version="extensions/v1beta1"), workload()], False),
        ([autoscaler(target_version="v1"), workload()], True),  # no Deployment in that group
        ([autoscaler(target_version=""), workload()], True),
        ([scaled_object(), workload()], False),
        ([scaled_object()], True),
        ([scaled_object(scaleTargetRef={"name": "x", "kind": "Sandbox"})], False),
        ([autoscaler(name="")], False),
        ([autoscaler(scaleTargetRef=None)], False),
    ],
)
def test_targets_of_autoscalers(documents: Any, reported: bool) -> None:
    assert bool(judge("hpa-target-missing", stream(*documents))) == reported


def test_a_target_in_unreadable_text_is_not_missing() -> None:
    text = stream(autoscaler())
    assert not judge("hpa-target-missing", text, opaque=("name: web\n{{ if .Values.x }}",))
    assert judge("hpa-target-missing", text, opaque=("name: other",))


def test_a_wrong_group_is_certain() -> None:
    text = stream(autoscaler(target_version="v1"))
    found = judge("hpa-target-missing", text, complete=False)
    assert [finding.confidence for finding in found] == [Confidence.HIGH]


@pytest.mark.parametrize(
    ("documents", "reported"),
    [
        ([workload(replicas=3), autoscaler()], True),
        ([workload(), autoscaler()], False),
        ([workload(replicas=3)], False),
        ([workload(replicas=3), autoscaler(namespace="other")], False),
        ([workload(replicas=3), autoscaler(kind="deployment")], True),  # compared as KSC does
        ([workload("StatefulSet", replicas=3), autoscaler(kind="StatefulSet")], True),
        ([workload("StatefulSet", replicas=3), autoscaler()], False),
        ([workload(replicas=3), scaled_object()], True),
    ],
)
def test_static_replicas(documents: Any, reported: bool) -> None:
    assert bool(judge("hpa-static-replicas", stream(*documents))) == reported

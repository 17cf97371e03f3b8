"""What rules about resources do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.manifests import ODD, container, pod
from tests.kubernetes.rules.relations import obj, stream, workload
from tests.kubernetes.rules.relations import pod as placed_pod
from tests.kubernetes.support import judge

MISSING = {
    "cpu-request-missing": ("requests", "cpu"),
    "cpu-limit-missing": ("limits", "cpu"),
    "memory-request-missing": ("requests", "memory"),
    "memory-limit-missing": ("limits", "memory"),
    "ephemeral-storage-missing": ("limits", "ephemeral-storage"),
}
EQUAL = {
    "cpu-request-not-equal-limit": "cpu",
    "memory-request-not-equal-limit": "memory",
    "ephemeral-storage-not-equal": "ephemeral-storage",
}
ALL = (*MISSING, *EQUAL, "resource-out-of-range", "emptydir-no-sizelimit")


def resources(**kinds: Any) -> dict[str, Any]:
    return container(resources=kinds)


def limit_range(namespace: str = "", **item: Any) -> dict[str, Any]:
    body = {"limits": [{"type": "Container", **item}]}
    return obj("LimitRange", "defaults", namespace=namespace, spec=body)


def pod_in(namespace: str, one: dict[str, Any]) -> dict[str, Any]:
    return placed_pod(namespace=namespace, containers=[one])


@pytest.mark.parametrize("rule", MISSING)
def test_missing_amounts(rule: str) -> None:
    kind, resource = MISSING[rule]
    (finding,) = judge(rule, pod(container()))
    assert finding.location.key_path[-3:] == ("resources", kind, resource)
    assert not judge(rule, pod(resources(**{kind: {resource: "1"}})))
    for zero in (0, "0", "0m", 0.0):
        (finding,) = judge(rule, pod(resources(**{kind: {resource: zero}})))
        assert "of zero" in finding.message
    assert not judge(rule, pod(resources(**{kind: {resource: "${AMOUNT}"}})))
    assert judge(rule, pod(resources(**{kind: None})))


def test_a_limit_is_a_request_too() -> None:  # D19
    text = pod(resources(limits={"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}))
    assert not judge([*MISSING, *EQUAL], text)


def test_a_request_is_no_limit() -> None:
    text = pod(resources(requests={"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}))
    assert [f.rule.id for f in judge(MISSING, text)] == [
        "cpu-limit-missing",
        "memory-limit-missing",
        "ephemeral-storage-missing",
    ]


def test_every_container_that_takes_resources() -> None:  # D13
    good = resources(limits={"memory": "1Gi"})
    text = pod(
        good,
        container("two"),
        initContainers=[container("init"), container("side", restartPolicy="Always")],
        ephemeralContainers=[container("debug")],
    )
    found = judge("memory-limit-missing", text)
    assert [f.subject.container for f in found] == ["init", "side", "two"]


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ({"default": {"cpu": "1", "memory": "1Gi"}}, set()),
        ({"defaultRequest": {"cpu": "1", "memory": "1Gi"}},
         {"cpu-limit-missing", "memory-limit-missing"}),
        ({"max": {"cpu": "1", "memory": "1Gi"}}, set()),  # a maximum is the default limit
        ({"min": {"cpu": "1m", "memory": "1Mi"}}, {"cpu-limit-missing", "memory-limit-missing"}),
        ({"default": {"cpu": "1"}}, {"memory-request-missing", "memory-limit-missing"}),
        ({"type": "Pod", "default": {"cpu": "1", "memory": "1Gi"}},
         {"cpu-request-missing", "cpu-limit-missing", "memory-request-missing",
          "memory-limit-missing"}),
    ],
)  # fmt: skip
def test_defaults_of_a_limit_range(item: dict[str, Any], left: set[str]) -> None:
    rules = list(MISSING)[:4]
    text = stream(limit_range("shop", **item), pod_in("shop", container()))
    assert {f.rule.id for f in judge(rules, text)} == left


def test_a_limit_range_is_for_its_namespace() -> None:
    text = stream(limit_range("shop", default={"memory": "1Gi"}), pod_in("other", container()))
    assert judge("memory-limit-missing", text)
    two = stream(
        limit_range("shop", default={"memory": "1Gi"}),
        limit_range("shop", default={"cpu": "1"}),
        pod_in("shop", container()),
    )
    assert not judge(("memory-limit-missing", "cpu-limit-missing"), two)


def test_resources_of_the_pod_as_a_whole() -> None:
    text = pod(container(), resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    rules = list(MISSING)[:4]
    assert not judge(rules, text)
    assert len(judge(rules, text, kubernetes_version="1.33")) == 4
    requests = pod(container(), resources={"requests": {"cpu": "1", "memory": "1Gi"}})
    assert {f.rule.id for f in judge(rules, requests)} == {
        "cpu-limit-missing",
        "memory-limit-missing",
    }


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "1000m"}}, ""),
        ({"requests": {"cpu": 1}, "limits": {"cpu": 1.0}}, ""),
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}, "CPU request is 1, limit 2"),
        ({"requests": {"cpu": "1"}}, "CPU request is 1, but there is no limit"),
        ({"limits": {"cpu": "1"}}, ""),
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "odd"}}, ""),
        ({}, ""),
    ],
)
def test_requests_that_differ_from_limits(kinds: dict[str, Any], message: str) -> None:
    found = judge("cpu-request-not-equal-limit", pod(resources(**kinds)))
    assert [f.message for f in found] == ([message] if message else [])


def test_storage_needs_both_to_differ() -> None:
    rule = "ephemeral-storage-not-equal"
    assert not judge(rule, pod(resources(requests={"ephemeral-storage": "1Gi"})))
    both = {"requests": {"ephemeral-storage": "1Gi"}, "limits": {"ephemeral-storage": "1G"}}
    assert judge(rule, pod(resources(**both)))


@pytest.mark.parametrize(
    ("limit", "reported"),
    [("99m", True), ("0.1", False), (2, False), ("2001m", True), ("x", False)],
)
def test_ranges_of_the_team(limit: Any, reported: bool) -> None:
    found = judge(
        "resource-out-of-range",
        pod(resources(limits={"cpu": limit})),
        parameters={"resource-out-of-range": {"cpu_limit_min": "100m", "cpu_limit_max": "2"}},
    )
    assert bool(found) == reported
    assert all(f.severity == Severity.INFO for f in found)


def test_ranges_of_a_limit_range() -> None:
    ranges = limit_range(min={"memory": "64Mi"}, max={"memory": "1Gi"})
    text = stream(ranges, pod_in("", resources(limits={"memory": "2Gi"})))
    limit, request = sorted(judge("resource-out-of-range", text), key=lambda f: f.message)
    assert limit.severity == request.severity == Severity.MEDIUM
    assert limit.message == (
        "memory limit 2Gi is above the most of 1Gi that LimitRange defaults allows"
    )
    assert limit.related[0].location.key_path == ("spec", "limits", 0)
    assert not judge(
        "resource-out-of-range", stream(ranges, pod_in("", resources(limits={"memory": "1Gi"})))
    )


def test_a_request_above_its_limit() -> None:
    both = {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}
    (finding,) = judge("resource-out-of-range", pod(resources(**both)))
    assert finding.message == "memory request 2Gi is above the limit 1Gi"
    assert finding.severity == Severity.MEDIUM


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"emptyDir": {}}, "volume data has no size limit"),
        ({"emptyDir": None}, "volume data has no size limit"),
        ({}, "volume data has no size limit"),  # an emptyDir to the API server
        ({"emptyDir": {"medium": "Memory"}}, "volume data in memory has no size limit"),
        ({"emptyDir": {"sizeLimit": 0}}, "volume data has no size limit"),
        ({"emptyDir": {"sizeLimit": "1Gi"}}, ""),
        ({"configMap": {"name": "x"}}, ""),
        ({"configMap": {"name": "x"}, "emptyDir": None}, ""),
    ],
)
def test_sizes_of_volumes(volume: dict[str, Any], message: str) -> None:
    found = judge("emptydir-no-sizelimit", pod(volumes=[{"name": "data", **volume}]))
    assert [f.message for f in found] == ([message] if message else [])


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    judge(ALL, pod(container(resources=odd), resources=odd, volumes=odd))
    judge(ALL, pod(resources(requests=odd, limits=odd), volumes=[odd]))
    judge(ALL, pod(resources(requests={"cpu": odd}, limits={"cpu": odd})))
    judge(ALL, pod(volumes=[{"name": odd, "emptyDir": odd}]))
    for ranges in (limit_range(default=odd), limit_range(max={"cpu": odd}), limit_range(type=odd)):
        judge(ALL, stream(ranges, workload()))

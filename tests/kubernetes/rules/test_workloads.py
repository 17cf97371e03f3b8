"""What rules about controllers and pod templates do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.relations import CONTAINERS, obj, pod, stream, workload
from tests.kubernetes.support import judge


@pytest.mark.parametrize(
    ("kind", "version", "selector", "message"),
    [
        ("Deployment", "", {"matchLabels": {"app": "web"}}, None),
        ("Deployment", "", {"matchLabels": {"app": "other"}}, "does not match"),
        ("Deployment", "", {"matchLabels": {"app": "web", "tier": "x"}}, "does not match"),
        ("Deployment", "", {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}, None),
        (
            "Deployment",
            "",
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
            "does not match",
        ),
        ("Deployment", "", {"matchExpressions": [{"key": "app", "operator": "In"}]}, "not valid"),
        ("Deployment", "", {}, "empty"),
        ("Deployment", "", {"app": "web"}, "empty"),  # a plain map is no label selector
        ("Deployment", "", None, "no selector"),
        ("Deployment", "", "web", "no selector"),
        ("Deployment", "extensions/v1beta1", None, None),
        ("Deployment", "apps/v1beta2", None, "no selector"),
        ("StatefulSet", "", {"matchLabels": {"app": "other"}}, "does not match"),
        ("DaemonSet", "", {"matchLabels": {"app": "other"}}, "does not match"),
        ("ReplicaSet", "", None, "no selector"),
        ("ReplicationController", "", None, None),
        ("ReplicationController", "", {"app": "other"}, "does not match"),
        ("DeploymentConfig", "", {}, None),
        ("DeploymentConfig", "", {"app": "other"}, "does not match"),
        ("Rollout", "", {"matchLabels": {"app": "other"}}, "does not match"),
        ("Job", "", None, None),
        ("Job", "", {"matchLabels": {"app": "other"}}, "does not match"),
    ],
)
def test_selectors(kind: str, version: str, selector: Any, message: str | None) -> None:
    text = stream(workload(kind, version=version, selector=selector))
    found = judge("selector-template-mismatch", text)
    assert len(found) == (message is not None)
    assert message is None or message in found[0].message


def test_a_selector_is_judged_where_the_template_has_no_spec() -> None:
    text = stream(
        obj(
            "Deployment",
            spec={
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "other"}}},
            },
        )
    )
    found = judge("selector-template-mismatch", text)
    assert found[0].location.key_path == ("spec", "selector")
    assert found[0].related[0].location.key_path[-2:] == ("metadata", "labels")


def test_a_patch_without_a_template_has_no_selector_to_judge() -> None:
    text = stream(obj("Deployment", spec={"replicas": 3}))
    assert not judge("selector-template-mismatch", text)


@pytest.mark.parametrize(
    ("kind", "policy", "reported"),
    [
        ("Deployment", None, False),  # D18: unset is Always
        ("Deployment", "Always", False),
        ("Deployment", "OnFailure", True),
        ("StatefulSet", "Never", True),
        ("DaemonSet", "OnFailure", True),
        ("ReplicationController", "Never", True),
        ("Job", None, True),
        ("Job", "Always", True),
        ("Job", "Never", False),  # D10
        ("Job", "OnFailure", False),
        ("Job", "never", True),
        ("ScaledJob", None, False),
    ],
)
def test_restart_policies(kind: str, policy: str | None, reported: bool) -> None:
    template = {"restartPolicy": policy} if policy else {}
    document = workload(kind, template=template)
    if kind == "ScaledJob":
        document["spec"]["jobTargetRef"] = {"template": document["spec"].pop("template")}
    assert bool(judge("restart-policy", stream(document))) == reported


@pytest.mark.parametrize(("policy", "reported"), [("Never", False), ("Always", True)])
def test_restart_policy_of_a_cronjob(policy: str, reported: bool) -> None:
    spec = {"restartPolicy": policy, "containers": CONTAINERS}
    job = {"spec": {"template": {"spec": spec}}}
    found = judge("restart-policy", stream(obj("CronJob", spec={"jobTemplate": job})))
    assert bool(found) == reported  # D10
    assert not reported or found[0].location.key_path[-1] == "restartPolicy"


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
def test_a_pod_that_stands_alone_may_have_any_restart_policy(policy: str) -> None:
    assert not judge("restart-policy", stream(pod(restartPolicy=policy)))


@pytest.mark.parametrize(
    ("spec", "reported"),
    [
        ({"containers": CONTAINERS}, False),
        ({"containers": []}, True),
        ({"containers": None}, True),
        ({"containers": "web"}, True),
        ({"initContainers": CONTAINERS}, True),
        ({"ephemeralContainers": CONTAINERS, "containers": []}, True),
    ],
)
def test_pods_without_containers(spec: Any, reported: bool) -> None:
    for document in (
        obj("Pod", spec=spec),
        obj("Deployment", spec={"template": {"spec": spec}}),
    ):
        assert bool(judge("no-containers", stream(document))) == reported


def test_custom_resources_may_leave_containers_to_their_controller() -> None:
    document = obj(
        "SparkApplication",
        version="sparkoperator.k8s.io/v1beta2",
        spec={"driver": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}},
    )
    assert not judge("no-containers", stream(document))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"startingDeadlineSeconds": 10, "concurrencyPolicy": "Forbid"}, []),
        ({"startingDeadlineSeconds": 9, "concurrencyPolicy": "Allow"}, [Severity.LOW]),
        ({"startingDeadlineSeconds": 0, "concurrencyPolicy": "Allow"}, [Severity.LOW]),
        ({"startingDeadlineSeconds": 200}, [Severity.INFO]),
        ({}, [Severity.LOW, Severity.INFO]),
        (
            {"startingDeadlineSeconds": None, "concurrencyPolicy": None},
            [Severity.LOW, Severity.INFO],
        ),
        (
            {
                "startingDeadlineSeconds": 60,
                "concurrencyPolicy": "Forbid",
                "failedJobsHistoryLimit": 0,
            },
            [Severity.INFO],
        ),
    ],
)
def test_cronjobs_say_what_happens(spec: Any, expected: list[Severity]) -> None:
    found = judge("cronjob-deadline-missing", stream(obj("CronJob", spec=spec)))
    assert [finding.severity for finding in found] == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (obj("Job", spec={}), [Severity.LOW]),
        (obj("Job", spec={"ttlSecondsAfterFinished": 0}), []),
        (obj("Job", spec={}, annotations={"helm.sh/hook": "pre-install"}), []),
        (obj("Job", spec={}, annotations={"argocd.argoproj.io/hook": "Sync"}), []),
        (obj("CronJob", spec={"jobTemplate": {"spec": {}}}), []),
        (
            obj("CronJob", spec={"jobTemplate": {"spec": {"ttlSecondsAfterFinished": 5}}}),
            [Severity.INFO],
        ),
    ],
)
def test_time_to_live(document: Any, expected: list[Severity]) -> None:
    found = judge("job-ttl", stream(document))
    assert [finding.severity for finding in found] == expected


def test_a_job_with_an_owner_is_deleted_with_it() -> None:
    document = obj("Job", spec={})
    document["metadata"]["ownerReferences"] = [{"kind": "CronJob", "name": "report"}]
    assert not judge("job-ttl", stream(document))


def test_priority_classes_need_a_list() -> None:
    rule = "priority-class-not-allowed"
    text = stream(pod(priorityClassName="urgent"))
    assert not judge(rule, text)
    assert not judge(rule, text, parameters={rule: {"allowed": ("urgent",)}})
    found = judge(rule, text, parameters={rule: {"allowed": ("batch",)}})
    assert [finding.evidence for finding in found] == ["urgent"]
    assert not judge(rule, stream(pod()), parameters={rule: {"allowed": ("batch",)}})


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ([{"name": "ndots", "value": "2"}], False),
        ([{"name": "single-request"}, {"name": "ndots", "value": "2"}], False),
        ([{"name": "ndots", "value": "5"}], True),
        ([{"name": "ndots"}], True),  # an option without a value is legal
        ([{"value": "2"}], True),
        ([], True),
        (None, True),
    ],
)
def test_dns_options(options: Any, reported: bool) -> None:
    found = judge("dns-config-option", stream(pod(dnsConfig={"options": options})))
    assert bool(found) == reported


def test_dns_option_and_value_are_parameters() -> None:
    rule = "dns-config-option"
    text = stream(pod(dnsConfig={"options": [{"name": "timeout", "value": "1"}]}))
    assert not judge(rule, text, parameters={rule: {"option": "timeout", "value": "1"}})
    assert judge(rule, text, parameters={rule: {"option": "timeout", "value": "3"}})

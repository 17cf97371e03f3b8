"""What the rules about audit logs do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules import cluster
from tests.kubernetes.rules.cluster import configuration, kubeadm, static_pod
from tests.kubernetes.rules.manifests import ODD
from tests.kubernetes.support import judge

RULES = (
    "apiserver-audit-log",
    "audit-policy-gaps",
    "audit-policy-missing",
    "audit-policy-secret-bodies",
)
GROUP = "audit.k8s.io/v1"
LOG = "--audit-log-path=/audit.log"
LIMITS = ("--audit-log-maxage=30", "--audit-log-maxbackup=10", "--audit-log-maxsize=100")


def server(*flags: str) -> str:
    return static_pod("kube-apiserver", *flags)


def policy(*rules: Any, group: str = GROUP) -> str:
    return configuration("Policy", group, rules=list(rules))


def rule(level: str, *resources: str, group: str = "", **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"level": level, **fields}
    if resources:
        made["resources"] = [{"group": group, "resources": list(resources)}]
    return made


@pytest.mark.parametrize("text", [cluster.CONTROL_PLANE, kubeadm()])
def test_what_kubeadm_writes_logs_nothing(text: str) -> None:
    found = judge(RULES, text)
    assert sorted(item.rule.id for item in found) == ["apiserver-audit-log", "audit-policy-missing"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([LOG, *LIMITS], []),
        (["--audit-log-path=-"], []),
        (["--audit-webhook-config-file=/w.yaml"], []),
        ([], ["keeps no audit log"]),
        (["--audit-log-path="], ["keeps no audit log"]),
        ([LOG], ["does not limit its audit log"]),
        ([LOG, *LIMITS[:2]], ["does not limit its audit log"]),
        ([LOG, *LIMITS, "--audit-log-maxage=7"], ["keeps 7 days of audit log, less than 30"]),
        ([LOG, *LIMITS, "--audit-log-maxage=0"], []),
        (
            [LOG, LIMITS[0], "--audit-log-maxbackup", "3", "--audit-log-maxsize=50"],
            [
                "keeps 3 files of audit log, less than 10",
                "keeps 50 megabytes of audit log, less than 100",
            ],
        ),
    ],
)
def test_logs(flags: list[str], expected: list[str]) -> None:
    found = judge("apiserver-audit-log", server(*flags))
    assert [item.message for item in found] == expected
    assert all(
        (item.severity == Severity.LOW) == ("no audit" not in item.message) for item in found
    )


def test_other_limits() -> None:
    own: dict[str, dict[str, Any]] = {"apiserver-audit-log": {"max-age": 90}}
    assert judge("apiserver-audit-log", server(LOG, *LIMITS), parameters=own)


# Gaps -----------------------------------------------------------------------------------------


def gaps(*rules: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    found = judge("audit-policy-gaps", policy(*rules))
    return [(item.evidence, item.location.key_path) for item in found]


ALL = rule("Metadata")


def test_policies_without_gaps() -> None:
    assert not gaps(ALL)
    assert not gaps(rule("RequestResponse", "pods"), ALL)
    assert not gaps(rule("None", "endpoints", "services", verbs=["watch"]), ALL)
    assert not gaps(rule("None", "pods", verbs=["get", "list", "watch"]), ALL)
    assert not gaps(rule("None", "secrets", users=["system:apiserver"]), ALL)
    assert not gaps(rule("None", "secrets", namespaces=["kube-system"]), ALL)
    assert not gaps(rule("None", userGroups=["system:nodes"]), ALL)
    assert not gaps({"level": "None", "nonResourceURLs": ["/healthz*"]}, ALL)
    assert not gaps(rule("Metadata", "secrets"), rule("None", "secrets"), ALL)
    named = {"group": "", "resources": ["configmaps"], "resourceNames": ["controller-leader"]}
    assert not gaps({"level": "None", "resources": [named]}, ALL)


def test_policies_with_gaps() -> None:
    assert gaps(rule("None", "secrets"), ALL) == [("secrets", ("rules", 0))]
    assert gaps(rule("None", "secrets", verbs=["get"]), ALL) == [("secrets", ("rules", 0))]
    assert gaps(rule("None", userGroups=["system:authenticated"], verbs=["list"]), ALL) == [
        ("secrets", ("rules", 0))
    ]
    assert gaps(rule("None", "pods/*"), ALL) == [
        ("pods, pods/exec, pods/portforward, pods/proxy", ("rules", 0))
    ], "the API server takes it for the resource too"
    assert gaps(rule("None", "*/proxy"), ALL) == [("pods/proxy, services/proxy", ("rules", 0))]
    core = {"level": "Metadata", "resources": [{"group": ""}]}
    assert gaps(core) == [
        ("tokenreviews, deployments, clusterrolebindings, rolebindings", ("rules",))
    ]


@pytest.mark.parametrize("rules", [[], [rule("None")], [{"nonResourceURLs": ["*"]}]])
def test_policies_that_log_nothing(rules: list[Any]) -> None:
    (finding,) = judge("audit-policy-gaps", policy(*rules))
    assert finding.message == "logs nothing"


def test_other_policies_are_none() -> None:
    assert not judge(RULES, policy(rule("None"), group="kyverno.io/v1"))
    assert not judge(RULES, policy(rule("RequestResponse"), group="kyverno.io/v1"))


# Bodies ---------------------------------------------------------------------------------------


def bodies(*rules: Any) -> list[tuple[str, int | str, Severity]]:
    found = judge("audit-policy-secret-bodies", policy(*rules))
    return [(item.evidence, item.location.key_path[1], item.severity) for item in found]


def test_bodies_that_are_logged() -> None:
    assert bodies(rule("RequestResponse")) == [
        ("secrets, tokenreviews, serviceaccounts/token", 0, Severity.MEDIUM),
        ("configmaps", 0, Severity.LOW),
    ]
    assert bodies(rule("Metadata", "secrets"), rule("Request")) == [
        ("tokenreviews", 1, Severity.MEDIUM),
        ("configmaps", 1, Severity.LOW),
    ]
    assert bodies(rule("Metadata", "secrets", users=["a"]), rule("Request", "secrets")) == [
        ("secrets", 1, Severity.MEDIUM)
    ]
    assert bodies(rule("Request", "secrets", namespaces=["team"])) == [
        ("secrets", 0, Severity.MEDIUM)
    ]


def test_bodies_that_are_not_logged() -> None:
    assert not bodies(ALL, rule("RequestResponse"))
    assert not bodies(rule("Request", "secrets", verbs=["get", "list"]))
    assert not bodies(rule("RequestResponse", "secrets", verbs=["delete"]))
    assert not bodies(rule("RequestResponse", "pods", "deployments"))
    assert not bodies(rule("RequestResponse", "*", group="apps"))
    assert not bodies({"level": "RequestResponse", "nonResourceURLs": ["/api*"]})
    assert not bodies(rule("Request", "serviceaccounts/token"))


@pytest.mark.parametrize("odd", ODD)
def test_odd_objects_never_raise(odd: Any) -> None:
    judge(RULES, configuration("Policy", GROUP, rules=odd))
    fields = ("level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs")
    for field in fields:
        judge(RULES, policy(odd, ALL | {field: odd}, rule("None", "secrets") | {field: odd}))
    judge(RULES, policy({"resources": [odd, {"group": odd, "resources": odd}]}))

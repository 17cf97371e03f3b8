"""What rules about privileges and capabilities do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.manifests import ODD, WINDOWS, container, pod
from tests.kubernetes.support import judge

ADDED = (
    "capability-sys-admin-added", "capability-dangerous-added", "capabilities-beyond-baseline",
    "capability-net-raw-kept", "capabilities-not-only-net-bind",
)  # fmt: skip
ALL_RULES = (
    *ADDED, "privileged-container", "privilege-escalation-allowed", "capabilities-not-dropped-all",
)  # fmt: skip


def adding(*names: Any, drop: Any = None, **spec: Any) -> str:
    capabilities = {"add": list(names), "drop": drop}
    return pod(container(security={"capabilities": capabilities}), **spec)


def test_init_and_ephemeral_containers_are_privileged_too() -> None:
    security = {"privileged": True}
    text = pod(
        container("a", security),
        container("b"),
        initContainers=[container("c", security)],
        ephemeralContainers=[container("d", security)],
    )
    found = judge("privileged-container", text)
    assert [finding.subject.container for finding in found] == ["c", "a", "d"]


@pytest.mark.parametrize(
    ("security", "severities"),
    [
        (None, [Severity.MEDIUM]),  # D1
        ({}, [Severity.MEDIUM]),
        ({"allowPrivilegeEscalation": None}, [Severity.MEDIUM]),
        ({"allowPrivilegeEscalation": "false"}, [Severity.MEDIUM]),
        ({"allowPrivilegeEscalation": False}, []),
        ({"allowPrivilegeEscalation": True}, [Severity.HIGH]),
        ({"privileged": True}, []),
        ({"privileged": True, "allowPrivilegeEscalation": True}, [Severity.HIGH]),
        ({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, []),
        ({"capabilities": {"add": ["CHOWN"]}}, [Severity.MEDIUM]),
    ],
)
def test_privilege_escalation(security: Any, severities: list[Severity]) -> None:
    found = judge("privilege-escalation-allowed", pod(container(security=security)))
    assert [finding.severity for finding in found] == severities
    assert not judge("privilege-escalation-allowed", pod(container(security=security), **WINDOWS))


@pytest.mark.parametrize(
    ("name", "rule", "severity"),
    [
        ("SYS_ADMIN", "capability-sys-admin-added", Severity.CRITICAL),
        ("CAP_SYS_ADMIN", "capability-sys-admin-added", Severity.CRITICAL),
        ("sys_admin", "capability-sys-admin-added", Severity.CRITICAL),
        ("ALL", "capability-sys-admin-added", Severity.CRITICAL),
        ("all", "capability-sys-admin-added", Severity.CRITICAL),
        ("SYS_MODULE", "capability-dangerous-added", Severity.CRITICAL),
        ("cap_sys_rawio", "capability-dangerous-added", Severity.CRITICAL),
        ("DAC_READ_SEARCH", "capability-dangerous-added", Severity.CRITICAL),
        ("SYS_PTRACE", "capability-dangerous-added", Severity.HIGH),
        ("NET_ADMIN", "capability-dangerous-added", Severity.HIGH),
        ("BPF", "capability-dangerous-added", Severity.HIGH),
        ("SYSLOG", "capability-dangerous-added", Severity.HIGH),
        ("NET_RAW", "capability-net-raw-kept", Severity.MEDIUM),
        ("IPC_LOCK", "capabilities-beyond-baseline", Severity.MEDIUM),
        ("SYS_NICE", "capabilities-beyond-baseline", Severity.MEDIUM),
        ("NET_ADMINS", "capabilities-beyond-baseline", Severity.MEDIUM),
        ("CHOWN", "capabilities-not-only-net-bind", Severity.LOW),
    ],
)
def test_an_added_capability_has_one_rule(name: str, rule: str, severity: Severity) -> None:
    (finding,) = judge(ADDED, adding(name, drop=["ALL"]))
    assert (finding.rule.id, finding.severity) == (rule, severity)
    assert finding.location.key_path[-2:] == ("add", 0)


def test_net_bind_service_is_nobodys_concern() -> None:
    assert not judge(ADDED, adding("NET_BIND_SERVICE"))


def test_unknown_names_are_called_so() -> None:
    (finding,) = judge("capabilities-beyond-baseline", adding("NET_ADMINS"))
    assert "no capability" in finding.message


@pytest.mark.parametrize(
    ("security", "severity"),
    [
        ({"runAsUser": 65534, "allowPrivilegeEscalation": False}, Severity.LOW),
        ({"runAsNonRoot": True, "allowPrivilegeEscalation": False}, Severity.LOW),
        ({"runAsUser": 0, "allowPrivilegeEscalation": False}, Severity.HIGH),
        ({"runAsUser": 65534}, Severity.HIGH),
        ({"allowPrivilegeEscalation": False}, Severity.HIGH),
    ],
)
def test_capabilities_that_no_process_gets(security: dict[str, Any], severity: Severity) -> None:
    added = {"capabilities": {"add": ["SYS_TIME"], "drop": ["ALL"]}}
    text = pod(container(security=security | added))
    (finding,) = judge("capability-dangerous-added", text)
    assert finding.severity == severity
    assert ("can set the clock" in finding.message) == (severity == Severity.HIGH)


def test_neighbours_make_capabilities_worse_or_better() -> None:
    rule = "capability-dangerous-added"
    (finding,) = judge(rule, adding("SYS_PTRACE", hostPID=True))
    assert finding.severity == Severity.CRITICAL
    (finding,) = judge(rule, adding("SYS_MODULE", hostUsers=False))
    assert finding.severity == Severity.MEDIUM
    (finding,) = judge("capability-sys-admin-added", adding("SYS_ADMIN", hostUsers=False))
    assert finding.severity == Severity.HIGH


def test_what_is_added_is_named_for_windows_and_privileged_containers_too() -> None:
    assert judge("capability-sys-admin-added", adding("SYS_ADMIN", **WINDOWS))
    security = {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}}
    assert judge("capability-sys-admin-added", pod(container(security=security)))


@pytest.mark.parametrize(
    ("drop", "severities"),
    [
        (None, [Severity.MEDIUM]),
        ([], [Severity.MEDIUM]),
        ("ALL", [Severity.MEDIUM]),
        (["KILL"], [Severity.MEDIUM]),
        (["NET_RAW"], [Severity.LOW]),
        (["cap_net_raw", "KILL"], [Severity.LOW]),
        (["ALL"], []),
        (["all"], []),
        (["KILL", "ALL"], []),
        ([None, "ALL"], []),
    ],
)
def test_dropping_all(drop: Any, severities: list[Severity]) -> None:
    rule = "capabilities-not-dropped-all"
    assert [finding.severity for finding in judge(rule, adding(drop=drop))] == severities
    assert not judge(rule, adding(drop=drop, **WINDOWS))
    security = {"privileged": True, "capabilities": {"drop": drop}}
    assert not judge(rule, pod(container(security=security)))


def test_every_container_has_to_drop_all() -> None:
    # D13
    good = {"capabilities": {"drop": ["ALL"]}}
    found = judge("capabilities-not-dropped-all", pod(container("a", good), container("b")))
    assert [finding.subject.container for finding in found] == ["b"]


def test_the_default_net_raw_is_found_by_one_rule() -> None:
    # D2: a container without a security context keeps NET_RAW
    rules = ("capabilities-not-dropped-all", "capability-net-raw-kept")
    (finding,) = judge(rules, pod())
    assert finding.rule.id == "capabilities-not-dropped-all"
    assert "kube-linter:drop-net-raw-capability" in finding.rule.aliases


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (None, 1),
        ({"capabilities": {"drop": ["KILL"]}}, 1),
        ({"capabilities": {"drop": ["CAP_NET_RAW"]}}, 0),
        ({"capabilities": {"drop": ["ALL"]}}, 0),
        ({"capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}, 1),
        ({"capabilities": {"add": ["ALL"]}}, 0),
        ({"privileged": True}, 0),
    ],
)
def test_net_raw_kept_by_default_when_asked_for(security: Any, expected: int) -> None:
    rule = "capability-net-raw-kept"
    parameters: dict[str, dict[str, Any]] = {rule: {"default": True}}
    text = pod(container(security=security))
    assert len(judge(rule, text, parameters=parameters)) == expected


def test_windows_keeps_no_capabilities() -> None:
    parameters: dict[str, dict[str, Any]] = {"capability-net-raw-kept": {"default": True}}
    assert not judge("capability-net-raw-kept", pod(**WINDOWS), parameters=parameters)
    assert not judge("capabilities-not-only-net-bind", adding("CHOWN", **WINDOWS))


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_raise_nothing(odd: Any) -> None:
    judge(ALL_RULES, pod(container(security=odd), hostUsers=odd))
    judge(ALL_RULES, pod(container(security={"capabilities": odd, "privileged": odd})))
    judge(ALL_RULES, pod(container(security={"capabilities": {"add": odd, "drop": odd}})))
    judge(ALL_RULES, adding(odd, drop=[odd]))

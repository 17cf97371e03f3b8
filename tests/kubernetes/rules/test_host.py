"""What host rules do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.manifests import ODD, WINDOWS, container, pod, workload
from tests.kubernetes.support import judge


@pytest.mark.parametrize(
    ("rule", "field"),
    [("host-network", "hostNetwork"), ("host-pid", "hostPID"), ("host-ipc", "hostIPC")],
)
@pytest.mark.parametrize("value", [False, None, "true", 1, [True]])
def test_only_true_shares_a_namespace(rule: str, field: str, value: Any) -> None:
    assert len(judge(rule, pod(**{field: True}))) == 1
    assert not judge(rule, pod(**{field: value}))


def test_the_place_of_a_host_namespace_is_inside_the_template() -> None:
    (finding,) = judge("host-pid", workload("DaemonSet", hostPID=True))
    assert finding.location.key_path == ("spec", "template", "spec", "hostPID")
    assert finding.subject.kind == "DaemonSet"


@pytest.mark.parametrize(
    ("version", "spec", "expected"),
    [
        ("1.33", {}, 1),
        ("1.32", {}, 0),
        ("1.36", {"hostUsers": True}, 1),
        ("1.36", {"hostUsers": None}, 1),
        ("1.36", {"hostUsers": "false"}, 1),
        ("1.36", {"hostUsers": False}, 0),
        ("1.36", {"hostNetwork": True}, 0),
        ("1.36", {"hostPID": True}, 0),
        ("1.36", {"hostIPC": True}, 0),
        ("1.36", WINDOWS, 0),
    ],
)
def test_user_namespaces_where_they_are_possible(
    version: str, spec: dict[str, Any], expected: int
) -> None:
    found = judge("host-users-not-isolated", pod(**spec), kubernetes_version=version)
    assert len(found) == expected


@pytest.mark.parametrize("value", [[], None, {}, "text"])
def test_an_empty_list_of_host_aliases_is_none(value: Any) -> None:
    assert not judge("host-aliases-set", pod(hostAliases=value))


def test_sharing_processes_takes_two_containers_at_a_time() -> None:
    init = container("setup")
    sidecar = init | {"restartPolicy": "Always"}
    rule = "share-process-namespace"
    assert not judge(rule, pod(shareProcessNamespace=True))
    assert not judge(rule, pod(shareProcessNamespace=True, initContainers=[init]))
    assert judge(rule, pod(shareProcessNamespace=True, initContainers=[sidecar]))
    assert judge(rule, pod(shareProcessNamespace=True, ephemeralContainers=[container("debug")]))


def test_host_ports_are_named_one_by_one() -> None:
    ports = [
        {"containerPort": 80, "hostPort": 80},
        {"containerPort": 53, "hostPort": 53, "protocol": "UDP"},
        {"containerPort": 81, "hostPort": 0},
        {"containerPort": 82, "hostPort": None},
        {"containerPort": 83, "hostPort": "83"},
        {"containerPort": 84, "hostPort": 84.0},
    ]
    text = pod(container(ports=ports), container("other"))
    found = judge("host-port", text)
    assert [finding.evidence for finding in found] == ["80/TCP", "53/UDP", "84/TCP"]
    assert {finding.subject.container for finding in found} == {"web"}
    assert found[1].location.key_path == ("spec", "containers", 0, "ports", 1, "hostPort")
    allowed = judge("host-port", text, parameters={"host-port": {"allowed": ("80", "84")}})
    assert [finding.evidence for finding in allowed] == ["53/UDP"]


def test_host_ports_are_no_finding_of_their_own_under_host_network() -> None:
    ports = [{"containerPort": 80, "hostPort": 80}]
    text = pod(container(ports=ports), hostNetwork=True)
    found = judge(["host-network", "host-port"], text)
    assert [finding.rule.id for finding in found] == ["host-network"]


def test_hosts_of_probes_and_handlers() -> None:
    web = container(
        livenessProbe={"httpGet": {"host": "a", "port": 80}},
        readinessProbe={"tcpSocket": {"host": "b", "port": 80}},
        startupProbe={"httpGet": {"host": "", "port": 80}},
        lifecycle={"preStop": {"httpGet": {"host": "c"}}, "postStart": {"exec": {"command": []}}},
    )
    setup = container("setup", livenessProbe={"httpGet": {"host": "d", "port": 80}})
    found = judge("probe-or-lifecycle-host", pod(web, initContainers=[setup]))
    assert [finding.evidence for finding in found] == ["d", "a", "b", "c"]
    assert found[3].location.key_path[-4:] == ("lifecycle", "preStop", "httpGet", "host")


def test_host_process_of_pod_is_named_once_and_of_containers_each() -> None:
    on = {"windowsOptions": {"hostProcess": True}}
    off = {"windowsOptions": {"hostProcess": False}}
    rule = "host-process-windows"
    (finding,) = judge(rule, pod(container("a"), container("b"), security=on))
    assert finding.location.key_path == ("spec", "securityContext", *on, "hostProcess")
    assert finding.subject.container == ""
    found = judge(rule, pod(container("a", on), container("b", on), container("c")))
    assert [finding.subject.container for finding in found] == ["a", "b"]
    assert not judge(rule, pod(container("a", off), security=on))


@pytest.mark.parametrize(
    ("name", "version", "severity"),
    [
        ("kernel.shm_rmid_forced", "1.20", None),
        ("net/ipv4/tcp_syncookies", "1.36", None),
        ("net.ipv4.ip_local_reserved_ports", "1.26", Severity.MEDIUM),
        ("net.ipv4.ip_local_reserved_ports", "1.27", None),
        ("net.ipv4.tcp_keepalive_time", "1.28", Severity.MEDIUM),
        ("net.ipv4.tcp_keepalive_time", "1.29", None),
        ("net.ipv4.tcp_rmem", "1.31", Severity.MEDIUM),
        ("net.ipv4.tcp_rmem", "1.32", None),
        ("net.ipv4.tcp_notsent_lowat", "1.36", Severity.MEDIUM),
        ("net.ipv4.tcp_notsent_lowat", "1.37", None),
        ("net.core.somaxconn", "1.36", Severity.MEDIUM),
        ("net/core/somaxconn", "1.36", Severity.MEDIUM),
        ("net.ipv4.conf.eth0/1.forwarding", "1.36", Severity.MEDIUM),
        ("kernel.sem", "1.36", Severity.MEDIUM),
        ("fs.mqueue.msg_max", "1.36", Severity.MEDIUM),
        ("vm.swappiness", "1.36", Severity.HIGH),
        ("kernel/core_pattern", "1.36", Severity.HIGH),
    ],
)
def test_sysctls_by_version(name: str, version: str, severity: Severity | None) -> None:
    security = {"sysctls": [{"name": name, "value": "1"}]}
    found = judge("unsafe-sysctls", pod(security=security), kubernetes_version=version)
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])


def test_slashes_in_sysctls_stand_for_dots_and_dots_for_slashes() -> None:
    security = {"sysctls": [{"name": "net/ipv4/conf/eth0.1/forwarding", "value": "1"}]}
    (finding,) = judge("unsafe-sysctls", pod(security=security))
    assert finding.evidence == "net.ipv4.conf.eth0/1.forwarding"


def test_a_team_may_forbid_safe_sysctls() -> None:
    text = pod(security={"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "0"}]})
    parameters: dict[str, dict[str, Any]] = {"unsafe-sysctls": {"forbidden": ("net.ipv4.tcp_",)}}
    (finding,) = judge("unsafe-sysctls", text, parameters=parameters)
    assert finding.location.key_path == ("spec", "securityContext", "sysctls", 0, "name")


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}, 1),
        ({"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"}, 1),
        ({"operator": "Exists"}, 1),
        ({"operator": "Exists", "effect": "NoSchedule"}, 1),
        ({"operator": "Exists", "effect": "NoExecute"}, 0),
        ({"key": "node-role.kubernetes.io/control-plane", "effect": "NoExecute"}, 0),
        ({"key": "node.kubernetes.io/not-ready", "operator": "Exists"}, 0),
        ({}, 0),
    ],
)
def test_tolerations_that_reach_the_control_plane(
    toleration: dict[str, str], expected: int
) -> None:
    assert len(judge("scheduling-control-plane", pod(tolerations=[toleration]))) == expected


def test_placement_is_low_for_agents_and_named_once() -> None:
    both = [
        {"key": "node-role.kubernetes.io/master", "operator": "Exists"},
        {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"},
    ]
    (finding,) = judge("scheduling-control-plane", workload("DaemonSet", tolerations=both))
    assert finding.severity == Severity.LOW
    (finding,) = judge("scheduling-control-plane", workload("Deployment", tolerations=both))
    assert finding.severity == Severity.MEDIUM


def test_naming_or_selecting_nodes() -> None:
    selector = {"node-role.kubernetes.io/control-plane": "", "zone": "a"}
    found = judge("scheduling-control-plane", pod(nodeSelector=selector, nodeName="node-1"))
    assert [finding.severity for finding in found] == [Severity.MEDIUM, Severity.LOW]
    assert found[1].evidence == "node-1"


@pytest.mark.parametrize(
    ("metadata", "status", "expected"),
    [
        ("{name: web}", "null", 1),
        ("{name: web}", "{}", 1),
        ("{name: web}", "{phase: Running}", 0),
        ("{name: web, uid: 1b4e28ba}", "null", 0),
        ("{name: web, ownerReferences: [{kind: ReplicaSet, name: web}]}", "null", 0),
    ],
)
def test_the_scheduler_names_nodes_too(metadata: str, status: str, expected: int) -> None:
    text = f"{{apiVersion: v1, kind: Pod, metadata: {metadata}, status: {status}"
    text += ", spec: {nodeName: node-1, containers: []}}"
    assert len(judge("scheduling-control-plane", text)) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("{name: web}", 1),
        ("{name: web, ownerReferences: []}", 1),
        ("{name: web, ownerReferences: [{kind: ReplicaSet, name: web}]}", 0),
        ("{name: web, annotations: {helm.sh/hook: test}}", 0),
        ("{name: web, annotations: {kubernetes.io/config.mirror: x}}", 0),
        ("{name: etcd, labels: {tier: control-plane}}", 0),
    ],
)
def test_pods_that_nothing_owns(metadata: str, expected: int) -> None:
    text = f"{{apiVersion: v1, kind: Pod, metadata: {metadata}, spec: {{containers: []}}}}"
    assert len(judge("naked-pod", text)) == expected


HOST = (
    "host-network", "host-pid", "host-ipc", "host-users-not-isolated", "host-aliases-set",
    "share-process-namespace", "host-port", "probe-or-lifecycle-host", "host-process-windows",
    "unsafe-sysctls", "scheduling-control-plane", "naked-pod",
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_raise_nothing(odd: Any) -> None:
    web = container(ports=odd, livenessProbe=odd, lifecycle=odd)
    judge(HOST, pod(web, tolerations=odd, nodeSelector=odd, nodeName=odd, security=odd))
    judge(HOST, pod(web, container(), hostAliases=odd, shareProcessNamespace=odd, hostUsers=odd))
    handler = {"httpGet": odd}
    web = container(
        ports=[{"hostPort": odd}, odd], livenessProbe=handler, lifecycle={"preStop": odd}
    )
    security = {"sysctls": odd, "windowsOptions": odd}
    judge(HOST, pod(web, security=security, tolerations=[odd], annotations=odd))
    judge(HOST, pod(security={"sysctls": [{"name": odd}], "windowsOptions": {"hostProcess": odd}}))

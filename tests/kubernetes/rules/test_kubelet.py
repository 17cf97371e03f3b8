"""What the rules about kubelets do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules import cluster
from tests.kubernetes.rules.cluster import configuration, kubeadm, kubelet, static_pod
from tests.kubernetes.support import judge

RULES = (
    "kubelet-anonymous-auth",
    "kubelet-authorization-mode",
    "kubelet-client-ca",
    "kubelet-event-qps",
    "kubelet-hostname-override",
    "kubelet-pod-defaults",
    "kubelet-protect-kernel-defaults",
    "kubelet-read-only-port",
    "kubelet-streaming-timeout",
    "kubelet-tls",
)


def flags(*words: str) -> str:
    return static_pod("kubelet", *words)


def found(text: str) -> list[tuple[str, Severity]]:
    return [(item.rule.id, item.severity) for item in judge(RULES, text)]


def test_what_kubeadm_writes_leaves_these() -> None:
    assert sorted(found(cluster.KUBELET)) == [
        ("kubelet-pod-defaults", Severity.LOW),
        ("kubelet-pod-defaults", Severity.LOW),
        ("kubelet-protect-kernel-defaults", Severity.LOW),
        ("kubelet-tls", Severity.MEDIUM),
    ]
    assert sorted(found(f"{kubeadm()}\n---\n{kubelet()}")) == sorted(found(cluster.KUBELET))


def test_a_kubelet_with_flags_alone_is_open() -> None:
    assert sorted(found(flags("--v=2"))) == [
        ("kubelet-anonymous-auth", Severity.CRITICAL),
        ("kubelet-authorization-mode", Severity.CRITICAL),
        ("kubelet-client-ca", Severity.MEDIUM),
        ("kubelet-pod-defaults", Severity.LOW),
        ("kubelet-pod-defaults", Severity.LOW),
        ("kubelet-protect-kernel-defaults", Severity.LOW),
        ("kubelet-read-only-port", Severity.HIGH),
        ("kubelet-tls", Severity.LOW),
        ("kubelet-tls", Severity.MEDIUM),
    ]


def test_of_a_kubelet_with_a_file_only_its_flags_count() -> None:
    assert not found(flags("--config=/var/lib/kubelet/config.yaml"))
    assert found(flags("--config=/a.yaml", "--anonymous-auth=true")) == [
        ("kubelet-anonymous-auth", Severity.HIGH)
    ]


@pytest.mark.parametrize(
    ("fields", "rule", "expected"),
    [
        ({"authentication": {"anonymous": {"enabled": True}}}, "kubelet-anonymous-auth", 1),
        ({"authentication": {"anonymous": {"enabled": None}}}, "kubelet-anonymous-auth", 0),
        ({"authentication": {}}, "kubelet-anonymous-auth", 0),
        ({"authorization": {"mode": "AlwaysAllow"}}, "kubelet-authorization-mode", 1),
        ({"authorization": {"mode": "Webhook"}}, "kubelet-authorization-mode", 0),
        ({}, "kubelet-authorization-mode", 0),
        ({"readOnlyPort": 10255}, "kubelet-read-only-port", 1),
        ({"readOnlyPort": 0}, "kubelet-read-only-port", 0),
        ({}, "kubelet-read-only-port", 0),
        ({"authentication": {"x509": {"clientCAFile": ""}}}, "kubelet-client-ca", 1),
        ({"rotateCertificates": True, "serverTLSBootstrap": True}, "kubelet-tls", 0),
        (
            {"rotateCertificates": True, "tlsCertFile": "/a", "tlsPrivateKeyFile": "/b"},
            "kubelet-tls",
            0,
        ),
        ({"rotateCertificates": True, "tlsCertFile": "/a"}, "kubelet-tls", 1),
        (
            {
                "rotateCertificates": True,
                "serverTLSBootstrap": True,
                "featureGates": {"RotateKubeletServerCertificate": False},
            },
            "kubelet-tls",
            1,
        ),
        ({"protectKernelDefaults": True}, "kubelet-protect-kernel-defaults", 0),
        (
            {"protectKernelDefaults": True, "makeIPTablesUtilChains": False},
            "kubelet-protect-kernel-defaults",
            1,
        ),
        ({"streamingConnectionIdleTimeout": "0s"}, "kubelet-streaming-timeout", 0),
        ({"eventRecordQPS": 0}, "kubelet-event-qps", 0),
        ({"eventRecordQPS": 4}, "kubelet-event-qps", 1),
        ({"eventRecordQPS": 5}, "kubelet-event-qps", 0),
        ({"eventRecordQPS": -1}, "kubelet-event-qps", 1),
        ({"seccompDefault": True, "podPidsLimit": 100}, "kubelet-pod-defaults", 0),
        ({"seccompDefault": True, "podPidsLimit": -1}, "kubelet-pod-defaults", 1),
        ({"seccompDefault": False, "podPidsLimit": 100}, "kubelet-pod-defaults", 1),
    ],
)
def test_fields(fields: dict[str, Any], rule: str, expected: int) -> None:
    assert len(judge(rule, kubelet(**fields))) == expected


@pytest.mark.parametrize(
    ("flag", "rule", "expected"),
    [
        ("--streaming-connection-idle-timeout=0", "kubelet-streaming-timeout", 1),
        ("--streaming-connection-idle-timeout=0s", "kubelet-streaming-timeout", 1),
        ("--streaming-connection-idle-timeout=5m", "kubelet-streaming-timeout", 0),
        ("--hostname-override=a", "kubelet-hostname-override", 1),
        ("--event-qps=2", "kubelet-event-qps", 1),
        ("--read-only-port=0", "kubelet-read-only-port", 0),
        ("--make-iptables-util-chains=false", "kubelet-protect-kernel-defaults", 1),
        ("--rotate-certificates=false", "kubelet-tls", 1),
        ("--feature-gates=A=true,RotateKubeletServerCertificate=false", "kubelet-tls", 1),
    ],
)
def test_flags(flag: str, rule: str, expected: int) -> None:
    assert len(judge(rule, flags("--config=/a.yaml", flag))) == expected


def test_the_gate_of_the_controller_manager() -> None:
    gate = "--feature-gates=RotateKubeletServerCertificate"
    for value, expected in (("false", 1), ("true", 0)):
        text = static_pod("kube-controller-manager", f"{gate}={value}")
        assert len(judge("kubelet-tls", text)) == expected


def test_the_place_of_a_missing_field() -> None:
    (finding,) = judge("kubelet-client-ca", kubelet())
    assert finding.location.key_path == ("authentication", "x509", "clientCAFile")
    assert finding.subject.kind == "KubeletConfiguration"


def test_arguments_that_kubeadm_gives_to_kubelets() -> None:
    text = configuration(
        "JoinConfiguration",
        "kubeadm.k8s.io/v1beta4",
        nodeRegistration={"kubeletExtraArgs": [{"name": "anonymous-auth", "value": "true"}]},
    )
    assert found(text) == [("kubelet-anonymous-auth", Severity.HIGH)]

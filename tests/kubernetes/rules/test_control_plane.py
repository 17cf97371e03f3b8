"""What the rules about several components do beyond their examples."""

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules import cluster
from tests.kubernetes.rules.cluster import configuration, kubeadm, kubelet, static_pod
from tests.kubernetes.support import judge

RULES = (
    "component-weak-tls",
    "control-plane-bind-address",
    "control-plane-profiling",
    "controller-manager-pod-gc",
    "controller-manager-service-accounts",
)


@pytest.mark.parametrize("text", [cluster.CONTROL_PLANE, kubeadm()])
def test_what_kubeadm_writes_offers_profiling(text: str) -> None:
    found = judge(RULES, text)
    assert {item.rule.id for item in found} == {"control-plane-profiling"}
    assert sorted(item.message for item in found) == [
        "kube-apiserver offers profiling",
        "kube-controller-manager offers profiling",
        "kube-scheduler offers profiling",
    ]


def test_profiling_of_a_scheduler_with_a_file() -> None:
    rule = "control-plane-profiling"
    assert not judge(rule, static_pod("kube-scheduler", "--config=/a.yaml", "--profiling=true"))
    group = "kubescheduler.config.k8s.io/v1"
    (finding,) = judge(rule, configuration("KubeSchedulerConfiguration", group))
    assert finding.location.key_path == ("enableProfiling",)
    assert finding.remedy == "Set enableProfiling to false."
    off = configuration("KubeSchedulerConfiguration", group, enableProfiling=False)
    assert not judge(RULES, off)


@pytest.mark.parametrize(
    ("name", "flags", "found"),
    [
        ("kube-scheduler", ["--bind-address=127.0.0.1"], 0),
        ("kube-scheduler", ["--bind-address", "::1"], 0),
        ("kube-scheduler", ["--bind-address=192.0.2.1"], 1),
        ("kube-scheduler", [], 1),
        ("kube-scheduler", ["--bind-address=$(IP)"], 0),
        ("kube-controller-manager", [], 1),
        ("kube-apiserver", ["--bind-address=0.0.0.0"], 0),
        ("kube-proxy", [], 0),
        ("kube-proxy", ["--metrics-bind-address=0.0.0.0:10249"], 1),
        ("kube-proxy", ["--metrics-bind-address=[::1]:10249"], 0),
    ],
)
def test_addresses(name: str, flags: list[str], found: int) -> None:
    assert len(judge("control-plane-bind-address", static_pod(name, *flags))) == found


def test_the_metrics_of_kube_proxy() -> None:
    group = "kubeproxy.config.k8s.io/v1alpha1"
    rule = "control-plane-bind-address"
    text = configuration("KubeProxyConfiguration", group, metricsBindAddress="0.0.0.0:10249")
    (finding,) = judge(rule, text)
    assert finding.location.key_path == ("metricsBindAddress",)
    assert not judge(rule, configuration("KubeProxyConfiguration", group, metricsBindAddress=""))


@pytest.mark.parametrize(
    ("cipher", "severity"),
    [
        ("TLS_AES_128_GCM_SHA256", None),
        ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", None),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Severity.LOW),
        ("TLS_RSA_WITH_AES_128_GCM_SHA256", Severity.LOW),
        ("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", Severity.MEDIUM),
        ("TLS_RSA_WITH_RC4_128_SHA", Severity.MEDIUM),
    ],
)
def test_ciphers(cipher: str, severity: Severity | None) -> None:
    strong = "TLS_AES_256_GCM_SHA384"
    for text in (
        static_pod("kube-apiserver", f"--tls-cipher-suites={strong}, {cipher}"),
        static_pod(
            "kube-scheduler", f"--tls-cipher-suites={strong}", "--tls-cipher-suites", cipher
        ),
        static_pod("etcd", f"--cipher-suites={strong},{cipher}"),
        kubelet(tlsCipherSuites=[strong, cipher]),
    ):
        found = judge("component-weak-tls", text)
        assert [item.severity for item in found] == [severity] * (severity is not None)


def test_versions_of_tls() -> None:
    rule = "component-weak-tls"
    assert judge(rule, static_pod("kube-apiserver", "--tls-min-version=VersionTLS11"))
    assert not judge(rule, static_pod("kube-apiserver", "--tls-min-version=VersionTLS12"))
    assert judge(rule, kubelet(tlsMinVersion="VersionTLS10"))


def test_a_bare_controller_manager() -> None:
    found = judge("controller-manager-service-accounts", static_pod("kube-controller-manager"))
    assert [item.severity for item in found] == [Severity.MEDIUM, Severity.LOW, Severity.LOW]
    assert len({item.evidence for item in found}) == 3


@pytest.mark.parametrize(("value", "found"), [("0", 1), ("-1", 1), ("1", 0), ("x", 0), ("", 0)])
def test_removal_of_pods(value: str, found: int) -> None:
    flag = f"--terminated-pod-gc-threshold={value}"
    text = static_pod("kube-controller-manager", flag)
    assert len(judge("controller-manager-pod-gc", text)) == found

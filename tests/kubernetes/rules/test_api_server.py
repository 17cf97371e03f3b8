"""What the rules about the API server do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules import cluster
from tests.kubernetes.rules.cluster import configuration, kubeadm, static_pod
from tests.kubernetes.rules.manifests import ODD
from tests.kubernetes.support import judge

GROUP = "apiserver.config.k8s.io/v1"
RULES = (
    "apiserver-admission-plugins",
    "apiserver-admission-plugins-optional",
    "apiserver-anonymous-auth",
    "apiserver-authorization-mode",
    "apiserver-insecure-port",
    "apiserver-request-timeout",
    "apiserver-service-account-tokens",
    "apiserver-tls",
    "apiserver-token-auth-file",
)


def server(*flags: str, **fields: Any) -> str:
    return static_pod("kube-apiserver", *flags, **fields)


def messages(rule: str, text: str, **options: Any) -> list[str]:
    return [finding.message for finding in judge(rule, text, **options)]


def test_what_kubeadm_writes_leaves_these() -> None:
    found = judge(RULES, cluster.CONTROL_PLANE)
    assert sorted((item.rule.id, item.message) for item in found) == [
        ("apiserver-admission-plugins-optional", "does not enable the plugin AlwaysPullImages"),
        (
            "apiserver-admission-plugins-optional",
            "does not enable the plugin DenyServiceExternalIPs",
        ),
        ("apiserver-admission-plugins-optional", "does not enable the plugin EventRateLimit"),
        ("apiserver-anonymous-auth", "serves anonymous requests"),
        ("apiserver-service-account-tokens", "accepts service account tokens for a year"),
        ("apiserver-tls", "does not check the certificates of kubelets"),
    ]
    same = judge(RULES, kubeadm())
    assert {(item.rule.id, item.message) for item in same} == {
        (item.rule.id, item.message) for item in found
    }


def test_the_subject_and_place_are_those_of_the_container() -> None:
    (finding,) = judge("apiserver-anonymous-auth", server("--v=2", "--anonymous-auth=1"))
    assert finding.subject.container == "kube-apiserver"
    assert finding.location.key_path == ("spec", "containers", 0, "command", 2)
    (finding,) = judge("apiserver-anonymous-auth", kubeadm())
    assert finding.location.key_path == ("apiServer", "extraArgs")


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_said_of_flags_in_variables(rule: str) -> None:
    script = ["sh", "-c", "exec kube-apiserver $FLAGS"]
    assert not judge(rule, server(command=script))


@pytest.mark.parametrize("odd", ODD)
def test_odd_objects_never_raise(odd: Any) -> None:
    for kind, field in (
        ("AuthenticationConfiguration", "anonymous"),
        ("AuthorizationConfiguration", "authorizers"),
        ("AdmissionConfiguration", "plugins"),
    ):
        judge(RULES, configuration(kind, GROUP, **{field: odd}))
        judge(RULES, configuration(kind, GROUP, **{field: [odd, {"type": odd, "name": odd}]}))


# Anonymous requests ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "severity"),
    [
        (["--authorization-mode=RBAC"], Severity.MEDIUM),
        (["--authorization-mode=RBAC,AlwaysAllow"], Severity.CRITICAL),
        ([], Severity.CRITICAL),
        (["--authorization-config=/a.yaml"], Severity.MEDIUM),
    ],
)
def test_anonymous_and_allowed_is_critical(flags: list[str], severity: Severity) -> None:
    (finding,) = judge("apiserver-anonymous-auth", server(*flags))
    assert finding.severity == severity


def test_the_authentication_file_decides_of_anonymous_requests() -> None:
    rule = "apiserver-anonymous-auth"
    assert not judge(rule, server("--authentication-config=/a.yaml"))
    kind = "AuthenticationConfiguration"

    def of(**anonymous: Any) -> list[str]:
        return messages(rule, configuration(kind, GROUP, anonymous=anonymous))

    health = [{"path": path} for path in ("/livez", "/readyz", "/healthz")]
    assert of(enabled=True) == ["allows anonymous requests"]
    assert not of(enabled=False)
    assert not of(enabled=True, conditions=health)
    assert of(enabled=True, conditions=[*health, {"path": "/version"}])
    assert not judge(rule, configuration(kind, "example.org/v1", anonymous={"enabled": True}))


# Authorisation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], [("AlwaysAllow", Severity.CRITICAL)]),
        (["--authorization-mode="], [("AlwaysAllow", Severity.CRITICAL)]),
        (["--authorization-config=/a.yaml"], []),
        (["--authorization-mode=AlwaysAllow"], [("AlwaysAllow", Severity.CRITICAL)]),
        (["--authorization-mode", "Node,RBAC"], []),
        (["--authorization-mode=Node", "--authorization-mode=RBAC"], []),
        (["--authorization-mode=RBAC"], [("Node", Severity.MEDIUM)]),
        (["--authorization-mode=Node"], [("RBAC", Severity.HIGH)]),
        (["--authorization-mode=Node,Webhook"], [("RBAC", Severity.LOW)]),
        (["--authorization-mode=ABAC"], [("RBAC", Severity.HIGH), ("Node", Severity.MEDIUM)]),
        (["--authorization-mode=$(MODES)"], []),
    ],
)
def test_authorization_modes(flags: list[str], expected: list[tuple[str, Severity]]) -> None:
    found = judge("apiserver-authorization-mode", server(*flags))
    assert [(item.evidence, item.severity) for item in found] == expected


def test_the_authorization_file() -> None:
    def of(*types: str) -> list[tuple[str, tuple[str | int, ...]]]:
        text = configuration(
            "AuthorizationConfiguration", GROUP, authorizers=[{"type": type_} for type_ in types]
        )
        found = judge("apiserver-authorization-mode", text)
        return [(item.evidence, item.location.key_path) for item in found]

    assert not of("Node", "RBAC")
    assert of("Node") == [("RBAC", ("authorizers",))]
    assert of("Node", "AlwaysAllow") == [("AlwaysAllow", ("authorizers", 1, "type"))]


# Admission ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--enable-admission-plugins=NodeRestriction"], []),
        ([], ["does not enable the plugin NodeRestriction"]),
        (
            ["--enable-admission-plugins=AlwaysAdmit,NodeRestriction"],
            ["enables the plugin AlwaysAdmit"],
        ),
        (
            [
                "--enable-admission-plugins=NodeRestriction",
                "--disable-admission-plugins=X,PodSecurity",
            ],
            ["disables the plugin PodSecurity"],
        ),
        (["--admission-control=NamespaceLifecycle,ServiceAccount,NodeRestriction"], []),
        (
            ["--admission-control=NodeRestriction"],
            [
                "does not enable the plugin NamespaceLifecycle",
                "does not enable the plugin ServiceAccount",
            ],
        ),
        (["--enable-admission-plugins=$(PLUGINS)"], []),
    ],
)
def test_admission_plugins(flags: list[str], expected: list[str]) -> None:
    assert messages("apiserver-admission-plugins", server(*flags)) == expected


def test_always_admit_alone_is_high() -> None:
    found = judge("apiserver-admission-plugins", server("--admission-control=AlwaysAdmit"))
    assert found[0].severity == Severity.HIGH


def test_the_image_policy_webhook_must_not_admit_by_default() -> None:
    def of(**policy: Any) -> list[str]:
        plugin = {"name": "ImagePolicyWebhook", "configuration": {"imagePolicy": policy}}
        text = configuration("AdmissionConfiguration", GROUP, plugins=[plugin])
        return messages("apiserver-admission-plugins", text)

    assert of(defaultAllow=True) == ["admits images when the image policy webhook does not answer"]
    assert not of(defaultAllow=False)
    assert not of()


def test_optional_plugins_are_those_a_team_wants() -> None:
    rule = "apiserver-admission-plugins-optional"
    flag = "--enable-admission-plugins=AlwaysPullImages"
    assert len(judge(rule, server(flag))) == 2
    assert not judge(rule, server(flag), parameters={rule: {"wanted": ("AlwaysPullImages",)}})


# Certificates, ports, tokens, time ------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("--kubelet-https", "false", "talks to kubelets without TLS"),
        ("--tls-private-key-file", "", "serves a certificate that it makes itself"),
        ("--client-ca-file", "", "trusts no authority for client certificates"),
        ("--etcd-cafile", "", "has no authority to check etcd's certificate with"),
        ("--etcd-keyfile", "", "shows etcd no certificate of its own"),
        ("--kubelet-client-key", "", "shows kubelets no certificate of its own"),
        ("--etcd-servers", "http://192.0.2.1:2379", "talks to etcd without TLS"),
    ],
)
def test_certificates(flag: str, value: str, expected: str) -> None:
    good = (*cluster.API_SERVER, "--kubelet-certificate-authority=/ca.crt")
    assert not judge("apiserver-tls", server(*good))
    assert messages("apiserver-tls", server(*good, f"{flag}={value}")) == [expected]


def test_plain_http_to_etcd_on_the_same_host() -> None:
    flags = [flag for flag in cluster.API_SERVER if "etcd" not in flag]
    flags += ["--kubelet-certificate-authority=/ca.crt", "--etcd-servers=http://127.0.0.1:2379"]
    assert not judge("apiserver-tls", server(*flags))


@pytest.mark.parametrize(
    ("flags", "image", "expected"),
    [
        (["--insecure-port=0"], "", []),
        (["--insecure-port=8080"], "", [Severity.CRITICAL]),
        ([], "v1.34.2", []),
        ([], "v1.19.1", [Severity.HIGH]),
        (["--insecure-port=0"], "v1.19.1", []),
        (["--insecure-port=0", "--insecure-bind-address=0.0.0.0"], "v1.19.1", []),
        (
            ["--insecure-port=1", "--insecure-bind-address=127.0.0.1"],
            "",
            [Severity.CRITICAL, Severity.HIGH],
        ),
        (["--secure-port=0"], "", [Severity.HIGH]),
        (["--secure-port", "6443"], "", []),
    ],
)
def test_insecure_ports(flags: list[str], image: str, expected: list[Severity]) -> None:
    fields = {"image": f"registry.example.org/kube-apiserver:{image}"} if image else {}
    found = judge("apiserver-insecure-port", server(*flags, **fields))
    assert [item.severity for item in found] == expected


def test_kubeadm_never_opens_the_insecure_port() -> None:
    assert not judge("apiserver-insecure-port", kubeadm(kubernetesVersion="v1.18.0"))


def test_credentials_from_files() -> None:
    rule = "apiserver-token-auth-file"
    assert messages(rule, server("--basic-auth-file=/a.csv")) == ["takes passwords from a file"]
    assert messages(rule, server("--token-auth-file=$(FILE)")) == ["takes tokens from a file"]
    assert not judge(rule, server("--token-auth-file="))


def test_service_account_tokens() -> None:
    good = ("--service-account-key-file=/k", "--service-account-extend-token-expiration=false")
    rule = "apiserver-service-account-tokens"
    assert not judge(rule, server(*good))
    (finding,) = judge(rule, server(*good, "--service-account-lookup=F"))
    assert finding.severity == Severity.MEDIUM
    assert len(judge(rule, server())) == 2


@pytest.mark.parametrize(
    ("value", "found"),
    [("1m0s", 0), ("300s", 0), ("301s", 1), ("0", 1), ("soon", 1), ("", 0), ("$(TIME)", 0)],
)
def test_request_timeouts(value: str, found: int) -> None:
    assert len(judge("apiserver-request-timeout", server(f"--request-timeout={value}"))) == found


def test_another_maximum_for_requests() -> None:
    rule = "apiserver-request-timeout"
    text = server("--request-timeout=1h")
    assert judge(rule, text)
    assert not judge(rule, text, parameters={rule: {"maximum": 3600}})

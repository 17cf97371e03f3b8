"""What the rules about etcd and encryption do beyond their examples."""

import base64
from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules import cluster
from tests.kubernetes.rules.cluster import configuration, kubeadm, static_pod
from tests.kubernetes.rules.manifests import ODD
from tests.kubernetes.support import judge

RULES = (
    "etcd-auto-tls",
    "etcd-encryption-key-in-manifest",
    "etcd-encryption-missing",
    "etcd-shared-ca",
    "etcd-tls-client",
    "etcd-tls-peer",
)
GROUP = "apiserver.config.k8s.io/v1"
KMS = {"kms": {"apiVersion": "v2", "name": "vault", "endpoint": "unix:///kms.sock"}}


def etcd(*flags: str, **fields: Any) -> str:
    return static_pod("etcd", *flags, **fields)


def encryption(*entries: Any, group: str = GROUP) -> str:
    return configuration("EncryptionConfiguration", group, resources=list(entries))


def entry(*providers: Any, resources: Any = ("secrets",)) -> dict[str, Any]:
    return {"resources": list(resources), "providers": list(providers)}


@pytest.mark.parametrize("text", [cluster.CONTROL_PLANE, kubeadm()])
def test_what_kubeadm_writes_encrypts_nothing(text: str) -> None:
    (finding,) = judge(RULES, text)
    assert finding.rule.id == "etcd-encryption-missing"


@pytest.mark.parametrize(
    ("rule", "prefix", "whom"),
    [("etcd-tls-client", "", "clients"), ("etcd-tls-peer", "peer-", "peers")],
)
def test_both_sides_of_etcd(rule: str, prefix: str, whom: str) -> None:
    files = [f"--{prefix}cert-file=/a", f"--{prefix}key-file=/b"]
    auth = [f"--{prefix}client-cert-auth"]

    def of(*flags: str, **fields: Any) -> list[str]:
        return [item.message for item in judge(rule, etcd(*flags, **fields))]

    assert of() == [f"speaks to {whom} without TLS", f"asks {whom} for no certificate"]
    assert of(*files) == [f"asks {whom} for no certificate"]
    assert of(*files, *auth) == []
    assert of(*files, f"--{prefix}client-cert-auth=false") == [f"asks {whom} for no certificate"]
    # etcd asks for certificates as soon as it has an authority for them.
    assert of(*files, f"--{prefix}trusted-ca-file=/ca") == []
    assert of(*files[:1], *auth) == [f"speaks to {whom} without TLS"]
    assert of(f"--{prefix}auto-tls", *auth) == []
    listen = f"--listen-{whom.removesuffix('s')}-urls"
    assert of(*files, *auth, f"{listen}=https://a:1,http://b:1") == [
        f"takes {whom} without TLS on http://b:1"
    ]
    env = [
        {"name": flag[2:].split("=")[0].upper().replace("-", "_"), "value": "x"} for flag in files
    ]
    env = [{"name": f"ETCD_{item['name']}", "value": item["value"]} for item in env]
    assert of(*auth, env=env) == []


def test_etcd_on_loopback_is_medium() -> None:
    found = judge("etcd-tls-client", etcd("--listen-client-urls=http://127.0.0.1:2379"))
    assert {item.severity for item in found} == {Severity.MEDIUM}
    urls = "--listen-client-urls=http://127.0.0.1:2379,http://192.0.2.1:2379"
    assert {item.severity for item in judge("etcd-tls-client", etcd(urls))} == {Severity.HIGH}


def test_certificates_that_etcd_makes() -> None:
    found = judge("etcd-auto-tls", etcd("--auto-tls", "--peer-auto-tls=true"))
    assert len(found) == 2
    assert not judge("etcd-auto-tls", etcd("--auto-tls=false"))


def test_an_authority_for_both() -> None:
    server = static_pod("kube-apiserver", "--client-ca-file=/ca.crt", "--etcd-cafile=/etcd.crt")
    rule = "etcd-shared-ca"
    assert not judge(rule, f"{server}\n---\n{etcd('--trusted-ca-file=/etcd.crt')}")
    (finding,) = judge(rule, f"{server}\n---\n{etcd('--trusted-ca-file=/ca.crt')}")
    assert finding.subject.name == "etcd"
    assert not judge(rule, etcd("--trusted-ca-file=/ca.crt"))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(KMS, {"identity": {}})], []),
        ([entry({"identity": {}}, KMS)], ["stores Secrets without encryption"]),
        ([entry({"identity": None})], ["stores Secrets without encryption"]),
        ([], ["encrypts no Secrets"]),
        ([entry(KMS, resources=["configmaps"])], ["encrypts no Secrets"]),
        ([entry(KMS, resources=["configmaps"]), entry(KMS)], []),
        ([entry(KMS, resources=["*.*"])], []),
        ([entry({"identity": {}}, resources=["*."])], ["stores Secrets without encryption"]),
        ([entry({"identity": {}}), entry(KMS)], ["stores Secrets without encryption"]),
        ([entry(KMS), entry({"identity": {}}, resources=["*.*"])], []),
    ],
)
def test_encryption(entries: list[Any], expected: list[str]) -> None:
    found = judge("etcd-encryption-missing", encryption(*entries))
    assert [item.message for item in found] == expected
    assert not judge("etcd-encryption-missing", encryption(*entries, group="example.org/v1"))


def test_encryption_of_a_server() -> None:
    rule = "etcd-encryption-missing"
    for flag in ("encryption-provider-config", "experimental-encryption-provider-config"):
        assert not judge(rule, static_pod("kube-apiserver", f"--{flag}=/a.yaml"))
    assert judge(rule, static_pod("kube-apiserver"))


@pytest.mark.parametrize(
    ("secret", "found"),
    [
        (base64.b64encode(bytes(range(16))).decode(), 1),
        (base64.b64encode(bytes(range(24))).decode(), 1),
        (base64.b64encode(bytes(range(32))).decode(), 1),
        (base64.b64encode(bytes(range(20))).decode(), 0),
        ("<BASE 64 ENCODED SECRET>", 0),
        ("${ENCRYPTION_KEY}", 0),
        ("ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]", 0),
        ("", 0),
    ],
)
def test_keys(secret: str, found: int) -> None:
    keys = {"keys": [{"name": "key1", "secret": secret}]}
    text = encryption(entry({"aescbc": keys}))
    findings = judge("etcd-encryption-key-in-manifest", text)
    assert len(findings) == found
    for finding in findings:
        assert secret not in finding.message
        assert secret not in finding.evidence


@pytest.mark.parametrize("odd", ODD)
def test_odd_objects_never_raise(odd: Any) -> None:
    judge(RULES, configuration("EncryptionConfiguration", GROUP, resources=odd))
    judge(RULES, encryption(odd, entry(odd), {"resources": odd, "providers": odd}))
    judge(RULES, encryption(entry({"aescbc": odd}), entry({"aescbc": {"keys": [odd]}})))

"""What rules about network policies do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.relations import obj, pod, policy, stream, workload
from tests.kubernetes.support import judge

BOTH = ["Ingress", "Egress"]
WEB = {"matchLabels": {"app": "web"}}
OTHER = {"matchLabels": {"app": "other"}}
NAMESPACE = obj("Namespace", "default")


def cilium(kind: str = "CiliumNetworkPolicy", **spec: Any) -> Any:
    return obj(kind, spec=spec)


def calico(kind: str = "NetworkPolicy", **spec: Any) -> Any:
    return obj(kind, version="projectcalico.org/v3", spec=spec)


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        (policy(WEB, policyTypes=BOTH), ""),
        (policy({}, policyTypes=BOTH), ""),
        (obj("NetworkPolicy", spec={"policyTypes": BOTH}), ""),
        (policy(WEB), "egress"),  # without policyTypes: ingress
        (policy(WEB, egress=[{}]), ""),  # and egress where there are rules for it
        (policy(WEB, policyTypes=["Ingress"], egress=[{}]), "egress"),
        (policy(WEB, policyTypes=["Egress"]), "ingress"),
        (policy(OTHER, policyTypes=BOTH), "no network policy"),
        (policy(WEB, policyTypes=BOTH, namespace="other"), "no network policy"),
        (policy({"matchExpressions": [{"key": "app", "operator": "Bad"}]}), "no network policy"),
        (cilium(endpointSelector={}, ingress=[{}], egress=[{}]), ""),
        (cilium(endpointSelector={}, ingress=[{}]), "egress"),
        (cilium(endpointSelector={}, ingressDeny=[{}], egressDeny=[{}]), ""),
        (cilium(endpointSelector={}, ingress=[], egress=[]), "no network policy"),
        (
            cilium(
                endpointSelector={},
                ingress=[{}],
                egress=[{}],
                enableDefaultDeny={"ingress": False},
            ),
            "ingress",
        ),
        (cilium(endpointSelector=WEB, ingress=[{}], egress=[{}]), ""),
        (
            cilium(endpointSelector={"matchLabels": {"k8s:app": "web"}}, ingress=[{}], egress=[{}]),
            "",
        ),
        (cilium(endpointSelector=OTHER, ingress=[{}], egress=[{}]), "no network policy"),
        (
            cilium(
                "CiliumClusterwideNetworkPolicy",
                endpointSelector={
                    "matchLabels": {
                        "k8s:io.kubernetes.pod.namespace": "default",
                        "io.cilium.k8s.policy.serviceaccount": "web",
                    }
                },
                ingress=[{}],
                egress=[{}],
            ),
            "",
        ),
        (
            cilium(
                "CiliumClusterwideNetworkPolicy",
                endpointSelector={"matchLabels": {"io.kubernetes.pod.namespace": "other"}},
                ingress=[{}],
                egress=[{}],
            ),
            "no network policy",
        ),
        (cilium("CiliumClusterwideNetworkPolicy", nodeSelector={}, ingress=[{}]), "no network"),
        (
            obj(
                "CiliumNetworkPolicy",
                specs=[
                    {"endpointSelector": {}, "ingress": [{}]},
                    {"endpointSelector": WEB, "egress": [{}]},
                ],
            ),
            "",
        ),
        (calico(types=BOTH), ""),
        (calico(types=["Ingress"], selector="all()"), "egress"),
        (calico(types=BOTH, selector="app == 'web'"), ""),
        (calico(types=BOTH, selector='app == "other"'), "no network policy"),
        (calico(types=BOTH, selector="has(app) && app == 'web'"), ""),
        (calico(types=BOTH, selector="has(tier)"), "no network policy"),
        (calico(types=BOTH, selector="app in {'other'}"), ""),  # not decided: read widely
        (calico(types=BOTH, selector="app == 'other' || app == 'web'"), ""),
        (calico(egress=[{}]), "ingress"),
        (calico(), "egress"),
        (calico("GlobalNetworkPolicy", types=BOTH), ""),
        (
            calico(
                "GlobalNetworkPolicy",
                types=BOTH,
                selector="projectcalico.org/namespace == 'other'",
            ),
            "no network policy",
        ),
        (obj("AdminNetworkPolicy", spec={"ingress": [{}], "egress": [{}]}), ""),
        (obj("NetworkPolicy", version="crd.antrea.io/v1beta1", spec={"ingress": [{}]}), "egress"),
    ],
)
def test_policies_of_every_kind_isolate(document: Any, missing: str) -> None:
    found = judge("network-policy-missing", stream(NAMESPACE, pod(), document))
    assert len(found) == bool(missing)
    assert all(missing in finding.message for finding in found)


def test_open_egress_is_the_lesser_fault() -> None:
    found = judge("network-policy-missing", stream(pod(), policy(WEB)))
    assert [finding.severity for finding in found] == [Severity.LOW]
    found = judge("network-policy-missing", stream(pod(), policy(WEB, policyTypes=["Egress"])))
    assert [finding.severity for finding in found] == [Severity.MEDIUM]


def test_two_policies_add_up() -> None:
    text = stream(pod(), policy(WEB, policyTypes=["Ingress"]), policy({}, policyTypes=["Egress"]))
    assert not judge("network-policy-missing", text)


@pytest.mark.parametrize(
    ("documents", "complete", "confidence"),
    [
        ([pod()], True, Confidence.HIGH),
        ([pod()], False, None),
        ([pod(), NAMESPACE], False, Confidence.LOW),
        ([pod(), policy(OTHER)], False, Confidence.LOW),
        ([pod(), cilium(endpointSelector=OTHER)], False, Confidence.LOW),
        ([pod(hostNetwork=True), NAMESPACE], True, None),
    ],
)
def test_quiet_where_the_network_is_not_told_of(
    documents: Any, complete: bool, confidence: Confidence | None
) -> None:
    found = judge("network-policy-missing", stream(*documents), complete=complete)
    assert [finding.confidence for finding in found] == ([] if confidence is None else [confidence])


def test_a_policy_in_unreadable_text_may_be_the_missing_one() -> None:
    opaque = ("kind: NetworkPolicy\n{{ x }}",)
    assert not judge("network-policy-missing", stream(NAMESPACE, pod()), opaque=opaque)
    assert not judge("network-policy-missing-ns", stream(NAMESPACE), opaque=opaque)


@pytest.mark.parametrize(
    ("documents", "missing"),
    [
        ([], "ingress or egress"),
        ([policy({}, policyTypes=BOTH)], ""),
        ([policy({}, policyTypes=["Ingress"])], "egress"),
        ([policy({}, policyTypes=["Egress"])], "ingress"),
        ([policy(WEB, policyTypes=BOTH)], "ingress or egress"),
        ([policy({}, policyTypes=BOTH, namespace="other")], "ingress or egress"),
        ([pod()], ""),  # the pod is reported instead
        ([pod(hostNetwork=True)], "ingress or egress"),
        ([pod(), policy(WEB, policyTypes=BOTH)], "ingress or egress"),
        ([calico("GlobalNetworkPolicy", types=BOTH)], ""),
        ([cilium(endpointSelector={}, ingress=[{}], egress=[{}])], ""),
    ],
)
def test_namespaces_deny_by_default(documents: Any, missing: str) -> None:
    found = judge("network-policy-missing-ns", stream(NAMESPACE, *documents))
    assert len(found) == bool(missing)
    assert all(f"denies {missing} by" in finding.message for finding in found)


def test_the_clusters_own_namespaces_are_left_alone() -> None:
    text = stream(obj("Namespace", "kube-system"))
    assert not judge(
        ["network-policy-missing-ns", "resource-quota-missing", "limit-range-missing"], text
    )


@pytest.mark.parametrize(
    ("documents", "reported"),
    [
        ([policy({})], False),  # D16
        ([policy({"matchLabels": {}})], False),
        ([obj("NetworkPolicy", spec={})], False),
        ([policy(WEB)], True),
        ([policy(WEB), pod()], False),
        ([policy(WEB), pod(namespace="other")], True),
        ([policy(WEB), workload("Job")], False),
        ([policy({"matchExpressions": [{"key": "app", "operator": "Exists"}]}), pod()], False),
        ([calico(selector="app == 'x'")], False),  # not Kubernetes' own kind
    ],
)
def test_policies_select_pods(documents: Any, reported: bool) -> None:
    assert bool(judge("network-policy-dangling", stream(*documents))) == reported


def test_labels_in_unreadable_text_are_not_missing() -> None:
    rules = ["network-policy-dangling", "network-policy-peer-dangling"]
    text = stream(policy(WEB, ingress=[{"from": [{"podSelector": WEB}]}]))
    assert not judge(rules, text, opaque=("app: web\nimage: {{ x }}",))
    assert len(judge(rules, text, opaque=("app: other",))) == 2


@pytest.mark.parametrize(
    ("spec", "places"),
    [
        ({"ingress": [{"from": [{"podSelector": WEB}]}]}, []),
        ({"ingress": [{"from": [{"podSelector": OTHER}]}]}, [("ingress", 0, "from", 0)]),
        (
            {"ingress": [{"from": [{"podSelector": {}}, {"podSelector": OTHER}]}]},
            [("ingress", 0, "from", 1)],
        ),
        ({"egress": [{}, {"to": [{"podSelector": OTHER}]}]}, [("egress", 1, "to", 0)]),
        ({"ingress": [{"from": [{"podSelector": OTHER, "namespaceSelector": {}}]}]}, []),
        ({"ingress": [{"from": [{"podSelector": OTHER, "namespaceSelector": None}]}]}, [...]),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}, []),
        ({"ingress": [{"from": "web"}], "egress": None}, []),
    ],
)
def test_peers_exist(spec: Any, places: Any) -> None:
    found = judge("network-policy-peer-dangling", stream(policy({}, **spec), pod()))
    assert len(found) == len(places)
    for finding, place in zip(found, places, strict=True):
        assert place is ... or finding.location.key_path == ("spec", *place, "podSelector")


@pytest.mark.parametrize(
    ("spec", "severities"),
    [
        ({"ingress": []}, []),
        ({"ingress": [{}]}, [Severity.MEDIUM]),
        ({"ingress": [{"from": []}]}, [Severity.MEDIUM]),
        ({"ingress": [None]}, []),
        ({"ingress": [{"ports": [{"port": 80}]}]}, [Severity.LOW]),
        ({"egress": [{}]}, [Severity.MEDIUM]),
        ({"egress": [{"ports": [{"port": 443}]}]}, [Severity.LOW]),
        ({"egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}]}, []),
        ({"egress": [{"ports": [{"port": "dns"}]}]}, []),
        ({"egress": [{"ports": [{"port": 53}, {}]}]}, [Severity.LOW]),
        ({"egress": [{}], "policyTypes": ["Ingress"]}, []),
        ({"ingress": [{}], "policyTypes": ["Egress"]}, []),
        ({"ingress": [{"from": [{"namespaceSelector": {}}]}]}, [Severity.LOW]),
        ({"ingress": [{"from": [{"namespaceSelector": {}, "podSelector": {}}]}]}, [Severity.LOW]),
        ({"ingress": [{"from": [{"namespaceSelector": {}, "podSelector": WEB}]}]}, []),
        ({"ingress": [{"from": [{"podSelector": {}}]}]}, []),
        ({"egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 53}]}]}, []),
    ],
)
def test_policies_that_let_everything_through(spec: Any, severities: list[Severity]) -> None:
    found = judge("network-policy-allow-all", stream(policy(WEB, **spec)))
    assert [finding.severity for finding in found] == severities


@pytest.mark.parametrize(("ports", "ends"), [([], "cluster"), ([{"port": 80}], "on its ports")])
def test_ports_are_said_of_peers_too(ports: Any, ends: str) -> None:
    rule = {"from": [{"namespaceSelector": {}}], "ports": ports}
    (finding,) = judge("network-policy-allow-all", stream(policy(WEB, ingress=[rule])))
    assert finding.message.endswith(ends)


def block(cidr: Any, *excepted: str) -> Any:
    return {"ipBlock": {"cidr": cidr, "except": list(excepted)}}


@pytest.mark.parametrize(
    ("spec", "severities"),
    [
        ({"ingress": [{"from": [block("0.0.0.0/0")]}]}, [Severity.HIGH]),
        ({"ingress": [{"from": [block("::/0")]}]}, [Severity.HIGH]),
        ({"ingress": [{"from": [block("0.0.0.0/1"), block("128.0.0.0/1")]}]}, [Severity.HIGH] * 2),
        (
            {"ingress": [{"from": [block("0.0.0.0/0")], "ports": [{"port": 80}]}]},
            [Severity.MEDIUM],
        ),
        ({"egress": [{"to": [block("0.0.0.0/0")]}]}, [Severity.MEDIUM]),
        ({"egress": [{"to": [block("0.0.0.0/0")], "ports": [{"port": 80}]}]}, [Severity.LOW]),
        ({"egress": [{"to": [block("0.0.0.0/0")]}], "policyTypes": ["Ingress"]}, []),
        ({"ingress": [{"from": [block("10.0.0.0/8")]}]}, []),
        ({"ingress": [{"from": [block("10.0.0.0/10")]}]}, []),
        ({"ingress": [{"from": [block(None)]}]}, []),
    ],
)
def test_policies_that_let_the_world_through(spec: Any, severities: list[Severity]) -> None:
    found = judge("network-policy-world", stream(policy(WEB, **spec)))
    assert [finding.severity for finding in found] == severities


@pytest.mark.parametrize(
    ("peer", "ports", "reported"),
    [
        (block("0.0.0.0/0"), [], True),
        (block("0.0.0.0/0", "169.254.169.254/32"), [], False),
        (block("0.0.0.0/0", "10.0.0.0/8", "169.254.0.0/16"), [], False),
        (block("0.0.0.0/0", "10.0.0.0/8"), [], True),
        (block("169.254.169.254/32"), [], True),
        (block("128.0.0.0/1"), [], True),
        (block("0.0.0.0/1"), [], False),
        (block("169.254.169.253/32"), [], False),
        (block("169.254.169.254"), [], False),
        (block("169.254.169.254/33"), [], False),
        (block("::/0"), [], False),
        (block("a.b.c.d/0"), [], False),
        (block("0.0.0.0/0"), [{"port": 443}], False),
        (block("0.0.0.0/0"), [{"port": 443}, {"port": 80}], True),
        (block("0.0.0.0/0"), [{"port": 1, "endPort": 65535}], True),
        (block("0.0.0.0/0"), [{"port": 81, "endPort": 65535}], False),
        (block("0.0.0.0/0"), [{"port": "http"}], False),
        (block("0.0.0.0/0"), [{"protocol": "TCP"}], True),
        (block("0.0.0.0/0"), [{"protocol": "UDP"}], False),
    ],
)
def test_the_metadata_service(peer: Any, ports: Any, reported: bool) -> None:
    text = stream(policy(WEB, egress=[{"to": [peer], "ports": ports}]))
    assert bool(judge("network-policy-metadata-reachable", text)) == reported


def test_ingress_from_the_metadata_service_is_no_egress() -> None:
    text = stream(policy(WEB, ingress=[{"from": [block("0.0.0.0/0")]}]))
    assert not judge("network-policy-metadata-reachable", text)

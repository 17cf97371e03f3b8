"""What a cluster needs: valid, the same each time, and clean but for what is declared."""

import json
from base64 import b64decode
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import scan
from seawall.core.errors import SeawallError
from seawall.kubernetes.schema import load as load_schema
from seawall.mesh.injection import cluster
from seawall.mesh.injection.cluster import NO_EDGES
from seawall.mesh.injection.cluster_parts import CONTROLLER
from seawall.mesh.injection.edge_pods import Edges
from seawall.mesh.injection.settings import Agent, By, Settings
from seawall.text.values import at, mapping, text
from tests.mesh.injection.samples import SETTINGS, values

WAYS = [
    SETTINGS._replace(
        redirect=redirect, agent=agent, controller=cluster.controller_address("mesh-system")
    )
    for redirect, agent in product(By, Agent)
]
IDS = [f"{way.redirect.value}-{way.agent.value}" for way in WAYS]


EDGES = Edges(egress=True, private=("10.20.0.0/16",), gateway=8443)


def made(way: Any, ca: bytes = b"", edges: Edges = NO_EDGES) -> str:
    return cluster.manifests("mesh-system", "shop.example.org", way, ca, edges)


def objects(way: Any, ca: bytes = b"", edges: Edges = NO_EDGES) -> list[dict[str, Any]]:
    found: list[Any] = values(made(way, ca, edges))
    return found


@pytest.mark.parametrize("edges", [NO_EDGES, EDGES], ids=["bare", "edges"])
@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_they_are_valid(way: Any, edges: Edges) -> None:
    schema = load_schema()
    for one in objects(way, edges=edges):
        assert schema.kind(one["apiVersion"], one["kind"]) is not None, one["kind"]
        assert not schema.validate(one), one["kind"]
    assert made(way, edges=edges) == made(way, edges=edges)


@pytest.mark.parametrize("profile", ["pss-restricted", "security", "reliability"])
@pytest.mark.parametrize("edges", [NO_EDGES, EDGES], ids=["bare", "edges"])
@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_nothing_is_found_but_what_is_declared(
    way: Any, edges: Edges, profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ignore that is of no use would be found as well."""
    path = tmp_path / "mesh.yaml"
    path.write_text(made(way, edges=edges))
    options = ["--no-config", "--no-cache", "-q", "--format", "json", "--profile", profile]
    scan.run([*options, str(path)])
    report = json.loads(capsys.readouterr().out)
    assert [found["message"] for found in report["findings"]] == []
    assert len(report["coverage"]["read"]) == 1
    assert report["summary"]["objects"] == len(objects(way, edges=edges))
    if profile == "reliability":
        assert not report["suppressed"]
    else:
        assert report["suppressed"] or way.agent is Agent.SIDECAR


def test_agents_may_do_what_they_are_for_and_no_more() -> None:
    seen: dict[str, object] = {}
    for way, name in zip(WAYS, IDS, strict=True):
        sets = [one for one in objects(way) if one["kind"] == "DaemonSet"]
        if not sets:
            seen[name] = None
            continue
        spec = mapping(sets[0], "spec", "template", "spec")
        added = at(spec, "containers", 0, "securityContext", "capabilities", "add")
        seen[name] = (added, spec.get("hostPID", False), "hostPath" in json.dumps(spec))
    entering = ["NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE"]
    assert seen == {
        "init-node": (["CHOWN"], False, True),
        "init-sidecar": None,
        "agent-node": (["CHOWN", *entering], True, True),
        "agent-sidecar": (entering, True, False),
    }


def test_without_agents_the_namespace_is_restricted() -> None:
    for way, name in zip(WAYS, IDS, strict=True):
        labels = mapping(objects(way)[0], "metadata", "labels")
        wanted = "restricted" if name == "init-sidecar" else "privileged"
        assert labels["pod-security.kubernetes.io/enforce"] == wanted


def test_the_webhook_fails_closed_in_namespaces_of_the_mesh_alone() -> None:
    (configuration,) = [
        one for one in objects(WAYS[0], b"-----BEGIN CERTIFICATE-----\nx\n")
        if one["kind"] == "MutatingWebhookConfiguration"
    ]  # fmt: skip
    (webhook,) = configuration["webhooks"]
    assert webhook["failurePolicy"] == "Fail"
    assert webhook["namespaceSelector"] == {"matchLabels": {"seawall/mesh": "enabled"}}
    assert webhook["sideEffects"] == "None"
    assert b64decode(webhook["clientConfig"]["caBundle"]).startswith(b"-----BEGIN")
    assert "caBundle" not in made(WAYS[0])


READS = [
    (["tokenreviews"], ["create"], None), (["pods"], ["get", "list", "watch"], None),
    (["services"], ["list", "watch"], None), (["endpointslices"], ["list", "watch"], None),
]  # fmt: skip
ROOTS_ALONE = [
    (["configmaps"], ["create"], None), (["configmaps"], ["get", "update"], ["seawall-mesh-roots"]),
]  # fmt: skip


def rights(way: Settings) -> dict[str, list[object]]:
    roles = [one for one in objects(way) if one["kind"].endswith("Role")]
    assert {one["metadata"]["name"] for one in roles} == {CONTROLLER}
    return {
        one["kind"]: [
            (rule["resources"], rule["verbs"], rule.get("resourceNames")) for rule in one["rules"]
        ]
        for one in roles
    }


def test_who_has_rights() -> None:
    """The controller alone, and nothing that lets it change anything but the roots."""
    for way in WAYS:
        found = rights(way)
        if way.agent is Agent.NODE:
            assert found == {"ClusterRole": READS, "Role": ROOTS_ALONE}
        else:
            namespaces = (["services", "namespaces"], ["list", "watch"], None)
            expected = [*READS[:2], namespaces, READS[3], *ROOTS_ALONE]
            assert found == {"ClusterRole": expected}


def test_all_is_by_digest_and_of_one_image() -> None:
    for way in WAYS:
        for one in objects(way):
            for container in at(one, "spec", "template", "spec", "containers") or []:  # type: ignore[union-attr]
                assert text(container, "image") == SETTINGS.image


@pytest.mark.parametrize(
    ("namespace", "domain", "ca"),
    [("Mesh", "a.org", b""), ("a_b", "a.org", b""), ("", "a.org", b""), ("a", "A.org", b""),
     ("a", "spiffe://a.org", b""), ("a", "", b""), ("a", "a.org", b"no certificate"),
     ("a", "a.org", b"-----BEGIN CERTIFICATE-----" + b" " * 300_000)],
)  # fmt: skip
def test_what_is_asked_must_make_sense(namespace: str, domain: str, ca: bytes) -> None:
    with pytest.raises(SeawallError):
        cluster.manifests(namespace, domain, SETTINGS, ca)

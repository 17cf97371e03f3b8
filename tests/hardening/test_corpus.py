"""Public manifests, mended: nothing gets worse, and what is called safe changes nothing."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.core.finding import Finding
from seawall.core.severity import Severity
from seawall.hardening import Hardened
from seawall.hardening.blame import NEVER
from seawall.hardening.groups import mark
from seawall.kubernetes import effective
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.reader import read
from seawall.text.values import mapping, text
from tests.hardening.support import SAFE, hardened, written
from tests.shared import CORPUS, needs_shared

pytestmark = [needs_shared, pytest.mark.full]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    target = tmp_path / "corpus"
    shutil.copytree(CORPUS, target)
    return target


def test_the_corpus_is_mended_without_harm(corpus: Path) -> None:
    result = hardened(corpus)
    assert len(result.changes) > 300
    assert not result.before.faults
    assert not result.after.faults
    assert result.after.coverage.failed == result.before.coverage.failed
    unexplained = [finding for finding in brought(result) if not is_explained(finding, result)]
    assert not unexplained
    written(corpus, result)
    assert not hardened(corpus).changes


def brought(result: Hardened) -> Iterator[Finding]:
    """Findings of medium severity or above that are there more often than before."""
    known = Counter(mark(finding) for finding in result.before.findings)
    for finding in result.after.findings:
        own = mark(finding)
        known[own] -= 1
        if known[own] < 0 and finding.severity >= Severity.MEDIUM:
            yield finding


def is_explained(finding: Finding, result: Hardened) -> bool:
    """Whether a fix of the file declares it, or a worse finding of its object was mended.

    Many rules say of an object only the worst: the lesser one was there before, hidden.
    """
    mended = [
        item
        for change in result.changes
        if change.path == finding.location.path
        for item in change.mended
    ]
    if any(finding.rule.id in item.brings for item in mended):
        return True
    return finding.rule.id not in NEVER and any(
        item.finding.subject[:3] == finding.subject[:3] and item.finding.severity > finding.severity
        for item in mended
    )


def test_nothing_is_less_valid_than_before(corpus: Path) -> None:
    result = hardened(corpus)
    before = Counter(item.location.path for item in invalid(result.before.findings))
    after = Counter(item.location.path for item in invalid(result.after.findings))
    assert all(after[path] <= before[path] for path in after)


def invalid(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.rule.id in NEVER)


# What is called safe --------------------------------------------------------------------------

DECLARED = {
    "default-service-account": {"account"},
    "deprecated-api-version": {"apiVersion"},
    "hpa-static-replicas": {"scale"},  # the autoscaler's word counts from then on
    "image-pull-policy": {"pull"},
    "privilege-escalation-allowed": {"escalation"},
    "restart-policy": {"restart"},
    "seccomp-profile-missing": {"seccomp"},
    "selector-template-mismatch": {"labels"},
    "probe-port-not-declared": {"ports", "probes"},
    "pdb-unhealthy-eviction-policy": {"eviction"},
    "pss-enforce-version-unpinned": {"labels"},
    "pod-anti-affinity-missing": {"affinity"},
    "topology-spread-invalid": {"spread"},
    "job-ttl": {"ttl"},
}
"""What a safe fix says that it changes, by rule; every other fix leaves all of it as it was."""


def test_safe_fixes_change_what_they_declare_and_nothing_else(corpus: Path) -> None:
    result = hardened(corpus, tiers=SAFE)
    assert len(result.changes) > 200
    compared = 0
    for change in result.changes:
        mended = {item.finding.rule.id for item in change.mended}
        allowed = set().union(*(DECLARED.get(rule, set()) for rule in mended))
        old, new = views(change.before or b"", change.path), views(change.after, change.path)
        for key, view in old.items():
            if key not in new:  # known by its API version, which has changed
                assert "deprecated-api-version" in mended, (change.path, key)
                continue
            differing = {name for name in view if view[name] != new[key][name]}
            assert differing <= allowed, (change.path, key, mended)
            compared += 1
        added = [key for key in new if key not in old]
        assert all(key[0] in ADDED for key in added), added
    assert compared > 300


ADDED = {"ServiceAccount", "PodDisruptionBudget", "Service"}
"""Kinds that safe fixes add."""
View = dict[str, Any]


def views(data: bytes, path: str) -> dict[tuple[str, str, str, int], View]:
    """What the API server makes of the objects of a file, as far as our effective values go."""
    contents = read(data.decode("utf-8-sig"), path, target=True, complete=True)
    index = Index(contents.objects)
    result: dict[tuple[str, str, str, int], View] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for object_ in contents.objects:
        key = (object_.kind, object_.namespace, object_.name)
        result[*key, seen[key]] = view_of(object_, index)
        seen[key] += 1
    return result


def view_of(object_: KubernetesObject, index: Index) -> View:
    pods = index.pods(object_)
    containers = [container for pod in pods for container in pod.containers]
    return {
        "apiVersion": object_.api_version,
        "labels": (object_.labels, [pod.labels for pod in pods]),
        "eviction": object_.spec.get("unhealthyPodEvictionPolicy"),
        "ttl": object_.spec.get("ttlSecondsAfterFinished"),
        "scale": index.scale_of(object_),
        "type": effective.service_type(object_) if object_.kind == "Service" else "",
        "service ports": (
            effective.service_ports(object_) if object_.kind == "Service" else ()
        ),
        "restart": [pod.restart_policy for pod in pods],
        "account": [pod.service_account_name for pod in pods],
        "node": [(pod.host_network, pod.spec.get("hostPID"), pod.spec.get("hostIPC"))
                 for pod in pods],
        "affinity": [pod.spec.get("affinity") for pod in pods],
        "spread": [pod.spec.get("topologySpreadConstraints") for pod in pods],
        "volumes": [pod.spec.get("volumes") for pod in pods],
        "token": [token_of(pod) for pod in pods],
        "images": [container.image for container in containers],
        "pull": [container.image_pull_policy for container in containers],
        "seccomp": [container.seccomp for container in containers],
        "escalation": [escalation_of(container) for container in containers],
        "users": [(one.run_as_user, one.run_as_group, one.run_as_non_root)
                  for one in containers],
        "capabilities": [(one.capabilities, one.is_privileged) for one in containers],
        "root": [container.read_only_root for container in containers],
        "environment": [environment_of(container) for container in containers],
        "resources": [resources_of(container) for container in containers],
        "ports": [[port for _, port in container.ports] for container in containers],
        "probes": [[container.value.get(name) for name in PROBES] for container in containers],
        "mounts": [container.value.get("volumeMounts") for container in containers],
        "program": [(one.value.get("command"), one.value.get("args")) for one in containers],
    }  # fmt: skip


PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")


def token_of(pod: Pod) -> object:
    return pod.spec.get("automountServiceAccountToken")


def escalation_of(container: Container) -> object:
    return mapping(container.value, "securityContext").get("allowPrivilegeEscalation")


def environment_of(container: Container) -> dict[str, object]:
    """Of equal names the last counts, which is what the kubelet does."""
    return {text(item, "name"): dict(item) for _, item in container.env}


def resources_of(container: Container) -> list[object]:
    """Requests are copied from limits where they are missing, as the API server does."""
    names = ("cpu", "memory", "ephemeral-storage")
    return [(container.limit(name), container.request(name)) for name in names]

"""Our effective values against a real API server's defaulting, field by field."""

from typing import Any

import pytest

from seawall.kubernetes import effective
from seawall.kubernetes.index import Index
from seawall.kubernetes.network_policies import directions
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import EPHEMERAL, Container, Pod
from seawall.kubernetes.quantity import quantity
from seawall.kubernetes.workloads import POD_PATHS
from tests.oracles.manifests import accepted
from tests.shared import CORPUS, needs_shared

pytestmark = needs_shared

ROWS = accepted() if CORPUS.is_dir() else []
POD_LISTS = ("initContainers", "containers", "ephemeralContainers")


def server_pod(kind: str, spec: dict[str, Any]) -> dict[str, Any] | None:
    """The pod spec inside a defaulted spec."""
    if kind == "Pod":
        return spec
    (path,) = POD_PATHS.get(kind, ((),))
    value: Any = spec
    for key in path[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    found = value.get("spec") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def test_there_are_enough_rows() -> None:
    assert len(ROWS) > 300


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}:{row.document}")
def test_effective_values_are_the_servers(row: Any) -> None:
    object_: KubernetesObject = row.object
    check_workload(object_, row.spec)
    expected = server_pod(object_.kind, row.spec)
    pods = Index([object_]).pods(object_)
    assert bool(pods) == (expected is not None)
    if expected is not None:
        check_pod(pods[0], expected)


def check_workload(object_: KubernetesObject, spec: dict[str, Any]) -> None:
    kind = object_.kind
    if kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"):
        assert Index([object_]).scale_of(object_)[:2] == (spec["replicas"], spec["replicas"])
    if kind == "Service":
        assert effective.service_type(object_) == spec["type"]
        for port, theirs in zip(
            effective.service_ports(object_), spec.get("ports", []), strict=True
        ):
            assert port.protocol == theirs["protocol"]
            if spec["type"] != "ExternalName":
                assert port.target == theirs["targetPort"]
    if kind == "HorizontalPodAutoscaler":
        assert effective.minimum_replicas(object_) == spec["minReplicas"]
    if kind == "NetworkPolicy":
        assert directions(object_) == (
            "Ingress" in spec["policyTypes"],
            "Egress" in spec["policyTypes"],
        )


def check_pod(pod: Pod, spec: dict[str, Any]) -> None:
    assert pod.restart_policy == spec["restartPolicy"]
    assert pod.host_network == spec.get("hostNetwork", False)
    if "serviceAccountName" in spec:
        assert pod.service_account_name == spec["serviceAccountName"]
    theirs = [item for key in POD_LISTS for item in spec.get(key, [])]
    assert [container.name for container in pod.containers] == [item["name"] for item in theirs]
    for container, item in zip(pod.containers, theirs, strict=True):
        check_container(container, item)
    for (_, volume), item in zip(pod.volumes, spec.get("volumes", []), strict=True):
        assert effective.volume_source(volume) == next(key for key in item if key != "name")


def check_container(container: Container, item: dict[str, Any]) -> None:
    assert container.image_pull_policy == item["imagePullPolicy"]
    resources = item.get("resources", {})
    for resource in ("cpu", "memory", "ephemeral-storage"):
        for ours, kind in ((container.request, "requests"), (container.limit, "limits")):
            expected = resources.get(kind, {}).get(resource)
            if expected is None and kind == "requests" and container.object.kind != "Pod":
                # The server copies limits when it makes the pod, not into a template.
                expected = resources.get("limits", {}).get(resource)
            value = ours(resource)
            if expected is None:
                assert value is None
            else:
                assert quantity(value) == pytest.approx(quantity(expected))
    for (_, port), theirs in zip(container.ports, item.get("ports", []), strict=True):
        assert effective.protocol(port) == theirs["protocol"]
        if container.type != EPHEMERAL:
            assert container.host_port(port) == theirs.get("hostPort", 0)
    context = item.get("securityContext", {})
    assert container.is_privileged == context.get("privileged", False)

"""What the rules about schemas do beyond their examples."""

import json
from typing import Any

import pytest

from seawall.core.severity import Confidence
from tests.kubernetes.support import judge

LABELS = {"app": "web"}
KUSTOMIZATION = "commonLabels: {app: web}\nresources: [test.yaml]"


def deployment(selector: Any = None, labels: Any = None) -> str:
    containers = [{"name": "web", "image": "registry.example.org/web:1.4.2"}]
    spec: dict[str, Any] = {"template": {"spec": {"containers": containers}}}
    if labels:
        spec["template"]["metadata"] = {"labels": labels}
    if selector:
        spec["selector"] = {"matchLabels": selector}
    return json.dumps(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    )


@pytest.mark.parametrize(
    ("text", "kustomization", "found"),
    [
        (deployment(), "", 1),
        (deployment(), KUSTOMIZATION, 0),
        (deployment(), "labels: [{includeSelectors: true}]\nresources: [test.yaml]", 0),
        (deployment(), KUSTOMIZATION.replace("test.yaml", "other.yaml"), 1),
        (deployment(), "namespace: shop\nresources: [test.yaml]", 1),
        (deployment(labels=LABELS), KUSTOMIZATION, 1),
        (deployment(LABELS, LABELS), KUSTOMIZATION, 0),
        (deployment(LABELS, LABELS), "", 0),
    ],
)
def test_selectors_that_a_kustomization_adds(text: str, kustomization: str, found: int) -> None:
    result = judge("schema-invalid", text, opaque=(kustomization,))
    assert [finding.location.key_path for finding in result] == [("spec", "selector")] * found


@pytest.mark.parametrize(
    ("kind", "spec", "confidence"),
    [
        ("Pod", {"containers": [{"name": "a"}]}, Confidence.LOW),
        ("Pod", {"containers": [{"name": "a", "image": "a"}]}, Confidence.HIGH),
        ("Deployment", {"template": {"spec": {"containers": [{"name": "a"}]}}}, Confidence.LOW),
        (
            "Deployment",
            {"selector": {"a": "b"}, "template": {"spec": {"containers": [{"name": "a"}]}}},
            Confidence.HIGH,
        ),
    ],
)
def test_what_a_patch_leaves_out_is_unsure(kind: str, spec: Any, confidence: Confidence) -> None:
    value = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    (finding,) = judge("read-only-root-filesystem", json.dumps(value))
    assert finding.confidence == confidence
    pod = spec if kind == "Pod" else spec["template"]["spec"]
    pod["containers"][0]["securityContext"] = {"privileged": True}
    (finding,) = judge("privileged-container", json.dumps(value))
    assert finding.confidence == Confidence.HIGH

"""What the rules about schemas do beyond their examples."""

import copy
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


BARE, WITH_IMAGE = {"containers": [{"name": "a"}]}, {"containers": [{"name": "a", "image": "a"}]}
SELECTOR = {"matchLabels": LABELS}


@pytest.mark.parametrize(
    ("kind", "version", "spec", "confidence"),
    [
        ("Pod", "v1", BARE, Confidence.LOW),
        ("Pod", "v1", WITH_IMAGE, Confidence.HIGH),
        ("Job", "batch/v1", {"template": {"spec": BARE}}, Confidence.LOW),
        ("Job", "batch/v1", {"template": {"spec": WITH_IMAGE}}, Confidence.HIGH),
        ("Deployment", "apps/v1", {"template": {"spec": BARE}}, Confidence.LOW),
        (
            "Deployment",
            "apps/v1",
            {"selector": SELECTOR, "template": {"spec": BARE}},
            Confidence.LOW,
        ),
        ("Deployment", "apps/v1", {"template": {"spec": WITH_IMAGE}}, Confidence.LOW),
        # the selector is forgotten, or not asked for
        (
            "Deployment",
            "apps/v1",
            {"template": {"metadata": {"labels": LABELS}, "spec": WITH_IMAGE}},
            Confidence.HIGH,
        ),
        ("Deployment", "apps/v1beta1", {"template": {"spec": WITH_IMAGE}}, Confidence.HIGH),
        ("Deployment", "extensions/v1beta1", {"template": {"spec": WITH_IMAGE}}, Confidence.HIGH),
        ("Deployment", "example.org/v1", {"template": {"spec": WITH_IMAGE}}, Confidence.HIGH),
    ],
)
def test_what_a_patch_leaves_out_is_unsure(
    kind: str, version: str, spec: Any, confidence: Confidence
) -> None:
    value = {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    (finding,) = judge("read-only-root-filesystem", json.dumps(value))
    assert finding.confidence == confidence
    value = copy.deepcopy(value)
    pod: Any = value["spec"] if kind == "Pod" else value["spec"]["template"]["spec"]
    pod["containers"][0]["securityContext"] = {"privileged": True}
    (finding,) = judge("privileged-container", json.dumps(value))
    assert finding.confidence == Confidence.HIGH

"""What the rules about schemas do beyond their examples."""

import json
from typing import Any

import pytest

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

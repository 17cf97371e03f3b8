"""Pods as text, for tests: JSON, which is YAML too."""

import json
from typing import Any

Fields = dict[str, Any]

IMAGE = "registry.example.org/web:1.4.2"


def container(name: str = "web", security: Any = None, **fields: Any) -> Fields:
    result = {"name": name, "image": IMAGE, **fields}
    return result if security is None else result | {"securityContext": security}


def pod(*containers: Fields, security: Any = None, annotations: Any = None, **spec: Any) -> str:
    body: Fields = {"containers": list(containers or [container()]), **spec}
    if security is not None:
        body["securityContext"] = security
    metadata: Fields = {"name": "web"}
    if annotations is not None:
        metadata["annotations"] = annotations
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": body})


def workload(kind: str, *containers: Fields, **spec: Any) -> str:
    template = json.loads(pod(*containers, **spec))
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": "web"},
            "spec": {"template": {"metadata": template["metadata"], "spec": template["spec"]}},
        }
    )


WINDOWS = {"os": {"name": "windows"}}
ODD: tuple[Any, ...] = (None, "", "text", 1, 1.5, True, [], [None], ["text"], {}, {"key": None})
"""Values of types a field does not have."""

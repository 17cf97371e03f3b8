"""Requests for admission (admission.k8s.io/v1): what a mutating webhook answers.

One function from JSON to JSON, without a server, so that it can be tried on any request. What it
patches is what ``inject`` writes into a manifest. Annotations that come with a pod are believed in
nothing: what the mesh puts into a pod is taken out and put in anew.
"""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from seawall.mesh.injection.changing import injection, removal
from seawall.mesh.injection.errors import ReviewError
from seawall.mesh.injection.refusing import Refusal, refusals
from seawall.mesh.injection.settings import Settings
from seawall.text.json_patch import difference
from seawall.text.values import Map, mapping, text
from seawall.text.yaml_edit import edited

if TYPE_CHECKING:
    from seawall.text.scalars import Value

API_VERSION = "admission.k8s.io/v1"
LARGEST = 8 * 1024 * 1024
"""Bytes of a request: an object of 3 MiB at most, its old form and what stands around them."""
_FORBIDDEN = 403
_LONGEST_UID = 253


class Injected(NamedTuple):
    """A pod with its proxy, or why it cannot have one."""

    pod: Map
    refused: tuple[Refusal, ...]


def review(data: bytes, settings: Settings) -> bytes:
    """The answer to an ``AdmissionReview``.

    Pods that are made are given a proxy or refused; of changed ephemeral containers it is only
    asked whether the pod may have them. Everything else is let through as it is.

    Raises:
        ReviewError: what was sent is no request of this version; the server answers 400.
    """
    request = _request(data)
    uid = text(request, "uid")
    response: Map = {"uid": uid, "allowed": True}
    pod = mapping(request, "object")
    operation, part = text(request, "operation"), text(request, "subResource")
    if _is_pod(request) and operation == "CREATE" and not part:
        done = injected(pod, settings)
        if done.refused:
            response |= _denial(done.refused)
        elif patch := difference(pod, done.pod):
            encoded = b64encode(_json(patch))
            response |= {"patchType": "JSONPatch", "patch": encoded.decode("ascii")}
    elif _is_pod(request) and operation == "UPDATE" and part == "ephemeralcontainers":
        found = refusals(mapping(pod, "spec"), settings.proxy_user)
        if own := [item for item in found if item.path[:1] == ("ephemeralContainers",)]:
            response |= _denial(own)
    return _json({"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response})


def injected(pod: Map, settings: Settings) -> Injected:
    """A pod with its proxy; as it was where that is refused."""
    bare = edited(pod, list(removal(pod)))
    assert isinstance(bare, dict)  # noqa: S101 - a mapping stays one
    wanted = injection(bare, settings)
    if wanted.refused:
        return Injected(pod, wanted.refused)
    made = edited(bare, wanted.operations)
    assert isinstance(made, dict)  # noqa: S101 - as above
    return Injected(made, ())


def _request(data: bytes) -> Map:
    if len(data) > LARGEST:
        raise ReviewError(f"the request is larger than {LARGEST >> 20} MiB; send one object")
    try:
        value: Value = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise ReviewError(f"the request is no JSON: {reason}; send an AdmissionReview") from None
    if text(value, "kind") != "AdmissionReview" or text(value, "apiVersion") != API_VERSION:
        raise ReviewError(f"the request is no AdmissionReview of {API_VERSION}; send one")
    request = mapping(value, "request")
    if not 0 < len(text(request, "uid")) <= _LONGEST_UID:
        raise ReviewError("the AdmissionReview has no request with a uid; send one")
    if _is_pod(request) and not _is_whole(mapping(request, "object")):
        raise ReviewError("the object of the request is no pod; send one with metadata and spec")
    return request


def _is_pod(request: Map) -> bool:
    kind = mapping(request, "kind")
    is_object = text(request, "operation") in ("CREATE", "UPDATE")
    return is_object and text(kind, "kind") == "Pod" and text(kind, "group") == ""


def _is_whole(pod: Map) -> bool:
    """Whether a pod has the shape that changes of it rely on."""
    metadata, spec = pod.get("metadata"), pod.get("spec")
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        return False
    annotations = metadata.get("annotations")
    lists = (spec.get("initContainers"), spec.get("volumes"))
    return isinstance(annotations, dict | None) and all(
        isinstance(found, list | None) for found in lists
    )


def _denial(refused: Iterable[Refusal]) -> Map:
    reasons = "\n".join(f"{item.reason}; {item.remedy}" for item in refused)
    status: Map = {
        "status": "Failure", "reason": "Forbidden", "code": _FORBIDDEN,
        "message": f"seawall mesh: {reasons}",
    }  # fmt: skip
    return {"allowed": False, "status": status}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii")

"""What the webhook answers to the API server."""

import json
from base64 import b64decode
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.injection import manifests
from seawall.mesh.injection.admission import review
from seawall.mesh.injection.changing import INJECTED, PROBES_OF, UNDO
from seawall.mesh.injection.errors import ReviewError
from seawall.mesh.injection.parts import PROXY
from seawall.text.values import mapping
from tests.mesh.injection.samples import POD, SETTINGS, WEB, values
from tests.mesh.injection.test_refusing import ODD


def asked(pod: object, **more: object) -> dict[str, Any]:
    """A request as an API server of 1.34 sends it when a pod of a ReplicaSet is made."""
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": "shop",
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:replicaset-controller",
                "uid": "b8a2f7a3-0a5e-4c0f-a1f7-6a4f0d1f2c11",
                "groups": ["system:serviceaccounts", "system:authenticated"],
            },
            "object": pod,
            "oldObject": None,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            **more,
        },
    }


def defaulted() -> dict[str, Any]:
    """A pod as it reaches webhooks: with the server's defaults and the account's token."""
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "generateName": "web-6c5b7f9d4-",
            "labels": {"app": "web", "pod-template-hash": "6c5b7f9d4"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-6c5b7f9d4",
                    "uid": "e9a1c9f2-4c39-4b48-8bb7-57c0f7a4a4bb", "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "volumes": [{"name": "kube-api-access-x7k2p", "projected": {"defaultMode": 420}}],
            "containers": [
                {
                    "name": "web",
                    "image": "registry.example.org/web:1.4.2",
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "resources": {},
                    "volumeMounts": [
                        {
                            "name": "kube-api-access-x7k2p", "readOnly": True,
                            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                        }
                    ],
                    "readinessProbe": {
                        "httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"},
                        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
                        "failureThreshold": 3,
                    },
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "imagePullPolicy": "IfNotPresent",
                }
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "web",
            "serviceAccount": "web",
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000},
            "schedulerName": "default-scheduler",
            "tolerations": [],
            "priority": 0,
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
        },
    }  # fmt: skip


def answered(request: object) -> dict[str, Any]:
    answer = json.loads(review(json.dumps(request).encode(), SETTINGS))
    assert answer["apiVersion"] == "admission.k8s.io/v1"
    assert answer["kind"] == "AdmissionReview"
    response: dict[str, Any] = answer["response"]
    return response


def patched(value: object, patch: list[dict[str, Any]]) -> Any:
    """What a patch makes of a value: RFC 6902, told anew."""
    root: Any = deepcopy(value)
    for step in patch:
        *way, last = [
            part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]
        ]
        holder = root
        for part in way:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        if isinstance(holder, list):
            place = len(holder) if last == "-" else int(last)
            if step["op"] == "add":
                assert place <= len(holder)
                holder.insert(place, step["value"])
            elif step["op"] == "remove":
                del holder[place]
            else:
                holder[place] = step["value"]
        elif step["op"] == "remove":
            del holder[last]
        else:
            assert step["op"] == "add" or last in holder
            holder[last] = step["value"]
    return root


def patch_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    assert response["allowed"] is True
    assert response["patchType"] == "JSONPatch"
    found: list[dict[str, Any]] = json.loads(b64decode(response["patch"]))
    return found


@pytest.mark.parametrize("source", ["bare", "template", "defaulted"])
def test_the_patch_is_what_inject_writes(source: str) -> None:
    pod: Any
    if source == "defaulted":
        pod = defaulted()
    elif source == "bare":
        (pod,) = values(POD)
    else:
        (whole,) = values(WEB)
        template = mapping(whole, "spec", "template")
        pod = {"apiVersion": "v1", "kind": "Pod", **template}
    response = answered(asked(pod))
    assert response["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
    after = patched(pod, patch_of(response))
    written = manifests.inject(json.dumps(pod, indent=1), "pod.json", SETTINGS)
    (wanted,) = values(written.text)
    del mapping(wanted, "metadata", "annotations")[UNDO]
    assert after == wanted
    # Asked again, as after another webhook, there is nothing left to do.
    assert "patch" not in answered(asked(after))


def test_it_is_small_where_little_is_changed() -> None:
    paths = [step["path"] for step in patch_of(answered(asked(defaulted())))]
    volumes = ["/spec/volumes/-"] * 2
    http = "/spec/containers/0/readinessProbe/httpGet"
    probe = [f"{http}/path", f"{http}/port", f"{http}/scheme"]
    assert sorted(paths) == sorted(
        ["/metadata/annotations", "/spec/initContainers", *volumes, *probe]
    )


def test_an_annotation_proves_nothing() -> None:
    """Whoever copies the annotation of an injected pod gets the proxy all the same."""
    real = patched(defaulted(), patch_of(answered(asked(defaulted()))))
    forged = defaulted()
    forged["metadata"]["annotations"] = dict(real["metadata"]["annotations"])
    after = patched(forged, patch_of(answered(asked(forged))))
    assert [item["name"] for item in after["spec"]["initContainers"]][1] == PROXY
    weak = deepcopy(real)
    weak["spec"]["initContainers"][0]["args"] = ["mesh", "init", "--proxy-user", "1000"]
    assert patched(weak, patch_of(answered(asked(weak)))) == real
    odd = defaulted()
    odd["metadata"]["annotations"] = {INJECTED: "", PROBES_OF: "no JSON"}
    assert patched(odd, patch_of(answered(asked(odd)))) == real


def test_refused() -> None:
    pod = defaulted()
    pod["spec"]["hostNetwork"] = True
    response = answered(asked(pod))
    assert response["allowed"] is False
    assert "patch" not in response
    assert response["status"] == {
        "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": (
            "seawall mesh: the pod uses the node's network; remove hostNetwork, or keep the pod "
            "in a namespace outside the mesh"
        ),
    }  # fmt: skip


def test_ephemeral_containers() -> None:
    pod = patched(defaulted(), patch_of(answered(asked(defaulted()))))
    own = {"operation": "UPDATE", "subResource": "ephemeralcontainers"}
    pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "registry.example.org/d:1"}]
    assert answered(asked(pod, **own)) == {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "allowed": True,
    }  # fmt: skip
    pod["spec"]["ephemeralContainers"][0]["securityContext"] = {"capabilities": {"add": ["ALL"]}}
    response = answered(asked(pod, **own))
    assert response["allowed"] is False
    assert "container debug has ALL" in response["status"]["message"]


def test_a_debugger_does_not_see_the_proxys_process() -> None:
    """``kubectl debug --target`` shares the processes of a container, and with them its keys."""
    pod = patched(defaulted(), patch_of(answered(asked(defaulted()))))
    own = {"operation": "UPDATE", "subResource": "ephemeralcontainers"}
    debugger = {"name": "debug", "image": "registry.example.org/d:1"}
    pod["spec"]["ephemeralContainers"] = [{**debugger, "targetContainerName": "seawall-mesh-proxy"}]
    response = answered(asked(pod, **own))
    assert response["allowed"] is False
    assert "is to see the processes of seawall-mesh-proxy" in response["status"]["message"]
    pod["spec"]["ephemeralContainers"] = [{**debugger, "targetContainerName": "web"}]
    assert answered(asked(pod, **own))["allowed"] is True


def test_the_image_of_a_static_pod_is_refused() -> None:
    """To patch it would have no effect on the pod that runs."""
    pod = defaulted()
    pod["metadata"].setdefault("annotations", {})["kubernetes.io/config.mirror"] = "x"
    response = answered(asked(pod))
    assert response["allowed"] is False
    assert "run it as a DaemonSet" in response["status"]["message"]


def test_other_requests_are_let_through() -> None:
    deployment = {"group": "apps", "version": "v1", "kind": "Deployment"}
    (value,) = values(WEB)
    for request in (
        asked(value, kind=deployment),
        asked(defaulted(), operation="UPDATE"),
        asked(None, operation="DELETE"),
        asked(None, operation="CONNECT"),
    ):
        response = answered(request)
        assert response["allowed"] is True
        assert "patch" not in response


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1beta1"}).encode(),
        json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}).encode(),
        json.dumps(asked(defaulted(), uid="")).encode(),
        json.dumps(asked(None)).encode(),
        json.dumps(asked({"metadata": {}})).encode(),
        json.dumps(asked({"metadata": {}, "spec": {"volumes": {}}})).encode(),
        b" " * (9 << 20),
    ],
)
def test_what_is_no_request_is_an_error(data: bytes) -> None:
    with pytest.raises(ReviewError, match="send"):
        review(data, SETTINGS)


@given(st.dictionaries(st.sampled_from(["containers", "volumes", "initContainers"]), ODD), ODD)
def test_odd_pods_are_answered_or_refused(spec: object, annotations: object) -> None:
    pod = {"metadata": {"annotations": annotations}, "spec": spec}
    try:
        response = json.loads(review(json.dumps(asked(pod)).encode(), SETTINGS))["response"]
    except ReviewError:
        return
    if response["allowed"]:
        assert "seawall-mesh-proxy" in json.dumps(patched(pod, patch_of(response)))

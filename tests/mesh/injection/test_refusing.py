"""Pods that could walk past a proxy are refused, each for its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.injection.changing import injection, removal
from seawall.mesh.injection.parts import VOLUMES
from seawall.mesh.injection.refusing import refusals
from seawall.mesh.injection.settings import PROXY_USER
from seawall.text.scalars import Value
from seawall.text.values import Map
from seawall.text.yaml import Document, load
from tests.mesh.injection.samples import SETTINGS


def spec_of(text: str) -> Map:
    (document,) = load(text)
    assert isinstance(document, Document)
    assert isinstance(document.value, dict)
    return document.value


def reasons(text: str) -> list[str]:
    found = refusals(spec_of(text), PROXY_USER)
    assert all(item.remedy for item in found)
    return [item.reason for item in found]


SAFE = "securityContext: {runAsNonRoot: true}\n"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (f"{SAFE}hostNetwork: true", "uses the node's network"),
        (f"{SAFE}shareProcessNamespace: true", "shareProcessNamespace shows the proxy's process"),
        (f"{SAFE}hostPID: true", "hostPID shows the proxy's process"),
        (f"{SAFE}os: {{name: windows}}", "is for Windows"),
        (f"{SAFE}nodeSelector: {{kubernetes.io/os: windows}}", "is for Windows"),
        ("securityContext: {runAsUser: 61337}", "runAsUser is the proxy's, 61337"),
        ("securityContext: {runAsNonRoot: true, runAsGroup: 61337}", "runAsGroup is the proxy's"),
        ("securityContext: {runAsNonRoot: true, fsGroup: 61337}", "fsGroup is the proxy's group"),
        ("securityContext: {runAsNonRoot: true, supplementalGroups: [1, 61337]}",
         "supplementalGroups is the proxy's group"),
        *(
            (f"{SAFE}volumes: [{{name: a, hostPath: {{path: {path}}}}}]", "has the sockets")
            for path in ("/", "/run", "/var/run/", "/run/../run/seawall", "/run/seawall/mesh/pods",
                         "/var/run/seawall/mesh", "//run//", "/var")
        ),
    ],
)  # fmt: skip
def test_pods(spec: str, reason: str) -> None:
    (found,) = reasons(f"{spec}\ncontainers: [{{name: a}}]")
    assert reason in found


@pytest.mark.parametrize("holder", ["containers", "initContainers", "ephemeralContainers"])
@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ("securityContext: {privileged: true}", "is privileged"),
        ("securityContext: {runAsUser: 61337}", "runAsUser is the proxy's"),
        ("securityContext: {runAsGroup: 61337}", "runAsGroup is the proxy's"),
        ("securityContext: {capabilities: {add: [NET_ADMIN]}}", "has NET_ADMIN"),
        ("securityContext: {capabilities: {add: [cap_net_raw]}}", "has NET_RAW"),
        ("securityContext: {capabilities: {add: [SYS_ADMIN], drop: [ALL]}}", "has SYS_ADMIN"),
        ("securityContext: {capabilities: {add: [ALL]}}", "has ALL"),
        ("securityContext: {capabilities: {add: [SETUID], drop: [ALL]}}", "has SETUID"),
        ("securityContext: {capabilities: {add: [SETGID]}}", "has SETGID"),
        ("securityContext: {runAsUser: 0}", "may run as root and keeps SETUID"),
        ("securityContext: {runAsNonRoot: false}", "may run as root and keeps SETUID"),
        ("securityContext: {runAsUser: 0, capabilities: {drop: [SETUID, SETGID]}}",
         "may run as root and keeps NET_RAW"),
        ("securityContext: {windowsOptions: {hostProcess: true}}", "is for Windows"),
        ("ports: [{containerPort: 15001}]", "listens on 15001"),
        ("ports: [{containerPort: 80}, {containerPort: 15006}]", "listens on 15006"),
        ("ports: [{containerPort: 15021, protocol: TCP}]", "listens on 15021"),
        ("ports: [{containerPort: 80, hostPort: 8080}]", "wants port 8080 of its node"),
        ("ports: [{containerPort: 80, hostPort: 53, protocol: UDP}]", "wants port 53 of its node"),
        ("securityContext: {capabilities: {add: [SYS_MODULE]}}", "has SYS_MODULE"),
        ("securityContext: {capabilities: {add: [BPF]}}", "has BPF"),
        ("targetContainerName: seawall-mesh-proxy", "is to see the processes"),
    ],
)  # fmt: skip
def test_containers(holder: str, container: str, reason: str) -> None:
    (found,) = reasons(f"{SAFE}{holder}: [{{name: a, {container}}}]")
    assert reason in found
    assert "container a" in found or "runAs" in found


@pytest.mark.parametrize(
    "spec",
    [
        f"{SAFE}containers: [{{name: a}}]",
        f"{SAFE}ephemeralContainers: [{{name: a, targetContainerName: web}}]",
        f"{SAFE}containers: [{{name: a, ports: [{{containerPort: 80, hostPort: 0}}]}}]",
        "containers: [{name: a, securityContext: {runAsNonRoot: true}}]",
        "containers: [{name: a, securityContext: {runAsUser: 1000}}]",
        "containers: [{name: a, securityContext: {runAsUser: 0, capabilities: {drop: [all]}}}]",
        "containers: [{securityContext: {capabilities: {drop: [SETUID, SETGID, NET_RAW]}}}]",
        f"{SAFE}containers: [{{name: a, ports: [{{containerPort: 15001, protocol: UDP}}]}}]",
        f"{SAFE}containers: [{{name: a, securityContext: {{capabilities: {{add: [CHOWN]}}}}}}]",
        f"{SAFE}volumes: [{{name: a, hostPath: {{path: /run/seawalls}}}}]",
        f"{SAFE}volumes: [{{name: a, hostPath: {{path: /var/log}}}}]",
        f"{SAFE}volumes: [{{name: a, hostPath: {{path: /var/lib/run}}}}]",
    ],
)
def test_pods_that_are_safe(spec: str) -> None:
    assert not reasons(spec)


def test_who_may_be_root_is_refused() -> None:
    (found,) = reasons("containers: [{name: a}]")
    assert "may run as root" in found


@pytest.mark.parametrize(
    ("annotations", "path"),
    [
        ({"kubernetes.io/config.mirror": "x"}, ""),
        ({"kubernetes.io/config.source": "file"}, ""),
        ({"kubernetes.io/config.source": "http"}, "web.yaml"),
        ({}, "/etc/kubernetes/manifests/web.yaml"),
        ({}, "/etc/kubernetes/other/../manifests/web.yaml"),
    ],
)
def test_static_pods_are_refused(annotations: Map, path: str) -> None:
    """They have no token, and what the API server shows of them is only an image."""
    pod: Map = {"metadata": {"annotations": annotations}, "spec": spec_of(f"{SAFE}containers: []")}
    (found,) = injection(pod, SETTINGS, path).refused
    assert "static pod" in found.reason
    assert "run it as a DaemonSet" in found.remedy


def test_who_comes_by_the_api_server_is_no_static_pod() -> None:
    for annotations in ({}, {"kubernetes.io/config.source": "api"}):
        pod: Map = {"metadata": {"annotations": dict(annotations)}, "spec": spec_of(SAFE)}
        assert not injection(pod, SETTINGS, "/etc/kubernetes/web.yaml").refused


def test_names_of_the_mesh_are_taken() -> None:
    for text in (
        "containers: [{name: seawall-mesh-proxy}]",
        "initContainers: [{name: seawall-mesh-init}]",
        "volumes: [{name: seawall-mesh-token}]",
    ):
        pod: Map = {"spec": spec_of(f"{SAFE}{text}")}
        (found,) = injection(pod, SETTINGS).refused
        assert "is the mesh's" in found.reason


_KEYS = """
    spec metadata annotations containers initContainers volumes name image securityContext runAsUser
    capabilities add drop ports containerPort livenessProbe httpGet tcpSocket grpc port lifecycle
    postStart host path seawall/mesh-injected seawall/mesh-probes os nodeSelector
""".split()
ODD: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*_KEYS, "", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(_KEYS), ODD))
def test_odd_pods_raise_nothing(pod: Map) -> None:
    list(removal(pod))
    injection(pod, SETTINGS)


@pytest.mark.parametrize("volume", VOLUMES)
def test_nobody_else_mounts_what_is_the_proxys(volume: str) -> None:
    """Before injection such a mount leads nowhere, so nothing else objects to it."""
    pod = {
        "metadata": {"name": "web"},
        "spec": {
            "securityContext": {"runAsNonRoot": True},
            "containers": [
                {
                    "name": "web", "image": "registry.example.org/web:1",
                    "volumeMounts": [{"name": volume, "mountPath": "/x"}],
                }
            ],
        },
    }  # fmt: skip
    refused = injection(pod, SETTINGS).refused  # type: ignore[arg-type]
    assert [item.path for item in refused] == [("containers", 0, "volumeMounts", 0, "name")]
    assert "the proxy's" in refused[0].reason

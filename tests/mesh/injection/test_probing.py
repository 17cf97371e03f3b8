"""Probes lead to the sidecar, and back."""

from copy import deepcopy

import pytest

from seawall.mesh.injection.probing import restored, rewritten
from seawall.text.values import Map, at
from seawall.text.yaml import Document, load
from seawall.text.yaml_edit import edited

SPEC = """\
initContainers:
- name: cache
  restartPolicy: Always
  startupProbe:
    httpGet: {path: /up, port: 6000, scheme: HTTPS, httpHeaders: [{name: a, value: b}]}
containers:
- name: web
  ports: [{name: http, containerPort: 8080}]
  startupProbe: {exec: {command: [test]}}
  livenessProbe: {tcpSocket: {port: http}, periodSeconds: 3, timeoutSeconds: 2}
  readinessProbe: {grpc: {port: 9000, service: web}}
  lifecycle:
    postStart: {httpGet: {path: /started, port: "8080"}}
    preStop: {exec: {command: [stop]}}
- name: other
  livenessProbe: {httpGet: {path: /, port: 80, host: 192.0.2.7}}
"""


def spec_of(text: str) -> Map:
    (document,) = load(text)
    assert isinstance(document, Document)
    assert isinstance(document.value, dict)
    return document.value


def test_all_containers_and_kinds() -> None:
    spec = spec_of(SPEC)
    probes = rewritten(spec)
    assert not probes.refused
    header = {"name": "a", "value": "b"}
    assert probes.known == {
        "/probe/cache/startup": {
            "port": 6000,
            "httpGet": {"path": "/up", "port": 6000, "scheme": "HTTPS", "httpHeaders": [header]},
        },
        "/probe/web/liveness": {"port": 8080, "timeoutSeconds": 2, "tcpSocket": {"port": "http"}},
        "/probe/web/readiness": {"port": 9000, "grpc": {"port": 9000, "service": "web"}},
        "/probe/web/post-start": {"port": 8080, "httpGet": {"path": "/started", "port": "8080"}},
    }
    after = edited(spec, probes.operations)
    asked = {"path": "/probe/web/liveness", "port": 15021}
    assert at(after, "containers", 0, "livenessProbe") == {
        "httpGet": asked, "periodSeconds": 3, "timeoutSeconds": 2,
    }  # fmt: skip
    for kept in ((0, "startupProbe"), (0, "lifecycle", "preStop"), (1, "livenessProbe")):
        assert at(after, "containers", *kept) == at(spec, "containers", *kept)


def test_they_come_back() -> None:
    spec = spec_of(SPEC)
    probes = rewritten(spec)
    after = edited(spec, probes.operations)
    assert isinstance(after, dict)
    assert edited(after, list(restored(after, probes.known))) == spec


def test_what_was_changed_since_is_kept() -> None:
    spec = spec_of(SPEC)
    probes = rewritten(spec)
    after = deepcopy(edited(spec, probes.operations))
    own: Map = {"httpGet": {"path": "/own", "port": 80}}
    assert isinstance(after, dict)
    web = at(after, "containers", 0)
    assert isinstance(web, dict)
    web["livenessProbe"] = own
    back = edited(after, list(restored(after, probes.known)))
    assert at(back, "containers", 0, "livenessProbe") == own
    assert at(back, "containers", 0, "readinessProbe") == at(
        spec, "containers", 0, "readinessProbe"
    )


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ("name: a, livenessProbe: {httpGet: {port: web}}", "of port 'web', which"),
        ("name: a, livenessProbe: {httpGet: {port: 0}}", "of port 0, which"),
        ("name: a, livenessProbe: {tcpSocket: {}}", "of port None, which"),
        ("name: a, livenessProbe: {grpc: {port: http}}", "of port 'http', which"),
        ("livenessProbe: {httpGet: {port: 80}}", "a container without a name"),
        ("name: 'a/b', livenessProbe: {httpGet: {port: 80}}", "a/b has a probe"),
    ],
)
def test_probes_that_nobody_could_ask(container: str, reason: str) -> None:
    (found,) = rewritten(spec_of(f"containers: [{{{container}}}]")).refused
    assert reason in found.reason
    assert found.remedy

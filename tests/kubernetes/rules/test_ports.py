"""What rules about ports do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Confidence
from tests.kubernetes.rules.manifests import ODD, WINDOWS, container, pod
from tests.kubernetes.rules.relations import LABELS, obj, service, stream, workload
from tests.kubernetes.support import judge

ALL = (
    "container-port-invalid", "service-target-port-invalid", "privileged-port", "ssh-port-exposed",
)  # fmt: skip


def with_ports(*ports: Any) -> str:
    return pod(container(ports=list(ports)))


@pytest.mark.parametrize(
    ("ports", "messages"),
    [
        ([{"containerPort": 80}], []),
        ([{"name": "http"}], ["port has no number"]),
        ([{"containerPort": None}], ["port has no number"]),
        ([{"containerPort": 0}], ["port 0 does not exist"]),
        ([{"containerPort": 65536}], ["port 65536 does not exist"]),
        ([{"containerPort": -1}], ["port -1 does not exist"]),
        ([{"containerPort": "80"}], []),  # the type is the schema's business
        ([{"containerPort": 80, "name": "a2345678901234-"}], 1),
        ([{"containerPort": 80, "name": "a23456789012345"}], []),
        ([{"containerPort": 80, "name": "a234567890123456"}],
         ["port name a234567890123456 is longer than 15 characters"]),
        ([{"containerPort": 80, "name": "8080"}], 1),
        ([{"containerPort": 80, "name": "HTTP"}], 1),
        ([{"containerPort": 80, "name": "a--b"}], 1),
        ([{"containerPort": 80, "name": "-a"}], 1),
        ([{"containerPort": 80, "name": "a_b"}], 1),
        ([{"containerPort": 80, "name": "1-a"}], []),
        ([{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}],
         ["port name a stands twice"]),
    ],
)  # fmt: skip
def test_ports_of_containers(ports: list[Any], messages: list[str] | int) -> None:
    found = judge("container-port-invalid", with_ports(*ports))
    if isinstance(messages, int):
        assert len(found) == messages
    else:
        assert [f.message for f in found] == messages


def test_names_are_the_containers_own() -> None:
    ports = [{"containerPort": 80, "name": "a"}]
    text = pod(container("one", ports=ports), container("two", ports=ports))
    assert not judge("container-port-invalid", text)


def target(port: Any, *pods: dict[str, Any], **fields: Any) -> list[str]:
    body = service(ports=[{"port": 80, "targetPort": port, **fields}])
    return [f.message for f in judge("service-target-port-invalid", stream(body, *pods))]


def serving(*ports: Any, **fields: Any) -> dict[str, Any]:
    return workload(template={"containers": [container(ports=list(ports), **fields)]})


@pytest.mark.parametrize(
    ("port", "reported"),
    [(None, False), (0, False), ("", False), (1, False), (65535, False), (65536, True), (-1, True),
     ("http", False), ("8080", True), ("hTTp", True), ("a" * 16, True)],
)  # fmt: skip
def test_target_ports_by_themselves(port: Any, reported: bool) -> None:
    assert bool(target(port)) == reported


def test_names_must_be_those_of_selected_pods() -> None:
    http = {"name": "http", "containerPort": 8000}
    assert not target("http", serving(http))
    assert target("https", serving(http)) == ["no selected pod has a port named https"]
    assert target("http", serving({**http, "protocol": "UDP"}))
    assert not target("http", serving({**http, "protocol": "UDP"}), protocol="UDP")
    assert not target("https")  # no pod is known
    assert not target(8080, serving(http))
    other = workload(name="api", template={"containers": [container(ports=[http])]})
    assert not target("http", serving(), other)  # one of the selected pods has it


def test_ports_of_sidecars_count_those_of_init_containers_do_not() -> None:
    http = [{"name": "http", "containerPort": 8000}]
    sidecar = container("side", ports=http, restartPolicy="Always")
    init = container("init", ports=http)
    assert not target("http", workload(template={"initContainers": [sidecar]}))
    assert target("http", workload(template={"initContainers": [init]}))


def test_absence_is_as_sure_as_the_input_is_complete() -> None:
    text = stream(service(ports=[{"port": 80, "targetPort": "http"}]), serving())
    (sure,) = judge("service-target-port-invalid", text)
    (unsure,) = judge("service-target-port-invalid", text, complete=False)
    assert (sure.confidence, unsure.confidence) == (Confidence.HIGH, Confidence.LOW)


def test_services_of_other_kinds() -> None:
    selecting_nothing = service(None, ports=[{"port": 80, "targetPort": "http"}])  # D3
    assert not judge("service-target-port-invalid", stream(selecting_nothing, serving()))
    knative = obj(
        "Service",
        version="serving.knative.dev/v1",
        spec={"selector": LABELS, "ports": [{"targetPort": "NONE"}]},
    )
    assert not judge("service-target-port-invalid", stream(knative))


@pytest.mark.parametrize(("port", "reported"), [(1, True), (1023, True), (1024, False), (0, False)])
def test_privileged_ports(port: int, reported: bool) -> None:
    text = with_ports({"containerPort": port})
    assert bool(judge("privileged-port", text)) == reported


def test_windows_has_no_privileged_ports() -> None:
    assert not judge("privileged-port", pod(container(ports=[{"containerPort": 80}]), **WINDOWS))


def test_ssh() -> None:
    assert judge("ssh-port-exposed", with_ports({"containerPort": 22, "protocol": "TCP"}))
    assert not judge("ssh-port-exposed", with_ports({"containerPort": 22, "protocol": "UDP"}))
    assert not judge("ssh-port-exposed", with_ports({"containerPort": 8022, "hostPort": 22}))


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    for port in (odd, {"containerPort": odd}, {"containerPort": 80, "name": odd, "protocol": odd}):
        judge(ALL, with_ports(port))
        judge(ALL, pod(container(ports=odd)))
    for body in (service(ports=odd), service(ports=[odd]), service(odd)):
        judge(ALL, stream(body, serving()))
    target(odd, serving({"name": odd, "containerPort": odd}))

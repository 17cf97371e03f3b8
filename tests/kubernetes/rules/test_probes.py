"""What rules about probes do beyond their examples."""

from typing import Any

import pytest

from seawall.core.severity import Severity
from tests.kubernetes.rules.manifests import ODD, container, pod
from tests.kubernetes.rules.relations import LABELS, obj, service, stream, workload
from tests.kubernetes.support import judge

ALL = (
    "readiness-probe-missing", "liveness-probe-missing", "probes-identical",
    "probe-port-not-declared", "shell-in-probe",
)  # fmt: skip
PROBE = {"tcpSocket": {"port": 8000}}
HTTP = {"name": "http", "containerPort": 8000}


def unready(*objects: dict[str, Any]) -> list[str]:
    return [f.subject.container for f in judge("readiness-probe-missing", stream(*objects))]


def behind(*containers: dict[str, Any], port: Any = 8000, **template: Any) -> list[str]:
    body = service(ports=[{"port": 80, "targetPort": port}])
    return unready(body, workload(template={"containers": list(containers), **template}))


def test_only_pods_behind_a_service_need_to_be_ready() -> None:
    assert unready(workload()) == []
    assert unready(service({"app": "other"}), workload()) == []
    assert unready(service(None), workload()) == []  # D3: selects nothing
    assert unready(service(namespace="other"), workload()) == []
    assert unready(service(), workload()) == ["web"]


def test_the_container_that_owns_the_port() -> None:  # D6
    web, side = container("web", ports=[HTTP]), container("side", ports=[{"containerPort": 9}])
    assert behind(web, side) == ["web"]
    assert behind(web, side, port="http") == ["web"]
    assert behind(web, side, port=9) == ["side"]
    assert behind({**web, "readinessProbe": PROBE}, side) == []
    assert behind(web, {**side, "readinessProbe": PROBE}) == ["web"]


def test_ports_that_nobody_declares() -> None:
    one, two = container("one"), container("two")
    assert behind(one) == ["one"]
    assert behind(one, two) == ["one"]  # none is ready, so the one that serves is not either
    assert behind(one, {**two, "readinessProbe": PROBE}) == []
    headless = service(clusterIP="None", ports=[])
    assert unready(headless, workload()) == ["web"]


def test_sidecars_may_serve_init_containers_do_not() -> None:
    init = container("init", ports=[HTTP])
    probed = container("web", readinessProbe=PROBE)
    assert behind(probed, initContainers=[init]) == []
    assert behind(probed, initContainers=[{**init, "restartPolicy": "Always"}]) == ["init"]


def test_pods_that_need_not_be_ready() -> None:
    body = service(publishNotReadyAddresses=True)
    assert unready(body, workload()) == []
    job = obj("Job", spec={"template": {"metadata": {"labels": LABELS},
                                        "spec": {"containers": [container()]}}})  # fmt: skip
    assert unready(service(), job) == []
    assert unready(service(), workload(template={"restartPolicy": "Never"})) == []


def test_one_finding_for_several_services() -> None:
    (finding,) = judge(
        "readiness-probe-missing", stream(service(), service(name="second"), workload())
    )
    assert finding.location.key_path[-3:] == ("containers", 0, "readinessProbe")
    assert finding.related[0].location.key_path == ("spec", "ports", 0)


def test_liveness() -> None:
    rule = "liveness-probe-missing"
    text = pod(
        container("web", livenessProbe=PROBE),
        container("api", readinessProbe=PROBE, startupProbe=PROBE, livenessProbe={}),
        initContainers=[container("init"), container("side", restartPolicy="Always")],
        ephemeralContainers=[container("debug")],
    )
    assert [f.subject.container for f in judge(rule, text)] == ["side", "api"]
    assert not judge(rule, pod(restartPolicy="Never"))
    job = obj("CronJob", spec={"jobTemplate": {"spec": {"template": {
        "spec": {"restartPolicy": "OnFailure", "containers": [container()]}}}}})  # fmt: skip
    assert not judge(rule, stream(job))  # D6


@pytest.mark.parametrize(
    ("liveness", "readiness", "same"),
    [
        ({"httpGet": {"port": 8000}}, {"httpGet": {"port": 8000, "path": "/"}}, True),
        ({"httpGet": {"port": "http"}}, {"httpGet": {"port": 8000}}, True),
        ({"httpGet": {"port": "http"}}, {"httpGet": {"port": "admin"}}, False),
        ({"httpGet": {"port": "no"}}, {"httpGet": {"port": "none"}}, False),
        ({"httpGet": {"port": 8000}}, {"httpGet": {"port": 8000, "path": "/ready"}}, False),
        ({"httpGet": {"port": 8000}}, {"httpGet": {"port": 8000, "scheme": "HTTPS"}}, False),
        ({"httpGet": {"port": 8000}, "periodSeconds": 60}, {"httpGet": {"port": 8000}}, True),
        ({"httpGet": {"port": 8000, "httpHeaders": [{"name": "A", "value": "1"}]}},
         {"httpGet": {"port": 8000, "httpHeaders": [{"name": "a", "value": "1"}]}}, True),
        ({"httpGet": {"port": 8000}},
         {"httpGet": {"port": 8000, "httpHeaders": [{"name": "a", "value": "1"}]}}, False),
        (PROBE, PROBE, True),
        (PROBE, {"tcpSocket": {"port": "http"}}, True),
        (PROBE, {"httpGet": {"port": 8000}}, False),
        ({"grpc": {"port": 1}}, {"grpc": {"port": 1, "service": None}}, True),
        ({"grpc": {"port": 1}}, {"grpc": {"port": 1, "service": "ready"}}, False),
        ({"exec": {"command": ["a", "b"]}}, {"exec": {"command": ["a", "b"]}}, True),
        ({"exec": {"command": ["a", "b"]}}, {"exec": {"command": ["a"]}}, False),
        ({}, {}, False),
        ({"exec": {}}, {"exec": {}}, False),
        (None, None, False),
    ],
)  # fmt: skip
def test_identical_probes(liveness: Any, readiness: Any, same: bool) -> None:
    text = pod(
        container(
            ports=[HTTP, {"name": "admin", "containerPort": 9000}],
            livenessProbe=liveness,
            readinessProbe=readiness,
        )
    )
    assert bool(judge("probes-identical", text)) == same


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
@pytest.mark.parametrize(
    ("handler", "severity"),
    [
        ({"httpGet": {"port": 8000}}, None),
        ({"httpGet": {"port": "http"}}, None),
        ({"httpGet": {"port": "htttp"}}, Severity.MEDIUM),
        ({"httpGet": {"port": "dns"}}, Severity.MEDIUM),  # a UDP port
        ({"tcpSocket": {"port": "htttp"}}, Severity.MEDIUM),
        ({"httpGet": {"port": 8001}}, Severity.INFO),
        ({"tcpSocket": {"port": 53}}, Severity.INFO),
        ({"grpc": {"port": 8001}}, Severity.INFO),
        ({"grpc": {"port": 8000}}, None),
        ({"httpGet": {"port": 8001, "host": "192.0.2.1"}}, None),
        ({"exec": {"command": ["true"]}}, None),
    ],
)
def test_ports_of_probes(probe: str, handler: Any, severity: Severity | None) -> None:
    ports = [HTTP, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]
    found = judge("probe-port-not-declared", pod(container(ports=ports, **{probe: handler})))
    assert [f.severity for f in found] == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("command", "reported"),
    [
        (["sh", "-c", "true"], True),
        (["/bin/bash", "/probe.sh"], True),
        (["C:\\Windows\\System32\\cmd.exe", "/c", "dir"], True),
        (["pg_isready", "-h", "sh"], False),
        (["/probe.sh"], False),
        ([], False),
    ],
)
def test_shells_in_probes(command: list[str], reported: bool) -> None:
    text = pod(container(startupProbe={"exec": {"command": command}}))
    assert bool(judge("shell-in-probe", text)) == reported


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    for value in (odd, {"httpGet": odd}, {"httpGet": {"port": odd, "httpHeaders": odd}},
                  {"exec": {"command": odd}}, {"exec": odd}, {"grpc": odd}):  # fmt: skip
        probes: dict[str, Any] = {"livenessProbe": value, "readinessProbe": value}
        one = container(ports=odd, **probes)
        judge(ALL, stream(service(), workload(template={"containers": [one]})))
    judge(ALL, stream(service(ports=[{"port": odd, "targetPort": odd}]), workload()))

"""Counts of a mesh that is up arrive at the controller; its access log has identities."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.control.operating import ask
from seawall.mesh.watching.graph import Edge, graph_of
from tests.mesh.lifted import Lifted, lifted, needs_host, reason

pytestmark = [needs_host, pytest.mark.skipif(bool(reason("curl")), reason=reason("curl"))]
DESCRIPTION = """\
mesh: NAME
trustDomain: shop.example.org
metrics: {controller: "127.0.0.1:CONTROLLER", agent: "127.0.0.1:AGENT"}
workloads:
  web: {}
  intruder: {}
  orders:
    command: [PYTHON, -m, http.server, "8080", --bind, "::", --directory, DIRECTORY/empty]
    user: 1001
    ports: {8080: http}
policy:
  - allow: {from: web, to: orders}
"""


def free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    return free_ports()


@pytest.fixture(scope="module")
def mesh(ports: tuple[int, int]) -> Iterator[Lifted]:
    text = DESCRIPTION.replace("CONTROLLER", str(ports[0])).replace("AGENT", str(ports[1]))
    with lifted(text, "w") as found:
        (found.directory / "empty").mkdir()
        yield found


def counts(mesh: Lifted, workload: str) -> dict[str, int]:
    found: dict[str, int] = mesh.status()["workloads"][workload]["standing"]["counts"]
    return found


def asked(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        text: str = answer.read().decode()
    return text


def test_counts_arrive(mesh: Lifted, ports: tuple[int, int]) -> None:
    web = ("curl", "-s", "-o", "/dev/null", "-m", "5", "http://orders:8080/")
    assert mesh.until(lambda: mesh.run("web", *web).returncode == 0)
    mesh.run("intruder", *web)
    assert mesh.until(lambda: counts(mesh, "orders").get("requests:8080", 0) > 0, 15)
    assert mesh.until(lambda: counts(mesh, "intruder").get("undeclared", 0) > 0, 15)
    assert mesh.until(lambda: "fence:sent_udp" in counts(mesh, "web"), 15)
    assert counts(mesh, "web")["to:orders/http:handshakes"] >= 1
    graph = graph_of(mesh.status(), ask(mesh.layout.operator, "Edges")["edges"])
    edges: dict[tuple[str, str], Edge] = {(own.caller, own.callee): own for own in graph.edges}
    assert edges["web", "orders"].state == "encrypted"
    assert edges["intruder", "(elsewhere)"].state == "refused"
    for port in ports:
        assert asked(port, "/live") == asked(port, "/ready") == "ok\n"
        assert 'seawall_mesh_handshakes_total{workload="orders"}' in asked(port, "/metrics")
    assert "seawall_mesh_issuer_expiry_seconds" in asked(ports[0], "/metrics")


def test_the_log_names_both_sides(mesh: Lifted) -> None:
    web = ("curl", "-s", "-o", "/dev/null", "-m", "5", "http://orders:8080/a-path?secret=1")
    assert mesh.until(lambda: mesh.run("web", *web).returncode == 0)
    path = Path(mesh.layout.logs) / "orders.proxy.log"

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_text().splitlines() if line[:1] == "{"]

    assert mesh.until(lambda: any(own.get("path") == "/a-path" for own in lines()), 10)
    line = next(own for own in lines() if own.get("path") == "/a-path")
    assert line["peer"] == "spiffe://shop.example.org/workload/web"
    assert line["own"] == "spiffe://shop.example.org/workload/orders"
    assert (line["method"], line["status"], line["tls"]) == ("GET", 404, "TLSv1.3")
    assert "secret" not in path.read_text()

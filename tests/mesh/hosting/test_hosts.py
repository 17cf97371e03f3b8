"""A mesh on several hosts: they join by token, their workloads meet, they come back."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.mesh.hosting import network
from tests.mesh.hosting.hosts import Wire, until, wired
from tests.mesh.hosting.test_up import APP, MARK, SYSTEM_PYTHON, _reason

pytestmark = pytest.mark.skipif(bool(_reason()), reason=_reason())
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
hosts:
  a: {{address: 192.0.2.10, controller: true}}
  b: {{address: 192.0.2.11}}
  c: {{address: 192.0.2.12}}
workloads:
  web: {{host: a}}
  intruder: {{host: c}}
  orders:
    host: b
    command: [{SYSTEM_PYTHON}, -c, "{APP.replace("MARK", MARK)}"]
    user: 1001
    ports: {{8080: http, 9090: tcp}}
  stock:
    host: c
    command: [{SYSTEM_PYTHON}, -c, "{APP.replace("MARK", MARK)}"]
    user: 1001
    ports: {{8080: http}}
policy:
  - allow: {{from: web, to: orders}}
  - allow: {{from: orders, to: stock}}
"""


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with wired(("a", "b", "c"), DESCRIPTION) as made:
        made["a"].up()
        for name in ("b", "c"):
            made[name].up(made["a"].invite(name))
        yield made
        for host in made.hosts.values():
            assert host.down() == 0, host.said.read_text()


def works(wire: Wire) -> bool:
    return MARK in wire["a"].curl("web", "http://orders:8080/").stdout


def test_workloads_of_several_hosts_meet(wire: Wire) -> None:
    assert until(lambda: works(wire))
    said = wire["a"].curl("web", "http://orders:8080/")
    assert "URI=spiffe://shop.example.org/workload/web" in said.stdout
    assert wire["a"].curl("web", "http://orders:9090/").stdout.startswith(MARK)
    # A program is started when its proxy is ready, and takes its time.
    assert until(lambda: MARK in wire["b"].curl("orders", "http://stock:8080/").stdout)
    said = wire["b"].curl("orders", "http://stock:8080/")
    assert "URI=spiffe://shop.example.org/workload/orders" in said.stdout
    for host, workload, address in (
        ("c", "intruder", "http://orders:8080/"),
        ("a", "web", "http://stock:8080/"),
        ("c", "stock", "http://orders:9090/"),
    ):
        assert wire[host].curl(workload, address).returncode != 0


def test_large_bodies_pass_between_hosts(wire: Wire) -> None:
    """What is longer than a packet between hosts may be."""
    assert until(lambda: works(wire))
    said = wire["a"].curl("web", f"http://orders:8080/{'x' * 20_000}")
    assert said.stdout.startswith(MARK), said


def test_between_hosts_there_is_no_plaintext(wire: Wire, tmp_path: Path) -> None:
    assert until(lambda: works(wire))
    capture = tmp_path / "capture"
    watching = subprocess.Popen(
        ["ip", "netns", "exec", wire.between, "tcpdump", "--immediate-mode", "-U", "-Z", "root",
         "-i", "wire", "-w", str(capture)], stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watching.stderr is not None
    while b"listening" not in (line := watching.stderr.readline()):
        assert line
    try:
        for _ in range(3):
            assert wire["a"].curl("web", f"http://orders:9090/?{MARK}").stdout.startswith(MARK)
        time.sleep(0.5)
    finally:
        watching.terminate()
        watching.communicate()
    seen = capture.read_bytes()
    assert len(seen) > 5000
    assert MARK.encode() not in seen
    assert b"\x16\x03\x01" in seen  # a TLS handshake, within VXLAN


def test_who_is_revoked_is_out_on_all_hosts(wire: Wire) -> None:
    assert until(lambda: works(wire))
    name = "spiffe://shop.example.org/workload/web"
    wire["a"].ask("Revoke", id=name)
    assert until(lambda: not works(wire))
    wire["a"].ask("Revoke", id=name, back=True)
    assert until(lambda: works(wire))


def test_all_hosts_are_in_the_status(wire: Wire) -> None:
    status = wire["a"].ask("Status")
    hosts = {name: own["host"] for name, own in status["workloads"].items()}
    assert hosts == {"web": "a", "orders": "b", "stock": "c", "intruder": "c"}
    assert all(own["standing"]["is_connected"] for own in status["workloads"].values())
    assert status["warnings"] == []
    told = wire["b"].told()
    assert told["fault"] == ""
    assert set(told["workloads"]) == {"orders"}


def test_a_root_is_rotated_on_all_hosts(wire: Wire) -> None:
    before = wire["a"].ask("Status")["generation"]
    wire["a"].ask("Rotate", root=True)
    assert until(lambda: wire["a"].ask("Status")["generation"] == before + 3)
    assert works(wire)


def test_the_agent_that_was_killed_comes_back_without_a_token(wire: Wire) -> None:
    before = wire["b"].told()["at"]
    wire["b"].kill("seawall.mesh.agents.process")
    assert until(lambda: wire["b"].told()["at"] > before and wire["b"].told()["has_orders"])
    assert until(lambda: works(wire))

    def is_connected() -> bool:
        standing = wire["a"].ask("Status")["workloads"]["orders"]["standing"]
        return bool(standing["is_connected"])

    assert until(is_connected)


def test_the_controller_may_be_away(wire: Wire) -> None:
    wire["a"].kill("seawall.mesh.control.process")
    assert works(wire)
    assert until(lambda: wire["b"].told()["fault"] == "" and wire["a"].ask("Status"))
    assert until(
        lambda: all(
            own["standing"] and own["standing"]["is_connected"]
            for own in wire["a"].ask("Status")["workloads"].values()
        )
    )
    assert works(wire)


def test_a_host_that_is_cut_off_says_so_and_follows_again(wire: Wire) -> None:
    wire.cut("c", off=True)
    try:
        assert MARK not in wire["b"].curl("orders", "http://stock:8080/").stdout
    finally:
        wire.cut("c", off=False)
    assert until(lambda: MARK in wire["b"].curl("orders", "http://stock:8080/").stdout)


def test_a_host_comes_back_after_it_was_taken_down(wire: Wire) -> None:
    assert wire["b"].down() == 0
    assert not wire["a"].curl("web", "http://orders:8080/").stdout
    wire["b"].up()  # without a token: it has joined before
    assert until(lambda: works(wire))


def test_a_host_that_was_forgotten_needs_a_token(wire: Wire) -> None:
    assert wire["b"].down() == 0
    wire["a"].ask("Forget", host="b")
    wire["b"].start()
    assert wire["b"].fails()
    assert "give it a new token" in wire["b"].said.read_text()
    wire["b"].up(wire["a"].invite("b"))
    assert until(lambda: works(wire))


def test_nothing_is_left_of_the_tunnel(wire: Wire) -> None:
    assert wire["c"].down() == 0
    links = subprocess.run(
        ["ip", "-n", wire["c"].namespace, "link"], capture_output=True, text=True, check=True
    )
    assert "hosts0" not in links.stdout
    wire["c"].up()
    assert network.network_id(wire.name)

"""Another description for a mesh on several hosts: applied on each, the controller's first."""

from collections.abc import Iterator

import pytest

from seawall.mesh.hosting import asking
from seawall.mesh.hosting.errors import HostError
from tests.mesh.hosting.hosts import Wire, until, wired
from tests.mesh.hosting.raised import MARK, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
HEAD = """\
mesh: NAME
trustDomain: shop.example.org
drain: 1s
hosts:
  a: {address: 192.0.2.10, controller: true}
  b: {address: 192.0.2.11}
workloads:
"""
FIRST = f"""\
  web: {{host: a}}
  orders:
    host: b
{serving(8080)}    ports: {{8080: http}}
"""
STOCK = f"""\
  stock:
    host: b
{serving(8080)}    ports: {{8080: http}}
"""
GATEWAY = "gateway:\n  listen: 192.0.2.10:8000\n  routes: [{to: orders}]\n"
POLICY = """\
policy:
  - allow: {from: web, to: orders}
  - allow: {from: gateway, to: orders}
"""
BEFORE = HEAD + FIRST + GATEWAY + POLICY
AFTER = HEAD + FIRST + STOCK + GATEWAY + POLICY + "  - allow: {from: web, to: stock}\n"


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with wired(("a", "b"), BEFORE) as made:
        made["a"].up()
        made["b"].up(made["a"].invite("b"))
        yield made
        for host in made.hosts.values():
            assert host.down() == 0, host.said.read_text()


def _apply(wire: Wire, host: str, text: str) -> int:
    wire.description.write_text(text.replace("NAME", wire.name))
    about = {"what": "apply", "file": str(wire.description), "dry": False}
    return len(asking.ask(wire[host].layout.requests, **about)["changes"])


def _answers(wire: Wire, name: str) -> bool:
    return MARK in wire["a"].curl("web", f"http://{name}:8080/").stdout


def test_a_workload_of_another_host_comes_and_goes(wire: Wire) -> None:
    assert until(lambda: _answers(wire, "orders"))
    # The gateway, which stands behind all workloads, stays where it was.
    before = wire["a"].ask("Status")["workloads"]["gateway"]["standing"]["addresses"]
    for host in ("a", "b"):
        assert _apply(wire, host, AFTER) == 2
    assert until(lambda: _answers(wire, "stock"))
    assert wire["a"].ask("Status")["warnings"] == []
    assert wire["a"].ask("Status")["workloads"]["gateway"]["standing"]["addresses"] == before
    # A host that is brought up again has it where it was.
    assert wire["b"].down() == 0
    wire["b"].up()
    assert until(lambda: _answers(wire, "stock"))
    assert wire["a"].ask("Status")["warnings"] == []
    for host in ("a", "b"):
        assert _apply(wire, host, BEFORE) == 2
    assert not _answers(wire, "stock")
    assert _answers(wire, "orders")
    assert set(wire["a"].ask("Status")["workloads"]) == {"web", "orders", "gateway"}


def test_what_would_move_others_is_refused(wire: Wire) -> None:
    with pytest.raises(HostError, match="addresses follow the order of the workloads"):
        _apply(wire, "a", AFTER.replace(STOCK, "").replace("workloads:\n", f"workloads:\n{STOCK}"))
    with pytest.raises(HostError, match="the hosts cannot change"):
        _apply(wire, "a", BEFORE.replace("192.0.2.11", "192.0.2.12"))
    assert _answers(wire, "orders")


@pytest.mark.full
def test_a_host_that_is_told_before_the_controller_takes_it_back(wire: Wire) -> None:
    with pytest.raises(HostError, match="on the controller's host first"):
        _apply(wire, "b", AFTER)
    assert _answers(wire, "orders")
    assert "stock" not in wire["b"].run("ip", "netns", "list").stdout
    assert _apply(wire, "a", BEFORE) == 0

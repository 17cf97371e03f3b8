"""Hosts in a description: what is right, and what is said of others."""

import pytest

from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.hosts import Host
from seawall.mesh.plan.reading import plan_of

TEXT = """\
mesh: shop
trustDomain: shop.example.org
hosts:
  alpha: {address: 192.0.2.10, controller: true}
  beta: {address: "2001:db8::2"}
workloads:
  web: {host: alpha}
  orders: {host: beta}
"""


def test_hosts_are_read() -> None:
    plan = plan_of("mesh.yaml", TEXT.encode())
    alpha, beta = plan.hosts
    assert alpha == Host("alpha", "192.0.2.10", 15012, 15013)
    assert not beta.has_controller
    assert alpha.door(15012) == "192.0.2.10:15012"
    assert beta.door(1) == "[2001:db8::2]:1"
    assert [own.host for own in plan.members] == ["alpha", "beta"]
    other = TEXT.replace("controller: true", "controller: {join: 1, main: 2}")
    assert plan_of("mesh.yaml", other.encode()).hosts[0].main == 2


def test_one_host_needs_no_name() -> None:
    text = "mesh: shop\ntrustDomain: shop.example.org\nworkloads: {web: {}}\n"
    plan = plan_of("mesh.yaml", text.encode())
    assert plan.hosts == ()
    assert plan.members[0].host == "local"


GATE = """\
gateway:
  WHERElisten: 0.0.0.0:443
  tls: {certificate: only-there.pem, key: only-there.key}
  routes: [{to: orders}]
policy:
  - allow: {from: gateway, to: orders}
"""


@pytest.mark.parametrize(("where", "host"), [("", "alpha"), ("host: beta\n  ", "beta")])
def test_the_gateway_is_on_one_host(where: str, host: str) -> None:
    """Its key is on that host only, so that the description is read without it elsewhere."""
    text = TEXT.replace("{host: beta}", "{host: beta, ports: {80: http}}")
    plan = plan_of("mesh.yaml", (text + GATE.replace("WHERE", where)).encode())
    assert (plan.members[-1].name, plan.members[-1].host) == ("gateway", host)
    with pytest.raises(PlanError, match="choose from alpha, beta"):
        plan_of("mesh.yaml", (text + GATE.replace("WHERE", "host: gamma\n  ")).encode())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("controller: true", "controller: false", "one host has the controller"),
        ('"2001:db8::2"', '"2001:db8::2", controller: true', "one host has the controller"),
        ("192.0.2.10", "host.example.org", "mesh.yaml:4: .* is no address"),
        ("192.0.2.10", "127.0.0.1", "leads to no other host"),
        ('"2001:db8::2"', "192.0.2.10", "mesh.yaml:5: 192.0.2.10 is another host's"),
        ("beta:", "Beta:", "'Beta' cannot be a name"),
        ("controller: true", "controller: {join: 15013}", "the two doors need two ports"),
        ("controller: true", "controller: 1", "must be true or false"),
        ("controller: true", "master: true", "unknown key 'master'"),
        ("orders: {host: beta}", "orders: {host: gamma}", "choose from alpha, beta"),
        ("orders: {host: beta}", "orders: {}", "there is no 'host': add it"),
        ("hosts:\n", "other:\n", "unknown key 'other'"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(PlanError, match=says):
        plan_of("mesh.yaml", TEXT.replace(old, new, 1).encode())


def test_a_host_for_a_mesh_that_names_none() -> None:
    text = "mesh: shop\ntrustDomain: shop.example.org\nworkloads: {web: {host: alpha}}\n"
    with pytest.raises(PlanError, match="names no hosts"):
        plan_of("mesh.yaml", text.encode())

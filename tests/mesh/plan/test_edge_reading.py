"""What a description says of the world outside, and what is said of descriptions that are wrong."""

import pytest

from seawall.mesh.control.edge_messages import edges_from_plain, edges_to_plain
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.deciding import Request
from seawall.mesh.plan.edges import NONE, Origin, Route, marks_of
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.plan.trying import asked, table
from seawall.mesh.plan.views import views_of
from tests.mesh.plan.shop import EDGES, SHOP

TEXT = SHOP + EDGES
ORDERS = parse("spiffe://shop.example.org/ns/shop/sa/orders")


def test_the_outside_is_read() -> None:
    plan = plan_of("mesh.yaml", TEXT.encode())
    payments, warehouse = plan.edges.externals
    assert str(payments.id) == "spiffe://shop.example.org/seawall/external/payments"
    assert payments.ports == (Port(80, Protocol.HTTP), Port(443))
    assert payments.origin(80) == Origin("api.pay.example.org", "", 443)
    assert (payments.outer_port(80), payments.outer_port(443)) == (443, 443)
    assert payments.origin(443) is None
    assert payments.addresses == ("10.77.128.1", "fd77:5ea:a11::1:1")
    assert warehouse.addresses[-1] == "10.20.0.5"
    assert warehouse.private == ("10.20.0.0/16",)
    assert marks_of(plan.edges.externals) == {"warehouse": 1}
    assert plan.edges.resolvers == ("192.0.2.53:53", "[2001:db8::53]:5353")
    gateway = plan.edges.gateway
    assert gateway is not None
    assert (gateway.address, gateway.port, gateway.certificate) == ("0.0.0.0", 8443, "")
    assert gateway.routes[0] == Route("shop.example.org", "/web/*", "web", 8000)
    assert gateway.routes[2] == Route("*", "/*", "web", 8000)
    assert plan.members[-1].name == "gateway"


def test_it_comes_through_messages_and_the_store() -> None:
    edges = plan_of("mesh.yaml", TEXT.encode()).edges
    assert edges_from_plain(edges_to_plain(edges)) == edges
    assert edges_from_plain(None) == NONE


def test_who_may_not_go_there_is_told_nothing() -> None:
    from seawall.mesh.plan.model import Workload

    plan = plan_of("mesh.yaml", TEXT.encode())
    known = [Workload(own.name, own.id, ("10.0.0.1",), own.ports) for own in plan.members]
    views = views_of(known, plan.rules, plan.lifetime, plan.edges)
    told = {name: [own.name for own in view.externals] for name, view in views.items()}
    assert told == {
        "web": ["warehouse"], "orders": ["payments", "warehouse"], "database": [], "gateway": [],
    }  # fmt: skip
    (first, _) = views["orders"].externals
    assert first.ports == (Port(80, Protocol.HTTP),)
    assert first.origins == ()
    assert views["gateway"].gateway is not None
    assert views["web"].gateway is None


def test_destinations_are_explained_and_tested_as_workloads_are() -> None:
    plan = plan_of("mesh.yaml", TEXT.encode())
    rows = {(row.caller, row.to, row.port.number): row.answer for row in table(plan)}
    assert rows["orders", "payments", 80] == "some requests"
    assert rows["orders", "payments", 443] == "refused"
    assert rows["web", "warehouse", 5432] == "allowed"
    assert asked(plan, "payments", 80, Request(ORDERS, "POST", "/v1/charges")).is_allowed
    assert not asked(plan, "payments", 80, Request(ORDERS, "GET", "/v1/charges")).is_allowed


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  payments:", "  Payments:", "'Payments' cannot be a name"),
        ("  payments:\n", "  web:\n", "'web' is a workload already"),
        ("api.pay.example.org", "'*.example.org'", "no patterns"),
        ("api.pay.example.org", "localhost", "is no name of a host outside"),
        ("api.pay.example.org", "10.1.2.300", "is no name of a host outside"),
        ("host: 10.20.0.5", "host: api.pay.example.org", "is 'payments' already"),
        ("host: 10.20.0.5", "host: orders", "is a workload: name a host outside"),
        ("host: 10.20.0.5", "host: orders.shop", "is a workload: name a host outside"),
        ("host: 10.20.0.5\n", "hosts: x\n", "unknown key 'hosts'; did you mean 'host'"),
        ("[10.20.0.0/16]", "[10.20.0.1/16]", "is no range of addresses"),
        ("[10.20.0.0/16]", "[0.0.0.0/0]", "wider than a destination needs"),
        ("443}}", "443, cert: x}}", "unknown key 'cert'"),
        ("443}}", "443, ca: nowhere.pem}}", "nowhere.pem: No such file"),
        ("443}}", "443, name: 10.0.0.1}}", "is no DNS name that a certificate is for"),
        ("tls: {port: 443}", "tls: {port: 0}", "0 is not between 1 and 65535"),
        ('"192.0.2.53"', "dns.example.org", "is no address of a resolver"),
        ('"192.0.2.53"', '"192.0.2.53:99999"', "is no address of a resolver"),
        ('["192.0.2.53", ', "[1.1.1.1, 1.1.1.2, 1.1.1.3, ", "more than 3 resolvers"),
        ("0.0.0.0:8443", "8443", "must be a text"),
        ("0.0.0.0:8443", "0.0.0.0", "is no address with a port"),
        ("0.0.0.0:8443", "example.org:80", "is no address with a port"),
        ("to: web, port: 8000}", "to: web, port: 9}", "port 9 of web is not declared as http"),
        ("to: web, port: 8000}", "to: database}", "database serves 0 ports over HTTP"),
        ("to: web, port: 8000}", "to: gateway}", "'gateway' is not to be had here"),
        ("path: /, ", "path: /web/*, ", "shop.example.org/web/. has a route already"),
        ("path: /, ", "path: x, ", "is no path that can be matched"),
        ("from: gateway, to: web", "from: orders, to: web", "no rule lets the gateway reach web"),
        ("  listen:", "  tls: {certificate: a, key: b}\n  listen:", "there is no file"),
        ("from: orders, to: payments", "from: warehouse, to: payments", "has no identity"),
        ("  database:\n", "  gateway:\n", "a workload is called 'gateway' already"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(PlanError, match=says) as caught:
        plan_of("mesh.yaml", TEXT.replace(old, new, 1).encode())
    assert "mesh.yaml:" in str(caught.value) or "nowhere" in str(caught.value)

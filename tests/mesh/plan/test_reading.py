"""Descriptions of a mesh: one that is right, and what is said of others."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol, Selectors, Source
from seawall.mesh.plan.reading import load, plan_of
from seawall.mesh.plan.views import views_of
from tests.mesh.plan.shop import SHOP


def test_a_description_is_read() -> None:
    plan = plan_of("shop/mesh.yaml", SHOP.encode())
    assert plan.mesh == "shop"
    assert plan.lifetime == 900
    web, orders, database = plan.members
    assert str(web.id) == "spiffe://shop.example.org/workload/web"
    assert web.ports == (Port(8000, Protocol.HTTP),)
    assert web.process is not None
    assert web.process.directory == os.path.abspath("shop/app")
    assert orders.id == parse("spiffe://shop.example.org/ns/shop/sa/orders")
    assert database.process is None
    assert database.ports == (Port(5432, Protocol.TCP, is_long_lived=True),)
    first, second, denial = plan.rules
    assert first.sources == (Source(web.id),)
    assert first.paths == ("/orders/*",)
    assert second.sources == (Source(parse("spiffe://shop.example.org/ns/shop"), with_below=True),)
    assert not denial.allows


def test_a_proxy_is_told_of_those_it_may_call() -> None:
    plan = plan_of("mesh.yaml", SHOP.encode())
    from seawall.mesh.plan.model import Workload

    known = [Workload(own.name, own.id, ("10.0.0.1",), own.ports) for own in plan.members]
    views = views_of(known, plan.rules, plan.lifetime)
    told = {name: [peer.name for peer in view.peers] for name, view in views.items()}
    assert told == {"web": ["orders"], "orders": ["database"], "database": []}
    assert views["orders"].longest_connection == 450
    assert [rule.name for rule in views["database"].rules] == ["rule 2", "no tests"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("mesh: shop", "mesh: Shop", "mesh.yaml:1: 'Shop' cannot be the name"),
        ("mesh: shop", "mesh: 4", "mesh.yaml:1: must be a text"),
        ("mesh: shop", "mash: shop", "mesh.yaml:1: unknown key 'mash'; did you mean 'mesh'?"),
        ("shop.example.org\n", "Shop\n", "mesh.yaml:2: .* is no SPIFFE id"),
        ("15m", "15", "mesh.yaml:3: must be a text"),
        ("15m", "15x", "mesh.yaml:3: '15x' is no length of time"),
        ("15m", "3d", "mesh.yaml:3: 3d is not between 10s and 1d"),
        ("/ns/shop/sa/orders", "/ns/../orders", "mesh.yaml:11: .* the segment '..'"),
        ("/ns/shop/sa/orders", "/seawall/agent/x", "mesh.yaml:11: .* is the mesh's own"),
        ("/ns/shop/sa/orders", "spiffe://else/a", "mesh.yaml:11: .* is no workload of"),
        ("/ns/shop/sa/orders", "/workload/web", "is the id of 'web' already"),
        ("user: 1000", "user: 0", "mesh.yaml:7: root could become the proxy's user"),
        ("user: 1000", "user: 61338", "mesh.yaml:7: 61338 is kept for a proxy"),
        ("    user: 1000\n", "", "there is no 'user': add it"),
        ("{8000: http}", "{15006: http}", "mesh.yaml:9: port 15006 is the proxy's own"),
        ("{8000: http}", "{0: http}", "mesh.yaml:9: '0' is no port"),
        ("{8000: http}", "{8000: udp}", "mesh.yaml:9: 'udp' is not to be had here"),
        ("from: web", "from: nobody", "there is no workload 'nobody'"),
        ("from: web", "from: []", "an empty list names nobody"),
        ("from: web", "from: ['*', web]", "is everybody: others beside it mean nothing"),
        ("methods: [GET]", "methods: [get]", "'get' is no HTTP method"),
        ("methods: [GET]", "methods: []", "an empty list allows nothing"),
        ("/orders/*", "/orders*", "is no path that can be matched"),
        ("/orders/*", "/a/../b", "is no path that can be matched"),
        ("to: orders", "to: database", "so methods and paths mean nothing there"),
        ("ports: [5432]", "ports: [5433]", "serves no port 5433"),
        ("name: no tests", "name: rule 1", "two rules are called 'rule 1'"),
        ("deny:", "allow: {from: web, to: web}\n    deny:", "a rule allows or denies"),
        ("user: 1000", "user: 1000\n    attest: {user: 1}", "the user stands with the command"),
        ("user: 1000", "user: 1000\n    attest: {uid: 1}", "unknown key 'uid'"),
        ("user: 1000", "user: 1000\n    attest: {path: a}", "'a' does not fit: write an absolute"),
        ("user: 1000", "user: 1000\n    attest: {sha256: A}", "write 64 hexadecimal digits"),
        ("user: 1000", "user: 1000\n    attest: {unit: a/b.service}", "write a unit of systemd"),
        ("  database:\n", "  database:\n    attest: {path: /bin/x}\n", "add a user or a unit"),
        ("  database:\n", "  database:\n    attest: {user: 0}\n", "0 is not between 1"),
        ("\npolicy:", "\nmesh: shop\npolicy:", "the key 'mesh' stands here twice"),
        ("\npolicy:", "\n---\npolicy:", "2 documents; describe one mesh"),
        ("policy:", "policy: [", "correct the YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, says: str) -> None:
    assert old in SHOP
    with pytest.raises(PlanError, match=says):
        plan_of("mesh.yaml", SHOP.replace(old, new, 1).encode())


def test_how_programs_are_known() -> None:
    known = {own.name: own.selectors for own in plan_of("mesh.yaml", SHOP.encode()).members}
    assert known["web"] == Selectors(1000)
    assert known["database"] is None
    more = "  database:\n    attest: {user: 7, group: 0, unit: db.service, path: /bin/db}\n"
    plan = plan_of("mesh.yaml", SHOP.replace("  database:\n", more).encode())
    (own,) = [member.selectors for member in plan.members if member.name == "database"]
    assert own == Selectors(7, 0, "db.service", "/bin/db")


def test_files_that_cannot_be_read(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(PlanError, match="No such file"):
        load(os.path.join(tmp_path, "none.yaml"))
    with pytest.raises(PlanError, match="Is a directory"):
        load(str(tmp_path))
    with pytest.raises(PlanError, match="write it in UTF-8"):
        plan_of("x", b"\xff\xfe\xff")
    with pytest.raises(PlanError, match="split it"):
        plan_of("x", b" " * 5_000_000)


@given(st.integers(0, len(SHOP) - 1), st.text(max_size=6), st.integers(0, 20))
def test_any_change_is_a_mesh_or_an_error(at: int, text: str, cut: int) -> None:
    changed = SHOP[:at] + text + SHOP[at + cut :]
    try:
        plan = plan_of("mesh.yaml", changed.encode("utf-8", "surrogatepass"))
    except PlanError as error:
        told = str(error)
    else:
        told = "mesh.yaml"
        known = {own.id for own in plan.members}
        assert len(known) == len(plan.members)
        assert all(rule.to.trust_domain == plan.trust_domain.trust_domain for rule in plan.rules)
    assert told.startswith("mesh.yaml")

"""Who is where, and what each proxy is told of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.cluster import registry as registries
from seawall.mesh.cluster.document import Followed, checked
from seawall.mesh.cluster.objects import (
    Account,
    Pod,
    Service,
    Slice,
    pod_of,
    service_of,
    slice_of,
)
from seawall.mesh.cluster.registry import ClusterRegistry, name_of
from seawall.mesh.cluster.topology import topology_of
from seawall.mesh.control.messages import (
    Orders,
    Report,
    Standing,
    orders_from_plain,
    orders_to_plain,
)
from seawall.mesh.identity.spiffe_id import SpiffeId, parse
from seawall.mesh.plan.edges import is_exit
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Rule, Source, View, Workload
from seawall.mesh.plan.views import views_of
from tests.mesh.cluster import api_double as double

DOMAIN = SpiffeId("shop.example.org")
AGENTS = [Account("seawall-mesh", "seawall-mesh-agent")]
DOCUMENT = b"""
mesh: shop
trustDomain: shop.example.org
certificates: {lifetime: 30m}
workloads:
  web: {id: /ns/shop/sa/web}
  orders: {id: /ns/shop/sa/orders, ports: {8080: http, 9090: tcp}}
policy:
  - allow: {from: web, to: orders, ports: [8080]}
"""
ORDERS = parse("spiffe://shop.example.org/ns/shop/sa/orders")
WEB = parse("spiffe://shop.example.org/ns/shop/sa/web")


class Shop:
    """Pods, services and slices that a test may change."""

    def __init__(self) -> None:
        self.web = self.pod("web-1", "web", "10.1.0.1", "n1")
        self.orders = self.pod("orders-1", "orders", "10.1.0.2", "n2")
        self.pods = [self.web, self.orders]
        self.services: list[Service] = []
        self.slices: list[Slice] = []

    @staticmethod
    def pod(name: str, account: str, address: str, node: str, **more: object) -> Pod:
        made = double.pod(name, "shop", node, account, address=address, **more)  # type: ignore[arg-type]
        found = pod_of(made)
        assert found is not None
        return found

    def service(self, name: str, address: str, ports: dict[int, str]) -> None:
        found = service_of(double.service(name, "shop", address, ports))
        assert found is not None
        self.services.append(found)

    def endpoints(self, name: str, pods: list[Pod], ports: dict[str, int]) -> None:
        raw = [
            {"status": {"podIP": own.addresses[0]}, "metadata": {"name": own.name, "uid": own.uid}}
            for own in pods
        ]
        found = slice_of(double.endpoints(name, "shop", raw, ports))
        assert found is not None
        self.slices.append(found)

    def registry(self) -> ClusterRegistry:
        made = ClusterRegistry(3600, AGENTS)
        made.declare(checked("mesh.yaml", DOCUMENT, DOMAIN))
        self.teach(made)
        return made

    def teach(self, registry: ClusterRegistry) -> None:
        registry.learn(topology_of(DOMAIN, self.pods, self.services, self.slices), self.pods)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def view_of(registry: ClusterRegistry, pod: Pod, host: str = "") -> View:
    (found,) = [
        view for view in registry.views(host or pod.node) if view.own.name == name_of(pod)
    ]  # fmt: skip
    return found


def reached(view: View) -> dict[str, list[int]]:
    return {
        address: [port.number for port in peer.ports]
        for peer in view.peers
        for address in peer.addresses
    }


def test_pods_see_those_that_they_may_call(shop: Shop) -> None:
    registry = shop.registry()
    view = view_of(registry, shop.web)
    assert reached(view) == {"10.1.0.2": [8080]}
    assert view.own.addresses == ("10.1.0.1",)
    assert view.longest_connection == 900
    orders = view_of(registry, shop.orders)
    assert reached(orders) == {}
    assert [port.number for port in orders.own.ports] == [8080, 9090]
    assert [rule.to for rule in orders.rules] == [ORDERS]
    assert registry.views("n3") == ()


def test_a_pod_may_take_plaintext_for_a_while(shop: Shop) -> None:
    registry = ClusterRegistry(3600, AGENTS)
    mode = b"ports: {8080: http, 9090: tcp}, mode: {permissive: {until: 2040-01-01}}"
    document = DOCUMENT.replace(b"ports: {8080: http, 9090: tcp}", mode)
    registry.declare(checked("mesh.yaml", document, DOMAIN))
    shop.teach(registry)
    assert view_of(registry, shop.orders).plaintext_until == 2208988800
    assert view_of(registry, shop.web).plaintext_until == 0
    shop.pods.remove(shop.web)
    topology = topology_of(DOMAIN, shop.pods, (), ())
    assert registry.learn(topology, shop.pods) == {name_of(shop.web)}


def test_services_lead_to_the_pods_behind_them(shop: Shop) -> None:
    shop.service("orders", "10.96.0.7", {80: "http", 81: "raw", 82: "gone"})
    shop.endpoints("orders", [shop.orders], {"http": 8080, "raw": 9090})
    assert reached(view_of(shop.registry(), shop.web)) == {"10.1.0.2": [8080], "10.96.0.7": [80]}


def test_a_service_of_several_identities_is_closed(shop: Shop) -> None:
    other = shop.pod("other-1", "other", "10.1.0.3", "n1")
    shop.pods.append(other)
    shop.service("orders", "10.96.0.7", {80: "http"})
    shop.endpoints("orders", [shop.orders, other], {"http": 8080})
    registry = shop.registry()
    assert "10.96.0.7" not in reached(view_of(registry, shop.web))
    assert "several" not in registry.topology.faults[0]
    assert "service shop/orders leads to" in registry.topology.faults[0]
    shop.slices.clear()
    outside = Slice("shop", "orders", shop.services[0].ports, ("", shop.orders.uid))
    shop.slices.append(outside)
    shop.teach(registry)
    assert "10.96.0.7" not in reached(view_of(registry, shop.web))


def test_targets_that_may_not_be_reached_close_a_port(shop: Shop) -> None:
    shop.service("orders", "10.96.0.7", {80: "http"})
    shop.endpoints("orders", [shop.orders], {"http": 8080})
    shop.endpoints("orders", [shop.orders], {"http": 9090})
    assert "10.96.0.7" not in reached(view_of(shop.registry(), shop.web))


def test_an_address_belongs_to_one_identity(shop: Shop) -> None:
    shop.pods.append(shop.pod("thief", "thief", "10.1.0.2", "n1"))
    registry = shop.registry()
    assert reached(view_of(registry, shop.web)) == {}
    assert "10.1.0.2 is of" in registry.topology.faults[0]
    # One that leaves gives way.
    shop.pods[1] = shop.orders._replace(is_leaving=True)
    shop.pods[2] = shop.pod("orders-2", "orders", "10.1.0.2", "n1")
    shop.teach(registry)
    assert reached(view_of(registry, shop.web)) == {"10.1.0.2": [8080]}
    # And a service that claims it does not get it.
    shop.service("false", "10.1.0.2", {8080: "x"})
    shop.endpoints("false", [shop.web], {"x": 1})
    shop.teach(registry)
    assert registry.topology.fronts == ()


def test_pods_without_a_proxy_are_nobody(shop: Shop) -> None:
    shop.pods[1] = shop.pod("orders-1", "orders", "10.1.0.2", "n2", proxy="")
    registry = shop.registry()
    assert reached(view_of(registry, shop.web)) == {}
    assert registry.views("n2") == ()


def test_a_pod_that_nobody_declared_is_closed(shop: Shop) -> None:
    own = shop.pod("odd", "odd", "10.1.0.9", "n1")
    shop.pods.append(own)
    registry = shop.registry()
    view = view_of(registry, own)
    assert view.own.ports == ()
    assert view.peers == ()
    assert registry.may("n1", parse("spiffe://shop.example.org/ns/shop/sa/odd"))


def test_an_agent_may_ask_for_its_own_pods_only(shop: Shop) -> None:
    registry = shop.registry()
    assert registry.may("n1", WEB)
    assert not registry.may("n1", ORDERS)
    assert not registry.may("n2", WEB)
    registry.revoked = frozenset([WEB])
    assert not registry.may("n1", WEB)
    assert any(not rule.allows for rule in view_of(registry, shop.orders).rules)
    shop.pods.remove(shop.web)
    shop.teach(registry)
    assert not registry.may("n1", WEB)


def test_a_pod_with_its_own_agent_is_not_the_nodes(shop: Shop) -> None:
    own = shop.pod("web-2", "web2", "10.1.0.4", "n1", proxy="sidecar")
    shop.pods.append(own)
    registry = shop.registry()
    name = parse("spiffe://shop.example.org/ns/shop/sa/web2")
    assert not registry.may("n1", name)
    assert registry.may(f"pod/{own.uid}", name)
    assert not registry.may(f"pod/{own.uid}", WEB)
    assert [view.own.name for view in registry.views(f"pod/{own.uid}")] == [name_of(own)]
    assert name_of(own) not in {view.own.name for view in registry.views("n1")}
    assert registry.may_stay(f"pod/{own.uid}")
    shop.pods.remove(own)
    shop.teach(registry)
    assert not registry.may_stay(f"pod/{own.uid}")


def test_an_agent_stays_as_long_as_it_has_a_pod_on_its_node(shop: Shop) -> None:
    found = pod_of(double.pod("a", *AGENTS[0][:1], "n1", AGENTS[0].name, proxy=""))
    assert found is not None
    shop.pods.append(found)
    registry = shop.registry()
    assert registry.may_stay("n1")
    assert not registry.may_stay("n2")
    shop.pods.remove(found)
    shop.teach(registry)
    assert not registry.may_stay("n1")


def test_who_waits_for_rules_from_outside(shop: Shop) -> None:
    served = shop.pod("served", "served", "10.1.0.5", "n1", by_init=False)
    alone = shop.pod("alone", "alone", "10.1.0.6", "n1", by_init=False, proxy="sidecar")
    shop.pods += [served, alone]
    registry = shop.registry()
    assert set(registry.redirects("n1")) == {served.uid, alone.uid}
    assert registry.redirects("n2") == ()
    assert registry.views(f"pod/{alone.uid}") == ()
    # What another node's agent says of it does not count, nor what it says itself.
    for host in ("n2", f"pod/{alone.uid}"):
        assert not registry.report(Report(host, {}, redirected=(alone.uid,)))
    assert registry.views(f"pod/{alone.uid}") == ()
    assert registry.report(Report("n1", {}, redirected=(alone.uid, "nonsense")))
    assert not registry.report(Report("n1", {}, redirected=(alone.uid,)))
    assert not registry.report(Report("n1", {}))  # an agent that starts again
    assert len(registry.views(f"pod/{alone.uid}")) == 1


def test_reports_say_how_far_proxies_are_and_nothing_else(shop: Shop) -> None:
    registry = shop.registry()
    standing = Standing(("6.6.6.6",), 1, 2, 3, is_connected=True)
    registry.report(Report("n1", {name_of(shop.web): standing, name_of(shop.orders): standing}))
    assert set(registry.standings) == {name_of(shop.web)}
    assert registry.laggards(4) == [name_of(shop.web)]
    assert "6.6.6.6" not in reached(view_of(registry, shop.orders))
    assert view_of(registry, shop.web).own.addresses == ("10.1.0.1",)
    shop.pods.remove(shop.web)
    shop.teach(registry)
    assert registry.laggards(4) == []


names = st.sampled_from("abcde")
written = st.builds(
    Rule, st.uuids().map(str), st.booleans(), names.map(lambda own: DOMAIN.child("ns", own)),
    st.lists(
        st.builds(Source, names.map(lambda own: DOMAIN.child("ns", own)), st.booleans()), max_size=2
    ).map(tuple),
    st.lists(st.sampled_from([80, 90]), max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(written, max_size=8), st.sets(names, min_size=1))
def test_views_are_those_of_all_rules_together(rules: list[Rule], there: set[str]) -> None:
    workloads = [
        Workload(own, DOMAIN.child("ns", own), (f"10.0.0.{ord(own)}",), (Port(80), Port(90)))
        for own in sorted(there)
    ]
    together = views_of(workloads, rules, 600)
    for view in registries._views(workloads, rules, 600):
        whole = together[view.own.name]
        assert sorted(view.peers) == sorted(whole.peers)
        assert view._replace(peers=()) == whole._replace(peers=())


EDGES = (
    DOCUMENT
    + b"""  - allow: {from: web, to: payments, methods: [GET]}
  - allow: {from: gateway, to: orders}
external:
  payments: {host: api.pay.example.org, ports: {80: {protocol: http, tls: {port: 443}}}}
  fixed: {host: 203.0.113.9, ports: {5432: tcp}}
gateway:
  id: /ns/seawall-mesh/sa/seawall-mesh-gateway
  listen: 0.0.0.0:8443
  tls: secret
  routes: [{path: /orders/*, to: orders, port: 8080}]
"""
)
EGRESS = parse("spiffe://shop.example.org/ns/seawall-mesh/sa/seawall-mesh-egress")


def edged(shop: Shop, *, revoked: SpiffeId | None = None) -> ClusterRegistry:
    """The shop with an exit, a gateway, and a service that stands for a destination."""
    for name, node in (("egress", "n1"), ("gateway", "n2")):
        own = double.pod(
            f"seawall-mesh-{name}-1", "seawall-mesh", node, f"seawall-mesh-{name}",
            address="10.1.0.8" if name == "egress" else "10.1.0.9", proxy="sidecar",
        )  # fmt: skip
        spec = own["spec"]
        spec["containers"] = [spec["initContainers"].pop()]  # such a pod has nothing but a proxy
        found = pod_of(own)
        assert found is not None
        assert found.has_proxy
        assert found.keeps_keys
        shop.pods.append(found)
    service = double.service("pay", "shop", "10.96.0.9", {80: "http"})
    service["metadata"]["annotations"] = {"seawall/mesh-external": "payments"}
    known = service_of(service)
    assert known is not None
    shop.services.append(known)
    made = ClusterRegistry(3600, AGENTS, EGRESS)
    made.declare(checked("mesh.yaml", EDGES, DOMAIN))
    if revoked is not None:
        made.revoked = frozenset([revoked])
    shop.teach(made)
    return made


def test_what_is_outside_is_called_by_a_service() -> None:
    shop = Shop()
    made = edged(shop)
    (web,) = made.views("n1")
    (external,) = web.externals  # no rule lets it call the other
    assert external.addresses == ("10.96.0.9",)
    assert (external.origins, external.private, external.aliases) == ((), (), ())
    assert (web.exit, web.exit_addresses) == (EGRESS, ("10.1.0.8",))
    (orders,) = made.views("n2")
    assert (orders.externals, orders.exit, orders.exit_addresses) == ((), None, ())
    (exit_,) = made.views(f"pod/{shop.pods[2].uid}")
    assert is_exit(exit_.own.name)
    assert exit_.own.id == EGRESS
    assert [own.name for own in exit_.externals] == ["payments", "fixed"]
    assert exit_.externals[0].aliases == (
        "payments", "pay", "pay.shop", "pay.shop.svc", "pay.shop.svc.", "10.96.0.9",
    )  # fmt: skip
    assert [rule.to for rule in exit_.rules] == [exit_.externals[0].id]
    assert made.may(f"pod/{shop.pods[2].uid}", EGRESS)
    assert not made.may("n1", EGRESS)
    (gate,) = made.views(f"pod/{shop.pods[3].uid}")
    assert gate.gateway is not None
    assert gate.gateway.port == 8443
    assert [peer.name for peer in gate.peers] == ["orders"]


def test_who_is_revoked_is_denied_by_the_exit() -> None:
    shop = Shop()
    made = edged(shop, revoked=WEB)
    (exit_,) = made.views(f"pod/{shop.pods[2].uid}")
    denied = [rule.to.path for rule in exit_.rules if not rule.allows]
    assert denied == ["/seawall/external/payments", "/seawall/external/fixed"]


def test_without_an_exit_nothing_outside_is_known() -> None:
    shop = Shop()
    edged(shop)
    bare = ClusterRegistry(3600, AGENTS)
    bare.declare(checked("mesh.yaml", EDGES, DOMAIN))
    shop.teach(bare)
    assert all(not view.externals for host in ("n1", "n2") for view in bare.views(host))


def test_views_of_edges_come_through_messages() -> None:
    shop = Shop()
    made = edged(shop)
    hosts = ("n1", "n2", *(f"pod/{own.uid}" for own in shop.pods))
    views = tuple(view for host in hosts for view in made.views(host))
    orders = Orders(1, "x", 1, 60, views, programs=("a",))
    assert orders_from_plain(json.loads(json.dumps(orders_to_plain(orders)))) == orders


def test_a_static_pod_gets_nothing_and_it_is_said() -> None:
    shop = Shop()
    own = double.pod("web-n1", "shop", "n1", "web", address="10.1.0.3")
    own["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    found = pod_of(own)
    assert found is not None
    shop.pods.append(found)
    made = topology_of(DOMAIN, shop.pods, [], [])
    assert found.uid not in made.ids
    assert made.faults == (
        (
            "pod shop/web-n1 is static: it gets no identity, and its proxy no configuration; run "
            "it as a DaemonSet, or keep it outside the mesh"
        ),
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("  web: {id: /ns/shop/sa/web, command: [x], user: 5}", "has a command"),
        ("  web: {}", "no service account"),
        ('  web: {id: /ns/shop/sa/web, mode: {off: {reason: "x"}}}', "is off"),
        ("  web: {id: /ns/shop/sa/web, attest: {user: 5}}", "remove attest"),
        (
            "  web: {id: /ns/shop/sa/web}\negress: {resolvers: [192.0.2.53]}",
            "remove egress",
        ),
        (
            (
                "  web: {id: /ns/shop/sa/web, ports: {80: http}}\npolicy:\n"
                "  - allow: {from: gateway, to: web}\n"
                "gateway:\n  listen: 0.0.0.0:80\n  routes: [{to: web}]"
            ),
            "gateway is no service account",
        ),
        (
            (
                "  web: {id: /ns/shop/sa/web, ports: {80: http}}\npolicy:\n"
                "  - allow: {from: gateway, to: web}\n"
                "gateway:\n  id: /ns/a/sa/b\n  listen: 0.0.0.0:80\n  tls: "
                "{certificate: /etc/passwd, key: /etc/passwd}\n  routes: [{to: web}]"
            ),
            "write tls: secret",
        ),
        ("  web: {id: /ns/shop/sa/web/x}", "no service account"),
        ("  web: {id: /ns/shop/SA/web}", "no service account"),
    ],
)
def test_documents_that_a_cluster_cannot_have(line: str, why: str) -> None:
    text = f"mesh: m\ntrustDomain: shop.example.org\nworkloads:\n{line}\n"
    with pytest.raises(PlanError, match=why):
        checked("mesh.yaml", text.encode(), DOMAIN)


def test_a_document_of_another_trust_domain() -> None:
    with pytest.raises(PlanError, match="change one"):
        checked("mesh.yaml", DOCUMENT, SpiffeId("other.example.org"))


def test_a_document_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "mesh.yaml"
    followed = Followed(str(path), DOMAIN)
    assert followed.changed() is None
    assert "cannot" not in followed.fault
    assert followed.fault  # it is not there
    path.write_bytes(DOCUMENT)
    found = followed.changed()
    assert found is not None
    assert found[0].lifetime == 1800
    assert followed.changed() is None
    path.write_bytes(b"mesh: [")
    assert followed.changed() is None
    assert str(path) in followed.fault
    fresh = tmp_path / "fresh"
    fresh.write_bytes(DOCUMENT.replace(b"30m", b"20m"))
    fresh.rename(path)
    found = followed.changed()
    assert found is not None
    assert found[0].lifetime == 1200
    assert not followed.fault

"""Another document in a cluster comes to one pod first."""

from seawall.mesh.cluster.document import checked
from seawall.mesh.cluster.registry import ClusterRegistry, name_of
from seawall.mesh.control.messages import Report, Standing
from seawall.mesh.control.pushing import STAYS
from tests.mesh.cluster.test_topology import AGENTS, DOCUMENT, DOMAIN, Shop, reached, view_of

OTHER = DOCUMENT.replace(b"8080: http, 9090: tcp", b"8080: http, 9090: tcp, 7070: tcp")


def said(registry: ClusterRegistry, shop: Shop, **more: str) -> None:
    """The agents of all nodes report."""
    for pod in shop.pods:
        if not pod.node:
            continue
        pushed, name = registry.pushed(pod.node), name_of(pod)
        number = pushed.tried if name in pushed.tries else pushed.declared
        own = Standing(pod.addresses, 2, 10**10, 1, is_connected=True, declared=number)
        registry.report(Report(pod.node, {name: own._replace(**more)}))  # type: ignore[arg-type]


def ports_of(registry: ClusterRegistry, shop: Shop) -> list[int]:
    return [port.number for port in view_of(registry, shop.orders).own.ports]


def test_another_document_is_tried_by_one_pod() -> None:
    shop = Shop()
    registry = shop.registry()
    assert not _is_held(registry)  # the first one
    said(registry, shop)
    before = registry.pushed("n1").declared
    registry.declare(checked("mesh.yaml", OTHER, DOMAIN))
    assert registry.push is not None
    assert registry.push.names == {name_of(shop.orders)}
    assert ports_of(registry, shop) == [7070, 8080, 9090]
    assert reached(view_of(registry, shop.web)) == {"10.1.0.2": [8080]}
    number = registry.push.number
    assert registry.pushed(shop.orders.node).tries == (name_of(shop.orders),)
    # Pods and revocations are another matter: they are told at once.
    shop.pods.append(shop.pod("orders-2", "orders", "10.1.0.9", "n2"))
    shop.teach(registry)
    assert reached(view_of(registry, shop.web)) == {"10.1.0.2": [8080], "10.1.0.9": [8080]}
    registry.revoked = frozenset({view_of(registry, shop.web).own.id})
    assert any(not rule.allows for rule in view_of(registry, shop.orders).rules)
    registry.revoked = frozenset()
    said(registry, shop)
    assert registry.look(0.0)
    assert not registry.look(STAYS / 2)
    assert registry.look(STAYS)
    assert not _is_held(registry)
    assert registry.pushed("n1") == (number, "", ())
    assert number != before


def test_one_that_is_refused_goes_no_further() -> None:
    shop = Shop()
    registry = shop.registry()
    said(registry, shop)
    registry.declare(checked("mesh.yaml", OTHER, DOMAIN))
    said(registry, shop, refuses=registry.pushed("n1").tried)
    assert registry.look(0.0)
    assert registry.push is not None
    assert "does not take it" in registry.push.fault
    assert ports_of(registry, shop) == [8080, 9090]
    # The one before takes it back; the next one is tried anew.
    registry.declare(checked("mesh.yaml", OTHER.replace(b"7070", b"7071"), DOMAIN))
    assert ports_of(registry, shop) == [7071, 8080, 9090]
    registry.declare(checked("mesh.yaml", DOCUMENT, DOMAIN))
    assert not _is_held(registry)
    assert ports_of(registry, shop) == [8080, 9090]


def test_after_a_restart_all_have_the_one_before() -> None:
    shop = Shop()
    registry = ClusterRegistry(3600, AGENTS)
    registry.declare(checked("mesh.yaml", DOCUMENT, DOMAIN), at_once=True)
    shop.teach(registry)
    said(registry, shop)
    assert not registry.look(0.0)
    registry.declare(checked("mesh.yaml", OTHER, DOMAIN))
    assert registry.look(0.0)
    assert _is_held(registry)


def _is_held(registry: ClusterRegistry) -> bool:
    return registry.push is not None

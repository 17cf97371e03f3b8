"""Agents have the ids of their own host, and what they say of other places does not count."""

from seawall.mesh.control.messages import Report, Standing
from seawall.mesh.control.registry import Entry, Registry
from tests.mesh.made import ORDERS, WEB

ENTRIES = (
    Entry("web", WEB, "a", (), addresses=("10.0.0.1",)),
    Entry("orders", ORDERS, "b", (), addresses=("10.0.0.2",)),
)


def report(registry: Registry, host: str, name: str, address: str) -> None:
    registry.report(Report(host, {name: Standing((address,), is_connected=True)}))


def test_agents_have_the_ids_of_their_own_host() -> None:
    registry = Registry(ENTRIES, (), 600)
    assert registry.may("a", WEB)
    assert not registry.may("b", WEB)
    assert not registry.may("a", ORDERS)
    registry.revoked = frozenset({WEB})
    assert not registry.may("a", WEB)


def test_what_an_agent_says_of_others_or_of_other_places_does_not_count() -> None:
    registry = Registry(ENTRIES, (), 600)
    report(registry, "a", "orders", "10.0.0.2")
    assert registry.standings == {}
    report(registry, "b", "orders", "10.0.0.1")  # where web is
    assert registry.standings == {}
    assert registry.misplaced == {"orders": ("10.0.0.1",)}
    report(registry, "b", "orders", "10.0.0.2")
    assert set(registry.standings) == {"orders"}
    assert registry.misplaced == {}

"""What the controller knows of workloads and their proxies."""

from seawall.mesh.control.messages import Report, Standing
from seawall.mesh.control.registry import CALLS_WITHIN, Entry, Registry
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.model import Known, Port, Rule, Source

WEB, DATA = parse("spiffe://td/web"), parse("spiffe://td/data")
ENTRIES = [
    Entry("web", WEB, "here", ()),
    Entry("data", DATA, "there", (Port(80), Port(5432, is_long_lived=True))),
]
ALLOWED = Rule("1", allows=True, to=DATA, sources=(Source(WEB),))


def _standing(generation: int, ends: int = 1000, *, connected: bool = True) -> Standing:
    return Standing(("10.0.0.1",), 2, ends, generation, connected)


def test_a_proxy_whose_agent_is_away_is_waited_for_while_its_certificate_holds() -> None:
    now = [500.0]
    registry = Registry(ENTRIES, (), 3600, lambda: now[0])
    registry.report(Report("here", {"web": _standing(1)}))
    registry.report(Report("there", {"data": _standing(1, connected=False)}))
    assert registry.laggards(2) == ["web"]
    registry.gone("here")
    registry.gone("there")
    assert registry.laggards(2) == ["web"]  # the other one's proxy was dead before
    now[0] = 1001.0
    assert registry.laggards(2) == []
    now[0] = 600.0
    registry.report(Report("here", {"web": _standing(2)}))
    assert registry.laggards(2) == []


def test_a_proxy_is_waited_for_until_it_has_called_an_agent_that_is_back() -> None:
    """It has another certificate by then, and its proxy none of the roots of that one."""
    now = [500.0]
    registry = Registry(ENTRIES, (), 3600, lambda: now[0])
    registry.report(Report("here", {"web": _standing(1)}))
    registry.gone("here")
    back = Report("here", {"web": _standing(-1, 0, connected=False)})
    for _ in range(2):
        registry.report(back)
        assert registry.laggards(2) == ["web"]
    registry.gone("here")  # and away again: it begins anew
    now[0] += CALLS_WITHIN + 1
    assert registry.laggards(2) == ["web"]
    registry.report(back)
    assert registry.laggards(2) == ["web"]
    registry.report(Report("here", {"web": _standing(1)}))
    registry.report(back)  # it has called, and is dead now
    assert registry.laggards(2) == []


def test_who_does_not_call_an_agent_that_is_back_is_dead() -> None:
    now = [500.0]
    registry = Registry(ENTRIES, (), 3600, lambda: now[0])
    registry.recall({"web": _standing(1)})
    assert registry.laggards(2) == ["web"]
    back = Report("here", {"web": _standing(-1, 0, connected=False)})
    registry.report(back)
    now[0] += CALLS_WITHIN + 1
    assert registry.laggards(2) == []
    registry.report(back)
    now[0] -= 2
    assert registry.laggards(2) == []


def test_who_is_revoked_is_told_of_to_nobody() -> None:
    registry = Registry(ENTRIES, [ALLOWED], 3600)
    registry.report(Report("here", {"web": _standing(1)}))
    registry.report(Report("there", {"data": _standing(1)._replace(addresses=("10.0.0.2",))}))
    (view,) = registry.views("here")
    assert [peer.name for peer in view.peers] == ["data"]
    registry.revoked = frozenset({DATA})
    (view,) = registry.views("here")
    assert view.peers == ()
    assert registry.revoked_peers() == (Known(DATA, ("10.0.0.2",)),)
    assert not registry.may("there", DATA)


def test_callers_of_ports_that_last() -> None:
    registry = Registry(ENTRIES, [ALLOWED], 3600)
    assert registry.long_callers("there") == {WEB}
    assert registry.long_callers("here") == frozenset()
    assert registry.callers("there", {WEB: 7}) == (Known(WEB, (), 7),)
    only_80 = Registry(ENTRIES, [ALLOWED._replace(ports=(80,))], 3600)
    assert only_80.long_callers() == frozenset()
    everybody = Registry(ENTRIES, [ALLOWED._replace(sources=())], 3600)
    assert everybody.long_callers() == {WEB, DATA}

"""Clocks that jump by ten minutes, both ways: certificates are renewed, or it is said why not."""

import asyncio
from pathlib import Path

import pytest

from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Pair
from seawall.mesh.authority.errors import StoreError
from seawall.mesh.authority.rotation import generation_of
from seawall.mesh.control.messages import Orders
from seawall.mesh.control.serving import Identity
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.requests import make_request
from seawall.mesh.plan.model import View, Workload
from tests.mesh.made import DOMAIN, NOW, WEB, Clock, anyone, authority_in

JUMP = 600
AGENT = DOMAIN.child("seawall", "agent", "here")


def pair_of(directory: Path, clock: Clock, lifetime: int) -> Pair:
    key = keys.new_key()
    grant = authority_in(directory, clock).issue(make_request(WEB, key), anyone(), lifetime)
    return Pair(grant.chain, key, grant.validity, grant.slot)


def agent_with(directory: Path, clock: Clock, lifetime: int) -> Agent:
    """One that has a certificate for itself and for a workload."""
    pair = pair_of(directory, clock, lifetime)
    charge = Charge("web", ("10.77.0.2",))
    charge.pair = pair
    charge.renew_at = pair.validity.share(0.5)
    authority = authority_in(directory, clock)

    async def made() -> Agent:
        return Agent("here", DOMAIN, "unix:/nowhere", {"web": charge}, pair, authority.bundle(),
                     clock=clock)  # fmt: skip

    agent = asyncio.run(made())
    bundle = certificates.as_pem(authority.bundle()).decode()
    view = View(Workload("web", WEB, ("10.77.0.2",)))
    agent.orders = Orders(generation_of(authority.store), bundle, pair.slot, lifetime, (view,))
    return agent


def due(agent: Agent) -> list[str]:
    return [charge.name for charge, _ in agent._due()]


def test_forward(tmp_path: Path) -> None:
    clock = Clock()
    agent = agent_with(tmp_path, clock, 600)
    assert due(agent) == []
    clock.now += JUMP
    assert due(agent) == ["web"]
    assert agent._is_due()


def test_back(tmp_path: Path) -> None:
    """What was issued before the jump holds only later: nobody would take it."""
    old = Clock(NOW - 7200)
    authority_in(tmp_path, old)  # issuers that are older than the jump
    clock = Clock()
    agent = agent_with(tmp_path, clock, 3600)
    assert due(agent) == []
    clock.now -= JUMP
    assert due(agent) == ["web"]
    assert agent._is_due()
    again = pair_of(tmp_path, clock, 3600)
    assert again.validity.begin <= clock.now <= again.validity.end
    agent.charges["web"].pair = agent.own = again
    assert due(agent) == []
    assert not agent._is_due()


def test_the_controllers_own(tmp_path: Path) -> None:
    """Agents that come anew after the jump would not take it."""
    authority_in(tmp_path, Clock(NOW - 7200))
    clock = Clock()
    identity = Identity(authority_in(tmp_path, clock))
    before = identity.pair()
    assert identity.pair() == before
    clock.now -= JUMP
    after = identity.pair()
    assert after != before
    (leaf, *_) = certificates.from_pem(after[1])
    assert certificates.validity_of(leaf).begin <= clock.now
    assert identity.pair() == after
    clock.now += JUMP
    assert identity.pair() == after
    clock.now += 24 * 3600
    assert identity.pair() != after


def test_back_behind_the_issuers(tmp_path: Path) -> None:
    clock = Clock()
    authority = authority_in(tmp_path, clock)
    clock.now -= JUMP
    with pytest.raises(StoreError, match=r"holds only in 570 s, so the clock was set back: set it"):
        authority.issue(make_request(WEB, keys.new_key()), anyone())
    assert authority.store.issued(0) == []
    clock.now += JUMP
    assert authority.issue(make_request(WEB, keys.new_key()), anyone()).id == WEB


def test_a_serial_is_never_given_twice(tmp_path: Path) -> None:
    old = Clock(NOW - 7200)
    authority = authority_in(tmp_path, old)
    serials = set()
    for step in (0, JUMP, -JUMP, 2 * JUMP, -JUMP):
        old.now += step
        grant = authority.issue(make_request(WEB, keys.new_key()), anyone())
        serials.add(grant.chain[0].serial_number)
    assert len(serials) == 5

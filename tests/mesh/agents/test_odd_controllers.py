"""Controllers that answer what does not fit: the agent keeps what it has, and asks in measure."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from seawall.mesh.agents import agent as agents
from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Link, LinkError, Pair, Refusal
from seawall.mesh.authority.authority import USUAL
from seawall.mesh.control.messages import Orders, Plain, orders_to_plain
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import validity_of
from seawall.mesh.identity.requests import make_request
from seawall.mesh.plan.model import View, Workload
from tests.mesh.made import ALWAYS, DOMAIN, NOW, WEB, intermediate_of, leaf_of, root_of

ROOT = root_of()
ISSUER = intermediate_of(ROOT)
BUNDLE = certificates.as_pem([ROOT.certificate]).decode()
VIEW = View(Workload("web", WEB, ("10.0.0.1",)))
OTHERS = certificates.as_pem([leaf_of(ISSUER)]).decode()
GOOD = Orders(1, BUNDLE, 2, USUAL.leaf, (VIEW,))


def pair_of(slot: int = 2) -> Pair:
    leaf = leaf_of(ISSUER)
    return Pair((leaf, ISSUER.certificate), keys.new_key(), validity_of(leaf), slot)


def agent_of() -> Agent:
    return Agent("one", DOMAIN, "unix:/none", {"web": Charge("web", ("10.0.0.1",))}, pair_of(),
                 [ROOT.certificate], clock=lambda: NOW - 900)  # fmt: skip


class OddLink:
    """A link that says what it is told to say."""

    said: Sequence[Plain] = ()
    asked = 0

    def __init__(self, *_: object) -> None:
        pass

    async def close(self) -> None:
        pass

    async def follow(self, _: object) -> AsyncIterator[Plain]:
        for plain in type(self).said:
            yield plain
        await asyncio.sleep(60)

    async def issue(self, requests: Sequence[object]) -> list[Pair | Refusal]:
        type(self).asked += 1
        return [self.answer() for _ in requests]

    def answer(self) -> Pair | Refusal:
        return pair_of()


@pytest.mark.parametrize(
    "change",
    [
        {"bundle": ""}, {"bundle": "text"}, {"bundle": None}, {"views": [{}]}, {"views": "web"},
        {"generation": "x"},
        {"views": [{"own": {"name": "web", "id": 5, "addresses": [], "ports": []}, "peers": [],
                    "rules": [], "longest_connection": 1}]},
        {"views": [{"own": {"name": "web", "id": str(WEB), "addresses": ["nowhere"], "ports": []},
                    "peers": [], "rules": [], "longest_connection": 1}]},
    ],
)  # fmt: skip
def test_orders_that_do_not_fit_change_nothing(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    class Odd(OddLink):
        said = (orders_to_plain(GOOD), orders_to_plain(GOOD) | change)

    monkeypatch.setattr(agents, "Link", Odd)

    async def act() -> None:
        agent, told = agent_of(), asyncio.Event()
        agent._say = lambda _: told.set()
        running = asyncio.ensure_future(agent.run())
        saying = asyncio.ensure_future(told.wait())
        await asyncio.wait({running, saying}, return_when=asyncio.FIRST_COMPLETED)
        assert not running.done(), running
        assert agent.orders == GOOD
        assert agent.bundle == (ROOT.certificate,)
        running.cancel()

    asyncio.run(asyncio.wait_for(act(), 30))


def test_who_is_refused_a_certificate_of_its_own_does_not_ask_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Odd(OddLink):
        said = (orders_to_plain(GOOD._replace(slot=3)),)

        def answer(self) -> Refusal:
            return Refusal("no")

    monkeypatch.setattr(agents, "Link", Odd)

    async def act() -> None:
        agent, told = agent_of(), asyncio.Event()
        agent._say = lambda text: told.set() if "for the agent itself" in text else None
        running = asyncio.ensure_future(agent.run())
        await told.wait()
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert Odd.asked < 10
        running.cancel()

    asyncio.run(asyncio.wait_for(act(), 30))


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"answers": []}, {"answers": [{}]}, {"answers": 5}, {"answers": ["x"]},
        {"answers": [{"chain": "x", "begin": 1, "end": 2, "slot": 1}]},
        {"answers": [{"chain": OTHERS, "begin": ALWAYS.begin, "end": ALWAYS.end, "slot": 1}]},
    ],
)  # fmt: skip
def test_certificates_that_do_not_fit(monkeypatch: pytest.MonkeyPatch, answer: Plain) -> None:
    async def call(*_: object) -> Plain:
        return answer

    async def act() -> None:
        link = Link("unix:/none", [ROOT.certificate], None)
        monkeypatch.setattr(link, "_call", call)
        key = keys.new_key()
        try:
            with pytest.raises(LinkError, match="does not fit"):
                await link.issue([(key, make_request(WEB, key))])
        finally:
            await link.close()

    asyncio.run(act())

"""An agent whose certificate ended while the controller was away, or is not taken any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.home import Home
from seawall.mesh.agents.link import LinkError
from seawall.mesh.agents.telling import standing_of
from seawall.mesh.authority import tokens
from seawall.mesh.authority.authority import Lifetimes
from seawall.mesh.control import joining, service
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.control.serving import Addresses, close_doors, open_doors
from tests.mesh.made import DOMAIN, WEB, Clock, authority_in

HOST = "beta"
SHORT = 3
"""Seconds that the agent's own certificate holds here."""


class Place:
    """A controller whose doors a test opens and closes, and an agent's home."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock(int(time.time()))
        lifetimes = Lifetimes(leaf=600, least=1)
        self.authority = authority_in(directory, self.clock, lifetimes)
        tokens.begin(self.authority)
        registry = Registry([Entry("web", WEB, HOST, ())], (), 600)
        self.controller = Controller(self.authority, registry, 600)
        self.addresses = Addresses(f"unix:{directory}/join", f"unix:{directory}/main")
        (directory / "home").mkdir()
        self.home = Home(str(directory / "home"), HOST, DOMAIN)
        self.said: list[str] = []

    async def agent(self, main: str = "", *, can_come_back: bool = True) -> Agent:
        token = joining.new_token(self.authority, HOST)
        pair, bundle = await self.home.join(self.addresses.join, token, self.authority.bundle())
        return Agent(
            HOST, DOMAIN, main or self.addresses.main, {"web": Charge("web", ("10.0.0.1",))}, pair,
            bundle, self.said.append,
            back=(lambda: self.home.come_back(self.addresses.join)) if can_come_back else None,
        )  # fmt: skip


async def until(is_so: Callable[[], object], seconds: float = 30.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if is_so():
            return True
        await asyncio.sleep(0.02)
    return False


def acted(directory: Path, act: Callable[[Place], Awaitable[None]]) -> None:
    asyncio.run(act(Place(directory)))  # type: ignore[arg-type]


async def tick(place: Place) -> None:
    """Let the controller's clock go with the time of day."""
    while True:
        place.clock.now = int(time.time())
        await asyncio.sleep(0.2)


def test_it_comes_back_after_its_certificate_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AGENT_LIFETIME", SHORT)

    async def act(place: Place) -> None:
        ticking = asyncio.ensure_future(tick(place))
        doors = await open_doors(place.controller, (place.addresses,))
        agent = await place.agent()
        running = asyncio.ensure_future(agent.run())
        assert await until(lambda: agent.charges["web"].holder.current)
        await close_doors(doors)
        first = agent.own
        assert await until(lambda: time.time() > first.validity.end + 1)
        assert await until(lambda: agent.fault)
        assert "cannot come back" in agent.fault or "the controller" in agent.fault
        assert standing_of(agent)["fault"] == agent.fault
        holding = agent.charges["web"].holder.current
        assert holding is not None  # its workloads keep what they have
        doors = await open_doors(place.controller, (place.addresses,))
        assert await until(lambda: agent.own.validity.end > time.time() and not agent.fault)
        events = [event for _, event, _ in place.authority.store.journal()]
        assert "came back" in events
        running.cancel()
        ticking.cancel()
        await asyncio.gather(running, ticking, return_exceptions=True)
        await close_doors(doors)

    acted(tmp_path, act)


def test_without_a_key_it_ends_and_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AGENT_LIFETIME", 1)

    async def act(place: Place) -> None:
        doors = await open_doors(place.controller, (place.addresses,))
        agent = await place.agent(can_come_back=False)
        await close_doors(doors)
        with pytest.raises(LinkError, match="new token"):
            await asyncio.wait_for(agent.run(), 30)

    acted(tmp_path, act)


def test_who_does_not_know_the_roots_any_more_does_not_wait_for_the_controller(
    tmp_path: Path,
) -> None:
    """All of them were replaced while it was away: it needs a token, and no patience."""

    async def act(place: Place) -> None:
        with pytest.raises(LinkError) as found:
            await place.home.come_back(place.addresses.join)
        assert found.value.is_away
        doors = await open_doors(place.controller, (place.addresses,))
        await place.home.come_back(place.addresses.join)
        others = tmp_path / "others"
        others.mkdir()
        place.home.keep_roots(authority_in(others, place.clock).bundle())
        with pytest.raises(LinkError, match="new token") as found:
            await place.home.come_back(place.addresses.join)
        assert not found.value.is_away
        await close_doors(doors)

    async def whole(place: Place) -> None:
        doors = await open_doors(place.controller, (place.addresses,))
        await place.agent()
        await close_doors(doors)
        await act(place)

    acted(tmp_path, whole)


def test_it_finds_the_controller_that_leads(tmp_path: Path) -> None:
    async def act(place: Place) -> None:
        doors = await open_doors(place.controller, (place.addresses,))
        agent = await place.agent(f"unix:{tmp_path}/standby {place.addresses.main}")
        running = asyncio.ensure_future(agent.run())
        assert await until(lambda: agent.charges["web"].holder.current)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await close_doors(doors)

    acted(tmp_path, act)


def test_what_was_revoked_is_withdrawn_from_the_program_at_once(tmp_path: Path) -> None:
    async def act(place: Place) -> None:
        doors = await open_doors(place.controller, (place.addresses,))
        agent = await place.agent()
        holder = agent.charges["web"].holder
        running = asyncio.ensure_future(agent.run())
        assert await until(lambda: holder.current)
        place.controller.revoke(WEB, back=False)
        await place.controller.changed()
        assert await until(lambda: holder.current is None)
        assert "revoked" in holder.refused
        with pytest.raises(LinkError):
            await agent.sign(WEB, ["x"])
        place.controller.revoke(WEB, back=True)
        await place.controller.changed()
        assert await until(lambda: holder.current)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await close_doors(doors)

    acted(tmp_path, act)

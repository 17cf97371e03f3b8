"""A push with real proxies: what Envoy refuses comes to one of them, and to no other."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.home import Home
from seawall.mesh.agents.sockets import serve_one
from seawall.mesh.authority import rotation, tokens
from seawall.mesh.control import joining
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.control.serving import Addresses, close_doors, open_doors
from seawall.mesh.control.turning import Turning
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.edges import NONE
from seawall.mesh.plan.model import Port, Protocol, Rule, Source
from seawall.mesh.proxies import program
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.serving.packing import packed
from seawall.mesh.serving.snapshots import LISTENERS, Snapshot, snapshot_of
from tests.mesh.loopback import envoy
from tests.mesh.made import DOMAIN, Clock, authority_in

pytestmark = pytest.mark.skipif(not envoy(), reason="needs Envoy (the extra mesh)")
HOST = "here"
A, B = (parse(f"{DOMAIN}/{name}") for name in "ab")
GOOD = Port(8080)
TWICE = (GOOD, Port(8080, Protocol.HTTP))
"""Two chains of filters for one port: no file can say that, and Envoy refuses it."""


def entries(*ports: Port) -> list[Entry]:
    return [Entry("a", A, HOST, ports), Entry("b", B, HOST, (GOOD,))]


def rules(*callers_of_b: str) -> list[Rule]:
    sources = tuple(Source(parse(f"{DOMAIN}/{name}")) for name in callers_of_b)
    return [Rule("to b", allows=True, to=B, sources=sources)]


def on_loopback(snapshot: Snapshot) -> Snapshot:
    """The same at ports that the kernel chooses: several proxies are on one host here."""
    listeners = {}
    for name, own in snapshot.resources[LISTENERS].items():
        plain: dict[str, Any] = MessageToDict(own, preserving_proto_field_name=True)
        plain.pop("additional_addresses", None)
        plain["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
        listeners[name] = packed(plain)
    return Snapshot(snapshot.version, {**snapshot.resources, LISTENERS: listeners})


async def until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


@asynccontextmanager
async def proxies(directory: Path, charges: dict[str, Charge]) -> AsyncIterator[None]:
    children, servers = [], []
    try:
        for number, (name, charge) in enumerate(charges.items()):
            own = directory / name
            own.mkdir()
            servers.append(await serve_one(charge, str(own / "agent.sock")))
            config = bootstrap(
                parse(f"{DOMAIN}/{name}"), str(own / "agent.sock"), str(own / "admin")
            )
            (own / "envoy.json").write_text(json.dumps(config))
            with (own / "log").open("wb") as log:
                children.append(
                    subprocess.Popen(  # noqa: ASYNC220 - it is not waited for
                        [program.find(), "-c", str(own / "envoy.json"), "--disable-hot-restart",
                         "--concurrency", "1", "--log-level", "warning",
                         "--base-id", str(os.getpid() + number)], stdout=log, stderr=log,
                    )
                )  # fmt: skip
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()
        await asyncio.gather(*(server.stop(0) for server in servers))


class Place:
    """A controller with its agent."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = authority_in(directory, Clock(int(time.time())))
        tokens.begin(self.authority)
        self.registry = Registry(entries(GOOD), rules("a"), 600)
        self.controller = Controller(self.authority, self.registry, 600)
        self.charges = {
            name: Charge(name, (f"10.0.0.{number}",)) for number, name in enumerate("ab", 1)
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        addresses = Addresses(f"unix:{self.directory}/join", f"unix:{self.directory}/main")
        doors = await open_doors(self.controller, (addresses,))
        (self.directory / "home").mkdir()
        home = Home(str(self.directory / "home"), HOST, DOMAIN)
        token = joining.new_token(self.authority, HOST)
        pair, bundle = await home.join(addresses.join, token, self.authority.bundle())
        agent = Agent(HOST, DOMAIN, addresses.main, self.charges, pair, bundle)
        works = [
            asyncio.ensure_future(own) for own in (agent.run(), Turning(self.controller).run())
        ]
        try:
            async with proxies(self.directory, self.charges):
                yield
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)
            await close_doors(doors)

    async def declare(self, own: list[Entry], allowed: list[Rule]) -> None:
        self.registry.redeclare(own, allowed, NONE)
        await self.controller.changed()

    def all_have(self, number: str) -> bool:
        known = self.registry.standings
        return len(known) == 2 and all(own.declared == number for own in known.values())

    async def settled(self) -> str:
        """Wait until a push is over and all have what was declared; its number."""
        await until(lambda: self.registry.push is None, "the push does not come to its end")
        number = self.registry.pushed(HOST).declared
        await until(lambda: self.all_have(number), "not all have it")
        return number


def test_a_real_push(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "seawall.mesh.agents.charge.snapshot_of",
        lambda *arguments: on_loopback(snapshot_of(*arguments)),
    )

    async def act(place: Place) -> None:
        registry = place.registry
        first = await place.settled()
        await place.declare(entries(GOOD), rules("a", "b"))
        second = await place.settled()
        assert second != first
        # Envoy refuses the next one: it came to a, and b has never heard of it.
        before = registry.views(HOST)
        versions = dict(place.charges["b"].feed.since)
        await place.declare(entries(*TWICE), rules("b"))
        assert registry.pushed(HOST).tries == ("a",)

        def fault() -> str:
            return registry.push.fault if registry.push else ""

        await until(fault, "nobody refuses it")
        assert fault().startswith("a does not take it: ")
        assert "filter chain" in fault()
        assert "Listener" in fault()
        assert registry.views(HOST) == before
        assert registry.pushed(HOST).declared == second
        await until(lambda: place.all_have(second), "a does not go back")
        assert place.charges["a"].feed.nacks == 1
        assert place.charges["b"].feed.nacks == 0
        assert place.charges["b"].feed.since == versions
        # Certificates are not held up by it.
        rotation.rotate_intermediate(place.authority)
        await place.controller.changed()
        store = place.authority.store
        await until(lambda: len([own for own in store.slots() if own.state != "gone"]) == 2,
                    "the rotation does not come to its end")  # fmt: skip
        issuer = place.authority.issuer().number
        assert [own.slot for own in registry.standings.values()] == [issuer, issuer]
        # What is right goes to all, although the one before did not.
        await place.declare(entries(GOOD, Port(9090)), rules("b"))
        third = await place.settled()
        assert third not in (first, second)
        assert [port.number for port in registry.views(HOST)[0].own.ports] == [8080, 9090]

    async def run() -> None:
        place = Place(tmp_path)
        async with place.running():
            await act(place)

    asyncio.run(asyncio.wait_for(run(), 120))

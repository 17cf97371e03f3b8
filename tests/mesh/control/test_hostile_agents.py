"""Agents that say what cannot be, come twice, are revoked or flood: nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.errors import SeawallError
from seawall.mesh.authority import rotation
from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.control import joining, standings
from seawall.mesh.control.hearsay import HearsayError
from seawall.mesh.control.messages import (
    Orders,
    Plain,
    Report,
    Standing,
    decoded,
    encoded,
    orders_from_plain,
    orders_to_plain,
    report_from_plain,
    report_to_plain,
)
from seawall.mesh.control.names import agent_id
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller, packed
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from seawall.mesh.plan.model import Port, Rule, View, Workload
from tests.mesh.made import DOMAIN, NOW, ORDERS, WEB, Clock, authority_in

ENTRIES = (Entry("web", WEB, "one", ()), Entry("orders", ORDERS, "two", (Port(8080),)))
RULES = (Rule("all", allows=True, to=ORDERS),)
HERE = Standing(("10.0.0.1",), 2, NOW + 3600, 1, is_connected=True)
THERE = HERE._replace(addresses=("10.0.0.2",))


def registry_of() -> Registry:
    return Registry(ENTRIES, RULES, 3600, clock=lambda: NOW)


def controller_in(directory: Path) -> Controller:
    return Controller(authority_in(directory, Clock()), registry_of(), 3600)


def report_of(**changes: object) -> Plain:
    plain = report_to_plain(Report("one", {"web": HERE}))
    plain["workloads"]["web"] = plain["workloads"]["web"] | changes
    return decoded(encoded(plain))


@pytest.mark.parametrize(
    "changes",
    [
        {"addresses": ["10.0.0.1; drop"]}, {"addresses": ["0.0.0.0"]}, {"addresses": ["::"]},
        {"addresses": ["127.0.0.1"]}, {"addresses": ["ff02::1"]}, {"addresses": ["fe80::1%eth0"]},
        {"addresses": [["10.0.0.1"]]}, {"addresses": [f"10.0.0.{n}" for n in range(1, 18)]},
        {"addresses": "10.0.0.1"}, {"slot": "2"}, {"ends": 1.5}, {"generation": True},
        {"refusals": "text"}, {"counts": ["a"]}, {"counts": {str(n): n for n in range(2000)}},
    ],
)  # fmt: skip
def test_reports_of_what_cannot_be(changes: dict[str, object]) -> None:
    with pytest.raises(HearsayError, match=r"update seawall|correct|name 16 at most"):
        report_from_plain(report_of(**changes))


def test_what_people_read_is_short_and_commands_no_terminal() -> None:
    report = report_from_plain(
        report_of(refusals=["x" * 10_000, "\x1b]0;owned\x07\n"] * 40, counts={"a\x1b": 1, "b": "2"})
    )
    own = report.workloads["web"]
    assert len(own.refusals) == 10
    assert all(len(text) <= 500 and text.isprintable() for text in own.refusals)
    assert own.counts == {"a\N{REPLACEMENT CHARACTER}": 1}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
VIEW = View(Workload("web", WEB, ("10.0.0.1",), (Port(80),)), (), RULES)
WHOLE = (
    report_to_plain(Report("one", {"web": HERE})),
    orders_to_plain(Orders(1, "pem", 2, 3600, (VIEW,))),
)


def _places(plain: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = plain.items() if isinstance(plain, dict) else enumerate(plain)
    found = [at] if at else []
    for key, value in items:
        is_more = isinstance(value, dict | list | tuple)
        found += _places(value, (*at, key)) if is_more else [(*at, key)]
    return found


@given(st.data(), values)
def test_any_message_is_understood_or_refused(data: st.DataObject, value: object) -> None:
    message = json.loads(encoded(data.draw(st.sampled_from(WHOLE))))
    *above, last = data.draw(st.sampled_from(_places(message)))
    place = message
    for key in above:
        place = place[key]
    place[last] = value
    for read in (report_from_plain, orders_from_plain):
        with suppress(SeawallError):
            read(decoded(json.dumps(message).encode()))


@pytest.mark.parametrize("text", ["1e999", "Infinity", "NaN", "-Infinity", "9" * 5000])
def test_numbers_that_are_none(text: str) -> None:
    with pytest.raises(HearsayError):
        decoded(f'{{"generation": {text}}}'.encode())


def test_an_address_belongs_to_one_workload() -> None:
    registry = registry_of()
    registry.report(Report("two", {"orders": THERE}))
    assert registry.report(
        Report("one", {"web": HERE._replace(addresses=("10.0.0.2", "10.0.0.9"))})
    )
    assert registry.standings["web"].addresses == ("10.0.0.9",)
    registry.gone("two")  # the other one may have its address now
    assert registry.report(Report("one", {"web": HERE._replace(addresses=("10.0.0.2",))}))
    assert registry.standings["web"].addresses == ("10.0.0.2",)
    assert registry.standings["orders"].addresses == ()


class Stream:
    """The stream of an agent."""

    def __init__(self, controller: Controller, host: str, report: Report | None = None) -> None:
        self.orders: list[Plain] = []
        self._came = asyncio.Condition()
        self._reports: asyncio.Queue[Plain] = asyncio.Queue()
        if report is not None:
            self._reports.put_nowait(decoded(encoded(report_to_plain(report))))
        self.task = asyncio.ensure_future(controller.follow(host, self._said(), self._told))

    async def _said(self) -> AsyncIterator[Plain]:
        while True:
            yield await self._reports.get()

    async def _told(self, plain: Plain) -> None:
        async with self._came:
            self.orders.append(plain)
            self._came.notify_all()

    async def heard(self, number: int = 1) -> None:
        async with self._came:
            await self._came.wait_for(lambda: len(self.orders) >= number)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def test_a_stream_that_ends_late_does_not_hide_the_one_after_it(tmp_path: Path) -> None:
    """Else a rotation would not wait for proxies that are alive."""
    controller = controller_in(tmp_path)

    async def act() -> None:
        old = Stream(controller, "one", Report("one", {"web": HERE}))
        await old.heard(2)
        new = Stream(controller, "one", Report("one", {"web": HERE}))
        await new.heard()
        await old.end()
        assert controller.registry.standings["web"].is_connected
        await new.end()
        assert not controller.registry.standings["web"].is_connected

    asyncio.run(asyncio.wait_for(act(), 30))


def test_a_controller_that_is_started_again_waits_for_whom_it_has_not_heard(
    tmp_path: Path,
) -> None:
    first = controller_in(tmp_path)

    async def act() -> None:
        for host, name, own in (("one", "web", HERE), ("two", "orders", THERE)):
            stream = Stream(first, host, Report(host, {name: own}))
            await stream.heard(2)
            await stream.end()

    asyncio.run(asyncio.wait_for(act(), 30))
    rotation.rotate_root(first.authority)
    again = registry_of()
    again.recall(standings.read(first.authority.store))
    assert rotation.advance(first.authority, again.laggards).waits_for == ("orders", "web")
    # Peers are told where the others are: they go on, whoever has come back.
    (view,) = again.views("one")
    assert [peer.addresses for peer in view.peers] == [("10.0.0.2",)]
    assert again.report(Report("one", {"web": HERE._replace(generation=2)})) is False
    assert rotation.advance(first.authority, again.laggards).waits_for == ("orders",)
    # One whose certificate has ended is not waited for, nor one whose host starts all anew.
    late = Registry(ENTRIES, RULES, 3600, clock=lambda: NOW + 4000)
    late.recall(standings.read(first.authority.store))
    assert late.laggards(2) == []
    with first.authority.store.changes():
        standings.forget(first.authority.store, ["web", "orders"])
    assert standings.read(first.authority.store) == {}


def test_two_controllers_know_of_each_others_agents(tmp_path: Path) -> None:
    one, two = controller_in(tmp_path), controller_in(tmp_path)

    async def act() -> None:
        seen = standings.edition(two.authority.store)
        stream = Stream(one, "one", Report("one", {"web": HERE}))
        await stream.heard(2)
        assert standings.edition(two.authority.store) != seen
        assert two.registry.recall(standings.read(two.authority.store))
        assert two.registry.laggards(5) == ["web"]
        # What it hears itself is newer than what others have heard.
        two.registry.report(Report("one", {"web": HERE._replace(generation=5)}))
        assert not two.registry.recall(standings.read(two.authority.store))
        assert two.registry.laggards(5) == []
        await stream.end()

    asyncio.run(asyncio.wait_for(act(), 30))


def test_an_agent_that_is_revoked_is_out_with_all_that_it_has_the_keys_of(tmp_path: Path) -> None:
    controller = controller_in(tmp_path)
    agent = agent_id(DOMAIN, "one")

    async def act() -> None:
        stream = Stream(controller, "one", Report("one", {"web": HERE}))
        await stream.heard(2)
        controller.revoke(agent, back=False)
        await controller.changed()
        with pytest.raises(RefusedError, match="is revoked"):
            await stream.task

    asyncio.run(asyncio.wait_for(act(), 30))
    assert controller.registry.revoked == {agent, WEB}
    with pytest.raises(RefusedError, match="is revoked"):
        controller.refuse_revoked("one")
    token = joining.new_token(controller.authority, "one")
    request = {"token": token, "request": packed(make_request(agent, new_key()))}
    with pytest.raises(RefusedError, match="is revoked"):
        asyncio.run(controller.join(request))
    controller.revoke(agent, back=True)
    assert controller.registry.revoked == frozenset()


def test_who_changes_much_is_heard_of_once(tmp_path: Path) -> None:
    controller = controller_in(tmp_path)

    async def act() -> None:
        other = Stream(controller, "one", Report("one", {"web": HERE}))
        await other.heard(2)
        for number in range(500):
            address = f"10.1.{number // 250}.{number % 250 + 1}"
            report = Report("two", {"orders": THERE._replace(addresses=(address,))})
            assert controller.registry.report(report)
            await controller.changed()
            await asyncio.sleep(0)
        await other.heard(3)
        assert len(other.orders) < 250
        await other.end()

    asyncio.run(asyncio.wait_for(act(), 30))

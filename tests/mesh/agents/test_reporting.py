"""What an agent reports, and what it is told: all at first, and then what is news."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from seawall.mesh.agents import agent as agents
from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Pair
from seawall.mesh.control.messages import (
    MessageError,
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
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.identity.keys import new_key
from seawall.mesh.plan.model import View, Workload
from tests.mesh.made import ALWAYS, DOMAIN, ORDERS, WEB, Clock, authority_in

VIEWS = (View(Workload("web", WEB, ("10.0.0.1",))),)
HERE = Standing(("10.0.0.1",), 2, 10**10, 1, is_connected=True)


def agent_of(*names: str) -> Agent:
    charges = {name: Charge(name, (f"10.0.0.{at}",)) for at, name in enumerate(names, 1)}
    return Agent("here", DOMAIN, "unix:/nowhere", charges, Pair((), new_key(), ALWAYS, 2), ())


async def said(reports: AsyncIterator[Plain]) -> dict[str, Standing]:
    report = report_from_plain(decoded(encoded(await asyncio.wait_for(anext(reports), 20))))
    assert report.keeps_views
    return dict(report.workloads)


def test_it_reports_all_and_then_who_stands_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act() -> None:
        agent = agent_of("web", "orders", "data")
        reports = agent._reports()
        assert sorted(await said(reports)) == ["data", "orders", "web"]
        agent.charges["orders"].count({"denied:80": 1})
        assert await said(reports) == {"orders": agent.charges["orders"].standing()}
        agent.orders = Orders(1, "", 2, 3600, VIEWS)  # the controller may know more of them now
        assert len(await said(reports)) == 3
        monkeypatch.setattr(agents, "_WHOLE_EVERY", 0.0)
        agent.orders = Orders(2, "", 2, 3600, ())
        for _ in range(2):
            assert len(await said(reports)) == 3

    asyncio.run(act())


def test_another_agent_on_the_same_stream_hears_of_views_once(tmp_path: Path) -> None:
    """The one of the release before, which does not say that it keeps them, gets them each time."""

    async def heard(directory: Path, *, keeps: bool) -> list[Plain]:
        authority = authority_in(directory, Clock(int(time.time())))
        entries = [Entry("web", WEB, "one", ()), Entry("orders", ORDERS, "two", ())]
        controller = Controller(authority, Registry(entries, (), 600), 600)
        orders: list[Plain] = []
        came = asyncio.Event()

        async def reports() -> AsyncIterator[Plain]:
            report = Report("one", {"web": HERE}, keeps_views=keeps)
            yield decoded(encoded(report_to_plain(report)))
            await asyncio.sleep(60)

        async def send(message: Plain) -> None:
            orders.append(decoded(encoded(message)))
            came.set()

        following = asyncio.ensure_future(controller.follow("one", reports(), send))

        async def after(number: int) -> None:
            while len(orders) < number:
                came.clear()
                await came.wait()

        await after(2)  # the first is of nobody yet
        for lifetime in (700, 800):
            controller.lifetime = lifetime
            await controller.changed()
            await after(len(orders) + 1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        return orders

    for keeps in (True, False):
        directory = tmp_path / str(keeps)
        directory.mkdir()
        orders = asyncio.run(asyncio.wait_for(heard(directory, keeps=keeps), 30))
        assert [len(own.get("views", "none")) for own in orders] == (
            [0, 1, 4, 4] if keeps else [0, 1, 1, 1]
        )
        before = None
        for plain in orders:
            before = orders_from_plain(plain, before)
        assert before is not None
        assert [view.own.name for view in before.views] == ["web"]


def test_views_are_not_left_out_of_the_first_orders() -> None:
    plain = orders_to_plain(Orders(1, "", 2, 3600, VIEWS), with_views=False)
    with pytest.raises(MessageError, match="'views'"):
        orders_from_plain(plain)

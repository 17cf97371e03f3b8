"""Neighbouring releases understand each other: messages of the one before, and today's, both ways.

``messages_before.json`` was written down by the release before this one; long texts are shortened.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Link, LinkError, Pair, Refusal, Signed, _joined, _pair
from seawall.mesh.authority import tokens
from seawall.mesh.control import joining
from seawall.mesh.control.messages import (
    PROTOCOL,
    MessageError,
    Plain,
    decoded,
    encoded,
    orders_from_plain,
    orders_to_plain,
    report_from_plain,
)
from seawall.mesh.control.names import agent_id
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller, packed
from seawall.mesh.identity.keys import PrivateKey, new_key
from seawall.mesh.identity.requests import make_request
from seawall.mesh.plan.model import Port, Protocol, Rule, Source
from tests.mesh.made import DOMAIN, ORDERS, WEB, Clock, authority_in

HOST = "alpha"
BEFORE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "mesh" / "messages_before.json").read_text()
)
FREE = ("workloads", "counts")
"""Mappings whose keys are names, not fields."""


def as_before(message: Any, before: Any, name: str = "") -> Any:
    """What of a message the release before knows."""
    if isinstance(before, dict) and isinstance(message, dict):
        if name in FREE:
            (sample,) = list(before.values())[:1] or [None]
            return {key: as_before(own, sample) for key, own in message.items()}
        return {key: as_before(message[key], before[key], key) for key in before if key in message}
    if isinstance(before, list) and isinstance(message, list):
        if before and isinstance(before[0], dict):
            return [as_before(own, before[0]) for own in message]
        return message
    return message


def check_has_all(message: Any, before: Any, where: str) -> None:
    """Whatever the release before needs must be there, and of the same form."""
    assert type(message) is type(before) or before is None, where
    if isinstance(before, dict) and where.rpartition(".")[2] not in FREE:
        for key, own in before.items():
            assert key in message, f"{where}.{key}"
            check_has_all(message[key], own, f"{where}.{key}")
    elif isinstance(before, list) and before and message:
        if isinstance(before[0], dict):
            check_has_all(message[0], before[0], f"{where}[]")
        elif isinstance(before[0], list):  # taken apart by position
            assert {len(own) for own in message} == {len(own) for own in before}, where


def controller_in(directory: Path) -> Controller:
    authority = authority_in(directory, Clock(int(time.time())))
    tokens.begin(authority)
    entries = [
        Entry("web", WEB, HOST, ()),
        Entry("orders", ORDERS, "beta",
              (Port(8080, Protocol.HTTP), Port(5432, Protocol.TCP, is_long_lived=True))),
    ]  # fmt: skip
    rules = [Rule("rule 1", allows=True, to=ORDERS, sources=(Source(WEB),), ports=(8080,),
                  methods=("GET",), paths=("/orders/*",))]  # fmt: skip
    return Controller(authority, Registry(entries, rules, 600), 600)


def there_and_back(message: Plain) -> Plain:
    return decoded(encoded(message))


# An agent of the release before, at today's controller ----------------------------------------


def test_an_older_agent_joins_and_gets_certificates(tmp_path: Path) -> None:
    controller, key = controller_in(tmp_path), new_key()
    request = packed(make_request(agent_id(DOMAIN, HOST), key))
    message = BEFORE["join"] | {
        "token": joining.new_token(controller.authority, HOST), "request": request,
    }  # fmt: skip
    assert message.keys() == BEFORE["join"].keys()
    check_has_all(
        there_and_back(asyncio.run(controller.join(message))), BEFORE["join answer"], "join answer"
    )
    asked = {"requests": [packed(make_request(name, key)) for name in (WEB, ORDERS)]}
    answer = there_and_back(controller.issue(HOST, asked))
    check_has_all(answer, BEFORE["issue answer"], "issue answer")
    granted, refused = answer["answers"]
    check_has_all(granted, BEFORE["issue answer"]["answers"][0], "granted")
    check_has_all(refused, BEFORE["issue answer"]["answers"][1], "refused")


def test_an_older_agents_report_counts_and_its_orders_are_complete(tmp_path: Path) -> None:
    controller = controller_in(tmp_path)
    report = report_from_plain(there_and_back(BEFORE["report"]))
    assert controller.registry.report(report)
    standing = controller.registry.standings["web"]
    assert (standing.slot, standing.generation, standing.is_connected) == (2, 1, True)
    orders = BEFORE["report"] | {"host": "beta", "workloads": {
        "orders": BEFORE["report"]["workloads"]["web"]}}  # fmt: skip
    controller.registry.report(report_from_plain(orders))
    for host, name in ((HOST, "orders"), ("beta", "orders of beta")):
        plain = there_and_back(orders_to_plain(controller.orders(host)))
        check_has_all(plain, BEFORE[name], name)


# Today's agent, at a controller of the release before -----------------------------------------


def test_orders_of_before_are_understood() -> None:
    found = [
        orders_from_plain(there_and_back(BEFORE[name])) for name in ("orders", "orders of beta")
    ]
    assert [own.token_keys for own in found] == ["", ""]
    assert [own.revoked for own in found] == [(), ()]
    (view,) = found[1].views
    assert [port.number for port in view.own.ports] == [8080, 5432]
    assert [rule.allows for rule in view.rules] == [True, False]


class OlderLink(Link):
    """The way to a controller that knows nothing but what was written down."""

    controller: Controller

    def __init__(self, *_: object) -> None:
        """No network: what is sent is what the other side would get."""

    async def close(self) -> None:
        return

    async def join(
        self, token: str, key: PrivateKey, request: bytes, back: bytes = b""
    ) -> Any:  # fmt: skip
        message = {"token": token, "request": packed(request), "key_to_come_back": packed(back)}
        sent = as_before(there_and_back(message), BEFORE["join"])
        return _joined(as_before(await self.controller.join(sent), BEFORE["join answer"]), key)

    async def rejoin(
        self, host: str, key: PrivateKey, request: bytes, prove: Callable[[str], bytes]
    ) -> Any:
        raise LinkError("the controller: Method not found!")

    async def issue(
        self, requests: Sequence[tuple[PrivateKey, bytes]]
    ) -> list[Pair | Refusal]:  # fmt: skip
        message = {"requests": [packed(own) for _, own in requests]}
        sent = as_before(there_and_back(message), BEFORE["issue"])
        answers = self.controller.issue(HOST, sent)["answers"]
        return [
            Refusal(own["refused"]) if "refused" in own
            else _pair(as_before(own, BEFORE["issue answer"]["answers"][0]), key)
            for (key, _), own in zip(requests, answers, strict=True)
        ]  # fmt: skip

    async def token(self, name: Any, audience: Sequence[str]) -> Signed:
        raise LinkError("the controller: Method not found!")

    async def follow(self, reports: AsyncIterator[Plain]) -> AsyncIterator[Plain]:
        async for report in reports:
            sent = as_before(there_and_back(report), BEFORE["report"])
            self.controller.registry.report(report_from_plain(sent))
            plain = there_and_back(orders_to_plain(self.controller.orders(HOST)))
            yield as_before(plain, BEFORE["orders"])


def test_todays_agent_follows_an_older_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = controller_in(tmp_path)
    monkeypatch.setattr(OlderLink, "controller", controller, raising=False)
    monkeypatch.setattr("seawall.mesh.agents.agent.Link", OlderLink)

    async def follow() -> None:
        key = new_key()
        link = OlderLink()
        token = joining.new_token(controller.authority, HOST)
        pair, bundle = await link.join(token, key, make_request(agent_id(DOMAIN, HOST), key))
        charge = Charge("web", ("10.77.0.2",))
        agent = Agent(HOST, DOMAIN, "anywhere", {"web": charge}, pair, bundle)
        running = asyncio.ensure_future(agent.run())
        await asyncio.wait_for(charge.holder.after(0), 20)
        assert charge.holder.current is not None
        assert charge.holder.current.id == WEB
        assert charge.feed.current is not None
        with pytest.raises(LinkError, match="Method not found"):
            await agent.sign(WEB, ["x"])  # it says so; everything else goes on
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(follow())


# Further away, and what nobody knows yet ------------------------------------------------------


def test_fields_that_nobody_knows_yet_are_passed_over() -> None:
    def more(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: more(own) for key, own in value.items()} | {"new": [{"some": "thing"}]}
        return [more(own) for own in value] if isinstance(value, list) else value

    report = BEFORE["report"]
    inner = report["workloads"]["web"] | {"new": {"some": "thing"}}
    known = report_from_plain(report | {"workloads": {"web": inner}, "new": 1})
    assert known == report_from_plain(report)
    for name in ("orders", "orders of beta"):
        assert orders_from_plain(more(BEFORE[name])) == orders_from_plain(BEFORE[name])


def test_a_release_that_is_further_away_is_refused() -> None:
    for protocol in (PROTOCOL - 1, PROTOCOL, PROTOCOL + 1):
        assert report_from_plain(BEFORE["report"] | {"protocol": protocol})
    for protocol in (PROTOCOL - 2, PROTOCOL + 2):
        with pytest.raises(MessageError, match="neighbouring releases"):
            report_from_plain(BEFORE["report"] | {"protocol": protocol})

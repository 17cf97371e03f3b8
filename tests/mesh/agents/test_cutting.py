"""Whose connections are ended, and when."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.agents import cutting
from seawall.mesh.agents.charge import Charge
from seawall.mesh.control.messages import Orders, orders_from_plain, orders_to_plain
from seawall.mesh.hosting.cutting import Cutter, within
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.model import Known, Port, View, Workload

WEB = Known(parse("spiffe://td/web"), ("10.77.0.2", "fd77::2"))
NOBODY = Orders(1, "", 2, 3600, ())


def test_each_revocation_is_told_once() -> None:
    watch = cutting.Watch()
    assert watch.revoked(NOBODY._replace(revoked=(WEB,))) == [WEB]
    assert watch.revoked(NOBODY._replace(revoked=(WEB,))) == []
    elsewhere = WEB._replace(addresses=("10.77.0.9",))
    assert watch.revoked(NOBODY._replace(revoked=(elsewhere,))) == [elsewhere]
    assert not watch.came_back(NOBODY._replace(revoked=(elsewhere,)))
    assert watch.came_back(NOBODY)
    assert watch.revoked(NOBODY) == []
    assert watch.revoked(NOBODY._replace(revoked=(WEB,))) == [WEB]


def test_each_end_of_an_identity_is_told_once() -> None:
    watch = cutting.Watch()
    first = NOBODY._replace(callers=(WEB._replace(ends=100),))
    assert watch.ended(first, 100.5) == []  # the next one may be on its way
    assert watch.ended(first, 102) == list(first.callers)
    assert watch.ended(first, 103) == []
    renewed = NOBODY._replace(callers=(WEB._replace(ends=200),))
    assert watch.ended(renewed, 150) == []
    assert watch.ended(renewed, 202) == list(renewed.callers)
    unknown = NOBODY._replace(callers=(WEB,))
    assert watch.ended(unknown, 10**10) == []


def test_those_with_ports_that_last() -> None:
    views = [
        View(Workload(name, parse(f"spiffe://td/{name}"), (), ports))
        for name, ports in (("a", (Port(80),)), ("b", (Port(1), Port(2, is_long_lived=True))))
    ]
    assert cutting.long_lived(views, WEB) == ["b"]
    assert cutting.long_lived(views, Known(views[1].own.id)) == []


def test_orders_carry_both_and_older_ones_have_neither() -> None:
    orders = NOBODY._replace(revoked=(WEB,), callers=(WEB._replace(ends=7),))
    plain: dict[str, Any] = json.loads(json.dumps(orders_to_plain(orders)))
    assert orders_from_plain(plain) == orders
    del plain["revoked"], plain["callers"]
    assert orders_from_plain(plain) == NOBODY


def test_who_cannot_be_cut_must_drain(tmp_path: Path) -> None:
    charges = {"orders": Charge("orders", ())}
    names = ["orders", "gone"]
    for path in ("", str(tmp_path / "nobody")):
        left = asyncio.run(cutting.cut(path, charges, names, [WEB], "revoked"))
        assert left == ["orders"]
    assert asyncio.run(cutting.cut("", charges, names, [Known(WEB.id)], "revoked")) == []


@pytest.mark.parametrize("line", [b"", b"[]\n", b"{}\n", b'{"workload": "x", "peers": []}',
    b'{"workload": "a", "peers": [["no address", 0]]}', b'{"workload": "a", "peers": 1}',
    b'{"workload": "a", "peers": [["10.0.0.1", "x"]]}', b"[" * 100_000])  # fmt: skip
def test_odd_requests_are_refused(line: bytes) -> None:
    said = Cutter(within({"a": "seawall-none.a"}), lambda _: None).answer(line)
    assert "update seawall on this host" in said["refused"]

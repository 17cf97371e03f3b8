"""Whose connections are ended, and when."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.agents import cutting
from seawall.mesh.agents.charge import Charge
from seawall.mesh.control.messages import Orders, orders_from_plain, orders_to_plain
from seawall.mesh.hosting.cutting import Cutter, cut, within
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.model import Known, Port, View, Workload
from seawall.mesh.serving.snapshots import ORDER, Snapshot

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


def test_who_takes_rules_late_need_not_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its peer is cut again and again until it has them; those of others go on."""
    monkeypatch.setattr(cutting, "_AGAIN", 0.02)
    asked: list[bytes] = []
    again = asyncio.Event()

    async def answer(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        asked.append(await reading.readline())
        if len(asked) == 3:
            again.set()
        writing.write(b'{"ended": 1, "left": 0}\n')
        writing.close()

    async def act(*, late: bool) -> list[str]:
        charge = Charge("orders", ())
        await charge.feed.offer(Snapshot(7, {ORDER[0]: {}}))
        path = str(tmp_path / "cut.sock")
        async with await asyncio.start_unix_server(answer, path):
            found = asyncio.ensure_future(
                cutting.cut(path, {"orders": charge}, ["orders"], [WEB], "")
            )
            if late:
                await again.wait()
                await charge.feed.took(ORDER[0], 7)
            return await found

    assert asyncio.run(act(late=True)) == []
    assert len(asked) >= 4
    assert json.loads(asked[0])["workload"] == "orders"
    monkeypatch.setattr(cutting, "_SETTLED_WITHIN", 0.1)
    assert asyncio.run(act(late=False)) == ["orders"]


@pytest.mark.parametrize("line", [b"", b"[]\n", b"{}\n", b'{"workload": "x", "peers": []}',
    b'{"workload": "a", "peers": [["no address", 0]]}', b'{"workload": "a", "peers": 1}',
    b'{"workload": "a", "peers": [["10.0.0.1", "x"]]}', b"[" * 100_000])  # fmt: skip
def test_odd_requests_are_refused(line: bytes) -> None:
    said = Cutter(within({"a": "seawall-none.a"}), lambda _: None).answer(line)
    assert "update seawall on this host" in said["refused"]


@pytest.mark.parametrize(("still", "left"), [("10.77.0.2:51000", 0), ("10.77.0.2:50000", 1)])
def test_who_knocks_meanwhile_is_not_left(tmp_path: Path, still: str, left: int) -> None:
    """What ss shows before and after it has ended connections is told apart by its two ends."""
    here = "0 0 10.77.0.3:8080"
    program = tmp_path / "ss"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f"*-K*) touch {tmp_path}/ended; echo 'ESTAB {here} 10.77.0.2:50000';;\n"
        f"*) if [ -e {tmp_path}/ended ]; then echo '{here} {still} '\n"
        f"   else echo '{here} 10.77.0.2:50000 '; fi;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    assert cut([str(program)], [("10.77.0.2", 0)]) == (1, left)

"""The controller's process: what goes wrong with the store does not end it."""

import asyncio
from pathlib import Path

import pytest

from seawall.mesh.authority import rotation
from seawall.mesh.authority.errors import StoreError
from seawall.mesh.control import turning
from seawall.mesh.control.registry import Registry
from seawall.mesh.control.service import Controller
from tests.mesh.made import Clock, authority_in


def test_a_store_that_cannot_be_written_does_not_end_the_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    controller = Controller(authority_in(tmp_path, Clock()), Registry((), (), 3600), 3600)
    tries = 0
    again = asyncio.Event()

    def renew(_: object) -> bool:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StoreError("store.db: database or disk is full; make room")
        again.set()
        return False

    monkeypatch.setattr(rotation, "renew", renew)
    monkeypatch.setattr(turning, "_TICK", 0.01)

    async def turn() -> None:
        running = asyncio.ensure_future(turning.Turning(controller).run())
        await asyncio.wait_for(again.wait(), 20)
        assert not running.done()
        running.cancel()

    asyncio.run(turn())
    assert "disk is full; make room" in capsys.readouterr().err

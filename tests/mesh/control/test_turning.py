"""What a controller does by itself, with a store and no network."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seawall.mesh.authority import external, rotation, tokens
from seawall.mesh.authority.authority import Lifetimes
from seawall.mesh.authority.slots import Kind, State
from seawall.mesh.control.registry import Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.control.turning import Turning, ask_first
from tests.mesh.authority.issuing import Company
from tests.mesh.made import Clock, authority_in


def controller_in(directory: Path, issuer: dict[str, str], *, begun: bool) -> Controller:
    clock = Clock(int(time.time()))
    lifetimes = Lifetimes(leaf=300, intermediate=1000, root=10_000)
    authority = authority_in(directory, clock, lifetimes, begun=begun)
    tokens.begin(authority)
    return Controller(authority, Registry((), (), 300), 300, issuer=issuer)


def turned(controller: Controller, is_so: Callable[[], object], do: Callable[[], Any]) -> bool:
    """Whether something comes true while the controller turns; ``do`` is done now and then."""

    async def turning() -> bool:
        running = asyncio.ensure_future(Turning(controller).run())
        deadline = time.monotonic() + 20
        while not is_so() and time.monotonic() < deadline and not running.done():
            do()
            await asyncio.sleep(0.05)
        if running.done():
            running.result()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return bool(is_so())

    return asyncio.run(turning())


def states(controller: Controller, kind: Kind) -> list[State]:
    return [own.state for own in controller.authority.store.slots() if own.kind is kind]


def test_an_issuer_of_others_is_asked_in_time(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    settings = {"type": "files", "directory": str(drop)}
    company = Company(int(time.time()))
    controller = controller_in(tmp_path, settings, begun=False)
    authority = controller.authority
    assert "waits to be signed" in ask_first(authority, settings, 0)
    (drop / "roots.pem").write_text(company.pem(external.request_of(authority), 1000)[1])

    def sign() -> None:
        for path in drop.glob("*.csr"):
            if not path.with_suffix(".pem").exists():
                path.with_suffix(".pem").write_text(company.pem(path.read_bytes(), 1000)[0])

    sign()
    assert ask_first(authority, settings, 5) == ""
    assert states(controller, Kind.INTERMEDIATE) == [State.ACTIVE]
    authority.clock.now += 501  # type: ignore[attr-defined]
    company.now += 501

    # Nobody signs: the old one goes on, and the status says why.
    def said() -> str:
        return external.fault(authority)

    assert turned(controller, said, lambda: None)
    assert "waits to be signed" in said()
    assert len(external.warnings(authority, settings)) == 2
    assert states(controller, Kind.INTERMEDIATE) == [State.ACTIVE]
    two = [State.GONE, State.ACTIVE]
    assert turned(controller, lambda: states(controller, Kind.INTERMEDIATE) == two, sign)
    assert said() == ""
    assert external.warnings(authority, settings) == []


def test_an_offline_root_waits_for_people(tmp_path: Path) -> None:
    controller = controller_in(tmp_path, {"type": "offline"}, begun=False)
    authority = controller.authority
    assert "ca request" in ask_first(authority, controller.issuer, 5)
    assert external.pending(authority)


def test_own_issuers_and_keys_give_way_by_themselves(tmp_path: Path) -> None:
    controller = controller_in(tmp_path, {}, begun=True)
    authority = controller.authority
    before = rotation.generation_of(authority.store)
    authority.clock.now += 600  # type: ignore[attr-defined]

    def is_done() -> bool:
        keys = [own.state for own in authority.store.token_keys()]
        both = [State.GONE, State.ACTIVE]
        return states(controller, Kind.INTERMEDIATE) == both and State.PREPARED not in keys[:1]

    assert turned(controller, is_done, lambda: None)
    assert rotation.generation_of(authority.store) > before

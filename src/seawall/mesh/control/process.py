"""The controller's process: ``python -m seawall.mesh.control.process STATE RUN [JOIN MAIN]``.

It has the state directory (store, sealing key, audit log) and a directory for sockets, and needs no
right on the host beside those. JOIN and MAIN are ``HOST:PORT``: its two doors for agents of other
hosts, beside the sockets for the agent of this one.

Several may have one STATE, each with a RUN of its own. Only the one that leads opens doors, so all
have the same JOIN and MAIN; and where the environment names a directory for whoever leads
(``LEADS_AT``), that one's sockets are found there.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence

import grpc

from seawall.core.errors import SeawallError, UsageError
from seawall.mesh.authority import rotation, tokens
from seawall.mesh.authority.audit import Audit
from seawall.mesh.authority.authority import Authority, Lifetimes
from seawall.mesh.authority.sealing import load
from seawall.mesh.authority.slots import Kind
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared, standings
from seawall.mesh.control.leading import Leadership
from seawall.mesh.control.operating import Operator, handler_of
from seawall.mesh.control.registry import Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.control.serving import Addresses, close_doors, open_doors
from seawall.mesh.control.turning import Turning, ask_until_signed
from seawall.mesh.injection.http_server import Server
from seawall.mesh.watching import answering

JOIN, MAIN, OPERATOR = "join.sock", "main.sock", "operator.sock"
STORE, SEAL, AUDIT = "store.db", "seal.key", "audit.log"
METRICS = "SEAWALL_MESH_METRICS"
"""The variable with ``HOST:PORT`` at which the controller tells metrics and its health."""
LEADS_AT = "SEAWALL_MESH_LEADS_AT"
"""The variable with the directory in which the sockets of whoever leads are found."""
_DOORS_WITHIN = 2.0
"""Seconds within which ports are free of a controller that has just ended."""
_AGAIN = 0.05
_SHORTEST = 10
"""Seconds: on one host people may want to see a certificate end."""


def authority_in(state: str, lifetime: int) -> Authority:
    """The authority whose store is in a directory."""
    store = Store.open(os.path.join(state, STORE))
    return Authority(
        store, load(os.path.join(state, SEAL)), Audit(os.path.join(state, AUDIT)),
        Lifetimes(leaf=lifetime, least=_SHORTEST),
    )  # fmt: skip


def revive(authority: Authority) -> None:
    """Replace issuers that ended while nobody was there: else the controller could not even start.

    Nothing else goes on before agents have told how far they are.
    """
    for _ in Kind:
        rotation.renew(authority)
    rotation.advance(authority, lambda _: ("whoever has not reported yet",))


async def serve(state: str, run: str, more: Sequence[Addresses] = ()) -> None:
    """Serve what the store declares until told to stop; ``more`` are doors beside the sockets."""
    store = Store.open(os.path.join(state, STORE))
    plan = declared.read(store)
    store.close()
    authority = authority_in(state, plan.lifetime)
    registry = Registry((), (), plan.lifetime)
    controller = Controller(authority, registry, plan.lifetime, issuer=plan.issuer)

    def read() -> None:
        found, before = declared.read(authority.store), declared.read_released(authority.store)
        first = before or found
        registry.begin_with(first.entries, first.rules, first.edges)
        registry.redeclare(found.entries, found.rules, found.edges)

    for name in (JOIN, MAIN):
        _remove(os.path.join(run, name))
    own = Addresses(f"unix:{run}/{JOIN}", f"unix:{run}/{MAIN}")
    await serve_controller(controller, run, (own, *more), read)


async def serve_controller(
    controller: Controller,
    run: str,
    addresses: Sequence[Addresses],
    read: Callable[[], None] = lambda: None,
) -> None:
    """Serve agents, and operators by a socket in ``run``, until told to stop.

    Of several controllers with one store only the one that leads serves agents. ``read`` is called
    at the start and when it comes to lead: what it was told before may be out of date.
    """
    _read(controller, read)
    controller.leads = False
    at = os.environ.get(LEADS_AT, "")
    telling = [] if at else await _metrics(controller)
    _remove(os.path.join(run, OPERATOR))
    operator = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    operator.add_generic_rpc_handlers((handler_of(Operator(controller)),))
    operator.add_insecure_port(f"unix:{run}/{OPERATOR}")
    await operator.start()
    os.chmod(f"{run}/{OPERATOR}", 0o600)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    leadership = Leadership(controller.authority.store)
    lead = _Lead(controller, addresses, run, at)
    leading = asyncio.ensure_future(lead.run(leadership, read))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({leading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    leading.cancel()
    ended = (await asyncio.gather(leading, return_exceptions=True))[0]
    await close_doors([operator])
    for own in telling:
        await own.stop(0.2)
    leadership.release()
    if isinstance(ended, Exception):
        raise ended


class _Lead:
    """What the controller does that leads."""

    def __init__(
        self, controller: Controller, addresses: Sequence[Addresses], run: str, at: str
    ) -> None:
        self._controller = controller
        self._addresses = addresses
        self._run = run
        self._at = at
        """Where others find whoever leads; empty where nobody else could."""

    async def run(self, leadership: Leadership, read: Callable[[], None]) -> None:
        """Wait for the lead, then open the doors and turn until cancelled, or another one leads."""
        await leadership.gain()
        works = [asyncio.ensure_future(own) for own in (leadership.keep(), self._turn(read))]
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            for work in works:
                if work.done():
                    work.result()
        finally:
            self._controller.leads = self._controller.serves = False
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _turn(self, read: Callable[[], None]) -> None:
        controller = self._controller
        _read(controller, read)
        controller.leads = True
        telling = await self._be_found() if self._at else []
        tokens.begin(controller.authority)
        if controller.issuer:
            await ask_until_signed(controller)
        else:
            revive(controller.authority)
        controller.registry.recall(standings.read(controller.authority.store))
        doors = await self._doors()
        controller.serves = True
        try:
            await Turning(controller).run()
        finally:
            await close_doors(doors)
            await asyncio.gather(*(own.stop(0.2) for own in telling))

    async def _be_found(self) -> list[Server]:
        """Have our sockets in the place of those of whoever led before, and tell metrics."""
        for name in (JOIN, MAIN, OPERATOR):
            path = os.path.join(self._at, name)
            aside = f"{path}.{os.getpid()}"
            os.symlink(os.path.join(self._run, name), aside)
            os.replace(aside, path)
        return await _metrics(self._controller)

    async def _doors(self) -> list[grpc.aio.Server]:
        """Our doors; who led before may have been killed just now, with the same ports."""
        deadline = asyncio.get_running_loop().time() + _DOORS_WITHIN
        while True:
            try:
                return await open_doors(self._controller, self._addresses)
            except UsageError:
                if not self._at or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(_AGAIN)


async def _metrics(controller: Controller) -> list[Server]:
    """Tell metrics where the environment says so; nowhere without."""
    address = os.environ.get(METRICS, "")
    if not address:
        return []
    authority, status = controller.authority, Operator(controller).status
    return [await answering.listen(address, status, lambda: answering.controller_fault(authority))]


def _read(controller: Controller, read: Callable[[], None]) -> None:
    read()
    controller.registry.revoked = declared.revoked(controller.authority.store)


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def main(state: str, run: str, *doors: str) -> int:
    """Run the controller; gives the exit code."""
    os.umask(0o077)
    try:
        asyncio.run(serve(state, run, (Addresses(*doors),) if doors else ()))
    except SeawallError as error:
        sys.stderr.write(f"seawall: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

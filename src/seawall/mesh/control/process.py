"""The controller's process: ``python -m seawall.mesh.control.process STATE RUN [JOIN MAIN]``.

It has the state directory (store, sealing key, audit log) and a directory for sockets, and needs no
right on the host beside those. JOIN and MAIN are ``HOST:PORT``: its two doors for agents of other
hosts, beside the sockets for the agent of this one.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence

import grpc

from seawall.core.errors import SeawallError
from seawall.mesh.authority import rotation, tokens
from seawall.mesh.authority.audit import Audit
from seawall.mesh.authority.authority import DAY, Authority, Lifetimes
from seawall.mesh.authority.sealing import load
from seawall.mesh.authority.slots import Kind
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared, standings
from seawall.mesh.control.messages import Plain
from seawall.mesh.control.operating import Operator, handler_of
from seawall.mesh.control.registry import Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.control.serving import Addresses, close_doors, open_doors
from seawall.mesh.injection.http_server import Server
from seawall.mesh.watching import answering

JOIN, MAIN, OPERATOR = "join.sock", "main.sock", "operator.sock"
STORE, SEAL, AUDIT = "store.db", "seal.key", "audit.log"
METRICS = "SEAWALL_MESH_METRICS"
"""The variable with ``HOST:PORT`` at which the controller tells metrics and its health."""
_TICK = 0.2
_TIDY_EVERY = 600
"""Seconds between looks for certificates that ended a day ago: those are forgotten."""
_LONGEST_TICK = 30.0
"""Seconds between tries while the store cannot be written."""
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
    registry = Registry(plan.entries, plan.rules, plan.lifetime, edges=plan.edges)
    registry.revoked = declared.revoked(authority.store)
    for name in (JOIN, MAIN):
        _remove(os.path.join(run, name))
    own = Addresses(f"unix:{run}/{JOIN}", f"unix:{run}/{MAIN}")
    await serve_controller(Controller(authority, registry, plan.lifetime), run, (own, *more))


async def serve_controller(
    controller: Controller, run: str, addresses: Sequence[Addresses]
) -> None:
    """Serve agents, and operators by a socket in ``run``, until told to stop."""
    telling = await _metrics(controller, Operator(controller).status)
    revive(controller.authority)
    controller.registry.recall(standings.read(controller.authority.store))
    tokens.begin(controller.authority)
    _remove(os.path.join(run, OPERATOR))
    operator = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    operator.add_generic_rpc_handlers((handler_of(Operator(controller)),))
    operator.add_insecure_port(f"unix:{run}/{OPERATOR}")
    await operator.start()
    os.chmod(f"{run}/{OPERATOR}", 0o600)
    doors = await open_doors(controller, addresses)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    turning = asyncio.ensure_future(_turn(controller))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({turning, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await close_doors([*doors, operator])
    for own in telling:
        await own.stop(0.2)
    if turning.done():
        turning.result()
    turning.cancel()


async def _metrics(controller: Controller, status: Callable[[], Plain]) -> list[Server]:
    """Tell metrics where the environment says so; nowhere without."""
    address = os.environ.get(METRICS, "")
    if not address:
        return []
    authority = controller.authority
    return [await answering.listen(address, status, lambda: answering.controller_fault(authority))]


async def _turn(controller: Controller) -> None:
    """Let issuers give way in time, and each rotation go on as soon as all have followed.

    Where the store cannot be written nothing is signed, but what can be read is told still.
    """
    tidy_at = 0
    wait = _TICK
    seen = standings.edition(controller.authority.store)
    while True:
        await asyncio.sleep(wait)
        try:
            if standings.edition(controller.authority.store) != seen:
                seen = standings.edition(controller.authority.store)
                # Another controller may have heard of its own agents.
                if controller.registry.recall(standings.read(controller.authority.store)):
                    await controller.changed()
            before = rotation.generation_of(controller.authority.store)
            rotation.renew(controller.authority)
            rotation.advance(controller.authority, controller.registry.laggards)
            if tokens.is_due(controller.authority):
                tokens.rotate(controller.authority)
            tokens.advance(controller.authority, controller.registry.laggards)
            if rotation.generation_of(controller.authority.store) != before:
                await controller.changed()
            now = controller.authority.clock()
            if now >= tidy_at or tidy_at > now + _TIDY_EVERY:
                tidy_at = now + _TIDY_EVERY
                _tidy(controller.authority)
            wait = _TICK
        except SeawallError as error:
            wait = min(wait * 2, _LONGEST_TICK)
            sys.stderr.write(f"seawall: {error}\n")
            sys.stderr.flush()


def _tidy(authority: Authority) -> None:
    """Forget certificates and tokens that ended a day ago."""
    long_ago = authority.clock() - DAY
    with authority.store.changes():
        authority.store.forget_before(long_ago)
        authority.store.forget_tokens_before(long_ago)


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

"""Agents whose workloads are pods: those come and go by what the controller says.

The node's agent has a socket for each of its pods; that in a sidecar has its own pod only. Where
the rules of a pod are loaded from outside, its proxy gets nothing before they are proven.
"""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cryptography import x509

from seawall.mesh.agents import cutting
from seawall.mesh.agents.agent import REVOKED, Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Pair
from seawall.mesh.agents.sockets import serve_one
from seawall.mesh.cluster.outside import Outside
from seawall.mesh.cluster.programs import Programs
from seawall.mesh.cluster.registry import uid_in
from seawall.mesh.control.messages import Orders, Standing
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.injection.edge_pods import GATEWAY_CERTIFICATE
from seawall.mesh.injection.parts import PROGRAMS_BELOW, PROGRAMS_SOCKET
from seawall.mesh.plan.edges import sockets_of_pod
from seawall.mesh.plan.model import Known, View
from seawall.mesh.watching.counts import FENCE

if TYPE_CHECKING:
    import grpc

SOCKET = "agent.sock"
_UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_OLD = 3600.0
"""Seconds after which a directory that nobody asks for belongs to nobody."""
_LOOK_EVERY = 1.0
"""Seconds between looks for pods whose rules are not in force yet."""

_SIDECARS_FOLLOW = 1.0
"""Seconds in which the proxies of sidecars have the rules that keep somebody out."""


class PodCharge(Charge):
    """A pod; it may have to wait."""

    def __init__(self, name: str) -> None:
        super().__init__(name, (), sockets_of_pod(GATEWAY_CERTIFICATE))
        self.waits = False
        """Whether its rules are not in force yet: its proxy must not begin."""

    async def bring(self, view: View, orders: Orders) -> None:
        """Let the proxy have what the orders say, unless it has to wait."""
        if not self.waits:
            await super().bring(view, orders)

    def standing(self) -> Standing:
        """What is reported of it: rotations do not wait for a proxy that has to."""
        own = super().standing()
        return own._replace(is_connected=False) if self.waits else own


class Places(Protocol):
    """Where the sockets of pods are."""

    async def open(self, charge: PodCharge) -> None:
        """Let the proxy of a pod come."""

    async def close(self, name: str) -> bool:
        """Nobody tells us of it any more; whether it is gone."""

    def sweep(self) -> None:
        """Remove what others have left."""

    async def end(self) -> None:
        """Serve nobody any more."""


class Directory:
    """The directory of a node that has one for each pod: that is mounted into the pod."""

    def __init__(self, path: str, proxy_user: int) -> None:
        self._path = path
        self._proxy_user = proxy_user
        self._servers: dict[str, grpc.aio.Server] = {}

    async def open(self, charge: PodCharge) -> None:
        """Make the socket of a pod, for its proxy's group; the kubelet may have made the rest."""
        uid = uid_in(charge.name)
        if not _UID.match(uid):
            return
        own = os.path.join(self._path, uid)
        with contextlib.suppress(FileExistsError):
            os.mkdir(own, 0o700)
        os.chown(own, -1, self._proxy_user, follow_symlinks=False)
        os.chmod(own, 0o750)  # noqa: S103 - the proxy's group must get to the socket
        path = os.path.join(own, SOCKET)
        server = await serve_one(charge, path)
        os.chown(path, -1, self._proxy_user, follow_symlinks=False)
        self._servers[charge.name] = server

    async def close(self, name: str) -> bool:
        """Remove it; while the pod has it mounted, the directory stays to it."""
        server = self._servers.pop(name, None)
        if server is None:
            return True
        await server.stop(0.2)
        self._remove(os.path.join(self._path, uid_in(name)))
        return True

    def sweep(self) -> None:
        """Remove what pods have left that went while no agent was here."""
        known = {uid_in(name) for name in self._servers}
        with contextlib.suppress(OSError):
            for uid in os.listdir(self._path):
                own = os.path.join(self._path, uid)
                is_old = time.time() - os.stat(own).st_mtime > _OLD
                if _UID.match(uid) and uid not in known and is_old:
                    self._remove(own)

    @staticmethod
    def _remove(own: str) -> None:
        """A directory with at most two sockets in it; what is mounted stays to whom it is."""
        below = os.path.join(own, PROGRAMS_BELOW)
        for remove, path in (
            (os.unlink, os.path.join(own, SOCKET)),
            (os.unlink, os.path.join(below, PROGRAMS_SOCKET)), (os.rmdir, below), (os.rmdir, own),
        ):  # fmt: skip
            with contextlib.suppress(OSError):
                remove(path)

    async def end(self) -> None:
        """Stop serving; directories stay, since pods have them mounted."""
        await asyncio.gather(*(server.stop(0.2) for server in self._servers.values()))


class OwnSocket:
    """The socket of an agent in a sidecar: one proxy, of the same user."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._server: grpc.aio.Server | None = None

    async def open(self, charge: PodCharge) -> None:
        """Serve the only proxy there is."""
        if self._server is None:
            self._server = await serve_one(charge, self._path)

    async def close(self, name: str) -> bool:
        """It is there as long as we are: a controller that has just started may not know."""
        return not name

    def sweep(self) -> None:
        """Nobody else was here."""

    async def end(self) -> None:
        """Serve nobody any more."""
        if self._server is not None:
            await self._server.stop(0.2)


class Kept(NamedTuple):
    """What outlives an agent's membership: it may have to join anew."""

    charges: dict[str, PodCharge]
    places: Places
    outside: Outside | None
    cutter: str = ""
    """The socket of who ends connections of pods; empty where nobody may enter them."""
    programs: Programs | None = None
    """The Workload API of pods; nothing where others have it."""
    end_proxy: Callable[[], None] | None = None
    """Ends the proxy of the only pod, which is started again; nothing where it is not ours."""


class PodAgent(Agent):
    """The agent of a node, or of one pod."""

    def __init__(
        self,
        host: str,
        trust_domain: SpiffeId,
        address: str,
        kept: Kept,
        own: Pair,
        bundle: Sequence[x509.Certificate],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(
            host, trust_domain, address, kept.charges, own, bundle, say, cutter=kept.cutter
        )
        self._kept = kept
        self._has_swept = False
        if kept.programs is not None:
            kept.programs.sign = self.sign

    async def prepare(self, orders: Orders) -> None:
        """Take in pods that came, and let go of those that are gone."""
        charges, places = self._kept.charges, self._kept.places
        named = {view.own.name for view in orders.views}
        for name in [name for name in charges if name not in named]:
            if await places.close(name):
                del charges[name]
        for name in sorted(named - charges.keys()):
            charge = PodCharge(name)
            try:
                await places.open(charge)
            except OSError as error:  # one pod must not end the others' agent
                self._say(f"{name}: no socket ({error}); see the directory of the node")
                continue
            charges[name] = charge
        await self._open_programs(orders)
        self._hold(orders)
        if not self._has_swept:
            self._has_swept = True
            places.sweep()

    async def _open_programs(self, orders: Orders) -> None:
        """Let the programs of pods that asked for it have the Workload API."""
        programs, charges = self._kept.programs, self._kept.charges
        if programs is None:
            return
        for name in [name for name in programs.names if name not in charges]:
            await programs.close(name)
        for name, charge in charges.items():
            if name in programs.names or not programs.are_for(name, orders.programs):
                continue
            try:
                await programs.open(charge)
            except OSError as error:
                self._say(f"{name}: no socket for its programs ({error}); see that directory")

    def redirected(self) -> tuple[str, ...]:
        """The pods whose rules we have loaded and proven."""
        outside = self._kept.outside
        return () if outside is None else outside.closed

    def _hold(self, orders: Orders) -> None:
        """Let those wait whose rules are ours to load, until they are in force once."""
        outside = self._kept.outside
        ours = frozenset(orders.redirects)
        closed = frozenset(outside.closed) if outside is not None else frozenset()
        for charge in self._kept.charges.values():
            uid = uid_in(charge.name)
            charge.waits = uid in ours and uid not in closed and not charge.feed.current

    async def _cut(self, names: Sequence[str], peers: Sequence[Known], why: str) -> None:
        """End connections; also of pods whose keys are in their sidecars, which may not do it.

        Callers of an exit are elsewhere here, so it is cut off from them like others.
        """
        if why == REVOKED and self.orders is not None:
            views = self.orders.views
            names = [view.own.name for view in views]
            if self._kept.end_proxy and {own.id for own in peers} & {one.own.id for one in views}:
                self._say("it was revoked: its proxy is started anew, without any connection")
                self._kept.end_proxy()
                return
        await asyncio.gather(super()._cut(names, peers, why), self._cut_others(peers, why))

    async def _cut_others(self, peers: Sequence[Known], why: str) -> None:
        outside = self._kept.outside
        addresses = [(address, 0) for own in peers for address in own.addresses]
        if outside is None or not addresses or why != REVOKED:
            return
        ours = {uid_in(name) for name in self._kept.charges}
        about = f"{', '.join(str(own.id) for own in peers)}: {why}"
        for wait in (0.0, _SIDECARS_FOLLOW):
            await asyncio.sleep(wait)
            others = [uid for uid in outside.reached if uid not in ours]
            await asyncio.gather(
                *(cutting.ask(self._kept.cutter, uid, addresses, about) for uid in others)
            )

    async def look_after_rules(self) -> None:
        """Load the rules of pods from outside, if they are ours, until cancelled."""
        outside = self._kept.outside
        if outside is None:
            await asyncio.Event().wait()
            return
        before: tuple[str, ...] = ()
        while True:
            orders = self.orders
            if orders is not None:
                try:
                    await asyncio.to_thread(outside.look, orders.redirects)
                except OSError as error:
                    self._say(f"rules of pods cannot be looked at: {error}")
                for charge in self._kept.charges.values():
                    counts = outside.dropped.get(uid_in(charge.name), {})
                    charge.dropped = {f"{FENCE}:{reason}": own for reason, own in counts.items()}
                if outside.closed != before:
                    before = outside.closed
                    self._hold(orders)
                    await self.bring()
            await asyncio.sleep(_LOOK_EVERY)

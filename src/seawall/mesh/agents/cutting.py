"""Whose connections are to end, and when: of peers that were revoked or whose identity has ended.

New requests of such a peer are refused by the proxies themselves. Connections that it has are ended
by who has the right to (``hosting.cutting``). Where the kernel cannot do that, the proxy is told to
replace its chains, which ends all their connections as they drain.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from seawall.mesh.agents.charge import Charge
from seawall.mesh.control.messages import Orders
from seawall.mesh.plan.model import Known, View

_TIMEOUT = 10.0
_SETTLED_WITHIN, _AGAIN = 5.0, 0.5
"""Seconds in which a proxy has new rules, also on a busy machine, and how often its peer is cut
meanwhile."""
_WORKERS_BEHIND = 0.1
"""Seconds in which all threads of a proxy have what it says that it has taken."""
_GRACE = 1
"""Seconds after its end in which a certificate may be followed by news of the next one."""
Peer = tuple[str, int]


class Outcome(NamedTuple):
    """How many connections were ended, and how many are left."""

    ended: int
    left: int


UNABLE = Outcome(0, 1)


async def ask(path: str, workload: str, peers: Sequence[Peer], why: str) -> Outcome:
    """Have connections of a workload ended; :data:`UNABLE` where nobody is there to do it."""
    if not path:
        return UNABLE
    try:
        async with asyncio.timeout(_TIMEOUT):
            reading, writing = await asyncio.open_unix_connection(path)
            try:
                line = json.dumps({"workload": workload, "peers": peers, "why": why})
                writing.write(line.encode() + b"\n")
                answer = json.loads(await reading.readline())
            finally:
                writing.close()
        return Outcome(int(answer["ended"]), int(answer["left"]))
    except (OSError, ValueError, KeyError, TypeError):
        return UNABLE


class Watch:
    """What has been cut of whom, so that each end of trust is acted on once."""

    def __init__(self) -> None:
        self._revoked: frozenset[Known] = frozenset()
        self._ended: dict[Known, int] = {}

    def revoked(self, orders: Orders) -> list[Known]:
        """Peers that have been revoked since the last look, or were found elsewhere since."""
        now = frozenset(orders.revoked)
        news = sorted(now - self._revoked)
        self._revoked = now
        return news

    def came_back(self, orders: Orders) -> bool:
        """Whether somebody was revoked at the last look and is not any more."""
        return bool({own.id for own in self._revoked} - {own.id for own in orders.revoked})

    def ended(self, orders: Orders, now: float) -> list[Known]:
        """Peers whose newest certificate has ended, each told once."""
        found = [
            own for own in orders.callers
            if own.ends and now > own.ends + _GRACE and self._ended.get(own) != own.ends
        ]  # fmt: skip
        self._ended = {own: own.ends for own in (*found, *self._ended) if own in orders.callers}
        return found


def long_lived(views: Iterable[View], peer: Known) -> list[str]:
    """The workloads that have a port whose connections are not ended by their age.

    A peer is none of its own: what its proxy hands on to its program comes from its own address.
    """
    return [
        view.own.name
        for view in views
        if view.own.id != peer.id and any(port.is_long_lived for port in view.own.ports)
    ]


class Worthless(NamedTuple):
    """Names by which nobody is known any more."""

    revoked: frozenset[str]
    ended: frozenset[str]
    """Those of identities that have ended: they matter where connections outlast them."""

    def to(self, view: View) -> frozenset[str]:
        """The ones that a workload must not have connections of."""
        lasts = any(port.is_long_lived for port in view.own.ports)
        return self.revoked | self.ended if lasts else self.revoked


def worthless(orders: Orders, now: float) -> Worthless:
    """The names that are good for nothing now."""
    return Worthless(
        frozenset(str(own.id) for own in orders.revoked),
        frozenset(str(own.id) for own in orders.callers if own.ends and now > own.ends + _GRACE),
    )


async def cut(
    path: str, charges: Mapping[str, Charge], names: Iterable[str], peers: Sequence[Known], why: str
) -> list[str]:
    """End what some workloads have to do with some peers; who must drain instead, by name.

    At once, again while the proxy has not taken the rules that keep the peer out, and when it has
    them, since the peer may have come back in between.
    """
    addresses = [(address, 0) for own in peers for address in own.addresses]
    if not addresses:
        return []
    found = await asyncio.gather(
        *(_cut(path, charges[name], addresses, why) for name in names if name in charges)
    )
    return [name for name in found if name]


async def _cut(path: str, charge: Charge, peers: Sequence[Peer], why: str) -> str:
    if await ask(path, charge.name, peers, why) == UNABLE:
        return charge.name
    current = charge.feed.current
    if current is not None:
        settled = asyncio.ensure_future(charge.feed.settled(current.version))
        try:
            async with asyncio.timeout(_SETTLED_WITHIN):
                while not (await asyncio.wait({settled}, timeout=_AGAIN))[0]:
                    await ask(path, charge.name, peers, why)
        except TimeoutError:
            return charge.name  # it does not take the rules: it may let the peer in again
        finally:
            settled.cancel()
        await asyncio.sleep(_WORKERS_BEHIND)
    outcome = await ask(path, charge.name, peers, why)
    return charge.name if outcome.left else ""

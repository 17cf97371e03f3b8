"""The agent of a node: ``seawall mesh agent``.

It joins by its pod's token, and joins again whenever it must.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.errors import SeawallError
from seawall.mesh.cluster import asking
from seawall.mesh.cluster.joining import Doors, Membership, join
from seawall.mesh.cluster.outside import Outside
from seawall.mesh.cluster.pod_agents import Directory, Kept, PodAgent
from seawall.mesh.cluster.programs import ProgramsOfNode
from seawall.mesh.cluster.registry import uid_in
from seawall.mesh.cluster.running import first_of, listening, say, told_to_stop
from seawall.mesh.hosting.hatches import Hatch
from seawall.mesh.identity.spiffe_id import SpiffeId, trust_domain
from seawall.mesh.injection.http_server import Request, Response, Server
from seawall.mesh.watching.answering import agent_status
from seawall.mesh.watching.metrics import DROPPED, families_of
from seawall.mesh.watching.prometheus import CONTENT_TYPE, Family, Sample, text_of

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
"""Seconds before another try to join."""
_CUTTER = "cut.sock"
"""Where this process asks itself for what must not hold up its event loop."""


class Options(NamedTuple):
    """What the agent is started with."""

    trust_domain: str
    doors: Doors
    node: str
    proxy_user: int
    serve: str
    """The directory of pods' sockets; empty where sidecars have agents of their own."""
    redirects: bool
    run: str = asking.RUN
    metrics: tuple[str, int] | None = None
    """Where metrics are told, without TLS; nowhere without."""


class Nowhere:
    """No sockets: only rules are ours."""

    async def open(self, charge: object) -> None:
        """Sidecars have their own."""

    async def close(self, name: str) -> bool:
        """As above."""
        return bool(name)

    def sweep(self) -> None:
        """As above."""

    async def end(self) -> None:
        """As above."""


class Host:
    """One agent over all its memberships."""

    def __init__(self, name: str, domain: SpiffeId, doors: Doors, kept: Kept) -> None:
        self.name = name
        self.agent: PodAgent | None = None
        self.fault = "it has not joined yet"
        self._domain = domain
        self._doors = doors
        self._kept = kept

    async def run(self) -> None:
        """Join and follow, again and again, until cancelled. Pods keep what they have."""
        failures = 0
        while True:
            try:
                membership = await join(self._doors, self.name, self._domain)
                failures, self.fault = 0, ""
                await self._follow(membership)
            except SeawallError as error:
                self.fault = str(error)
                say(self.fault)
                failures += 1
            await asyncio.sleep(min(FIRST_WAIT * 2 ** min(failures, 6), LONGEST_WAIT))

    async def _follow(self, membership: Membership) -> None:
        agent = PodAgent(
            self.name, self._domain, self._doors.main, self._kept, membership.pair,
            membership.bundle, say,
        )  # fmt: skip
        if self.agent is not None:
            agent.orders = self.agent.orders
        self.agent = agent
        await first_of(agent.run(), agent.look_after_rules())

    async def end(self) -> None:
        """Serve nobody any more; what pods have they keep."""
        if self._kept.programs is not None:
            await self._kept.programs.end()
        await self._kept.places.end()
        if self._kept.outside is not None:
            self._kept.outside.end()

    def what_is_wrong(self) -> str:
        """Why it is not ready; empty where it is."""
        agent, outside = self.agent, self._kept.outside
        if agent is None or agent.orders is None:
            return self.fault or "it has no orders yet"
        if outside is not None and outside.faults:
            uid, fault = min(outside.faults.items())
            return f"the rules of {len(outside.faults)} pods are not in force, as of {uid}: {fault}"
        return ""

    def answer(self, request: Request) -> Response:
        """What Prometheus gets. Health is asked for over a socket (``asking``)."""
        if request.path != "/metrics":
            return Response(404, b"ask for /metrics\n")
        return Response(200, text_of(self._families()).encode(), CONTENT_TYPE)

    def _families(self) -> Iterator[Family]:
        agent, outside = self.agent, self._kept.outside
        if agent is not None:
            for family in families_of(agent_status(agent, time.time())):
                own = family
                if own.name == DROPPED:
                    own = own._replace(samples=(*own.samples, *self._dropped_elsewhere()))
                yield own
        is_following = agent is not None and agent.orders is not None and not agent.fault
        yield Family("controller_connected", "Whether the agent follows the controller.",
                     (Sample({}, int(is_following and not self.fault)),))  # fmt: skip
        if outside is not None:
            for name, told, value in (
                ("rules_in_force", "Pods whose rules are loaded and proven.", len(outside.closed)),
                ("rules_failing", "Pods whose rules are not in force.", len(outside.faults)),
            ):
                yield Family(name, told, (Sample({}, value),))

    def _dropped_elsewhere(self) -> Iterator[Sample]:
        """What the rules of pods have dropped whose keys are in their sidecars: no other counts."""
        outside = self._kept.outside
        ours = {uid_in(name) for name in self._kept.charges}
        for uid, counts in outside.dropped.items() if outside is not None else ():
            if uid not in ours:
                for reason, value in counts.items():
                    yield Sample({"pod_uid": uid, "reason": reason}, value)


async def serve(options: Options) -> None:
    """Serve the pods of a node until told to stop."""
    os.umask(0o027)
    outside = Outside(options.proxy_user, say) if options.redirects else None
    serves = options.serve
    places = Directory(serves, options.proxy_user) if serves else Nowhere()
    cutter = os.path.join(options.run, _CUTTER) if outside is not None else ""
    hatch = Hatch(cutter, os.getegid(), outside.answer) if outside is not None else None
    # With the node's processes we see the rules' pods, and whose process somebody is.
    programs = ProgramsOfNode(serves, options.run, say, looks=options.redirects) if serves else None
    kept = Kept({}, places, outside, cutter, programs)
    host = Host(options.node, trust_domain(options.trust_domain), options.doors, kept)
    answering = await asking.serve(options.run, host.what_is_wrong)
    if hatch is not None:
        hatch.open()
    metrics = Server(host.answer, 0)
    if options.metrics is not None:
        await listening(metrics, options.metrics)
    try:
        await first_of(host.run(), told_to_stop())
    finally:
        answering.close()
        await metrics.stop(0)
        if hatch is not None:
            hatch.close()
        await host.end()

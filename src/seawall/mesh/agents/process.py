"""The agent's process: ``python -m seawall.mesh.agents.process MESH``, its task on standard input.

The name of the mesh is there for people who look at processes. The task has a join token, so it is
never on a command line, which everybody can read.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from seawall.core.errors import SeawallError
from seawall.mesh.agents.agent import Agent, ComesBack
from seawall.mesh.agents.home import Home
from seawall.mesh.agents.link import Joined, Link, LinkError
from seawall.mesh.agents.roster import Desk, Roster
from seawall.mesh.agents.telling import tell
from seawall.mesh.control.messages import Plain
from seawall.mesh.control.names import agent_id
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId, trust_domain
from seawall.mesh.injection.http_server import Server
from seawall.mesh.watching import answering, fence
from seawall.mesh.watching.counts import FENCE
from seawall.mesh.watching.metrics import Status
from seawall.mesh.workloads.endpoints import Endpoints, attesting_by

_PATIENCE, _PAUSE = 10.0, 0.1
"""Seconds for which an agent that comes back calls a controller, and between two calls."""


class Task(NamedTuple):
    """What an agent needs to know to begin."""

    host: str
    trust_domain: str
    join: str
    """The address of the controller's first door: ``unix:PATH`` or ``HOST:PORT``."""
    main: str
    """That of the second."""
    token: str
    bundle: str
    """The roots to trust, in PEM form."""
    sockets: str
    """The directory in which each workload has one for its proxy."""
    workloads: dict[str, tuple[str, ...]]
    """The addresses of each workload."""
    programs: Sequence[Plain] = ()
    """Those that get the Workload API: the fields of a ``Door``."""
    inside: str = ""
    """A directory that is the agent's alone; needed with ``programs``."""
    attestor: str = ""
    """The socket of who looks at programs; needed where a selector asks for that."""
    cutter: str = ""
    """The socket of who ends connections (``hosting.cutting``)."""
    paths: tuple[str, ...] = ()
    """Where the exit and the gateway of this host listen, and the file of the gateway's secret."""
    fence: str = ""
    """The file with what the rules of each workload have dropped (``watching.fence``)."""
    metrics: str = ""
    """``HOST:PORT`` at which metrics are told; empty for nowhere."""
    home: str = ""
    """The directory that lasts: with what the agent comes back without a token."""
    status: str = ""
    """The file that says how it stands, for people on this host."""
    roster: str = ""
    """The file with the workloads as they are now (``agents.roster``); empty where they stay."""


async def run(task: Task) -> None:
    """Join, then follow the controller until told to stop."""
    domain = trust_domain(task.trust_domain)
    home = Home(task.home, task.host, domain) if task.home else None
    pair, bundle = await _joined(task, domain, home)
    back = _coming_back(task, home) if home else None
    agent = Agent(
        task.host, domain, task.main, {}, pair, bundle, _say, cutter=task.cutter, back=back,
        keep=home.keep_roots if home else lambda _: None,
    )  # fmt: skip
    endpoints = Endpoints(task.inside, attesting_by(task.attestor), _say)
    desk = Desk(agent, endpoints, task.sockets, _say)
    await desk.take(Roster(task.workloads, task.programs, task.paths))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    told = asyncio.ensure_future(tell(agent, task.status))
    following = asyncio.ensure_future(agent.run())
    stopping = asyncio.ensure_future(stop.wait())
    dropped = asyncio.ensure_future(fence.follow(task.fence, partial(_dropped, agent)))
    changing = [asyncio.ensure_future(desk.follow(task.roster))] if task.roster else []
    telling = [await _metrics(agent, task.metrics)] if task.metrics else []
    await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if following.done():
        following.result()
    for work in (following, dropped, told, *changing):
        work.cancel()
    await asyncio.gather(*(own.stop(0.2) for own in telling))
    await desk.close()


async def _metrics(agent: Agent, address: str) -> Server:
    def status() -> Status:
        return answering.agent_status(agent, time.time())

    return await answering.listen(
        address, status, lambda: answering.agent_fault(agent, time.time())
    )


def _dropped(agent: Agent, counts: fence.Counts) -> None:
    for name, charge in agent.charges.items():
        charge.dropped = {
            f"{FENCE}:{reason}": number for reason, number in counts.get(name, {}).items()
        }


async def _joined(task: Task, domain: SpiffeId, home: Home | None) -> Joined:
    """By the token, if there is one that is good still, else with what was kept of a join."""
    if not task.token and not (home and home.can_come_back):
        raise LinkError(f"{task.host} has not joined yet: give it a token, see seawall mesh token")
    if home is None:
        return await _joined_once(task, domain)
    roots = certificates.from_pem(task.bundle.encode()) if task.token else []
    if task.token:
        try:
            return await _at_any(task.join, lambda address: home.join(address, task.token, roots))
        except LinkError:
            if not home.can_come_back:
                raise
    return await _patiently(_coming_back(task, home))


async def _patiently(come_back: ComesBack) -> Joined:
    """Come back, also to a controller that is being started just now.

    Whoever would end instead, and be started again, would be later by all that takes.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return await come_back()
        except LinkError as error:
            if not error.is_away or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_PAUSE)


async def _joined_once(task: Task, domain: SpiffeId) -> Joined:
    key = keys.new_key()
    link = Link(task.join, certificates.from_pem(task.bundle.encode()), None)
    try:
        return await link.join(task.token, key, make_request(agent_id(domain, task.host), key))
    finally:
        await link.close()


def _coming_back(task: Task, home: Home) -> ComesBack:
    async def come_back() -> Joined:
        return await _at_any(task.join, home.come_back)

    return come_back


async def _at_any(addresses: str, attempt: Callable[[str], Awaitable[Joined]]) -> Joined:
    """What the first controller gives that can be reached: one leads, others do not answer."""
    *others, last = addresses.split()
    for address in others:
        with contextlib.suppress(LinkError):
            return await attempt(address)
    return await attempt(last)


def _say(text: str) -> None:
    sys.stderr.write(f"seawall: {text}\n")
    sys.stderr.flush()


def main() -> int:
    """Run the agent; gives the exit code."""
    os.umask(0o007)
    task = Task(**json.load(sys.stdin))
    try:
        asyncio.run(run(task))
    except SeawallError as error:
        _say(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

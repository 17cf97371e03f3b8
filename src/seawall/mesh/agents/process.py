"""The agent's process: ``python -m seawall.mesh.agents.process MESH``, its task on standard input.

The name of the mesh is there for people who look at processes. The task has a join token, so it is
never on a command line, which everybody can read.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from cryptography import x509

from seawall.core.errors import SeawallError
from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.link import Link, Pair
from seawall.mesh.agents.sockets import serve as serve_sockets
from seawall.mesh.control.messages import Plain
from seawall.mesh.control.names import agent_id
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId, trust_domain
from seawall.mesh.injection.http_server import Server
from seawall.mesh.plan.edges import Sockets
from seawall.mesh.watching import answering, fence
from seawall.mesh.watching.counts import FENCE
from seawall.mesh.watching.metrics import Status
from seawall.mesh.workloads.api import WorkloadApi
from seawall.mesh.workloads.endpoints import Endpoints, attesting_by, door_from_plain


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


async def run(task: Task) -> None:
    """Join, then follow the controller until told to stop."""
    domain = trust_domain(task.trust_domain)
    pair, bundle = await _joined(task, domain)
    paths = Sockets(*task.paths)
    charges = {name: Charge(name, tuple(own), paths) for name, own in task.workloads.items()}
    servers = await serve_sockets(charges, task.sockets)
    agent = Agent(task.host, domain, task.main, charges, pair, bundle, _say, cutter=task.cutter)
    endpoints = Endpoints(task.inside, attesting_by(task.attestor), _say)
    doors = map(door_from_plain, task.programs)
    await endpoints.open({own: WorkloadApi(charges[own.name].holder, agent.sign) for own in doors})
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    following = asyncio.ensure_future(agent.run())
    stopping = asyncio.ensure_future(stop.wait())
    dropped = asyncio.ensure_future(fence.follow(task.fence, partial(_dropped, charges)))
    telling = [await _metrics(agent, task.metrics)] if task.metrics else []
    await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if following.done():
        following.result()
    following.cancel()
    dropped.cancel()
    await asyncio.gather(*(own.stop(0.2) for own in telling))
    await asyncio.gather(endpoints.close(), *(server.stop(0.2) for server in servers))


async def _metrics(agent: Agent, address: str) -> Server:
    def status() -> Status:
        return answering.agent_status(agent, time.time())

    return await answering.listen(
        address, status, lambda: answering.agent_fault(agent, time.time())
    )


def _dropped(charges: Mapping[str, Charge], counts: fence.Counts) -> None:
    for name, charge in charges.items():
        charge.dropped = {
            f"{FENCE}:{reason}": number for reason, number in counts.get(name, {}).items()
        }


async def _joined(task: Task, domain: SpiffeId) -> tuple[Pair, list[x509.Certificate]]:
    key = keys.new_key()
    link = Link(task.join, certificates.from_pem(task.bundle.encode()), None)
    try:
        return await link.join(task.token, key, make_request(agent_id(domain, task.host), key))
    finally:
        await link.close()


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

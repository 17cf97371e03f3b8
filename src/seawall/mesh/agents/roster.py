"""Which workloads a host has, while they change: its supervisor writes it, and the agent follows.

There is no secret in it. Who cannot be served is said, and tried again; the others go on.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.errors import SeawallError
from seawall.mesh.agents.agent import Agent
from seawall.mesh.agents.charge import Charge
from seawall.mesh.agents.sockets import SOCKET, serve_one
from seawall.mesh.control.messages import Plain
from seawall.mesh.plan.edges import Sockets
from seawall.mesh.workloads.api import WorkloadApi
from seawall.mesh.workloads.endpoints import Endpoints, door_from_plain

if TYPE_CHECKING:
    import grpc

_EVERY = 0.1
_LARGEST = 16 << 20


class Roster(NamedTuple):
    """The workloads of a host."""

    workloads: Mapping[str, tuple[str, ...]]
    """The addresses of each."""
    programs: Sequence[Plain] = ()
    """Those that get the Workload API: the fields of a ``Door``."""
    paths: tuple[str, ...] = ()
    """``Sockets`` of the host."""


def write(path: str, roster: Roster) -> None:
    """Replace the file as a whole."""
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(roster._asdict(), stream)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


class Desk:
    """What the agent has open for its workloads."""

    def __init__(
        self, agent: Agent, endpoints: Endpoints, sockets: str, say: Callable[[str], None]
    ) -> None:
        self._agent = agent
        self._endpoints = endpoints
        self._sockets = sockets
        self._say = say
        self._servers: dict[str, grpc.aio.Server] = {}

    async def take(self, roster: Roster) -> None:
        """Serve these workloads and no others; those that stay notice nothing."""
        paths = Sockets(*roster.paths)
        before = self._agent.charges
        charges = {
            name: before[name] if name in before else Charge(name, tuple(own), paths)
            for name, own in roster.workloads.items()
        }
        for name in [own for own in self._servers if own not in charges]:
            await self._servers.pop(name).stop(0.2)
        for name, charge in charges.items():
            charge.have(paths)
            if name not in self._servers:
                path = os.path.join(self._sockets, name, SOCKET)
                self._servers[name] = await serve_one(charge, path)
        doors = [door_from_plain(own) for own in roster.programs]
        await self._endpoints.open(
            {own: WorkloadApi(charges[own.name].holder, self._agent.sign) for own in doors}
        )
        await self._agent.take(charges)

    async def follow(self, path: str) -> None:
        """Take what the file says whenever it is another one, until cancelled."""
        seen = 0, 0  # whatever stands there may be newer than the agent's task
        while True:
            await asyncio.sleep(_EVERY)
            now = _seen(path)
            if now == seen:
                continue
            try:
                await self.take(_read(path))
            except (OSError, ValueError, TypeError, RuntimeError, SeawallError) as error:
                self._say(f"{path}: {error}; tried again")
                continue
            seen = now

    async def close(self) -> None:
        """Serve nobody any more."""
        await asyncio.gather(
            self._endpoints.close(), *(server.stop(0.2) for server in self._servers.values())
        )


def _read(path: str) -> Roster:
    with open(path, encoding="utf-8") as stream:
        return Roster(**json.loads(stream.read(_LARGEST)))


def _seen(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_ino, status.st_mtime_ns

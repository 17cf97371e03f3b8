"""The sockets of the Workload API: one for each workload, and a look at each who connects.

gRPC does not tell who is at the other end of a unix socket. So connections are accepted here, their
peers are looked at, and the bytes are handed on to one of two sockets that only this process can
open: the workload's own service, or the one that refuses everything.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

import grpc

from seawall.mesh.plan.model import Selectors
from seawall.mesh.workloads.api import WorkloadApi, refusing
from seawall.mesh.workloads.attesting import fault_of
from seawall.mesh.workloads.attestor import ask

SOCKET = "api.sock"
_REFUSED = ".refused"
"""No workload has a name that begins with a dot."""
_NOBODY = "no workload that is known here: see the selectors of its entry"
_MOST_CONNECTIONS = 200
"""Of one workload at once."""
_CHUNK = 64 * 1024
Plain = dict[str, Any]
_Accepts = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Say = Callable[[str], None]


class Attests(Protocol):
    """Who looks at peers: gives the selector that does not hold, or nothing."""

    def __call__(self, connection: int, wanted: Selectors) -> str:
        """May take its time; it is called in a thread."""


class Door(NamedTuple):
    """Where a workload finds its API, and by what it is known."""

    name: str
    path: str
    wanted: Selectors
    is_shared: bool
    """Whether others than its group may open the socket: they are told no."""


def door_from_plain(plain: Plain) -> Door:
    """A door as the task of an agent has it."""
    wanted = Selectors(**plain["wanted"])
    return Door(str(plain["name"]), str(plain["path"]), wanted, bool(plain["is_shared"]))


def door_to_plain(door: Door) -> Plain:
    """The door for the task of an agent."""
    return door._asdict() | {"wanted": door.wanted._asdict()}


def attesting_by(attestor: str) -> Attests:
    """Looks at peers itself, and asks the attestor behind a socket for what it may not see."""

    def attest(connection: int, wanted: Selectors) -> str:
        if wanted.looks_inside:
            return ask(attestor, connection, wanted)
        with socket.socket(fileno=os.dup(connection)) as own:
            return fault_of(own, wanted)

    return attest


class Endpoints:
    """All sockets of one agent."""

    def __init__(self, inside: str, attest: Attests, say: Say) -> None:
        self._inside = inside
        self._attest = attest
        self._say = say
        self._servers: dict[str, grpc.aio.Server] = {}
        self._doors: dict[Door, asyncio.Server] = {}
        self._turn = asyncio.Lock()
        self._refuses = False

    async def open(self, doors: Mapping[Door, WorkloadApi]) -> None:
        """Serve these workloads and no others; who is served already notices nothing."""
        for door in [own for own in self._doors if own not in doors]:
            await self._shut(door)
        for door, api in doors.items():
            if door in self._doors:
                continue
            await self._serve(door.name, api.handler())
            with contextlib.suppress(FileNotFoundError):
                os.unlink(door.path)  # of an agent before this one
            opened = await asyncio.start_unix_server(self._accepting(door), door.path)
            os.chmod(door.path, 0o666 if door.is_shared else 0o660)
            self._doors[door] = opened

    async def _shut(self, door: Door) -> None:
        self._doors.pop(door).close()
        await self._servers.pop(door.name).stop(0.2)

    async def close(self) -> None:
        """Hang up on everybody."""
        for door in self._doors.values():
            door.close()
        await asyncio.gather(*(server.stop(0.2) for server in self._servers.values()))

    async def _refusing(self) -> str:
        """Who refuses: it is there from the first time on that somebody is refused."""
        async with self._turn:
            if not self._refuses:
                self._refuses = True
                await self._serve(_REFUSED, refusing(_NOBODY))
        return _REFUSED

    async def _serve(self, name: str, handler: grpc.GenericRpcHandler) -> None:
        path = self._own(name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        server.add_generic_rpc_handlers((handler,))
        server.add_insecure_port(f"unix:{path}")
        await server.start()
        os.chmod(path, 0o600)
        self._servers[name] = server

    def _own(self, name: str) -> str:
        return os.path.join(self._inside, f"{name}.sock")

    def _accepting(self, door: Door) -> _Accepts:
        places = asyncio.Semaphore(_MOST_CONNECTIONS)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                if places.locked():
                    return  # too many at once
                async with places:
                    name = door.name
                    if not await self._is_known(door, writer):
                        name = await self._refusing()
                    other = await asyncio.open_unix_connection(self._own(name))
                    await _splice((reader, writer), other)
            except OSError:
                return  # one of the two has hung up
            finally:
                writer.close()

        return accept

    async def _is_known(self, door: Door, writer: asyncio.StreamWriter) -> bool:
        connection = writer.get_extra_info("socket")
        fault = await asyncio.to_thread(self._attest, connection.fileno(), door.wanted)
        if fault:
            self._say(f"{door.name}: the Workload API refuses a caller: {fault}")
        return not fault


_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _splice(one: _Ends, other: _Ends) -> None:
    """Hand bytes on in both directions until either side is done."""
    ways = [
        asyncio.ensure_future(_hand_on(one[0], other[1])),
        asyncio.ensure_future(_hand_on(other[0], one[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        other[1].close()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()

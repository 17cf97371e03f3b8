"""The control plane with 1,000 simulated proxies, and a soak: ``python -m bench.mesh_control``.

The controller is a process of its own, as is the agent; the proxies are streams of a third one,
which acknowledge what they get as Envoy does. No root and no Envoy are needed.

With ``BENCH_PROFILE=DIRECTORY`` controller and agent run under cProfile, each of which leaves a
file there.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse

from seawall.mesh.authority import rotation
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared
from seawall.mesh.control.operating import OperatorError, asking
from seawall.mesh.control.process import JOIN, MAIN, OPERATOR, STORE, authority_in
from seawall.mesh.control.registry import Entry
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Port, Rule, Source
from seawall.mesh.serving.snapshots import ORDER, SECRETS

WORKLOADS = int(os.environ.get("BENCH_WORKLOADS", "1000"))
ROTATIONS = int(os.environ.get("BENCH_ROTATIONS", "10000"))
PROFILE = os.environ.get("BENCH_PROFILE", "")
DOMAIN = SpiffeId("bench.example.org")
HOST = "local"
_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
_NEIGHBOURS = 4


def memory_of(pid: int) -> float:
    """Resident memory, in MB."""
    line = next(own for own in Path(f"/proc/{pid}/status").read_text().splitlines()
                if own.startswith("VmRSS"))  # fmt: skip
    return int(line.split()[1]) / 1024


def descriptors_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def declare(state: Path, count: int) -> None:
    """A mesh in which each workload may call its neighbours."""
    Store.create(str(state / STORE), DOMAIN).close()
    authority = authority_in(str(state), 3600)
    rotation.begin(authority)
    entries = [
        Entry(f"w{number}", DOMAIN.child(f"w{number}"), HOST, (Port(8080),))
        for number in range(count)
    ]
    rules = [
        Rule(f"rule {number}", allows=True, to=entries[number].id, sources=tuple(
            Source(entries[(number + step) % count].id) for step in range(1, _NEIGHBOURS + 1)))
        for number in range(count)
    ]  # fmt: skip
    with authority.store.changes():
        declared.write(authority.store, entries, rules, 3600)
    authority.store.close()


def _python(name: str, *arguments: str) -> list[str]:
    watched = ["-m", "cProfile", "-o", f"{PROFILE}/{name}.prof"] if PROFILE else []
    return [sys.executable, *watched, "-m", *arguments]


@asynccontextmanager
async def controller(directory: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(  # noqa: ASYNC220 - it is started while nothing else is done
        _python("controller", "seawall.mesh.control.process", str(directory), str(directory))
    )
    try:
        await _until(lambda: _serves(str(directory / OPERATOR)))
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


@asynccontextmanager
async def agent(directory: Path, count: int) -> AsyncIterator[subprocess.Popen[bytes]]:
    given = await asking(str(directory / OPERATOR), "Token", {"host": HOST})
    sockets = directory / "sockets"
    for number in range(count):
        (sockets / f"w{number}").mkdir(parents=True)
    task = {
        "host": HOST, "trust_domain": DOMAIN.trust_domain, "join": f"unix:{directory}/{JOIN}",
        "main": f"unix:{directory}/{MAIN}", "token": given["token"], "bundle": given["bundle"],
        "sockets": str(sockets),
        "workloads": {
            f"w{number}": (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",)
            for number in range(count)
        },
    }  # fmt: skip
    with subprocess.Popen(  # noqa: ASYNC220 - as above
        _python("agent", "seawall.mesh.agents.process", "bench"), stdin=subprocess.PIPE
    ) as child:
        if child.stdin is not None:
            child.stdin.write(json.dumps(task).encode())
            child.stdin.close()
            child.stdin = None
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait()


class Proxies:
    """Streams that take whatever they are sent."""

    def __init__(self) -> None:
        self.secrets: dict[str, int] = {}
        """By workload, how many times it has got secrets."""
        self.news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self, sockets: Path, count: int) -> None:
        self._tasks = [
            asyncio.create_task(self._stay(str(sockets / f"w{number}" / "discovery.sock"), number))
            for number in range(count)
        ]
        await self.all_have(count, 1)

    async def all_have(self, count: int, often: int) -> None:
        """Wait until all have got secrets so many times."""
        while sum(1 for own in self.secrets.values() if own >= often) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 120)

    async def _stay(self, path: str, number: int) -> None:
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            call: Any = channel.stream_stream(
                _METHOD, request_serializer=DiscoveryRequest.SerializeToString,
                response_deserializer=DiscoveryResponse.FromString,
            )  # fmt: skip
            answers: asyncio.Queue[DiscoveryRequest] = asyncio.Queue()
            for kind in ORDER:
                answers.put_nowait(self._asked(kind))

            async def requests() -> AsyncIterator[DiscoveryRequest]:
                while True:
                    yield await answers.get()

            async for response in call(requests()):
                request = self._asked(response.type_url)
                request.response_nonce, request.version_info = response.nonce, response.version_info
                answers.put_nowait(request)
                if response.type_url == SECRETS:
                    name = f"w{number}"
                    self.secrets[name] = self.secrets.get(name, 0) + 1
                    self.news.set()

    @staticmethod
    def _asked(kind: str) -> DiscoveryRequest:
        names = ["default", "ROOTCA", "ROOTCA:8080"] if kind == SECRETS else []
        if kind.endswith("TypedExtensionConfig"):
            names = [f"envoy.filters.network.rbac.{word}:8080" for word in ("denied", "allowed")]
        return DiscoveryRequest(type_url=kind, resource_names=names)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _until(is_so: Callable[[], Awaitable[object]], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if await is_so():
                return
        except OperatorError:
            pass
        await asyncio.sleep(0.25)
    raise TimeoutError("it does not come so far")


async def _serves(operator: str) -> bool:
    """Whether agents may come: a controller answers operators a moment before."""
    return bool((await asking(operator, "Status", {}))["serves"])


async def _all(operator: str, slot: int = 0) -> bool:
    status = await asking(operator, "Status", {})
    standings = [own["standing"] for own in status["workloads"].values()]
    return all(own and own["slot"] > slot for own in standings)


async def many(directory: Path) -> dict[str, float]:
    """1,000 proxies: connect all, then a new leaf to all."""
    declare(directory, WORKLOADS)
    operator = str(directory / OPERATOR)
    async with controller(directory) as control, agent(directory, WORKLOADS) as own:
        began = time.monotonic()
        await _until(lambda: _all(operator))
        certified = time.monotonic() - began
        found = await _driven(directory / "sockets", operator, control.pid, own.pid)
        memory = {"controller MB": memory_of(control.pid), "agent MB": memory_of(own.pid)}
    return {"workloads": WORKLOADS, "all certified after s": certified, **found, **memory}


async def _driven(
    sockets: Path, operator: str, control: int, own: int
) -> dict[str, float]:  # fmt: skip
    proxies = Proxies()
    began = time.monotonic()
    await proxies.connect(sockets, WORKLOADS)
    connected = time.monotonic() - began
    await asyncio.sleep(5)
    before = dict(proxies.secrets)
    used = cpu_of(control), cpu_of(own)
    began = time.monotonic()
    await asking(operator, "Rotate", {"root": False})
    while any(proxies.secrets[name] <= often for name, often in before.items()):
        proxies.news.clear()
        await asyncio.wait_for(proxies.news.wait(), 60)
    pushed = time.monotonic() - began
    of_control, of_agent = cpu_of(control) - used[0], cpu_of(own) - used[1]
    await proxies.close()
    return {"connect all s": connected, "new leaf to all s": pushed,
            "its processor s": of_control + of_agent, "of that the agent's": of_agent}  # fmt: skip


async def soak(directory: Path) -> dict[str, float]:
    """Rotations of the intermediate, one after the other, with a proxy that takes all of them."""
    declare(directory, 1)
    operator = str(directory / OPERATOR)
    async with controller(directory) as control, agent(directory, 1) as own:
        await _until(lambda: _all(operator))
        began = time.monotonic()
        marks = await _rotated(directory / "sockets", operator, control.pid, own.pid)
        taken = time.monotonic() - began
    first, last = marks[len(marks) // 4], marks[-1]
    names = ("controller MB", "controller descriptors", "agent MB", "agent descriptors")
    found: dict[str, float] = {"rotations": last[0], "s": taken}
    for name, early, late in zip(names, first[1:], last[1:], strict=True):
        found |= {f"{name} after a quarter": early, name: late}
    return found


Mark = tuple[int, float, int, float, int]


async def _rotated(sockets: Path, operator: str, control: int, own: int) -> list[Mark]:
    proxies = Proxies()
    await proxies.connect(sockets, 1)
    marks: list[Mark] = []
    done = 0
    while done < ROTATIONS:
        try:
            await asking(operator, "Rotate", {"root": False})
        except OperatorError:
            await asyncio.sleep(0.02)  # the one before is not over
            continue
        done += 1
        if done % max(1, ROTATIONS // 20) == 0:
            marks.append((done, memory_of(control), descriptors_of(control), memory_of(own),
                          descriptors_of(own)))  # fmt: skip
            print(marks[-1], flush=True)
    await proxies.close()
    return marks


async def main() -> None:
    """Measure one of both, or both, and print."""
    chosen = sys.argv[1:] or ["many", "soak"]
    for name, run in (("many", many), ("soak", soak)):
        if name in chosen:
            with tempfile.TemporaryDirectory(prefix="seawall-bench-") as directory:
                print(json.dumps(await run(Path(directory)), indent=1), flush=True)


if __name__ == "__main__":
    asyncio.run(main())  # one loop: grpc.aio complains of each that has ended

"""The sidecar: ``seawall mesh sidecar``. It runs Envoy, and answers the kubelet on port 15021.

Where it has no agent of the node to ask it is an agent itself, of its own pod.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.errors import UsageError
from seawall.mesh.cluster.errors import ClusterError
from seawall.mesh.cluster.http_client import Request, Target, exchange
from seawall.mesh.cluster.probes import BELOW, Prober, probes_in
from seawall.mesh.cluster.running import first_of, listening, say, told_to_stop
from seawall.mesh.hosting import administration
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.presenting import Presented
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.injection import http_server
from seawall.mesh.injection.edge_pods import GATEWAY_CERTIFICATE, GATEWAY_TLS_AT
from seawall.mesh.injection.http_server import Response, Server
from seawall.mesh.injection.webhook import CERTIFICATE, KEY
from seawall.mesh.proxies import program
from seawall.mesh.proxies.bootstrap import LONGEST_SOCKET, bootstrap
from seawall.mesh.redirect.rules import PROBES
from seawall.text.values import Map, sequence, text

if TYPE_CHECKING:
    from seawall.mesh.cluster.agent import Host
    from seawall.mesh.cluster.joining import Doors

EDGES = {"": "outbound", "egress": "exit", "gateway": "gate"}
"""What a pod may be, and the listener without which it serves nobody."""
RUN = "/run/seawall/mesh/proxy"
_ADMIN, _SOCKET, _BOOTSTRAP = "admin.sock", "agent.sock", "bootstrap.json"
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds before Envoy is started again."""
_PATIENCE = 5.0
_KNOWN_WITHIN, _FINISHED_WITHIN = 5.0, 20.0
"""Seconds after which nobody sends new requests to a pod that ends, and for which what is under way
is waited for; a pod has 30 in all (``terminationGracePeriodSeconds``)."""
_STEP = 0.2
_LOOK_EVERY = 5.0
"""Seconds between looks at the gateway's certificate."""
_DEAD_AFTER = 30.0
"""Seconds without an Envoy after which we are not alive any more."""
_LARGEST = 4 * 1024 * 1024


class Options(NamedTuple):
    """What the sidecar is started with."""

    envoy: str
    agent: str
    """The socket of the node's agent; empty where it is an agent itself."""
    doors: "Doors | None"
    environment: Mapping[str, str]
    programs: str = ""
    """Where the pod's programs find the Workload API; empty for nowhere."""
    edge: str = ""
    """Which edge of the mesh the pod is: one of :data:`EDGES`, or empty."""
    run: str = RUN
    port: int = PROBES


class Proxy:
    """Envoy, kept running."""

    def __init__(
        self, envoy: str, socket: str, run: str, node: Mapping[str, str], needed: str = "outbound"
    ) -> None:
        """``needed`` is the listener without which it serves nobody."""
        self._needed = needed
        self.admin = os.path.join(run, _ADMIN)
        self._envoy = envoy
        self._path = os.path.join(run, _BOOTSTRAP)
        self.socket = socket
        """Where it finds its agent."""
        self._node = node
        self._process: asyncio.subprocess.Process | None = None
        self._ended_at: float | None = None
        for path in (self.admin, socket):
            if len(path.encode()) > LONGEST_SOCKET:
                raise UsageError(f"{path} is too long for a socket: choose a shorter directory")

    @property
    def is_alive(self) -> bool:
        """Whether Envoy runs, or has not been away for long."""
        ended = self._ended_at
        return ended is None or asyncio.get_running_loop().time() - ended < _DEAD_AFTER

    async def run(self) -> None:
        """Keep it running until cancelled; what it says goes where ours goes."""
        self._write_bootstrap()
        wait = FIRST_WAIT
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            with suppress(FileNotFoundError):
                os.unlink(self.admin)
            self._process = await asyncio.create_subprocess_exec(
                *program.command(self._envoy, self._path), stdin=asyncio.subprocess.DEVNULL
            )
            self._ended_at = None
            code = await self._process.wait()
            self._ended_at = loop.time()
            wait = FIRST_WAIT if loop.time() - started > 10 else min(wait * 2, LONGEST_WAIT)
            say(f"Envoy has ended ({code}): it is started again")
            await asyncio.sleep(wait)

    def _write_bootstrap(self) -> None:
        made = bootstrap(SpiffeId("pod"), self.socket, self.admin)
        made["node"] = dict(self._node)
        with open(self._path, "w", encoding="ascii") as stream:
            json.dump(made, stream)

    def end(self) -> None:
        """End it at once, with all its connections; it is started again."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()

    async def finish(self) -> None:
        """Let what is under way end, and take what comes until others know that we are leaving."""
        process, loop = self._process, asyncio.get_running_loop()
        begun = loop.time()
        try:
            await asyncio.to_thread(administration.drain, self.admin)
        except HostError as error:
            say(f"requests under way are not waited for: {error}")
            return
        left = 0
        while process is not None and process.returncode is None:
            left = await asyncio.to_thread(administration.active, self.admin)
            lasted = loop.time() - begun
            if lasted >= (_FINISHED_WITHIN if left else _KNOWN_WITHIN):
                break
            await asyncio.sleep(_STEP)
        if left:
            say(f"{left} requests or connections are cut after {_FINISHED_WITHIN:g} s")

    async def stop(self) -> None:
        """End it: politely, and after a while for good."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def fault(self) -> str:
        """Why it serves nobody; empty where it does.

        Envoy says that it is live after a while even without any configuration, so it is asked for
        its listeners, too.
        """
        try:
            state = await self._asked("/server_info")
            listeners = await self._asked("/listeners?format=json")
        except ClusterError:
            return "Envoy does not answer yet"
        if text(state, "state") != "LIVE":
            return f"Envoy is {text(state, 'state') or 'in no known state'}"
        names = {text(one, "name") for one in sequence(listeners, "listener_statuses")}
        if self._needed in names:
            return ""
        return f"there is no listener {self._needed!r} yet: see the document, and the agent's log"

    async def _asked(self, path: str) -> Map:
        target = Target("localhost", 0, socket=self.admin)
        async with exchange(target, Request("GET", path, {}), 3.0) as response:
            try:
                found = json.loads(await response.read(_LARGEST))
            except ValueError:
                found = None
        return found if isinstance(found, dict) else {}


class Kubelet:
    """What the kubelet is answered."""

    def __init__(self, proxy: Proxy, prober: Prober) -> None:
        self.is_leaving = False
        self._proxy = proxy
        self._prober = prober

    async def answer(self, request: http_server.Request) -> Response:
        """Our own health, and that of the application."""
        if request.path.startswith(BELOW):
            return await self._prober.answer(request)
        if request.path == "/ready":
            fault = "leaving" if self.is_leaving else await self._proxy.fault()
            return Response(503, f"{fault}\n".encode()) if fault else Response(200, b"ok\n")
        if request.path == "/live":
            is_alive = self._proxy.is_alive
            return Response(200, b"ok\n") if is_alive else Response(503, b"without Envoy\n")
        return Response(404, b"ask for /ready, /live or /probe/CONTAINER/KIND\n")


def _own_agent(doors: "Doors", uid: str, proxy: Proxy, options: Options) -> "Host":
    """The agent of this pod alone."""
    # gRPC and certificates: twice the memory, for sidecars that need them only.
    from seawall.mesh.cluster.agent import Host  # noqa: PLC0415
    from seawall.mesh.cluster.joining import trust_domain_of  # noqa: PLC0415
    from seawall.mesh.cluster.pod_agents import Kept, OwnSocket  # noqa: PLC0415
    from seawall.mesh.cluster.programs import Programs  # noqa: PLC0415
    from seawall.mesh.cluster.registry import OF_POD  # noqa: PLC0415

    if not uid:
        raise UsageError("POD_UID is not set: set it, as seawall mesh inject does")
    programs = Programs(options.programs, options.run, say) if options.programs else None
    kept = Kept({}, OwnSocket(proxy.socket), None, programs=programs, end_proxy=proxy.end)
    return Host(f"{OF_POD}{uid}", trust_domain_of(doors.roots), doors, kept)


def _presented(run: str) -> Presented:
    """The certificate of a gateway, which its proxy may wait for."""
    secret = os.path.join(run, os.path.relpath(GATEWAY_CERTIFICATE, RUN))
    os.makedirs(os.path.dirname(secret), mode=0o700, exist_ok=True)
    certificate, key = (os.path.join(GATEWAY_TLS_AT, name) for name in (CERTIFICATE, KEY))
    found = Presented(certificate, key, secret, os.geteuid())
    found.begin_without()
    return found


async def _present(presented: Presented) -> None:
    """Give the proxy the certificate in the Secret, and those that come after it."""
    told = ""
    while True:
        try:
            if presented.bring():
                say("the gateway has a new certificate")
            told = ""
        except HostError as error:  # a gateway without TLS needs none
            if str(error) != told:
                told = str(error)
                say(told)
        await asyncio.sleep(_LOOK_EVERY)


async def serve(options: Options) -> None:
    """Serve until told to stop."""
    os.umask(0o077)
    environment = options.environment
    namespace, name = (environment.get(key, "") for key in ("POD_NAMESPACE", "POD_NAME"))
    socket = os.path.join(options.run, _SOCKET) if options.doors else options.agent
    node = {"id": f"{namespace}/{name}", "cluster": namespace}
    proxy = Proxy(options.envoy, socket, options.run, node, EDGES[options.edge])
    uid = environment.get("POD_UID", "")
    own_agent = _own_agent(options.doors, uid, proxy, options) if options.doors else None
    known = probes_in(environment.get("SEAWALL_MESH_PROBES") or "{}")
    kubelet = Kubelet(proxy, Prober(known))
    server = Server(kubelet.answer, 0)
    await listening(server, ("", options.port))
    works = [proxy.run(), told_to_stop(), *([own_agent.run()] if own_agent is not None else [])]
    if options.edge == "gateway":
        presented = _presented(options.run)
        works.append(_present(presented))
    try:
        await first_of(*works)
    finally:
        kubelet.is_leaving = True
        if options.edge:  # beside an application it ends when that has ended
            await proxy.finish()
        await proxy.stop()
        await server.stop(0)
        if own_agent is not None:
            await own_agent.end()

"""Probes of the kubelet, answered by the sidecar: it asks the application on loopback.

What each one was stands in ``SEAWALL_MESH_PROBES`` (``mesh.injection.probing``). What counts as a
success is what the kubelet counts: a status from 200 to 399, a connection, a service that serves.
Nothing of what the application says is passed on but that.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from seawall.mesh.cluster.errors import ClusterError
from seawall.mesh.cluster.http_client import Request, Target, exchange
from seawall.mesh.injection import http_server
from seawall.mesh.injection.http_server import Response
from seawall.text.values import Map, integer, mapping, sequence, text

BELOW = "/probe/"
LARGEST = 1024 * 1024
"""Bytes of the variable: annotations of an object have 256 KiB at most."""
LOOPBACK = ("127.0.0.1", "::1")
_AT_ONCE = 32
_LONGEST_FOR_A_HOOK = 300.0
_MOST_REDIRECTS = 10
_HOOKS = ("post-start", "pre-stop")
_OWN_HEADERS = {"User-Agent": "kube-probe/seawall", "Accept": "*/*"}


class Probe(NamedTuple):
    """Whom the kubelet meant to ask, and how."""

    port: int
    seconds: float
    handler: str
    """``httpGet``, ``tcpSocket`` or ``grpc``."""
    asked: Map


def probes_in(given: str) -> dict[str, Probe]:
    """The probes of a pod, by the path of the request; raises :class:`ClusterError`."""
    try:
        found = json.loads(given) if len(given) <= LARGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ClusterError("SEAWALL_MESH_PROBES is no object of JSON: inject the pod anew")
    known = {}
    for path, own in found.items():
        port = integer(own, "port")
        handler = next((key for key in ("httpGet", "tcpSocket", "grpc") if mapping(own, key)
                        or (isinstance(own, dict) and own.get(key) == {})), "")  # fmt: skip
        if port is None or not 0 < port < 2**16 or not handler:
            raise ClusterError(f"the probe {path} in SEAWALL_MESH_PROBES is odd: inject anew")
        usual = _LONGEST_FOR_A_HOOK if path.rpartition("/")[2] in _HOOKS else 1
        seconds = integer(own, "timeoutSeconds") or usual
        known[str(path)] = Probe(port, float(seconds), handler, mapping(own, handler))
    return known


class Prober:
    """Asks the application when the kubelet asks us."""

    def __init__(self, known: Mapping[str, Probe]) -> None:
        self._known = known
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, request: http_server.Request) -> Response:
        """What the kubelet gets."""
        probe = self._known.get(request.path)
        if probe is None:
            return Response(404, b"no such probe\n")
        try:
            async with asyncio.timeout(probe.seconds), self._turns:
                fault = await _ASK[probe.handler](probe)
        except TimeoutError:
            fault = "no answer in time"
        except ClusterError as error:
            fault = str(error)
        return Response(503, f"{fault}\n".encode()) if fault else Response(200, b"ok\n")


async def _reachable(port: int) -> str:
    """The loopback address at which somebody listens: IPv4, else IPv6."""
    fault: OSError | None = None
    for host in LOOPBACK:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            fault = fault or error
            continue
        writer.close()
        return host
    raise ClusterError(f"port {port}: {fault}; the application does not listen yet")


async def _by_connection(probe: Probe) -> str:
    await _reachable(probe.port)
    return ""


async def _by_request(probe: Probe) -> str:
    host = await _reachable(probe.port)
    tls = _unverified() if text(probe.asked, "scheme").upper() == "HTTPS" else None
    target = Target(host, probe.port, tls)
    headers = dict(_OWN_HEADERS)
    for one in sequence(probe.asked, "httpHeaders"):
        name = text(one, "name")
        if name:
            headers = {key: own for key, own in headers.items() if key.lower() != name.lower()}
            headers[name] = text(one, "value")
    path = text(probe.asked, "path") or "/"
    path = path if path.startswith("/") else f"/{path}"
    for _ in range(_MOST_REDIRECTS):
        async with exchange(target, Request("GET", path.replace(" ", "%20"), headers)) as response:
            status, to = response.status, response.headers.get("location", "")
        if status >= 400:
            return f"the application answers {status}"
        onward = _onward(target, path, to) if 300 <= status < 400 and to else ""
        if not onward:
            return ""  # also where it leads elsewhere, as the kubelet sees it
        path = onward
    return "the application redirects without an end"


def _onward(target: Target, path: str, location: str) -> str:
    """Where a redirection leads on the same host; empty where it leads to another one."""
    scheme = "http" if target.tls is None else "https"
    try:
        found = urlsplit(urljoin(f"{scheme}://{target.authority}{path}", location))
        same = found.scheme == scheme and found.netloc == target.authority
    except ValueError:
        return ""
    return (found.path or "/") + (f"?{found.query}" if found.query else "") if same else ""


def _unverified() -> ssl.SSLContext:
    """As the kubelet does: what is asked is whether it answers, not who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _by_grpc(probe: Probe) -> str:
    """The health service (grpc.health.v1); its two messages are small enough to write by hand."""
    import grpc  # noqa: PLC0415 - 30 MB of memory, for pods that have such a probe

    host = await _reachable(probe.port)
    name = text(probe.asked, "service").encode()
    asked = b"\x0a" + _varint(len(name)) + name if name else b""
    async with grpc.aio.insecure_channel(Target(host, probe.port).authority) as channel:
        call: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
        try:
            said: bytes = await call(asked, timeout=probe.seconds)
        except grpc.aio.AioRpcError as error:
            return f"the health service says {error.code().name}"
    # Field 1, SERVING.
    return "" if said[:2] == b"\x08\x01" else "the health service says that it does not serve"


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


_ASK = {"httpGet": _by_request, "tcpSocket": _by_connection, "grpc": _by_grpc}

"""``/metrics``, ``/live`` and ``/ready`` over HTTP: of the controller, and of an agent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from seawall.core.errors import SeawallError, UsageError
from seawall.mesh.injection.http_server import Request, Response, Server
from seawall.mesh.watching.metrics import Status, families_of
from seawall.mesh.watching.prometheus import CONTENT_TYPE, text_of

if TYPE_CHECKING:
    from seawall.mesh.agents.agent import Agent
    from seawall.mesh.authority.authority import Authority

Fault = Callable[[], str]
"""Why somebody is not ready; empty where it is."""
_NO_BODY = 0


def answer_of(status: Callable[[], Status], fault: Fault) -> Callable[[Request], Response]:
    """What answers; who answers at all is alive."""

    def answer(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"ask with GET\n")
        if request.path == "/live":
            return Response(200, b"ok\n")
        if request.path == "/ready":
            said = fault()
            return Response(503 if said else 200, f"{said or 'ok'}\n".encode())
        if request.path != "/metrics":
            return Response(404, b"ask for /live, /ready or /metrics\n")
        try:
            text = text_of(families_of(status()))
        except SeawallError as error:
            return Response(503, f"{error}\n".encode())
        return Response(200, text.encode(), CONTENT_TYPE)

    return answer


async def listen(address: str, status: Callable[[], Status], fault: Fault) -> Server:
    """Answer at ``HOST:PORT`` until the server is stopped."""
    host, port = place_in(address)
    server = Server(answer_of(status, fault), _NO_BODY)
    try:
        await server.start(host, port)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {address} for metrics ({error.strerror}): choose another address"
        ) from None
    return server


def place_in(address: str) -> tuple[str, int]:
    """Host and port; raises :class:`UsageError`."""
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 2**16):
        raise UsageError(f"{address!r} is no address: write one like 127.0.0.1:9464")
    return host.strip("[]"), int(port)


def controller_fault(authority: "Authority") -> str:
    """Why no certificate would be issued now; empty where one would."""
    try:
        issuer = authority.issuer()
        authority.key_of(issuer)
        authority.bundle()
    except SeawallError as error:
        return str(error)
    left = int(issuer.certificate.not_valid_after_utc.timestamp()) - authority.clock()
    return "" if left > 0 else f"{issuer.about} ended {-left} s ago: seawall mesh ca rotate"


def agent_fault(agent: "Agent", now: float) -> str:
    """Which workloads could not speak to others now; empty where all could."""
    if agent.orders is None:
        return "no orders of the controller yet: see that it can be reached"
    lacking = sorted(
        name
        for name, charge in agent.charges.items()
        if charge.pair is None or charge.pair.validity.end < now or not charge.feed.streams
    )
    return f"without certificate or proxy: {', '.join(lacking)}" if lacking else ""


def agent_status(agent: "Agent", now: float) -> Status:
    """An agent's own part, as the controller would tell it."""
    orders = agent.orders
    ids = {view.own.name: str(view.own.id) for view in orders.views} if orders else {}
    return {
        "now": int(now), "generation": orders.generation if orders else 0, "issuers": (),
        "revoked": (), "waits_for": (),
        "workloads": {
            name: {"id": ids.get(name, ""), "standing": charge.standing()._asdict()}
            for name, charge in agent.charges.items()
        },
    }  # fmt: skip

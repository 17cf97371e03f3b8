"""Envoy's administration, over the unix socket that only its user and root can open."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterable

from seawall.mesh.hosting.errors import HostError

_TIMEOUT = 3.0
_ACTIVE = r"^(http\..*downstream_rq_active|tcp\..*downstream_cx_active)$"
_CONNECTED = r"^(http|tcp)\..*downstream_cx_active$"
_OUR_OWN = "http.admin."
_POLL = 0.05


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("envoy", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(self._path)


def ask(path: str, target: str, method: str = "GET") -> tuple[int, str]:
    """Status and body of an answer; raises :class:`HostError` where nobody answers."""
    connection = _Connection(path)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise HostError(f"{path}: {error}; see that the proxy runs") from None
    finally:
        connection.close()


def is_ready(path: str) -> bool:
    """Whether a proxy has its first configuration and listens."""
    try:
        return ask(path, "/ready")[0] == 200
    except HostError:
        return False


def drain(path: str) -> None:
    """Let a proxy end its connections over HTTP with their next answers; it takes new ones, too."""
    ask(path, "/drain_listeners?graceful&skip_exit", "POST")


def stop_listening(path: str) -> None:
    """Let a proxy take nothing new; what it has goes on."""
    ask(path, "/drain_listeners", "POST")


def active(path: str, *, connected: bool = False) -> int:
    """How many requests over HTTP and connections over TCP a proxy has; 0 of one that is gone.

    Of connections over HTTP those without a request count only where ``connected``.
    """
    from urllib.parse import quote  # noqa: PLC0415 - not on the way up

    pattern = _CONNECTED if connected else _ACTIVE
    try:
        _, body = ask(path, f"/stats?format=json&filter={quote(pattern)}")
        found = json.loads(body)["stats"]
    except (HostError, ValueError, KeyError):
        return 0
    return sum(
        int(own["value"])
        for own in found
        if "value" in own and not str(own["name"]).startswith(_OUR_OWN)
    )


def wait_until_idle(
    paths: Iterable[str],
    within: float,
    is_over: Callable[[], bool] = lambda: False,
    *,
    connected: bool = False,
) -> int:
    """Wait until proxies have nothing under way; how much is left after so many seconds."""
    known = list(paths)
    deadline = time.monotonic() + within
    while True:
        left = sum(active(path, connected=connected) for path in known)
        if not left or is_over() or time.monotonic() >= deadline:
            return left
        time.sleep(_POLL)

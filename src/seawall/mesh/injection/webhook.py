"""The mutating webhook as a process: TLS towards the API server, health and counts beside it."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import Callable
from typing import NamedTuple

from seawall.mesh.injection import admission
from seawall.mesh.injection.errors import ReviewError, SettingsError
from seawall.mesh.injection.http_server import Request, Response, Server
from seawall.mesh.injection.settings import Settings

CERTIFICATE, KEY = "tls.crt", "tls.key"
"""The files of a Secret of type ``kubernetes.io/tls``."""
SECONDS_TO_LOOK = 10.0
"""How often the certificate is looked at: whoever issues it puts another in its place."""
SECONDS_TO_LEAVE = 5.0
"""For so long requests still come after the end was announced: endpoints follow late."""
_OUTCOMES = ("injected", "refused", "unchanged", "invalid", "failed")


class Places(NamedTuple):
    """Where the webhook listens, and where its certificate is."""

    listen: tuple[str, int]
    metrics: tuple[str, int]
    certificate: str
    """A directory."""


class Webhook:
    """Answers reviews, and says how many of which kind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.counts = dict.fromkeys(_OUTCOMES, 0)
        self.is_ready = False

    def answer(self, request: Request) -> Response:
        """What the API server gets."""
        if request.path != "/inject":
            return Response(404, b"ask for /inject\n")
        if request.method != "POST":
            return Response(405, b"send an AdmissionReview by POST\n")
        try:
            body = admission.review(request.body, self._settings)
        except ReviewError as error:
            self.counts["invalid"] += 1
            return Response(400, f"{error}\n".encode())
        except Exception as error:  # noqa: BLE001 - one pod must not end the others' webhook
            self.counts["failed"] += 1
            sys.stderr.write(f"seawall: a review failed: {type(error).__name__}: {error}\n")
            return Response(500, b"this is a defect of seawall; report it\n")
        refused, patched = b'"allowed":false' in body, b'"patchType"' in body
        self.counts["refused" if refused else "injected" if patched else "unchanged"] += 1
        return Response(200, body, "application/json")

    def health(self, request: Request) -> Response:
        """What the kubelet and Prometheus get."""
        if request.path == "/live":
            return Response(200, b"ok\n")
        if request.path == "/ready":
            return Response(200, b"ok\n") if self.is_ready else Response(503, b"leaving\n")
        if request.path != "/metrics":
            return Response(404, b"ask for /live, /ready or /metrics\n")
        lines = ["# TYPE seawall_mesh_reviews_total counter"]
        lines += [
            f'seawall_mesh_reviews_total{{outcome="{outcome}"}} {count}'
            for outcome, count in self.counts.items()
        ]
        return Response(200, "\n".join([*lines, ""]).encode(), "text/plain; version=0.0.4")


class Certificate:
    """A TLS context that follows the files of its certificate."""

    def __init__(self, directory: str) -> None:
        """Raises SettingsError where there is no certificate with its key."""
        self._paths = [os.path.join(directory, name) for name in (CERTIFICATE, KEY)]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._look()
        try:
            self.context.load_cert_chain(*self._paths)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError(
                f"{directory}: no certificate with its key ({error.strerror or error}); put "
                f"{CERTIFICATE} and {KEY} there"
            ) from None

    def follow(self) -> bool:
        """Take a new certificate; whether there was one. One that does not fit is not taken."""
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            fresh.load_cert_chain(*self._paths)
            self.context.load_cert_chain(*self._paths)
        except OSError as error:
            sys.stderr.write(f"seawall: the new certificate is not taken: {error}\n")
            return False
        return True

    def _look(self) -> list[tuple[int, int]]:
        found = []
        for path in self._paths:
            try:
                status = os.stat(path)
            except OSError:
                continue
            found.append((status.st_mtime_ns, status.st_ino))
        return found


async def serve(settings: Settings, places: Places, ready: Callable[[int, int], None]) -> None:
    """Answer until SIGTERM or SIGINT; ``ready`` is told both ports.

    Raises:
        SettingsError: a port cannot be listened on, or there is no certificate.
    """
    webhook, certificate = Webhook(settings), Certificate(places.certificate)
    reviews, health = Server(webhook.answer, admission.LARGEST), Server(webhook.health, 0)
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    ports = (
        await _started(reviews, places.listen, certificate.context),
        await _started(health, places.metrics, None),
    )
    webhook.is_ready = True
    ready(*ports)
    while not leaving.is_set():
        try:
            await asyncio.wait_for(leaving.wait(), SECONDS_TO_LOOK)
        except TimeoutError:
            certificate.follow()
    webhook.is_ready = False
    await asyncio.sleep(SECONDS_TO_LEAVE)
    await reviews.stop(SECONDS_TO_LEAVE)
    await health.stop(0)


async def _started(server: Server, place: tuple[str, int], context: "ssl.SSLContext | None") -> int:
    host, port = place
    try:
        return await server.start(host, port, context)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another port"
        ) from None

"""The way in to a workload by a live Envoy on loopback.

It gets what the agent would serve it, but for the redirect, so that it needs no root.
"""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict

from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import Issuer, Validity, make_leaf, new_serial
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Port, Protocol, Rule, View, Workload
from seawall.mesh.proxies import program, secrets
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.proxies.clusters import is_local
from seawall.mesh.serving.discovery import handler_of
from seawall.mesh.serving.feed import Feed
from seawall.mesh.serving.packing import packed
from seawall.mesh.serving.snapshots import CLUSTERS, LISTENERS, Snapshot, by_name, snapshot_of
from tests.mesh.made import root_of

_WITHIN = 30.0


class Answer(NamedTuple):
    """What came back, and what the application had seen of it."""

    status: int
    seen: "Seen | None" = None

    @property
    def is_let_in(self) -> bool:
        return self.seen is not None


class Seen(NamedTuple):
    """A request as the application got it."""

    line: str
    headers: list[tuple[str, str]]

    def all_of(self, name: str) -> list[str]:
        """The values of headers that a CGI program would take for this one (RFC 3875 4.1.18)."""
        return [
            value for own, value in self.headers if own.lower().replace("_", "-") == name
        ]  # fmt: skip


class Live:
    """A proxy that is ready, with an application behind it."""

    def __init__(
        self, port: int, issuer: Issuer, roots: bytes, application: "_Application"
    ) -> None:
        self.port = port
        self._issuer = issuer
        self._roots = roots
        self._application = application

    def connected(self, caller: SpiffeId) -> ssl.SSLSocket:
        """A connection of somebody."""
        context = ssl.create_default_context(cadata=self._roots.decode())
        context.check_hostname = False
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        key = keys.new_key()
        now = int(time.time())
        leaf = make_leaf(caller, key.public_key(), Validity(now - 30, now + 600), self._issuer,
                         new_serial())  # fmt: skip
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            chain = certificates.as_pem([leaf, self._issuer.certificate])
            file.write(keys.as_pem(key) + chain)
            file.flush()
            context.load_cert_chain(file.name)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return context.wrap_socket(plain)

    def say(self, caller: SpiffeId, data: bytes) -> Answer:
        """Send bytes and read one answer."""
        before = len(self._application.seen)
        with self.connected(caller) as stream:
            stream.sendall(data)
            got = b""
            try:
                while b"\r\n\r\n" not in got and (part := stream.recv(65536)):
                    got += part
            except (OSError, ssl.SSLError):
                pass
        status = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1") else 0
        seen = self._application.seen[before:]
        return Answer(status, seen[0] if seen else None)

    def get(self, caller: SpiffeId, path: str, method: str = "GET", *headers: str) -> Answer:
        """Ask for a path over HTTP/1.1, exactly as it is written."""
        lines = [f"{method} {path} HTTP/1.1", "host: orders", *headers, "connection: close", "", ""]
        return self.say(caller, "\r\n".join(lines).encode("latin-1"))


class _Application:
    """Notes every request, and answers 200."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                stream, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(stream,), daemon=True).start()

    def _answer(self, stream: socket.socket) -> None:
        got = b""
        with stream:
            while part := stream.recv(65536):
                got += part
                while b"\r\n\r\n" in got:
                    head, _, got = got.partition(b"\r\n\r\n")
                    line, *others = head.decode("latin-1").split("\r\n")
                    headers = [tuple(other.split(": ", 1)) for other in others]
                    self.seen.append(Seen(line, headers))  # type: ignore[arg-type]
                    stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@contextmanager
def live(
    own: SpiffeId, rules: Sequence[Rule], protocol: Protocol = Protocol.HTTP
) -> Iterator[Live]:
    """A proxy for a workload whose rules these are."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    domain = SpiffeId(own.trust_domain)
    now = int(time.time())
    root = root_of(domain, Validity(now - 1000, now + 1000))
    key = keys.new_key()
    validity = Validity(now - 1000, now + 1000)
    issuer = Issuer(certificates.make_intermediate(domain, key.public_key(), validity, root), key)
    leaf_key = keys.new_key()
    leaf = make_leaf(own, leaf_key.public_key(), validity, issuer, new_serial())
    view = View(Workload("orders", own, (), (Port(number, protocol),)), (), tuple(rules))
    both = [
        secrets.certificate_of((leaf, issuer.certificate), leaf_key),
        secrets.bundle_of([root.certificate]),
    ]
    application = _Application()
    snapshot = _on_loopback(snapshot_of(view, by_name(both), 1), number, application.port)
    roots = certificates.as_pem([root.certificate])
    try:
        with (
            tempfile.TemporaryDirectory(prefix="live-") as name,
            _served(snapshot, name),
            _run(own, Path(name), number),
        ):
            yield Live(number, issuer, roots, application)
    finally:
        application.close()


def _on_loopback(snapshot: Snapshot, port: int, application: int) -> Snapshot:
    """The same without redirect: one listener, and an application at a known place."""
    resources = {kind: dict(own) for kind, own in snapshot.resources.items()}
    listener = _plain(resources[LISTENERS]["inbound"])
    listener["address"] = _at(port)
    for gone in ("additional_addresses", "listener_filters", "listener_filters_timeout"):
        listener.pop(gone, None)
    resources[LISTENERS] = {"inbound": packed(listener)}
    endpoint = {"endpoint": {"address": _at(application)}}
    for name in filter(is_local, [*resources[CLUSTERS]]):
        cluster = _plain(resources[CLUSTERS][name])
        cluster["type"] = "STATIC"
        cluster.pop("lb_policy", None)
        cluster["load_assignment"] = {
            "cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}],
        }  # fmt: skip
        resources[CLUSTERS][name] = packed(cluster)
    return Snapshot(snapshot.version, resources)


def _plain(message: Packed) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return found


def _at(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


@contextmanager
def _served(snapshot: Snapshot, directory: str) -> Iterator[None]:
    """The agent's side, in a thread of its own."""
    started = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        feed = Feed()
        await feed.offer(snapshot)
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((handler_of(feed),))
        server.add_insecure_port(f"unix:{directory}/agent.sock")
        await server.start()
        stopping = asyncio.Event()
        ends.append((asyncio.get_running_loop(), stopping))
        started.set()
        await stopping.wait()
        await server.stop(0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(_WITHIN)
    try:
        yield
    finally:
        loop, stopping = ends[0]
        loop.call_soon_threadsafe(stopping.set)
        thread.join()


@contextmanager
def _run(own: SpiffeId, directory: Path, port: int) -> Iterator[None]:
    path = directory / "bootstrap.json"
    path.write_text(
        json.dumps(bootstrap(own, str(directory / "agent.sock"), str(directory / "admin.sock")))
    )
    log = directory / "log"
    with log.open("wb") as stream:
        child = subprocess.Popen(
            [program.find(), "-c", str(path), "--disable-hot-restart", "--concurrency", "1",
             "--log-level", "warning", "--base-id", str(os.getpid())], stdout=stream, stderr=stream,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _WITHIN
        while True:
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        child.kill()
        child.wait()

"""An engine's socket that answers as Docker's Engine API is documented to."""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

IDENTITY = "sha256:" + "5" * 64


class Engine:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = "1.47"
        self.names: dict[str, dict[str, object]] = {}
        self.archive = b"an archive" * 1000
        self.manner = ""
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"unix://{self.path}"

    def hold(self, name: str, **more: object) -> None:
        self.names[name] = {
            "Id": IDENTITY, "RepoTags": [name, "<none>:<none>"], "Os": "linux",
            "RepoDigests": ["registry.example.org/web@sha256:" + "6" * 64], "Size": 12345,
            "Architecture": "arm64", "Variant": "v8", **more,
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    own: Engine
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def address_string(self) -> str:
        return "local"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        own = self.own
        own.asked.append((parts.path, parse_qs(parts.query)))
        found = re.fullmatch(r"/images/(.+)/(json|get)", parts.path)
        if parts.path == "/_ping":
            self.send(200, b"OK", {"Api-Version": own.version})
        elif own.manner == "hang":
            own.released.wait(10)
            self.close_connection = True
        elif own.manner == "500":
            self.send(500, b'{"message": "disk\\u001b[2J on fire"}')
        elif own.manner == "html":
            self.send(200, b"<html>")
        elif own.manner == "huge":
            self.send(200, b"[" * (5 << 20))
        elif found is None or unquote(found[1]) not in own.names:
            self.send(404, json.dumps({"message": "No such image"}).encode())
        elif found[2] == "json":
            self.send(200, json.dumps(own.names[unquote(found[1])]).encode())
        else:
            self.stream()

    def stream(self) -> None:
        own = self.own
        self.send_response(200)
        self.send_header("Content-Type", "application/x-tar")
        if own.manner == "told length":
            self.send_header("Content-Length", str(len(own.archive) + 5))
            self.end_headers()
            self.wfile.write(own.archive)
            self.close_connection = True
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for place in range(0, len(own.archive), 3000):
            piece = own.archive[place : place + 3000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if own.manner == "cut":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def running(path: Path) -> Iterator[Engine]:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = Engine(path)

    class Handler(_Handler):
        own = engine

    with _Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield engine
        finally:
            engine.released.set()
            server.shutdown()
            thread.join()

"""A server of files with the manners, and the bad manners, of the real ones: on a real socket."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Request(NamedTuple):
    """What a client asked for."""

    path: str
    headers: Mapping[str, str]
    """In small letters."""
    body: bytes
    target: str
    """As it stood in the request: a whole address when it came to a proxy."""


class Trick(NamedTuple):
    """What a server does in the place of a good answer, once."""

    status: int = 0
    headers: Mapping[str, str] = {}
    body: bytes = b""
    cut_after: int = -1
    """Bytes after which the connection ends."""
    stall_after: int = -1
    """Bytes after which nothing comes any more."""
    drip: bool = False
    """One byte after the other."""
    hang_up: bool = False


class Server:
    """Files by their path, and tricks that are played before them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.pages: dict[str, Page] = {}
        """What is answered by a function of the query."""
        self.tricks: dict[str, list[Trick]] = {}
        self.requests: list[Request] = []
        self.ranges = True
        self.chunked = False
        self.tags = True
        self.times = True
        self.weak = False
        self.keep_open = False
        self.released = threading.Event()
        self.base = ""

    def asked(self, path: str) -> list[Request]:
        """The requests for a path."""
        return [each for each in self.requests if each.path == path]

    def bodies(self) -> list[str]:
        """The paths that were asked for since ``forget``."""
        return [each.path for each in self.requests]

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests.clear()


class Page:
    """An answer that hangs on what was asked."""

    def of(self, query: Mapping[str, list[str]]) -> bytes:
        raise NotImplementedError


@contextmanager
def running(certificate: str = "") -> Iterator[Server]:
    """A server on a port of this machine, with TLS when it has a certificate."""
    server = Server()

    class Handler(_Handler):
        own = server

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
        scheme = "https"
    server.base = f"{scheme}://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    own: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.own.requests.append(Request(parts.path, headers, body, self.path))
        try:
            tricks = self.own.tricks.get(parts.path)
            if tricks:
                self._trick(tricks.pop(0), parts.path)
                return
            page = self.own.pages.get(parts.path)
            data = page.of(parse_qs(parts.query)) if page else self.own.files.get(parts.path)
            if data is None:
                self._send(404, {}, b"not here")
            else:
                self._file(data, headers)
        except ConnectionError:
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the server's names

    def _file(self, data: bytes, asked: Mapping[str, str]) -> None:
        tag = f'"{sha256(data).hexdigest()[:16]}"'
        modified = formatdate(1_700_000_000 + len(data), usegmt=True)
        headers = {}
        if self.own.tags:
            headers["ETag"] = f"W/{tag}" if self.own.weak else tag
        if self.own.times:
            headers["Last-Modified"] = modified
        known = asked.get("if-none-match", "").removeprefix("W/")
        since = asked.get("if-modified-since")
        if known == tag or (not known and since == modified):
            self._send(304, headers, b"")
            return
        wanted = asked.get("range", "")
        same = asked.get("if-range") in {tag, modified}
        if self.own.ranges and wanted and same:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            if start >= len(data):
                self._send(416, {"Content-Range": f"bytes */{len(data)}"}, b"")
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(206, headers, data[start:])
            return
        self._send(200, headers, data)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.own.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for place in range(0, len(body), 1000):
                piece = body[place : place + 1000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        if self.own.keep_open:
            self.own.released.wait(5)

    def _trick(self, trick: Trick, path: str) -> None:
        if trick.hang_up:
            self.close_connection = True
            return
        body = trick.body if trick.status else self.own.files[path]
        self.send_response(trick.status or 200)
        if not trick.status:
            self.send_header("ETag", f'"{sha256(body).hexdigest()[:16]}"')
        for name, value in trick.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if trick.drip:
            for byte in body:
                self.wfile.write(bytes((byte,)))
                self.wfile.flush()
                if self.own.released.wait(0.02):
                    break
            self.close_connection = True
        elif trick.cut_after >= 0 or trick.stall_after >= 0:
            self.wfile.write(body[: max(trick.cut_after, trick.stall_after)])
            self.wfile.flush()
            if trick.stall_after >= 0:
                self.own.released.wait(5)
            self.close_connection = True
        elif self.command != "HEAD":
            self.wfile.write(body)

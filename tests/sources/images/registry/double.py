"""A registry as the distribution specification has it, or with bad manners: on a real socket."""

import base64
import json
import re
import secrets
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.sources.http.server import Trick
from tests.sources.images.registry.made import INDEX, Made


class Request(NamedTuple):
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


class Repository:
    def __init__(self) -> None:
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}


class Double:
    """What it holds, how it behaves, and what it was asked."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.auth = ""
        """``basic``, ``bearer`` or nothing."""
        self.login = ""
        """``user:password`` that the token service, or Basic, wants; empty for anybody."""
        self.identity = ""
        """A refresh token that the token service knows."""
        self.uses = 1_000_000
        """How often a token is good."""
        self.ranges = True
        self.has_referrers = True
        self.page_size = 1000
        self.storage = ""
        """Where blobs are led to."""
        self.drop_digest_header = False
        self.tricks: dict[str, list[Trick]] = {}
        """By what is in a path."""
        self.requests: list[Request] = []
        self.tokens: dict[str, int] = {}
        self.released = threading.Event()
        self.port = 0
        self.scheme = "http"
        self.chunk_minimum = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"{self.scheme}://{self.host}"

    def repository(self, name: str) -> Repository:
        return self.repositories.setdefault(name, Repository())

    def push(self, made: Made, name: str = "shop/web", tag: str = "1") -> str:
        """Put an image in; gives its reference."""
        repository = self.repository(name)
        repository.blobs.update(made.blobs)
        repository.manifests.update(made.manifests)
        repository.tags[tag] = made.digest
        return f"{self.host}/{name}:{tag}"

    def asked(self, part: str, method: str = "GET") -> list[Request]:
        return [each for each in self.requests if part in each.path and each.method == method]

    def new_login(self) -> str:
        self.login = f"ann:{secrets.token_urlsafe(12)}"
        return self.login


@contextmanager
def running(certificate: str = "", *, client_authority: str = "") -> Iterator[Double]:
    """A registry on a port of this machine."""
    double = Double()

    class Handler(_Handler):
        own = double

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if client_authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_authority)
        http.socket = context.wrap_socket(
            http.socket, server_side=True, do_handshake_on_connect=False
        )
        double.scheme = "https"
    double.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        double.released.set()
        http.shutdown()
        http.server_close()
        thread.join()


_PATH = re.compile(r"/v2/(.+)/(manifests|blobs|referrers|uploads)/(.*)")


class _Handler(BaseHTTPRequestHandler):
    own: Double
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        request = Request(self.command, parts.path, parse_qs(parts.query), headers, body)
        self.own.requests.append(request)
        try:
            for part, tricks in self.own.tricks.items():
                if part in request.path and tricks:
                    trick = tricks.pop(0)
                    if trick != PLAIN:
                        self._trick(trick, request)
                        return
                    break
            if parts.path == "/token":
                self._token(request)
            elif self._allowed(request):
                self._answer(request)
        except ConnectionError:
            self.close_connection = True

    do_HEAD = do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815 - the server's names

    # Logins

    def _token(self, request: Request) -> None:
        own = self.own
        if request.method == "POST":
            form = parse_qs(request.body.decode())
            known = own.identity and form.get("refresh_token") == [own.identity]
            key = "access_token"
        else:
            sent = request.headers.get("authorization", "")
            known = not own.login or sent == _basic(own.login)
            key = "token"
        if not known:
            self._send(401, {}, _error("UNAUTHORIZED", "incorrect username or password"))
            return
        token = secrets.token_urlsafe(12)
        own.tokens[token] = own.uses
        self._send(200, {}, json.dumps({key: token, "expires_in": 60}).encode())

    def _allowed(self, request: Request) -> bool:
        own = self.own
        sent = request.headers.get("authorization", "")
        if own.auth == "bearer":
            left = own.tokens.get(sent.removeprefix("Bearer "), 0)
            if left > 0:
                own.tokens[sent.removeprefix("Bearer ")] = left - 1
                return True
            found = _PATH.fullmatch(request.path)
            actions = "pull" if request.method in ("GET", "HEAD") else "pull,push"
            name = found[1].removesuffix("/blobs") if found else ""
            scope = f',scope="repository:{name}:{actions}"' if found else ""
            challenge = f'Bearer realm="{own.base}/token",service="double"{scope}'
        elif own.auth == "basic":
            if sent == _basic(own.login):
                return True
            challenge = 'Basic realm="double"'
        else:
            return True
        body = _error("UNAUTHORIZED", "authentication required")
        self._send(401, {"WWW-Authenticate": challenge}, body)
        return False

    # Contents

    def _answer(self, request: Request) -> None:
        if request.path == "/v2/":
            self._send(200, {}, b"{}")
            return
        found = _PATH.fullmatch(request.path)
        if found is None:
            self._send(404, {}, b"no such page")
            return
        name, kind, rest = found.groups()
        name = name.removesuffix("/blobs") if kind == "uploads" else name
        if name not in self.own.repositories and request.method in ("GET", "HEAD"):
            self._send(404, {}, _error("NAME_UNKNOWN", "repository name not known"))
            return
        repository = self.own.repository(name)
        if kind == "manifests":
            self._manifest(request, repository, rest)
        elif kind == "referrers":
            self._referrers(request, repository, name, rest)
        elif kind == "uploads":
            self._upload(request, repository, name, rest)
        else:
            self._blob(request, repository, name, rest)

    def _manifest(self, request: Request, repository: Repository, rest: str) -> None:
        if request.method == "PUT":
            digest = _digest(request.body)
            repository.manifests[digest] = request.headers["content-type"], request.body
            if ":" not in rest:
                repository.tags[rest] = digest
            self._send(201, {"Docker-Content-Digest": digest, "Location": "/"}, b"")
            return
        digest = repository.tags.get(rest, rest)
        if digest not in repository.manifests:
            self._send(404, {}, _error("MANIFEST_UNKNOWN", "manifest unknown"))
            return
        kind, data = repository.manifests[digest]
        headers = {"Content-Type": kind}
        if not self.own.drop_digest_header:
            headers["Docker-Content-Digest"] = digest
        self._send(200, headers, data)

    def _blob(self, request: Request, repository: Repository, name: str, digest: str) -> None:
        data = repository.blobs.get(digest)
        if data is None:
            self._send(404, {}, _error("BLOB_UNKNOWN", "blob unknown to registry"))
        elif self.own.storage and request.method == "GET":
            query = f"?signature={secrets.token_urlsafe(12)}"
            location = f"{self.own.storage}/v2/{name}/blobs/{digest}{query}"
            self._send(307, {"Location": location}, b"")
        else:
            self._part(data, request.headers.get("range", ""), digest)

    def _part(self, data: bytes, wanted: str, digest: str) -> None:
        headers = {"Docker-Content-Digest": digest}
        if self.own.ranges and wanted:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            if start >= len(data):
                self._send(416, {"Content-Range": f"bytes */{len(data)}"}, b"")
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(206, headers, data[start:])
            return
        self._send(200, headers, data)

    def _referrers(self, request: Request, repository: Repository, name: str, digest: str) -> None:
        if not self.own.has_referrers:
            self._send(404, {}, b"404 page not found")
            return
        found = []
        for own, (kind, data) in sorted(repository.manifests.items()):
            value = json.loads(data)
            if isinstance(value, dict) and value.get("subject", {}).get("digest") == digest:
                artifact = value.get("artifactType") or value["config"]["mediaType"]
                notes = value.get("annotations", {})
                found.append({"mediaType": kind, "digest": own, "size": len(data),
                              "artifactType": artifact, "annotations": notes})  # fmt: skip
        wanted = request.query.get("artifactType")
        found = [each for each in found if not wanted or each["artifactType"] in wanted]
        start = int(request.query.get("start", ["0"])[0])
        end = start + self.own.page_size
        headers = {"Content-Type": INDEX}
        if end < len(found):
            headers["Link"] = f'</v2/{name}/referrers/{digest}?start={end}>; rel="next"'
        page = {"schemaVersion": 2, "mediaType": INDEX, "manifests": found[start:end]}
        self._send(200, headers, json.dumps(page).encode())

    def _upload(self, request: Request, repository: Repository, name: str, rest: str) -> None:
        query = request.query
        if request.method == "POST":
            if "mount" in query and "from" in query:
                source = self.own.repositories.get(query["from"][0])
                digest = query["mount"][0]
                if source is not None and digest in source.blobs:
                    repository.blobs[digest] = source.blobs[digest]
                    self._send(201, {"Docker-Content-Digest": digest}, b"")
                    return
            identity = secrets.token_hex(8)
            repository.uploads[identity] = bytearray()
            headers = {"Location": f"/v2/{name}/blobs/uploads/{identity}?state={identity}",
                       "Range": "0-0"}  # fmt: skip
            if self.own.chunk_minimum:
                headers["OCI-Chunk-Min-Length"] = str(self.own.chunk_minimum)
            self._send(202, headers, b"")
            return
        upload = repository.uploads.get(rest)
        if upload is None:
            self._send(404, {}, _error("BLOB_UPLOAD_UNKNOWN", "upload unknown"))
            return
        if request.method == "PATCH":
            told = request.headers.get("content-range", "")
            if told and int(told.partition("-")[0]) != len(upload):
                headers = {"Location": f"/v2/{name}/blobs/uploads/{rest}?state={rest}",
                           "Range": f"0-{len(upload) - 1}"}  # fmt: skip
                self._send(416, headers, b"")
                return
            upload += request.body
        elif request.method == "PUT":
            upload += request.body
            wanted = query.get("digest", [""])[0]
            if _digest(bytes(upload)) != wanted:
                self._send(400, {}, _error("DIGEST_INVALID", "provided digest did not match"))
                return
            repository.blobs[wanted] = bytes(upload)
            del repository.uploads[rest]
            self._send(201, {"Docker-Content-Digest": wanted}, b"")
            return
        headers = {"Location": f"/v2/{name}/blobs/uploads/{rest}?state={rest}",
                   "Range": f"0-{max(len(upload) - 1, 0)}"}  # fmt: skip
        self._send(202 if request.method == "PATCH" else 204, headers, b"")

    # Bytes

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _trick(self, trick: Trick, request: Request) -> None:  # noqa: C901 - one trick after another
        if trick.hang_up:
            self.close_connection = True
            return
        body = trick.body
        kept = int(trick.headers.get("x-kept", 0))
        if kept:  # of a chunk, some of it has come
            found = _PATH.fullmatch(request.path)
            assert found is not None
            repository = self.own.repository(found[1].removesuffix("/blobs"))
            repository.uploads[found[3]] += request.body[:kept]
        if not trick.status and not body:
            body = self._content(request)
        self.send_response(trick.status or 200)
        for name, value in trick.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in trick.headers:
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
        if "Content-Length" in trick.headers:
            self.close_connection = True

    def _content(self, request: Request) -> bytes:
        found = _PATH.fullmatch(request.path)
        if found is None:
            return b""
        repository = self.own.repository(found[1])
        digest = repository.tags.get(found[3], found[3])
        if found[2] == "manifests":
            return repository.manifests[digest][1]
        data = repository.blobs[digest]
        wanted = request.headers.get("range", "")
        return data[int(wanted.removeprefix("bytes=").partition("-")[0]) :] if wanted else data


PLAIN = Trick(0, {"x-plain": "1"})
"""A good answer between bad ones."""


def _basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


def _digest(data: bytes) -> str:
    return "sha256:" + sha256(data).hexdigest()


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()


__all__ = ["PLAIN", "Double", "Trick", "running"]

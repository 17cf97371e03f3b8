"""Digests from a registry: a small one on the loopback interface."""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from seawall.core.errors import InputError
from seawall.locking.registry import pin
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.resolving import Images
from tests.locking.images import Image


class Fake(BaseHTTPRequestHandler):
    """A registry with one repository, ``shop/web``, in the manner a test asks for."""

    image: ClassVar[Image]
    manner: ClassVar[str]
    token: ClassVar[str]
    login: ClassVar[str]
    elsewhere: ClassVar[str]
    seen: ClassVar[list[tuple[str, str]]]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization", "")
        self.seen.append((self.path, authorization))
        if self.path.startswith("/token"):
            wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
            known = self.login == "" or authorization == wanted
            self.answer(200 if known else 401, json.dumps({"token": self.token}).encode())
        elif self.manner == "bearer" and authorization != f"Bearer {self.token}":
            realm = f"http://{self.headers['Host']}/token"
            challenge = f'Bearer realm="{realm}",service="fake",scope="repository:shop/web:pull"'
            self.answer(401, b"{}", {"WWW-Authenticate": challenge})
        elif self.manner == "basic" and not authorization:
            self.answer(401, b"{}", {"WWW-Authenticate": 'Basic realm="fake"'})
        elif "/blobs/" in self.path and self.elsewhere:
            self.answer(307, b"", {"Location": self.elsewhere + self.path})
        else:
            self.content()

    def content(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.path.startswith("/v2/shop/web/manifests/") and name == "1":
            data = self.image.blobs[self.image.digest]
            digest = "sha256:" + "1" * 64 if self.manner == "liar" else self.image.digest
            if self.manner == "huge":
                data += b" " * 5_000_000
            if self.manner == "no json":
                data, digest = b"<html>", ""
            headers = {"Docker-Content-Digest": digest} if digest else {}
            self.answer(200, data, headers)
        elif "/blobs/" in self.path and name in self.image.blobs:
            self.answer(200, self.image.blobs[name])
        else:
            self.answer(404, b"{}")

    def answer(self, code: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve(**values: Any) -> ThreadingHTTPServer:
    own: dict[str, Any] = {
        "image": Image("linux/amd64", "linux/arm64"), "manner": "open", "login": "",
        "token": secrets.token_urlsafe(8), "elsewhere": "", "seen": [],
    }  # fmt: skip
    handler = type("Handler", (Fake,), own | values)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def servers() -> Iterator[list[ThreadingHTTPServer]]:
    started: list[ThreadingHTTPServer] = []
    yield started
    for server in started:
        server.shutdown()
        server.server_close()


def host(server: ThreadingHTTPServer) -> str:
    return f"127.0.0.1:{server.server_port}"


def credentials(directory: Path, registry: str = "", login: str = "") -> Credentials:
    if login:
        entry = {"auth": base64.b64encode(login.encode()).decode()}
        (directory / "config.json").write_text(json.dumps({"auths": {registry: entry}}))
    return Credentials({"DOCKER_CONFIG": str(directory)})


def pinned(server: ThreadingHTTPServer, known: Credentials, tag: str = "1") -> Any:
    name = f"{host(server)}/shop/web:{tag}"
    return pin(name, Images(Access(known)))


def test_the_digest_of_an_index(servers: list[ThreadingHTTPServer], tmp_path: Path) -> None:
    image = Image("linux/amd64", "linux/arm64")
    servers.append(serve(image=image))
    pin = pinned(servers[0], credentials(tmp_path))
    assert pin.name == f"{host(servers[0])}/shop/web:1"
    assert pin.digest == image.digest
    assert pin.platforms == ("linux/amd64", "linux/arm64")
    assert pin.source == "registry"


def test_the_platform_of_a_lone_manifest(
    servers: list[ThreadingHTTPServer], tmp_path: Path
) -> None:
    servers.append(serve(image=Image("linux/s390x")))
    assert pinned(servers[0], credentials(tmp_path)).platforms == ("linux/s390x",)


def test_a_token_for_everybody(servers: list[ThreadingHTTPServer], tmp_path: Path) -> None:
    servers.append(serve(manner="bearer"))
    assert pinned(servers[0], credentials(tmp_path)).digest


def test_a_token_for_a_login(servers: list[ThreadingHTTPServer], tmp_path: Path) -> None:
    login = "ann:" + secrets.token_urlsafe(8)
    servers.append(serve(manner="bearer", login=login))
    assert pinned(servers[0], credentials(tmp_path, host(servers[0]), login)).digest
    (tmp_path / "config.json").unlink()
    with pytest.raises(InputError, match="docker login"):
        pinned(servers[0], credentials(tmp_path))


def test_basic(servers: list[ThreadingHTTPServer], tmp_path: Path) -> None:
    servers.append(serve(manner="basic"))
    with pytest.raises(InputError, match="docker login"):
        pinned(servers[0], credentials(tmp_path))
    assert pinned(servers[0], credentials(tmp_path, host(servers[0]), "ann:b")).digest


def test_credentials_do_not_follow_redirects(
    servers: list[ThreadingHTTPServer], tmp_path: Path
) -> None:
    image = Image("linux/amd64")
    storage: list[tuple[str, str]] = []
    servers.append(serve(image=image, seen=storage))
    servers.append(serve(image=image, manner="basic", elsewhere=f"http://{host(servers[0])}"))
    login = "ann:" + secrets.token_urlsafe(8)
    pin = pinned(servers[1], credentials(tmp_path, host(servers[1]), login))
    assert pin.platforms == ("linux/amd64",)
    assert storage
    assert not any(authorization for _, authorization in storage)


@pytest.mark.parametrize(
    ("manner", "reason"),
    [("liar", "but sent"), ("huge", "larger than a manifest"), ("no json", "no JSON")],
)
def test_bad_answers(
    servers: list[ThreadingHTTPServer], tmp_path: Path, manner: str, reason: str
) -> None:
    servers.append(serve(manner=manner))
    with pytest.raises(InputError, match=reason):
        pinned(servers[0], credentials(tmp_path))


def test_a_tag_that_is_not_there(servers: list[ThreadingHTTPServer], tmp_path: Path) -> None:
    servers.append(serve())
    with pytest.raises(InputError, match="no such image or tag"):
        pinned(servers[0], credentials(tmp_path), "2")


def test_nobody_there(servers: list[ThreadingHTTPServer], tmp_path: Path) -> None:
    server = serve()
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match="cannot reach"):
        pinned(server, credentials(tmp_path))

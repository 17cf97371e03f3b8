"""Probes that the sidecar answers: what counts for it is what counts for the kubelet."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.cluster.errors import ClusterError
from seawall.mesh.cluster.probes import Prober, probes_in
from seawall.mesh.injection import probing
from seawall.mesh.injection.http_server import Request, Response

PATH = "/probe/web/readiness"


def answered(port: int, **handler: Any) -> Response:
    known = probes_in(json.dumps({PATH: {"port": port, "timeoutSeconds": 2, **handler}}))
    return asyncio.run(Prober(known).answer(Request("GET", PATH, b"")))


class _Handler(BaseHTTPRequestHandler):
    seen: list[tuple[str, dict[str, str]]]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.seen.append((self.path, dict(self.headers)))
        words = self.path.split("/")
        self.send_response(int(words[1]))
        if len(words) > 2:
            to = "/".join(words[2:]).replace("HERE", f"http://127.0.0.1:{self.server.server_port}")  # type: ignore[attr-defined]
            self.send_header("Location", to if "//" in to else f"/{to}")
        self.end_headers()
        self.wfile.write(b"a secret of the application")


@contextlib.contextmanager
def application() -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    seen: list[tuple[str, dict[str, str]]] = []
    handler = type("Handler", (_Handler,), {"seen": seen})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/200", 200), ("/204", 200), ("/399", 200), ("/400", 503), ("/500", 503),
        ("/302/200", 200), ("/302/500", 503), ("/302/302/200", 200), ("/302/HERE/500", 503),
        ("/302/http://192.0.2.1/x", 200), ("/302/https://127.0.0.1:1/x", 200), ("/302", 200),
    ],
)  # fmt: skip
def test_requests(path: str, status: int) -> None:
    with application() as (port, _):
        said = answered(port, httpGet={"path": path, "port": "http"})
    assert said.status == status
    assert b"secret" not in said.body


def test_headers_are_those_of_the_probe() -> None:
    headers = [{"name": "Host", "value": "shop.example.org"}, {"name": "X-A", "value": "b"},
               {"name": "user-agent", "value": "mine"}]  # fmt: skip
    with application() as (port, seen):
        assert answered(port, httpGet={"path": "/200?a=b c", "httpHeaders": headers}).status == 503
        assert answered(port, httpGet={"path": "200", "httpHeaders": headers}).status == 200
    path, found = seen[-1]
    assert path == "/200"
    assert found["Host"] == "shop.example.org"
    assert found["X-A"] == "b"
    assert found["user-agent"] == "mine"
    assert "User-Agent" not in found


def test_redirections_end() -> None:
    with application() as (port, seen):
        said = answered(port, httpGet={"path": "/" + "302/" * 30 + "200"})
    assert said.status == 503
    assert len(seen) == 10


def test_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert answered(server.getsockname()[1], tcpSocket={"port": 1}).status == 200
        port = server.getsockname()[1]
    said = answered(port, tcpSocket={"port": 1})
    assert said.status == 503
    assert b"does not listen yet" in said.body


def test_an_application_that_listens_on_ipv6_alone() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("needs IPv6")
    with server:
        assert answered(server.getsockname()[1], tcpSocket={"port": 1}).status == 200


def test_who_does_not_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        known = probes_in(json.dumps({PATH: {"port": port, "httpGet": {"path": "/"}}}))
        known[PATH] = known[PATH]._replace(seconds=0.2)
        said = asyncio.run(Prober(known).answer(Request("GET", PATH, b"")))
    assert said.status == 503
    assert said.body == b"no answer in time\n"


@pytest.mark.parametrize("answer", [b"\x08\x01", b"\x08\x02", b"", b"\x08", None])
@pytest.mark.parametrize("name", ["", "orders", "x" * 200])
def test_health_services(answer: bytes | None, name: str) -> None:
    asked: list[bytes] = []

    async def check(data: bytes, context: Any) -> bytes:
        asked.append(data)
        if answer is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "")
        return answer or b""

    async def ask() -> Response:
        server = grpc.aio.server()
        method: Any = grpc.unary_unary_rpc_method_handler(check)
        handler = grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": method})
        server.add_generic_rpc_handlers((handler,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        handler_ = {"port": port, **({"service": name} if name else {})}
        given_ = {PATH: {"port": port, "timeoutSeconds": 5, "grpc": handler_}}
        try:
            known = probes_in(json.dumps(given_))
            return await Prober(known).answer(Request("GET", PATH, b""))
        finally:
            await server.stop(0)

    said = asyncio.run(ask())
    assert said.status == (200 if answer == b"\x08\x01" else 503)
    if name:
        length = bytes([len(name)]) if len(name) < 128 else bytes([len(name) & 127 | 128, 1])
        assert asked[0] == b"\x0a" + length + name.encode()
    else:
        assert asked[0] == b""


def test_what_inject_writes_is_understood() -> None:
    spec: Any = {
        "containers": [
            {
                "name": "web", "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
                "livenessProbe": {"tcpSocket": {"port": 8080}, "timeoutSeconds": 7},
                "startupProbe": {"grpc": {"port": 9000, "service": "x"}},
                "lifecycle": {"preStop": {"httpGet": {"path": "/bye", "port": 8080}}},
            }
        ]
    }  # fmt: skip
    known = probes_in(json.dumps(probing.rewritten(spec).known))
    assert {path: (own.port, own.handler) for path, own in known.items()} == {
        "/probe/web/readiness": (8080, "httpGet"), "/probe/web/liveness": (8080, "tcpSocket"),
        "/probe/web/startup": (9000, "grpc"), "/probe/web/pre-stop": (8080, "httpGet"),
    }  # fmt: skip
    assert known["/probe/web/liveness"].seconds == 7
    assert known["/probe/web/pre-stop"].seconds == 300


@pytest.mark.parametrize(
    "given_",
    ["", "[]", "x", '{"/p": 1}', '{"/p": {"port": 0, "httpGet": {}}}', '{"/p": {"port": 1}}',
     '{"/p": {"port": "1", "httpGet": {}}}', "[" * 100_000, '{"a": "' + "x" * 1_100_000 + '"}'],
)  # fmt: skip
def test_odd_probes(given_: str) -> None:
    with pytest.raises(ClusterError, match="inject"):
        probes_in(given_)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["/p", "port", "httpGet", "tcpSocket", "grpc", "timeoutSeconds"]), inner
        ), max_leaves=12,
    )
)  # fmt: skip
def test_any_probes(found: Any) -> None:
    with contextlib.suppress(ClusterError):
        probes_in(json.dumps(found))

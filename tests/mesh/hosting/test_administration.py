"""Envoy's administration as we ask it, and what root asks of a supervisor; without either."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from seawall.mesh.hosting import administration, asking
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.hatches import Hatch

STATS = {
    "stats": [
        {"name": "http.admin.downstream_rq_active", "value": 1},
        {"name": "http.in_80.downstream_rq_active", "value": 2},
        {"name": "tcp.in_90.downstream_cx_active", "value": 3},
        {"histograms": {}},
    ]
}


class _Handler(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]] = []  # noqa: RUF012 - emptied by each test
    code = 200

    def _answer(self) -> None:
        self.asked.append((self.command, self.path))
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(json.dumps(STATS).encode())

    do_GET = do_POST = _answer  # noqa: N815 - as the library calls them

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return ""


class _Server(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "", 0


@pytest.fixture
def envoy(tmp_path: Path) -> Iterator[str]:
    _Handler.asked.clear()
    _Handler.code = 200
    path = str(tmp_path / "admin.sock")
    with _Server(path, _Handler) as server:  # type: ignore[arg-type] # a path is an address, too
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_what_is_under_way_is_counted_without_our_own_question(envoy: str) -> None:
    assert administration.active(envoy) == 5
    assert administration.wait_until_idle([envoy], 0.1) == 5
    assert administration.wait_until_idle([envoy], 9, lambda: True) == 5
    assert "downstream_rq_active" in _Handler.asked[0][1]
    administration.active(envoy, connected=True)
    assert "downstream_rq_active" not in _Handler.asked[-1][1]


def test_a_proxy_is_told_to_drain_and_to_stop(envoy: str) -> None:
    administration.drain(envoy)
    administration.stop_listening(envoy)
    assert _Handler.asked == [
        ("POST", "/drain_listeners?graceful&skip_exit"), ("POST", "/drain_listeners"),
    ]  # fmt: skip


def test_ready_is_what_says_so(envoy: str, tmp_path: Path) -> None:
    assert administration.is_ready(envoy)
    _Handler.code = 503
    assert not administration.is_ready(envoy)
    assert not administration.is_ready(str(tmp_path / "nobody"))
    assert administration.active(str(tmp_path / "nobody")) == 0
    with pytest.raises(HostError, match="see that the proxy runs"):
        administration.ask(str(tmp_path / "nobody"), "/ready")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: sockets are given away")
def test_a_hatch_answers_line_by_line(tmp_path: Path) -> None:
    def answer(line: bytes) -> dict[str, object]:
        asked = json.loads(line)
        return {"refused": "no; ask for less"} if asked["much"] else {"left": 0}

    path = str(tmp_path / "s")
    hatch = Hatch(path, os.getegid(), answer)
    hatch.open()
    try:
        assert os.stat(path).st_mode & 0o777 == 0o660
        assert asking.ask(path, much=False) == {"left": 0}
        with pytest.raises(HostError, match="no; ask for less"):
            asking.ask(path, much=True)
    finally:
        hatch.close()
    with pytest.raises(HostError, match="see that the mesh is up"):
        asking.ask(path, much=False)

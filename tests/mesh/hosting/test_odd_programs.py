"""Programs as they are: of one family of addresses, of old HTTP, that print much, that end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.mesh.hosting import ending
from seawall.mesh.hosting.children import LONGEST_LOG, shorten
from seawall.reports.mesh import agent_table, status_table
from tests.mesh.lifted import PYTHON, Lifted, lifted, needs_host

_SERVER = (
    "import http.server, socket, socketserver, sys, threading, time\\n"
    "class H(http.server.BaseHTTPRequestHandler):\\n"
    "    protocol_version = 'HTTP/1.1'\\n"
    "    def do_GET(self):\\n"
    "        body = self.headers['host'].encode()\\n"
    "        self.send_response(200)\\n"
    "        self.send_header('content-length', str(len(body)))\\n"
    "        self.end_headers()\\n"
    "        self.wfile.write(body)\\n"
    "    def log_message(self, *_): pass\\n"
    "class F(socketserver.BaseRequestHandler):\\n"
    "    def handle(self):\\n"
    "        self.request.sendall(b'first')\\n"
    "        self.request.recv(1)\\n"
    "class S(http.server.ThreadingHTTPServer):\\n"
    "    address_family = socket.AF_INET if sys.argv[1] == '4' else socket.AF_INET6\\n"
    "    request_queue_size = 4096\\n"
    "    def server_bind(self):\\n"
    "        if sys.argv[1] == '6':\\n"
    "            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)\\n"
    "        socketserver.TCPServer.server_bind(self)\\n"
    "        self.server_name, self.server_port = 'it', 0\\n"
    "any = '0.0.0.0' if sys.argv[1] == '4' else '::'\\n"
    "threading.Thread(target=S((any, 9090), F).serve_forever).start()\\n"
    "S((any, 8080), H).serve_forever()\\n"
)
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {{}}
  four:
    command: [PYTHON, -c, "{_SERVER}", "4"]
    user: 1001
    ports: {{8080: http, 9090: tcp}}
  six:
    command: [PYTHON, -c, "{_SERVER}", "6"]
    user: 1002
    ports: {{8080: http, 9090: tcp}}
  talker:
    command: [/usr/bin/yes, a line that is printed again and again]
    user: 1003
  teller:
    command: [/bin/sh, -c, "echo a >> /dev/stderr && echo more > /dev/stdout; sleep 999"]
    user: 1005
  once:
    command: [/bin/sh, -c, "exit 3"]
    user: 1004
policy:
  - allow: {{from: web, to: four}}
  - allow: {{from: web, to: six}}
"""
_HELD = """
import socket, sys
held = []
for _ in range(int(sys.argv[1])):
    held.append(socket.create_connection(("four", 9090), 30))
for own in held:
    own.settimeout(30)
    assert own.recv(5) == b"first"
"""
_OLD = """
import socket, sys
own = socket.create_connection((sys.argv[1], 8080), 10)
own.settimeout(10)
own.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
said = b""
while more := own.recv(65536):
    said += more
print(said.split(b"\\r\\n")[0].decode(), said.split(b"\\r\\n\\r\\n")[1].decode())
"""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Lifted]:
    with lifted(DESCRIPTION, "odd") as found:
        for name in ("four", "six"):
            url = f"http://{name}:8080/"
            assert found.until(lambda: found.run("web", "curl", "-sf", url).returncode == 0)  # noqa: B023
        yield found


@needs_host
@pytest.mark.parametrize("name", ["four", "six"])
@pytest.mark.parametrize("family", ["-4", "-6"])
def test_a_program_of_one_family_is_reached_by_both(mesh: Lifted, name: str, family: str) -> None:
    """A name stands for both, and most callers try IPv6 first; most programs know IPv4 alone."""
    said = mesh.run("web", "curl", "-sSf", "-m", "9", family, f"http://{name}:8080/")
    assert said.stdout == f"{name}:8080", said
    said = mesh.run("web", "curl", "-sS", "-m", "2", family, f"telnet://{name}:9090")
    assert said.stdout == "first", said


@needs_host
def test_old_http_is_taken(mesh: Lifted) -> None:
    """As nginx asks by default when it is a proxy, and as ab does, which names no host."""

    def asked(request: str) -> str:
        return mesh.run("web", PYTHON, "-c", _OLD, "four", request).stdout.strip()

    assert asked(r"GET / HTTP/1.0\r\n\r\n") == "HTTP/1.0 200 OK four"
    assert asked(r"GET / HTTP/1.0\r\nhost: own\r\n\r\n") == "HTTP/1.0 200 OK own"
    assert asked(r"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").startswith("HTTP/1.1 400")


@needs_host
def test_more_connections_than_envoy_takes_by_default(mesh: Lifted) -> None:
    said = mesh.run("web", PYTHON, "-c", _HELD, "1100")
    assert said.returncode == 0, said.stderr[-500:]


@needs_host
def test_who_prints_without_end_holds_nobody_up(mesh: Lifted) -> None:
    """Its log is cut, and processes are looked after meanwhile."""
    log = Path(mesh.layout.logs, "talker.log")
    assert mesh.until(Path(f"{log}.old").exists)
    (before,) = mesh.processes.agent()
    os.kill(before, signal.SIGKILL)
    assert mesh.until(lambda: mesh.processes.agent() not in ([], [before]))
    assert Path(f"{log}.old").stat().st_size <= LONGEST_LOG


@needs_host
def test_a_program_may_open_what_it_writes_to(mesh: Lifted) -> None:
    """As those do that write their logs into /dev/stdout; the directory of logs is root's."""
    log = Path(mesh.layout.logs, "teller.log")
    assert mesh.until(lambda: "more" in log.read_text())
    assert mesh.run("web", "cat", str(log)).returncode


@needs_host
def test_the_status_tells_of_programs_that_end(mesh: Lifted) -> None:
    found = ending.read(mesh.layout.ended)
    assert found.keys() == {"once"}
    own = found["once"]
    assert own["code"] == 3
    assert own["log"] == str(Path(mesh.layout.logs, "once.log"))
    told = status_table({**mesh.status(), "ended": found})
    assert "program of once ended (exit code 3) and " in told
    away = {"now": 0, "at": 0, "host": "a", "ends": 0, "workloads": {}, "fault": "", "ended": {
        "web": {"runs": True, "starts": 2, "code": -9, "log": "/l"},
    }}  # fmt: skip
    text = agent_table(away)
    assert "program of web ended (signal 9) and runs again, start 2: see /l\n" in text


def test_the_end_of_a_long_log_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    shorten(str(path))  # there is none yet
    path.write_bytes(b"a" * LONGEST_LOG)
    shorten(str(path))
    assert path.stat().st_size == LONGEST_LOG
    path.write_bytes(b"a" * LONGEST_LOG + b"b" * LONGEST_LOG)
    shorten(str(path))
    assert path.read_bytes() == b""
    assert Path(f"{path}.old").read_bytes() == b"b" * LONGEST_LOG


def test_what_is_no_account_of_programs_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ended.json"
    for text in ("", "[]", "{"):
        path.write_text(text)
        assert ending.read(str(path)) == {}

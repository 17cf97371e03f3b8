"""The world outside of a mesh on several hosts: an exit on each, and one gateway."""

import http.server
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.mesh.redirect.exit_rules import table_of
from seawall.mesh.verifying.namespaces import socket_in
from tests.mesh.hosting.hosts import Host, Wire, until, wired
from tests.mesh.hosting.raised import MARK, reason, serving
from tests.mesh.hosting.test_outside import answer_names

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
OUTSIDE, OUTER, DECLARED, OTHER, GATE = b"from outside ", "192.0.2.100", 8000, 8001, 8443
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
hosts:
  a: {{address: 192.0.2.10, controller: true}}
  b: {{address: 192.0.2.11}}
  c: {{address: 192.0.2.12}}
workloads:
  web: {{host: a}}
  orders:
    host: b
{serving(8080)}    ports: {{8080: http}}
  stock: {{host: c}}
external:
  payments:
    host: api.pay.example.org
    ports: {{{DECLARED}: http}}
    private: [{OUTER}/32]
egress: {{resolvers: ["{OUTER}"]}}
gateway:
  host: c
  listen: 192.0.2.12:{GATE}
  tls: {{certificate: only-on-c.pem, key: only-on-c.key}}
  routes:
    - {{host: shop.example.org, path: /orders/*, to: orders}}
policy:
  - allow: {{from: web, to: payments}}
  - allow: {{from: orders, to: payments, methods: [GET], paths: [/v1/*]}}
  - allow: {{from: gateway, to: orders, methods: [GET], paths: [/orders/*]}}
"""
PLAIN = DESCRIPTION.replace("  tls: {certificate: only-on-c.pem, key: only-on-c.key}\n", "")


class Outer(http.server.BaseHTTPRequestHandler):
    """Says from where it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = OUTSIDE + self.client_address[0].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Outside:
    """A host that is no part of the mesh, with two servers and a name server."""

    def __init__(self, wire: Wire) -> None:
        self.namespace = wire.plain("outer", OUTER)
        self.servers = [self._server(port) for port in (DECLARED, OTHER)]
        self.names = socket_in(self.namespace, socket.AF_INET, socket.SOCK_DGRAM)
        self.names.bind((OUTER, 53))
        work = [server.serve_forever for server in self.servers]
        for own in (*work, lambda: answer_names(self.names, OUTER)):
            threading.Thread(target=own, daemon=True).start()

    def _server(self, port: int) -> http.server.ThreadingHTTPServer:
        server = http.server.ThreadingHTTPServer((OUTER, port), Outer, bind_and_activate=False)
        server.socket.close()
        server.socket = socket_in(self.namespace, socket.AF_INET, socket.SOCK_STREAM)
        server.server_bind()
        server.server_activate()
        return server

    def curl(self, *words: str) -> str:
        enter = ["ip", "netns", "exec", self.namespace, "curl", "-sS", "-m", "5"]
        said = subprocess.run([*enter, *words], capture_output=True, text=True, check=False)
        return said.stdout

    def close(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.names.close()


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with wired(("a", "b", "c"), PLAIN) as made:
        yield made


@pytest.fixture(scope="module")
def outside(wire: Wire) -> Iterator[Outside]:
    made = Outside(wire)
    wire["a"].up()
    for name in ("b", "c"):
        wire[name].up(wire["a"].invite(name))
    yield made
    for host in wire.hosts.values():
        assert host.down() == 0, host.said.read_text()
    made.close()


def _asked(host: Host, workload: str, path: str = "/v1/a", port: int = DECLARED) -> str:
    return host.curl(workload, f"http://api.pay.example.org:{port}{path}").stdout


@pytest.mark.parametrize(("host", "workload"), [("a", "web"), ("b", "orders")])
def test_each_host_has_an_exit_of_its_own(
    wire: Wire, outside: Outside, host: str, workload: str
) -> None:
    wanted = f"from outside {wire[host].address}"
    assert until(lambda: _asked(wire[host], workload) == wanted), _asked(wire[host], workload)


def test_rules_decide_by_identity_on_each_host(wire: Wire, outside: Outside) -> None:
    assert until(lambda: _asked(wire["b"], "orders").startswith("from outside"))
    assert _asked(wire["b"], "orders", "/v2") == "RBAC: access denied"
    assert _asked(wire["a"], "web", "/v2").startswith("from outside")
    for host, workload, port in (("c", "stock", DECLARED), ("b", "orders", OTHER)):
        assert not _asked(wire[host], workload, port=port)
    # Straight to where it is, in place of the name: nobody declared that.
    assert wire["b"].curl("orders", f"http://{OUTER}:{DECLARED}/v1/a").returncode != 0


def _exit_users(host: Host) -> set[int]:
    """The users of the exit's processes on a host."""
    found = set()
    for pid in host.pids(rf"proxies/\.egress-{host.name}/bootstrap"):
        status = host.run("cat", f"/proc/{pid}/status").stdout
        line = next((own for own in status.splitlines() if own.startswith("Uid:")), "")
        found |= {int(own) for own in line.split()[1:2]}
    return found


def _refused(host: Host) -> int:
    said = host.run("nft", "-j", "list", "counters", "table", "inet", table_of(host.layout.mesh))
    found = [own["counter"] for own in json.loads(said.stdout)["nftables"] if "counter" in own]
    return sum(int(own["packets"]) for own in found)


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_the_kernel_keeps_each_exit_to_what_was_declared(
    wire: Wire, outside: Outside, name: str
) -> None:
    """Each host's rules are for the user that the exit has there, whatever its place is."""
    host = wire[name]
    assert until(lambda: len(_exit_users(host)) == 1)
    (user,) = _exit_users(host)
    became = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")

    def reach(address: str, port: int) -> int:
        to = f"http://{address}:{port}/"
        return host.run(*became, "curl", "-sS", "-m", "3", to).returncode

    before = _refused(host)
    assert reach(OUTER, OTHER) != 0
    assert reach("192.0.2.10" if name != "a" else "192.0.2.11", 15012) != 0
    assert _refused(host) >= before + 2
    # Anybody else of that host may: it is the exit that is kept.
    said = host.run("curl", "-sS", "-m", "3", f"http://{OUTER}:{OTHER}/")
    assert said.stdout.startswith("from outside")


def _through_gateway(outside: Outside, path: str, *options: str) -> str:
    resolve = ("--resolve", f"shop.example.org:{GATE}:192.0.2.12")
    return outside.curl(
        *resolve, *options, "-w", " %{http_code}", f"http://shop.example.org:{GATE}{path}"
    )


def test_the_gateway_is_where_it_is_said_to_be(wire: Wire, outside: Outside) -> None:
    def answers() -> bool:
        return MARK in _through_gateway(outside, "/orders/1")

    assert until(answers)
    assert _through_gateway(outside, "/orders/1") == f"{MARK} /orders/1 200"
    assert _through_gateway(outside, "/else").endswith("404")
    assert _through_gateway(outside, "/orders/1", "-X", "POST").endswith("403")
    for address in ("192.0.2.10", "192.0.2.11"):
        assert not outside.curl(f"http://{address}:{GATE}/orders/1")
    assert wire["a"].ask("Status")["workloads"]["gateway"]["host"] == "c"


def test_an_exit_that_was_killed_comes_back_and_others_go_on(wire: Wire, outside: Outside) -> None:
    assert until(lambda: _asked(wire["b"], "orders").startswith("from outside"))
    wire["b"].kill(r"proxies/\.egress-b/bootstrap")
    assert _asked(wire["a"], "web").startswith("from outside")
    assert until(lambda: _asked(wire["b"], "orders").startswith("from outside"))


def test_who_is_revoked_gets_out_on_no_host(wire: Wire, outside: Outside) -> None:
    assert until(lambda: _asked(wire["b"], "orders").startswith("from outside"))
    name = "spiffe://shop.example.org/workload/orders"
    wire["a"].ask("Revoke", id=name)
    assert until(lambda: not _asked(wire["b"], "orders").startswith("from outside"))
    assert _asked(wire["a"], "web").startswith("from outside")
    wire["a"].ask("Revoke", id=name, back=True)
    assert until(lambda: _asked(wire["b"], "orders").startswith("from outside"))


def test_nothing_is_left_on_a_host_that_was_taken_down(wire: Wire, outside: Outside) -> None:
    host = wire["b"]
    assert host.down() == 0
    said = subprocess.run(
        ["ip", "netns", "exec", host.namespace, "nft", "list", "tables"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == ""
    host.up()
    assert until(lambda: _asked(wire["b"], "orders") == f"from outside {host.address}")


def test_the_gateways_key_has_to_be_on_its_host_only(tmp_path: Path) -> None:
    with wired(("a", "b", "c"), DESCRIPTION) as wire:
        wire["a"].up()
        for name in ("b", "c"):
            wire[name].start(wire["a"].invite(name))
        wire["b"].wait()
        assert wire["c"].fails()
        assert "only-on-c.pem" in wire["c"].said.read_text()
        assert "name files with a certificate" in wire["c"].said.read_text()

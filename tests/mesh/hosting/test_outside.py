"""The world outside of a mesh: destinations by name and nothing else, and one way in."""

import http.server
import json
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seawall.mesh.plan.edges import exit_name
from seawall.mesh.plan.hosts import LOCAL
from seawall.mesh.redirect.exit_rules import INNER, table_of
from seawall.mesh.watching.metrics import families_of
from seawall.mesh.watching.prometheus import text_of
from seawall.mesh.watching.rates import look_at, rates
from tests.mesh.hosting.raised import MARK, SYSTEM_PYTHON, Raised, raised, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
OUTSIDE = b"from outside"
EXIT = exit_name(LOCAL)
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {{}}
  intruder: {{}}
  orders:
{serving(8080)}    ports: {{8080: http}}
external:
  payments:
    host: api.pay.example.org
    ports: {{80: {{protocol: http, tls: {{port: TLS, ca: CA}}}}, PLAIN: tcp}}
    private: [127.0.0.0/8]
  misnamed:
    host: wrong.example.org
    ports: {{80: {{protocol: http, tls: {{port: TLS, ca: CA}}}}}}
    private: [127.0.0.0/8]
  rebound:
    host: rebind.example.org
    ports: {{PLAIN: tcp}}
egress: {{resolvers: ["127.0.0.1:DNS"]}}
gateway:
  listen: 127.0.0.1:GATE
  tls: {{certificate: CERTIFICATE, key: KEY}}
  routes:
    - {{host: shop.example.org, path: /orders/*, to: orders}}
policy:
  - allow: {{from: web, to: payments, ports: [80], methods: [GET], paths: [/v1/*]}}
  - allow: {{from: web, to: payments, ports: [PLAIN]}}
  - allow: {{from: web, to: misnamed}}
  - allow: {{from: web, to: rebound}}
  - allow: {{from: gateway, to: orders, methods: [GET], paths: [/orders/*]}}
  - deny: {{from: gateway, to: orders, paths: [/orders/secret]}}
"""


class Outer(http.server.BaseHTTPRequestHandler):
    """A server outside; it remembers what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, str]] = []  # noqa: RUF012 - emptied by each test

    def do_GET(self) -> None:
        headers = json.dumps(dict(self.headers)).lower()
        self.asked.append((self.path, self.headers.get("host", ""), headers))
        self.send_response(200)
        self.send_header("content-length", str(len(OUTSIDE)))
        self.end_headers()
        self.wfile.write(OUTSIDE)

    def log_message(self, *_: object) -> None:
        pass


def answer_names(found: socket.socket, address: str = "127.0.0.1") -> None:
    """Answers questions for an address of IPv4 with one, others with nothing (RFC 1035)."""
    while True:
        try:
            asked, peer = found.recvfrom(512)
        except OSError:
            return
        at = 12
        while asked[at]:
            at += asked[at] + 1
        question, kind = asked[12 : at + 5], struct.unpack(">H", asked[at + 1 : at + 3])[0]
        head = asked[:2] + struct.pack(">HHHHH", 0x8180, 1, int(kind == 1), 0, 0)
        answer = struct.pack(">HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address)
        found.sendto(head + question + (answer if kind == 1 else b""), peer)


class Outside:
    """Servers and files beside the mesh."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca_key, self.ca = _made("the tests' CA", None)
        self.certify("server", "api.pay.example.org")
        self.certify("gate", "shop.example.org")
        (directory / "ca.pem").write_bytes(_pem(self.ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.pem", directory / "server.key")
        self.plain, self.tls = (
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outer) for _ in range(2)
        )
        self.tls.socket = context.wrap_socket(self.tls.socket, server_side=True)
        self.names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.names.bind(("127.0.0.1", 0))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.gate = free.getsockname()[1]
        for work in (self.plain.serve_forever, self.tls.serve_forever):
            threading.Thread(target=work, daemon=True).start()
        threading.Thread(target=answer_names, args=(self.names,), daemon=True).start()

    def certify(self, file: str, name: str) -> x509.Certificate:
        key, certificate = _made(name, (self.ca_key, self.ca))
        (self.directory / f"{file}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )  # fmt: skip
        (self.directory / f"{file}.pem").write_bytes(_pem(certificate))
        return certificate

    def described(self) -> str:
        words = {
            "PLAIN": self.plain.server_port, "TLS": self.tls.server_port,
            "DNS": self.names.getsockname()[1], "GATE": self.gate, "CA": self.directory / "ca.pem",
            "CERTIFICATE": self.directory / "gate.pem", "KEY": self.directory / "gate.key",
        }  # fmt: skip
        text = DESCRIPTION
        for word, value in words.items():
            for before in (" ", ":"):
                text = text.replace(f"{before}{word}", f"{before}{value}")
            text = text.replace(f"[{word}", f"[{value}").replace(f"{{{word}:", f"{{{value}:")
        return text

    def close(self) -> None:
        for server in (self.plain, self.tls):
            server.shutdown()
            server.server_close()
        self.names.close()


def _made(name: str, by: Any) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signing, issuer = (key, subject) if by is None else (by[0], by[1].subject)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )  # fmt: skip
    if by is not None:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
        )
    return key, builder.sign(signing, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    made = Outside(tmp_path_factory.mktemp("outside"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def mesh(outside: Outside) -> Iterator[Raised]:
    with raised(outside.described()) as made:
        yield made


def _code(mesh: Raised, workload: str, address: str, *options: str) -> str:
    said = mesh.curl(workload, address, "-o", "/dev/null", "-w", "%{http_code}", *options)
    return said.stdout[-3:]


def test_what_was_declared_is_reached_and_tls_begun(mesh: Raised) -> None:
    Outer.asked.clear()
    for host in ("api.pay.example.org", "payments"):
        said = mesh.curl("web", f"http://{host}/v1/charges")
        assert said.stdout == OUTSIDE.decode(), said
    assert [asked[0] for asked in Outer.asked] == ["/v1/charges"] * 2
    assert "shop.example.org" not in Outer.asked[0][2]  # nothing of the mesh is told


def test_bytes_go_out_as_they_come(mesh: Raised, outside: Outside) -> None:
    said = mesh.curl("web", f"http://api.pay.example.org:{outside.plain.server_port}/x")
    assert said.stdout == OUTSIDE.decode(), said


def test_rules_and_hosts_are_looked_at(mesh: Raised) -> None:
    Outer.asked.clear()
    assert _code(mesh, "web", "http://payments/v2") == "403"
    assert _code(mesh, "web", "http://payments/v1/a", "-X", "POST") == "403"
    assert _code(mesh, "web", "http://payments/v1/../v2") == "403"
    assert _code(mesh, "web", "http://payments/v1/a", "-H", "host: evil.example.org") == "404"
    assert Outer.asked == []


def test_closed_by_default(mesh: Raised, outside: Outside) -> None:
    Outer.asked.clear()
    port = outside.plain.server_port
    for workload, address in (
        ("intruder", "http://api.pay.example.org/v1/a"),
        ("intruder", f"http://payments:{port}/"),
        ("web", "http://payments:81/"),
        ("web", f"http://127.0.0.1:{port}/"),
        ("web", f"http://198.51.100.7:{port}/"),
    ):
        assert mesh.curl(workload, address).returncode != 0, (workload, address)
    assert Outer.asked == []


def test_a_name_that_leads_inside_leads_nowhere(mesh: Raised, outside: Outside) -> None:
    Outer.asked.clear()
    before = _refused(mesh)
    said = mesh.curl("web", f"http://rebind.example.org:{outside.plain.server_port}/")
    assert said.returncode != 0, said
    assert Outer.asked == []
    assert _refused(mesh) > before


def test_what_exit_and_gateway_refuse_is_counted(mesh: Raised, outside: Outside) -> None:
    """Packets that rules refused, and requests without a route: in status, metrics and top."""
    before = look_at(mesh.ask("Status"), 0)

    def more(workload: str, key: str) -> bool:
        counts = mesh.ask("Status")["workloads"][workload]["standing"]["counts"]
        return bool(counts.get(key, 0) > before.counts[workload].get(key, 0))

    mesh.curl("web", f"http://rebind.example.org:{outside.plain.server_port}/")
    sending = "import socket; socket.socket(2, 2).sendto(b'?', ('192.0.2.1', 53))"
    subprocess.run([*mesh.enter("gateway"), SYSTEM_PYTHON, "-c", sending], check=False)
    _from_outside(outside, "shop.example.org", "/else")
    assert mesh.until(lambda: more(EXIT, f"fence:{INNER}"), 20)
    assert mesh.until(lambda: more("gateway", "fence:sent_udp"), 20)
    assert mesh.until(lambda: more("gateway", "denied:gate"), 20)
    status = mesh.ask("Status")
    for line in (
        f'fence_dropped_total{{workload="{EXIT}",reason="{INNER}"}} ',
        'fence_dropped_total{workload="gateway",reason="sent_udp"} ',
        'denied_total{workload="gateway",port="gate"} ',
        'requests_total{workload="gateway",port="gate"} ',
    ):
        assert f"seawall_mesh_{line}" in text_of(families_of(status)), line
    found = {own.name: own for own in rates(status, before, look_at(status, 1))}
    assert found[EXIT].dropped > 0
    assert found["gateway"].dropped > 0
    assert found["gateway"].denied > 0


def test_a_server_with_another_name_is_refused(mesh: Raised) -> None:
    Outer.asked.clear()
    assert _code(mesh, "web", "http://misnamed/") == "503"
    assert Outer.asked == []


def _refused(mesh: Raised) -> int:
    command = ["nft", "-j", "list", "counters", "table", "inet", table_of(mesh.layout.mesh)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [item["counter"] for item in json.loads(said.stdout)["nftables"] if "counter" in item]
    return int(next(own["packets"] for own in found if own["name"] == INNER))


def test_flushed_rules_of_the_exit_come_back(mesh: Raised) -> None:
    table = table_of(mesh.layout.mesh)
    subprocess.run(["nft", "delete", "table", "inet", table], check=True)

    def is_there() -> bool:
        said = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True)
        return table in said.stdout

    assert mesh.until(is_there, 15)


def _from_outside(outside: Outside, address: str, *options: str) -> str:
    to = f"{address}:{outside.gate}"
    command = ["curl", "-sS", "-m", "5", "--cacert", str(outside.directory / "ca.pem"),
               "--resolve", f"{to}:127.0.0.1", "-w", "%{http_code}", *options]  # fmt: skip
    path = next(option for option in options if option.startswith("/"))
    command[command.index(path)] = f"https://{to}{path}"
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_the_way_in(mesh: Raised, outside: Outside) -> None:
    def answers() -> bool:
        return MARK in _from_outside(outside, "shop.example.org", "/orders/1")

    assert mesh.until(answers, 10)
    assert _from_outside(outside, "shop.example.org", "/orders/1") == f"{MARK} /orders/1200"
    assert _from_outside(outside, "shop.example.org", "/else").endswith("404")
    assert _from_outside(outside, "shop.example.org", "/orders/../else").endswith("404")
    # The workload's own rules decide: the gateway is one caller among others.
    assert _from_outside(outside, "shop.example.org", "/orders/secret").endswith("403")
    assert _from_outside(outside, "shop.example.org", "/orders/1", "-X", "POST").endswith("403")
    # A name that no route is for.
    assert _from_outside(outside, "other.example.org", "/orders/1", "-k").endswith("404")


def test_the_way_in_takes_a_new_certificate(mesh: Raised, outside: Outside) -> None:
    wanted = outside.certify("gate", "shop.example.org").serial_number

    def shown() -> int:
        context = ssl.create_default_context(cafile=str(outside.directory / "ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", outside.gate), 5) as bare,
            context.wrap_socket(bare, server_hostname="shop.example.org") as own,
        ):
            der = own.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number

    assert mesh.until(lambda: shown() == wanted, 15)


def test_a_gateway_that_cannot_be_is_said_and_nothing_is_left(outside: Outside) -> None:
    text = outside.described()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for old, new, says in (
            (f"127.0.0.1:{outside.gate}", f"127.0.0.1:{port}", "gateway.front ends as soon as"),
            ("gate.key", "server.key", "the key that it is for"),
        ):
            with pytest.raises(AssertionError, match=says), raised(text.replace(old, new)):
                pass


def test_the_exit_comes_back(mesh: Raised) -> None:
    for pid in mesh.pids(r"proxies/\.egress-.*bootstrap"):
        subprocess.run(["kill", "-9", str(pid)], check=True)
    time.sleep(0.2)
    assert mesh.until(
        lambda: mesh.curl("web", "http://payments/v1/a").stdout == OUTSIDE.decode(), 15
    )


def test_a_mesh_comes_up_where_no_resolver_answers(outside: Outside) -> None:
    """What has an address is reached meanwhile, and the rest as soon as there is an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        asked = f"127.0.0.1:{outside.names.getsockname()[1]}"
        own = f"127.0.0.1:{silent.getsockname()[1]}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            gate = f"127.0.0.1:{free.getsockname()[1]}"
        text = outside.described().replace(asked, own)
        text = text.replace(f"127.0.0.1:{outside.gate}", gate)
        ports = f"{{{outside.plain.server_port}: tcp}}"
        direct = f"  direct: {{host: 127.0.0.1, ports: {ports}, private: [127.0.0.0/8]}}\n"
        text = text.replace("external:\n", f"external:\n{direct}")
        text = text.replace("policy:\n", "policy:\n  - allow: {from: web, to: direct}\n")
        with raised(text) as made:
            address = f"http://direct:{outside.plain.server_port}/"
            assert made.curl("web", address).stdout == OUTSIDE.decode()
            assert _code(made, "web", "http://payments/v1/a") == "503"
            threading.Thread(target=answer_names, args=(silent,), daemon=True).start()
            assert made.until(
                lambda: made.curl("web", "http://payments/v1/a").stdout == OUTSIDE.decode()
            )

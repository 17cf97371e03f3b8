"""What leads out of a mesh in a cluster, and into it: pods of the mesh's own, on this host."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seawall.mesh.injection.edge_pods import EGRESS, GATEWAY, GATEWAY_SECRET, Edges
from seawall.mesh.injection.settings import Agent, By
from tests.mesh.cluster import api_double as double
from tests.mesh.cluster.api_double import SERVICES
from tests.mesh.cluster.kubelet import until
from tests.mesh.cluster.shop import (
    DOCUMENT,
    MARK,
    SYSTEM,
    SYSTEM_PYTHON,
    WEB,
    Shop,
    raised,
    reason_to_skip,
)

pytestmark = pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())
EDGES = Edges(egress=True, private=("10.88.0.0/16", "fd88::/64"), gateway=8443)
PAYMENTS, WAREHOUSE, INNER, SAFE = "10.96.0.20", "10.96.0.21", "10.96.0.22", "10.96.0.23"
OUTSIDE = """\
import http.server, socketserver, ssl, sys, threading
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = (f"outside {self.path} for {self.headers.get('host')} "
                f"xfcc {self.headers.get('x-forwarded-client-cert')}").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class S(http.server.ThreadingHTTPServer):
    address_family = 10
    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "outside", self.server_address[1]
class First(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"welcome outside\\n")
        self.request.recv(100)
class T(socketserver.ThreadingTCPServer):
    address_family = 10
safe = S(("::", 443), H)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
safe.socket = context.wrap_socket(safe.socket, server_side=True)
for server in (safe, T(("::", 5432), First)):
    threading.Thread(target=server.serve_forever).start()
S(("::", 80), H).serve_forever()
"""
RULES = """\
  - allow: {from: web, to: payments, methods: [GET], paths: [/v1/*]}
  - allow: {from: web, to: warehouse}
  - allow: {from: web, to: inner}
  - allow: {from: web, to: safe}
  - allow: {from: gateway, to: orders, ports: [8080], methods: [GET], paths: [/orders/*]}
external:
  payments: {host: FOUR, ports: {80: http}, private: [10.88.0.0/16]}
  warehouse: {host: "SIX", ports: {5432: tcp}, private: ["fd88::/64"]}
  inner: {host: OTHER, ports: {80: http}}
  safe:
    host: THIRD
    ports: {80: {protocol: http, tls: {port: 443, name: api.pay.example.org, ca: ca.pem}}}
    private: [10.88.0.0/16]
gateway:
  id: /ns/seawall-mesh/sa/seawall-mesh-gateway
  listen: 0.0.0.0:8443
  tls: secret
  routes:
    - {host: shop.example.org, path: /orders/*, to: orders, port: 8080}
"""
Made = tuple[str, str]


def made(name: str) -> Made:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return certificate.public_bytes(pem).decode(), key.private_bytes(pem, *plain).decode()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((By.INIT, Agent.SIDECAR), id="rules by init, keys in sidecar"),
        pytest.param(
            (By.AGENT, Agent.NODE), id="rules by agent, keys in node", marks=pytest.mark.full
        ),
    ],
)
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with raised(*request.param) as own, tempfile.TemporaryDirectory(prefix="sw-") as found:
        directory = Path(found)
        certificate, key = made("api.pay.example.org")
        (directory / "crt").write_text(certificate)
        (directory / "key").write_text(key)
        places = [own.nodes.network.add(f"outside{number}") for number in range(3)]
        servers = [
            subprocess.Popen(
                ["ip", "netns", "exec", namespace, SYSTEM_PYTHON, "-c", OUTSIDE,
                 str(directory / "crt"), str(directory / "key")]
            )
            for namespace, _ in places
        ]  # fmt: skip
        try:
            (four, six), (other, _), (third, _) = (addresses for _, addresses in places)
            rules = RULES.replace("FOUR", four).replace("SIX", six)
            rules = rules.replace("OTHER", other).replace("THIRD", third)
            own.install(DOCUMENT, EDGES)  # without anything outside, so far
            own.cluster.secrets[SYSTEM, GATEWAY_SECRET] = secret_of(*made("shop.example.org"))
            own.cluster.config_maps[SYSTEM, "seawall-mesh"]["data"] |= {
                "mesh.yaml": DOCUMENT + rules, "ca.pem": certificate,
            }  # fmt: skip
            own.nodes.refresh()
            for name, address, port in (
                ("payments", PAYMENTS, 80), ("warehouse", WAREHOUSE, 5432), ("inner", INNER, 80),
                ("safe", SAFE, 80),
            ):  # fmt: skip
                service = double.service(name, "shop", address, {port: "x"})
                service["metadata"]["annotations"] = {"seawall/mesh-external": name}
                own.cluster.put(SERVICES, service)
            for number, node in enumerate(("n1", "n2")):
                own.start_edge(EGRESS, EDGES, node, number)
            own.start_edge(GATEWAY, EDGES, "n2")
            own.start_all()
            assert until(lambda: "outside" in own.curl("web", f"http://{PAYMENTS}/v1/a").stdout), (
                own.said()
            )
            yield own
        finally:
            for server in servers:
                server.kill()
                server.wait()


def secret_of(certificate: str, key: str) -> dict[str, str]:
    return {"tls.crt": certificate, "tls.key": key}


def words(shop: Shop, *arguments: str, pod: str = "web") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*shop.pods[pod].enter(), "curl", "-sS", "-m", "5", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_out_goes_what_is_declared_and_allowed(shop: Shop) -> None:
    """By the service that stands for it; the other side gets a request for its own name."""
    for name in ("payments", "payments.shop", "payments.shop.svc.cluster.local"):
        said = words(shop, "-H", f"Host: {name}", f"http://{PAYMENTS}/v1/pay")
        assert said.stdout.startswith("outside /v1/pay for 10.88."), (said, shop.said())
        assert "xfcc None" in said.stdout  # who is inside is nobody's business outside
    assert "403" in words(shop, "-w", "%{http_code}", f"http://{PAYMENTS}/v2/pay").stdout
    assert "403" in words(shop, "-w", "%{http_code}", "-d", "x", f"http://{PAYMENTS}/v1/a").stdout
    said = words(shop, "-w", "%{http_code}", "-H", "Host: other", f"http://{PAYMENTS}/v1/a")
    assert said.stdout.endswith("404")


def test_bytes_go_out_too_and_the_server_may_speak_first(shop: Shop) -> None:
    said = words(shop, f"telnet://{WAREHOUSE}:5432")
    assert said.stdout.startswith("welcome outside"), (said, shop.said())


def test_tls_is_begun_by_the_exit(shop: Shop) -> None:
    said = words(shop, "-H", "Host: safe.shop.svc", f"http://{SAFE}/a")
    assert said.stdout.startswith("outside /a for 10.88."), (said, shop.said())


def test_an_inner_address_is_refused_by_the_kernel(shop: Shop) -> None:
    """The range is open, but not to this destination: what DNS says of a public one counts not."""
    said = words(shop, "-w", "%{http_code}", f"http://{INNER}/")
    assert said.stdout.endswith("503")
    assert "outside" not in said.stdout


def test_the_fence_is_closed_otherwise(shop: Shop) -> None:
    other = shop.nodes.network.add("bystander")[1][0]
    for address in (f"http://{PAYMENTS}:81/", f"http://{other}/", "http://192.0.2.1/"):
        assert words(shop, address).returncode != 0
    shop.start(WEB.replace("NAME", "intruder"), "n1")
    try:
        for address in (f"http://{PAYMENTS}/v1/a", f"telnet://{WAREHOUSE}:5432"):
            assert "outside" not in words(shop, address, pod="intruder").stdout
    finally:
        shop.nodes.stop(shop.pods.pop("intruder"))
    # Whoever is not of the mesh gets nothing of the exit, nor of the gateway's other ports.
    for name, port in ((EGRESS, 15443), (EGRESS, 15006), (GATEWAY, 15443), (GATEWAY, 8080)):
        address = shop.pods[f"{name}-0"].addresses[0]
        assert shop.nodes.get(f"http://{address}:{port}/", 1)[0] == 0


def test_the_exit_itself_gets_nowhere_else(shop: Shop) -> None:
    """What runs as its proxy reaches public addresses only, whatever it is told."""
    pod = shop.pods[f"{EGRESS}-0"]
    target = shop.nodes.network.add("target")[1][0]
    for user in (61337, 1000):
        said = subprocess.run(
            [*pod.enter(user), "curl", "-sS", "-m", "3", f"http://{target}/"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert said.returncode == 7, said  # refused at once, not lost on the way
    listed = subprocess.run(
        ["ip", "netns", "exec", pod.namespace, "nft", "list", "ruleset"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "table inet seawall_egress_pod" in listed
    if shop.way.redirect is By.AGENT:  # it alone may look
        assert until(lambda: _refused_by_exit(shop) > 0, 60), shop.operate("status", "cluster")


def _refused_by_exit(shop: Shop) -> int:
    """What the status says that one of the exits has refused."""
    said = shop.operate("status", "cluster")
    (line,) = [one for one in said.splitlines() if f"{EGRESS}-0/" in one and "spiffe:" in one]
    return int(line.split()[-1].replace("-", "0"))


def test_in_comes_who_calls_the_gateway(shop: Shop) -> None:
    gateway = shop.pods[f"{GATEWAY}-0"]
    where = ["--resolve", f"shop.example.org:8443:{gateway.addresses[0]}", "-k"]

    def called(path: str, *more: str) -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", shop.nodes.network.router, "curl", "-sS", "-m", "5", *where,
             *more, "-w", " %{http_code}", f"https://shop.example.org:8443{path}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    assert until(lambda: called("/orders/1").startswith(MARK), 15), (
        called("/orders/1"), shop.said(),
    )  # fmt: skip
    said = called("/orders/1", "-H", "x-forwarded-client-cert: URI=spiffe://forged")
    assert "URI=spiffe://shop.example.org/ns/seawall-mesh/sa/seawall-mesh-gateway" in said
    assert "forged" not in said
    assert called("/other").endswith("404")
    assert called("/orders/1", "-X", "DELETE").endswith("403")
    # A renewed certificate is taken without a restart.
    fresh = made("shop.example.org")
    own = shop.nodes.volume_of(gateway, "tls")
    for name, text in secret_of(*fresh).items():
        (own / name).write_text(text)

    def presents() -> bool:
        done = subprocess.run(
            ["ip", "netns", "exec", shop.nodes.network.router, "curl", "-sS", "-m", "5",
             "--cacert", "/dev/stdin", *where[:2], "https://shop.example.org:8443/orders/1"],
            input=fresh[0], capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.startswith(MARK)

    assert until(presents, 20), shop.said()


def test_a_gateway_that_ends_ends_what_is_under_way_first(shop: Shop) -> None:
    """As a rolling update does: it takes what comes until others know, and cuts nothing."""
    gateway = shop.start_edge(GATEWAY, EDGES, "n1", 1)
    where = ["--resolve", f"shop.example.org:8443:{gateway.addresses[0]}", "-k", "-sS", "-m", "30"]
    enter = ["ip", "netns", "exec", shop.nodes.network.router]

    def call(path: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*enter, "curl", *where, f"https://shop.example.org:8443{path}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def said(called: "subprocess.Popen[str]") -> str:
        return called.communicate(timeout=60)[0]

    assert until(lambda: said(call("/orders/1")).startswith(MARK), 15), shop.said()
    slow = call("/orders/slow")
    time.sleep(1)
    shop.pods.pop(f"{GATEWAY}-1")
    stopping = threading.Thread(target=shop.nodes.stop, args=(gateway,))
    stopping.start()
    time.sleep(1)
    late = said(call("/orders/2"))
    assert late.startswith(MARK), (late, shop.said())
    text = said(slow)
    assert text.startswith(MARK), (text, shop.said())
    stopping.join(60)
    assert not stopping.is_alive()
    assert not said(call("/orders/1")).startswith(MARK)


def test_status_shows_both(shop: Shop) -> None:
    said = shop.operate("status", "cluster")
    assert ".egress-seawall-mesh/seawall-mesh-egress-0/" in said
    assert "seawall-mesh/seawall-mesh-gateway-0/" in said


def test_who_is_revoked_gets_out_no_more(shop: Shop) -> None:
    own = "spiffe://shop.example.org/ns/shop/sa/web"
    shop.operate("ca", "revoke", "cluster", own)
    try:
        assert until(lambda: "outside" not in shop.curl("web", f"http://{PAYMENTS}/v1/a").stdout)
    finally:
        shop.operate("ca", "restore", "cluster", own)
    assert until(lambda: "outside" in shop.curl("web", f"http://{PAYMENTS}/v1/a").stdout)


def test_one_of_two_exits_is_enough(shop: Shop) -> None:
    shop.nodes.stop(shop.pods.pop(f"{EGRESS}-1"))
    assert until(lambda: all(
        "outside" in shop.curl("web", f"http://{PAYMENTS}/v1/a").stdout for _ in range(6)
    ))  # fmt: skip

"""The webhook as a process: real TLS, real requests, odd ones, another certificate, its end."""

import asyncio
import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("cryptography")
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seawall.cli import mesh
from seawall.core.errors import UsageError
from seawall.mesh.injection.errors import SettingsError
from seawall.mesh.injection.http_server import Request, Response, Server
from seawall.mesh.injection.webhook import Certificate, Webhook
from tests.mesh.injection.samples import IMAGE, SETTINGS
from tests.mesh.injection.test_admission import asked, defaulted, patch_of

HOST = "localhost"


def certify(directory: Path) -> Path:
    """A certificate of its own for this host, made anew."""
    directory.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (directory / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (directory / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return directory


def client(directory: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(directory / "tls.crt"))


class Running:
    def __init__(self, process: "subprocess.Popen[str]", directory: Path) -> None:
        self.process = process
        self.directory = directory
        assert process.stdout is not None
        words = process.stdout.readline().replace(",", "").split()
        self.reviews, self.health = int(words[3]), int(words[7])

    def ask(self, body: bytes, path: str = "/inject") -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(
            HOST, self.reviews, context=client(self.directory), timeout=20
        )
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        found = response.status, response.read()
        connection.close()
        return found

    def look(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(HOST, self.health, timeout=20)
        connection.request("GET", path)
        response = connection.getresponse()
        found = response.status, response.read().decode()
        connection.close()
        return found


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    directory = certify(tmp_path / "certificate")
    command = [
        sys.executable, "-m", "seawall", "mesh", "webhook", "--image", IMAGE, "--listen",
        "localhost:0", "--metrics", "localhost:0", "--certificate", str(directory),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Running(process, directory)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_it_answers_an_api_server(running: Running) -> None:
    status, body = running.ask(json.dumps(asked(defaulted())).encode())
    assert status == 200
    assert patch_of(json.loads(body)["response"])
    refused = defaulted()
    refused["spec"]["hostNetwork"] = True
    _, body = running.ask(json.dumps(asked(refused)).encode())
    assert json.loads(body)["response"]["allowed"] is False
    assert running.ask(b"{}")[0] == 400
    assert running.ask(b"{}", "/other")[0] == 404
    assert running.look("/ready") == (200, "ok\n")
    assert running.look("/live") == (200, "ok\n")
    assert running.look("/other")[0] == 404
    counted = running.look("/metrics")[1]
    for line in ('{outcome="injected"} 1', '{outcome="refused"} 1', '{outcome="invalid"} 1'):
        assert line in counted
    # What is no TLS, or an old one, gets nothing, and ends nobody else.
    with socket.create_connection((HOST, running.reviews), timeout=20) as plain:
        plain.sendall(b"POST /inject HTTP/1.1\r\n\r\n")
        assert b"HTTP/1.1 200" not in plain.recv(4096)
    old = client(running.directory)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection((HOST, running.reviews), timeout=20) as raw,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(raw, server_hostname=HOST)
    assert running.ask(json.dumps(asked(defaulted())).encode())[0] == 200
    # It says that it leaves, still answers for a while, and ends well.
    running.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 20
    while running.look("/ready")[0] != 503:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert running.ask(json.dumps(asked(defaulted())).encode())[0] == 200
    assert running.process.wait(timeout=60) == 0


def test_a_new_certificate_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = certify(tmp_path / "certificate")
    own = Certificate(str(directory))
    assert not own.follow()
    certify(directory)
    assert own.follow()
    (directory / "tls.key").write_text("nothing")
    assert not own.follow()
    assert "is not taken" in capsys.readouterr().err


def test_where_it_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"put tls.crt and tls.key there"):
        Certificate(str(tmp_path))
    options = ["webhook", "--image", IMAGE, "--certificate", str(tmp_path)]
    for place in ("8443", ":x", ":70000"):
        with pytest.raises(UsageError, match="give one like"):
            mesh.run([*options, "--listen", place])
    directory = certify(tmp_path / "certificate")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match="choose another port"):
            mesh.run([*options[:3], "--certificate", str(directory), "--listen", place])


def test_a_defect_ends_one_review(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("odd")

    monkeypatch.setattr("seawall.mesh.injection.admission.review", broken)
    webhook = Webhook(SETTINGS)
    assert webhook.answer(Request("POST", "/inject", b"")).status == 500
    assert webhook.answer(Request("GET", "/inject", b"")).status == 405
    assert webhook.counts["failed"] == 1
    assert "RuntimeError: odd" in capsys.readouterr().err


def said(sent: bytes) -> bytes:
    """What a server answers to some bytes, after which nothing more comes."""

    async def main() -> bytes:
        server = Server(lambda request: Response(200, request.body or b"none"), 100)
        port = await server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            writer.write_eof()
            async with asyncio.timeout(20):
                return await reader.read()
        except ConnectionError:  # it was closed while we still wrote
            return b""
        finally:
            writer.close()
            await server.stop(1)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", 200),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab", 100),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nodd\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nodd : 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", 431),
    ],
)
def test_requests(sent: bytes, status: int) -> None:
    assert said(sent).startswith(b"HTTP/1.1 %d " % status)


def test_two_requests_on_one_connection() -> None:
    one = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n"
    answer = said(one + b"ab" + one + b"cd")
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert b"ab" in answer
    assert answer.endswith(b"cd")


@given(st.binary(max_size=200) | st.builds(b"GET / HTTP/1.1\r\n%b\r\n\r\n".__mod__, st.binary()))
def test_odd_bytes_end_in_an_answer_or_silence(sent: bytes) -> None:
    answer = said(sent)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")

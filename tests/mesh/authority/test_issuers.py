"""Issuers outside of the mesh, each against a double that keeps to its protocol."""

import json
import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.authority.issuers.asking import LARGEST
from seawall.mesh.authority.upstream import PendingError, Upstream, UpstreamError, upstream_of
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_authority_request
from tests.mesh.authority.issuing import Company
from tests.mesh.made import DOMAIN

REQUEST = make_authority_request(DOMAIN, new_key())


class Double:
    """An HTTP server whose answers a test sets; it remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, Any]] = []
        self.answers: list[tuple[int, bytes]] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                token = self.headers.get("authorization") or ""
                double.asked.append((self.command, self.path, token, body))
                status, data = double.answers.pop(0)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", "http://127.0.0.1:1/")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                self._any()

            def do_POST(self) -> None:
                self._any()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def will(self, status: int, body: object) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, data))


@pytest.fixture
def double() -> Iterator[Double]:
    made = Double()
    yield made
    made.server.shutdown()
    made.server.server_close()


def made(**settings: str) -> Upstream:
    found = upstream_of(settings)
    assert found is not None
    return found


def test_people_are_no_program() -> None:
    assert upstream_of({"type": "offline"}) is None


# Files --------------------------------------------------------------------------------------


def test_files_go_out_and_come_in(tmp_path: Path) -> None:
    company = Company()
    issuer = made(type="files", directory=str(tmp_path))
    with pytest.raises(PendingError, match=r"waits to be signed: put request-.*\.pem beside it"):
        issuer.sign(REQUEST, 700)
    with pytest.raises(PendingError):  # the same again, and no second file
        issuer.sign(REQUEST, 700)
    (path,) = tmp_path.glob("*.csr")
    assert path.read_bytes() == REQUEST
    assert path.with_suffix(".seconds").read_text() == "700\n"
    chain, bundle = company.pem(path.read_bytes(), 700)
    path.with_suffix(".pem").write_text(chain)
    with pytest.raises(PendingError, match=r"put roots\.pem beside it"):
        issuer.sign(REQUEST, 700)
    (tmp_path / "roots.pem").write_text(bundle)
    signed = issuer.sign(REQUEST, 700)
    assert signed.bundle == (company.root,)
    assert signed.chain[1] == company.below
    path.with_suffix(".pem").write_text("no certificate")
    with pytest.raises(UpstreamError, match="no certificate in PEM form"):
        issuer.sign(REQUEST, 700)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match=r"none: .*must be able to write"):
        made(type="files", directory=str(tmp_path / "none")).sign(REQUEST, 700)


# HTTP ---------------------------------------------------------------------------------------


def test_an_issuer_over_http_signs_at_once_or_later(double: Double, tmp_path: Path) -> None:
    company, secret = Company(), os.urandom(8).hex()
    (tmp_path / "token").write_text(f"{secret}\n")
    issuer = made(type="http", url=f"{double.url}/sign", token_file=str(tmp_path / "token"))
    double.will(202, {})
    with pytest.raises(PendingError):
        issuer.sign(REQUEST, 700)
    chain, bundle = company.pem(REQUEST, 700)
    double.will(200, {"chain": chain, "bundle": bundle})
    signed = issuer.sign(REQUEST, 700)
    assert signed.bundle == (company.root,)
    wanted = ("POST", "/sign", f"Bearer {secret}", {"csr": REQUEST.decode(), "ttl": 700})
    assert double.asked == [wanted, wanted]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (403, {"message": "who are you"}, r"answers 403 \(who are you\)"),
        (500, {}, r"answers 500 \(no reason given\)"),
        (301, {}, "answers 301"),
        (200, b"<html>", "without an object of JSON"),
        (200, b"[]", "without an object of JSON"),
        (200, b" " * (LARGEST + 1), "without an object of JSON"),
        (200, {}, "without chain and bundle"),
        (200, {"chain": "x", "bundle": "y"}, "without chain and bundle"),
    ],
)
def test_odd_answers_are_faults(double: Double, status: int, body: object, says: str) -> None:
    double.will(status, body)
    with pytest.raises(UpstreamError, match=says):
        made(type="http", url=double.url).sign(REQUEST, 700)


def test_an_issuer_is_asked_over_tls_or_on_this_host(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="is not https"):
        made(type="http", url="http://issuer.example.org/").sign(REQUEST, 700)
    with pytest.raises(UpstreamError, match="does not answer"):
        made(type="http", url="http://127.0.0.1:1/").sign(REQUEST, 700)
    with pytest.raises(UpstreamError, match="has no token"):
        made(type="http", url="https://x", token_file=str(tmp_path / "none")).sign(REQUEST, 700)


# cert-manager -------------------------------------------------------------------------------

PATH = "/apis/cert-manager.io/v1/namespaces/mesh/certificaterequests"


def certificate_request(status: object) -> dict[str, object]:
    return {"kind": "CertificateRequest", "status": status}


def condition(kind: str, status: str, reason: str) -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": f"because {reason}"}


def of_cluster(double: Double, directory: Path) -> Upstream:
    (directory / "token").write_text("t")
    return made(
        type="cert-manager", url=double.url, namespace="mesh", name="company",
        kind="ClusterIssuer", token_file=str(directory / "token"), ca_file="unused",
    )  # fmt: skip


def test_a_certificate_request_is_made_once_and_looked_at(double: Double, tmp_path: Path) -> None:
    company, issuer = Company(), of_cluster(double, tmp_path)
    double.will(404, {"kind": "Status", "message": "not found"})
    double.will(201, certificate_request(None))
    with pytest.raises(PendingError, match="nobody has looked at it"):
        issuer.sign(REQUEST, 700)
    (first, second) = double.asked
    assert first[0] == "GET"
    assert first[1].startswith(f"{PATH}/seawall-mesh-")
    assert second[:2] == ("POST", PATH)
    spec = second[3]["spec"]
    assert b64decode(spec["request"]) == REQUEST
    assert spec["isCA"] is True
    assert spec["duration"] == "700s"
    assert spec["usages"] == ["cert sign", "crl sign"]
    wanted = {"name": "company", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    assert spec["issuerRef"] == wanted
    assert first[1] == f"{PATH}/{second[3]['metadata']['name']}"
    double.will(200, certificate_request({"conditions": [condition("Ready", "False", "Pending")]}))
    with pytest.raises(PendingError, match="Pending"):
        issuer.sign(REQUEST, 700)
    chain, bundle = (b64encode(own.encode()).decode() for own in company.pem(REQUEST, 700))
    ready = {"conditions": [condition("Ready", "True", "Issued")], "certificate": chain,
             "ca": bundle}  # fmt: skip
    double.will(200, certificate_request(ready))
    signed = issuer.sign(REQUEST, 700)
    assert signed.bundle == (company.root,)
    double.will(200, certificate_request(ready | {"ca": None}))
    with pytest.raises(UpstreamError, match="without certificate and ca"):
        issuer.sign(REQUEST, 700)


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (condition("Denied", "True", "Policy"), r"refused \(because Policy\)"),
        (condition("InvalidRequest", "True", "Bad"), r"refused \(because Bad\)"),
        (condition("Ready", "False", "Failed"), r"refused \(because Failed\)"),
    ],
)
def test_a_refused_request_says_why(
    double: Double, tmp_path: Path, condition: dict[str, str], says: str
) -> None:
    double.will(200, certificate_request({"conditions": [condition]}))
    with pytest.raises(UpstreamError, match=says) as caught:
        of_cluster(double, tmp_path).sign(REQUEST, 700)
    assert not isinstance(caught.value, PendingError)


def test_what_the_cluster_refuses_is_said(double: Double, tmp_path: Path) -> None:
    issuer = of_cluster(double, tmp_path)
    double.will(403, {"kind": "Status", "message": "forbidden: no rights"})
    with pytest.raises(UpstreamError, match="forbidden: no rights"):
        issuer.sign(REQUEST, 700)
    double.will(404, {})
    double.will(409, {})
    with pytest.raises(PendingError, match="just been made"):
        issuer.sign(REQUEST, 700)

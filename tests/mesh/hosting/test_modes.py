"""A workload that takes plaintext for a while, and one that is no part of the mesh."""

import subprocess
import time
from datetime import UTC, datetime

import pytest

from tests.mesh.hosting.raised import MARK, Raised, raised, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {{}}
  orders:
    mode: {{permissive: {{until: "UNTIL"}}}}
{serving(8080, 9090)}    ports: {{8080: http, 9090: tcp}}
  old:
    mode: {{"off": {{reason: its vendor is gone}}}}
policy:
  - allow: {{from: web, to: orders}}
"""
SECONDS = 30


def test_plaintext_is_taken_until_its_end() -> None:
    end = time.time() + SECONDS
    text = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with raised(DESCRIPTION.replace("UNTIL", text)) as mesh:
        address = mesh.ask("Status")["workloads"]["orders"]["standing"]["addresses"][0]
        # Who is off has no proxy that would begin TLS, and is taken as it comes.
        assert mesh.until(lambda: MARK in _plain(mesh, address, 8080).stdout, 10)
        assert MARK in _plain(mesh, address, 9090).stdout
        said = mesh.curl("web", "http://orders:8080/")  # others go on with TLS
        assert MARK in said.stdout
        status = mesh.ask("Status")
        assert status["off"] == {"old": "its vendor is gone"}
        assert "old" not in status["workloads"]
        # Nobody is taken for somebody else, whatever he writes.
        forged = "x-forwarded-client-cert: URI=spiffe://shop.example.org/workload/web"
        assert MARK in _plain(mesh, address, 8080, "-H", forged).stdout
        assert mesh.until(lambda: _plaintext_of(mesh) >= 3, 12)  # told every five seconds
        time.sleep(max(0.0, end + 2 - time.time()))
        for port in (8080, 9090):
            said = _plain(mesh, address, port)
            assert said.returncode != 0, said
            assert MARK in mesh.curl("web", f"http://orders:{port}/").stdout


def _plaintext_of(mesh: Raised) -> int:
    counts = mesh.ask("Status")["workloads"]["orders"]["standing"]["counts"]
    return sum(value for key, value in counts.items() if key.startswith("plaintext:"))


def _plain(
    mesh: Raised, address: str, port: int, *options: str
) -> "subprocess.CompletedProcess[str]":
    return mesh.curl("old", f"http://{address}:{port}/", *options)

"""``seawall mesh verify`` on a mesh that is up: all attacks fail, and a hole is seen."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from seawall.mesh.hosting import network
from seawall.mesh.verifying.errors import VerifyError
from seawall.mesh.verifying.lines import Verdict
from seawall.mesh.verifying.running import Choice, verify
from seawall.reports import mesh_verify
from tests.mesh.lifted import Lifted, lifted, needs_host

pytestmark = needs_host
DESCRIPTION = """\
mesh: NAME
trustDomain: shop.example.org
certificates: {lifetime: 10s}
workloads:
  web: {}
  intruder: {}
  orders:
    command: [PYTHON, -m, http.server, "8080", --bind, "::", --directory, DIRECTORY/empty]
    user: 1001
    ports: {8080: http, 9090: tcp, 5432: {protocol: tcp, longLived: true}}
  open:
    ports: {7070: http}
policy:
  - allow: {from: web, to: orders}
  - allow: {from: "*", to: open}
"""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Lifted]:
    with lifted(DESCRIPTION, "v") as found:
        (found.directory / "empty").mkdir()
        yield found


def told(verdict: Verdict) -> str:
    return mesh_verify.text(verdict)


PATIENCE = [1.0, pytest.param(25.0, marks=pytest.mark.full)]
"""Seconds: with the longer one the ends of certificates are waited for."""


@pytest.mark.parametrize("patience", PATIENCE)
def test_all_attacks_fail(mesh: Lifted, patience: float) -> None:
    verdict = verify(mesh.layout, Choice(patience=patience))
    assert verdict.failed == (), told(verdict)
    attacks = {line.attack for line in verdict.lines if line.ok or patience < 12}
    for part in (
        "no certificate", "expired certificate", "certificate not yet valid", "another issuer",
        "another trust domain", "two URIs", "of an issuer as leaf", "key may sign", "TLS 1.2",
        "an id that no rule allows", "plaintext", "resumed", "says nothing", "straight to",
        "UDP", "raw socket", "becoming the proxy's user", "administration", "nobody declared",
        "no rule opens", "older than its certificate", "kept busy", "bundle deleted",
        "shows who it is",
    ):  # fmt: skip
        assert any(part in attack for attack in attacks), part
    # Where everybody of the mesh is let in, probes are not: they are no workloads.
    assert [
        line.seen
        for line in verdict.lines
        if line.attack == "an id that no rule allows" and line.target.startswith("open")
    ] == ["forbidden: HTTP/1.1 403 Forbidden"] * 2
    assert f"{network.prefix_of(mesh.layout.mesh)}.verify" not in network.namespaces_of(
        mesh.layout.mesh
    )


@pytest.mark.parametrize("patience", PATIENCE)
def test_what_is_killed_and_flushed(mesh: Lifted, patience: float) -> None:
    verdict = verify(mesh.layout, Choice(("web", "orders"), disturb=True, patience=patience))
    assert verdict.failed == (), told(verdict)
    assert patience < 20 or verdict.not_tried == (), told(verdict)
    attacks = " ".join(line.attack for line in verdict.lines)
    for part in ("proxy killed", "agent killed", "controller killed", "controller away",
                 "rules flushed", "plain text on the wire"):  # fmt: skip
        assert part in attacks


def test_a_hole_is_seen(mesh: Lifted) -> None:
    """Somebody lets port 8080 of a workload past its proxy, while nobody looks after the rules."""
    enter = ("ip", "netns", "exec", mesh.namespace("orders"))
    os.kill(mesh.supervisor, signal.SIGSTOP)
    try:
        for chain, rule in (("came", "tcp dport 8080 return"), ("came_fence", "accept")):
            words = f"insert rule inet seawall_mesh {chain} {rule}"
            subprocess.run([*enter, "nft", words], check=True)
        verdict = verify(mesh.layout, Choice(("orders",), patience=1.0))
    finally:
        os.kill(mesh.supervisor, signal.SIGCONT)
    seen = {(line.attack, line.seen) for line in verdict.failed}
    assert ("plaintext", "answered: HTTP/1.0 200 OK") in seen, told(verdict)
    assert any(attack == "straight to the proxy's port" for attack, _ in seen)
    assert mesh.until(lambda: not verify(mesh.layout, Choice(("orders",), patience=1.0)).failed)


def test_of_what_is_not_there(mesh: Lifted) -> None:
    with pytest.raises(VerifyError, match="nothere: no workload that is up here; name others"):
        verify(mesh.layout, Choice(("nothere",)))


def test_for_programs(mesh: Lifted) -> None:
    verdict = verify(mesh.layout, Choice(("intruder",), patience=1.0))
    plain = json.loads(mesh_verify.as_json(verdict))
    assert plain["ok"] is True
    assert plain["mesh"] == mesh.layout.mesh
    assert {"attack", "target", "expected", "seen", "ok"} == set(plain["lines"][0])

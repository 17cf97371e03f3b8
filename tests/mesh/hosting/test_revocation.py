"""Who is revoked is out at once, with all connections; who is not keeps theirs."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from seawall.mesh.authority.authority import Caller
from seawall.mesh.control.process import authority_in
from seawall.mesh.hosting import network
from seawall.mesh.identity.certificates import as_pem
from seawall.mesh.identity.keys import as_pem as key_as_pem
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.verifying.processes import held
from tests.mesh.hosting.raised import MARK, SYSTEM_PYTHON, Raised, raised, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
workloads:
  web: {{}}
  other: {{}}
  orders:
{serving(8080, 9090, 5432)}
    ports: {{8080: http, 9090: tcp, 5432: {{protocol: tcp, longLived: true}}}}
policy:
  - allow: {{from: "*", to: orders}}
"""
WEB = "spiffe://shop.example.org/workload/web"
PORTS = (8080, 9090, 5432)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Raised]:
    with raised(DESCRIPTION) as made:
        assert made.until(lambda: MARK in made.curl("web", "http://orders:8080/").stdout)
        yield made


def test_kept_connections_of_a_revoked_peer_are_ended(mesh: Raised) -> None:
    busy = [mesh.keep("web", "orders", port) for port in PORTS]
    idle = [mesh.keep("web", "orders", port, -1) for port in PORTS]
    others = [mesh.keep("other", "orders", port) for port in PORTS]
    time.sleep(0.5)
    mesh.ask("Revoke", id=WEB)
    try:
        assert mesh.until(lambda: all(kept.ended() for kept in busy), 20), [
            kept.lines()[-1] for kept in busy
        ]
        assert mesh.until(lambda: all(kept.ended() for kept in idle), 20)
        for port in PORTS:
            said = mesh.curl("web", f"http://orders:{port}/")
            assert MARK not in said.stdout
        established = subprocess.run(
            ["ss", "-N", f"seawall-{mesh.layout.mesh}.orders", "-Htn", "state", "established",
             "dst", _address(mesh, "web")], capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert established.stdout == ""
    finally:
        mesh.ask("Revoke", id=WEB, back=True)
    assert mesh.until(lambda: MARK in mesh.curl("web", "http://orders:8080/").stdout)
    for port in PORTS:
        assert MARK in mesh.curl("web", f"http://orders:{port}/").stdout
    # Nobody else has noticed.
    for kept in others:
        assert not kept.ended()
        assert {line[1] for line in kept.lines()} == {"200"}


def test_a_tainted_issuer_is_replaced_under_load(mesh: Raised) -> None:
    failures: list[str] = []
    done = threading.Event()
    kept = [mesh.keep("other", "orders", port) for port in PORTS]

    def load() -> None:
        while not done.is_set():
            for port in PORTS:
                said = mesh.curl("web", f"http://orders:{port}/")
                if MARK not in said.stdout:
                    failures.append(said.stdout + said.stderr)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        before = mesh.ask("Status")
        (tainted,) = (
            own["number"] for own in before["issuers"]
            if own["kind"] == "intermediate" and own["state"] == "active"
        )  # fmt: skip
        mesh.ask("Taint", number=tainted)
        assert mesh.until(lambda: tainted not in _issuers(mesh)), mesh.ask("Status")
        standings = [own["standing"] for own in mesh.ask("Status")["workloads"].values()]
        assert all(own["slot"] in _issuers(mesh) for own in standings)
    finally:
        done.set()
        thread.join()
    assert failures == []
    assert not any(own.ended() for own in kept)


def test_where_the_kernel_cannot_end_them_the_proxy_does(mesh: Raised) -> None:
    kept = [mesh.keep("web", "orders", port) for port in PORTS]
    os.rename(mesh.layout.cutter, f"{mesh.layout.cutter}.away")
    try:
        mesh.ask("Revoke", id=WEB)
        assert mesh.until(lambda: all(own.ended() for own in kept[1:]), 20)
        assert kept[0].refused()
    finally:
        os.rename(f"{mesh.layout.cutter}.away", mesh.layout.cutter)
        mesh.ask("Revoke", id=WEB, back=True)


_THIEF = """
import socket, ssl, sys, time
directory, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.load_cert_chain(directory + "/stolen.pem", directory + "/stolen.key")
kept = context.wrap_socket(socket.create_connection((host, port), 5))
try:
    while True:
        kept.sendall(b"GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
        print(time.time(), "200" if kept.recv(65536) else "end", flush=True)
        kept.settimeout(10)
        time.sleep(0.2)
except OSError as error:
    print(time.time(), "end", error, flush=True)
"""


def test_a_stolen_key_is_worth_nothing_from_elsewhere(mesh: Raised) -> None:
    authority = authority_in(mesh.layout.state, 3600)
    key = new_key()
    grant = authority.issue(make_request(parse(WEB), key), Caller("thief", lambda _: True))
    (mesh.directory / "stolen.pem").write_bytes(as_pem(grant.chain))
    (mesh.directory / "stolen.key").write_bytes(key_as_pem(key))
    switch = network.switch_of(mesh.layout.mesh)
    subprocess.run(
        ["ip", "-netns", switch, "addr", "add", "10.77.200.1/16", "dev", network.BRIDGE], check=True
    )
    command = ["ip", "netns", "exec", switch, SYSTEM_PYTHON, "-c", _THIEF, str(mesh.directory)]
    address = _address(mesh, "orders")
    thieves = [mesh.kept([*command, address, str(port)]) for port in (9090, 5432)]
    time.sleep(6)  # after a while proxies tell whose connections last
    assert not any(own.ended() for own in thieves), [own.lines() for own in thieves]
    mesh.ask("Revoke", id=WEB)
    try:
        assert mesh.until(lambda: all(own.ended() for own in thieves), 10)
    finally:
        mesh.ask("Revoke", id=WEB, back=True)


def _issuers(mesh: Raised) -> list[int]:
    return [own["number"] for own in mesh.ask("Status")["issuers"]]


def _address(mesh: Raised, workload: str) -> str:
    standing = mesh.ask("Status")["workloads"][workload]["standing"]
    return str(standing["addresses"][0])


def test_a_connection_that_lasts_ends_with_the_identity() -> None:
    """The usual connection ends by its age, a long-lived one only when no certificate follows."""
    description = DESCRIPTION.replace("workloads:", "certificates: {lifetime: 10s}\nworkloads:")
    with raised(description) as mesh:
        assert mesh.until(lambda: MARK in mesh.curl("web", "http://orders:8080/").stdout)
        usual, lasting = mesh.keep("web", "orders", 9090), mesh.keep("web", "orders", 5432)
        time.sleep(13)
        assert usual.ended()
        assert not lasting.ended()
        ends = _last_end(mesh)
        with held(mesh.pids("seawall.mesh.control.process"), mesh.layout):
            assert mesh.until(lasting.ended, 20)
        # Another certificate may have come between the question and the halt.
        assert ends < lasting.ended()


def _last_end(mesh: Raised) -> int:
    return int(mesh.ask("Status")["workloads"]["web"]["standing"]["ends"])

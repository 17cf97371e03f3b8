"""A description that real proxies refuse: it is taken back, said, and comes to nobody else."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seawall.cli.main import run as main
from seawall.mesh.authority.store import JournalLine, Store
from seawall.mesh.control.process import STORE
from seawall.mesh.hosting import administration, asking
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.plan.edges import is_exit
from tests.mesh.hosting.raised import MARK, Raised, raised, reason, serving

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason())
UNREADABLE = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
"""Looks like one, so it comes as far as Envoy."""
REFUSAL = "Failed to load trusted CA certificates"
"""What Envoy says to that."""


def described(ports: str = "{8080: http}", ca: str = "") -> str:
    """``ca`` is a file with whom a destination outside is trusted by; without it there is none."""
    text = f"""\
mesh: NAME
trustDomain: shop.example.org
drain: 1s
workloads:
  web: {{}}
  away: {{}}
  orders:
{serving(8080)}    ports: {ports}
policy:
  - allow: {{from: web, to: orders}}
"""
    if not ca:
        return text
    return f"""\
{text}  - allow: {{from: away, to: payments}}
external:
  payments:
    host: 127.0.0.1
    ports: {{443: {{protocol: http, tls: {{port: 443, name: pay.example.org, ca: {ca}}}}}}}
    private: [127.0.0.0/8]
"""


def authority_of_somebody() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests' CA")])
    now, day = datetime.now(UTC), timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - day).not_valid_after(now + day)
    may_sign = x509.BasicConstraints(ca=True, path_length=None)
    signed = made.add_extension(may_sign, critical=True).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


class Refusing:
    """A mesh that is told what its proxies do not take."""

    def __init__(self, mesh: Raised) -> None:
        self.mesh = mesh
        self.file = mesh.directory / f"{mesh.layout.mesh}.yaml"
        self.good, self.bad = (str(mesh.directory / name) for name in ("good.pem", "bad.pem"))
        Path(self.good).write_bytes(authority_of_somebody())
        Path(self.bad).write_text(UNREADABLE)

    def write(self, text: str) -> None:
        self.file.write_text(text.replace("NAME", self.mesh.layout.mesh))

    def apply(self, text: str) -> None:
        self.write(text)
        asking.ask(self.mesh.layout.requests, what="apply", file=str(self.file), dry=False)

    def had(self, name: str) -> object:
        """What a proxy has by now, but for secrets, as its administration tells it."""
        said = json.loads(administration.ask(self.mesh.layout.admin(name), "/config_dump")[1])
        return [own for own in said["configs"] if "Secrets" not in own["@type"]]

    def journal(self) -> list[JournalLine]:
        store = Store.open(os.path.join(self.mesh.layout.state, STORE))
        try:
            return store.journal()
        finally:
            store.close()

    def answers(self) -> bool:
        return self.mesh.curl("web", "http://orders:8080/").stdout.startswith(MARK)


@pytest.fixture(scope="module")
def refusing() -> Iterator[Refusing]:
    with raised(described()) as mesh:
        found = Refusing(mesh)
        assert mesh.until(found.answers)
        yield found


@pytest.fixture(autouse=True)
def as_before(refusing: Refusing) -> Iterator[None]:
    yield
    refusing.apply(described())


def _exit_of(mesh: Raised) -> str:
    (found,) = filter(is_exit, map(str, mesh.ask("Status")["workloads"]))
    return found


def test_what_an_exit_refuses_is_taken_back_everywhere(
    refusing: Refusing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh = refusing.mesh
    refusing.apply(described(ca=refusing.good))
    exit_ = _exit_of(mesh)
    assert mesh.until(lambda: mesh.ask("Status")["push"] is None)
    before = {name: refusing.had(name) for name in ("web", "away", "orders", exit_)}
    monkeypatch.setattr("seawall.mesh.hosting.layout.Layout", lambda _: mesh.layout)
    refusing.write(described("{8080: http, 9090: http}", refusing.bad))
    assert main(["mesh", "apply", str(refusing.file)]) == 2
    said = capsys.readouterr()
    assert "is as" not in said.out
    assert f"{exit_} does not take it: " in said.err
    assert REFUSAL in said.err
    assert "correct the file" in said.err
    assert main(["mesh", "status", mesh.layout.mesh]) == 0
    refusals = [line for line in capsys.readouterr().out.splitlines() if REFUSAL in line]
    assert refusals[0].startswith(f"refused by {exit_}: ")
    # The exit has what it had; so have those that never heard of it, to the last version.
    for name in ("web", "away", exit_):
        assert refusing.had(name) == before[name], name
    # Of workloads one has tried it, too: it took it, and is to have what it had before.
    assert mesh.until(lambda: "9090" not in json.dumps(refusing.had("orders")))
    assert not mesh.curl("web", "http://orders:9090/").stdout
    assert refusing.answers()
    events = [own[1] for own in refusing.journal()]
    stopped = events.index("declaration stopped")
    assert events[stopped - 1] == "declaration tried"
    # What is right goes to all, although the one before did not.
    refusing.apply(described("{8080: http, 9090: http}", refusing.good))
    assert mesh.until(lambda: mesh.curl("web", "http://orders:9090/").stdout)


def test_what_a_new_exit_refuses_is_taken_back_at_once(refusing: Refusing) -> None:
    """It has nothing to go back to: it goes, and nobody waits until it would be ready."""
    mesh = refusing.mesh
    before = {name: refusing.had(name) for name in ("web", "orders")}
    with pytest.raises(HostError, match=REFUSAL):
        refusing.apply(described(ca=refusing.bad))
    assert not any(map(is_exit, mesh.ask("Status")["workloads"]))
    assert not mesh.pids(r"proxies/[.]egress")
    assert refusing.answers()
    for name, had in before.items():
        assert refusing.had(name) == had, name
    assert mesh.until(lambda: "payments" not in json.dumps(refusing.had("away")))


def test_what_does_not_come_up_says_why(tmp_path: Path) -> None:
    """A mesh that is brought up with what its exit refuses is not, and nothing is left of it."""
    bad = tmp_path / "bad.pem"
    bad.write_text(UNREADABLE)
    tmp_path.chmod(0o755)
    with pytest.raises(AssertionError, match=REFUSAL), raised(described(ca=str(bad))):
        pytest.fail("it came up")

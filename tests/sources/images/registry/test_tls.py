"""Certificates: authorities, our own, and none."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.configuration import Mirror, Place, Rule, Rules
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.registry import Registry
from seawall.sources.images.registry.resolving import Images
from seawall.sources.images.registry.tls import Certificates, directories
from tests.sources.http.support import Waits
from tests.sources.images.registry.conftest import connecting
from tests.sources.images.registry.double import Double, running
from tests.sources.images.registry.made import Made


def make(directory: Path, name: str, address: str) -> None:
    """A certificate that nobody vouches for but itself, for a name or an address."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={address}",
         "-keyout", f"{name}.key", "-out", f"{name}.pem"],
        cwd=directory, check=True, capture_output=True,
    )  # fmt: skip
    both = (directory / f"{name}.key").read_text() + (directory / f"{name}.pem").read_text()
    (directory / f"{name}.both").write_text(both)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is needed to make a certificate")
    directory = tmp_path_factory.mktemp("tls")
    make(directory, "server", "IP:127.0.0.1")
    make(directory, "client", "DNS:client")
    return directory


@pytest.fixture
def double(made: Path) -> Iterator[Double]:
    with running(str(made / "server.both")) as found:
        found.push(Made())
        yield found


def registry(double: Double, waits: Waits, places: Path | None, *, insecure: bool) -> Registry:
    """As of a host that is not on this machine, whose certificate would not be looked at."""
    own = Certificates([str(places)] if places else [], {double.host} if insecure else set())
    found = Registry(double.host, connecting(waits)(own.of), Credentials({}), insecure=insecure)
    if not insecure:
        found._base = double.base
    return found


def test_nobody_vouches_for_it(double: Double, waits: Waits) -> None:
    with pytest.raises(RegistryError, match=r"certs\.d.*SSL_CERT_FILE") as raised:
        registry(double, waits, None, insecure=False).digest("shop/web", "1")
    assert raised.value.kind == "untrusted"
    assert waits == []


def test_an_authority_of_ones_own(double: Double, waits: Waits, made: Path, tmp_path: Path) -> None:
    place = tmp_path / double.host
    place.mkdir()
    shutil.copy(made / "server.pem", place / "ca.crt")
    assert registry(double, waits, tmp_path, insecure=False).digest("shop/web", "1")


def test_an_authority_in_the_environment(
    double: Double, waits: Waits, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(made / "server.pem"))
    assert registry(double, waits, None, insecure=False).digest("shop/web", "1")


def test_none_is_looked_at(double: Double, waits: Waits) -> None:
    assert registry(double, waits, None, insecure=True).digest("shop/web", "1")


def test_who_we_are(waits: Waits, made: Path, tmp_path: Path) -> None:
    authority = str(made / "client.pem")
    with running(str(made / "server.both"), client_authority=authority) as double:
        double.push(Made())
        place = tmp_path / double.host
        place.mkdir()
        shutil.copy(made / "server.pem", place / "ca.crt")
        with pytest.raises(RegistryError):
            registry(double, waits, tmp_path, insecure=False).digest("shop/web", "1")
        shutil.copy(made / "client.pem", place / "client.cert")
        shutil.copy(made / "client.key", place / "client.key")
        assert registry(double, waits, tmp_path, insecure=False).digest("shop/web", "1")


@pytest.mark.parametrize("name", ["ca.crt", "client.cert"])
def test_certificates_that_are_none(
    double: Double, waits: Waits, tmp_path: Path, name: str
) -> None:
    place = tmp_path / double.host
    place.mkdir()
    (place / name).write_text("x")
    with pytest.raises(RegistryError, match=f"cannot use .*{name}.*; correct or remove it"):
        registry(double, waits, tmp_path, insecure=False).digest("shop/web", "1")


def test_encryption_on_this_machine_is_found_out(double: Double, waits: Waits) -> None:
    images = Images(Access(Credentials({}), connect=connecting(waits)))
    assert images.digest(f"{double.host}/shop/web:1")


def test_no_encryption_where_that_is_allowed(waits: Waits) -> None:
    with running() as plain:
        plain.push(Made())
        # The client's hello is no line, so a server of Python waits for its end.
        found = Registry(
            plain.host, connecting(waits)(Certificates((), {plain.host}).of), Credentials({}),
            insecure=True,
        )  # fmt: skip
        assert found._found(("http", "https")) == plain.base
        assert found.digest("shop/web", "1")


def test_a_mirror_may_be_insecure(double: Double, waits: Waits) -> None:
    rules = Rules([Rule("a.example", mirrors=(Mirror(double.host, insecure=True),))])
    images = Images(Access(Credentials({}), rules, connect=connecting(waits)))
    image = images.resolve("a.example/shop/web:1")
    assert image.place == Place(double.host, "shop/web", insecure=True)


def test_where_they_lie() -> None:
    found = directories({"HOME": "/h"})
    assert found == (
        "/h/.config/containers/certs.d",
        "/etc/containers/certs.d",
        "/etc/docker/certs.d",
    )
    assert directories({"HOME": "/h", "XDG_CONFIG_HOME": "/x"})[0] == "/x/containers/certs.d"
    assert directories({}) == found[1:]
    assert Certificates(["/nowhere"]).of("../..") is None

"""What update-ca-certificates makes: the bundle and the links of certificates."""

import shutil
import subprocess
from pathlib import Path

import pytest

from seawall.patching.certificates import subject_hash
from tests.patching.makers import Deb, Link, Tree, debian
from tests.patching.support import files_of, patch_with, text_of

CERTIFICATES = sorted(Path("/etc/ssl/certs").glob("*.pem"))
HASHED = sorted(Path("/etc/ssl/certs").glob("*.[0-9]"))


@pytest.mark.skipif(len(HASHED) < 50, reason="there are no certificates on this machine")
def test_names_of_links_are_those_that_openssl_made() -> None:
    for path in HASHED:
        assert subject_hash(path.read_bytes()) == path.name.partition(".")[0], path


def made(tmp_path: Path, name: str, subject: str) -> str:
    """A certificate, made by OpenSSL."""
    if not shutil.which("openssl"):
        pytest.skip("OpenSSL is not here")
    out = tmp_path / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "/dev/null", "-subj", subject, "-utf8", "-days", "30", "-out", out],
        check=True, capture_output=True,
    )  # fmt: skip
    return out.read_text()


@pytest.mark.parametrize(
    "subject",
    ["/CN=plain", "/C=DE/O=  Two   Words  /CN=Ümläut ß", "/CN=\u4f60\u597d/emailAddress=A@B.ORG"],
)
def test_names_are_hashed_as_openssl_does(tmp_path: Path, subject: str) -> None:
    text = made(tmp_path, "a", subject)
    told = subprocess.run(["openssl", "x509", "-noout", "-hash"], input=text, text=True,
                          capture_output=True, check=True).stdout  # fmt: skip
    assert subject_hash(text.encode()) == told.strip()


@pytest.mark.parametrize(
    "data", [b"", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_has_no_hash(data: bytes) -> None:
    assert subject_hash(data) == ""


def test_the_bundle_is_made_of_what_is_chosen(tmp_path: Path) -> None:
    share = "usr/share/ca-certificates/mozilla"
    texts = {name: made(tmp_path, name, f"/CN={name}") for name in ("a", "b", "c", "d", "own")}
    script = {"postinst": "#!/bin/sh\nset -e\nupdate-ca-certificates\n"}
    old = Deb("ca-certificates", "1", {f"{share}/{name}.crt": texts[name] for name in "abc"},
              architecture="all", scripts=script)  # fmt: skip
    new = Deb("ca-certificates", "2", {f"{share}/{name}.crt": texts[name] for name in "bcd"},
              architecture="all", scripts={"postinst": script["postinst"] + "more\n"})  # fmt: skip
    extra: Tree = {
        "etc/ca-certificates.conf": "# chosen\nmozilla/a.crt\n!mozilla/b.crt\nmozilla/c.crt\n",
        "usr/local/share/ca-certificates/own.crt": texts["own"],
        "etc/ssl/certs/ca-certificates.crt": texts["a"] + texts["c"] + texts["own"],
        "etc/ssl/certs/a.pem": Link("/usr/share/ca-certificates/mozilla/a.crt"),
        "etc/ssl/certs/c.pem": Link("/usr/share/ca-certificates/mozilla/c.crt"),
        "etc/ssl/certs/01234567.0": Link("a.pem"), "etc/ssl/certs/mine": Link("/srv/x.pem"),
        "etc/ssl/certs/snake.pem": texts["b"], "etc/ssl/certs/89abcdef.0": Link("snake.pem"),
    }  # fmt: skip
    found = patch_with(tmp_path, debian(old, extra=extra), new)
    files = files_of(found)
    assert text_of(found, "etc/ca-certificates.conf") == (
        "# chosen\n!mozilla/a.crt\n!mozilla/b.crt\nmozilla/c.crt\nmozilla/d.crt\n"
    )
    bundle = texts["c"] + texts["d"] + texts["own"]
    assert text_of(found, "etc/ssl/certs/ca-certificates.crt") == bundle
    links = {path: each.link for path, each in files.items()
             if path.startswith("etc/ssl/certs/") and each.link}  # fmt: skip
    hashes = {f"etc/ssl/certs/{subject_hash(texts[name].encode())}.0": f"{name}.pem"
              for name in ("c", "d", "own")}  # fmt: skip
    assert links == {
        "etc/ssl/certs/c.pem": "/usr/share/ca-certificates/mozilla/c.crt",
        "etc/ssl/certs/d.pem": "/usr/share/ca-certificates/mozilla/d.crt",
        "etc/ssl/certs/own.pem": "/usr/local/share/ca-certificates/own.crt",
        "etc/ssl/certs/mine": "/srv/x.pem", "etc/ssl/certs/89abcdef.0": "snake.pem", **hashes,
    }  # fmt: skip

"""Signatures over the packages of apk, against OpenSSL where it is, and against forgers."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.patching.rsa import Key, is_signed, key_of
from tests.patching.rsa_keys import pair, pem

DATA = b"what is signed"


def key(seed: int = 1) -> Key:
    found = key_of(pair(seed).public)
    assert found is not None
    return found


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_what_was_signed_is_known(algorithm: str) -> None:
    signature = pair(1).sign(DATA, algorithm)
    assert is_signed(key(), signature, algorithm, DATA)
    assert not is_signed(key(), signature, algorithm, DATA + b".")
    assert not is_signed(key(2), signature, algorithm, DATA)
    others = {"sha1", "sha256", "sha512"} - {algorithm}
    assert not any(is_signed(key(), signature, other, DATA) for other in others)


@pytest.mark.skipif(not shutil.which("openssl"), reason="OpenSSL is not here")
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_openssl_signs_alike(tmp_path: Path, algorithm: str) -> None:
    def run(*words: str | Path) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    run("genrsa", "-out", tmp_path / "key", "2048")
    run("rsa", "-in", tmp_path / "key", "-pubout", "-out", tmp_path / "public")
    (tmp_path / "data").write_bytes(DATA)
    run("dgst", f"-{algorithm}", "-sign", tmp_path / "key", "-out", tmp_path / "signature",
        tmp_path / "data")  # fmt: skip
    found = key_of((tmp_path / "public").read_bytes())
    assert found is not None
    assert is_signed(found, (tmp_path / "signature").read_bytes(), algorithm, DATA)


@given(st.binary(max_size=130))
@settings(max_examples=200, deadline=None)
def test_no_other_signature_is_taken(signature: bytes) -> None:
    assert not is_signed(key(), signature, "sha256", DATA)


def test_bytes_behind_a_digest_are_no_signature() -> None:
    """What was forged for keys with a small exponent (CVE-2006-4339) has room behind the digest."""
    own = pair(1)
    size = own.modulus.bit_length() // 8
    good = pow(int.from_bytes(own.sign(DATA)), 65537, own.modulus).to_bytes(size)
    short = b"\0\1" + b"\xff" * 8 + good[good.index(b"\0", 2) :]
    forged = int.from_bytes(short.ljust(size, b"\1"))
    signature = pow(forged, own.secret, own.modulus).to_bytes(size)
    assert not is_signed(key(), signature, "sha1", DATA)


def test_a_signature_plus_the_modulus_is_none() -> None:
    own = pair(1)
    number = int.from_bytes(own.sign(DATA)) + own.modulus
    assert not is_signed(key(), number.to_bytes(own.modulus.bit_length() // 8 + 1), "sha1", DATA)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----\n",
        pem(2**512 + 1, 65537), pem(pair(1).modulus, 1), pair(1).public.replace(b"MIG", b"MIH"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_none(data: bytes) -> None:
    assert key_of(data) is None


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_broken_keys_raise_nothing(data: st.DataObject) -> None:
    public = bytearray(pair(1).public)
    for _ in range(3):
        public[data.draw(st.integers(0, len(public) - 1))] = data.draw(st.integers(0, 255))
    key_of(bytes(public))

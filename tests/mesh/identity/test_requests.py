"""Requests: what counts of them, and that no odd one breaks the reader."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import as_der, fingerprint, from_der, new_key
from seawall.mesh.identity.requests import LARGEST, make_request, read_request
from tests.mesh.made import WEB


def test_there_and_back() -> None:
    key = new_key()
    name, public = read_request(make_request(WEB, key))
    assert name == WEB
    assert fingerprint(public) == fingerprint(key.public_key())


def _asking(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *names: str) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names:
        uris = [x509.UniformResourceIdentifier(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(uris), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_other_keys_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(IdentityError, match="not P-256"):
            read_request(_asking(key, str(WEB)))


def test_one_name_no_more_no_less() -> None:
    for names in ((), (str(WEB), "spiffe://mesh.example.org/ns/shop/sa/admin")):
        with pytest.raises(IdentityError, match="names one URI"):
            read_request(_asking(new_key(), *names))


def test_another_signature_is_refused() -> None:
    data = bytearray(make_request(WEB, new_key()))
    data[-5] ^= 1
    with pytest.raises(IdentityError, match=r"not signed|no certificate request"):
        read_request(bytes(data))


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_any_bytes(garbage: bytes, at: int, byte: int) -> None:
    data = bytearray(make_request(WEB, _KEY))
    data[at % len(data)] = byte
    for given_ in (garbage, bytes(data)):
        try:
            name, _ = read_request(given_)
        except IdentityError:
            continue
        assert name == WEB


_KEY = new_key()


def test_size_has_a_limit() -> None:
    with pytest.raises(IdentityError, match="bytes: send"):
        read_request(b"0" * (LARGEST + 1))


def test_keys_come_back_and_others_do_not() -> None:
    key = new_key()
    assert fingerprint(from_der(as_der(key)).public_key()) == fingerprint(key.public_key())
    for wrong in (b"", b"nothing"):
        with pytest.raises(IdentityError, match="not a private key"):
            from_der(wrong)

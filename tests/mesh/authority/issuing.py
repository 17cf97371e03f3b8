"""An issuer of others, made for tests: a root that knows nothing of SPIFFE, and one below it."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from seawall.mesh.authority.upstream import Signed
from seawall.mesh.identity.certificates import as_pem
from seawall.mesh.identity.keys import PrivateKey, PublicKey, new_key
from tests.mesh.made import NOW


def _time(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _authority(
    name: str, key: PublicKey, issuer: str, issuer_key: PrivateKey, now: int, life: int
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name((x509.NameAttribute(NameOID.COMMON_NAME, text),))

    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
    builder = builder.public_key(key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(_time(now - 60)).not_valid_after(_time(now + life))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.add_extension(_usage(), critical=True).sign(issuer_key, hashes.SHA256())


class Company:
    """A company's own authority: root, and one below it that signs what is asked for."""

    def __init__(self, now: int = NOW, life: int = 1_000_000) -> None:
        self.now, self.life = now, life
        self._root_key, self._key = new_key(), new_key()
        self.root = _authority(
            "company root", self._root_key.public_key(), "company root", self._root_key, now, life
        )
        self.below = _authority(
            "company below", self._key.public_key(), "company root", self._root_key, now, life
        )

    def sign(self, request: bytes, lifetime: int) -> Signed:
        """As the interface has it."""
        asked = x509.load_pem_x509_csr(request)
        assert asked.is_signature_valid
        builder = x509.CertificateBuilder().subject_name(asked.subject)
        builder = builder.issuer_name(self.below.subject).public_key(asked.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(_time(self.now - 60))
        builder = builder.not_valid_after(_time(self.now + lifetime))
        for extension in asked.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        return Signed((builder.sign(self._key, hashes.SHA256()), self.below), (self.root,))

    def pem(self, request: bytes, lifetime: int) -> tuple[str, str]:
        """The same in PEM form: chain, bundle."""
        signed = self.sign(request, lifetime)
        return as_pem(signed.chain).decode(), as_pem(signed.bundle).decode()

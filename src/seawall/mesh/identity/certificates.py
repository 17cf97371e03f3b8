"""Certificates of the mesh: the profile of X.509-SVIDs (X509-SVID.md) and of their issuers.

Times are seconds since the epoch. Every certificate is ECDSA P-256 with SHA-256, and its serial
number has 128 random bits.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.keys import PrivateKey, PublicKey, checked
from seawall.mesh.identity.spiffe_id import SpiffeId, parse

SKEW = 30
"""Seconds that a certificate holds already before it is made: clocks differ."""
HASH = hashes.SHA256()
_SERIAL_BITS = 128


class Validity(NamedTuple):
    """From when until when, inclusive."""

    begin: int
    end: int

    @property
    def issued(self) -> int:
        """When it was made: certificates begin a little earlier."""
        return min(self.begin + SKEW, self.end)

    def share(self, part: float) -> float:
        """The time at which a share of its life is over, from when it was made."""
        return self.issued + (self.end - self.issued) * part


class Issuer(NamedTuple):
    """A certificate that signs others, with its key."""

    certificate: x509.Certificate
    key: PrivateKey


def new_serial() -> int:
    """A serial number that nobody can guess and nobody has had (RFC 5280 4.1.2.2)."""
    return secrets.randbits(_SERIAL_BITS) | 1 << (_SERIAL_BITS - 2)


def make_root(name: SpiffeId, key: PrivateKey, validity: Validity) -> x509.Certificate:
    """A self-signed certificate for a trust domain; it signs intermediates and nothing else."""
    subject = _subject(name, "root")
    builder = _authority(name, subject, key.public_key(), validity, path_length=1)
    return _signed(builder, subject, key.public_key(), key)


def make_intermediate(
    name: SpiffeId, key: PublicKey, validity: Validity, root: Issuer
) -> x509.Certificate:
    """A certificate that issues those of workloads. It never outlives its root."""
    subject = _subject(name, "intermediate")
    builder = _authority(name, subject, key, _within(validity, root), path_length=0)
    return _signed_by(builder, root)


def make_leaf(
    name: SpiffeId,
    key: PublicKey,
    validity: Validity,
    issuer: Issuer,
    serial: int,
    hosts: Sequence[str] = (),
) -> x509.Certificate:
    """The certificate of a workload: an X.509-SVID. It never outlives its issuer.

    ``hosts`` are names by which clients that know nothing of SPIFFE look for a server.
    """
    if not name.is_workload:
        raise IdentityError(f"{name} is a trust domain: use an id with a path for a workload")
    builder = _builder(checked(key), _within(validity, issuer), serial)
    builder = builder.subject_name(x509.Name(()))
    # A critical extension, as the subject is empty (RFC 5280 4.2.1.6).
    builder = builder.add_extension(_alternative(name, hosts), critical=True)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(is_authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(_BOTH_WAYS), critical=False)
    return _signed_by(builder, issuer)


class Odd(NamedTuple):
    """What is wrong with a leaf of :func:`make_odd_leaf`, beside its names and times."""

    is_authority: bool = False
    may_sign: bool = False


def make_odd_leaf(
    names: Sequence[SpiffeId],
    key: PublicKey,
    validity: Validity,
    issuer: Issuer,
    serial: int,
    odd: Odd,
) -> x509.Certificate:
    """A leaf that whoever checks it must refuse (X509-SVID.md 5.2): to see whether they do.

    It never says both that it is an issuer and that its key may sign, so it is none.
    """
    if odd.is_authority and odd.may_sign:
        raise IdentityError("a probe that could sign others is never made: ask for one oddity")
    builder = _builder(checked(key), validity, serial).subject_name(x509.Name(()))
    uris = [x509.UniformResourceIdentifier(str(name)) for name in names]
    builder = builder.add_extension(x509.SubjectAlternativeName(uris), critical=True)
    constraints = x509.BasicConstraints(
        ca=odd.is_authority, path_length=0 if odd.is_authority else None
    )
    builder = builder.add_extension(constraints, critical=True)
    usage = _usage(is_authority=odd.may_sign, both=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(_BOTH_WAYS), critical=False)
    return _signed_by(builder, issuer)


def as_pem(chain: Sequence[x509.Certificate]) -> bytes:
    """Certificates one after the other, as Envoy takes a chain or a bundle."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def from_pem(data: bytes) -> list[x509.Certificate]:
    """The certificates in a text; raises :class:`IdentityError` where there is none."""
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise IdentityError(f"no certificate in PEM form: {error}; check the file") from None


def validity_of(certificate: x509.Certificate) -> Validity:
    """From when until when a certificate holds."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Validity(int(begin.timestamp()), int(end.timestamp()))


def names_of(certificate: x509.Certificate) -> list[str]:
    """Every URI among its alternative names, as written."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.UniformResourceIdentifier)


def id_of(certificate: x509.Certificate) -> SpiffeId:
    """The one id that a certificate is for (X509-SVID.md 2)."""
    names = names_of(certificate)
    if len(names) != 1:
        raise IdentityError(
            f"a certificate for a workload has one URI, this one has {len(names)}: issue another"
        )
    return parse(names[0])


_BOTH_WAYS = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def _subject(name: SpiffeId, role: str) -> x509.Name:
    """Issuers have names for people; the number tells two of one trust domain apart."""
    number = secrets.token_hex(4)
    return x509.Name(
        (
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name.trust_domain[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"seawall mesh {role} {number}"),
        )
    )


def _within(validity: Validity, issuer: Issuer) -> Validity:
    """A validity that does not go beyond its issuer's, as nobody would accept the rest."""
    own = validity_of(issuer.certificate)
    within = Validity(max(validity.begin, own.begin), min(validity.end, own.end))
    if within.begin >= within.end:
        raise IdentityError(
            f"the issuing certificate ends at {_time(own.end).isoformat()}: "
            "rotate it with seawall mesh ca rotate"
        )
    return within


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _builder(key: PublicKey, validity: Validity, serial: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(_time(validity.begin))
        .not_valid_after(_time(validity.end))
    )


def _authority(
    name: SpiffeId, subject: x509.Name, key: PublicKey, validity: Validity, *, path_length: int
) -> x509.CertificateBuilder:
    """A certificate that signs others; its id is the trust domain's (X509-SVID.md 3.2)."""
    builder = _builder(key, validity, new_serial()).subject_name(subject)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=path_length), critical=True
    )
    builder = builder.add_extension(_usage(is_authority=True), critical=True)
    builder = builder.add_extension(_alternative(SpiffeId(name.trust_domain)), critical=False)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _alternative(name: SpiffeId, hosts: Sequence[str] = ()) -> x509.SubjectAlternativeName:
    own = x509.UniformResourceIdentifier(str(name))
    return x509.SubjectAlternativeName((own, *map(x509.DNSName, hosts)))


def _usage(*, is_authority: bool, both: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=both or not is_authority,
        key_cert_sign=is_authority, crl_sign=is_authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _signed_by(builder: x509.CertificateBuilder, issuer: Issuer) -> x509.Certificate:
    key = checked(issuer.certificate.public_key())
    return _signed(builder, issuer.certificate.subject, key, issuer.key)


def _signed(
    builder: x509.CertificateBuilder, name: x509.Name, public: PublicKey, key: PrivateKey
) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    return builder.issuer_name(name).add_extension(identifier, critical=False).sign(key, HASH)

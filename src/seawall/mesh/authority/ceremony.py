"""A root that lives elsewhere: made on a machine of its own, its key in a file under a passphrase.

Root: ``make``; then for each intermediate: the mesh makes a request, ``sign`` signs it where the
key is, and the mesh installs what came of it. Only the request and the certificates travel.
"""

from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from seawall.mesh.authority.authority import DAY
from seawall.mesh.identity import certificates, keys
from seawall.mesh.identity.certificates import SKEW, Issuer, Validity
from seawall.mesh.identity.errors import IdentityError
from seawall.mesh.identity.requests import from_pem, read_request
from seawall.mesh.identity.spiffe_id import SpiffeId

ROOT_DAYS, INTERMEDIATE_DAYS = 5 * 365, 90
SHORTEST_PASSPHRASE = 12
_ROUNDS = 1_000_000
"""Of PBKDF2 with SHA-256 (PKCS #5): a good part of a second for each guess."""
_NAME = b"seawall mesh root"


class MadeRoot(NamedTuple):
    """A new root: what everybody may see, and what nobody may."""

    certificate: bytes
    """PEM."""
    key: bytes
    """The certificate with its key, encrypted (PKCS #12)."""


def make(trust_domain: SpiffeId, passphrase: bytes, days: int, now: int) -> MadeRoot:
    """A root for a trust domain."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise IdentityError(
            f"the passphrase has {len(passphrase)} bytes: take {SHORTEST_PASSPHRASE} at least"
        )
    key = keys.new_key()
    root = certificates.make_root(trust_domain, key, Validity(now - SKEW, now + days * DAY))
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    sealed = pkcs12.serialize_key_and_certificates(_NAME, key, root, None, encryption)
    return MadeRoot(certificates.as_pem((root,)), sealed)


def opened(key: bytes, passphrase: bytes) -> Issuer:
    """A root with its key; raises :class:`IdentityError` where they cannot be had."""
    try:
        found, certificate, _ = pkcs12.load_key_and_certificates(key, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityError(
            f"the root's key cannot be opened ({error}): see that file and passphrase are right"
        ) from None
    if not isinstance(found, ec.EllipticCurvePrivateKey) or certificate is None:
        raise IdentityError("the file has no root with its key: name the one that ca init made")
    return Issuer(certificate, found)


def sign(root: Issuer, request: bytes, days: int, now: int) -> bytes:
    """The chain for a request (PEM) of the root's own trust domain, PEM."""
    name, key = read_request(from_pem(request))
    domain = certificates.id_of(root.certificate)
    if name != domain:
        raise IdentityError(f"the request is for {name}, the root for {domain}: sign its own only")
    validity = Validity(now - SKEW, now + days * DAY)
    return certificates.as_pem((certificates.make_intermediate(name, key, validity, root),))

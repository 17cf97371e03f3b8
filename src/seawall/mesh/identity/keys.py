"""Private keys: P-256 only, made where they are used, never written to disk there."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from seawall.mesh.identity.errors import IdentityError

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


def new_key() -> PrivateKey:
    """A key of its own for each certificate: a renewed certificate has another one."""
    return ec.generate_private_key(ec.SECP256R1())


def as_der(key: PrivateKey) -> bytes:
    """PKCS #8 (RFC 5208), unencrypted: for memory, and for what is encrypted around it."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def as_pem(key: PrivateKey) -> bytes:
    """The same as a text, as Envoy takes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_der(data: bytes) -> PrivateKey:
    """The key in a PKCS #8 structure; raises :class:`IdentityError` where there is none."""
    try:
        key = load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityError(f"not a private key: {error}; restore it from a backup") from None
    if not isinstance(key, PrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IdentityError("not a P-256 key; make a new one with seawall mesh ca init")
    return key


def fingerprint(key: PublicKey) -> str:
    """SHA-256 of the key as SubjectPublicKeyInfo, hexadecimal: what audit lines name it by."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


def checked(key: object) -> PublicKey:
    """A public key, if it is one that certificates are issued for."""
    if not isinstance(key, PublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IdentityError("the key is not P-256, the only kind that the mesh takes; make one")
    return key

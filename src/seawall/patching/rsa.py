"""Signatures of Alpine's packages: RSA with PKCS #1 v1.5 (RFC 8017, section 8.2.2).

To verify one needs no secret and no library: the signature to the power of the exponent must be,
to the byte, what a right one would be. Keys are those of ``/etc/apk/keys``: SubjectPublicKeyInfo in
PEM (RFC 5280, section 4.1; RFC 7468).
"""

import hashlib
from base64 import b64decode
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.patching import der

_PEM = pattern(rb"-----BEGIN PUBLIC KEY-----\s+(.*?)-----END PUBLIC KEY-----", 16)
_RSA = bytes.fromhex("2a864886f70d010101")
"""The object identifier of rsaEncryption: 1.2.840.113549.1.1.1."""
_LEAST, _MOST = 1024, 16384
"""Bits of a key that are accepted."""
_PREFIXES = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""What stands before a digest (RFC 8017, section 9.2, note 1)."""


class Key(NamedTuple):
    """A public key."""

    modulus: int
    exponent: int


def key_of(data: bytes) -> Key | None:
    """The key of a PEM file; ``None`` for what is no RSA key."""
    found = _PEM.search(data)
    if found is None:
        return None
    try:
        (whole,) = der.children(b64decode(found[1]))
        algorithm, bits = der.children(whole.data)
        is_rsa = der.children(algorithm.data)[0] == der.Value(der.OBJECT, _RSA)
        if not is_rsa or bits.tag != der.BIT_STRING or bits.data[:1] != b"\0":
            return None
        (inner,) = der.children(bits.data[1:])
        modulus, exponent = (int.from_bytes(each.data) for each in der.children(inner.data))
    except (ValueError, IndexError):
        return None
    if not _LEAST <= modulus.bit_length() <= _MOST or exponent < 3 or exponent >> 64:
        return None
    return Key(modulus, exponent)


def is_signed(key: Key, signature: bytes, algorithm: str, data: bytes) -> bool:
    """Whether a signature over the digest of some bytes was made with the key's other half."""
    size = (key.modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature)
    if len(signature) != size or number >= key.modulus:
        return False
    told = _PREFIXES[algorithm] + hashlib.new(algorithm, data, usedforsecurity=False).digest()
    padding = size - len(told) - 3
    if padding < 8:
        return False
    wanted = b"\0\1" + b"\xff" * padding + b"\0" + told
    return pow(number, key.exponent, key.modulus).to_bytes(size) == wanted

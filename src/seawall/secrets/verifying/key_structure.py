"""Whether bytes are a private key, told by their structure, without a library of cryptography.

DER keys are a SEQUENCE as long as it says with a version first (RFC 8017, 5915, 5958), OpenSSH's
have a magic (``PROTOCOL.key``), OpenPGP's begin with the packet of a secret key (RFC 9580, 5.5).
"""

from seawall.core.named_tuple import NamedTuple
from seawall.secrets.candidate import Proof

_OPENSSH = b"openssh-key-v1\0"
_SEQUENCE, _INTEGER = 0x30, 0x02
_SHORTEST = 40
_SECRET_KEY_TAGS = (5, 7)
ENCRYPTED = "encrypted"


class Key(NamedTuple):
    """What the bytes are."""

    proof: Proof
    about: str
    """Its kind and size in bits, as far as they are told, or that it is encrypted."""


def key_of(label: str, der: bytes, *, encrypted: bool, block: bool) -> Key:
    """What the bytes between two marks are; ``label`` is the word before ``PRIVATE KEY``."""
    if len(der) < _SHORTEST or len(set(der)) < 16:
        return Key(Proof.REFUTED, "")
    if block:
        return Key(Proof.PROVEN if _is_openpgp(der) else Proof.PLAUSIBLE, "OpenPGP")
    if der.startswith(_OPENSSH):
        cipher = _openssh_cipher(der)
        return Key(Proof.PROVEN, "OpenSSH" if cipher == "none" else ENCRYPTED)
    if encrypted and label != "ENCRYPTED":  # the whole of it is ciphertext
        return Key(Proof.PLAUSIBLE, ENCRYPTED)
    length = _sequence(der)
    if length == 0:
        return Key(Proof.PLAUSIBLE if label == "OPENSSH" else Proof.REFUTED, "")
    if label == "ENCRYPTED":
        return Key(Proof.PROVEN, ENCRYPTED)
    if der[length] != _INTEGER:
        return Key(Proof.REFUTED, "")
    return Key(Proof.PROVEN, _described(label, der, length))


def _sequence(der: bytes) -> int:
    """Where the contents of a SEQUENCE begin that is the whole of the bytes; 0 for none."""
    if der[0] != _SEQUENCE:
        return 0
    first = der[1]
    if first < 0x80:
        return 2 if first + 2 <= len(der) <= first + 5 else 0
    count = first & 0x7F
    length = int.from_bytes(der[2 : 2 + count], "big")
    start = 2 + count
    return start if 1 <= count <= 3 and start + length <= len(der) <= start + length + 3 else 0


def _described(label: str, der: bytes, start: int) -> str:
    if label != "RSA":
        return label
    at = start + 3  # behind the version, a number of one byte
    first = der[at + 1]
    count = first & 0x7F if first >= 0x80 else 0
    length = int.from_bytes(der[at + 2 : at + 2 + count], "big") if count else first
    bits = (length - (length % 2)) * 8
    return f"RSA, {bits} bits" if 256 <= bits <= 16384 else label


def _openssh_cipher(der: bytes) -> str:
    start = len(_OPENSSH)
    length = int.from_bytes(der[start : start + 4], "big")
    return der[start + 4 : start + 4 + min(length, 40)].decode("ascii", "replace")


def _is_openpgp(data: bytes) -> bool:
    first = data[0]
    if not first & 0x80:
        return False
    tag = first & 0x3F if first & 0x40 else first >> 2 & 0x0F
    return tag in _SECRET_KEY_TAGS

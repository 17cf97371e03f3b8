"""NATS' seeds (nkeys): base32 whose last two bytes are the CRC-16 (XMODEM) of the others."""

from base64 import b32decode, b32encode
from binascii import Error, crc_hqx

from seawall.secrets.candidate import Proof
from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import REFUTED, Verdict

_KINDS = {
    "A": "of an account", "C": "of a cluster", "N": "of a server", "O": "of an operator",
    "P": "a private key", "U": "of a user", "X": "of a curve key",
}  # fmt: skip


def check(value: str) -> Verdict:
    """Proven by a right sum; refuted by a wrong one."""
    try:
        data = b32decode(value + "=" * (-len(value) % 8))
    except (Error, ValueError):
        return REFUTED
    if data[-2:] != _sum(data[:-2]):
        return REFUTED
    return Verdict(Proof.PROVEN, _KINDS.get(value[1:2], ""))


def sign(value: str, _random: Chance) -> str:
    """The value with its last bytes made the sum."""
    data = b32decode(value + "=" * (-len(value) % 8))[:-2]
    return b32encode(data + _sum(data)).decode().rstrip("=")


def _sum(data: bytes) -> bytes:
    return crc_hqx(data, 0).to_bytes(2, "little")

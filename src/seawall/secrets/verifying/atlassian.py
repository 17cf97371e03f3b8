"""Atlassian's cloud tokens end in the CRC-32 of everything before, in upper-case hex digits."""

from binascii import crc32

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_SUM = 8


def check(value: str) -> Verdict:
    """Proven by a right sum; refuted by a wrong one. An escaped ``=`` counts as one."""
    plain = value.replace("\\=", "=").replace("%3D", "=")
    return PROVEN if plain[-_SUM:] == _sum(plain[:-_SUM]) else REFUTED


def sign(value: str, _random: Chance) -> str:
    """The value with its last characters made the sum."""
    return value[:-_SUM] + _sum(value[:-_SUM])


def _sum(text: str) -> str:
    return f"{crc32(text.encode('utf-8', 'replace')):08X}"

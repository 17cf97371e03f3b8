"""Grafana's service account tokens end in the CRC-32 of what stands before the last underscore.

Its four bytes are written in hex with the lowest first (grafana/grafana, ``satokengen``).
"""

from binascii import crc32

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_SUM = 8


def check(value: str) -> Verdict:
    """Proven by a right sum; refuted by a wrong one."""
    head, _, tail = value.rpartition("_")
    return PROVEN if tail.lower() == _sum(head) else REFUTED


def sign(value: str, _random: Chance) -> str:
    """The value with its last characters made the sum."""
    head = value.rpartition("_")[0]
    return f"{head}_{_sum(head)}"


def _sum(text: str) -> str:
    return crc32(text.encode("utf-8", "replace")).to_bytes(4, "little").hex()

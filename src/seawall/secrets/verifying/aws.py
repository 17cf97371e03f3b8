"""AWS' access key ids hold the number of their account.

Base32 of the sixteen characters behind the prefix: the account is bits 7 to 46 of the first six
bytes. Keys from before 2019 have none, and cannot be told from others.
"""

from base64 import b32decode
from binascii import Error

from seawall.secrets.candidate import Proof
from seawall.secrets.verifying.variety import check_random
from seawall.secrets.verifying.verdict import REFUTED, Verdict

_SAMPLES = ("EXAMPLE", "SAMPLE")
_MASK = 0x7FFFFFFFFF80


def check(value: str) -> Verdict:
    """Refuted where it is one of the documentation's; tells the account."""
    if value.endswith(_SAMPLES) or check_random(value[4:]).proof is Proof.REFUTED:
        return REFUTED
    account = account_of(value)
    return Verdict(Proof.PLAUSIBLE, f"of account {account}" if account else "")


def account_of(value: str) -> str:
    """The account's twelve digits; empty where the id holds none."""
    try:
        data = b32decode(value[4:20])
    except (Error, ValueError):
        return ""
    number = (int.from_bytes(data[:6], "big") & _MASK) >> 7
    return f"{number:012d}" if number < 10**12 else ""

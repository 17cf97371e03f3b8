"""Tokens that end in the CRC-32 of what stands before, in base 62 (GitHub, npm).

The last six characters are the sum of the thirty before them, without the prefix, in the digits
0-9, A-Z, a-z, padded with zeros: github.blog, "Behind GitHub's new authentication token formats".
"""

from binascii import crc32

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import PLAUSIBLE, PROVEN, REFUTED, Verdict

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUM, _BODY = 6, 36


def check(value: str) -> Verdict:
    """Proven by a right sum; refuted by a wrong one."""
    prefix, _, body = value.rpartition("_")
    if not prefix or len(body) != _BODY or not body.isascii():
        return PLAUSIBLE
    return PROVEN if _sum(body[:-_SUM]) == body[-_SUM:] else REFUTED


def sign(value: str, _random: Chance) -> str:
    """The value with its last characters made the sum."""
    return value[:-_SUM] + _sum(value[-_BODY:-_SUM])


def _sum(text: str) -> str:
    number = crc32(text.encode())
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(_SUM, "0")

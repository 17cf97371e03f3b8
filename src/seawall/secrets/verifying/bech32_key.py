"""age's secret keys are bech32 (BIP 173) with the prefix ``age-secret-key-``."""

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_SUM = 6
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def check(value: str) -> Verdict:
    """Proven by a right sum; refuted by a wrong one."""
    prefix, _, body = value.lower().rpartition("1")
    if any(letter not in _ALPHABET for letter in body):
        return REFUTED
    digits = [_ALPHABET.index(letter) for letter in body]
    return PROVEN if _residue(_expanded(prefix) + digits) == 1 else REFUTED


def sign(value: str, _random: Chance) -> str:
    """The value with its last characters made the sum."""
    prefix, _, body = value.lower().rpartition("1")
    digits = [_ALPHABET.index(letter) for letter in body[:-_SUM]]
    residue = _residue([*_expanded(prefix), *digits, *([0] * _SUM)]) ^ 1
    total = [(residue >> 5 * (_SUM - 1 - index)) & 31 for index in range(_SUM)]
    return f"{prefix}1{''.join(_ALPHABET[digit] for digit in digits + total)}".upper()


def _expanded(prefix: str) -> list[int]:
    codes = prefix.encode("ascii", "replace")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _residue(values: list[int]) -> int:
    residue = 1
    for value in values:
        top = residue >> 25
        residue = (residue & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate(_GENERATORS):
            residue ^= generator if top >> index & 1 else 0
    return residue

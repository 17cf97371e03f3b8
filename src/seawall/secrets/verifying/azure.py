"""Keys of Azure's storage accounts are 64 drawn bytes."""

from binascii import b2a_base64

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import unpacked
from seawall.secrets.verifying.verdict import PLAUSIBLE, REFUTED, Verdict

_SIZE = 64
_FEWEST = 40
"""Of 64 drawn bytes hardly ever so few differ: 57 do on average."""


def check(value: str) -> Verdict:
    """Refuted where it is no such number of bytes, or they do not vary."""
    data = unpacked(value)
    if data is None or len(data) != _SIZE or len(set(data)) < _FEWEST:
        return REFUTED
    return PLAUSIBLE


def sign(value: str, random: Chance) -> str:
    """The value with such bytes behind its prefix."""
    prefix = value[: value.rfind("=", 0, len(value) - 2) + 1]
    return prefix + b2a_base64(random.randbytes(_SIZE), newline=False).decode()

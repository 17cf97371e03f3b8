"""JFrog's reference tokens (base64 of ``reftkn:01:...``) and API keys (base58)."""

from binascii import b2a_base64

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import unpacked
from seawall.secrets.verifying.variety import check_random
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_MARK = b"reftkn:"


def check(value: str) -> Verdict:
    """Proven where a reference token can be read; a key must look drawn."""
    if value.startswith("AKCp"):
        return check_random(value)
    decoded = unpacked(value)
    return PROVEN if decoded is not None and decoded.startswith(_MARK) else REFUTED


def sign(value: str, random: Chance) -> str:
    """A value that can be read."""
    if value.startswith("AKCp"):
        return value
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    key = "".join(random.choices(letters, k=27))
    text = b"reftkn:01:1767225600:" + key.encode()
    return b2a_base64(text, newline=False).decode()

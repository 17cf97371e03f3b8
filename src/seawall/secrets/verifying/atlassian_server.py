"""Access tokens of Jira, Confluence and Bitbucket Data Center: base64 of an id and random bytes."""

from binascii import Error, a2b_base64, b2a_base64

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import PLAUSIBLE, PROVEN, REFUTED, Verdict

_BODY = 44
_RANDOM = 20


def check(value: str) -> Verdict:
    """Proven where it is twelve digits, a colon and bytes that are no text."""
    try:
        decoded = a2b_base64(value[-_BODY:], strict_mode=True)
    except (Error, ValueError):
        return REFUTED
    number, colon, rest = decoded.partition(b":")
    if not colon or not number.isdigit() or int(number) < 1000:
        return REFUTED
    return PLAUSIBLE if rest.isascii() else PROVEN


def sign(value: str, random: Chance) -> str:
    """The value with a body that can be read."""
    body = b"%012d:%s" % (random.randrange(10**11, 10**12), random.randbytes(_RANDOM - 1) + b"\xff")
    return value[:-_BODY] + b2a_base64(body, newline=False).decode()

"""Discord's bot tokens begin with the bot's number in base64."""

from binascii import b2a_base64

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import unpacked
from seawall.secrets.verifying.variety import check_spread
from seawall.secrets.verifying.verdict import REFUTED, Verdict


def check(value: str) -> Verdict:
    """Refuted where no number stands in front."""
    head, _, tail = value.partition(".")
    number = unpacked(head)
    if number is None or not number.isdigit() or not 17 <= len(number) <= 20:
        return REFUTED
    return check_spread(tail)


def sign(value: str, random: Chance) -> str:
    """The value with a number in front."""
    number = b"%d" % random.randrange(10**17, 8 * 10**18)
    head = b2a_base64(number, newline=False).decode().rstrip("=")
    return f"{head}.{value.partition('.')[2]}"

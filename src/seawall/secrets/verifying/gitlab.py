"""GitLab's routable tokens: payload, its length, and a CRC-32 of everything before it.

``glpat-`` + payload + ``.`` + two digits in base 36 for the payload's length + seven for the sum.
The payload is base64 of lines such as ``o:1`` behind random bytes: docs.gitlab.com, "Routable
token" (cells design). Newer tokens have a version of two digits between two dots.
"""

from binascii import Error, a2b_base64, b2a_base64, crc32

from seawall.secrets.candidate import Proof
from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import REFUTED, Verdict

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SUM, _LENGTH = 7, 2


def check(value: str) -> Verdict:
    """Proven by the right length and sum, refuted otherwise."""
    head, _, tail = value.rpartition(".")
    payload = _payload(head)
    if len(tail) != _LENGTH + _SUM or not payload:
        return REFUTED
    if tail[:_LENGTH] != _number(len(payload), _LENGTH):
        return REFUTED
    if tail[_LENGTH:] != _sum(value[:-_SUM]):
        return REFUTED
    return Verdict(Proof.PROVEN, " ".join(("for", *routes(value))))


def _payload(head: str) -> str:
    """What stands between the prefix and the first dot."""
    start = head.find("_", len("glrt-t")) if head.startswith("glrt-t") else head.find("-")
    return head[start + 1 :].partition(".")[0]


def sign(value: str, random: Chance) -> str:
    """A token with the value's prefix around a payload that can be read."""
    prefix = value[: value.index("_" if value.startswith("glrt-t") else "-") + 1]
    payload = random.randbytes(16) + b"o:%d\nu:%d" % (random.randrange(999), random.randrange(9999))
    text = b2a_base64(payload, newline=False).decode().rstrip("=").translate({43: "-", 47: "_"})
    head = f"{prefix}{text}.{_number(len(text), _LENGTH)}"
    return head + _sum(head)


def routes(value: str) -> list[str]:
    """The lines of the payload that say where the token belongs: ``o:1``, ``u:4``."""
    payload = _payload(value.rpartition(".")[0]).translate({45: "+", 95: "/"})
    try:
        decoded = a2b_base64(payload + "=" * (-len(payload) % 4))
    except (Error, ValueError):
        return []
    lines = decoded[16:].decode("ascii", "ignore").splitlines()
    return [line for line in lines if line[1:2] == ":"]


def _number(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(width, "0")


def _sum(text: str) -> str:
    return _number(crc32(text.encode("utf-8", "replace")), _SUM)

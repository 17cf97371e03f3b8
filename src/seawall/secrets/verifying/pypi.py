"""PyPI's tokens are macaroons (version 2) whose location is the name of the index."""

from binascii import b2a_base64

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import unpacked
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_PREFIX = "pypi-"
_HOSTS = (b"pypi.org", b"test.pypi.org")
_VERSION, _LOCATION, _SIGNATURE = 2, 1, 6
_SUM = 32


def check(value: str) -> Verdict:
    """Proven where the macaroon can be read to its signature; refuted otherwise."""
    data = unpacked(value.removeprefix(_PREFIX))
    if data is None or len(data) < 4 or data[0] != _VERSION or data[1] != _LOCATION:
        return REFUTED
    if data[3 : 3 + data[2]] not in _HOSTS:
        return REFUTED
    mark = bytes((_SIGNATURE, _SUM))
    return PROVEN if data[-_SUM - 2 : -_SUM] == mark else REFUTED


def sign(value: str, random: Chance) -> str:
    """A macaroon that can be read, for the index the value names."""
    host = _HOSTS[0] if value.startswith("pypi-AgEI") else _HOSTS[1]
    caveat = b'[1, "%d"]' % random.randrange(10**8)
    parts = [
        bytes((_VERSION, _LOCATION, len(host))), host, b"\x02\x24", _uuid(random), b"\x00",
        bytes((2, len(caveat))), caveat, b"\x00\x00", bytes((_SIGNATURE, _SUM)),
        random.randbytes(_SUM),
    ]  # fmt: skip
    text = b2a_base64(b"".join(parts), newline=False).decode()
    return _PREFIX + text.rstrip("=").translate({43: "-", 47: "_"})


def _uuid(random: Chance) -> bytes:
    digits = random.randbytes(16).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).encode()

"""Versions of what follows no known rule: numbers, and words that come before or behind.

``1.0-rc1`` comes before ``1.0``, which comes before ``1.0a``, ``1.0-p1`` and ``1.0.1``. Everything
but digits and letters separates; case does not count; numbers at the end that are zero have no
weight.
"""

from seawall.advisories.versions.number import is_odd, num, pack, word
from seawall.core.lazy import pattern

_TOKEN = pattern(r"[0-9]+|[a-z]+")
_END = "\x06"
_WORD = "\x07"
_NUMBER = "\x08"
_BEFORE = {
    "dev": "\x01",
    "snapshot": "\x01",
    "alpha": "\x02",
    "beta": "\x03",
    "milestone": "\x04",
    "pre": "\x04",
    "preview": "\x04",
    "rc": "\x05",
}


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when there is no digit in it, as in ``latest``."""
    own = text.strip().lower().partition("+")[0]
    if is_odd(own):
        return None
    tokens = _TOKEN.findall(own.removeprefix("v"))
    if not any(token.isdigit() for token in tokens):
        return None
    while tokens and tokens[-1].isdigit() and not tokens[-1].strip("0"):
        tokens.pop()
    return pack("".join(map(_piece, tokens)) + _END)


def _piece(token: str) -> str:
    if token.isdigit():
        return _NUMBER + num(token)
    return _BEFORE.get(token) or _WORD + word(token)

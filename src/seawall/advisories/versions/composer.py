"""Versions of Composer's packages.

They are first brought into Composer's normal form (``VersionParser::normalize``: four numbers, the
stability, ``-dev``), then compared as PHP's ``version_compare`` does: dev, alpha, beta, RC,
nothing, a number, pl. What has no normal form is compared as it is. Branches (``dev-main``) have
no order.
"""

from seawall.advisories.versions.number import is_odd, num, pack
from seawall.core.lazy import pattern

_STABILITY = r"[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?[0-9]++)*+))?([.-]?dev)?"
_CLASSICAL = pattern(
    r"v?([0-9]{1,5})(\.[0-9]+)?(\.[0-9]+)?(\.[0-9]+)?" + _STABILITY,
)
_DATED = pattern(r"v?([0-9]{4}(?:[.:-]?[0-9]{2}){1,6}(?:[.:-]?[0-9]{1,3}){0,2})" + _STABILITY)
_BRANCH = pattern(r"v?([0-9]+)(\.(?:[0-9]+|[x*]))?(\.(?:[0-9]+|[x*]))?(\.(?:[0-9]+|[x*]))?[.-]?dev")
_BUILD = pattern(r"([^,\s+]+)\+\S+")
_TOKEN = pattern(r"[0-9]+|[a-z]+|#")
_RAW = pattern(r"v?[0-9][0-9a-z._+#~-]*")
_FAR = "9999999"
_UNKNOWN = "\x01"
_END = "\x06"
_NUMBER = "\x07"
# Words by how they begin, as PHP looks them up: post is as p, bravo as b.
_WORDS = (("dev", "\x02"), ("a", "\x03"), ("b", "\x04"), ("rc", "\x05"), ("#", _END), ("p", "\x08"))


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one, or is a branch."""
    numbers = (text[1:] if text[:1] == "v" else text).split(".")
    if len(numbers) == 3 and len(text) < 20 and text.isascii() and all(map(str.isdigit, numbers)):
        major, minor, patch = numbers
        if len(major) < 6:
            return pack(f"\x07{num(major)}\x07{num(minor)}\x07{num(patch)}\x07\0\x06")
    text = text.strip().lower()
    if not text or is_odd(text):
        return None
    tokens = _normal(text)
    return None if tokens is None else pack("".join(map(_piece, tokens)) + _END)


def _piece(token: str) -> str:
    """One token; a word that PHP does not know comes before all."""
    if token.isdigit():
        return _NUMBER + num(token)
    return next((rank for start, rank in _WORDS if token.startswith(start)), _UNKNOWN)


def _normal(text: str) -> list[str] | None:
    """The tokens of a version in its normal form."""
    own = text.partition(" as ")[0].partition("@")[0].strip()
    if own.startswith("dev-"):
        return None
    build = _BUILD.fullmatch(own)
    if build is not None:
        own = build[1]
    found = _CLASSICAL.fullmatch(own)
    if found is not None:
        *numbers, stability, behind, dev = found.groups()
        head = [(number or "0").lstrip(".") for number in numbers]
        return head + _stability(stability, behind, dev)
    found = _DATED.fullmatch(own)
    if found is not None:
        date, stability, behind, dev = found.groups()
        return _TOKEN.findall(date) + _stability(stability, behind, dev)
    found = _BRANCH.fullmatch(own)
    if found is not None:
        numbers = [(number or "x").lstrip(".") for number in found.groups()]
        return [number if number.isdigit() else _FAR for number in numbers] + ["dev"]
    return _padded(_TOKEN.findall(own.removeprefix("v"))) if _RAW.fullmatch(own) else None


def _padded(tokens: list[str]) -> list[str]:
    """The tokens of what has no normal form, with four numbers at their head as those that do."""
    numbers = next((at for at, token in enumerate(tokens) if not token.isdigit()), len(tokens))
    return [*tokens[:numbers], *["0"] * (4 - numbers), *tokens[numbers:]]


def _stability(name: str | None, numbers: str | None, dev: str | None) -> list[str]:
    """The tokens of what stands behind the numbers."""
    if name == "stable":
        return []
    tokens = [name, *_TOKEN.findall(numbers or "")] if name else []
    return [*tokens, "dev"] if dev else tokens

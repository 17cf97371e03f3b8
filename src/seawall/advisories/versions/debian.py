"""Versions of Debian packages: Debian, Ubuntu and what is made of them.

Source: Debian policy 5.6.12 and dpkg's ``verrevcmp``. ``~`` comes before the end, the end before
letters, letters before other characters; digits are numbers, none are zero; no epoch is 0.
"""

from seawall.advisories.versions.number import is_odd, num, pack
from seawall.core.lazy import pattern

_PIECE = pattern(r"([^0-9]*)([0-9]*)")
_BREAK = "\x02"
_ORDER = {
    code: 1 if chr(code) == "~" else code - 60 if chr(code).isalpha() else code + 64
    for code in range(128)
}


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    text = text.strip()
    if not text or is_odd(text):
        return None
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "", text
    elif not epoch.isdigit():
        return None
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, ""
    return pack(num(epoch) + part(upstream) + part(revision))


def part(text: str) -> str:
    """The pieces of an upstream version or of a revision."""
    pieces = []
    for letters, digits in _PIECE.findall(text):
        if letters or digits:
            pieces.append(f"{letters.translate(_ORDER)}{_BREAK}{num(digits)}")
    # Nothing is as zero: 1.0- is 1.0-0 is 1.0.
    return "".join(pieces or [_BREAK + "\0"]) + _BREAK

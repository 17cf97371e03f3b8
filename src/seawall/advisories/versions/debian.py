"""Versions of Debian packages: Debian, Ubuntu and what is made of them.

Source: Debian policy 5.6.12 and dpkg's ``verrevcmp``. ``~`` comes before the end, the end before
letters, letters before other characters; digits are numbers, none are zero; no epoch is 0.
"""

from seawall.advisories.versions.number import LENGTHS, is_odd, num, pack
from seawall.core.lazy import pattern

# Found once more at the end, with neither: that is the end of the part.
_PIECE = pattern(r"([^0-9]*)0*([0-9]*)")
_BREAK = "\x02"
# ``~``, the break, capitals, small letters, all else; none of them where digits are.
_ORDER = (
    {code: code + 64 for code in range(128)}
    | {code: code for code in range(ord("0"), ord("9") + 1)}
    | {code: code - 60 for code in range(ord("A"), ord("Z") + 1)}
    | {code: code - 37 for code in range(ord("a"), ord("z") + 1)}
    | {ord("~"): 1}
)


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
    """The pieces of an upstream version or of a revision; nothing is as 0."""
    return "".join(
        [
            f"{letters}{_BREAK}{LENGTHS[len(digits)]}{digits}"
            for letters, digits in _PIECE.findall(text.translate(_ORDER) or "0")
        ]
    )

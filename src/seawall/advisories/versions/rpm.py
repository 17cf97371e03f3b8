"""Versions of RPM packages: epoch, version, release, as ``rpmvercmp`` of rpm 4.18 compares them.

``~`` comes before the end, ``^`` behind it, then letters, then numbers; all else only separates.
No epoch is 0. A version without a release comes before the same version with any release, so that
``fixed in 1.2`` holds for 1.2-1.
"""

from seawall.advisories.versions.number import LENGTHS, LIMIT, num, pack
from seawall.core.lazy import pattern

# Of a number that is zero, one digit is left.
_TOKEN = pattern(r"0*([0-9]+)|([A-Za-z]+)|([~^])")
_MARKS = {"~": "\x01", "^": "\x03"}
_END = "\x02"
_LETTERS = "\x04"
_NUMBER = "\x05"
_NO_RELEASE = "\x01"
_RELEASE = "\x02"


def key(text: str) -> bytes | None:
    """The key of ``[EPOCH:]VERSION[-RELEASE]``; ``None`` when it is empty or too long."""
    text = text.strip()
    if not text or len(text) > LIMIT:
        return None
    epoch, colon, rest = text.partition(":")
    # Only digits are an epoch; in a:1 the colon separates.
    if not colon or (not (epoch.isdigit() and epoch.isascii()) and epoch):
        epoch, rest = "", text
    version, hyphen, release = rest.rpartition("-")
    if not hyphen:
        return pack(f"{num(epoch)}{part(rest)}{_NO_RELEASE}")
    return pack(f"{num(epoch)}{part(version)}{_RELEASE}{part(release)}")


def part(text: str) -> str:
    """The pieces of a version or of a release."""
    pieces = [
        f"{_NUMBER}{LENGTHS[len(digits)]}{digits}"
        if digits
        else f"{_LETTERS}{letters}\0"
        if letters
        else _MARKS[mark]
        for digits, letters, mark in _TOKEN.findall(text)
    ]
    return "".join(pieces) + _END

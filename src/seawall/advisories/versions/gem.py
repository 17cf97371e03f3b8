"""Versions of Ruby gems and of CocoaPods.

Source: ``Gem::Version``: segments of digits and of letters; a hyphen starts a pre-release; a word
comes before any number, and what is not there is zero. The zeros at the end of the numbers and
those at the end of the words have no weight.
"""

from seawall.advisories.versions.number import SHORT, is_odd, num, pack, word
from seawall.core.lazy import pattern

_VERSION = pattern(r"[0-9A-Za-z.-]*")
_SEGMENT = pattern(r"[0-9]+|[A-Za-z]+")
_WORD = "\x01"
_ZEROS = "\x02"
_NUMBER = "\x03"
# What may stand behind zeros, in its order.
_BEFORE_WORD = "\x01"
_AT_END = "\x02"
_BEFORE_NUMBER = "\x03"
_MOST_ZEROS = 0xFFFF


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    numbers = text.split(".")
    if len(text) < SHORT and text.isascii() and all(map(str.isdigit, numbers)):
        return pack(_pieces(_trimmed(numbers)))
    text = text.strip()
    if is_odd(text) or not _VERSION.fullmatch(text):
        return None
    segments = _SEGMENT.findall(text.replace("-", ".pre."))
    if not segments:
        return None
    words = next((at for at, each in enumerate(segments) if each.isalpha()), len(segments))
    return pack(_pieces(_trimmed(segments[:words]) + _trimmed(segments[words:])))


def _trimmed(segments: list[str]) -> list[str]:
    """Segments without the zeros at their end."""
    while segments and not segments[-1].strip("0"):
        segments.pop()
    return segments


def _pieces(segments: list[str]) -> str:
    """The pieces of segments, runs of zeros counted: many are nearer to the end, which is zeros."""
    pieces = []
    zeros = 0
    for segment in segments:
        if segment.isdigit():
            number = num(segment)
            if number == "\0":
                zeros += 1
                continue
            piece, before, count = _NUMBER + number, _BEFORE_NUMBER, _MOST_ZEROS - zeros
        else:
            piece, before, count = _WORD + word(segment), _BEFORE_WORD, zeros
        pieces.append(f"{_ZEROS}{before}{_count(count)}{piece}" if zeros else piece)
        zeros = 0
    return "".join(pieces) + _ZEROS + _AT_END


def _count(number: int) -> str:
    """A count as two characters."""
    return chr(number >> 8) + chr(number & 0xFF)

"""Semantic versions: npm, crates.io, Hex, Swift, GitHub Actions, Kubernetes; others build on it.

The order is that of SemVer 2.0.0, section 11: numeric identifiers of a pre-release before others,
a pre-release before its release, build metadata without weight. What is read is wider than section
2, as registries and feeds are: ``v1.2``, ``1``, leading zeros, ``1.2.3beta``, a fourth number.
"""

from seawall.advisories.versions.number import SHORT, is_odd, num, pack, word
from seawall.core.lazy import pattern

PRE_RELEASE = "\x01"
RELEASE = "\x05"
MORE = "\x07"
"""Stands before each number behind the third: ``1.2.3`` comes before ``1.2.3.1-alpha``."""
END = "\x01"
NUMERIC = "\x02"
TEXT = "\x03"

VERSION = pattern(
    r"\s*[=vV]?\s*([0-9]+(?:\.[0-9]+)*)"
    r"(?:-([0-9A-Za-z.-]*)|\.?([A-Za-z][0-9A-Za-z.-]*))?"
    r"(?:\+(\S*))?\s*"
)


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    numbers = text.split(".", 3)
    if len(numbers) == 3:
        major, minor, patch = numbers
        if len(text) < SHORT and text.isascii() and all(map(str.isdigit, numbers)):
            return pack(f"{num(major)}{num(minor)}{num(patch)}{RELEASE}")
    parts = split(text)
    if parts is None:
        return None
    given, pre_release, _build = parts
    return pack(release(given) + (RELEASE if pre_release is None else before(pre_release)))


def split(text: str) -> tuple[list[str], str | None, str | None] | None:
    """The numbers, the pre-release and the build metadata of a version, where it has them."""
    found = None if is_odd(text) else VERSION.fullmatch(text)
    if found is None:
        return None
    numbers, pre_release, glued, build = found.groups()
    return numbers.split("."), pre_release if glued is None else glued, build


def release(numbers: list[str]) -> str:
    """The pieces of the numbers: three, and those behind them that are not all zero."""
    pieces = "".join(map(num, numbers[:3])) + "\0" * (3 - len(numbers))
    more = [num(number) for number in numbers[3:]]
    while more and more[-1] == "\0":
        more.pop()
    return pieces + "".join(MORE + number for number in more)


def before(pre_release: str) -> str:
    """The pieces of a pre-release."""
    return PRE_RELEASE + identifiers(pre_release)


def identifiers(text: str) -> str:
    """The pieces of identifiers with dots between them, and their end."""
    pieces = [
        NUMERIC + num(each) if each.isdigit() else TEXT + word(each) for each in text.split(".")
    ]
    return "".join(pieces) + END

"""Versions of Conan's packages: items with dots between them, a pre-release, a build.

Source: ``Version`` of Conan 2: numbers by size, words by their characters, numbers before words;
zeros at an end have no weight; a build comes after the version without one. Conan compares a
number with ``1a`` as text, which is no order (``9 < 10 < 5a < 9``); here ``1a`` stands between 1
and 2.
"""

from seawall.advisories.versions.number import is_odd, num, pack, word

_NUMBER = "\x02"
_WORD = "\x03"
_END = "\x01"
_PRE_RELEASE = "\x01"
_RELEASE = "\x05"
_NO_BUILD = "\x01"
_BUILD = "\x02"


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` when it is not one."""
    text = text.strip()
    if not text or is_odd(text):
        return None
    own, plus, build = text.rpartition("+")
    main, hyphen, pre_release = (own if plus else text).partition("-")
    pieces = _items(main)
    pieces += _PRE_RELEASE + _items(pre_release) if hyphen else _RELEASE
    return pack(pieces + (_BUILD + _items(build) if plus else _NO_BUILD))


def _items(text: str) -> str:
    """The pieces of items and their end."""
    items = text.split(".")
    while items and items[-1] and not items[-1].strip("0"):
        items.pop()
    return "".join(map(_item, items)) + _END


def _item(text: str) -> str:
    digits, rest = text, ""
    if not text.isdigit():
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        rest = text[len(digits) :]
    return (_NUMBER + num(digits) if digits else _WORD) + word(rest)

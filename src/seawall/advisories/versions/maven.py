"""Versions of Maven's artifacts, as ``ComparableVersion`` of Maven 3.8 and 3.9 compares them.

Maven makes nested lists of a version (``1.0-rc-1`` is ``[1, [rc, [1]]]``, zeros before a list and
at an end dropped) and compares them item by item, what is missing as null: a word before a list
before a number; null after ``snapshot`` and before ``sp``, as zero, and as the first item of a
list that is not null. A list is always the last item of its own, so a version is one row of items
and openings.

That relation is no order: ``1.foo.2 < 1-alpha < 1 < 1.foo.2``. It turns in a circle only where
what is left of two versions, behind the items they share, begins with items of two kinds and one
of them is before the shared part while the other is behind it. Here the shared part then decides.
In all other cases keys say what Maven says (tests/advisories/versions/test_maven.py holds it
against that).
"""

from seawall.advisories.versions.number import SHORT, is_odd, num, pack, word
from seawall.core.lazy import pattern

_TOKEN = pattern(r"[0-9]+|[^0-9.-]+|[.-]")
_OPENING = "("

# The first character of what is left of a list: whether it is before or behind nothing at all, and
# what it begins with.
_WORD_BEFORE = "\x01"
_LIST_BEFORE = "\x02"
_ZERO_BEFORE = "\x03"
_END = "\x04"
_WORD_BEHIND = "\x05"
_LIST_BEHIND = "\x06"
_NUMBER_BEHIND = "\x07"

_RELEASE = "\x06"
_QUALIFIERS = {
    "alpha": "\x01",
    "beta": "\x02",
    "milestone": "\x03",
    "rc": "\x04",
    "cr": "\x04",
    "snapshot": "\x05",
    "ga": _RELEASE,
    "final": _RELEASE,
    "release": _RELEASE,
    "sp": "\x07",
}
_OTHER = "\x08"
_BEFORE_DIGITS = {"a": "alpha", "b": "beta", "m": "milestone"}


def key(text: str) -> bytes | None:
    """The key of a version; ``None`` for what is none, an unresolved property among it."""
    numbers = text.split(".")
    if len(text) < SHORT and text.isascii() and all(map(str.isdigit, numbers)):
        while numbers and not numbers[-1].strip("0"):
            numbers.pop()
        return pack("".join([_NUMBER_BEHIND + num(number) for number in numbers]) + _END)
    text = text.strip().lower()
    if not text or is_odd(text) or "${" in text:
        return None
    return pack(_pieces(_items(text)))


def _items(text: str) -> list[str]:
    """Digits, openings of lists, and words as the characters of their rank."""
    items: list[str] = []
    pending = ""
    for found in _TOKEN.findall(text):
        if found in {".", "-"}:
            items.append(_item(pending or "0"))
            pending = ""
            if found == "-":
                items.append(_OPENING)
            continue
        if pending and found.isdigit():
            _open(items)
            items += [_item(_BEFORE_DIGITS.get(pending, pending)), _OPENING]
        elif pending:
            items += [pending, _OPENING]
        pending = found
    if pending:
        if not pending.isdigit():
            _open(items)
        items.append(_item(pending))
    return items


def _item(token: str) -> str:
    if token.isdigit():
        return token
    return _QUALIFIERS.get(token) or _OTHER + word(token)


def _open(items: list[str]) -> None:
    """Open a list, unless one was just opened."""
    if items and items[-1] != _OPENING:
        items.append(_OPENING)


def _pieces(items: list[str]) -> str:
    """The pieces of items, made from the last to the first: what follows one tells its side."""
    pieces = [_END]
    sign = 0
    at_end = True
    for item in reversed(items):
        if item == _OPENING:
            at_end = True
            if sign:
                pieces.append(_LIST_BEHIND if sign > 0 else _LIST_BEFORE)
            continue
        is_number = item.isdigit()
        is_null = not item.strip("0") if is_number else item == _RELEASE
        if is_null and at_end:
            continue
        at_end = False
        if not is_null:
            sign = 1 if is_number or item > _RELEASE else -1
        if is_number:
            pieces.append((_NUMBER_BEHIND if sign > 0 else _ZERO_BEFORE) + num(item))
        else:
            pieces.append((_WORD_BEHIND if sign > 0 else _WORD_BEFORE) + item)
    return "".join(reversed(pieces))

"""Habits of Go's standard library that show in what BuildKit accepts and in its messages."""

from collections.abc import Sequence

from seawall.core.lazy import pattern

SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What ``unicode.IsSpace`` calls space, as the inside of a regular expression's class."""

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""The same as characters, for ``str.strip``."""

LEADING_SPACE = pattern(
    r"(?:[\t\n\v\f\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f"
    r"|\xe3\x80\x80)*+"
)
"""The same in UTF-8 that was read as Latin-1."""

_ESCAPES = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", '"': '\\"',
}  # fmt: skip
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))


def quote(text: str) -> str:
    """A string as ``strconv.Quote`` writes it; bytes that are no UTF-8 are written in hex."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(character: str) -> str:
    escaped = _ESCAPES.get(character)
    if escaped is not None:
        return escaped
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def valid(text: str) -> str:
    """A text that Go has put together from characters: bytes that are none become U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


_SURROGATE = pattern("[\udc80-\udcff]")


def parse_bool(text: str) -> bool | None:
    """``strconv.ParseBool``; ``None`` for what it refuses."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


_INTEGER = pattern(r"[+-]?[0-9]+")


def parse_int(text: str, bits: int = 64) -> int | str:
    """``strconv.ParseInt`` to base 10: the number, or the message of the error."""
    problem = "invalid syntax"
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-0")
        if len(digits) <= 20 and -(1 << bits - 1) <= (value := int(text)) < 1 << bits - 1:
            return value
        problem = "value out of range"
    return f"strconv.ParseInt: parsing {quote(text)}: {problem}"


def parse_unsigned(text: str, base: int, bits: int = 32) -> int | None:
    """``strconv.ParseUint``; ``None`` for what it refuses."""
    digits = "01234567" if base == 8 else "0123456789"
    if not text or text.strip(digits):
        return None
    significant = text.lstrip("0")
    if len(significant) > 20:
        return None
    value = int(significant or "0", base)
    return value if value < 1 << bits else None


_UNITS = {
    "ns": 1, "us": 10**3, "\xb5s": 10**3, "\u03bcs": 10**3, "ms": 10**6, "s": 10**9,
    "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_DURATION_PART = pattern(r"([0-9]*)(\.?)([0-9]*)([^0-9.]*)")


def parse_duration(text: str) -> int | str:  # noqa: C901 - as the standard library has it
    """``time.ParseDuration``: nanoseconds, or the message of the error."""
    invalid = f"time: invalid duration {_time_quote(text)}"
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return 0
    if not rest:
        return invalid
    total = 0
    while rest:
        found = _DURATION_PART.match(rest)
        whole, dot, fraction, unit = found.groups() if found else ("", "", "", "")
        if not whole and not fraction:
            return invalid
        if len(whole) > 19 or (whole and int(whole) > 1 << 63):
            return invalid
        if not unit:
            return f"time: missing unit in duration {_time_quote(text)}"
        scale = _UNITS.get(unit)
        if scale is None:
            return f"time: unknown unit {_time_quote(unit)} in duration {_time_quote(text)}"
        total += int(whole or "0") * scale
        if dot and fraction:
            total += int(fraction[:18]) * scale // 10 ** min(len(fraction), 18)
        if total > 1 << 63:
            return invalid
        rest = rest[found.end() :] if found else ""
    if text.startswith("-"):
        return -total
    return total if total < 1 << 63 else invalid


def _time_quote(text: str) -> str:
    """Package time has a quote function of its own, without the escapes for control characters."""
    result = []
    for character in text:
        if character in '"\\':
            result.append("\\" + character)
        elif " " <= character < "\x7f":
            result.append(character)
        else:
            data = character.encode("utf-8", "surrogateescape")
            result.append("".join(f"\\x{byte:02x}" for byte in data))
    return '"' + "".join(result) + '"'


def distance(left: str, right: str) -> int:
    """The edit distance of two words."""
    row = list(range(len(right) + 1))
    for number, one in enumerate(left, 1):
        before, row[0] = row[0], number
        for column, other in enumerate(right, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (one != other)),
            )
    return row[-1]


_FAR = 3


def suggestions(value: str, options: Sequence[str]) -> list[str]:
    """The options nearest to a mistyped word, by name; none when one is equal or all are far.

    BuildKit names one of them, by chance (the order of a Go map).
    """
    best: list[str] = []
    nearest = _FAR - 1
    for option in sorted(set(options)):
        if option == value:
            return []
        if abs(len(option) - len(value)) > nearest:
            continue
        steps = distance(value, option)
        if steps < nearest or (steps == nearest and not best):
            best, nearest = [option], steps
        elif steps == nearest:
            best.append(option)
    return best


def did_you_mean(message: str, value: str, options: Sequence[str]) -> str:
    """A message with BuildKit's suggestion."""
    found = suggestions(value, options)
    return f"{message} (did you mean {found[0]}?)" if found else message

"""Texts with a meaning: quantities, times and base64, accepted as a Kubernetes server does.

The servers' decoders are more lenient than their documentation in places (``m`` is a quantity,
an hour may have one digit); each function follows the decoder it names, so that nothing is
reported that a server would take. No regular expressions: compiling them costs more than a
whole object.
"""

from binascii import Error, a2b_base64

_DIGITS = "0123456789"
_SUFFIX_CHARACTERS = "eEinumkKMGTP"
_SUFFIXES = frozenset(
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
)
# strings.TrimSpace sees the text still escaped as JSON, where no line break is left to trim.
_BLANKS = " \u0085\u00a0"
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_EXPONENT_DIGITS = 19


def is_quantity(text: str) -> bool:
    """Whether a text is a resource quantity (apimachinery, ``resource.ParseQuantity``)."""
    text = text.strip(_BLANKS)
    if not text:
        return False
    rest = text.lstrip(_DIGITS) if text[0] not in "+-" else text[1:].lstrip(_DIGITS)
    if rest[:1] == ".":
        rest = rest[1:].lstrip(_DIGITS)
    if rest in _SUFFIXES:
        # No digit at all is zero to the decoder, but not with the largest units.
        return rest not in {"Pi", "Ei"} or len(text.strip("+-.")) > 2
    if rest[0] not in "eE":
        return False
    exponent = rest[1:]
    if exponent[:1] in {"+", "-"}:
        exponent = exponent[1:]
    # int64 of Go: more digits than fit are refused.
    return is_digits(exponent) and len(exponent.lstrip("0")) < _MAX_EXPONENT_DIGITS


def is_time(text: str) -> bool:
    """Whether a text is a time (``metav1.Time``: Go's ``time.Parse`` of RFC 3339)."""
    rest = _after_seconds(text)
    if rest is None:
        return False
    if rest[:1] in {".", ","}:
        fraction = rest[1:].lstrip(_DIGITS)
        if len(fraction) == len(rest) - 1:
            return False
        rest = fraction
    return _is_zone(rest)


def is_micro_time(text: str) -> bool:
    """Whether a text is a time with exactly six digits of fraction (``metav1.MicroTime``)."""
    rest = _after_seconds(text)
    if rest is None or rest[:1] not in {".", ","}:
        return False
    return is_digits(rest[1:7]) and len(rest) > 7 and _is_zone(rest[7:])


def _after_seconds(text: str) -> str | None:
    """What follows ``2006-01-02T15:04:05``; the hour may have one digit."""
    date, _, clock = text.partition("T")
    hour, _, rest = clock.partition(":")
    if not _is_date(date) or len(hour) > 2 or not is_digits(hour) or int(hour) > 23:
        return None
    minute, colon, second = rest[:2], rest[2:3], rest[3:5]
    if len(rest) < 5 or colon != ":" or not is_digits(minute + second):
        return None
    return rest[5:] if int(minute) < 60 and int(second) < 60 else None


def _is_date(text: str) -> bool:
    if len(text) != 10 or text[4] + text[7] != "--" or not is_digits(text[:4] + text[5:7]):
        return False
    if not is_digits(text[8:]):
        return False
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1]:
        return False
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return is_leap or (month, day) != (2, 29)


def _is_zone(text: str) -> bool:
    if text == "Z":
        return True
    if len(text) != 6 or text[0] not in "+-" or text[3] != ":":
        return False
    if not is_digits(text[1:3]) or not is_digits(text[4:]):
        return False
    return int(text[1:3]) <= 24 and int(text[4:]) <= 60


def is_digits(text: str) -> bool:
    """Whether a text is one or more ASCII digits (``str.isdigit`` knows many more)."""
    return bool(text) and not text.strip(_DIGITS)


def is_base64(text: str) -> bool:
    """Whether a text is base64 (Go's ``base64.StdEncoding``: padded, line breaks ignored)."""
    if "\n" in text or "\r" in text:
        text = text.replace("\n", "").replace("\r", "")
    if len(text) % 4:  # which binascii lets pass in places
        return False
    try:
        a2b_base64(text, strict_mode=True)
    except (Error, ValueError):
        return False
    return True

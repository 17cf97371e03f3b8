"""What a plain YAML scalar means to Kubernetes.

Kubernetes reads manifests with go-yaml v2 (kept as ``sigs.k8s.io/yaml/goyaml.v2``), which
resolves YAML 1.1 words such as ``yes`` and ``on`` and leading-zero octals, but knows neither
sexagesimal numbers nor dates as anything but text. No Python library does the same, hence this.
"""

import re
from math import inf, nan
from sys import intern

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    word: value
    for value, words in (
        (True, "y Y yes Yes YES true True TRUE on On ON"),
        (False, "n N no No NO false False FALSE off Off OFF"),
        (None, "~ null Null NULL"),
        (nan, ".nan .NaN .NAN"),
        (inf, ".inf .Inf .INF +.inf +.Inf +.INF"),
        (-inf, "-.inf -.Inf -.INF"),
    )
    for word in words.split()
} | {"": None}

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMBER_START = frozenset("+-.0123456789")
_MISSING = object()


def resolve(text: str) -> Scalar:
    """The value of a plain scalar without a tag."""
    value = _WORDS.get(text, _MISSING)
    if value is not _MISSING:
        return value  # type: ignore[return-value] - the sentinel is excluded above
    if text[0] not in _NUMBER_START:
        return intern(text) if len(text) < 64 else text
    return _number(text)


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    if len(plain) > 400:  # no number that means anything; int() is quadratic in the digits
        return text
    number = _integer(plain)
    if number is not None:
        return number
    if _FLOAT.fullmatch(plain):
        return float(plain)
    return text


def _integer(text: str) -> int | None:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    if not digits or not digits.isascii():
        return None
    if digits.isdigit():
        if digits[0] == "0" and len(digits) > 1:
            return None if _has_no_octal_form(digits) else sign * int(digits, 8)
        return sign * int(digits)
    base = {"0b": 2, "0o": 8, "0x": 16, "0B": 2, "0O": 8, "0X": 16}.get(digits[:2])
    if base is None or not digits[2:].isalnum():
        return None
    try:
        return sign * int(digits[2:], base)
    except ValueError:
        return None


def _has_no_octal_form(digits: str) -> bool:
    return "8" in digits or "9" in digits


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; unknown tags leave the text as it is."""
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind in ("str", "!", "binary"):
        return text
    if kind in ("int", "float", "bool", "null"):
        value = resolve(text)
        if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value
    return text

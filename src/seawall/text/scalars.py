"""What a plain YAML scalar means to Kubernetes.

Kubernetes reads manifests with go-yaml v2 (kept as ``go.yaml.in/yaml/v2``; its resolve.go is
what this follows), which resolves YAML 1.1 words such as ``yes`` and ``on`` and leading-zero
octals, but knows neither sexagesimal numbers nor dates as anything but text. No Python library
does the same, hence this.
"""

import re
from functools import lru_cache
from math import inf, isinf, isnan, nan
from sys import intern

from seawall.core.lazy import pattern

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
"""What a document holds. It stands here so that to name it costs no reader of YAML."""
COLLECTIONS = frozenset((dict, list))
"""The types of values that hold others."""

_SPELLINGS: tuple[tuple[Scalar, str], ...] = (
    (True, "y Y yes Yes YES true True TRUE on On ON"),
    (False, "n N no No NO false False FALSE off Off OFF"),
    (None, "~ null Null NULL"),
    (nan, ".nan .NaN .NAN"),
    (inf, ".inf .Inf .INF +.inf +.Inf +.INF"),
    (-inf, "-.inf -.Inf -.INF"),
)
_WORDS: dict[str, Scalar] = {word: value for value, words in _SPELLINGS for word in words.split()}
_WORDS[""] = None

_FLOAT = pattern(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = pattern(
    r"[-+]?(?:(0|[1-9][0-9]*)|0([0-7]+)|0[oO]([0-7]+)|0[xX]([0-9a-fA-F]+)|0[bB]([01]+))"
)
_BASES = {1: 10, 2: 8, 3: 8, 4: 16, 5: 2}
"""The base of each group of the pattern."""
_GO_UNDERSCORES = pattern(r"[^_]+(?:(?<=[0-9])_(?=[0-9])[^_]+)*")
_NUMBER_START = frozenset("+-.0123456789")
SHORT = 64
"""Characters from which a text is hardly ever met again."""
_LONGEST_NUMBER = 400
"""Digits; a double ends at 309, and int() is quadratic in them."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar without a tag."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        return _number(text)
    return intern(text) if len(text) < SHORT else text


resolve_short = lru_cache(16_384)(resolve)
"""The same for texts shorter than ``SHORT``: manifests say few words, and say them often."""


def _number(text: str) -> Scalar:
    if text.isdecimal() and text.isascii() and text[0] != "0" and len(text) < 19:
        return int(text)
    plain = text.replace("_", "")
    if len(plain) > _LONGEST_NUMBER:
        return text
    if text[0] != ".":
        number = _integer(plain)
        if number is not None:
            return number
    elif plain != text and not _GO_UNDERSCORES.fullmatch(text):
        return text  # what begins with a point goes to Go's ParseFloat as it is
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        return text if isinf(value) else value
    return text


def _integer(text: str) -> int | None:
    """A whole number of 64 bits, else ``None``: larger ones are floats to Go."""
    found = _INTEGER.fullmatch(text)
    if found is None or found.lastindex is None:
        return None
    number = int(found[found.lastindex], _BASES[found.lastindex])
    if text[0] == "-":
        return -number if number <= 2**63 else None
    return number if number < 2**64 else None


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; unknown tags leave the text as it is.

    Raises ``ValueError`` where Kubernetes refuses the document: a text that is not of its tag.
    """
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind == "binary":
        return _binary(text)
    if kind not in _TYPES:
        return text
    value = resolve(text)
    if kind == "float" and type(value) is int:
        return float(value)
    if type(value) is not _TYPES[kind]:
        raise ValueError(f"!!{kind} does not fit {text[:40]!r}")
    return value


_TYPES = {"int": int, "float": float, "bool": bool, "null": type(None)}


def _binary(text: str) -> str:
    from base64 import b64decode  # noqa: PLC0415 - rare

    try:
        return b64decode(re.sub(r"[\r\n]", "", text), validate=True).decode(errors="replace")
    except ValueError:
        raise ValueError("!!binary holds no valid base64") from None


def key_text(value: str | int | float | bool) -> str:  # noqa: PYI041 - all four differ here
    """A mapping key as JSON will have it: Kubernetes converts YAML to JSON first."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    """A float as Go's ``FormatFloat(value, 'g', -1, 32)`` writes it: the shortest 32-bit text."""
    single = _single(value)
    if isnan(single):
        return ".nan"
    if isinf(single):
        return ".inf" if single > 0 else "-.inf"
    digits = 0
    while _single(float(text := f"{single:.{digits}e}")) != single:
        digits += 1
    power = int(text.partition("e")[2])
    if -4 <= power < 6:
        return f"{float(text):.{max(digits - power, 0)}f}"
    return text


def _single(value: float) -> float:
    """The nearest number of 32 bits."""
    from ctypes import c_float  # noqa: PLC0415 - rare

    return c_float(value).value

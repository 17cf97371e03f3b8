"""Bytes to text: UTF-8, or UTF-16 and UTF-32 with a byte order mark (YAML 1.1, section 5.2)."""

from codecs import (
    BOM_UTF8,
    BOM_UTF16_BE,
    BOM_UTF16_LE,
    BOM_UTF32_BE,
    BOM_UTF32_LE,
)

from seawall.core.named_tuple import NamedTuple
from seawall.text.lines import positions

_MARKS = (
    (BOM_UTF8, "utf-8"),
    (BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with that one's mark
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_BINARY_PROBE = 8192
BINARY = "binary file"
"""Why bytes are no text at all."""


class Undecodable(NamedTuple):
    """Why bytes are no text; line and column count from 1, 0 when there is no such place."""

    line: int
    column: int
    reason: str


def decode(data: bytes) -> str | Undecodable:
    """The text of a file, without its byte order mark."""
    encoding = "utf-8"
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    else:
        if b"\0" in data[:_BINARY_PROBE]:
            return Undecodable(0, 0, BINARY)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="ignore")
        line, column = positions(before, [len(before)])[len(before)]
        return Undecodable(line, column, f"not {encoding.upper()} text at byte {error.start}")

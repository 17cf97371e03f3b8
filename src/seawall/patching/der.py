"""DER (ITU-T X.690): the few values that keys and names of certificates are made of."""

from typing import NamedTuple

INTEGER, BIT_STRING, OBJECT, UTF8, SEQUENCE, SET = 0x02, 0x03, 0x06, 0x0C, 0x30, 0x31
CONTEXT_0 = 0xA0
_TEXTS = {
    0x0C: "utf-8", 0x13: "latin-1", 0x14: "latin-1", 0x16: "latin-1", 0x1A: "latin-1",
    0x1C: "utf-32-be", 0x1E: "utf-16-be",
}  # fmt: skip
"""UTF8String, PrintableString, T61String, IA5String, VisibleString, UniversalString, BMPString."""
_MOST_LENGTH = 4
"""Bytes of a length."""


class Value(NamedTuple):
    """A value with its tag, not looked into."""

    tag: int
    data: bytes


def children(data: bytes) -> list[Value]:
    """The values that stand one after the other. Raises ``ValueError``."""
    found = []
    at = 0
    while at < len(data):
        tag = data[at]
        if tag & 0x1F == 0x1F or at + 1 >= len(data):
            raise ValueError("no DER")
        length = data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= _MOST_LENGTH or at + size > len(data):
                raise ValueError("no length")
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise ValueError("cut off")
        found.append(Value(tag, data[at : at + length]))
        at += length
    return found


def encoded(tag: int, data: bytes) -> bytes:
    """A value as bytes."""
    length = len(data)
    if length < 0x80:
        return bytes((tag, length)) + data
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size) + data


def text(value: Value) -> str | None:
    """The text of a value; ``None`` where it is none. Raises ``ValueError`` for broken bytes."""
    encoding = _TEXTS.get(value.tag)
    return value.data.decode(encoding) if encoding is not None else None

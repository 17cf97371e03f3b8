"""Bytes to text."""

import codecs

import pytest

from seawall.text.decoding import Undecodable, decode


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a: \xc3\xa9", "a: é"),
        (codecs.BOM_UTF8 + b"a: 1", "a: 1"),
        (codecs.BOM_UTF16_LE + "a: é😀".encode("utf-16-le"), "a: é😀"),
        (codecs.BOM_UTF16_BE + "a: 1".encode("utf-16-be"), "a: 1"),
        (codecs.BOM_UTF32_LE + "a: 1".encode("utf-32-le"), "a: 1"),
        (codecs.BOM_UTF32_BE + "a: 1".encode("utf-32-be"), "a: 1"),
    ],
)
def test_text(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    ("data", "line", "column", "reason"),
    [
        (b"\x7fELF\0\1", 0, 0, "binary file"),
        ("a: 1".encode("utf-16-le"), 0, 0, "binary file"),
        (b"a: 1\n\xc3\xa9b: \xff", 2, 5, "not UTF-8 text at byte 10"),
        (b"a: 1\r\nb: 2\rc:\xe9\n", 3, 3, "not UTF-8 text at byte 13"),
        (codecs.BOM_UTF16_LE + b"a\0\n\0\x00\xd8", 2, 1, "not UTF-16-LE text at byte 4"),
    ],
)
def test_no_text(data: bytes, line: int, column: int, reason: str) -> None:
    assert decode(data) == Undecodable(line, column, reason)

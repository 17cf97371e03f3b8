"""Unpacks values that are texts themselves: base64, hexadecimal digits, percent signs, gzip.

Bombs are stopped by the limits: what is unpacked from one text is at most a few times its size.
"""

from binascii import Error, a2b_base64, b2a_base64, unhexlify
from collections.abc import Iterable, Iterator
from re import escape
from typing import TYPE_CHECKING

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.secrets.candidate import Part
from seawall.secrets.rules.shapes import Shape, shape

if TYPE_CHECKING:
    from re import Match, Pattern

MAX_DEPTH = 3
_MAX_RATIO, _LEAST_BUDGET, _MAX_BUDGET = 4, 65_536, 16 << 20
_PROBE = 48
_GZIP = b"\x1f\x8b\x08"
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_SHORTEST = 12

_PERCENT_SIGN = r"%[0-9A-Fa-f]{2}"
_BETWEEN = r"[\w.~-]{0,16}"


def shapes() -> tuple[Shape, Shape, Shape]:
    """What ``unpacked``, ``percent`` and ``wide`` want to be told the places of."""
    telling = sorted({*_images(), *(word.encode().hex() for word in _WORDS), "1f8b08"})
    source = "|".join(map(escape, telling))
    runs = Shape(source, source, tuple(sorted(set(map(str.lower, telling)))), 32, leads=True)
    signs = _PERCENT_SIGN + _BETWEEN + _PERCENT_SIGN + _BETWEEN + _PERCENT_SIGN
    return runs, shape(signs), _wide_marks()


def _wide_marks() -> Shape:
    source = "|".join("".join(f"{escape(sign)}\\x00" for sign in mark) for mark in _MARKS)
    literals = tuple("".join(f"{sign}\0" for sign in mark.lower()) for mark in _MARKS)
    return Shape(source, source, literals, 2 * max(map(len, _MARKS)), leads=True)


_WORDS = (
    "password", "passwd", "Password", "PASSWORD", "secret", "Secret", "SECRET", "token", "Token",
    "TOKEN", "api_key", "apiKey", "API_KEY", "_KEY=", "credential", "-----BEGIN", "auths",
    "Authoriz", "private", "access_key", "AKIA", "ghp_", "glpat-", "xoxb-", "sk_live", "ghs_",
    "gho_", "ghu_", "ghr_", "npm_", "glsa_", "dckr_pat_", "pypi-AgE", "AIza",
    "https://", "postgres", "mongodb", "redis://",
)  # fmt: skip
"""What encoded texts hold that are worth unpacking."""
_MARKS = (
    "ghp_", "gho_", "ghu_", "ghr_", "ghs_", "npm_", "glpat-", "glsa_", "ATATT3x", "ATCTT3x",
    "pypi-AgE", "AGE-SECRET-KEY-1", "eyJ", "-----BEGIN ", "://",
)  # fmt: skip
"""What stands in UTF-16 within binary files where something is that proves itself."""
_GZIP_HEAD = "H4sI"


def _images() -> Iterator[str]:
    """How words look within base64, and within base64 of base64 (as Helm keeps its releases)."""
    for word in _WORDS:
        for image in _phases(word.encode()):
            yield image
            if len(word) >= _TWICE_FROM:
                yield from _phases(image.encode())
    yield _GZIP_HEAD
    yield b2a_base64(_GZIP_HEAD.encode(), newline=False).decode()[:5]


_TWICE_FROM = 6


def _phases(word: bytes) -> Iterator[str]:
    """The letters of base64 that a word alone decides, for each of its three places in a group."""
    for phase in range(3):
        text = b2a_base64(bytes(phase) + word, newline=False).decode()
        first = (phase * 8 + 5) // 6
        last = (phase + len(word)) * 8 // 6
        yield text[first:last]


_BASE64 = pattern(rb"[A-Za-z0-9+/_-]{24,16000000}={0,2}")
_PERCENT = pattern(rb"(?:%[0-9A-Fa-f]{2}|[\w.~+-])+")
_HEX = pattern(rb"[0-9a-fA-F]+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class Unpacked(NamedTuple):
    """A text within a text."""

    place: Part
    data: bytes
    how: tuple[str, ...]


class Budget:
    """How many bytes may still be unpacked from a text."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = min(max(size * _MAX_RATIO, _LEAST_BUDGET), _MAX_BUDGET)

    def take(self, size: int) -> bool:
        """Whether so many are left; then they are used up."""
        if size > self.left:
            return False
        self.left -= size
        return True


def unpacked(data: bytes, places: Iterable[int], budget: Budget) -> Iterator[Unpacked]:
    """The texts in encoded runs that hold one of some places, which are in order."""
    for run in _runs(data, places, _BASE64, _RUN_BYTES):
        start = run.start()
        if data[run.end() : run.end() + 1] == b"." or data[start - 1 : start] == b".":
            continue  # a part of a JSON Web Token: there is a rule for these
        found = _of_run(run[0], budget)
        if found is not None:
            yield Unpacked(Part(run.start(), run.end()), *found)


def _runs(
    data: bytes, places: Iterable[int], whole: "Pattern[bytes]", letters: frozenset[int]
) -> "Iterator[Match[bytes]]":
    """What matches around some places, which are in order: each stretch of some letters once."""
    behind = 0
    for place in places:
        if place < behind:
            continue
        start = place
        while start > behind and data[start - 1] in letters:
            start -= 1
        run = whole.match(data, start)
        if run is None:
            behind = place + 1  # or each place would walk back over the same bytes
            continue
        behind = run.end()
        yield run


_RUN_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")


def _of_run(run: bytes, budget: Budget) -> tuple[bytes, tuple[str, ...]] | None:
    if len(run) % 2 == 0 and _HEX.fullmatch(run[:_PROBE]) and _HEX.fullmatch(run):
        plain = unhexlify(run)
        return (plain, ("hex",)) if _is_text(plain) and budget.take(len(plain)) else None
    body = run.rstrip(b"=").translate(_URL_SAFE)
    head = _decoded(body[:_PROBE])
    if head is None or not (_is_text(head[:-2]) or head.startswith(_GZIP)):
        return None
    if not budget.take(len(body)):
        return None
    whole = _decoded(body[: len(body) // 4 * 4 + (len(body) % 4 if len(body) % 4 > 1 else 0)])
    if whole is None:
        return None
    if whole.startswith(_GZIP):
        inflated = _inflated(whole, budget)
        return None if inflated is None else (inflated, ("base64", "gzip"))
    return whole, ("base64",)


def _decoded(body: bytes) -> bytes | None:
    try:
        return a2b_base64(body + b"=" * (-len(body) % 4))
    except (Error, ValueError):
        return None


def _inflated(packed: bytes, budget: Budget) -> bytes | None:
    import zlib  # noqa: PLC0415 - only where there is gzip

    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(packed, budget.left)
    except zlib.error:
        return None
    return plain if budget.take(len(plain)) else None


def _is_text(head: bytes) -> bool:
    return len(head) >= _SHORTEST and not head.translate(None, _PRINTABLE)


def percent(data: bytes, places: Iterable[int], budget: Budget) -> Iterator[Unpacked]:
    """The texts in runs with percent signs that hold one of some places, which are in order."""
    for run in _runs(data, places, _PERCENT, _PERCENT_BYTES):
        from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - only where there are signs

        plain = unquote_to_bytes(run[0])
        if budget.take(len(plain)):
            yield Unpacked(Part(run.start(), run.end()), plain, ("percent",))


_PERCENT_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._~+-")


def wide(data: bytes, places: Iterable[int], budget: Budget) -> Iterator[Unpacked]:
    """The texts in UTF-16 (little-endian, of plain letters) around places, which are in order."""
    behind = 0
    for place in places:
        if place < behind:
            continue
        least = max(behind, place - _WIDEST)
        start = place
        while start - 2 >= least and data[start - 1] == 0 and data[start - 2] in _PLAIN_BYTES:
            start -= 2
        run = _WIDE.match(data, start, place + _WIDEST)
        if run is None:
            behind = place + 1
            continue
        behind = run.end()
        plain = run[0][::2]
        if budget.take(len(plain)):
            yield Unpacked(Part(run.start(), run.end()), plain, ("utf-16",))


_WIDEST = 65_536
_WIDE = pattern(rb"(?:[\t\r\n\x20-\x7e]\x00)+")
_PLAIN_BYTES = frozenset(_PRINTABLE)

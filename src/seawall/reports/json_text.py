"""JSON on one line, the same on every machine, and safe to print."""

import re
from collections.abc import Iterable, Iterator, Mapping
from json import JSONEncoder
from json.encoder import encode_basestring

from seawall.core.lazy import pattern

_RISKY = pattern(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)
"""What JSON may hold as it is, but a terminal or a reader's eye should not meet.

The set is spelt out, for what Unicode (and so ``str.isprintable``) calls printable differs
between versions of Python, and the bytes of a report may not.
"""


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


_ENCODER = JSONEncoder(
    ensure_ascii=False, separators=(", ", ": "), allow_nan=False, default=_plain
)  # fmt: skip


def compact(value: object) -> str:
    """One line of JSON. Lone surrogates, which no UTF-8 file can hold, become U+FFFD."""
    return harmless(_ENCODER.encode(value))


def quoted(text: str) -> str:
    """A text as JSON. What is put together from such texts must be made ``harmless`` once."""
    return encode_basestring(text)


def harmless(json: str) -> str:
    """JSON without what is risky to show; it means the same, but for lone surrogates."""
    if not json.isascii() or "\x7f" in json:
        json = _RISKY.sub(_escaped, json)
    # A CI runner takes `##[..]` and `##vso[..]` in its log for orders: they never stand so.
    return json.replace("##", r"#\u0023")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xD800 <= code <= 0xDFFF:
        return r"\ufffd"
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def array(items: Iterable[str], indent: str) -> Iterator[str]:
    """A JSON array of items that are JSON already, each beginning on a line of its own."""
    return bracketed((entry(item, indent) for item in items), indent)


def entry(json: str, indent: str) -> str:
    """JSON as an item of an array, behind a comma: what is put together of such may be cut."""
    return f",\n{indent}  {json}"


def bracketed(entries: Iterable[str], indent: str) -> Iterator[str]:
    """A JSON array of texts with any number of entries in each."""
    is_empty = True
    for text in entries:
        if text and is_empty:
            is_empty = False
            yield f"[{text[1:]}"
        else:
            yield text
    yield "[]" if is_empty else f"\n{indent}]"


def members(fields: Mapping[str, object]) -> str:
    """The inner side of an object on one line: what is put together of several is one object."""
    return compact(fields)[1:-1]

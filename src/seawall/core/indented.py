"""JSON on lines of its own, byte for byte what ``json.dumps(value, indent=2)`` writes.

That takes twice as long: with an indent, CPython's encoder is Python, a step for each piece of text
(3.11 to 3.14, ``json/encoder.py``).
"""

from json import dumps
from json.encoder import encode_basestring_ascii
from typing import Any

_STEP = "  "


def indented(value: Any) -> str:
    """A value of dictionaries with texts for keys, lists and what JSON has else."""
    return _told(value, "\n")


def _told(value: Any, start: str) -> str:
    if type(value) is str:
        return encode_basestring_ascii(value)
    if type(value) is dict and value:
        inner = start + _STEP
        rows = [
            f"{inner}{encode_basestring_ascii(key)}: {_told(item, inner)}"
            for key, item in value.items()
        ]
        return f"{{{','.join(rows)}{start}}}"
    if type(value) is list and value:
        inner = start + _STEP
        return f"[{','.join([inner + _told(item, inner) for item in value])}{start}]"
    return dumps(value)

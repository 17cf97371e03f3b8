"""Values that any text may hold: a word, a short number, what people type for lack of a better one.

That such a value stands somewhere tells nobody that it is a secret. Whether one is decided by how
many guesses it takes, rather too many than too few.
"""

from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.secrets.randomness import surprise
from seawall.text.placeholders import placeholder

_GUESSES = 20.0
"""Bits: what is found by a million guesses needs no text to tell it."""
_OF_FILL_IN = 40.0
"""The same for what people type for lack of a better one, with some digits and signs."""
_RUNS = pattern(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]")
_LETTER, _DIGIT, _SIGN = 4.7, 3.4, 6.0
_WORD, _WORD_FROM, _WORD_TO, _LONGER = 14.0, 4, 10, 2.5
"""Bits of a word, the letters from which a run may be one and to which it is one alone, and bits
for each letter more: there may be several."""
_READABLE, _OF_SHORT = 4.3, 4.8
"""Bits for each letter (``surprise``) up to which letters are taken for a word: of twelve that are
drawn, one in a thousand is. Names of programs read worse, and are short."""
_LONGEST = 24
_FRAME = "-----"
"""What the first and the last line of a key in PEM (RFC 7468) begin and end with."""
_WEAK = frozenset(("weak", "weak-variant"))


@lru_cache(maxsize=8192)
def is_commonplace(value: str) -> bool:
    """Whether a value may stand in any text, so that it tells nothing there."""
    if value.startswith(_FRAME) and value.endswith(_FRAME):
        return True
    if len(value) > _LONGEST:
        return False
    bits = sum(map(_bits, _RUNS.findall(value)))
    return bits <= _GUESSES or (bits <= _OF_FILL_IN and placeholder(value) in _WEAK)


def _bits(run: str) -> float:
    size = len(run)
    if not run.isascii() or not run.isalnum():
        return _SIGN * size
    if run.isdigit():
        return _DIGIT * size
    limit = _OF_SHORT if size <= _WORD_TO else _READABLE
    if size < _WORD_FROM or surprise(run) > limit:
        return _LETTER * size
    return _WORD + max(size - _WORD_TO, 0) * _LONGER

"""How much a value looks drawn by chance: its alphabet, how much of it occurs, how it reads."""

import os
from functools import cache, lru_cache
from itertools import pairwise
from math import log2, sqrt
from operator import sub

from seawall.core.lazy import pattern

_HEX_LOWER = frozenset("0123456789abcdef")
_HEX_UPPER = frozenset("0123456789ABCDEF")
_DIGITS = frozenset("0123456789")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BASE32 = _UPPER | frozenset("234567")
_ALPHABETS: tuple[tuple[str, frozenset[str], int], ...] = (
    ("digits", _DIGITS, 10),
    ("hex", _HEX_LOWER, 16),
    ("hex", _HEX_UPPER, 16),
    ("hex", _HEX_LOWER | _HEX_UPPER, 16),
    ("letters", _LOWER, 26),
    ("letters", _UPPER, 26),
    ("base32", _BASE32, 32),
    ("base36", _LOWER | _DIGITS, 36),
    ("base36", _UPPER | _DIGITS, 36),
    ("mixed-letters", _LOWER | _UPPER, 52),
    ("base62", _LOWER | _UPPER | _DIGITS, 62),
    ("base64", _LOWER | _UPPER | _DIGITS | frozenset("+/="), 64),
    ("base64", _LOWER | _UPPER | _DIGITS | frozenset("-_="), 64),
    ("base64", _LOWER | _UPPER | _DIGITS | frozenset("+/-_=.~"), 66),
)
_DEVIATIONS = 4.0
"""How far below the mean the number of different characters may be: one in 30,000 is further."""


@lru_cache(maxsize=8192)
def alphabet(value: str) -> tuple[str, int]:
    """The smallest usual alphabet that a value is written in, and its size."""
    used = set(value)
    for name, letters, size in _ALPHABETS:
        if used <= letters:
            return name, size
    return "any", 90


def distinct_enough(value: str) -> bool:
    """Whether as many different characters occur as in a drawn text of this length."""
    mean, deviation = _expected(len(value), alphabet(value)[1])
    return len(set(value)) >= mean - _DEVIATIONS * deviation


@cache
def _expected(length: int, size: int) -> tuple[float, float]:
    """Mean and deviation of how many of so many letters occur (the occupancy problem)."""
    one, two = (1 - 1 / size) ** length, max(1 - 2 / size, 0) ** length
    variance = size * one + size * (size - 1) * two - (size * one) ** 2
    return size * (1 - one), sqrt(max(variance, 0.05))


_SAME, _STEPS = 5, 6
_RISES = frozenset((-1, 0, 1))


def has_run(value: str) -> bool:
    """Whether a part of it counts up or down, or is one character: ``abcdef``, ``00000``."""
    codes = value.encode("utf-8", "replace")
    every = _SAME - 1  # no run is without one of these pairs
    if _RISES.isdisjoint(map(sub, codes[1::every], codes[::every])):
        return False
    length, step = 1, 0
    for before, after in pairwise(codes):
        now = after - before
        if now == step and -1 <= now <= 1:
            length += 1
        else:
            step, length = now, 2 if -1 <= now <= 1 else 1
        if length >= (_SAME if step == 0 else _STEPS) and -1 <= step <= 1 and length > 1:
            return True
    return False


def entropy(value: str) -> float:
    """Shannon's entropy of the characters, in bits."""
    parts = _parts(len(value))
    return -sum([parts[count] for count in map(value.count, set(value))])


@lru_cache(maxsize=512)
def _parts(length: int) -> list[float]:
    """What a letter adds to the entropy of a text of a length, by how often it occurs."""
    shares = [count / length for count in range(1, length + 1)]
    return [0.0, *[share * log2(share) for share in shares]]


# How it reads ---------------------------------------------------------------------------------

_WORDS = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_EDGE = "{"
_STEP = 0.5
"""Bits for each letter of the table."""


@cache
def _table() -> dict[tuple[str, str], float]:
    """How surprising a letter is behind another one, in bits; ``_EDGE`` is a word's."""
    path = os.path.join(os.path.dirname(__file__), "data", "letter_pairs.txt")
    with open(path, encoding="ascii") as stream:
        rows = [line.strip() for line in stream if not line.startswith("#")]
    letters = f"abcdefghijklmnopqrstuvwxyz{_EDGE}"
    return {
        (before, after): (ord(cell) - ord("a")) * _STEP
        for before, row in zip(letters, rows, strict=True)
        for after, cell in zip(letters, row, strict=True)
    }


_BRIEF, _FEWEST_LETTERS = 12, 8
_LETTERS_OF_A_WORD, _LETTERS_OF_A_BRIEF_WORD = 3.0, 2.5


def changes_case_by_chance(value: str) -> bool:
    """Whether letters of both cases follow each other as names in programs do not.

    A name has an upper case letter where a word begins, so its words have four to six letters in
    the mean; drawn letters are cut into pieces of two. Of 66,000 names of twelve letters or more in
    seven public repositories 37 have words of less than three, most of them drawn; of 15,700
    shorter ones 40 have words of less than two and a half.
    """
    length = len(value)
    if length < _FEWEST_LETTERS or not value.isalpha() or value.islower() or value.isupper():
        return False
    least = _LETTERS_OF_A_BRIEF_WORD if length < _BRIEF else _LETTERS_OF_A_WORD
    return length < least * len(_WORDS.findall(value))


@lru_cache(maxsize=8192)
def surprise(value: str) -> float:
    """Bits for each letter of its words: about 3 for what is made of words, 5 and more if drawn.

    Letters between digits and signs are words of their own. 0 for a value without letters.
    """
    words = _WORDS.findall(value)
    if not words:
        return 0.0
    joined = f"{_EDGE}{_EDGE.join(words)}{_EDGE}".lower()
    return sum(map(_table().__getitem__, pairwise(joined))) / (len(joined) - 1)

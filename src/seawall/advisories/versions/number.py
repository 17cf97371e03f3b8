"""Numbers and words as pieces of keys: their order is that of what they stand for.

Keys are built as text of the characters 0 to 255 and encoded once (``pack``), which is quicker
than to join bytes. No number is a prefix of another, and no word, so pieces can stand one behind
another.
"""

LIMIT = 1000
"""Characters a version may have: beyond that nobody has a version, but a stranger a plan."""
SHORT = 200
"""What is shorter needs no look at its length."""
LENGTHS = tuple(
    chr(length) if length < 0xFF else f"\xff{chr(length >> 8)}{chr(length & 0xFF)}"
    for length in range(LIMIT + 1)
)
"""How many digits follow, by their number."""


def num(digits: str) -> str:
    """A number of any size: its length, then its digits, leading zeros dropped.

    ``digits`` are ASCII digits, at most ``LIMIT`` of them; none at all stand for zero.
    """
    if digits[:1] == "0":
        digits = digits.lstrip("0")
    return LENGTHS[len(digits)] + digits


def word(text: str) -> str:
    """Text by its characters, a prefix first; without characters below blank."""
    return text + "\0"


def is_odd(text: str) -> bool:
    """Whether a text is no version in any ecosystem: too long, or not printable ASCII."""
    return len(text) > LIMIT or not (text.isascii() and text.isprintable())


def pack(pieces: str) -> bytes:
    """The key of some pieces."""
    return pieces.encode("latin-1")

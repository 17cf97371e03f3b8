"""Shannon's entropy as gitleaks counts it: characters over the number of bytes."""

from collections import Counter
from math import log2


def entropy(text: bytes) -> float:
    """Bits for each character of UTF-8; 0 for an empty text.

    gitleaks divides how often a character occurs by the number of bytes, which for other than
    ASCII is less than it should be; its thresholds count on that.
    """
    if not text:
        return 0.0
    share = 1.0 / len(text)
    total = 0.0
    for count in Counter(text.decode("utf-8", "replace")).values():
        frequency = count * share
        total -= frequency * log2(frequency)
    return total

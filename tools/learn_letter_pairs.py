"""Writes src/seawall/secrets/data/letter_pairs.txt: which letters follow each other in names.

    python tools/learn_letter_pairs.py DIRECTORY...

The directories hold source code of any kind; each word of its identifiers counts once, so that no
project's favourite word weighs more than the language.
"""

import re
import sys
from collections import Counter
from itertools import pairwise
from math import log2
from pathlib import Path

OUTPUT = Path(__file__).parent.parent / "src" / "seawall" / "secrets" / "data" / "letter_pairs.txt"
WORD = re.compile(r"[A-Z]?[a-z]{2,20}")
OUTSIDE = 26
STEPS_PER_BIT = 2
LARGEST = 25
SEEN_IN = 2
"""Files a word must stand in: what stands in one only may be an encoded value."""
HEAD = (
    "# Row: a letter (the 27th is the edge of a word). Column: the next. a is 0 bits, b is 0.5.\n"
)


def words(directories: list[str]) -> Counter[str]:
    """The words of all texts, with the number of files they stand in."""
    found: Counter[str] = Counter()
    for directory in directories:
        for path in Path(directory).rglob("*"):
            if path.is_file() and path.stat().st_size < 1_000_000:
                data = path.read_bytes()
                if b"\0" not in data:
                    text = data.decode("utf-8", "ignore")
                    found.update({word.lower() for word in WORD.findall(text)})
    return found


def main() -> None:
    """Count and write."""
    pairs: Counter[tuple[int, int]] = Counter()
    for word, files in words(sys.argv[1:]).items():
        if files >= SEEN_IN:
            letters = [OUTSIDE, *(ord(letter) - ord("a") for letter in word), OUTSIDE]
            pairs.update(pairwise(letters))
    rows = []
    for first in range(27):
        total = sum(pairs[first, second] for second in range(27)) + 27
        bits = [-log2((pairs[first, second] + 1) / total) for second in range(27)]
        levels = [min(round(bit * STEPS_PER_BIT), LARGEST) for bit in bits]
        rows.append("".join(chr(ord("a") + level) for level in levels))
    OUTPUT.write_text(HEAD + "\n".join(rows) + "\n", "ascii")


if __name__ == "__main__":
    main()

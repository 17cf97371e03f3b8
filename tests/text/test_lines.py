"""Lines and columns are those an editor shows."""

import re
from random import Random

import pytest

from seawall.text.lines import count_ends, positions, split_lines

TEXTS = ["", "a", "a\nb", "a\r\nb\r\n", "a\rb", "\r\r\n\n", "a\x85b\u2028c\u2029d\n😀e", "\n\n\r\r"]


def by_hand(text: str, offset: int) -> tuple[int, int]:
    # A CR LF that the offset stands in the midst of has not ended its line.
    before = text[:offset]
    if text[offset - 1 : offset + 1] == "\r\n" and offset:
        lines = re.split("\r\n|\r|\n", before[:-1])
        return len(lines), len(lines[-1]) + 2
    lines = re.split("\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1


@pytest.mark.parametrize("text", TEXTS)
def test_every_offset(text: str) -> None:
    offsets = range(len(text) + 1)
    assert positions(text, offsets) == {offset: by_hand(text, offset) for offset in offsets}


def test_random_texts() -> None:
    random = Random(1)
    for _ in range(2000):
        text = "".join(random.choice("ab\n\r\x85") for _ in range(random.randint(0, 30)))
        offsets = random.sample(range(len(text) + 1), random.randint(0, len(text) + 1))
        assert positions(text, offsets) == {offset: by_hand(text, offset) for offset in offsets}
        assert len(split_lines(text)) == len(re.split("\r\n|\r|\n", text))
        assert count_ends(text, 0, len(text)) == len(split_lines(text)) - 1


def test_yaml_breaks_are_no_lines() -> None:
    assert split_lines("a\x85b\u2028c\u2029d") == ["a\x85b\u2028c\u2029d"]
    assert split_lines("a\r\nb\rc\n") == ["a", "b", "c", ""]

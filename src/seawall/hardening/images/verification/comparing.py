"""Whether two runs said the same, but for what is never the same.

What differs between two runs of one and the same image is no difference of another; nor is the time
of day, which may well be the same in two runs and another one in the third.
"""

from typing import NamedTuple

from seawall.core.lazy import pattern

_TIMES = pattern(
    rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    rb"|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"
    rb"|\b\d{1,2}[ /-](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[ /-]\d{4}"
    rb"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\b,?"
)
_WORDS = pattern(rb"(\s+)")
_TIME = b"\0"
_SHOWN = 120
_MOST_SHOWN = 3


class Said(NamedTuple):
    """What a run came to, so far as it is compared."""

    facts: tuple[tuple[str, str], ...]
    """What there is beside the text: names and values."""
    noun: str
    """What the text is called."""
    text: bytes = b""
    is_cut: bool = False
    """Whether there was more text than was kept."""


class Compared(NamedTuple):
    """How two runs differ."""

    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()


def may_be_volatile(original: Said, result: Said) -> bool:
    """Whether only their texts differ, so that another run of the original may explain it."""
    return original.facts == result.facts and original.text != result.text


def compare(original: Said, result: Said, again: Said | None = None) -> Compared:
    """How a result differs from the original; ``again`` is another run of the original."""
    if original.facts != result.facts:
        return Compared(_facts(original, result), _unsteady(original, again))
    if original.text == result.text:
        return Compared((), _cut(original))
    differences = _texts(original, result, again)
    notes: list[str] = []
    if again is not None and differences:
        if _shape(original.text) != _shape(again.text):
            differences = ()
            notes.append(
                f"two runs of the original do not have the same {original.noun}: it is not compared"
            )
    elif not differences:
        notes.append(f"parts of the {original.noun} are never the same: they are not compared")
    return Compared(differences, (*notes, *_cut(original)))


def without_times(text: str) -> str:
    """A text without times of day, to be compared."""
    return _TIMES.sub(_TIME, text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _cut(original: Said) -> tuple[str, ...]:
    if not original.is_cut:
        return ()
    return (f"only the first {len(original.text)} bytes of the {original.noun} are compared",)


def _unsteady(original: Said, again: Said | None) -> tuple[str, ...]:
    if again is None:
        return ()
    known = dict(again.facts)
    return tuple(
        f"two runs of the original have another {name}: {value}, then {known.get(name, 'none')}"
        for name, value in original.facts if known.get(name) != value
    )  # fmt: skip


def _facts(original: Said, result: Said) -> tuple[str, ...]:
    known = dict(result.facts)
    return tuple(
        f"{name}: {value} in the original, {known.get(name, 'none')} in the result"
        for name, value in original.facts if known.get(name) != value
    )  # fmt: skip


def _lines(text: bytes) -> list[list[bytes]]:
    """Lines as words and what stands between them, times of day taken out."""
    return [_WORDS.split(line) for line in _TIMES.sub(_TIME, text).split(b"\n")]


def _shape(text: bytes) -> list[int]:
    return [len(line) for line in _lines(text)]


def _texts(original: Said, result: Said, again: Said | None) -> tuple[str, ...]:
    """The first lines that differ."""
    ours, theirs = _lines(original.text), _lines(result.text)
    others = _lines(again.text) if again is not None else ours
    found = []
    for number in range(max(len(ours), len(theirs))):
        one, other = (each[number] if number < len(each) else None for each in (ours, theirs))
        second = others[number] if number < len(others) else None
        if one != other and not _is_volatile(one, other, second):
            found.append(
                f"{original.noun}, line {number + 1}: {_shown(original.text, number)} in the "
                f"original, {_shown(result.text, number)} in the result"
            )
    if len(original.text) != len(result.text) and found:
        found.insert(
            0, f"{original.noun}: {len(original.text)} bytes in the original, {len(result.text)} in"
            " the result",
        )  # fmt: skip
    more = len(found) - _MOST_SHOWN
    return (*found[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else []))


def _is_volatile(
    one: list[bytes] | None, other: list[bytes] | None, second: list[bytes] | None
) -> bool:
    """Whether all that differs also differs between two runs of the original."""
    if one is None or other is None or second is None:
        return False
    if len(one) != len(other) or len(one) != len(second):
        return False
    return all(a == b or a != c for a, b, c in zip(one, other, second, strict=True))


def _shown(text: bytes, number: int) -> str:
    lines = text.split(b"\n")
    if number >= len(lines):
        return "nothing"
    line = lines[number].decode("utf-8", "replace")
    return repr(line if len(line) <= _SHOWN else f"{line[:_SHOWN]}...")

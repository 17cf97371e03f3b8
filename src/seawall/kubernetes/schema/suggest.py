"""Which known field somebody probably meant."""

from collections.abc import Iterable

_LONGEST = 64
"""Longer names are no slips of the pen; comparing them would only cost time."""


def close_name(name: str, known: Iterable[str]) -> str:
    """The known name closest to a misspelt one, or ``""`` when none is close.

    Another case or other separators (``image_pull_policy``) count as the same name; else at
    most one wrong, missing, doubled or swapped letter in four.
    """
    if not name or len(name) > _LONGEST:
        return ""
    names = list(known)
    plain = _plain(name)
    for candidate in names:
        if _plain(candidate) == plain:
            return candidate
    limit = min(3, len(name) // 4) or 1
    best, best_distance = "", limit + 1
    for candidate in names:
        if abs(len(candidate) - len(name)) < best_distance:
            distance = _distance(plain, _plain(candidate))
            if distance < best_distance:
                best, best_distance = candidate, distance
    # One letter of a very short name is half of it.
    return best if len(name) > 2 else ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _distance(one: str, other: str) -> int:
    """Edits between two names; a swap of neighbours is one (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]

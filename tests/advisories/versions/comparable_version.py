"""Maven's ComparableVersion (3.8 and 3.9) written again, on nested lists of numbers and words."""

import re

Item = int | str | list["Item"]
_QUALIFIERS = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"]
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_BEFORE_DIGITS = {"a": "alpha", "b": "beta", "m": "milestone"}


def parse(text: str) -> list[Item]:  # noqa: C901 - the same steps as Maven's
    items: list[Item] = []
    stack = [items]
    pending = ""

    def add(item: Item) -> None:
        stack[-1].append(item)

    def push() -> None:
        new: list[Item] = []
        add(new)
        stack.append(new)

    for token in re.findall(r"[0-9]+|[^0-9.-]+|[.-]", text.lower()):
        if token in ".-":
            add(_item(pending or "0"))
            pending = ""
            if token == "-":
                push()
            continue
        if pending and token.isdigit():
            if stack[-1]:
                push()
            add(_item(_BEFORE_DIGITS.get(pending, pending)))
            push()
        elif pending:
            add(int(pending))
            push()
        pending = token
    if pending:
        if not pending.isdigit() and stack[-1]:
            push()
        add(_item(pending))
    for level in reversed(stack):
        _normalise(level)
    return items


def _item(token: str) -> Item:
    return int(token) if token.isdigit() else _ALIASES.get(token, token)


def _normalise(items: list[Item]) -> None:
    for at in range(len(items) - 1, -1, -1):
        if items[at] in (0, "", []):
            del items[at]
        elif not isinstance(items[at], list):
            break


def compare(one: Item, other: Item | None) -> int:
    """Below, equal to or above zero."""
    if isinstance(one, list):
        return _compare_list(one, other)
    if isinstance(one, int):
        if other is None:
            return int(one != 0)
        return (one > other) - (one < other) if isinstance(other, int) else 1
    if other is None:
        other = ""
    if not isinstance(other, str):
        return -1
    return (_rank(one) > _rank(other)) - (_rank(one) < _rank(other))


def _rank(word: str) -> str:
    return str(_QUALIFIERS.index(word)) if word in _QUALIFIERS else f"7-{word}"


def _compare_list(one: list[Item], other: Item | None) -> int:
    if other is None:
        return next((result for item in one if (result := compare(item, None))), 0)
    if not isinstance(other, list):
        return -1 if isinstance(other, int) else 1
    for at in range(max(len(one), len(other))):
        left = one[at] if at < len(one) else None
        right = other[at] if at < len(other) else None
        if left is None:
            assert right is not None
            result = -compare(right, None)
        else:
            result = compare(left, right)
        if result:
            return result
    return 0


def shared(one: list[Item], other: list[Item]) -> list[Item]:
    """What two versions begin with, down to the list in which they part."""
    result: list[Item] = []
    for left, right in zip(one, other, strict=False):
        if isinstance(left, list) and isinstance(right, list):
            inner = shared(left, right)
            return [*result, inner] if inner else result
        if compare(left, right):
            break
        result.append(left)
    return result

"""Lengths of time as people write them: ``90s``, ``15m``, ``1h``, ``7d``."""

from seawall.core.lazy import pattern
from seawall.mesh.plan.document import Node

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
_WRITTEN = pattern(r"([0-9]{1,9})([smhd])\Z")


def seconds_of(node: Node, least: int, most: int) -> int:
    """A length of time, in seconds, within bounds."""
    text = node.text(longest=20)
    found = _WRITTEN.match(text)
    if found is None:
        node.fail(f"{text!r} is no length of time: write one like 90s, 15m, 1h or 7d")
    number = int(found[1]) * _UNITS[found[2]]
    if not least <= number <= most:
        node.fail(f"{text} is not between {written(least)} and {written(most)}: choose one that is")
    return number


def written(seconds: int) -> str:
    """A length of time in its largest whole unit."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"

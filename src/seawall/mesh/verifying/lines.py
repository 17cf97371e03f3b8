"""What ``seawall mesh verify`` says: a line for each attack."""

from typing import NamedTuple


class Line(NamedTuple):
    """One attack, and what came of it."""

    attack: str
    target: str
    expected: str
    seen: str
    ok: bool | None
    """``None``: it was not tried, and ``seen`` says why."""


class Verdict(NamedTuple):
    """All of them."""

    mesh: str
    trust_domain: str
    lines: tuple[Line, ...]

    @property
    def failed(self) -> tuple[Line, ...]:
        """Those that did not come out as they should."""
        return tuple(line for line in self.lines if line.ok is False)

    @property
    def not_tried(self) -> tuple[Line, ...]:
        """Those that were left out."""
        return tuple(line for line in self.lines if line.ok is None)

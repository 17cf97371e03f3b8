"""Clients for tests: patience is short, and nobody waits."""

from seawall.sources.http.client import Client, Limits
from seawall.sources.http.mirrors import Mirrors

NO_MIRRORS = Mirrors()
QUICK = Limits(patience=2.0)
NOW = 1_790_000_000.0
"""September 21st, 2026."""


class Waits(list[float]):
    """Seconds that somebody would have waited."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Clock:
    """The time of day, as a test says."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += days * 86_400


def client(
    waits: Waits,
    mirrors: Mirrors = NO_MIRRORS,
    limits: Limits = QUICK,
    clock: Clock | None = None,
) -> Client:
    """A client that remembers how long it would have waited."""
    return Client(mirrors, limits, wait=waits, wall=clock or Clock())

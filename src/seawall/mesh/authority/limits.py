"""How often somebody may ask: a bucket that fills at a steady rate."""

from typing import NamedTuple


class Rate(NamedTuple):
    """Requests a second, and how many may come at once."""

    per_second: float = 500.0
    """SPIRE's limit for signing, for each address."""
    at_once: int = 2000


class Limits:
    """One bucket for each caller; those that are full again are forgotten."""

    _MOST = 10_000

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str, now: float) -> bool:
        """Whether a caller may ask once more at a time, in seconds of any steady clock."""
        left, before = self._buckets.get(caller, (float(self._rate.at_once), now))
        left = min(self._rate.at_once, left + max(0.0, now - before) * self._rate.per_second)
        if left < 1:
            return False
        if caller not in self._buckets and len(self._buckets) >= self._MOST:
            self._forget(now)
        self._buckets[caller] = (left - 1, now)
        return True

    def _forget(self, now: float) -> None:
        """Drop callers whose bucket is full by now, else all: nobody is kept out by others."""
        fills_in = self._rate.at_once / self._rate.per_second
        kept = {name: own for name, own in self._buckets.items() if now - own[1] < fills_in}
        self._buckets = kept if len(kept) < self._MOST else {}

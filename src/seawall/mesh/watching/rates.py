"""What happens a second, by two looks at the counters."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from seawall.mesh.watching import counts as names
from seawall.mesh.watching.counts import sum_of, ways_of


class Look(NamedTuple):
    """The counters of all workloads at a moment."""

    at: float
    """Of any steady clock, in seconds."""
    counts: Mapping[str, Mapping[str, int]]


class Rate(NamedTuple):
    """One workload."""

    name: str
    left: int
    """Seconds until its certificate ends."""
    open: int
    """Connections from callers."""
    handshakes: float
    """A second, as are those that follow."""
    requests: float
    sent: float
    """Requests to others."""
    refused: float
    denied: float
    dropped: float


def look_at(status: Mapping[str, Any], at: float) -> Look:
    """The counters that a status tells."""
    return Look(at, {
        name: own["standing"]["counts"] if own["standing"] else {}
        for name, own in status["workloads"].items()
    })  # fmt: skip


def rates(status: Mapping[str, Any], before: Look, now: Look) -> list[Rate]:
    """Those of all workloads, in their order; nothing is negative, though a proxy began anew."""
    seconds = max(now.at - before.at, 0.001)
    return [
        _rate(name, own, before.counts.get(name, {}), now.counts.get(name, {}), seconds, status)
        for name, own in status["workloads"].items()
    ]


def _rate(
    name: str, own: Mapping[str, Any], old: Mapping[str, int], new: Mapping[str, int],
    seconds: float, status: Mapping[str, Any],
) -> Rate:  # fmt: skip
    def each(first: str) -> float:
        return max(0, sum_of(new, first) - sum_of(old, first)) / seconds

    def sent(counts: Mapping[str, int]) -> int:
        return sum(way.requests for way in ways_of(counts))

    standing = own["standing"]
    return Rate(
        name, standing["ends"] - status["now"] if standing else 0, sum_of(new, names.ACTIVE),
        each(names.HANDSHAKES), each(names.REQUESTS), max(0, sent(new) - sent(old)) / seconds,
        each(names.REFUSED), each(names.DENIED), each(names.FENCE),
    )  # fmt: skip

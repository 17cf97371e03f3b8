"""What happens in a mesh now, as a table."""

from collections.abc import Sequence

from seawall.mesh.watching.rates import Rate
from seawall.reports.mesh import lines_of

_HEAD = (
    "WORKLOAD", "CERTIFICATE", "OPEN", "HANDSHAKES/S", "REQUESTS/S", "SENT/S", "REFUSED/S",
    "DENIED/S", "DROPPED/S",
)  # fmt: skip


def table(rates: Sequence[Rate]) -> str:
    """A line for each workload, the busiest first."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for own in sorted(rates, key=lambda rate: (-rate.requests - rate.sent, rate.name)):
        numbers = (own.handshakes, own.requests, own.sent, own.refused, own.denied, own.dropped)
        texts = tuple(f"{number:.1f}" for number in numbers)
        rows.append((own.name, f"{own.left} s", str(own.open), *texts))
    return "\n".join([*lines_of(rows), ""])

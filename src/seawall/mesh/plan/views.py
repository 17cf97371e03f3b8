"""What each proxy is told: those that rules let it call, and the rules about itself."""

from collections.abc import Mapping, Sequence

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Port, Rule, View, Workload

LONGEST = 1800
"""Seconds that a connection lasts at most, however long certificates hold."""


def longest_of(lifetime: int) -> int:
    """Seconds that a connection lasts at most, where certificates hold for ``lifetime``."""
    return max(1, min(lifetime // 2, LONGEST))


def views_of(
    workloads: Sequence[Workload], rules: Sequence[Rule], lifetime: int
) -> Mapping[str, View]:
    """The view of each workload, by name. ``lifetime`` is that of certificates, in seconds.

    A workload is told of another one, and of its ports, where a rule may let it in; a rule that
    denies takes nothing away here, since that is decided by the other side.
    """
    longest = longest_of(lifetime)
    return {
        own.name: View(
            own,
            tuple(_peers(own, workloads, rules)),
            tuple(rule for rule in rules if rule.to == own.id),
            longest,
        )
        for own in workloads
    }


def _peers(own: Workload, workloads: Sequence[Workload], rules: Sequence[Rule]) -> list[Workload]:
    found = []
    for other in workloads:
        ports = tuple(port for port in other.ports if _may_reach(own.id, other.id, port, rules))
        if ports:
            found.append(other._replace(ports=ports))
    return found


def _may_reach(caller: SpiffeId, callee: SpiffeId, port: Port, rules: Sequence[Rule]) -> bool:
    return any(
        rule.allows
        and rule.to == callee
        and (not rule.ports or port.number in rule.ports)
        and (not rule.sources or any(source.covers(caller) for source in rule.sources))
        for rule in rules
    )

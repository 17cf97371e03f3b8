"""What each proxy is told: those that rules let it call, and the rules about itself."""

from collections.abc import Mapping, Sequence

from seawall.mesh.plan.edges import GATEWAY, NONE, Edges, External, is_exit
from seawall.mesh.plan.model import Port, Rule, View, Workload

LONGEST = 1800
"""Seconds that a connection lasts at most, however long certificates hold."""


def longest_of(lifetime: int) -> int:
    """Seconds that a connection lasts at most, where certificates hold for ``lifetime``."""
    return max(1, min(lifetime // 2, LONGEST))


def views_of(
    workloads: Sequence[Workload], rules: Sequence[Rule], lifetime: int, edges: Edges = NONE
) -> Mapping[str, View]:
    """The view of each workload, by name. ``lifetime`` is that of certificates, in seconds.

    A workload is told of another one, and of its ports, where a rule may let it in; a rule that
    denies takes nothing away here, since that is decided by the other side.
    """
    longest = longest_of(lifetime)
    return {
        own.name: _with_edges(
            View(
                own,
                tuple(_peers(own, workloads, rules)),
                tuple(rule for rule in rules if rule.to == own.id),
                longest,
            ),
            rules,
            edges,
        )
        for own in workloads
    }


def _with_edges(view: View, rules: Sequence[Rule], edges: Edges) -> View:
    """What a proxy is told of the world outside."""
    if is_exit(view.own.name):
        ids = {external.id for external in edges.externals}
        return view._replace(
            externals=edges.externals, rules=tuple(rule for rule in rules if rule.to in ids),
            resolvers=edges.resolvers,
        )  # fmt: skip
    externals = []
    for external in edges.externals:
        ports = _ports(view.own, external, rules)
        if ports:
            # Where it is and how it is spoken to are the exit's concern.
            externals.append(external._replace(ports=ports, origins=(), private=()))
    gateway = edges.gateway if view.own.name == GATEWAY else None
    return view._replace(externals=tuple(externals), gateway=gateway)


def _ports(own: Workload, other: Workload | External, rules: Sequence[Rule]) -> tuple[Port, ...]:
    """The ports of another one at which rules may let a workload in."""
    return tuple(
        port
        for port in other.ports
        if any(rule.may_let_in(own.id, other.id, port.number) for rule in rules)
    )


def _peers(own: Workload, workloads: Sequence[Workload], rules: Sequence[Rule]) -> list[Workload]:
    found = []
    for other in workloads:
        ports = _ports(own, other, rules)
        if ports:
            found.append(other._replace(ports=ports))
    return found

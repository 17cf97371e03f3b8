"""What each proxy is told: those that rules let it call, and the rules about itself."""

from collections.abc import Collection, Mapping, Sequence

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import GATEWAY, NONE, Edges, External, is_exit
from seawall.mesh.plan.model import Port, Rule, View, Workload

_About = Mapping[SpiffeId, Sequence[Rule]]
LONGEST = 1800
"""Seconds that a connection lasts at most, however long certificates hold."""


def longest_of(lifetime: int) -> int:
    """Seconds that a connection lasts at most, where certificates hold for ``lifetime``."""
    return max(1, min(lifetime // 2, LONGEST))


def views_of(
    workloads: Sequence[Workload],
    rules: Sequence[Rule],
    lifetime: int,
    edges: Edges = NONE,
    wanted: Collection[str] | None = None,
) -> Mapping[str, View]:
    """The view of each workload, or of those that are wanted, by name.

    ``lifetime`` is that of certificates, in seconds.

    A workload is told of another one, and of its ports, where a rule may let it in; a rule that
    denies takes nothing away here, since that is decided by the other side.
    """
    longest = longest_of(lifetime)
    about, reach = _by_target(rules), _Reach(rules, workloads)
    return {
        own.name: _with_edges(
            View(
                own,
                tuple(_peers(own, reach.of(own), about)),
                tuple(about.get(own.id, ())),
                longest,
            ),
            about,
            edges,
        )
        for own in workloads
        if wanted is None or own.name in wanted
    }


def _by_target(rules: Sequence[Rule]) -> _About:
    """Rules by whom they are about: each is looked at for one workload only, not for all."""
    found: dict[SpiffeId, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.to, []).append(rule)
    return found


class _Reach:
    """Whom rules may let whom reach, roughly: so that few pairs are looked at, not all."""

    def __init__(self, rules: Sequence[Rule], workloads: Sequence[Workload]) -> None:
        self._workloads = workloads
        self._places: dict[SpiffeId, list[int]] = {}
        for place, own in enumerate(workloads):
            self._places.setdefault(own.id, []).append(place)
        self._of_many: set[SpiffeId] = set()
        self._by_caller: dict[SpiffeId, set[SpiffeId]] = {}
        for rule in rules:
            if not rule.allows:
                continue
            if not rule.sources or any(source.with_below for source in rule.sources):
                self._of_many.add(rule.to)
            for source in rule.sources:
                self._by_caller.setdefault(source.id, set()).add(rule.to)

    def of(self, caller: Workload) -> list[Workload]:
        """Those where it is worth while to look, in their order."""
        ids = self._by_caller.get(caller.id, set()) | self._of_many
        places = sorted(place for id_ in ids for place in self._places.get(id_, ()))
        return [self._workloads[place] for place in places]


def _with_edges(view: View, about: _About, edges: Edges) -> View:
    """What a proxy is told of the world outside."""
    if is_exit(view.own.name):
        ids = {external.id: None for external in edges.externals}
        rules = tuple(rule for id_ in ids for rule in about.get(id_, ()))
        return view._replace(externals=edges.externals, rules=rules, resolvers=edges.resolvers)
    externals = []
    for external in edges.externals:
        ports = _ports(view.own, external, about)
        if ports:
            # Where it is and how it is spoken to are the exit's concern.
            externals.append(external._replace(ports=ports, origins=(), private=()))
    gateway = edges.gateway if view.own.name == GATEWAY else None
    return view._replace(externals=tuple(externals), gateway=gateway)


def _ports(own: Workload, other: Workload | External, about: _About) -> tuple[Port, ...]:
    """The ports of another one at which rules may let a workload in."""
    return tuple(
        port
        for port in other.ports
        if any(rule.may_let_in(own.id, other.id, port.number) for rule in about.get(other.id, ()))
    )


def _peers(own: Workload, workloads: Sequence[Workload], about: _About) -> list[Workload]:
    found = []
    for other in workloads:
        ports = _ports(own, other, about)
        if ports:
            found.append(other._replace(ports=ports))
    return found

"""What the controller of a cluster knows: pods from the API server, rules from the document.

What an agent says of itself counts for one thing only: how far its proxies have followed. Which
pods are its own, who they are and where, is the API server's word.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from seawall.mesh.cluster.objects import Account, Pod
from seawall.mesh.cluster.topology import Front, Topology
from seawall.mesh.control.messages import Report
from seawall.mesh.control.pushing import Push, number_of
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.reserved import kept_out
from seawall.mesh.control.viewing import Views
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edge_reading import is_address
from seawall.mesh.plan.edges import NONE as CLOSED
from seawall.mesh.plan.edges import Edges, External, exit_name
from seawall.mesh.plan.model import Port, Rule, Source, View, Workload
from seawall.mesh.plan.reading import Plan
from seawall.mesh.plan.views import views_of

OF_POD = "pod/"
"""What the names of agents in sidecars begin with; the pod's uid follows. No node has a slash."""
NOTHING = Topology()


def host_of(pod: Pod) -> str:
    """Whose agent takes care of a pod: the node's, or its own."""
    return f"{OF_POD}{pod.uid}" if pod.keeps_keys else pod.node


def name_of(pod: Pod) -> str:
    """How a pod is called in reports: ``namespace/name/uid``."""
    return f"{pod.namespace}/{pod.name}/{pod.uid}"


def uid_in(name: str) -> str:
    """The uid in such a name."""
    return name.rpartition("/")[2]


class _Document(NamedTuple):
    """What the document declares. It is never changed, but replaced."""

    members: Mapping[SpiffeId, tuple[str, tuple[Port, ...]]]
    plaintext: Mapping[SpiffeId, int]
    """Until when an identity's pods also take who comes without TLS."""
    rules: tuple[Rule, ...]
    lifetime: int
    outside: Edges = CLOSED
    """What it says of the world outside."""

    @property
    def number(self) -> str:
        """What it is called (``control.pushing``)."""
        return number_of(
            sorted(self.members.items()), sorted(self.plaintext.items()), self.rules,
            self.lifetime, self.outside,
        )  # fmt: skip

    def ports(self, name: SpiffeId) -> tuple[Port, ...]:
        """Those that an identity serves."""
        return self.members[name][1] if name in self.members else ()


class ClusterRegistry(Registry):
    """A registry whose entries are pods."""

    def __init__(
        self, lifetime: int, agents: Collection[Account], egress: SpiffeId | None = None
    ) -> None:
        """``egress`` is the identity of the pods that lead out of the mesh."""
        self._document = self._before = _Document({}, {}, (), lifetime)
        """What is declared, and what all have already."""
        self._numbers = self._document.number, self._document.number
        super().__init__((), (), lifetime)
        self._egress = egress
        self.topology = NOTHING
        self._agents = frozenset(agents)
        self._agent_nodes: frozenset[str] = frozenset()
        self._redirected: dict[str, frozenset[str]] = {}
        self._may: frozenset[tuple[str, SpiffeId]] = frozenset()
        self._lasting: frozenset[SpiffeId] = frozenset()
        """Identities with a port whose connections last."""
        self._hosts: frozenset[str] = frozenset()
        self._on: Mapping[str, Sequence[Pod]] = {}
        """The pods of each node."""
        self._served: Mapping[str, frozenset[SpiffeId]] = {}
        """Those of them that a host has."""
        self._made: tuple[frozenset[SpiffeId], dict[str, Mapping[str, Views]]] | None = None
        """Views by host, of each document by its number."""

    # What is learnt -------------------------------------------------------------------------

    def declare(self, plan: Plan, *, at_once: bool = False) -> None:
        """Take another document; ``push`` brings it to all, unless they may have it ``at_once``."""
        self._document = _Document(
            {own.id: (own.name, own.ports) for own in plan.members},
            {own.id: own.mode.plaintext_until for own in plan.members},
            plan.rules, plan.lifetime, plan.edges,
        )  # fmt: skip
        self._rules, self._lifetime = plan.rules, plan.lifetime
        number = self._document.number
        if number != self._numbers[0]:
            self.push = Push(number)
        if at_once or not self._before.members or number == self._numbers[1]:
            self.push, self._before = None, self._document
        self._numbers = number, self._before.number
        self._enter()
        if at_once:
            self._seen = self._push_now()
        self._go_on(time.monotonic())

    def learn(self, topology: Topology, pods: Collection[Pod]) -> frozenset[str]:
        """Take what the API server says now; ``pods`` are all, those of agents included.

        Gives the names of pods that are gone.
        """
        before = self._entries.keys()
        self.topology = topology
        self._agent_nodes = frozenset(pod.node for pod in pods if pod.account in self._agents)
        self._enter()
        return frozenset(before - self._entries.keys())

    def _enter(self) -> None:
        entries = {}
        for pod in self.topology.pods:
            if pod.node:
                own = self.topology.ids[pod.uid]
                name = self._name_of(pod)
                entries[name] = Entry(name, own, host_of(pod), self._ports(own))
        self._entries = entries
        self._standings = {name: own for name, own in self._standings.items() if name in entries}
        self._may = frozenset((entry.host, entry.id) for entry in entries.values())
        self._lasting = frozenset(
            name for name, (_, ports) in self._document.members.items()
            if any(port.is_long_lived for port in ports)
        )  # fmt: skip
        served: dict[str, set[SpiffeId]] = {}
        for host, id_ in self._may:
            if id_ in self._lasting:
                served.setdefault(host, set()).add(id_)
        self._served = {host: frozenset(own) for host, own in served.items()}
        self._hosts = frozenset(host for host, _ in self._may)
        uids = frozenset(self.topology.ids)
        on: dict[str, list[Pod]] = {}
        for pod in self.topology.pods:
            on.setdefault(pod.node, []).append(pod)
        self._on = on
        self._redirected = {host: own & uids for host, own in self._redirected.items()}
        self._made = None

    def _name_of(self, pod: Pod) -> str:
        is_exit = self.topology.ids[pod.uid] == self._egress
        return exit_name(name_of(pod)) if is_exit else name_of(pod)

    def _ports(self, name: SpiffeId) -> tuple[Port, ...]:
        return self._document.ports(name)

    # What agents ask and say ----------------------------------------------------------------

    def may(self, host: str, name: SpiffeId) -> bool:
        """Whether the agent of a host may have a certificate for an id: a pod there has it."""
        return name not in self.revoked and (host, name) in self._may

    def may_stay(self, host: str) -> bool:
        """Whether an agent may have another certificate: its pod, or one on its node, is there."""
        if host.startswith(OF_POD):
            return host in self._hosts
        return host in self._agent_nodes

    def report(self, report: Report) -> bool:
        """Take in what an agent tells; whether others need to know."""
        super().report(report)  # addresses are not its to tell
        if report.host.startswith(OF_POD):
            return False
        own = frozenset(pod.uid for pod in self._on.get(report.host, ()))
        before = self._redirected.get(report.host, frozenset())
        # Whose proxy has begun goes on: what becomes of its rules is the agent's to tell.
        redirected = own & (before | frozenset(report.redirected))
        if redirected == before:
            return False
        self._redirected[report.host] = redirected
        self._made = None
        return True

    def redirects(self, host: str) -> tuple[str, ...]:
        """The pods whose rules the agent of a node is to load from outside, by uid."""
        return tuple(pod.uid for pod in self._on.get(host, ()) if pod.is_closed_outside)

    def programs(self, host: str) -> tuple[str, ...]:
        """The pods that asked for the Workload API of their node's agent, by uid."""
        return tuple(
            pod.uid for pod in self._on.get(host, ()) if pod.has_programs and not pod.keeps_keys
        )

    # Views ----------------------------------------------------------------------------------

    def _newest_views(self, host: str) -> Views:
        return self._views_of(self._document, self._numbers[0]).get(host, {})

    def _released_views(self, host: str) -> Views:
        return self._views_of(self._before, self._numbers[1]).get(host, {})

    def _newest_number(self) -> str:
        return self._numbers[0]

    def _released_number(self) -> str:
        return self._numbers[1]

    def _release(self) -> None:
        self.push, self._before = None, self._document
        self._numbers = self._numbers[0], self._numbers[0]

    def _views_of(self, document: _Document, number: str) -> Mapping[str, Views]:
        if self._made is None or self._made[0] != self.revoked:
            self._made = self.revoked, {}
        found = self._made[1].get(number)
        if found is None:
            found = self._made[1][number] = self._made_views(document)
        return found

    def _made_views(self, document: _Document) -> Mapping[str, Views]:
        """All views by host: made for each identity, then given to each of its pods."""
        topology = self.topology
        names = {name: own for name, (own, _) in document.members.items()}
        known = {own: names.get(own, own.path.removeprefix("/")) for own in topology.ids.values()}
        known |= names
        workloads = [
            Workload(called, own, topology.addresses.get(own, ()), document.ports(own))
            for own, called in sorted(known.items())
        ]
        outside = [own.id for own in document.outside.externals]
        rules = [*self._denials_to([*sorted(known), *outside]), *document.rules]
        fronts: dict[SpiffeId, list[Front]] = {}
        for front in topology.fronts:
            fronts.setdefault(front.id, []).append(front)
        by_id = {
            view.own.id: self._completed(view, fronts, document)
            for view in _views(
                workloads, rules, document.lifetime, self._reachable_outside(document)
            )
        }
        if self._egress is not None:
            by_id[self._egress] = self._view_of_exit(rules, document)
        found: dict[str, dict[str, View]] = {}
        for pod in topology.pods:
            if not pod.node or self._waits(pod):
                continue
            view = by_id[topology.ids[pod.uid]]
            own = view.own._replace(name=self._name_of(pod), addresses=pod.addresses)
            found.setdefault(host_of(pod), {})[own.name] = view._replace(own=own)
        return found

    def _completed(
        self, view: View, fronts: Mapping[SpiffeId, Sequence[Front]], document: _Document
    ) -> View:
        """A view with services, without those who are revoked and the mesh's own parts."""
        peers = [peer for peer in view.peers if peer.id not in self.revoked]
        rules = (*kept_out([view.own.id], view.rules), *view.rules)
        return view._replace(
            peers=tuple(_reached(peers, fronts)), rules=rules,
            plaintext_until=document.plaintext.get(view.own.id, 0),
            exit=self._egress if view.externals else None,
            exit_addresses=self._exit_addresses() if view.externals else (),
        )  # fmt: skip

    def _reachable_outside(self, document: _Document) -> Edges:
        """What is outside, with the addresses by which pods call it; nothing without an exit."""
        if self._egress is None:
            return document.outside._replace(externals=())
        found = []
        for external in document.outside.externals:
            ways = [own for own in self.topology.externals if own.name == external.name]
            own = (external.host,) if is_address(external.host) else ()
            addresses = (*own, *chain.from_iterable(way.addresses for way in ways))
            if addresses:  # else nobody can call it: a chain without addresses is one for all
                found.append(external._replace(addresses=addresses))
        return document.outside._replace(externals=tuple(found))

    def _exit_addresses(self) -> tuple[str, ...]:
        """The pods that lead out; one family is enough."""
        found = self.topology.addresses.get(self._egress, ()) if self._egress else ()
        return tuple(own for own in found if ":" not in own) or found

    def _view_of_exit(self, rules: Sequence[Rule], document: _Document) -> View:
        """What pods that lead out are told: all that is declared outside."""
        assert self._egress is not None  # noqa: S101 - asked before
        aliases: dict[str, list[str]] = {}
        for way in self.topology.externals:
            aliases.setdefault(way.name, []).extend(way.aliases)
        externals = tuple(
            own._replace(aliases=_aliases(own, aliases.get(own.name, ())))
            for own in document.outside.externals
        )
        own = Workload(exit_name(""), self._egress, self._exit_addresses())
        edges = document.outside._replace(externals=externals)
        return views_of([own], rules, document.lifetime, edges)[own.name]

    def long_callers(self, host: str = "") -> frozenset[SpiffeId]:
        """Who may have connections that last, to a pod of a host, or of any."""
        served = self._lasting if not host else self._lasting & self._served.get(host, frozenset())
        if not served:
            return frozenset()
        known = {*self.topology.ids.values()}
        return frozenset(
            caller
            for rule in self._rules
            if rule.allows and rule.to in served and self._lasts(rule)
            for caller in known
            if not rule.sources or any(source.covers(caller) for source in rule.sources)
        )

    def _lasts(self, rule: Rule) -> bool:
        return any(
            port.is_long_lived and (not rule.ports or port.number in rule.ports)
            for port in self._ports(rule.to)
        )

    def _addresses(self, name: SpiffeId) -> tuple[str, ...]:
        """Those of its pods, and of services: a caller's connection is with one of both."""
        fronts = (front.addresses for front in self.topology.fronts if front.id == name)
        return (*self.topology.addresses.get(name, ()), *chain.from_iterable(fronts))

    def _waits(self, pod: Pod) -> bool:
        """Whether a pod with its own agent waits for the node's, which loads its rules."""
        if not (pod.keeps_keys and pod.is_closed_outside):
            return False
        return pod.uid not in self._redirected.get(pod.node, frozenset())

    def _denials_to(self, known: Sequence[SpiffeId]) -> list[Rule]:
        sources = tuple(Source(name) for name in sorted(self.revoked))
        if not sources:
            return []
        return [
            Rule(f"revoked for {own.path}", allows=False, to=own, sources=sources) for own in known
        ]


def _aliases(external: External, found: Sequence[str]) -> tuple[str, ...]:
    """Its name and those of services in front of it, but for that by which it is called outside."""
    names = dict.fromkeys((external.name, *found))
    return tuple(alias for alias in names if alias != external.host)


def _views(
    workloads: Sequence[Workload], rules: Sequence[Rule], lifetime: int, edges: Edges = CLOSED
) -> Iterator[View]:
    """The view of each workload, made of the rules that name it alone: they are many here."""
    by_id = {own.id: own for own in workloads}
    about: dict[SpiffeId, list[Rule]] = {}
    by_source: dict[SpiffeId, list[Rule]] = {}
    of_many = []
    for rule in rules:
        about.setdefault(rule.to, []).append(rule)
        if not rule.allows:
            continue
        if rule.sources and not any(source.with_below for source in rule.sources):
            for source in rule.sources:
                by_source.setdefault(source.id, []).append(rule)
        else:
            of_many.append(rule)
    for own in workloads:
        ways_out = [*by_source.get(own.id, ()), *of_many]
        others = {rule.to for rule in ways_out if rule.to in by_id and rule.to != own.id}
        near = [own, *(by_id[name] for name in sorted(others))]
        named = [*about.get(own.id, ()), *(rule for rule in ways_out if rule.to != own.id)]
        yield views_of(near, named, lifetime, edges, (own.name,))[own.name]


def _reached(
    peers: Sequence[Workload], fronts: Mapping[SpiffeId, Sequence[Front]]
) -> list[Workload]:
    """Peers by their pods' addresses, and by those of services. Who has no address is left out."""
    found = []
    for peer in peers:
        if peer.addresses:
            found.append(peer)
        by_number = {port.number: port for port in peer.ports}
        for front in fronts.get(peer.id, ()):
            ports = tuple(_front_ports(front, by_number))
            if ports:
                found.append(peer._replace(addresses=front.addresses, ports=ports))
    return found


def _front_ports(front: Front, reachable: Mapping[int, Port]) -> list[Port]:
    """The ports of a service all of whose targets may be reached, and speak the same."""
    found = []
    for number, targets in sorted(front.ports.items()):
        behind = [reachable.get(target) for target in targets]
        first = behind[0]
        if first is not None and all(
            port is not None and port.protocol is first.protocol for port in behind
        ):
            found.append(first._replace(number=number))
    return found

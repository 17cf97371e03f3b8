"""What the controller knows: who is there, where, what they may, and how far each has followed."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from seawall.mesh.control.messages import Report, Standing
from seawall.mesh.control.reserved import kept_out
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import NONE, Edges, is_exit
from seawall.mesh.plan.model import Known, Port, Rule, Source, View, Workload
from seawall.mesh.plan.views import views_of


class Entry(NamedTuple):
    """A workload that the mesh is to have, and the host that it belongs on."""

    name: str
    id: SpiffeId
    host: str
    ports: tuple[Port, ...]
    plaintext_until: int = 0
    """Until when it also takes who comes without TLS, in seconds since the epoch; 0 for never."""
    addresses: tuple[str, ...] = ()
    """Where it is to be, if that is known beforehand: its agent cannot say something else."""


class _Made(NamedTuple):
    """What views are made of."""

    entries: Mapping[str, Entry]
    rules: tuple[Rule, ...]
    edges: Edges
    revoked: frozenset[SpiffeId]
    located: Mapping[str, tuple[str, ...]]

    def is_as(self, other: "_Made") -> bool:
        """Whether the same views come of it; declarations are never changed, but replaced."""
        return (
            self.entries is other.entries and self.rules is other.rules
            and self.edges is other.edges and self.revoked == other.revoked
            and self.located == other.located
        )  # fmt: skip


def _allowed(entries: Mapping[str, Entry]) -> frozenset[tuple[str, SpiffeId]]:
    return frozenset((entry.host, entry.id) for entry in entries.values())


class Registry:
    """Entries and rules as they are declared, and what agents report."""

    def __init__(
        self,
        entries: Sequence[Entry],
        rules: Sequence[Rule],
        lifetime: int,
        clock: Callable[[], float] = time.time,
        edges: Edges = NONE,
    ) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._rules = tuple(rules)
        self._lifetime = lifetime
        self._clock = clock
        self._edges = edges
        self._standings: dict[str, Standing] = {}
        self._left: set[str] = set()
        """Workloads whose proxies were alive when their agent hung up: they go on without it."""
        self.misplaced: dict[str, tuple[str, ...]] = {}
        """Workloads whose agent says that they are where they should not be, with that."""
        self.revoked: frozenset[SpiffeId] = frozenset()
        """Ids that nobody lets in any more and that get no certificate."""
        self._made: tuple[_Made, dict[str, tuple[View, ...]]] | None = None
        """Views by host, with what they were made of."""
        self._allowed = _allowed(self._entries)

    def redeclare(self, entries: Sequence[Entry], rules: Sequence[Rule], edges: Edges) -> None:
        """Take another declaration in place of the one before."""
        self._entries = {entry.name: entry for entry in entries}
        self._rules = tuple(rules)
        self._edges = edges
        self._allowed = _allowed(self._entries)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The declared workloads by name."""
        return self._entries

    @property
    def standings(self) -> Mapping[str, Standing]:
        """What was reported last, by workload."""
        return self._standings

    def may(self, host: str, name: SpiffeId) -> bool:
        """Whether the agent of a host may have a certificate for an id."""
        return name not in self.revoked and (host, name) in self._allowed

    def may_stay(self, host: str) -> bool:
        """Whether the agent of a host may have another certificate of its own."""
        return bool(host)

    def redirects(self, host: str) -> tuple[str, ...]:
        """The pods whose rules the agent of a host is to load; elsewhere others do that."""
        del host
        return ()

    def report(self, report: Report) -> bool:
        """Take in what an agent tells of its own workloads; whether others need to know.

        What it says of workloads of other hosts does not count.
        """
        news = False
        holders: dict[str, str] | None = None
        for name, own in report.workloads.items():
            entry = self._entries.get(name)
            if entry is None or entry.host != report.host:
                continue
            if entry.addresses and own.addresses != entry.addresses:
                self.misplaced[name] = own.addresses
                continue
            self.misplaced.pop(name, None)
            before, addresses = self._standings.get(name), own.addresses
            if before is None or before.addresses != addresses:
                holders = self._holders() if holders is None else holders
                addresses = self._its_own(name, addresses, holders)
                news = news or before is None or before.addresses != addresses
            self._standings[name] = own._replace(addresses=addresses)
            self._left.discard(name)
        return news

    def _holders(self) -> dict[str, str]:
        return {address: name for name, own in self._standings.items() for address in own.addresses}

    def _its_own(
        self, name: str, addresses: Sequence[str], holders: dict[str, str]
    ) -> tuple[str, ...]:
        """The addresses that no other workload has: proxies refuse it where two have one.

        One whose agent is away may be gone for good, so it gives way.
        """
        before = self._standings.get(name)
        for address in before.addresses if before is not None else ():
            holders.pop(address, None)
        kept = []
        for address in addresses:
            other = holders.get(address, name)
            if other != name and self._standings[other].is_connected:
                continue
            if other != name:
                own = self._standings[other]
                left = tuple(its for its in own.addresses if its != address)
                self._standings[other] = own._replace(addresses=left)
            kept.append(address)
            holders[address] = name
        return tuple(kept)

    def recall(self, standings: Mapping[str, Standing]) -> bool:
        """Take over what others know of workloads whose agents are not here; whether it is news.

        After a restart their proxies go on with what they have, and so they are waited for.
        """
        news = False
        for name, own in standings.items():
            before = self._standings.get(name)
            if name not in self._entries or (before is not None and before.is_connected):
                continue
            news = news or before is None or before.addresses != own.addresses
            self._standings[name] = own._replace(is_connected=False)
            self._left.add(name)
        return news

    def gone(self, host: str) -> None:
        """Note that an agent has hung up: its proxies keep what they have."""
        for name, entry in self._entries.items():
            own = self._standings.get(name)
            if entry.host == host and own is not None:
                if own.is_connected:
                    self._left.add(name)
                self._standings[name] = own._replace(is_connected=False)

    def laggards(self, generation: int) -> list[str]:
        """Workloads whose proxy is alive and has not taken a generation yet.

        Nobody knows of a proxy whose agent is away, also for the moment in which that takes its own
        new certificate: it counts as alive as long as its certificate holds.
        """
        now = self._clock()
        return sorted(
            name
            for name, own in self._standings.items()
            if own.generation < generation
            and (own.is_connected or (name in self._left and own.ends >= now))
        )

    def views(self, host: str) -> tuple[View, ...]:
        """What the proxies of a host are to be told."""
        located = {name: own.addresses for name, own in self._standings.items()}
        made = _Made(self._entries, self._rules, self._edges, self.revoked, located)
        if self._made is None or not made.is_as(self._made[0]):
            self._made = made, {}
        found = self._made[1].get(host)
        if found is None:
            found = self._made[1][host] = self._views_of(host)
        return found

    def _views_of(self, host: str) -> tuple[View, ...]:
        workloads = [
            Workload(entry.name, entry.id, self._standings[entry.name].addresses, entry.ports)
            for entry in self._entries.values()
            if entry.name in self._standings
        ]
        own = kept_out([entry.id for entry in self._entries.values()], self._rules)
        rules = [*own, *self._denials(), *self._rules]
        here = {name for name, entry in self._entries.items() if entry.host == host}
        views = views_of(workloads, rules, self._lifetime, self._edges, here)
        exit_ = self._exit(host)
        return tuple(self._told(view, exit_) for view in views.values())

    def _told(self, view: View, exit_: SpiffeId | None) -> View:
        """A view without those who are revoked, and with the exit of its host."""
        entry = self._entries[view.own.name]
        return view._replace(
            plaintext_until=entry.plaintext_until,
            peers=tuple(peer for peer in view.peers if peer.id not in self.revoked),
            externals=view.externals if exit_ is not None else (),
            exit=None if is_exit(view.own.name) else exit_,
        )

    def _exit(self, host: str) -> SpiffeId | None:
        return next(
            (own.id for own in self._entries.values() if is_exit(own.name) and own.host == host),
            None,
        )

    def revoked_peers(self) -> tuple[Known, ...]:
        """The revoked ids, with where they are."""
        return tuple(Known(name, self._addresses(name)) for name in sorted(self.revoked))

    def long_callers(self, host: str = "") -> frozenset[SpiffeId]:
        """Who may have connections that last, to a workload of a host, or of any."""
        served = {
            entry.id: [port.number for port in entry.ports if port.is_long_lived]
            for entry in self._entries.values()
            if not host or entry.host == host
        }
        return frozenset(
            caller.id
            for rule in self._rules
            if rule.allows
            and any(not rule.ports or number in rule.ports for number in served.get(rule.to, ()))
            for caller in self._entries.values()
            if not rule.sources or any(source.covers(caller.id) for source in rule.sources)
        )

    def callers(self, host: str, ends: Mapping[SpiffeId, int]) -> tuple[Known, ...]:
        """The same, with where they are and when their newest certificates end."""
        return tuple(
            Known(name, self._addresses(name), ends.get(name, 0))
            for name in sorted(self.long_callers(host))
        )

    def _addresses(self, name: SpiffeId) -> tuple[str, ...]:
        return tuple(
            address
            for entry in self._entries.values()
            if entry.id == name and entry.name in self._standings
            for address in self._standings[entry.name].addresses
        )

    def _denials(self) -> list[Rule]:
        """A rule for each workload that keeps revoked ids out, whatever else is allowed."""
        sources = tuple(Source(name) for name in sorted(self.revoked))
        if not sources:
            return []
        known = [(own.name, own.id) for own in self._entries.values()]
        known += [(own.name, own.id) for own in self._edges.externals]
        return [
            Rule(f"revoked for {name}", allows=False, to=id_, sources=sources)
            for name, id_ in known
        ]

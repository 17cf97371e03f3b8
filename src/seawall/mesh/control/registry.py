"""What the controller knows: who is there, where, what they may, and how far each has followed."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from seawall.mesh.control.messages import Report, Standing
from seawall.mesh.control.pushing import Push
from seawall.mesh.control.viewing import Declaration, Entry, Viewer, Views
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import NONE, Edges
from seawall.mesh.plan.model import Known, Rule, View

__all__ = ["Entry", "Pushed", "Registry"]


_Seen = tuple[str, frozenset[str] | None, str]
"""A declaration, who tries it (``None``: all have it), and why it does not go on."""


class Pushed(NamedTuple):
    """Which declaration views are made of (``Orders``)."""

    declared: str
    tried: str = ""
    tries: tuple[str, ...] = ()


CALLS_WITHIN = 5.0
"""Seconds after which a proxy has called an agent that is back (Envoy: after one at the latest)."""


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
        self._lifetime = lifetime
        self._clock = clock
        self._standings: dict[str, Standing] = {}
        self._left: dict[str, int] = {}
        """Workloads whose proxies were alive when their agent hung up: they go on without it, until
        their certificates end."""
        self._back: dict[str, float] = {}
        """Of these, those whose agent is back: until when it is waited for that they call it."""
        self.misplaced: dict[str, tuple[str, ...]] = {}
        """Workloads whose agent says that they are where they should not be, with that."""
        self.revoked: frozenset[SpiffeId] = frozenset()
        """Ids that nobody lets in any more and that get no certificate."""
        self.push: Push | None = None
        """The way of the newest declaration to all, while some have the one before."""
        self._seen: _Seen = ("", None, "")
        self.begin_with(entries, rules, edges)

    def begin_with(self, entries: Sequence[Entry], rules: Sequence[Rule], edges: Edges) -> None:
        """Take a declaration that all may have at once."""
        self._take(Declaration({entry.name: entry for entry in entries}, tuple(rules), edges))
        self.push = None
        self._released = self._newest
        self._seen = self._push_now()

    def redeclare(self, entries: Sequence[Entry], rules: Sequence[Rule], edges: Edges) -> None:
        """Take another declaration in place of the one before; ``push`` brings it to all."""
        other = Declaration({entry.name: entry for entry in entries}, tuple(rules), edges)
        if other == self._newest.declaration:
            return
        self._take(other)
        if not self._released.declaration.entries or other == self._released.declaration:
            self._release()
        else:
            self.push = Push(self._newest.number)
            self._go_on(time.monotonic())

    def _take(self, other: Declaration) -> None:
        self._entries, self._rules, self._edges = other
        self._newest = Viewer(other, self._lifetime)
        self._allowed = frozenset((entry.host, entry.id) for entry in other.entries.values())

    def look(self, now: float) -> bool:
        """Let a push go on, if it is time; whether agents have to hear of that."""
        self._go_on(now)
        before, self._seen = self._seen, self._push_now()
        return before != self._seen

    def _go_on(self, now: float) -> None:
        push = self.push
        if push is None or push.fault:
            return
        if push.look(self._standings, self._concerned(), now):
            self._release()

    def _push_now(self) -> _Seen:
        push = self.push
        names = (push.names, push.fault) if push is not None else (None, "")
        return self._newest_number(), *names

    def _release(self) -> None:
        self.push, self._released = None, self._newest
        # Who is no part of the mesh any more is nowhere.
        for name in self._standings.keys() - self._entries.keys():
            del self._standings[name]
            for known in (self._left, self._back, self.misplaced):
                known.pop(name, None)

    def _concerned(self) -> frozenset[str]:
        """The workloads for which the newest declaration changes something."""
        hosts = {entry.host for entry in self._entries.values()}
        return frozenset(
            name
            for host in hosts
            for name, view in self._newest_views(host).items()
            if name in self._standings and self._released_views(host).get(name, view) != view
        )

    def pushed(self, host: str) -> Pushed:
        """Which declarations the views of a host are made of."""
        released, push = self._released_number(), self.push
        if push is None:
            return Pushed(released)
        here = {name for name, entry in self._entries.items() if entry.host == host}
        return Pushed(released, push.number, tuple(sorted(push.names & here)))

    def _newest_number(self) -> str:
        return self._newest.number

    def _released_number(self) -> str:
        return self._released.number

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

    def programs(self, host: str) -> tuple[str, ...]:
        """The pods of a host whose programs get the Workload API; elsewhere all have it."""
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
            self._called(name, own)
        return news

    def _called(self, name: str, own: Standing) -> None:
        """Note whether a proxy that went on without its agent has called that again."""
        now = self._clock()
        if own.is_connected or now > self._back.get(name, now):
            self._left.pop(name, None)
            self._back.pop(name, None)
        elif name in self._left:
            self._back.setdefault(name, now + CALLS_WITHIN)

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
            self._left[name] = own.ends
        return news

    def gone(self, host: str) -> None:
        """Note that an agent has hung up: its proxies keep what they have."""
        for name, entry in self._entries.items():
            own = self._standings.get(name)
            if entry.host == host and own is not None:
                self._back.pop(name, None)
                if own.is_connected:
                    self._left[name] = own.ends
                self._standings[name] = own._replace(is_connected=False)

    def laggards(self, generation: int) -> list[str]:
        """Workloads whose proxy is alive and has not taken a generation yet.

        Nobody knows of a proxy whose agent is away, also for the moment in which that takes its own
        new certificate: it counts as alive as long as its certificate holds. When the agent is back
        its proxies call it a moment later; who has not after some seconds is dead.
        """
        now = self._clock()
        return sorted(
            name
            for name, own in self._standings.items()
            if name in self._entries
            and own.generation < generation
            and (own.is_connected or self._goes_on(name, now))
        )

    def _goes_on(self, name: str, now: float) -> bool:
        return self._left.get(name, -1) >= now and self._back.get(name, now) >= now

    def views(self, host: str) -> tuple[View, ...]:
        """What the proxies of a host are to be told."""
        views = self._newest_views(host)
        if self.push is None:
            return tuple(views.values())
        before, first = self._released_views(host), self.push.names
        return tuple(
            view if name in first else before.get(name, view) for name, view in views.items()
        )

    def _newest_views(self, host: str) -> Views:
        return self._newest.views(host, self.revoked, self._located())

    def _released_views(self, host: str) -> Views:
        return self._released.views(host, self.revoked, self._located())

    def _located(self) -> Mapping[str, tuple[str, ...]]:
        return {name: own.addresses for name, own in self._standings.items()}

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

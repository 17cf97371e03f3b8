"""What the controller knows: who is there, where, what they may, and how far each has followed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seawall.mesh.control.messages import Report, Standing
from seawall.mesh.control.reserved import kept_out
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Port, Rule, Source, View, Workload
from seawall.mesh.plan.views import views_of


class Entry(NamedTuple):
    """A workload that the mesh is to have, and the host that it belongs on."""

    name: str
    id: SpiffeId
    host: str
    ports: tuple[Port, ...]


class Registry:
    """Entries and rules as they are declared, and what agents report."""

    def __init__(self, entries: Sequence[Entry], rules: Sequence[Rule], lifetime: int) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._rules = tuple(rules)
        self._lifetime = lifetime
        self._standings: dict[str, Standing] = {}
        self.revoked: frozenset[SpiffeId] = frozenset()
        """Ids that nobody lets in any more and that get no certificate."""

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
        return name not in self.revoked and any(
            entry.host == host and entry.id == name for entry in self._entries.values()
        )

    def report(self, report: Report) -> bool:
        """Take in what an agent tells of its own workloads; whether others need to know.

        What it says of workloads of other hosts does not count.
        """
        news = False
        for name, own in report.workloads.items():
            entry = self._entries.get(name)
            if entry is None or entry.host != report.host:
                continue
            before = self._standings.get(name)
            news = news or before is None or before.addresses != own.addresses
            self._standings[name] = own
        return news

    def gone(self, host: str) -> None:
        """Note that an agent has hung up: its proxies keep what they have."""
        for name, entry in self._entries.items():
            own = self._standings.get(name)
            if entry.host == host and own is not None:
                self._standings[name] = own._replace(is_connected=False)

    def laggards(self, generation: int) -> list[str]:
        """Workloads whose proxy is alive and has not taken a generation yet."""
        return sorted(
            name
            for name, own in self._standings.items()
            if own.is_connected and own.generation < generation
        )

    def views(self, host: str) -> tuple[View, ...]:
        """What the proxies of a host are to be told."""
        workloads = [
            Workload(entry.name, entry.id, self._standings[entry.name].addresses, entry.ports)
            for entry in self._entries.values()
            if entry.name in self._standings
        ]
        own = kept_out([entry.id for entry in self._entries.values()], self._rules)
        views = views_of(workloads, [*own, *self._denials(), *self._rules], self._lifetime)
        return tuple(view for name, view in views.items() if self._entries[name].host == host)

    def _denials(self) -> list[Rule]:
        """A rule for each workload that keeps revoked ids out, whatever else is allowed."""
        sources = tuple(Source(name) for name in sorted(self.revoked))
        if not sources:
            return []
        return [
            Rule(f"revoked for {entry.name}", allows=False, to=entry.id, sources=sources)
            for entry in self._entries.values()
        ]

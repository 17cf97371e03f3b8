"""What the proxies of a host are to be told, of a declaration and of where everybody is now."""

from collections.abc import Mapping
from typing import NamedTuple

from seawall.mesh.control.pushing import number_of
from seawall.mesh.control.reserved import kept_out
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import Edges, is_exit
from seawall.mesh.plan.model import Port, Rule, Source, View, Workload
from seawall.mesh.plan.views import views_of

Views = Mapping[str, View]
"""By workload."""
Located = Mapping[str, tuple[str, ...]]
"""The addresses of workloads."""


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


class Declaration(NamedTuple):
    """Workloads, rules, and the world outside. It is never changed, but replaced."""

    entries: Mapping[str, Entry]
    rules: tuple[Rule, ...]
    edges: Edges


class Viewer:
    """The views of one declaration by host, made once for as long as nothing else changes."""

    def __init__(self, declaration: Declaration, lifetime: int) -> None:
        self.declaration = declaration
        self.number = number_of(*declaration)
        self._lifetime = lifetime
        self._of: tuple[frozenset[SpiffeId], Located] = (frozenset(), {})
        self._made: dict[str, Views] = {}

    def views(self, host: str, revoked: frozenset[SpiffeId], located: Located) -> Views:
        """Those of a host's workloads."""
        if self._of != (revoked, located):
            self._of, self._made = (revoked, dict(located)), {}
        found = self._made.get(host)
        if found is None:
            found = self._made[host] = self._views(host)
        return found

    def _views(self, host: str) -> Views:
        revoked, located = self._of
        entries, rules, edges = self.declaration
        workloads = [
            Workload(entry.name, entry.id, located[entry.name], entry.ports)
            for entry in entries.values()
            if entry.name in located
        ]
        own = kept_out([entry.id for entry in entries.values()], rules)
        here = {name for name, entry in entries.items() if entry.host == host}
        views = views_of(
            workloads, [*own, *self._denials(revoked), *rules], self._lifetime, edges, here
        )
        exit_ = self._exit(host)
        return {
            name: view._replace(
                plaintext_until=entries[name].plaintext_until,
                peers=tuple(peer for peer in view.peers if peer.id not in revoked),
                externals=view.externals if exit_ is not None else (),
                exit=None if is_exit(name) else exit_,
            )
            for name, view in views.items()
        }

    def _exit(self, host: str) -> SpiffeId | None:
        entries = self.declaration.entries.values()
        return next((own.id for own in entries if is_exit(own.name) and own.host == host), None)

    def _denials(self, revoked: frozenset[SpiffeId]) -> list[Rule]:
        """A rule for each workload that keeps revoked ids out, whatever else is allowed."""
        sources = tuple(Source(name) for name in sorted(revoked))
        if not sources:
            return []
        known = [(own.name, own.id) for own in self.declaration.entries.values()]
        known += [(own.name, own.id) for own in self.declaration.edges.externals]
        return [
            Rule(f"revoked for {name}", allows=False, to=id_, sources=sources)
            for name, id_ in known
        ]

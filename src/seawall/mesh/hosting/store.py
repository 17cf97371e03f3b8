"""The authority's store, made and declared to before the controller is started."""

import os

from seawall.mesh.authority import rotation
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared, standings
from seawall.mesh.control.process import STORE, authority_in
from seawall.mesh.control.registry import Entry
from seawall.mesh.control.turning import ask_first
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.layout import CONTROLLER_USER, Layout
from seawall.mesh.hosting.privileges import as_user
from seawall.mesh.hosting.readiness import READY_WITHIN
from seawall.mesh.hosting.state import State
from seawall.mesh.plan.reading import Plan


def prepare(layout: Layout, state: State, host: str) -> None:
    """Make it, or find it, and declare the mesh to it; by the user that it belongs to."""
    plan, (written, off) = state.plan, declaration_of(state)

    def act() -> None:
        os.umask(0o077)
        path = os.path.join(layout.state, STORE)
        if not os.path.exists(path):
            Store.create(path, plan.trust_domain).close()
        authority = authority_in(layout.state, plan.lifetime)
        if authority.store.trust_domain() != plan.trust_domain:
            raise HostError(
                f"{layout.state} is of {authority.store.trust_domain()}, not of "
                f"{plan.trust_domain}: give the mesh another name, or remove the directory"
            )
        if not authority.store.slots():
            _begin(authority, plan)
        mine = [entry.name for entry in written.entries if entry.host == host]
        with authority.store.changes():
            declared.write(authority.store, *written)
            # No proxy of this host is alive: nobody is to wait for one.
            standings.forget(authority.store, mine)
            declared.set_off(authority.store, off)
        authority.store.close()

    as_user(layout.user(CONTROLLER_USER), act)


def declaration_of(state: State) -> tuple[declared.Declared, dict[str, str]]:
    """What the controller is told of a mesh, and who is no part of it, with the reasons."""
    plan = state.plan
    entries = [
        Entry(own.name, own.id, own.host, own.ports, own.mode.plaintext_until,
              state.places[own.name].addresses)
        for own in plan.inside
    ]  # fmt: skip
    off = {own.name: own.mode.off_reason for own in plan.members if own.mode.off_reason}
    return declared.Declared(
        (*entries, *state.outside.entries), plan.rules, plan.lifetime, plan.edges, plan.issuer
    ), off


def _begin(authority: Authority, plan: Plan) -> None:
    """The first issuers: of the mesh's own, or from whom its description names."""
    if not plan.issuer:
        rotation.begin(authority)
        return
    fault = ask_first(authority, plan.issuer, READY_WITHIN)
    if fault:
        raise HostError(f"the issuer has not signed yet, so nothing is started: {fault}")

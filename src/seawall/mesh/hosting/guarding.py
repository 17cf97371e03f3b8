"""The rules of the workloads on this host: proven, looked at, put back where they were changed."""

import sys
from collections.abc import Callable

from seawall.core.errors import SeawallError
from seawall.mesh.hosting import network
from seawall.mesh.hosting.commands import tried
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.hosting.privileges import own_environment
from seawall.mesh.hosting.saying import Voice
from seawall.mesh.hosting.state import Hosted, State
from seawall.mesh.redirect import loading
from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.rules import Redirect
from seawall.mesh.watching import fence

_NOBODY = 65_534


class Guard:
    """Looks after them; ``state`` gives what the mesh is at the moment."""

    def __init__(self, layout: Layout, voice: Voice, state: Callable[[], State]) -> None:
        self._layout = layout
        self._voice = voice
        self._state = state
        self._closed: set[str] = set()
        """Workloads that were stopped."""

    def put_up(self, own: Hosted) -> None:
        """Put the rules of a workload in force, and prove them; raises where they do not hold."""
        loading.load(own.redirect, own.place.enter)
        user = own.member.process.user if own.member.process else _NOBODY
        said = tried(
            *own.place.enter, sys.executable, "-P", "-m", "seawall.mesh.redirect.probe", str(user),
            environment=own_environment(),
        )  # fmt: skip
        if said.returncode:
            reason = "; ".join((said.stdout or said.stderr).strip().splitlines()[-3:])
            raise HostError(
                f"{own.member.name}: its traffic would go around the proxy ({reason}), so nothing "
                "is started: see that the kernel has nf_tables, nat and IPv6"
            )

    def close(self, own: Hosted) -> None:
        """Let nothing of a workload begin any more: what there is goes on."""
        self._closed.add(own.member.name)
        loading.load(self._rules_of(own), own.place.enter)

    def open(self, own: Hosted) -> None:
        """Let it begin again."""
        self._closed.discard(own.member.name)
        loading.load(self._rules_of(own), own.place.enter)

    def forget(self, name: str) -> None:
        """A workload is no more."""
        self._closed.discard(name)

    def close_all(self) -> None:
        """Applications begin nothing new any more: what they have goes on."""
        state = self._state()
        there = network.namespaces_of(state.plan.mesh)
        for own in state.meshed:
            if own.place.namespace in there:
                loading.load(own.redirect._replace(is_closing=True), own.place.enter)

    def look_at(self, own: Hosted) -> None:
        """Put the rules of a workload back, where they are not what they should be."""
        fault = ""
        try:
            redirect = self._rules_of(own)
            if not loading.is_loaded(redirect, own.place.enter):
                loading.load(redirect, own.place.enter)
                self._voice.say(f"the rules of {own.member.name} were changed: put back")
        except RedirectError as error:
            fault = str(error)
        self._voice.say_once(f"the rules of {own.member.name}", fault)

    def look_outside(self) -> None:
        """The same of those of the exit."""
        fault = ""
        try:
            for done in self._state().outside.watch():
                self._voice.say(done)
        except SeawallError as error:
            fault = str(error)
        self._voice.say_once("the rules of the exit", fault)

    def tell_dropped(self) -> None:
        """Let the agent know what the rules have dropped: it may not look itself."""
        fault, state = "", self._state()
        try:
            dropped = {own.member.name: loading.counters(own.place.enter) for own in state.meshed}
            for name in state.outside.charges:
                dropped[name] = loading.exit_counters(state.plan.mesh)
            fence.write(self._layout.fence, dropped)
        except (RedirectError, OSError) as error:
            fault = str(error)
        self._voice.say_once("what the rules have dropped", fault)

    def _rules_of(self, own: Hosted) -> Redirect:
        """Those of a workload as they are to be now."""
        is_closed = own.member.name in self._closed
        return own.redirect._replace(is_closing=is_closed, is_leaving=is_closed)

"""The part that needs root: it makes networks and rules, starts everything, and keeps it running.

It touches no application byte, no key and no certificate.
"""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock

from seawall.core.errors import SeawallError
from seawall.mesh.agents import roster
from seawall.mesh.control import declared
from seawall.mesh.control.operating import insist
from seawall.mesh.hosting import (
    administration,
    ending,
    hosts_file,
    network,
    numbering,
    requests,
    store,
)
from seawall.mesh.hosting.children import Recipe
from seawall.mesh.hosting.cutting import Cutter, within
from seawall.mesh.hosting.fleet import Fleet
from seawall.mesh.hosting.guarding import Guard
from seawall.mesh.hosting.hatches import Hatch
from seawall.mesh.hosting.layout import AGENT_USER, Layout
from seawall.mesh.hosting.outside import FRONT, Program
from seawall.mesh.hosting.pulse import Pulse
from seawall.mesh.hosting.readiness import Readiness
from seawall.mesh.hosting.recipes import ATTESTOR, Recipes
from seawall.mesh.hosting.replacing import Replaced
from seawall.mesh.hosting.saying import Voice
from seawall.mesh.hosting.state import Hosted, Part, State, state_of
from seawall.mesh.plan.reading import Plan
from seawall.mesh.proxies import program

_TICK = 0.1
_RULES_EVERY = 5.0
"""Seconds between looks at the rules: flushed ones are back within ten."""
_ALL_OF_IT = Part()


class Supervisor:
    """All of one mesh on this host."""

    def __init__(self, plan: Plan, layout: Layout, envoy: str, part: Part = _ALL_OF_IT) -> None:
        self.layout = layout
        """Where files are."""
        self.host = part.host
        """Which of the mesh's hosts this is."""
        self.state = state_of(plan, layout, part.host, numbering.first(plan))
        """What the mesh is on this host now."""
        self._changing = Lock()
        """Held while what there is to look after becomes something else."""
        self._voice = Voice()
        self.fleet = Fleet(self._voice.say)
        """All processes."""
        self._recipes = Recipes(layout, envoy, part, lambda: self.state)
        self._guard = Guard(layout, self._voice, lambda: self.state)
        self._readiness = Readiness(layout, self.fleet, leads=self._recipes.leads)
        self._pulse = Pulse(layout.state)
        self._ended: ending.Ended = {}
        self._rules_seen = 0.0
        self._namespaces = {own.member.name: own.place.namespace for own in self.state.hosted}
        cutter = Cutter(within(self._namespaces), self._voice.say)
        self._hatches = (
            Hatch(layout.cutter, layout.user(AGENT_USER), cutter.answer),
            Hatch(layout.requests, 0, partial(requests.answer, self)),
        )  # fmt: skip

    # Up -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make everything and wait until each workload can be reached; then start the programs."""
        state = self.state
        state.make_directories(self.layout)
        if self._recipes.leads:
            store.prepare(self.layout, state, self.host)
        places = [own.place for own in state.hosted]
        network.build(state.plan.mesh, places, state.tunnel(self.host))
        for own in state.hosted:
            hosts_file.write(own, state)
        for own in state.meshed:
            self._guard.put_up(own)
        self._note(state)
        for hatch in self._hatches:
            hatch.open()
        self._start_control()
        self._start_attestor(state)
        programs = state.outside.prepare()
        self.fleet.start(self._recipes.agent())
        for own in state.meshed:
            self.start_proxy(own)
        for one in programs:
            self.start_in_host(one)
        names = [own.member.name for own in state.meshed] + [*state.outside.charges]
        self.wait("the proxies", partial(self.are_ready, names))
        outer = [self.layout.admin(one.place) for one in programs]
        self.wait("the gateway or the exit", lambda: all(map(administration.is_ready, outer)))
        for own in state.hosted:
            recipe = self.program(own)
            if recipe is not None:
                self.fleet.start(recipe)

    def _start_control(self) -> None:
        if self._recipes.leads:
            for number in range(1, self.state.plan.controllers + 1):
                self.fleet.start(self._recipes.controller(number))
            self.wait("the controller", self._readiness.serves)

    def _start_attestor(self, state: State) -> None:
        if state.looks_inside and not self.fleet.has(ATTESTOR):
            self.fleet.start(self._recipes.attestor())
            self.wait("the attestor", lambda: os.path.exists(self.layout.attestor))

    def _note(self, state: State) -> None:
        """Write down what others look for in a file."""
        with open(self.layout.drain, "w", encoding="ascii") as stream:
            stream.write(str(state.plan.drain))

    # While it is up -------------------------------------------------------------------------

    def watch(self) -> float:
        """Look after everything once: processes that ended, rules that are gone.

        What goes wrong with one workload is said, and is nothing to the others. Gives the seconds
        until it is time again; when a process ends it is time at once.
        """
        self._look_after()
        self._write_down()
        now = time.monotonic()
        if now - self._rules_seen >= _RULES_EVERY:
            self._rules_seen = now
            with self._changing:
                for own in self.state.meshed:
                    self._guard.look_at(own)
                    self._look_after()  # nobody who has ended waits for all rules
                self._guard.look_outside()
                self._guard.tell_dropped()
        return _TICK

    def _write_down(self) -> None:
        """Keep logs short, and tell whose programs have ended."""
        fault = ""
        try:
            self.fleet.shorten_logs()
            found = ending.ended(list(self.fleet.children))
            if found != self._ended:
                ending.write(self.layout.ended, found)
                self._ended = found
        except OSError as error:  # processes are looked after all the same
            fault = f"{error}; make room"
        self._voice.say_once("logs", fault)

    def _look_after(self) -> None:
        hung = self._pulse.hung(self.fleet.named(self._recipes.controllers()))
        if hung:
            self._voice.say(hung)
        for child in self.fleet.look_after():
            self._voice.say(f"{child.recipe.name} had ended: started again")
        for child in list(self.fleet.children):
            self._voice.say_once(child.recipe.name, child.fault)

    def end(self) -> None:
        """Let what is under way come to its end, stop everything and take the network away."""
        for hatch in self._hatches:
            hatch.close()
        try:
            self.fleet.finish(self._guard.close_all, self.state.plan.drain)
        except SeawallError as error:
            self._voice.say(f"requests under way were not waited for: {error}")
        self.fleet.end()
        self.state.outside.end()
        network.remove(self.state.plan.mesh)

    # What root asks for ---------------------------------------------------------------------

    def replace(self, envoy: str, within: float) -> list[Replaced]:
        """Put another Envoy in the place of each; raises where it does not get ready."""
        program.version_of(envoy)
        before, self._recipes.envoy = self._recipes.envoy, envoy
        try:
            return self.fleet.replace_proxies(within)
        except BaseException:
            self._recipes.envoy = before
            raise

    def stop(self, own: Hosted) -> int:
        """End a workload when what it has under way has ended; how much was cut."""
        close = partial(self._guard.close, own)
        return self.fleet.halt(own.member.name, close, self.state.plan.drain)

    def start_again(self, own: Hosted) -> None:
        """Start it again."""
        self.fleet.resume(own.member.name, partial(self._guard.open, own))

    # Another description --------------------------------------------------------------------

    def build(self, own: Hosted, state: State) -> None:
        """Make the network of one workload more, and prove its rules."""
        has_tunnel = self.state.tunnel(self.host) is not None
        network.add(self.state.plan.mesh, own.place, has_tunnel=has_tunnel)
        self._namespaces[own.member.name] = own.place.namespace
        hosts_file.write(own, state)
        if not own.member.mode.off_reason:
            self._guard.put_up(own)

    def unbuild(self, own: Hosted) -> None:
        """Take the network of one workload away, and its files."""
        name = own.member.name
        with self._changing:
            network.take_away(own.place)
            self._namespaces.pop(name, None)
            self._guard.forget(name)
        for path in (
            os.path.join("/etc/netns", own.place.namespace), self.layout.proxy(name),
            os.path.join(self.layout.sockets, name), self.layout.programs(name),
        ):  # fmt: skip
            shutil.rmtree(path, ignore_errors=True)

    def declare(self, state: State) -> None:
        """Tell the controller, where it is on this host."""
        if self._recipes.leads:
            written, off = store.declaration_of(state)
            insist(self.layout.operator, "Declare", declared=declared.to_plain(written), off=off)

    def tell_agent(self, state: State) -> None:
        """Let the agent take care of these workloads."""
        self._start_attestor(state)
        roster.write(self.layout.roster, self._recipes.roster(state))

    def take(self, state: State) -> None:
        """Look after these workloads from now on."""
        before, after = self.state.tunnel(self.host), state.tunnel(self.host)
        with self._changing:
            self.state = state
        if before is not None and after is not None:
            network.redirect_tunnel(state.plan.mesh, before, after)
        self._note(state)
        for own in state.hosted:
            hosts_file.write(own, state)

    def start_proxy(self, own: Hosted) -> None:
        """Start the proxy of a workload and keep it running."""
        self._recipes.write_bootstrap(own)
        name = own.member.name
        recipe = partial(self._recipes.proxy, own)
        self.fleet.start_proxy(name, recipe, self.layout.admin(name))

    def start_in_host(self, one: Program) -> None:
        """Start a proxy in the host's own network."""
        admin, inner = self.layout.admin(one.place), one.place != FRONT
        recipe = partial(self._recipes.in_host, one)
        self.fleet.start_proxy(one.place, recipe, admin, waited_for=inner)

    def wait(self, what: str, is_there: Callable[[], bool]) -> None:
        """Wait until something is so; raises :class:`HostError` where it does not become so."""
        self._readiness.wait(what, is_there)

    def are_ready(self, names: Sequence[str]) -> bool:
        """Whether the proxies of some workloads of this host have their configuration."""
        return self._readiness.are_ready(names)

    def is_pushed(self) -> bool:
        """Whether all proxies are to have what was declared; raises where one does not take it."""
        return self._readiness.is_pushed()

    def program(self, own: Hosted) -> Recipe | None:
        """How the program of a workload is started; ``None`` where somebody else does."""
        return None if own.member.process is None else self._recipes.program(own)

    def say(self, text: str) -> None:
        """Say something to whoever reads the log."""
        self._voice.say(text)

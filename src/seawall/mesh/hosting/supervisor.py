"""The part that needs root: it makes networks and rules, starts everything, and keeps it running.

It touches no application byte, no key and no certificate.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Any

from seawall.core.errors import SeawallError
from seawall.mesh.agents import roster, telling
from seawall.mesh.authority import rotation
from seawall.mesh.authority.authority import Authority
from seawall.mesh.authority.store import Store
from seawall.mesh.control import declared, standings
from seawall.mesh.control.operating import OperatorError, ask
from seawall.mesh.control.process import JOIN, LEADS_AT, MAIN, METRICS, STORE, authority_in
from seawall.mesh.control.registry import Entry
from seawall.mesh.control.turning import ask_first
from seawall.mesh.hosting import administration, applying, network, numbering
from seawall.mesh.hosting.children import Recipe
from seawall.mesh.hosting.commands import tried
from seawall.mesh.hosting.cutting import Cutter, within
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.fleet import Fleet
from seawall.mesh.hosting.hatches import Hatch
from seawall.mesh.hosting.invitation import Invitation
from seawall.mesh.hosting.later import Later
from seawall.mesh.hosting.layout import (
    AGENT_USER,
    ATTESTOR_USER,
    CONTROLLER_USER,
    Layout,
    directory,
)
from seawall.mesh.hosting.outside import FRONT, Outside, Program
from seawall.mesh.hosting.programs import carried
from seawall.mesh.hosting.state import Hosted, Part, State, group_of, state_of
from seawall.mesh.plan.reading import Member, Plan
from seawall.mesh.proxies import program
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.redirect import loading
from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.rules import Redirect
from seawall.mesh.watching import fence
from seawall.mesh.workloads.endpoints import SOCKET, Door, door_to_plain

_TICK = 0.1
_RULES_EVERY = 5.0
"""Seconds between looks at the rules: flushed ones are back within ten."""
_READY_WITHIN = 30.0
_STARTS = 3
"""How often a process may end before it is ready."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


_ALL_OF_IT = Part()


class Supervisor:
    """All of one mesh on this host."""

    def __init__(self, plan: Plan, layout: Layout, envoy: str, part: Part = _ALL_OF_IT) -> None:
        self._layout = layout
        self._envoy = envoy
        self._part = part
        self._host = next((own for own in plan.hosts if own.name == part.host), None)
        self._leads = self._host is None or self._host.has_controller
        self._state = state_of(plan, layout, part.host, numbering.first(plan))
        self._changing = Lock()
        """Held while what there is to look after becomes something else."""
        self._fleet = Fleet(self._say)
        self._token = Later(self._token_now)
        self._closed: set[str] = set()
        """Workloads that were stopped."""
        self._rules_seen = 0.0
        self._faults: dict[str, str] = {}
        self._namespaces = {own.member.name: own.place.namespace for own in self._hosted}
        cutter = Cutter(within(self._namespaces), self._say)
        self._hatches = (
            Hatch(layout.cutter, layout.user(AGENT_USER), cutter.answer),
            Hatch(layout.requests, 0, self._answer),
        )  # fmt: skip

    @property
    def _plan(self) -> Plan:
        return self._state.plan

    @property
    def _hosted(self) -> tuple[Hosted, ...]:
        return self._state.hosted

    @property
    def _meshed(self) -> tuple[Hosted, ...]:
        return self._state.meshed

    @property
    def _outside(self) -> Outside:
        return self._state.outside

    # Up -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make everything and wait until each workload can be reached; then start the programs."""
        self._state.make_directories(self._layout)
        if self._leads:
            self._prepare_store()
        tunnel = self._state.tunnel(self._part.host)
        network.build(self._plan.mesh, [own.place for own in self._hosted], tunnel)
        for own in self._hosted:
            self._write_hosts(own, self._state)
        for own in self._meshed:
            loading.load(own.redirect, own.place.enter)
            self._prove(own)
        self.note(self._state)
        for hatch in self._hatches:
            hatch.open()
        self._start_control()
        self._start_attestor(self._state)
        programs = self._outside.prepare()
        self._fleet.start(self._agent())
        for own in self._meshed:
            self._start_proxy(own)
        for one in programs:
            self._start_in_host(one)
        self._wait("the proxies", self._proxies_are_ready)
        outer = [self._layout.admin(one.place) for one in programs]
        self._wait("the gateway or the exit", lambda: all(map(administration.is_ready, outer)))
        for own in self._hosted:
            if own.member.process is not None:
                self._fleet.start(self._program(own))

    def _start_proxy(self, own: Hosted) -> None:
        self._write_bootstrap(own)
        name = own.member.name
        self._fleet.start_proxy(name, partial(self._proxy, own), self._layout.admin(name))

    def _start_in_host(self, one: Program) -> None:
        admin, inner = self._layout.admin(one.place), one.place != FRONT
        self._fleet.start_proxy(one.place, partial(self._in_host, one), admin, waited_for=inner)

    def _start_attestor(self, state: State) -> None:
        if state.looks_inside and not self._fleet.has("attestor"):
            self._fleet.start(self._attestor())
            self._wait("the attestor", lambda: os.path.exists(self._layout.attestor))

    def _start_control(self) -> None:
        if self._leads:
            for number in range(1, self._plan.controllers + 1):
                self._fleet.start(self._controller(number))
            self._wait("the controller", self._controller_answers)

    def watch(self) -> float:
        """Look after everything once: processes that ended, rules that are gone.

        What goes wrong with one workload is said, and is nothing to the others. Gives the seconds
        until it is time again; when a process ends it is time at once.
        """
        for child in self._fleet.look_after():
            self._say(f"{child.recipe.name} had ended: started again")
        for child in list(self._fleet.children):
            self._say_once(child.recipe.name, child.fault)
        now = time.monotonic()
        if now - self._rules_seen >= _RULES_EVERY:
            self._rules_seen = now
            with self._changing:
                for own in self._meshed:
                    self._look_at_rules(own)
                self._look_outside()
                self._tell_dropped()
            self._fleet.shorten_logs()
        return _TICK

    def _tell_dropped(self) -> None:
        """Let the agent know what the rules have dropped: it may not look itself."""
        fault = ""
        try:
            dropped = {own.member.name: loading.counters(own.place.enter) for own in self._meshed}
            fence.write(self._layout.fence, dropped)
        except (RedirectError, OSError) as error:
            fault = str(error)
        self._say_once("what the rules have dropped", fault)

    def _look_at_rules(self, own: Hosted) -> None:
        fault = ""
        try:
            redirect = self._rules_of(own)
            if not loading.is_loaded(redirect, own.place.enter):
                loading.load(redirect, own.place.enter)
                self._say(f"the rules of {own.member.name} were changed: put back")
        except RedirectError as error:
            fault = str(error)
        self._say_once(f"the rules of {own.member.name}", fault)

    def _look_outside(self) -> None:
        fault = ""
        try:
            for done in self._outside.watch():
                self._say(done)
        except SeawallError as error:
            fault = str(error)
        self._say_once("the rules of the exit", fault)

    def end(self) -> None:
        """Let what is under way come to its end, stop everything and take the network away."""
        for hatch in self._hatches:
            hatch.close()
        try:
            self._fleet.finish(self._close, self._plan.drain)
        except SeawallError as error:
            self._say(f"requests under way were not waited for: {error}")
        self._fleet.end()
        self._outside.end()
        network.remove(self._plan.mesh)

    def _close(self) -> None:
        """Applications begin nothing new any more: what they have goes on."""
        there = network.namespaces_of(self._plan.mesh)
        for own in self._meshed:
            if own.place.namespace in there:
                loading.load(own.redirect._replace(is_closing=True), own.place.enter)

    # What root asks for ---------------------------------------------------------------------

    def _answer(self, line: bytes) -> dict[str, Any]:
        """``{"what": "replace", "envoy": PATH, "within": SECONDS}``, or ``stop`` and ``start``."""
        try:
            asked = json.loads(line)
            what = asked["what"]
            if what == "replace":
                return self._replace(str(asked["envoy"]), float(asked["within"]))
            if what == "apply":
                return applying.apply(self, str(asked["file"]), is_dry=bool(asked["dry"]))
            own = next((own for own in self._meshed if own.member.name == asked["workload"]), None)
            if own is None:
                return {"refused": f"there is no workload {asked['workload']!r} here: name one"}
            return self._stop(own) if what == "stop" else self._start_again(own)
        except SeawallError as error:
            return {"refused": str(error)}
        except OSError as error:
            return {"refused": f"{error.filename}: {error.strerror}; see that root may do that"}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return {"refused": f"no request ({error}): update seawall on this host"}

    def _replace(self, envoy: str, within: float) -> dict[str, Any]:
        program.version_of(envoy)
        before, self._envoy = self._envoy, envoy
        try:
            done = self._fleet.replace_proxies(within)
        except BaseException:
            self._envoy = before
            raise
        return {"replaced": [own._asdict() for own in done]}

    def _stop(self, own: Hosted) -> dict[str, Any]:
        name = own.member.name

        def close() -> None:
            self._closed.add(name)
            loading.load(self._rules_of(own), own.place.enter)

        return {"left": self._fleet.halt(name, close, self._plan.drain)}

    def _start_again(self, own: Hosted) -> dict[str, Any]:
        def open_() -> None:
            self._closed.discard(own.member.name)
            loading.load(self._rules_of(own), own.place.enter)

        self._fleet.resume(own.member.name, open_)
        return {"left": 0}

    def _rules_of(self, own: Hosted) -> Redirect:
        """Those of a workload as they are to be now."""
        is_closed = own.member.name in self._closed
        return own.redirect._replace(is_closing=is_closed, is_leaving=is_closed)

    # Steps ----------------------------------------------------------------------------------

    def _prepare_store(self) -> None:
        """The authority's store, made and declared to by the user that it belongs to."""
        layout, plan = self._layout, self._plan
        written, off = declaration_of(self._state)

        def prepare() -> None:
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
            mine = [entry.name for entry in written.entries if entry.host == self._part.host]
            with authority.store.changes():
                declared.write(authority.store, *written)
                # No proxy of this host is alive: nobody is to wait for one.
                standings.forget(authority.store, mine)
                declared.set_off(authority.store, off)
            authority.store.close()

        as_user(layout.user(CONTROLLER_USER), prepare)

    def _write_hosts(self, own: Hosted, state: State) -> None:
        """Names of all workloads: ``ip netns exec`` puts the file in the place of /etc/hosts."""
        directory = os.path.join("/etc/netns", own.place.namespace)
        os.makedirs(directory, exist_ok=True)
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        for name, place in state.places.items():
            lines += [f"{address} {name}" for address in place.addresses]
        lines += state.outside.hosts
        path = os.path.join(directory, "hosts")
        written = "\n".join([*lines, ""]).encode("ascii")
        # In place: programs that run have this very file. It is never empty meanwhile.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(descriptor, written, 0)
            os.truncate(descriptor, len(written))
        finally:
            os.close(descriptor)
        for own_path, mode in ((directory, 0o755), (path, 0o644)):
            os.chmod(own_path, mode)  # whatever our umask is: programs read it as other users

    def _prove(self, own: Hosted) -> None:
        user = own.member.process.user if own.member.process else 65_534
        said = tried(
            *own.place.enter, sys.executable, "-P", "-m", "seawall.mesh.redirect.probe", str(user),
            environment=_own_environment(),
        )  # fmt: skip
        if said.returncode:
            reason = "; ".join((said.stdout or said.stderr).strip().splitlines()[-3:])
            raise HostError(
                f"{own.member.name}: its traffic would go around the proxy ({reason}), so nothing "
                "is started: see that the kernel has nf_tables, nat and IPv6"
            )

    def _wait(self, what: str, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while not is_there():
            self._fleet.look_after()
            for child in self._fleet.children:
                if child.starts > _STARTS:
                    raise HostError(
                        f"{child.recipe.name} ends as soon as it is started: "
                        f"{last_line(child.recipe.log)}"
                    )
            if time.monotonic() > deadline:
                raise HostError(
                    f"{what} did not come up within {_READY_WITHIN:g} s: see {self._layout.logs}"
                )
            time.sleep(0.03)

    def _controller_answers(self) -> bool:
        if not os.path.exists(self._layout.operator):
            return False
        try:
            return bool(ask(self._layout.operator, "Status")["serves"])
        except OperatorError:
            return False

    def _proxies_are_ready(self) -> bool:
        return self.are_ready([own.member.name for own in self._meshed] + [*self._outside.charges])

    def are_ready(self, names: Sequence[str]) -> bool:
        """Whether the proxies of some workloads of this host have their configuration."""
        try:
            status = (
                ask(self._layout.operator, "Status")
                if self._leads
                else telling.read(self._layout.agent_status) or {}
            )
        except OperatorError:
            return False
        found = status.get("workloads", {})
        standings = [found.get(name, {}).get("standing") for name in names]
        return all(own is not None and own["generation"] >= 0 for own in standings)

    # Another description --------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What the mesh is on this host now."""
        return self._state

    @property
    def fleet(self) -> Fleet:
        """All processes."""
        return self._fleet

    @property
    def layout(self) -> Layout:
        """Where files are."""
        return self._layout

    @property
    def host(self) -> str:
        """Which of the mesh's hosts this is."""
        return self._part.host

    def note(self, state: State) -> None:
        """Write down what others look for in a file."""
        with open(self._layout.drain, "w", encoding="ascii") as stream:
            stream.write(str(state.plan.drain))

    def build(self, own: Hosted, state: State) -> None:
        """Make the network of one workload more, and prove its rules."""
        network.add(self._plan.mesh, own.place, has_tunnel=self._host is not None)
        self._namespaces[own.member.name] = own.place.namespace
        self._write_hosts(own, state)
        if not own.member.mode.off_reason:
            loading.load(own.redirect, own.place.enter)
            self._prove(own)

    def unbuild(self, own: Hosted) -> None:
        """Take the network of one workload away, and its files."""
        name = own.member.name
        with self._changing:
            network.take_away(own.place)
            self._namespaces.pop(name, None)
            self._closed.discard(name)
        for path in (
            os.path.join("/etc/netns", own.place.namespace), self._layout.proxy(name),
            os.path.join(self._layout.sockets, name), self._layout.programs(name),
        ):  # fmt: skip
            shutil.rmtree(path, ignore_errors=True)

    def declare(self, state: State) -> None:
        """Tell the controller, where it is on this host."""
        if self._leads:
            written, off = declaration_of(state)
            ask(self._layout.operator, "Declare", declared=declared.to_plain(written), off=off)

    def is_pushed(self) -> bool:
        """Whether all proxies are to have what was declared; raises where one does not take it.

        Of another host's controller nothing is known here.
        """
        if not self._leads:
            return True
        try:
            push = ask(self._layout.operator, "Status")["push"]
        except OperatorError:
            return False
        if push and push["fault"]:
            raise HostError(f"{push['fault']}; all others keep what they had: correct the file")
        return not push

    def tell_agent(self, state: State) -> None:
        """Let the agent take care of these workloads."""
        self._start_attestor(state)
        roster.write(self._layout.roster, self._roster(state))

    def take(self, state: State) -> None:
        """Look after these workloads from now on."""
        before = self._state.tunnel(self._part.host)
        after = state.tunnel(self._part.host)
        with self._changing:
            self._state = state
        if before is not None and after is not None:
            network.redirect_tunnel(state.plan.mesh, before, after)
        self.note(state)
        for own in state.hosted:
            self._write_hosts(own, state)

    def start_proxy(self, own: Hosted) -> None:
        """Start the proxy of a workload and keep it running."""
        self._start_proxy(own)

    def start_in_host(self, one: Program) -> None:
        """Start a proxy in the host's own network."""
        self._start_in_host(one)

    def wait(self, what: str, is_there: Callable[[], bool]) -> None:
        """Wait until something is so; raises :class:`HostError` where it does not become so."""
        self._wait(what, is_there)

    def program(self, own: Hosted) -> Recipe | None:
        """How the program of a workload is started; ``None`` where somebody else does."""
        return None if own.member.process is None else self._program(own)

    def stop(self, own: Hosted) -> None:
        """End a workload when what it has under way has ended."""
        self._stop(own)

    def start_again(self, own: Hosted) -> None:
        """Start it again."""
        self._start_again(own)

    def say(self, text: str) -> None:
        """Say something to whoever reads the log."""
        self._say(text)

    # Recipes --------------------------------------------------------------------------------

    def _log(self, name: str) -> str:
        return os.path.join(self._layout.logs, f"{name}.log")

    def _own(self, user: int, module: str, *arguments: str) -> tuple[str, ...]:
        return (*_dropped(self._layout.user(user)), sys.executable, "-P", "-m", module, *arguments)

    def _controller(self, number: int) -> Recipe:
        """One of those that there are, from 1 on; the socket of the one that leads is known."""
        layout, environment = self._layout, _own_environment()
        environment[METRICS] = self._plan.metrics.controller
        run, name = layout.doors, "controller" if number == 1 else f"controller-{number}"
        if self._plan.controllers > 1:
            run = os.path.join(layout.doors, str(number))
            users = layout.user(CONTROLLER_USER), layout.user(AGENT_USER)
            directory(run, users[0], 0o2750, users[1])
            environment[LEADS_AT] = layout.doors
        command = self._own(
            CONTROLLER_USER, "seawall.mesh.control.process", layout.state, run, *self._doors()
        )
        return Recipe(name, command, self._log(name), environment)

    def _agent(self) -> Recipe:
        command = self._own(AGENT_USER, "seawall.mesh.agents.process", self._plan.mesh)
        return Recipe("agent", command, self._log("agent"), _own_environment(), stdin=self._task)

    def _task(self, ended: int | None) -> bytes:
        """What the agent is told; ``ended`` is how it has ended before."""
        invitation = self._invitation(ended)
        join, main = self._way_to_controller()
        task = {
            "host": self._part.host, "trust_domain": self._plan.trust_domain.trust_domain,
            "join": join, "main": main, "token": invitation.token,
            "bundle": invitation.bundle, "sockets": self._layout.sockets,
            "home": self._layout.home, "status": self._layout.agent_status,
            **self._roster(self._state)._asdict(), "roster": self._layout.roster,
            "inside": self._layout.inside, "attestor": self._layout.attestor,
            "cutter": self._layout.cutter,
            "fence": self._layout.fence, "metrics": self._plan.metrics.agent,
        }  # fmt: skip
        return json.dumps(task).encode()

    def _attestor(self) -> Recipe:
        """The only one of our own processes with a right, and it has no key and no secret."""
        rights = ",".join(f"+{name}" for name in ("sys_ptrace", "dac_read_search"))
        user, agent = (self._layout.user(own) for own in (ATTESTOR_USER, AGENT_USER))
        command = (
            "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
            "--no-new-privs", f"--bounding-set=-all,{rights}", f"--inh-caps=-all,{rights}",
            f"--ambient-caps=-all,{rights}", sys.executable, "-P", "-m",
            "seawall.mesh.workloads.attestor", self._layout.attestor, str(agent),
        )  # fmt: skip
        return Recipe("attestor", command, self._log("attestor"), _own_environment())

    def _roster(self, state: State) -> roster.Roster:
        """What the agent takes care of."""
        workloads = {own.member.name: own.place.addresses for own in state.meshed}
        doors = [door_to_plain(self._door(own.member)) for own in state.known]
        return roster.Roster(workloads | state.outside.charges, doors, state.outside.paths)

    def _door(self, member: Member) -> Door:
        assert member.selectors is not None  # noqa: S101 - asked before
        path = os.path.join(self._layout.programs(member.name), SOCKET)
        return Door(member.name, path, member.selectors, group_of(member) is None)

    def _invitation(self, ended: int | None) -> Invitation:
        """On the controller's host a token where it is needed; elsewhere what was carried here.

        An agent that was killed comes back with the key that it has left: the controller is not
        asked, which may be away, too, or hang. One that has ended by itself could not.
        """
        nothing = Invitation(self._part.host, "", "")
        if not self._leads:
            return self._part.invitation or nothing
        if ended is None:
            return self._token_now()
        return nothing if ended < 0 else self._token.take()

    def _token_now(self) -> Invitation:
        given = ask(self._layout.operator, "Token", host=self._part.host)
        return Invitation(self._part.host, given["token"], given["bundle"])

    def _way_to_controller(self) -> tuple[str, str]:
        """The addresses of its two doors."""
        if self._leads:
            doors = f"unix:{self._layout.doors}"
            return f"{doors}/{JOIN}", f"{doors}/{MAIN}"
        leader = next(own for own in self._plan.hosts if own.has_controller)
        return leader.door(leader.join), leader.door(leader.main)

    def _doors(self) -> tuple[str, ...]:
        """Those that the controller opens for other hosts."""
        host = self._host
        return () if host is None else (host.door(host.join), host.door(host.main))

    def _write_bootstrap(self, own: Hosted) -> None:
        name = own.member.name
        socket = os.path.join(self._layout.sockets, name, "discovery.sock")
        path = os.path.join(self._layout.proxy(name), "bootstrap.json")
        with open(path, "w", encoding="ascii") as stream:
            json.dump(bootstrap(own.member.id, socket, self._layout.admin(name)), stream)
        os.chmod(path, 0o644)

    def _proxy(self, own: Hosted) -> Recipe:
        path = os.path.join(self._layout.proxy(own.member.name), "bootstrap.json")
        command = (*own.place.enter, *_dropped(own.proxy_user), *self._envoy_with(path))
        name = f"{own.member.name}.proxy"
        return Recipe(name, command, self._log(name), _own_environment())

    def _in_host(self, one: Program) -> Recipe:
        user = _dropped(one.user, "net_bind_service" if one.may_bind else "")
        command = (*user, *self._envoy_with(one.bootstrap))
        return Recipe(one.name, command, self._log(one.name), _own_environment())

    def _envoy_with(self, path: str) -> tuple[str, ...]:
        return (
            self._envoy, "-c", path, "--disable-hot-restart", "--concurrency", "1",
            "--drain-time-s", str(administration.DRAIN_SECONDS), "--drain-strategy", "immediate",
            "--log-level", "warning",
            # The access log is read by people, and by mesh verify: not ten seconds late.
            "--file-flush-interval-msec", "1000",
        )  # fmt: skip

    def _program(self, own: Hosted) -> Recipe:
        process = own.member.process
        assert process is not None  # noqa: S101 - asked before
        environment = {"PATH": _PATH, **process.environment}
        if own.member.selectors is not None:
            environment["SPIFFE_ENDPOINT_SOCKET"] = f"unix://{self._door(own.member).path}"
        begun, values = carried(environment, process.command)
        command = (*own.place.enter, *_dropped(process.user), *begun)
        return Recipe(
            own.member.name, command, self._log(own.member.name), {"PATH": _PATH, **values},
            process.directory,
        )  # fmt: skip

    def _say_once(self, about: str, fault: str) -> None:
        """Say what is wrong with something, when that is news."""
        if fault and fault != self._faults.get(about):
            self._say(f"{about}: {fault}")
        self._faults[about] = fault

    def _say(self, text: str) -> None:
        sys.stderr.write(f"seawall: {text}\n")
        sys.stderr.flush()


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
    fault = ask_first(authority, plan.issuer, _READY_WITHIN)
    if fault:
        raise HostError(f"the issuer has not signed yet, so nothing is started: {fault}")


def last_line(path: str) -> str:
    """The last thing that a log says."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = stream.read().strip().splitlines()
    return lines[-1][-500:] if lines else f"without a word, see {path}"


def _dropped(user: int, kept: str = "") -> tuple[str, ...]:
    """The command that gives up every right but those of a user, and one that is named."""
    right = f",+{kept}" if kept else ""
    return (
        "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs",
        f"--bounding-set=-all{right}", f"--inh-caps=-all{right}",
        *([f"--ambient-caps=-all{right}"] if kept else []),
    )  # fmt: skip


def _own_environment() -> dict[str, str]:
    """With this and ``-P`` nobody is run who lies in the directory that we were started in."""
    return {"PATH": _PATH, "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(_own_paths())}


def _own_paths() -> Sequence[str]:
    """Where our own processes find this package: the same place as we did."""
    import seawall  # noqa: PLC0415 - ourselves

    return [os.path.dirname(os.path.dirname(os.path.abspath(seawall.__file__)))]


def as_user(user: int, act: Callable[[], None]) -> None:
    """Do something as another user, in a child; its error is raised here."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            act()
            code = 0
        except SeawallError as error:
            os.write(writing, str(error).encode())
        except BaseException as error:  # noqa: BLE001 - it is told, and the child ends
            os.write(writing, repr(error).encode())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise HostError(said or "a child ended without a word: see dmesg")

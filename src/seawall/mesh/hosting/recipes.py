"""How each process of a mesh on this host is started: by whom, where, and with what it is told."""

import json
import os
import sys
from collections.abc import Callable

from seawall.mesh.agents import roster
from seawall.mesh.control.process import LEADS_AT, METRICS
from seawall.mesh.hosting.children import Recipe
from seawall.mesh.hosting.joining import Joining
from seawall.mesh.hosting.layout import (
    AGENT_USER,
    ATTESTOR_USER,
    CONTROLLER_USER,
    Layout,
    directory,
)
from seawall.mesh.hosting.outside import Program
from seawall.mesh.hosting.privileges import PATH, dropped, own_environment
from seawall.mesh.hosting.programs import carried
from seawall.mesh.hosting.state import Hosted, Part, State, group_of
from seawall.mesh.plan.reading import Member
from seawall.mesh.proxies import program
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.workloads.endpoints import SOCKET, Door, door_to_plain

ATTESTOR = "mesh.attestor"
_CONTROLLER, _AGENT = "mesh.controller", "mesh.agent"
"""Names of the mesh's own processes: no workload can be called so."""


class Recipes:
    """Those of one mesh; ``state`` gives what it is at the moment."""

    def __init__(self, layout: Layout, envoy: str, part: Part, state: Callable[[], State]) -> None:
        self.envoy = envoy
        """The program of proxies that are started from now on."""
        self._layout = layout
        self._part = part
        self._state = state
        plan = state().plan
        self._host = next((own for own in plan.hosts if own.name == part.host), None)
        self.leads = self._host is None or self._host.has_controller
        """Whether the controller is on this host."""
        leader = next((own for own in plan.hosts if own.has_controller), None)
        self._joining = Joining(layout, part, leader, is_here=self.leads)

    def _log(self, name: str) -> str:
        return os.path.join(self._layout.logs, f"{name}.log")

    def _own(self, user: int, module: str, *arguments: str) -> tuple[str, ...]:
        return (*dropped(self._layout.user(user)), sys.executable, "-P", "-m", module, *arguments)

    def controllers(self) -> tuple[str, ...]:
        """The names of those that there are on this host."""
        numbers = range(1, self._state().plan.controllers + 1) if self.leads else ()
        return tuple(_CONTROLLER if one == 1 else f"{_CONTROLLER}-{one}" for one in numbers)

    def controller(self, number: int) -> Recipe:
        """One of those that there are, from 1 on; the socket of the one that leads is known."""
        layout, environment = self._layout, own_environment()
        environment[METRICS] = self._state().plan.metrics.controller
        run, name = layout.doors, self.controllers()[number - 1]
        if self._state().plan.controllers > 1:
            run = os.path.join(layout.doors, str(number))
            users = layout.user(CONTROLLER_USER), layout.user(AGENT_USER)
            directory(run, users[0], 0o2750, users[1])
            environment[LEADS_AT] = layout.doors
        command = self._own(
            CONTROLLER_USER, "seawall.mesh.control.process", layout.state, run, *self._doors()
        )
        return Recipe(name, command, self._log(name), environment)

    def agent(self) -> Recipe:
        """The agent of this host."""
        command = self._own(AGENT_USER, "seawall.mesh.agents.process", self._state().plan.mesh)
        return Recipe(_AGENT, command, self._log(_AGENT), own_environment(), stdin=self._task)

    def _task(self, ended: int | None) -> bytes:
        """What the agent is told; ``ended`` is how it has ended before."""
        invitation = self._joining.invitation(ended)
        join, main = self._joining.way()
        task = {
            "host": self._part.host, "trust_domain": self._state().plan.trust_domain.trust_domain,
            "join": join, "main": main, "token": invitation.token,
            "bundle": invitation.bundle, "sockets": self._layout.sockets,
            "home": self._layout.home, "status": self._layout.agent_status,
            **self.roster(self._state())._asdict(), "roster": self._layout.roster,
            "inside": self._layout.inside, "attestor": self._layout.attestor,
            "cutter": self._layout.cutter,
            "fence": self._layout.fence, "metrics": self._state().plan.metrics.agent,
        }  # fmt: skip
        return json.dumps(task).encode()

    def attestor(self) -> Recipe:
        """The only one of our own processes with a right, and it has no key and no secret."""
        rights = ",".join(f"+{name}" for name in ("sys_ptrace", "dac_read_search"))
        user, agent = (self._layout.user(own) for own in (ATTESTOR_USER, AGENT_USER))
        command = (
            "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
            "--no-new-privs", f"--bounding-set=-all,{rights}", f"--inh-caps=-all,{rights}",
            f"--ambient-caps=-all,{rights}", sys.executable, "-P", "-m",
            "seawall.mesh.workloads.attestor", self._layout.attestor, str(agent),
        )  # fmt: skip
        return Recipe(ATTESTOR, command, self._log(ATTESTOR), own_environment())

    def roster(self, state: State) -> roster.Roster:
        """What the agent takes care of."""
        workloads = {own.member.name: own.place.addresses for own in state.meshed}
        doors = [door_to_plain(self._door(own.member)) for own in state.known]
        return roster.Roster(workloads | state.outside.charges, doors, state.outside.paths)

    def _door(self, member: Member) -> Door:
        assert member.selectors is not None  # noqa: S101 - asked before
        path = os.path.join(self._layout.programs(member.name), SOCKET)
        return Door(member.name, path, member.selectors, group_of(member) is None)

    def _doors(self) -> tuple[str, ...]:
        """Those that the controller opens for other hosts."""
        host = self._host
        return () if host is None else (host.door(host.join), host.door(host.main))

    def write_bootstrap(self, own: Hosted) -> None:
        """Write down what the proxy of a workload begins with."""
        name = own.member.name
        socket = os.path.join(self._layout.sockets, name, "discovery.sock")
        path = os.path.join(self._layout.proxy(name), "bootstrap.json")
        with open(path, "w", encoding="ascii") as stream:
            json.dump(bootstrap(own.member.id, socket, self._layout.admin(name)), stream)
        os.chmod(path, 0o644)

    def proxy(self, own: Hosted) -> Recipe:
        """The proxy of a workload."""
        path = os.path.join(self._layout.proxy(own.member.name), "bootstrap.json")
        command = (*own.place.enter, *dropped(own.proxy_user), *program.command(self.envoy, path))
        name = f"{own.member.name}.proxy"
        return Recipe(name, command, self._log(name), own_environment())

    def in_host(self, one: Program) -> Recipe:
        """A proxy in the host's own network."""
        user = dropped(one.user, "net_bind_service" if one.may_bind else "")
        command = (*user, *program.command(self.envoy, one.bootstrap))
        return Recipe(one.name, command, self._log(one.name), own_environment())

    def program(self, own: Hosted) -> Recipe:
        """The program of a workload that we start."""
        process = own.member.process
        assert process is not None  # noqa: S101 - asked before
        environment = {"PATH": PATH, **process.environment}
        if own.member.selectors is not None:
            environment["SPIFFE_ENDPOINT_SOCKET"] = f"unix://{self._door(own.member).path}"
        begun, values = carried(environment, process.command)
        command = (*own.place.enter, *dropped(process.user), *begun)
        return Recipe(
            own.member.name, command, self._log(own.member.name), {"PATH": PATH, **values},
            process.directory, is_ours=False, log_owner=process.user,
        )  # fmt: skip

"""The exit and the gateway of a mesh on this host: both are in the host's own network.

The exit is a proxy like those of workloads, with an identity, outside of every namespace; the
kernel keeps it to what was declared. The gateway's proxy lives in a namespace as a workload does.
Who listens for it in the host's network, the *front*, is a second Envoy that hands bytes on to it
over a unix socket, and knows nothing else.
"""

import json
import os
from typing import NamedTuple
from zlib import crc32

from seawall.mesh.control.registry import Entry
from seawall.mesh.hosting.layout import AGENT_USER, Layout, directory
from seawall.mesh.hosting.presenting import Presented
from seawall.mesh.plan.edges import GATEWAY, Edges, exit_id, exit_name, marks_of
from seawall.mesh.plan.reading import FIRST_PROXY_USER, MOST_WORKLOADS, Plan
from seawall.mesh.proxies.bootstrap import bootstrap
from seawall.mesh.proxies.fronts import front
from seawall.mesh.redirect import loading
from seawall.mesh.redirect.exit_rules import ExitRules, Way
from seawall.mesh.redirect.own_namespace import LARGEST, resolvers_in

FRONT_USER = FIRST_PROXY_USER + MOST_WORKLOADS + 1
FIRST_EXIT_USER = FRONT_USER + 1
EXIT_USERS = 3000
FRONT = "gateway.front"
_RESOLV_CONF = "/etc/resolv.conf"
_FIRST_FREE_PORT = 1024
"""Ports below it need a right (capabilities(7): CAP_NET_BIND_SERVICE)."""


class Program(NamedTuple):
    """An Envoy in the host's network."""

    name: str
    place: str
    """The name of its directory (``Layout.proxy``)."""
    bootstrap: str
    user: int
    may_bind: bool = False
    """Whether it needs the right to listen on a port below 1024."""


class Outside:
    """What a mesh has in the host's own network."""

    def __init__(self, plan: Plan, layout: Layout, host: str, gateway_user: int) -> None:
        self._plan = plan
        self._edges: Edges = plan.edges
        self._layout = layout
        self._host = host
        self._gateway_user = gateway_user
        self._exit = exit_name(host)
        here = {member.name for member in plan.members if member.host == host}
        self._gateway = plan.edges.gateway if GATEWAY in here else None
        self._presented: Presented | None = None
        self._user = layout.user(exit_user(plan.mesh))
        self.rules = self._own_rules()

    def _own_rules(self) -> ExitRules:
        edges = self._edges
        return ExitRules(self._plan.mesh, self._user, _ways(edges), _resolvers(edges))

    @property
    def has_exit(self) -> bool:
        """Whether anything outside can be reached at all."""
        return bool(self._edges.externals)

    @property
    def entries(self) -> list[Entry]:
        """What the controller is told of it, and of that of other hosts, besides the workloads."""
        hosts = [host.name for host in self._plan.hosts] or [self._host]
        return [
            Entry(exit_name(host), exit_id(self._plan.trust_domain, host), host, ())
            for host in hosts
            if self.has_exit
        ]

    @property
    def charges(self) -> dict[str, tuple[str, ...]]:
        """What the agent takes care of besides the workloads, with addresses."""
        return {self._exit: ()} if self.has_exit else {}

    @property
    def paths(self) -> tuple[str, str, str]:
        """``Sockets`` of this host."""
        layout = self._layout
        secret = os.path.join(layout.proxy(GATEWAY), "tls", "secret.json")
        return (
            os.path.join(layout.run, "egress", "exit.sock") if self.has_exit else "",
            os.path.join(layout.run, "gate", "gate.sock") if self._gateway else "",
            secret if self._gateway and self._gateway.certificate else "",
        )

    @property
    def hosts(self) -> list[str]:
        """Lines for the workloads' ``/etc/hosts``: destinations are found by name, without DNS."""
        return [
            f"{address} {external.host} {external.name}"
            for external in self._edges.externals
            for address in external.addresses
            if address != external.host
        ]

    # Up -------------------------------------------------------------------------------------

    def prepare(self) -> list[Program]:
        """Make directories and files and load the rules; what is to be started."""
        found = []
        if self.has_exit:
            loading.load_table(self.rules)
            found.append(self._prepared_exit())
        if self._gateway is not None:
            found.append(self._prepared_front())
        return found

    def _prepared_exit(self) -> Program:
        layout, name = self._layout, self._exit
        directory(os.path.join(layout.sockets, name), layout.user(AGENT_USER), 0o2750, self._user)
        directory(layout.proxy(name), self._user, 0o700)
        directory(os.path.dirname(self.paths[0]), self._user, 0o711)
        own = exit_id(self._plan.trust_domain, self._host)
        agent = os.path.join(layout.sockets, name, "discovery.sock")
        path = self._written(name, bootstrap(own, agent, layout.admin(name)))
        return Program(f"{name}.proxy", name, path, self._user)

    def _prepared_front(self) -> Program:
        gateway = self._gateway
        assert gateway is not None  # noqa: S101 - asked before
        layout, user = self._layout, self._gateway_user
        front_user = layout.user(FRONT_USER)
        directory(os.path.dirname(self.paths[1]), user, 0o710, front_user)
        directory(layout.proxy(FRONT), front_user, 0o700)
        if gateway.certificate:
            directory(os.path.dirname(self.paths[2]), user, 0o700)
            self._presented = Presented(gateway.certificate, gateway.key, self.paths[2], user)
            self._presented.bring()
        config = front(gateway.address, gateway.port, self.paths[1], layout.admin(FRONT))
        path = self._written(FRONT, config)
        return Program(FRONT, FRONT, path, front_user, gateway.port < _FIRST_FREE_PORT)

    def _written(self, name: str, config: object) -> str:
        path = os.path.join(self._layout.proxy(name), "bootstrap.json")
        with open(path, "w", encoding="ascii") as stream:
            json.dump(config, stream)
        os.chmod(path, 0o644)
        return path

    # While it is up -------------------------------------------------------------------------

    def watch(self) -> list[str]:
        """Put back what was changed, and take a renewed certificate; what was done."""
        done = []
        if self.has_exit and not loading.is_table_loaded(self.rules):
            loading.load_table(self.rules)
            done.append("the rules of the exit were changed: put back")
        if self._presented is not None and self._presented.bring():
            done.append("the gateway has a new certificate")
        return done

    def narrow(self) -> None:
        """Let the exit do what is declared and no more: before, it could do what was, too."""
        self.rules = self._own_rules()
        loading.load_table(self.rules)

    def end(self) -> None:
        """Take the rules away."""
        if self.has_exit:
            loading.unload_table(self._plan.mesh)


def exit_user(mesh: str) -> int:
    """The user id of the exit of a mesh.

    Exits of several meshes share the host's network, so rules must tell them apart. Where two have
    the same id after all, either one is kept to what both may.
    """
    return FIRST_EXIT_USER + crc32(mesh.encode()) % EXIT_USERS


def _ways(edges: Edges) -> tuple[Way, ...]:
    marks = marks_of(edges.externals)
    return tuple(
        Way(
            tuple(external.outer_port(port.number) for port in external.ports),
            external.private,
            marks.get(external.name, 0),
        )
        for external in edges.externals
    )


def _resolvers(edges: Edges) -> tuple[tuple[str, int], ...]:
    """Those that were named, or those that the host asks itself."""
    if edges.resolvers:
        found = []
        for text in edges.resolvers:
            host, _, port = text.rpartition(":")
            found.append((host.removeprefix("[").removesuffix("]"), int(port)))
        return tuple(found)
    try:
        with open(_RESOLV_CONF, encoding="utf-8", errors="replace") as stream:
            return tuple((own, 53) for own in resolvers_in(stream.read(LARGEST), here=True))
    except OSError:
        return ()

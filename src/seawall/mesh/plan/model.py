"""The facts that configurations of proxies are made of. Names and numbers have been checked."""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from seawall.mesh.identity.spiffe_id import SpiffeId

if TYPE_CHECKING:
    from seawall.mesh.plan.edges import External, Gateway, Sockets


class Protocol(StrEnum):
    """What is spoken on a port. It is declared, never guessed."""

    TCP = "tcp"
    HTTP = "http"


class Port(NamedTuple):
    """A port that a workload serves."""

    number: int
    protocol: Protocol = Protocol.TCP
    is_long_lived: bool = False
    """Whether a connection may last longer than the usual limit: a session with a database."""


class Workload(NamedTuple):
    """A workload as its peers know it."""

    name: str
    id: SpiffeId
    addresses: tuple[str, ...]
    ports: tuple[Port, ...] = ()


class Selectors(NamedTuple):
    """By what a workload's processes are known on their host. All that are given must hold."""

    user: int = 0
    """A user id; 0: any. Nobody is known by being root, who can be everybody."""
    group: int = -1
    """A group id; -1: any."""
    unit: str = ""
    """A unit of systemd: ``orders.service``."""
    path: str = ""
    """The file that the process runs, by its path on the host."""
    sha256: str = ""
    """The digest of that file, hexadecimal."""

    @property
    def looks_inside(self) -> bool:
        """Whether it takes a look at the program, which only a privileged process may have."""
        return bool(self.path or self.sha256)


class Known(NamedTuple):
    """An id, and where it is: what an agent needs to end its connections."""

    id: SpiffeId
    addresses: tuple[str, ...] = ()
    ends: int = 0
    """When its newest certificate ends; 0 where that does not matter."""


class Source(NamedTuple):
    """Who may, or may not: an id, or all below one."""

    id: SpiffeId
    with_below: bool = False

    def covers(self, name: SpiffeId) -> bool:
        """Whether somebody with this id is meant."""
        return name.is_below(self.id) if self.with_below else name == self.id


class Rule(NamedTuple):
    """One line of policy for one workload. What a rule leaves out it does not ask about."""

    name: str
    allows: bool
    """``False``: it denies, and a rule that denies wins over all that allow."""
    to: SpiffeId
    sources: tuple[Source, ...] = ()
    """Any of them; none: everybody of the mesh."""
    ports: tuple[int, ...] = ()
    methods: tuple[str, ...] = ()
    """HTTP methods, in capitals."""
    paths: tuple[str, ...] = ()
    """Paths of HTTP requests; one that ends in ``/*`` stands for all below."""

    @property
    def asks_for_http(self) -> bool:
        """Whether only a request over HTTP can answer it."""
        return bool(self.methods or self.paths)

    def may_let_in(self, caller: SpiffeId, callee: SpiffeId, port: int) -> bool:
        """Whether it lets somebody in at a port, if only for some requests."""
        return (
            self.allows
            and self.to == callee
            and (not self.ports or port in self.ports)
            and (not self.sources or any(source.covers(caller) for source in self.sources))
        )


class View(NamedTuple):
    """All that one workload's proxy is told; nothing of those it has nothing to do with."""

    own: Workload
    peers: tuple[Workload, ...] = ()
    """Those that it may call."""
    rules: tuple[Rule, ...] = ()
    """Those about itself."""
    longest_connection: int = 1800
    """Seconds after which a connection from a peer is closed, unless its port is long-lived."""
    edition: int = 0
    """Another one replaces every chain on the way in, and so ends all their connections."""
    plaintext_until: int = 0
    """Until when it also takes who comes without TLS, in seconds since the epoch; 0 for never."""
    externals: "tuple[External, ...]" = ()
    """Destinations outside: those that it may call; of an exit, those that it lets others call."""
    exit: SpiffeId | None = None
    """The identity of the exit that leads there."""
    exit_addresses: tuple[str, ...] = ()
    """Where it is, where it is not on the same host: the addresses of its pods."""
    resolvers: tuple[str, ...] = ()
    """The DNS servers that an exit asks; none: those of its host."""
    gateway: "Gateway | None" = None
    """Of a gateway: what comes in, and where it goes."""
    sockets: "Sockets | None" = None
    """Paths on its host, which only its agent knows."""


class Expectation(NamedTuple):
    """What a description says should come of a request."""

    where: str
    """``file:line``."""
    caller: SpiffeId
    to: str
    """The name of a workload."""
    port: int
    method: str
    path: str
    is_allowed: bool

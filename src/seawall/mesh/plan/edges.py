"""Where a mesh meets the rest of the world: named destinations outside, and the way in.

What goes out passes a proxy of its own, the *exit*, which knows by mutual TLS who sends. What comes
in passes the *gateway*, a workload like others as far as rules are concerned.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Port

_EXIT = ".egress-"
GATEWAY = "gateway"
_RESERVED = "seawall"


class Origin(NamedTuple):
    """TLS that the exit begins for applications that speak plainly."""

    name: str
    """What the other side's certificate must be for (a DNS name), and what is asked for (SNI)."""
    ca: str = ""
    """The certificates that are trusted, in PEM form; empty for those of the system."""
    port: int = 0
    """The port outside; 0 for the same as the application's."""


class External(NamedTuple):
    """A destination outside of the mesh."""

    name: str
    id: SpiffeId
    """What rules call it; nobody has a certificate for it."""
    host: str
    """A DNS name, or an address."""
    ports: tuple[Port, ...]
    addresses: tuple[str, ...] = ()
    """Those that applications find under its name: they lead to the exit."""
    origins: tuple[tuple[int, Origin], ...] = ()
    """By port, where the exit begins TLS."""
    private: tuple[str, ...] = ()
    """Ranges of addresses that it may be in, though they are not public ones."""
    aliases: tuple[str, ...] = ()
    """Further names by which applications call it over HTTP; it gets requests under its own."""

    def origin(self, port: int) -> Origin | None:
        """How TLS is begun on a port; ``None`` where bytes go out as they come."""
        return dict(self.origins).get(port)

    def outer_port(self, port: int) -> int:
        """The port outside for one that applications use."""
        origin = self.origin(port)
        return origin.port if origin is not None and origin.port else port


class Route(NamedTuple):
    """Requests from outside, and the workload that answers them."""

    host: str
    """A name, or ``*``."""
    path: str
    """A path, or all below one that ends in ``/*``."""
    to: str
    port: int
    is_http2: bool = False
    """Whether the workload speaks HTTP/2 without TLS (gRPC); others get HTTP/1.1."""


class Gateway(NamedTuple):
    """The way into a mesh."""

    address: str
    port: int
    routes: tuple[Route, ...]
    certificate: str = ""
    """The file of its certificate chain; empty where it speaks plainly."""
    key: str = ""
    """That of its key."""


class Edges(NamedTuple):
    """All of it."""

    externals: tuple[External, ...] = ()
    resolvers: tuple[str, ...] = ()
    """``ADDRESS`` or ``ADDRESS:PORT`` of DNS servers that the exit asks; none: the host's."""
    gateway: Gateway | None = None


NONE = Edges()
EXIT_PORT = 15443
"""The port at which an exit that is a pod is called."""
SECRET = "secret"  # noqa: S105 - a word of the description
"""What stands in place of a gateway's files in a cluster: they are those of its Secret."""


class Sockets(NamedTuple):
    """Paths on the host of a proxy, which its agent knows."""

    exit: str = ""
    """Where the exit listens; empty where there is none."""
    gate: str = ""
    """Where the gateway does."""
    secret: str = ""
    """The file that names the gateway's certificate and key, for Envoy to watch."""

    @property
    def is_pod(self) -> bool:
        """Whether exit and gateway are pods: all that comes is redirected to one port there."""
        return self.exit == _POD


_POD = "pod"


def sockets_of_pod(secret: str) -> Sockets:
    """What the agent of a pod knows: no paths but that of a gateway's secret."""
    return Sockets(_POD, _POD, secret)


def external_id(trust_domain: SpiffeId, name: str) -> SpiffeId:
    """What rules call a destination: ``/seawall/external/NAME``."""
    return trust_domain.child(_RESERVED, "external", name)


def exit_name(host: str) -> str:
    """What the exit of a host is called: no workload has a name with a dot."""
    return f"{_EXIT}{host}"


def is_exit(name: str) -> bool:
    """Whether a name is that of an exit."""
    return name.startswith(_EXIT)


def exit_id(trust_domain: SpiffeId, host: str) -> SpiffeId:
    """The identity of the exit of a host: ``/seawall/egress/HOST``."""
    return trust_domain.child(_RESERVED, "egress", host)


def server_name(external: External, port: Port) -> str:
    """What a proxy asks the exit for, in place of an address (TLS SNI)."""
    return f"p{port.number}.{external.name}.external.seawall-mesh"


def scope_of(external: External) -> str:
    """What tells its ports from those of other destinations within an exit."""
    return f"{external.name}:"


MOST_MARKS = 6
"""Priorities of a socket that need no right (socket(7): SO_PRIORITY)."""


def marks_of(externals: Sequence[External]) -> Mapping[str, int]:
    """By name, the mark of connections to destinations in ranges that are not public.

    The kernel tells by it for which destination a connection is, so that another one's name, when
    it leads there, does not pass. Those beyond the sixth share a mark.
    """
    inner = [external.name for external in externals if external.private]
    return {name: min(number, MOST_MARKS) for number, name in enumerate(inner, 1)}

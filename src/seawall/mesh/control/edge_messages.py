"""What is said of the world outside, within messages and in the store, as JSON has it."""

from typing import Any

from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.edges import NONE, Edges, External, Gateway, Origin, Route
from seawall.mesh.plan.model import Port, Protocol

Plain = dict[str, Any]


def edges_to_plain(edges: Edges) -> Plain:
    """All of it."""
    return {
        "externals": [external_to_plain(own) for own in edges.externals],
        "resolvers": edges.resolvers,
        "gateway": gateway_to_plain(edges.gateway),
    }


def edges_from_plain(plain: Plain | None) -> Edges:
    """All of it again; nothing of a store or a peer that does not know of it."""
    if not plain:
        return NONE
    return Edges(
        tuple(map(external_from_plain, plain["externals"])),
        tuple(map(str, plain["resolvers"])),
        gateway_from_plain(plain["gateway"]),
    )


def external_to_plain(external: External) -> Plain:
    """A destination."""
    origins = [(port, origin._asdict()) for port, origin in external.origins]
    return external._asdict() | {"id": str(external.id), "origins": origins}


def external_from_plain(plain: Plain) -> External:
    """The destination again."""
    return External(
        str(plain["name"]), parse(plain["id"]), str(plain["host"]),
        tuple(port_from_plain(own) for own in plain["ports"]),
        tuple(map(str, plain["addresses"])),
        tuple(
            (int(port), Origin(str(own["name"]), str(own["ca"]), int(own["port"])))
            for port, own in plain["origins"]
        ),
        tuple(map(str, plain["private"])), tuple(map(str, plain.get("aliases", ()))),
    )  # fmt: skip


def port_from_plain(plain: list[Any]) -> Port:
    """A port: number, protocol, whether its connections may last."""
    number, protocol, is_long_lived = plain
    return Port(int(number), Protocol(protocol), bool(is_long_lived))


def gateway_to_plain(gateway: Gateway | None) -> Plain | None:
    """The gateway, where there is one."""
    if gateway is None:
        return None
    return gateway._asdict() | {"routes": [route._asdict() for route in gateway.routes]}


def gateway_from_plain(plain: Plain | None) -> Gateway | None:
    """The gateway again."""
    if plain is None:
        return None
    routes = tuple(
        Route(
            str(own["host"]), str(own["path"]), str(own["to"]), int(own["port"]),
            bool(own["is_http2"]),
        )
        for own in plain["routes"]
    )  # fmt: skip
    return Gateway(
        str(plain["address"]), int(plain["port"]), routes, str(plain["certificate"]),
        str(plain["key"]),
    )  # fmt: skip

"""The exit of a host: the only proxy that reaches destinations outside, and those declared only.

It listens on a unix socket, which proxies in all namespaces of the host reach. Who comes has shown
a certificate of the mesh and says by TLS's server name which destination it is for; rules decide by
identity, and on ports of HTTP by request, too. Only the exit asks DNS. Where answers may lead is
not decided here but by the kernel (``redirect.exit_rules``).
"""

from collections.abc import Sequence
from ipaddress import ip_address

from seawall.mesh.plan.edge_reading import is_address
from seawall.mesh.plan.edges import EXIT_PORT, External, marks_of, scope_of, server_name
from seawall.mesh.plan.model import Port, Protocol, View
from seawall.mesh.proxies import tls
from seawall.mesh.proxies.access import configurations_of, filters_of
from seawall.mesh.proxies.callers import name_of, one_name
from seawall.mesh.proxies.clusters import (
    always,
    as_it_came,
    exit_cluster,
    fixed,
)
from seawall.mesh.proxies.listeners import HANDSHAKE_TIMEOUT, forward, manager, numbered
from seawall.mesh.proxies.listeners import listener as redirected
from seawall.mesh.proxies.logs import refusals
from seawall.mesh.proxies.names import TYPES, Json, any_of, filter_of, seconds
from seawall.mesh.redirect.rules import INBOUND

_USUAL = (80, 443)
_SOL_SOCKET, _SO_PRIORITY = 1, 12
"""As Linux has them on x86-64 and aarch64 (asm-generic/socket.h)."""
_INSPECTOR = filter_of(
    "envoy.filters.listener.tls_inspector",
    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
)
_ASKED_FOR, _TRIES = 1, 2
"""Seconds that the first question waits, the next twice as long. A proxy is ready when it knows
where all its destinations are, or that nobody says: by c-ares's own patience (5 s, four times) a
server of DNS that is away would hold up the whole mesh."""
_CARES = (
    "envoy.network.dns_resolver.cares",
    "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
)


def listeners_of(view: View) -> list[Json]:
    """The exit's only listener; none before its agent says where."""
    if view.sockets is None or not view.sockets.exit:
        return []
    chains = [
        _chain(view, external, port) for external in view.externals for port in external.ports
    ]
    if view.sockets.is_pod:
        return [_in_a_pod(view, chains)] if chains else []
    listener = any_of(
        TYPES["listener"],
        name="exit",
        traffic_direction="OUTBOUND",
        address={"pipe": {"path": view.sockets.exit, "mode": 0o666}},
        listener_filters=[_INSPECTOR],
        listener_filters_timeout=seconds(HANDSHAKE_TIMEOUT),
        filter_chains=chains,
    )
    return [listener] if chains else []


def _in_a_pod(view: View, chains: Sequence[Json]) -> Json:
    """In a pod all that comes is redirected to one listener: one port of that is the exit's."""
    made = redirected("exit", INBOUND, "INBOUND", [numbered(chain, view) for chain in chains])
    made["listener_filters"] = [*made["listener_filters"], _INSPECTOR]
    for chain in made["filter_chains"]:
        chain["filter_chain_match"]["destination_port"] = EXIT_PORT
    return {**made, "access_log": refusals()}


def access_of(view: View) -> list[Json]:
    """Who may have what is outside."""
    return [
        own
        for external in view.externals
        for port in external.ports
        for own in configurations_of(
            [rule for rule in view.rules if rule.to == external.id], port, scope_of(external)
        )
    ]


def clusters_of(view: View) -> list[Json]:
    """One for each destination and port."""
    return [_out(view, external, port) for external in view.externals for port in external.ports]


def _chain(view: View, external: External, port: Port) -> Json:
    access = filters_of(port, scope_of(external))
    longest = 0 if port.is_long_lived else view.longest_connection
    cluster, prefix = exit_cluster(external, port), f"out_{external.name}_{port.number}"
    if port.protocol is Protocol.HTTP:
        name = _written(external.host, external.outer_port(port.number))
        aliases = _with_port(external.aliases, port.number)
        hosts = _hosts(external, port)
        filters = [manager(cluster, prefix, longest, access, hosts, aliases, name)]
    else:
        forward_ = forward(cluster, port, f"out_{external.name}", longest, waits=True)
        filters = [*access, forward_]
    known = name_of(port, scope_of(external)) if port.protocol is Protocol.TCP else ""
    return {
        "name": f"out {external.name}:{port.number}",
        "filter_chain_match": {"server_names": [server_name(external, port)]},
        "transport_socket": tls.server(view.own.id._replace(path=""), known),
        "transport_socket_connect_timeout": seconds(HANDSHAKE_TIMEOUT),
        "filters": [one_name(), *filters],
    }


def _hosts(external: External, port: Port) -> list[str]:
    """What a request's host may be: a destination is no way to another one at its address."""
    host = f"[{external.host}]" if ":" in external.host else external.host
    names = [host, f"{host}:{port.number}"]
    if external.name not in external.aliases:
        names += [external.name, f"{external.name}:{port.number}"]
    return list(dict.fromkeys(names))


def _with_port(aliases: Sequence[str], port: int) -> list[str]:
    """Names as requests have them; after one that ends in a dot comes the cluster's domain."""
    return [
        own
        for alias in aliases
        for own in ([f"{alias}*"] if alias.endswith(".") else [alias, f"{alias}:{port}"])
    ]


def _written(host: str, port: int) -> str:
    """A host as a request names it (RFC 9110 7.2)."""
    name = f"[{host}]" if ":" in host else host
    return name if port in _USUAL else f"{name}:{port}"


def _out(view: View, external: External, port: Port) -> Json:
    origin = external.origin(port.number)
    socket = tls.outside(origin) if origin is not None else None
    name, number = exit_cluster(external, port), external.outer_port(port.number)
    address = {"socket_address": {"address": external.host, "port_value": number}}
    cluster = fixed(name, [address], socket)
    mark = marks_of(view.externals).get(external.name)
    if mark is not None:
        option = {
            "level": _SOL_SOCKET,
            "name": _SO_PRIORITY,
            "int_value": mark,
            "state": "STATE_PREBIND",
        }
        cluster["upstream_bind_config"] = {"socket_options": [option]}
    if not is_address(external.host):
        cluster |= {
            "type": "LOGICAL_DNS", "dns_lookup_family": "V4_PREFERRED",
            "typed_dns_resolver_config": _resolver(view.resolvers),
        }  # fmt: skip
    if port.protocol is Protocol.HTTP:
        options = as_it_came() if origin is None else always(http2=False)
        cluster["typed_extension_protocol_options"] = options
    return cluster


def _resolver(resolvers: tuple[str, ...]) -> Json:
    """c-ares with the servers that were named, and no search of other names."""
    options: Json = {
        "dns_resolver_options": {"no_default_search_domain": True},
        "query_timeout_seconds": _ASKED_FOR, "query_tries": _TRIES,
    }  # fmt: skip
    if resolvers:
        options["resolvers"] = [_socket_address(text) for text in resolvers]
    return filter_of(*_CARES, **options)


def _socket_address(text: str) -> Json:
    host, _, port = text.rpartition(":")
    address = str(ip_address(host.removeprefix("[").removesuffix("]")))
    return {"socket_address": {"address": address, "port_value": int(port)}}

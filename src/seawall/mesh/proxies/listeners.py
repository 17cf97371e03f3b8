"""What a proxy listens to: the application's way out, and the way in to it.

A chain of filters exists for each destination that is known. On the way in others have none; on the
way out theirs leads nowhere, so that what was refused is logged.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from itertools import product

from seawall.mesh.plan.edges import External
from seawall.mesh.plan.model import Port, Protocol, View, Workload
from seawall.mesh.proxies import plaintext, tls
from seawall.mesh.proxies.access import configurations_of, filters_of
from seawall.mesh.proxies.callers import name_of, one_name
from seawall.mesh.proxies.clusters import (
    CLOSED,
    address_of,
    cluster_of,
    exit_cluster,
    is_local,
    local_cluster,
)
from seawall.mesh.proxies.logs import logs, refusals, watched
from seawall.mesh.proxies.names import Json, any_of, filter_of, seconds
from seawall.mesh.redirect.rules import INBOUND, OUTBOUND

NETWORK = "envoy.filters.network."
TCP_PROXY = (
    f"{NETWORK}tcp_proxy", "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
)  # fmt: skip
MANAGER = (
    f"{NETWORK}http_connection_manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
)
ROUTER = ("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router")
_ORIGINAL = filter_of(
    "envoy.filters.listener.original_dst",
    "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
)
_EARLY = 64 * 1024
"""Bytes from a caller that are kept while the application is being connected to."""
_TAKEN_FOR_IT = tuple(
    f"x{one}forwarded{two}client{three}cert"
    for one, two, three in product("-_", repeat=3)
    if "_" in (one, two, three)
)
"""Headers that CGI programs and their like do not tell from the one that says who called
(RFC 3875 4.1.18): who calls could write there what they like."""
HANDSHAKE_TIMEOUT = 5
"""Seconds for a handshake: who says nothing does not keep a connection."""


def listeners_of(view: View) -> list[Json]:
    """Both listeners; the way in only for a workload that serves something."""
    chains = [chain for peer in view.peers for chain in _chains_to(peer)]
    if view.exit is not None:
        chains += [chain for external in view.externals for chain in _chains_out(external)]
    outbound = listener("outbound", OUTBOUND, "OUTBOUND", chains)
    refused = {"cluster": CLOSED, "stat_prefix": "refused", "access_log": logs(http=False)}
    outbound["default_filter_chain"] = {"filters": [filter_of(*TCP_PROXY, **refused)]}
    found = [outbound]
    if view.own.ports:
        ways_in = [_chain_from(view, port) for port in view.own.ports]
        if view.plaintext_until:
            ways_in = [plaintext.only_tls(chain) for chain in ways_in]
            ways_in += [_plain_chain(view, port) for port in view.own.ports]
        inbound = listener("inbound", INBOUND, "INBOUND", ways_in)
        if view.plaintext_until:
            inbound = plaintext.told_apart(inbound)
        found.append({**inbound, "access_log": refusals()})
    return found


def access_of(view: View) -> list[Json]:
    """What the filters of the way in hold: who may do what."""
    found = [own for port in view.own.ports for own in configurations_of(view.rules, port)]
    if view.plaintext_until:
        found += [
            own
            for port in view.own.ports
            for own in configurations_of(
                plaintext.rules_for(view), plaintext.as_connections(port), plaintext.SCOPE
            )
        ]
    return found


def listener(name: str, port: int, direction: str, chains: Sequence[Json]) -> Json:
    """One that gets what is redirected to its port, and knows where it was for."""
    return any_of(
        "envoy.config.listener.v3.Listener",
        name=name,
        traffic_direction=direction,
        # Two sockets: where one takes both families, IPv4's original destination is not found.
        address=address_of("0.0.0.0", port),  # noqa: S104 - what is redirected comes to any address
        additional_addresses=[{"address": address_of("::", port)}],
        listener_filters=[_ORIGINAL],
        listener_filters_timeout=seconds(HANDSHAKE_TIMEOUT),
        filter_chains=list(chains),
    )


def _chains_to(peer: Workload) -> list[Json]:
    ranges = _ranges(peer.addresses)
    if not ranges:  # a chain that names no address is one for all of them
        return []
    return [
        {
            "name": f"to {peer.name}:{port.number}",
            "filter_chain_match": {"prefix_ranges": ranges, "destination_port": port.number},
            "filters": [forward(cluster_of(peer, port), port, f"to_{peer.name}")],
        }
        for port in peer.ports
    ]


def _chains_out(external: External) -> list[Json]:
    """To the exit, which looks at what is said; the bytes go there as they come."""
    return [
        {
            "name": f"out {external.name}:{port.number}",
            "filter_chain_match": {
                "prefix_ranges": _ranges(external.addresses), "destination_port": port.number,
            },
            "filters": [
                forward(exit_cluster(external, port), port._replace(protocol=Protocol.TCP),
                        f"out_{external.name}")
            ],
        }
        for port in external.ports
    ]  # fmt: skip


def _ranges(addresses: Sequence[str]) -> list[Json]:
    return [
        {"address_prefix": address, "prefix_len": ip_address(address).max_prefixlen}
        for address in addresses
    ]


def _chain_from(view: View, port: Port) -> Json:
    """The way in to a port: TLS, then who it is, then the application."""
    longest = 0 if port.is_long_lived else view.longest_connection
    access = filters_of(port)
    trust_domain = view.own.id._replace(path="")
    if port.protocol is Protocol.HTTP:
        filters = [forward(local_cluster(port), port, "in", longest, access)]
    else:
        filters = [*access, forward(local_cluster(port), port, "in", longest)]
    chain: Json = {
        "name": f"in :{port.number}",
        "filter_chain_match": {"destination_port": port.number},
        "transport_socket": tls.server(
            trust_domain, name_of(port) if port.protocol is Protocol.TCP else ""
        ),
        "transport_socket_connect_timeout": seconds(HANDSHAKE_TIMEOUT),
        "filters": [one_name(), *filters],
    }
    return numbered(chain, view)


def numbered(chain: Json, view: View) -> Json:
    """A chain that is another one in each edition: its connections end with it."""
    if view.edition:
        chain["metadata"] = {"filter_metadata": {"seawall": {"edition": view.edition}}}
    return chain


def _plain_chain(view: View, port: Port) -> Json:
    """The way in without TLS, of a workload that takes it for a while."""
    longest = 0 if port.is_long_lived else view.longest_connection
    access = filters_of(plaintext.as_connections(port), plaintext.SCOPE)
    return plaintext.only_plain(
        {
            "name": f"in plain :{port.number}",
            "filter_chain_match": {"destination_port": port.number},
            "filters": [*access, forward(local_cluster(port), port, plaintext.PREFIX, longest)],
        }
    )


def forward(
    cluster: str,
    port: Port,
    prefix: str,
    longest: int = 0,
    access: Sequence[Json] = (),
    *,
    waits: bool = False,
) -> Json:
    """The last filter of a chain: bytes, or requests, go to a cluster.

    Where it ``waits`` the other side hears of nobody who has not shown a certificate.
    """
    if port.protocol is Protocol.HTTP:
        return manager(cluster, f"{prefix}_{port.number}", longest, access)
    fields: Json = {"cluster": cluster, "stat_prefix": f"{prefix}_{port.number}"}
    fields |= watched(http=False) if is_local(cluster) else {"access_log": logs(http=False)}
    if longest:
        fields["max_downstream_connection_duration"] = seconds(longest)
    if port.is_long_lived:
        fields["idle_timeout"] = "0s"  # else one without a word for an hour is cut, unasked
    if waits or is_local(cluster):
        fields["upstream_connect_mode"] = "ON_DOWNSTREAM_TLS_HANDSHAKE"
        fields["max_early_data_bytes"] = _EARLY
    return filter_of(*TCP_PROXY, **fields)


def any_version(host: str) -> Json:
    """Requests of HTTP/1.0 are taken, too; one that names no host is for this one.

    nginx as a proxy, ``ab`` and the health checks of load balancers ask so. Proxies among each
    other do not: on the way in it is refused.
    """
    return {"accept_http_10": True, "default_host_for_http_10": host}


def manager(
    cluster: str,
    prefix: str,
    longest: int,
    access: Sequence[Json],
    hosts: Sequence[str] = ("*",),
    renamed: Sequence[str] = (),
    name: str = "",
) -> Json:
    """The filter that reads requests and sends them to a cluster; those for other hosts end.

    Those for hosts that are ``renamed`` go on as for the one of that ``name``.
    """
    is_inbound = is_local(cluster)
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}
    host = {"name": "all", "domains": list(hosts), "routes": [route]}
    all_hosts = [host]
    if renamed:
        action = {**route["route"], "host_rewrite_literal": name}
        all_hosts.append(
            {"name": "renamed", "domains": list(renamed), "routes": [{**route, "route": action}]}
        )
    fields: Json = {
        "stat_prefix": prefix,
        "route_config": {"name": prefix, "virtual_hosts": all_hosts},
        "http_filters": [*access, filter_of(*ROUTER)],
        **(watched(http=True) if is_inbound else {"access_log": logs(http=True)}),
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "generate_request_id": False,
        # Who called is told by us alone: what an application writes there does not count.
        "forward_client_cert_details": "SANITIZE_SET" if is_inbound else "SANITIZE",
        "use_remote_address": False,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "0s",
    }
    if not is_inbound or prefix.startswith(plaintext.PREFIX):
        host_ = name or ("localhost" if is_inbound else cluster.partition("/")[0])
        fields["http_protocol_options"] = any_version(host_)
    if is_inbound:
        fields["set_current_client_cert_details"] = {"uri": True}
        host["request_headers_to_remove"] = list(_TAKEN_FOR_IT)
    if longest:
        fields["common_http_protocol_options"] = {"max_connection_duration": seconds(longest)}
    return filter_of(*MANAGER, **fields)

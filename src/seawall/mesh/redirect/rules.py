"""The rules of one network namespace, as one transaction of nftables.

Redirection alone is no fence: it leaves UDP, ICMP and raw packets alone. So two chains that drop
whatever is not accepted stand behind the two that redirect. Everything is in one table of the
family ``inet``, which is replaced as a whole, so there is no moment without rules.

What the output filter sees of a redirected packet is its old output interface, so packets are told
by ``ct status dnat``.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from seawall.mesh.redirect.errors import RedirectError

TABLE = "seawall_mesh"
OUTBOUND, INBOUND, ADMIN, PROBES = 15001, 15006, 15000, 15021
"""Ports of the proxy: what the application sends, what comes from outside, its own interface (a
unix socket, in truth: the port stays closed) and health."""
CLOSED = (ADMIN, OUTBOUND, INBOUND)
"""Ports that nobody reaches from outside but by redirection."""
COUNTERS = ("sent_udp", "sent_other", "came_direct", "came_other")
"""What the fence drops, by reason; each is a counter of the table."""
LARGEST_ID = 2**32 - 2


class Redirect(NamedTuple):
    """What the rules of one workload depend on."""

    proxy_user: int
    """The user id of the proxy: what it sends is not redirected."""
    resolvers: tuple[str, ...] = ()
    """Addresses of DNS servers that the application may ask itself, on port 53."""
    open_ports: tuple[int, ...] = (PROBES,)
    """TCP ports of the proxy itself that are reached from outside, without redirection."""
    is_closing: bool = False
    """Whether the application begins nothing new any more: what it has goes on."""
    is_leaving: bool = False
    """Whether nobody from outside begins anything new: what there is goes on."""


def rules_of(redirect: Redirect) -> str:
    """The text for ``nft -f -``: it replaces what was there, in one transaction."""
    user = redirect.proxy_user
    if not 0 < user <= LARGEST_ID:
        raise RedirectError(f"{user} is no user id of a proxy: give a number from 1 on, not root's")
    resolvers = [_address(text) for text in redirect.resolvers]
    open_ports = _ports(redirect.open_ports)
    lines = [
        f"table inet {TABLE}",  # so that the next line finds one
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *(f"  counter {name} {{ }}" for name in COUNTERS),
        "  chain sent_drop {",
        '    meta l4proto udp counter name "sent_udp" drop',
        '    counter name "sent_other" drop',
        "  }",
        "  chain sent {",
        "    type nat hook output priority -100; policy accept;",
        f"    meta skuid {user} return",
        '    oifname "lo" return',
        *(f"    {_daddr(own)} tcp dport 53 return" for own in resolvers),
        f"    meta l4proto tcp redirect to :{OUTBOUND}",
        "  }",
        "  chain came {",
        "    type nat hook prerouting priority -100; policy accept;",
        '    iifname "lo" return',
        *([f"    tcp dport {open_ports} return"] if open_ports else []),
        f"    meta l4proto tcp redirect to :{INBOUND}",
        "  }",
        "  chain sent_fence {",
        "    type filter hook output priority 0; policy drop;",
        '    oifname "lo" accept',
        f"    meta skuid {user} accept",
        *(
            [f"    meta skuid != {user} ct state new meta l4proto tcp reject with tcp reset"]
            if redirect.is_closing
            else []
        ),
        # Only the way there: an application that listens where the proxy should, while that is
        # away, gets what was redirected to it, and must have no way to answer.
        "    ct direction original ct status dnat accept",
        *(
            f"    {_daddr(own)} {protocol} dport 53 accept"
            for own in resolvers
            for protocol in ("udp", "tcp")
        ),
        # Without these no neighbour is ever found over IPv6 (RFC 4861).
        "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept",
        # What a socket sends that is not the proxy's; what the kernel itself sends has no owner.
        # So a connection from before the rules ends with them.
        f"    meta skuid != {user} goto sent_drop",
        "    ct state established,related accept",
        "    goto sent_drop",
        "  }",
        "  chain came_fence {",
        "    type filter hook input priority 0; policy drop;",
        '    iifname "lo" accept',
        # One rule each: nft 1.0 lists a set of these as of no type.
        *(
            f'    meta l4proto tcp ct original proto-dst {port} counter name "came_direct" drop'
            for port in CLOSED
        ),
        "    ct state established,related accept",
        *(
            [f"    tcp dport {INBOUND} ct state new reject with tcp reset"]
            if redirect.is_leaving
            else []
        ),
        f"    tcp dport {INBOUND} accept",
        *([f"    tcp dport {open_ports} accept"] if open_ports else []),
        "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
        '    counter name "came_other" drop',
        "  }",
        "}",
        "",
    ]
    return "\n".join(lines)


def removal() -> str:
    """The text that takes the rules away, whether there are any or not."""
    return f"table inet {TABLE}\ndelete table inet {TABLE}\n"


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise RedirectError(
            f"{text!r} is no address of a resolver: give one like 10.0.0.53"
        ) from None


def _daddr(address: IPv4Address | IPv6Address) -> str:
    return f"{'ip' if address.version == 4 else 'ip6'} daddr {address}"


def _ports(ports: Iterable[int]) -> str:
    for port in ports:
        if not 0 < port < 2**16:
            raise RedirectError(f"{port} is no port: give a number from 1 to 65535")
        if port in CLOSED:
            raise RedirectError(f"port {port} is the proxy's own and stays closed: choose another")
    return _set(ports)


def _set(ports: Iterable[int]) -> str:
    numbers = sorted(set(ports))
    return f"{{ {', '.join(map(str, numbers))} }}" if numbers else ""

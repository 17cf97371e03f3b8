"""What the exit's user may send from the host: DNS to its resolvers, and declared ports outside.

Whatever a name leads to, an address of an inner network is refused by the kernel, unless the
description says that the destination is there. So an answer of DNS that points inside (rebinding)
comes to nothing, without anybody's having to look at answers.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from seawall.mesh.redirect.errors import RedirectError

INNER, UNDECLARED = COUNTERS = ("egress_inner", "egress_undeclared")
"""What is refused, by reason: addresses that are not public, and ports that nobody declared (or no
TCP at all). Each is a counter of the table."""
INNER_4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
"""Addresses that are not public (IANA IPv4 Special-Purpose Address Registry, RFC 6890)."""
INNER_6 = (
    "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
    "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""The same of IPv6, and those that stand for addresses of IPv4."""

POD = "pod"
"""What stands for the mesh where the exit is a pod, whose namespace is its own."""


class Way(NamedTuple):
    """Where a destination may be."""

    ports: tuple[int, ...]
    """None: all, where its proxy alone decides."""
    private: tuple[str, ...] = ()
    """Ranges of addresses that are open on these ports though they are not public."""
    mark: int = 0
    """The priority of sockets that are for there; 0 for those that are for public addresses."""


class ExitRules(NamedTuple):
    """What the rules of the exit depend on."""

    mesh: str
    user: int
    ways: tuple[Way, ...]
    resolvers: tuple[tuple[str, int], ...]

    @property
    def table(self) -> str:
        """The name of its table: one for each mesh of the host."""
        return table_of(self.mesh)

    def joined(self, other: "ExitRules") -> "ExitRules":
        """Rules that let pass what either lets pass."""
        ways = tuple(dict.fromkeys((*self.ways, *other.ways)))
        return self._replace(
            ways=ways, resolvers=tuple(dict.fromkeys((*self.resolvers, *other.resolvers)))
        )


def rules_of(exit_: ExitRules) -> str:
    """The text for ``nft -f -``, which replaces what was there."""
    if exit_.user <= 0:
        raise RedirectError(f"{exit_.user} is no user id of the exit: give a number from 1 on")
    ports = sorted({port for way in exit_.ways for port in way.ports})
    all_ports = any(not way.ports for way in exit_.ways)
    lines = [
        f"table inet {exit_.table}",
        f"delete table inet {exit_.table}",
        f"table inet {exit_.table} {{",
        *(f"  counter {name} {{ }}" for name in COUNTERS),
        "  chain sent {",
        "    type filter hook output priority 0; policy accept;",
        f"    meta skuid {exit_.user} goto fence",
        "  }",
        "  chain fence {",
        "    ct state established,related accept",
        *(_resolver(address, port) for address, port in exit_.resolvers),
        *(_private(way, range_) for way in exit_.ways for range_ in way.private),
        f'    ip daddr {_set(INNER_4)} counter name "{INNER}" goto refused',
        f'    ip6 daddr {_set(INNER_6)} counter name "{INNER}" goto refused',
        *(["    meta l4proto tcp accept"] if all_ports else _public(ports)),
        f'    counter name "{UNDECLARED}" goto refused',
        "  }",
        "  chain refused {",
        "    meta l4proto tcp reject with tcp reset",
        "    reject",
        "  }",
        "}",
        "",
    ]
    return "\n".join(lines)


def table_of(mesh: str) -> str:
    """The name of the table of a mesh."""
    return f"seawall_egress_{mesh.replace('-', '_')}"


def removal(mesh: str) -> str:
    """The text that takes the rules away, whether there are any or not."""
    return f"table inet {table_of(mesh)}\ndelete table inet {table_of(mesh)}\n"


def _resolver(address: str, port: int) -> str:
    found = ip_address(address)
    to = f"{_word(found.version)} daddr {found}"
    return f"    {to} meta l4proto {{ tcp, udp }} th dport {port} accept"


def _public(ports: Sequence[int]) -> list[str]:
    return [f"    tcp dport {_set(map(str, ports))} accept"] if ports else []


def _private(way: Way, range_: str) -> str:
    found = ip_network(range_)
    ports = _set(map(str, sorted(set(way.ports)))) if way.ports else ""
    which = f"tcp dport {ports}" if ports else "meta l4proto tcp"
    to = f"{_word(found.version)} daddr {_range(found)} {which}"
    return f"    meta priority 0:{way.mark:x} {to} accept"


def _range(found: IPv4Network | IPv6Network) -> str:
    """A range as nft lists it: that of one address without its length."""
    is_one = found.prefixlen == found.max_prefixlen
    return str(found.network_address) if is_one else str(found)


def _word(version: int) -> str:
    return "ip" if version == 4 else "ip6"


def _set(items: Iterable[str]) -> str:
    found: Sequence[str] = list(items)
    return found[0] if len(found) == 1 else f"{{ {', '.join(found)} }}"

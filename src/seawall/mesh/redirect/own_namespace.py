"""The network namespace that we are in, such as that of a pod: its rules loaded and tried."""

import os
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from seawall.mesh.plan.edges import MOST_MARKS
from seawall.mesh.redirect import probe
from seawall.mesh.redirect.errors import RedirectError
from seawall.mesh.redirect.exit_rules import INNER, POD, ExitRules, Way
from seawall.mesh.redirect.loading import listing, load, load_table
from seawall.mesh.redirect.rules import Redirect

LARGEST = 64 * 1024
"""Bytes of ``resolv.conf`` that are read."""
MOST_RESOLVERS = 3
"""What the C library asks (resolv.conf(5), MAXNS)."""
_DNS = 53


class Closed(NamedTuple):
    """A namespace whose rules are in force."""

    resolvers: tuple[str, ...]
    families: tuple[str, ...]
    faults: tuple[str, ...]
    """What does not work as it should; empty where all does."""


def resolvers_in(text: str, *, here: bool = False) -> tuple[str, ...]:
    """The DNS servers that ``resolv.conf`` names.

    Those on this host itself count where ``here``; an application needs no rule for them.
    """
    found: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["nameserver"] and len(words) > 1:
            address = words[1].partition("%")[0]
            try:
                known = ip_address(address)
            except ValueError:
                continue  # as the C library does
            if (here or not known.is_loopback) and str(known) not in found:
                found.append(str(known))
    return tuple(found[:MOST_RESOLVERS])


def close_exit(
    proxy_user: int, resolvers: Sequence[str], private: Sequence[str], controller: str
) -> None:
    """Keep the proxy of this namespace to public addresses and those that are open.

    Which destination may be in which of the open ranges its proxy decides; that a name of a
    public one leads there is refused, by the marks of its sockets.

    Raises:
        RedirectError: nft is missing or refuses; the controller's name is not found.
    """
    doors = [*((own, _DNS) for own in resolvers), *_doors(controller)]
    inner = [Way((), tuple(private), mark) for mark in range(1, MOST_MARKS + 1)] if private else []
    exit_ = ExitRules(POD, proxy_user, (Way(()), *inner), tuple(doors))
    load_table(exit_)
    if INNER not in listing((), exit_.table):
        raise RedirectError("the rules of the exit are not there: see who takes them away")


def _doors(controller: str) -> list[tuple[str, int]]:
    """Where the controller's two doors are; they are next to each other."""
    if not controller:
        return []
    host, _, port = controller.rpartition(":")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise RedirectError(
            f"{controller} is not found ({error}): see the cluster's DNS, and the name"
        ) from None
    addresses = sorted({str(own[4][0]) for own in found})
    return [(own, int(port) + more) for own in addresses for more in (0, 1)]


def close(proxy_user: int, resolvers: Sequence[str]) -> Closed:
    """Load the rules of this namespace, and try them with connections of our own user.

    Raises:
        RedirectError: nft is missing or refuses; we lack CAP_NET_ADMIN.
    """
    load(Redirect(proxy_user, tuple(resolvers)))
    families = probe.routed()
    faults = probe.faults(os.geteuid(), families)
    if not families:
        faults = ["there is no route in either family, so nothing could be tried"]
    names = tuple("IPv4" if family is socket.AF_INET else "IPv6" for family in families)
    return Closed(tuple(resolvers), names, tuple(faults))

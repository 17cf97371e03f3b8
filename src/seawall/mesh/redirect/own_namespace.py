"""The network namespace that we are in, such as that of a pod: its rules loaded and tried."""

import os
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from seawall.mesh.redirect import probe
from seawall.mesh.redirect.loading import load
from seawall.mesh.redirect.rules import Redirect

LARGEST = 64 * 1024
"""Bytes of ``resolv.conf`` that are read."""
MOST_RESOLVERS = 3
"""What the C library asks (resolv.conf(5), MAXNS)."""


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

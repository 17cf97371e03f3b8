"""Connections that the kernel ends: those of a peer that is trusted no more.

Envoy looks at a certificate when a connection begins, and has no way to end a single one. The
kernel has (``ss -K``: SOCK_DESTROY of sock_diag(7), CONFIG_INET_DIAG_DESTROY): both ends get a
reset at once. It takes root in the workload's namespace, which the agent does not have; so the
agent asks here, over a socket that it alone can open. A request and its answer are a line of JSON
each.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from seawall.mesh.hosting.commands import tried
from seawall.mesh.hosting.errors import HostError

MOST_AT_ONCE = 200
"""Peers of one command: what a command line holds."""

Peer = tuple[str, int]
"""An address, and a port, or 0 for all."""


def within(namespaces: Mapping[str, str]) -> Callable[[str], Sequence[str]]:
    """For :class:`Cutter`: ss in the namespaces of workloads, which have names on this host."""
    return lambda workload: ("ss", "-N", namespaces[workload])


def cut(command: Sequence[str], peers: Sequence[Peer]) -> tuple[int, int]:
    """End the TCP connections with some peers; how many there were, and how many are left.

    ``command`` runs ss in the namespace that they are in. Some are left where the kernel cannot do
    it. What a peer opened meanwhile does not count: it meets the rules that there are now, and who
    knocks without end must not have the connections of others ended by that.
    """
    ended = left = 0
    for begin in range(0, len(peers), MOST_AT_ONCE):
        chosen = " or ".join(map(_chosen, peers[begin : begin + MOST_AT_ONCE]))
        there = _established(command, chosen)
        ended += len(_lines(command, "-K", chosen))
        left += len(there & _established(command, chosen)) if there else 0
    return ended, left


def _chosen(peer: Peer) -> str:
    """A peer in the filter language of ss(8)."""
    address = ip_address(peer[0])
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"dst {host}:{int(peer[1])}" if peer[1] else f"dst {host}"


def _established(command: Sequence[str], chosen: str) -> set[tuple[str, ...]]:
    """The two ends of each connection, as ss writes them: the last two words of a line."""
    lines = _lines(command, "state", "established", chosen)
    return {tuple(line.split()[-2:]) for line in lines}


def _lines(command: Sequence[str], *arguments: str) -> list[str]:
    said = tried(*command, "-H", "-t", "-n", *arguments)
    return said.stdout.splitlines() if said.returncode == 0 else []


class Cutter:
    """Ends connections of workloads for the agent of this host."""

    def __init__(
        self, command: Callable[[str], Sequence[str]], say: Callable[[str], None]
    ) -> None:  # fmt: skip
        """``command`` runs ss where a workload is; it raises ``KeyError`` for an unknown one."""
        self._command = command
        self._say = say

    def answer(self, line: bytes) -> dict[str, Any]:
        """What comes of a request ``{"workload": NAME, "peers": [[ADDRESS, PORT], ...]}``."""
        try:
            asked = json.loads(line)
            command = self._command(asked["workload"])
            peers = [(str(ip_address(address)), int(port)) for address, port in asked["peers"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return {"refused": f"no request of an agent ({error}): update seawall on this host"}
        try:
            ended, left = cut(command, peers)
        except HostError as error:  # whoever asks next is answered still
            return {"refused": str(error)}
        if ended:
            self._say(f"{asked['workload']}: {ended} connections ended: {asked.get('why', '')!s}")
        return {"ended": ended, "left": left}

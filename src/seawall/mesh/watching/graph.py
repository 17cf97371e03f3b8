"""Who talks to whom, encrypted or refused, by what the proxies have counted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from seawall.mesh.watching import counts as names
from seawall.mesh.watching.counts import Way, sum_of, ways_of

STRANGERS = "(others)"
"""Whoever came and was refused before anybody knew who it is. No workload has such a name."""
ELSEWHERE = "(elsewhere)"
"""Where nothing is declared."""


class Node(NamedTuple):
    """A workload."""

    name: str
    id: str
    is_connected: bool
    handshakes: int
    """Of callers."""
    denied: int


class Edge(NamedTuple):
    """What has gone, or been refused, from one to another."""

    caller: str
    callee: str
    protocol: str
    ports: tuple[int, ...]
    """Those that rules open; none where nothing is."""
    encrypted: int
    """Handshakes that both sides were content with."""
    active: int
    requests: int
    refused: int

    @property
    def state(self) -> str:
        """``encrypted``, ``partly refused``, ``refused``, or ``silent`` where nothing was sent."""
        if self.encrypted:
            return "partly refused" if self.refused else "encrypted"
        return "refused" if self.refused else "silent"


class Graph(NamedTuple):
    """All of a mesh."""

    trust_domain: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(status: Mapping[str, Any], declared: Sequence[Mapping[str, Any]]) -> Graph:
    """The graph, by what the controller says: its status, and its declared edges."""
    counted = {
        name: (own["standing"] or {}).get("counts", {}) for name, own in status["workloads"].items()
    }
    nodes = tuple(
        Node(
            name, own["id"], bool(own["standing"] and own["standing"]["is_connected"]),
            counted[name].get(names.HANDSHAKES, 0), sum_of(counted[name], names.DENIED),
        )
        for name, own in status["workloads"].items()
    )  # fmt: skip
    edges = (*_between(counted, declared), *_refused(counted))
    return Graph(status["trust_domain"], nodes, tuple(edges))


def _between(
    counted: Mapping[str, Mapping[str, int]], declared: Sequence[Mapping[str, Any]]
) -> Iterator[Edge]:
    """What rules open, with what was counted of it; and what was counted of rules that are gone."""
    ports: dict[tuple[str, str, str], list[int]] = {}
    for own in declared:
        ports.setdefault((own["from"], own["to"], own["protocol"]), []).append(own["port"])
    ways = {
        (caller, way.peer, way.protocol): way
        for caller, counts in counted.items()
        for way in ways_of(counts)
    }
    for key in sorted({*ports, *ways}):
        way = ways.get(key, Way(key[1], key[2]))
        yield Edge(
            *key, tuple(sorted(ports.get(key, ()))), way.handshakes, way.active, way.requests,
            way.refused + way.failed + way.denied,
        )  # fmt: skip


def _refused(counted: Mapping[str, Mapping[str, int]]) -> Iterator[Edge]:
    """What got nowhere: callers whom nobody knows, and destinations that nobody declared."""
    for name, counts in sorted(counted.items()):
        strangers = sum_of(counts, names.REFUSED)
        if strangers:
            yield Edge(STRANGERS, name, "", (), 0, 0, 0, strangers)
        elsewhere = counts.get(names.UNDECLARED, 0)
        if elsewhere:
            yield Edge(name, ELSEWHERE, "", (), 0, 0, 0, elsewhere)

"""How a mesh stands, as families of metrics."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seawall.mesh.watching import counts as names
from seawall.mesh.watching.counts import Way, ways_of
from seawall.mesh.watching.prometheus import Family, Sample

Status = Mapping[str, Any]
"""What the controller says of the mesh (``control.operating``), or an agent of its own part."""
Counts = Mapping[str, int]


def families_of(status: Status) -> Iterator[Family]:
    """All of them."""
    now = status["now"]
    yield Family("generation", "Steps of the authority's rotations.",
                 (Sample({}, status["generation"]),))  # fmt: skip
    yield Family(
        "issuer_expiry_seconds", "Seconds until an issuing certificate ends.",
        tuple(
            Sample({"issuer": f"{own['kind']} {own['number']}", "state": own["state"]},
                   own["ends"] - now)
            for own in status["issuers"]
            if own["ends"]
        ),
    )  # fmt: skip
    yield Family("revoked", "Ids that are let in nowhere.", (Sample({}, len(status["revoked"])),))
    if "followers" in status:  # the controller's part alone
        yield Family("followers", "Agents that follow the controller.",
                     (Sample({}, status["followers"]),))  # fmt: skip
        yield Family(
            "issued_total", "Certificates (issued) and tokens that were signed.",
            tuple(Sample({"event": own}, many) for own, many in sorted(status["issued"].items())),
        )  # fmt: skip
    yield Family("rotation_waits_for", "Workloads that a rotation waits for.",
                 (Sample({}, len(status["waits_for"])),))  # fmt: skip
    push = status.get("push")
    yield Family("push_held", "Whether a new declaration has not come to all proxies yet.",
                 (Sample({}, int(bool(push))),))  # fmt: skip
    yield Family("push_stopped", "Whether it was stopped: a proxy has not taken it.",
                 (Sample({}, int(bool(push and push["fault"]))),))  # fmt: skip
    yield from _of_workloads(status)
    yield from _counted(status)


def _of_workloads(status: Status) -> Iterator[Family]:
    def family(name: str, told: str, value: Callable[[Mapping[str, Any]], float]) -> Family:
        return Family(name, told, tuple(
            Sample({"workload": workload, "id": own["id"]}, value(own["standing"]))
            for workload, own in status["workloads"].items() if own["standing"] is not None
        ))  # fmt: skip

    now, generation = status["now"], status["generation"]
    yield family("certificate_expiry_seconds", "Seconds until a workload's certificate ends.",
                 lambda own: own["ends"] - now)  # fmt: skip
    yield family("proxy_connected", "Whether a workload's proxy is with its agent.",
                 lambda own: int(own["is_connected"]))  # fmt: skip
    yield family("generation_lag", "Steps that a workload's proxy has not followed yet.",
                 lambda own: max(0, generation - own["generation"]))  # fmt: skip


DROPPED = "fence_dropped_total"
_PLAIN = (
    ("handshakes_total", "Handshakes of callers that came to their end.", names.HANDSHAKES, ""),
    ("handshakes_refused_total", "Handshakes of callers that were refused.", names.REFUSED,
     "reason"),
    ("denied_total", "Connections and requests that no rule allows.", names.DENIED, "port"),
    ("connections_total", "Connections from callers.", names.CONNECTIONS, "port"),
    ("connections", "Connections from callers that are open.", names.ACTIVE, "port"),
    ("requests_total", "Requests of callers over HTTP.", names.REQUESTS, "port"),
    ("undeclared_total", "Connections of an application to where nothing is declared.",
     names.UNDECLARED, ""),
    (DROPPED, "Packets that the rules of a workload dropped.", names.FENCE, "reason"),
    ("nacks_total", "Configurations that a proxy did not take.", names.NACKS, ""),
)  # fmt: skip
_OUTWARD: tuple[tuple[str, str, Callable[[Way], int]], ...] = (
    ("peer_handshakes_total", "Handshakes with a peer.", lambda way: way.handshakes),
    ("peer_connections_total", "Connections to a peer.", lambda way: way.connections),
    ("peer_connections", "Connections to a peer that are open.", lambda way: way.active),
    ("peer_requests_total", "Requests to a peer over HTTP.", lambda way: way.requests),
    ("peer_failed_total", "Connections to a peer that failed.", lambda way: way.failed),
    (
        "peer_refused_total",
        "Handshakes in which a peer was not who it should be.",
        lambda way: way.refused,
    ),
    ("peer_denied_total", "Requests that a peer answered with 403.", lambda way: way.denied),
)


def _counted(status: Status) -> Iterator[Family]:
    counted = {
        workload: own["standing"]["counts"]
        for workload, own in status["workloads"].items()
        if own["standing"] is not None
    }
    for name, told, first, label in _PLAIN:
        samples = [
            Sample(labels, value)
            for workload, counts in counted.items()
            for labels, value in _samples(workload, counts, first, label)
        ]
        yield Family(name, told, tuple(samples))
    for name, told, number in _OUTWARD:
        yield Family(name, told, tuple(
            Sample(_peer(workload, way), number(way))
            for workload, counts in counted.items()
            for way in ways_of(counts)
        ))  # fmt: skip


def _samples(
    workload: str, counts: Counts, first: str, label: str
) -> Iterator[tuple[Mapping[str, str], int]]:
    for key, value in sorted(counts.items()):
        kind, _, rest = key.partition(":")
        if kind == first and bool(rest) == bool(label):
            yield {"workload": workload, **({label: rest} if label else {})}, value


def _peer(workload: str, way: Way) -> Mapping[str, str]:
    return {"workload": workload, "peer": way.peer, "protocol": way.protocol}

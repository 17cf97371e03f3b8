"""The few of a proxy's hundreds of counters that matter, under names that say what they count.

A name has parts with colons between them: ``denied:8080``, ``to:orders/http:handshakes``. What a
proxy counts anew after a restart begins at zero again, as readers of counters expect.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from seawall.core.lazy import pattern

HANDSHAKES = "handshakes"
REFUSED = "refused"
"""Handshakes that failed: ``refused:REASON``."""
DENIED, REQUESTS, CONNECTIONS, ACTIVE = "denied", "requests", "connections", "active"
"""On the way in: ``denied:PORT`` and so on. ``active`` is no counter but what there is now."""
GATE = "gate"
"""Stands for the port where a gateway takes requests from outside; those without a route are
denied."""
PLAINTEXT = "plaintext"
"""Connections without TLS to a permissive workload: ``plaintext:PORT``."""
TO = "to"
"""On the way out: ``to:PEER/PROTOCOL:WHAT``."""
UNDECLARED = "undeclared"
"""Connections of the application to where nobody has declared anything."""
FENCE = "fence"
"""Packets that the rules dropped: ``fence:REASON``."""
NACKS = "nacks"
"""Configurations that the proxy did not take."""
REASONS: Mapping[str, str] = {
    "fail_verify_no_cert": "no_certificate",
    "fail_verify_error": "certificate",
    "fail_verify_san": "name",
    "connection_error": "no_tls",
}
_OUTWARD: Mapping[str, str] = {
    "ssl.handshake": HANDSHAKES,
    "upstream_cx_total": CONNECTIONS,
    "upstream_cx_active": ACTIVE,
    "upstream_rq_total": REQUESTS,
    "upstream_cx_connect_fail": "failed",
    "ssl.connection_error": "failed",
    "ssl.fail_verify_error": REFUSED,
    "ssl.fail_verify_san": REFUSED,
    "upstream_rq_403": DENIED,
}


class _Form(NamedTuple):
    """How a name of Envoy's is read."""

    pattern: str
    key: Callable[[tuple[str, ...]], str]


_FORMS = (
    _Form(r"listener\..*\.ssl\.handshake", lambda _: HANDSHAKES),
    _Form(
        rf"listener\..*\.ssl\.({'|'.join(REASONS)})", lambda found: f"{REFUSED}:{REASONS[found[0]]}"
    ),
    _Form(
        r"(?:http|tcp)\.in_(\d+)\.downstream_cx_total", lambda found: f"{CONNECTIONS}:{found[0]}"
    ),
    _Form(
        r"(?:http|tcp)\.plain_(\d+)\.downstream_cx_total", lambda found: f"{PLAINTEXT}:{found[0]}"
    ),
    _Form(r"(?:http|tcp)\.in_(\d+)\.downstream_cx_active", lambda found: f"{ACTIVE}:{found[0]}"),
    _Form(r"http\.in_(\d+)\.downstream_rq_total", lambda found: f"{REQUESTS}:{found[0]}"),
    _Form(
        r"(?:http\.(?:in|out_[a-z0-9-]+)_\d+\.)?(?:rbac\.)?(?:allowed|denied)_(\d+)_\.(?:rbac\.)?denied",
        lambda found: f"{DENIED}:{found[0]}",
    ),
    _Form(r"http\.gate\.downstream_cx_total", lambda _: f"{CONNECTIONS}:{GATE}"),
    _Form(r"http\.gate\.downstream_cx_active", lambda _: f"{ACTIVE}:{GATE}"),
    _Form(r"http\.gate\.downstream_rq_total", lambda _: f"{REQUESTS}:{GATE}"),
    _Form(r"http\.gate\.no_route", lambda _: f"{DENIED}:{GATE}"),
    _Form(r"names_\.(?:rbac\.)?denied", lambda _: f"{REFUSED}:two_names"),
    _Form(r"tcp\.refused\.downstream_cx_total", lambda _: UNDECLARED),
    _Form(
        rf"cluster\.([^.]+/(?:http|tcp))\.({'|'.join(_OUTWARD).replace('.', '[.]')})",
        lambda found: f"{TO}:{found[0]}:{_OUTWARD[found[1]]}",
    ),
    _Form(  # through the exit, which takes bytes, to a destination outside
        rf"cluster\.outside/([a-z0-9-]+)_\d+\.({'|'.join(_OUTWARD).replace('.', '[.]')})",
        lambda found: f"{TO}:{found[0]}/tcp:{_OUTWARD[found[1]]}",
    ),
)
_COMPILED = tuple((pattern(rf"{own.pattern}\Z"), own.key) for own in _FORMS)


@lru_cache(maxsize=16_384)  # proxies repeat the same names every few seconds
def key_of(name: str) -> str:
    """What a name of Envoy's is called here; empty where it does not matter."""
    for form, key in _COMPILED:
        found = form.match(name)
        if found is not None:
            return key(tuple(found.groups()))
    return ""


def counts_of(streamed: Mapping[str, float]) -> dict[str, int]:
    """What matters of a proxy's counters; several that mean the same are added up."""
    found: dict[str, int] = {}
    for name, value in streamed.items():
        key = key_of(name)
        if key:
            found[key] = found.get(key, 0) + int(value)
    return found


def sum_of(counts: Mapping[str, int], first: str) -> int:
    """All counts of a kind: ``denied`` of all ports."""
    return sum(
        value for key, value in counts.items() if key == first or key.startswith(f"{first}:")
    )


def parts_of(counts: Mapping[str, int], first: str) -> dict[str, int]:
    """The counts of a kind by what stands behind it: of ``fence`` those by reason."""
    own = f"{first}:"
    return {key[len(own) :]: value for key, value in counts.items() if key.startswith(own)}


class Way(NamedTuple):
    """What a proxy has counted of one way out."""

    peer: str
    protocol: str
    connections: int = 0
    handshakes: int = 0
    active: int = 0
    requests: int = 0
    failed: int = 0
    refused: int = 0
    """The other side was not who it should be."""
    denied: int = 0
    """The other side answered 403."""


def ways_of(counts: Mapping[str, int]) -> list[Way]:
    """The ways out of a workload that its proxy has counted something of."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for key, value in counts.items():
        first, _, rest = key.partition(":")
        if first == TO:
            cluster, _, what = rest.rpartition(":")
            peer, _, protocol = cluster.rpartition("/")
            if protocol != "tcp" or what != REQUESTS:  # a connection counts as one there
                found.setdefault((peer, protocol), {})[what] = value
    return [Way(peer, protocol, **own) for (peer, protocol), own in sorted(found.items())]

"""How long a connection lasts whose certificate has ended: as configured, and as it turns out."""

import http.client
import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from seawall.mesh.authority.probing import LONGEST, Variant
from seawall.mesh.plan.model import Port, Protocol
from seawall.mesh.plan.views import longest_of
from seawall.mesh.verifying.attacker import NOBODY, attack
from seawall.mesh.verifying.errors import VerifyError
from seawall.mesh.verifying.forging import Forge
from seawall.mesh.verifying.lines import Line
from seawall.mesh.verifying.outcomes import ALERT, CLOSED
from seawall.mesh.verifying.targets import Target

ATTACK = "a connection older than its certificate"
_TIMEOUT = 10.0
_LATE = 7.0
"""Seconds by which a proxy may be late in cutting: HTTP connections drain for five first."""
_PROBE = 2
"""Seconds that the certificate holds whose connection is kept."""


def lines(
    targets: Sequence[Target], lifetime: int, forge: Forge, namespace: str, patience: float
) -> Iterator[Line]:
    """One for each port."""
    longest = longest_of(lifetime)
    for target in targets:
        if not target.ports:
            continue
        found = _configured(administration(target.admin, "/config_dump?resource=dynamic_listeners"))
        for port in target.ports:
            where = f"{target.name}:{port.number}"
            if port.is_long_lived:
                yield Line(ATTACK, where, "kept, as the port is long-lived",
                           _told(found.get(port.number)), ok=port.number in found)  # fmt: skip
                continue
            limit = found.get(port.number)
            ok = limit is not None and 0 < limit <= longest
            yield Line(ATTACK, where, f"cut after {longest} s at most", _told(limit), ok=ok)
            if port.protocol is Protocol.HTTP:
                yield _tried(target, port, forge, namespace, longest, patience)


def _told(limit: float | None) -> str:
    if limit is None:
        return "the proxy does not serve it"
    return f"configured: {limit:g} s" if limit else "configured: no limit"


def _tried(
    target: Target, port: Port, forge: Forge, namespace: str, longest: int, patience: float
) -> Line:
    """Keep a connection busy, and see when it is cut."""
    where, expected = f"{target.name}:{port.number}", f"cut within {longest + _LATE:g} s"
    attempt = f"{ATTACK}, kept busy"
    if longest + _LATE > patience:
        text = f"not waited for: --patience {longest + _LATE:.0f} does"
        return Line(attempt, where, expected, text, None)
    probe = forge.probe(Variant.VALID, min(_PROBE, LONGEST))
    act = {
        "act": "tls", "address": target.addresses[0], "port": port.number, "chain": probe.chain,
        "key": probe.key, "hold": longest + _LATE,
    }  # fmt: skip
    (outcome,) = attack(namespace, NOBODY, [act])
    ok = outcome.kind in (CLOSED, ALERT)
    return Line(attempt, where, expected, f"{outcome.kind} after {outcome.seconds:.1f} s", ok)


def administration(path: str, what: str) -> Any:
    """What a proxy tells of itself in JSON, over its administration socket."""

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(_TIMEOUT)
            self.sock.connect(path)

    connection = Connection("proxy")
    try:
        connection.request("GET", what)
        return json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise VerifyError(f"{path}: {error}; see that the proxy runs") from None
    finally:
        connection.close()


def _configured(dump: Any) -> dict[int, float]:
    """By port, the seconds that a connection lasts at most; 0 where there is no limit."""
    found: dict[int, float] = {}
    for own in dump.get("configs", ()):
        listener = own.get("active_state", {}).get("listener", {})
        if listener.get("name") != "inbound":
            continue
        for chain in listener.get("filter_chains", ()):
            number = chain.get("filter_chain_match", {}).get("destination_port", 0)
            found[number] = max(map(_limit, chain.get("filters", ())), default=0.0)
    return found


def _limit(filter_: Any) -> float:
    config = filter_.get("typed_config", {})
    options = config.get("common_http_protocol_options", {})
    text = options.get("max_connection_duration") or config.get(
        "max_downstream_connection_duration"
    )
    return float(str(text or "0s").rstrip("s"))

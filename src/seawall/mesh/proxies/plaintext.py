"""The way in without TLS, of a permissive workload: told apart by the first bytes, and counted.

Who comes so has no identity. What is allowed by name is therefore nothing to them: they are let in
but where a rule denies everybody.
"""

from seawall.mesh.plan.model import Port, Protocol, Rule, View
from seawall.mesh.plan.modes import written
from seawall.mesh.proxies.names import Json, filter_of

SCOPE = "plaintext:"
PREFIX = "plain"
"""What the names of its counters begin with: ``plain_8080``."""
_INSPECTOR = filter_of(
    "envoy.filters.listener.tls_inspector",
    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
)


def rules_for(view: View) -> list[Rule]:
    """What of the rules can be held against somebody without an identity."""
    everybody = [
        rule for rule in view.rules
        if not rule.allows and not rule.sources and not rule.asks_for_http
    ]  # fmt: skip
    until = f"plaintext until {written(view.plaintext_until)}"
    return [*everybody, Rule(until, allows=True, to=view.own.id)]


def as_connections(port: Port) -> Port:
    """A port whose callers are let in as connections, whatever is spoken on it."""
    return port._replace(protocol=Protocol.TCP)


def only_tls(chain: Json) -> Json:
    """A chain that takes TLS alone, where there is one for plaintext beside it."""
    return _matching(chain, "tls")


def only_plain(chain: Json) -> Json:
    """A chain that takes what is no TLS."""
    return _matching(chain, "raw_buffer")


def _matching(chain: Json, protocol: str) -> Json:
    match = chain["filter_chain_match"] | {"transport_protocol": protocol}
    return chain | {"filter_chain_match": match}


def told_apart(listener: Json) -> Json:
    """A listener that looks at first bytes. Who waits for the other side to speak is plaintext."""
    filters = [*listener["listener_filters"], _INSPECTOR]
    return listener | {
        "listener_filters": filters,
        "continue_on_listener_filters_timeout": True,
    }

"""Who may come as far as a port at all: what is asked of a certificate in the handshake.

Envoy's filters of policy look at a connection when its first byte comes. Where the server speaks
first (a mail server, MySQL) somebody who is refused would hear it before that. So on ports of tcp
the handshake itself knows who is let in; on ports of http each request is asked about.

Who that is comes as a secret, with the roots: another rule changes no listener, and so ends nobody
else's connections.
"""

from collections.abc import Sequence

from cryptography import x509

from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.edges import is_exit, scope_of
from seawall.mesh.plan.model import Port, Protocol, Rule, Source, View
from seawall.mesh.proxies.names import BUNDLE, Json, any_of, filter_of
from seawall.mesh.proxies.secrets import bundle_of

_RBAC = ("envoy.filters.network.rbac.names", "envoy.extensions.filters.network.rbac.v3.RBAC")
_NAMES = (
    "envoy.matching.inputs.uri_san",
    "envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput",
)
_ACTION = "envoy.config.rbac.v3.Action"


def name_of(port: Port, scope: str = "") -> str:
    """The secret with the roots, and whose certificates are taken, for a port of tcp.

    ``scope`` tells ports of the same number apart.
    """
    return f"{BUNDLE}:{scope}{port.number}"


def bundles_of(view: View, roots: Sequence[x509.Certificate]) -> list[Json]:
    """Such a secret for each port of tcp, an exit's of those that it leads to."""
    domain = view.own.id._replace(path="")
    return [
        bundle_of(
            roots,
            name_of(port, scope),
            callers_of([rule for rule in view.rules if rule.to == callee], port, domain),
        )
        for callee, scope, ports in _served(view)
        for port in ports
        if port.protocol is Protocol.TCP
    ]


def _served(view: View) -> list[tuple[SpiffeId, str, tuple[Port, ...]]]:
    """What rules are about, with what tells its ports apart."""
    if is_exit(view.own.name):
        return [(own.id, scope_of(own), own.ports) for own in view.externals]
    return [(view.own.id, "", view.own.ports)]


def callers_of(rules: Sequence[Rule], port: Port, trust_domain: SpiffeId) -> list[Json]:
    """What one of a caller's names must match (Envoy's StringMatcher); never empty.

    Rules that deny take away what they name as a whole. Somebody whom one denies *below* what
    another allows passes here, and is refused by the filters behind.
    """
    everybody = [{"prefix": f"{trust_domain}/"}]
    here = [rule for rule in rules if not rule.ports or port.number in rule.ports]
    if any(not rule.allows and not rule.sources for rule in here):
        return [_nobody(trust_domain)]
    denied = [source for rule in here if not rule.allows for source in rule.sources]
    allowing = [rule for rule in here if rule.allows]
    if any(not rule.sources for rule in allowing):
        return everybody
    sources = dict.fromkeys(source for rule in allowing for source in rule.sources)
    left = [own for own in sources if not any(_takes_all(other, own) for other in denied)]
    return [matcher for own in left for matcher in _matchers(own)] or [_nobody(trust_domain)]


def _takes_all(denied: Source, allowed: Source) -> bool:
    """Whether nobody whom ``allowed`` means is left."""
    return denied.covers(allowed.id) and (denied.with_below or not allowed.with_below)


def _matchers(source: Source) -> list[Json]:
    exact: list[Json] = [{"exact": str(source.id)}]
    return [*exact, {"prefix": f"{source.id}/"}] if source.with_below else exact


def _nobody(trust_domain: SpiffeId) -> Json:
    """What no certificate has: an id with an empty segment (SPIFFE-ID.md 2.2)."""
    return {"exact": f"{trust_domain}//"}


def one_name() -> Json:
    """A filter that refuses a certificate with two URIs, before any rule.

    X509-SVID.md 2 allows one. Envoy takes any number, and a rule is met where one of them meets it.
    A comma in a single one, which no id has, looks the same and is refused as well.
    """
    two = {
        "predicate": {
            "single_predicate": {
                "input": {"name": _NAMES[0], "typed_config": any_of(_NAMES[1])},
                "value_match": {"contains": ","},
            }
        },
        "on_match": _then("DENY", "two names"),
    }
    matcher = {"matcher_list": {"matchers": [two]}, "on_no_match": _then("ALLOW", "one name")}
    return filter_of(*_RBAC, stat_prefix="names_", matcher=matcher)


def _then(action: str, name: str) -> Json:
    return {"action": {"name": name, "typed_config": any_of(_ACTION, name=name, action=action)}}

"""Policy as Envoy's role-based access control: what a chain of filters lets through.

Two filters: one that denies, then one that allows; who is in neither is refused. On a TCP port
rules that ask about HTTP mean nothing, and are never made into something wider: the reader of
policies refuses them there.

A chain only names its filters; what they hold comes by itself (Envoy's extension configuration
discovery). So new rules hold for the next request, also of a connection that is kept, and change no
chain: one that changes loses all its connections, those of others too.
"""

from collections.abc import Iterable, Sequence

from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol, Rule, Source
from seawall.mesh.proxies.names import TYPES, Json, any_of, url_of
from seawall.mesh.proxies.odd_paths import refusals

_NETWORK = ("envoy.filters.network.rbac", "envoy.extensions.filters.network.rbac.v3.RBAC")
_HTTP = ("envoy.filters.http.rbac", "envoy.extensions.filters.http.rbac.v3.RBAC")
_BELOW = "/*"
DENIED, ALLOWED = "denied", "allowed"
_IN_ORDER = (DENIED, ALLOWED)


def filters_of(port: Port, scope: str = "") -> list[Json]:
    """The filters of a port's chain, deny before allow, by the names of their configurations.

    ``scope`` tells ports of the same number apart.
    """
    _, type_ = _kind(port)
    discovery = {
        "config_source": {"ads": {}, "resource_api_version": "V3"}, "type_urls": [url_of(type_)],
    }  # fmt: skip
    return [
        {"name": _name(counted, port, scope), "config_discovery": discovery}
        for counted in _IN_ORDER
    ]


def configurations_of(rules: Sequence[Rule], port: Port, scope: str = "") -> list[Json]:
    """What the filters for a port hold, deny before allow: about connections, or requests."""
    here = [rule for rule in rules if not rule.ports or port.number in rule.ports]
    if port.protocol is Protocol.TCP:
        for rule in here:
            if rule.asks_for_http:  # the reader of policies refuses it, with its line
                raise PlanError(
                    f"{rule.name} asks about requests, and port {port.number} is tcp; make it http"
                )
    denied = [rule for rule in here if not rule.allows]
    allowed = [rule for rule in here if rule.allows]
    return [
        _configuration("DENY", refusals(here, port) | _policies(denied), port, scope),
        _configuration("ALLOW", _policies(allowed), port, scope),
    ]


def _kind(port: Port) -> tuple[str, str]:
    return _HTTP if port.protocol is Protocol.HTTP else _NETWORK


def _name(counted: str, port: Port, scope: str) -> str:
    return f"{_kind(port)[0]}.{counted}:{scope}{port.number}"


def _configuration(action: str, policies: dict[str, Json], port: Port, scope: str) -> Json:
    counted = DENIED if action == "DENY" else ALLOWED
    config = any_of(_kind(port)[1], rules={"action": action, "policies": policies})
    word = "rules_stat_prefix" if port.protocol is Protocol.HTTP else "stat_prefix"
    config[word] = f"{counted}_{port.number}_"
    return any_of(TYPES["extension"], name=_name(counted, port, scope), typed_config=config)


def _policies(rules: Iterable[Rule]) -> dict[str, Json]:
    """By name; two rules of one name stay two, or what one of them denies would be forgotten."""
    found: dict[str, Json] = {}
    for rule in rules:
        name = rule.name if rule.name not in found else f"{rule.name} ({len(found)})"
        found[name] = _policy(rule)
    return found


def _policy(rule: Rule) -> Json:
    permissions: list[Json] = []
    if rule.methods:
        permissions.append(_any([_method(method) for method in rule.methods], "or_rules", "rules"))
    if rule.paths:
        permissions.append(_any([_path(path) for path in rule.paths], "or_rules", "rules"))
    if not permissions:
        permissions.append({"any": True})
    both: Json = permissions[0] if len(permissions) == 1 else {"and_rules": {"rules": permissions}}
    principals = [_principal(source) for source in rule.sources] or [{"any": True}]
    return {"permissions": [both], "principals": principals}


def _any(choices: list[Json], word: str, field: str) -> Json:
    return choices[0] if len(choices) == 1 else {word: {field: choices}}


def _method(method: str) -> Json:
    return {"header": {"name": ":method", "string_match": {"exact": method}}}


def _path(path: str) -> Json:
    below = path.endswith(_BELOW)
    matcher = {"prefix": path[:-1]} if below else {"exact": path}
    return {"url_path": {"path": matcher}}


def _principal(source: Source) -> Json:
    exact = {"authenticated": {"principal_name": {"exact": str(source.id)}}}
    if not source.with_below:
        return exact
    below = {"authenticated": {"principal_name": {"prefix": f"{source.id}/"}}}
    return {"or_ids": {"ids": [exact, below]}}

"""Whatever stands in the parts about the outside, modes and policies of Istio: read or refused."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.reading import plan_of

WORDS = st.sampled_from([
    "host", "ports", "tls", "private", "80", "443", "http", "tcp", "protocol", "port", "ca", "name",
    "system", "a.example.org", "10.0.0.0/8", "::1", "[::1]:53", "1.1.1.1", "listen", "routes", "to",
    "path", "/a/*", "*", "web", "id", "resolvers", "permissive", "off", "until", "reason", "strict",
    "2027-01-31", "0.0.0.0:1", "http2", "certificate", "key", "selector", "matchLabels", "app",
    "rules", "from", "source", "principals", "td/ns/a/sa/b", "namespaces", "operation", "methods",
    "GET", "paths", "action", "DENY", "ALLOW", "mtls", "mode", "PERMISSIVE", "metadata",
    "namespace", "annotations", "mesh.seawall.dev/plaintext-until", "", "\u00e4", "a\nb", "-",
])  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(WORDS, st.integers(-1, 70_000), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)
SPEC = ["rules", "selector", "action", "mtls", "portLevelMtls"]
MESH: dict[str, Any] = {
    "mesh": "shop", "trustDomain": "td",
    "workloads": {"web": {"ports": {80: "http", 90: "tcp"}}, "data": {"ports": {5432: "tcp"}}},
    "policy": [{"allow": {"from": "*", "to": "web"}}],
}  # fmt: skip


def _read(*documents: Any) -> None:
    text = yaml.safe_dump_all(documents, allow_unicode=True)
    said = "mesh.yaml"
    try:
        plan_of("mesh.yaml", text.encode())
    except PlanError as error:
        said = str(error)
    assert "mesh.yaml" in said, text


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["external", "egress", "gateway", "drain"]), values))
def test_the_outside(parts: dict[str, Any]) -> None:
    _read(MESH | parts)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["host", "ports", "private"]), values), values)
def test_destinations(external: dict[str, Any], port: Any) -> None:
    _read(MESH | {"external": {"there": {"host": "a.example.org", "ports": {80: port}} | external}})


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["listen", "routes", "id", "tls"]), values),
    st.dictionaries(st.sampled_from(["host", "path", "to", "port", "http2"]), values),
)
def test_gateways(gateway: dict[str, Any], route: dict[str, Any]) -> None:
    own = {"listen": "0.0.0.0:1", "routes": [{"to": "web"} | route]} | gateway
    _read(MESH | {"policy": [{"allow": {"from": "*", "to": "web"}}], "gateway": own})


@settings(max_examples=200, deadline=None)
@given(values)
def test_modes(mode: Any) -> None:
    workloads = {"web": MESH["workloads"]["web"], "old": {"mode": mode}}
    _read(MESH | {"workloads": workloads})


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["AuthorizationPolicy", "PeerAuthentication"]), values,
    st.dictionaries(st.sampled_from(SPEC), values),
    values,
)  # fmt: skip
def test_policies_of_istio(kind: str, whole: Any, spec: dict[str, Any], source: Any) -> None:
    version = {"apiVersion": "security.istio.io/v1", "kind": kind}
    named = version | {"metadata": {"name": "p"}}
    _read(MESH, named | {"spec": whole})
    _read(MESH, named | {"spec": spec})
    _read(MESH, named | {"spec": {"rules": [{"from": [{"source": source}]}]}})
    _read(MESH, named | {"spec": {"rules": [{"to": [{"operation": source}]}]}})
    _read(MESH, version | {"metadata": whole, "spec": spec})

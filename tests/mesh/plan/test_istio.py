"""Policies of Istio: against an evaluator of its documentation, and what is refused by its name."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.cli import mesh
from seawall.mesh.identity.spiffe_id import parse
from seawall.mesh.plan.deciding import Request, decide
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.model import Port, Protocol
from seawall.mesh.plan.modes import Mode
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.plan.trying import member_of, rules_about

MESH = """\
mesh: shop
trustDomain: td
workloads:
  web: {id: /ns/shop/sa/web, ports: {80: http, 90: http}, labels: {tier: front}}
  orders: {id: /ns/shop/sa/orders, ports: {80: http, 90: http}}
  test: {id: /ns/test/sa/test, ports: {80: http, 90: http}}
  data: {id: /ns/shop/sa/data, ports: {5432: tcp, 80: http}}
"""
IDS = {name: f"td/ns/{space}/sa/{name}" for name, space in (
    ("web", "shop"), ("orders", "shop"), ("test", "test"), ("data", "shop"),
)}  # fmt: skip


def _policy(**fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": "p", "namespace": "shop"}, **fields,
    }  # fmt: skip


def _plan(*documents: dict[str, Any]) -> Any:
    return plan_of("mesh.yaml", (MESH + "---\n" + yaml.safe_dump_all(documents)).encode())


names = st.sampled_from(sorted(IDS))
principals = st.one_of(
    names.map(IDS.__getitem__), names.map(lambda name: IDS[name].replace("td/", "cluster.local/")),
    st.sampled_from(["td/ns/shop/*", "td/ns/test/sa/*", "*", "other/ns/shop/sa/web"]),
)  # fmt: skip
few = st.integers(1, 2)


def _list(of: "st.SearchStrategy[str]") -> "st.SearchStrategy[list[str]]":
    return st.lists(of, min_size=1, max_size=2, unique=True)


sources = st.one_of(
    st.fixed_dictionaries({"principals": _list(principals)}),
    st.fixed_dictionaries({"namespaces": _list(st.sampled_from(["shop", "test", "none"]))}),
    st.fixed_dictionaries({"serviceAccounts": _list(st.sampled_from(["web", "test/test"]))}),
)
operations = st.fixed_dictionaries(
    {},
    optional={
        "ports": _list(st.sampled_from(["80", "90", "81"])),
        "methods": _list(st.sampled_from(["GET", "POST"])),
        "paths": _list(st.sampled_from(["/", "/a", "/a/*", "/a/b", "/*"])),
    },
).filter(bool)
rules = st.fixed_dictionaries(
    {},
    optional={
        "from": st.lists(sources, min_size=1, max_size=2).map(
            lambda own: [{"source": one} for one in own]
        ),
        "to": st.lists(operations, min_size=1, max_size=2).map(
            lambda own: [{"operation": one} for one in own]
        ),
    },
)
selectors = st.one_of(
    st.none(), st.sampled_from([{"app": "web"}, {"app": "orders"}, {"tier": "front"}])
)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    spec: dict[str, Any] = {"rules": draw(st.lists(rules, max_size=2))}
    selector, action = draw(selectors), draw(st.sampled_from([None, "ALLOW", "DENY"]))
    if selector:
        spec["selector"] = {"matchLabels": selector}
    if action:
        spec["action"] = action
    found = _policy(spec=spec)
    found["metadata"] = {
        "name": draw(st.uuids().map(str)),
        "namespace": draw(st.sampled_from(["shop", "istio-system"])),
    }
    return found


def _has_tcp(policy: dict[str, Any]) -> bool:
    """Whether it denies by HTTP on all ports of somebody with tcp, which is refused."""
    return policy["spec"].get("action") == "DENY" and "selector" not in policy["spec"]


# What Istio's documentation says, written down anew: its reference of AuthorizationPolicy.


def _fits(value: str, wanted: list[str]) -> bool:
    return any(
        one in ("*", value) or (one.endswith("*") and value.startswith(one[:-1])) for one in wanted
    )


def _source_fits(source: dict[str, Any], caller: str, space: str) -> bool:
    principal = IDS[caller]
    _, _, own_space, _, account = principal.split("/")
    if "principals" in source:
        known = [one.replace("cluster.local/", "td/") for one in source["principals"]]
        if not _fits(principal, known):
            return False
    if "namespaces" in source and own_space not in source["namespaces"]:
        return False
    return "serviceAccounts" not in source or any(
        (one if "/" in one else f"{space}/{one}") == f"{own_space}/{account}"
        for one in source["serviceAccounts"]
    )


def _operation_fits(own: dict[str, Any], port: int, method: str, path: str) -> bool:
    return (
        ("ports" not in own or str(port) in own["ports"])
        and ("methods" not in own or method in own["methods"])
        and ("paths" not in own or _fits(path, own["paths"]))
    )


def _matches(policy: dict[str, Any], caller: str, port: int, method: str, path: str) -> bool:
    space = policy["metadata"]["namespace"]
    return any(
        ("from" not in rule or any(_source_fits(one["source"], caller, space)
                                   for one in rule["from"]))
        and ("to" not in rule or any(_operation_fits(one["operation"], port, method, path)
                                     for one in rule["to"]))
        for rule in policy["spec"]["rules"]
    )  # fmt: skip


def _selects(policy: dict[str, Any], callee: str) -> bool:
    labels = {"app": callee, **({"tier": "front"} if callee == "web" else {})}
    wanted = policy["spec"].get("selector", {}).get("matchLabels", {})
    space = policy["metadata"]["namespace"]
    return space in ("istio-system", IDS[callee].split("/")[2]) and wanted.items() <= labels.items()


requests = st.tuples(
    names, st.sampled_from(["web", "orders"]), st.sampled_from([80, 90]),
    st.sampled_from(["GET", "POST"]), st.sampled_from(["/", "/a", "/a/", "/a/b", "/b", "/ab"]),
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(policies(), min_size=1, max_size=3), st.lists(requests, min_size=40, max_size=40))
def test_it_decides_as_istio_does(
    documents: list[dict[str, Any]], asked: list[tuple[str, str, int, str, str]]
) -> None:
    documents = [own for own in documents if not _has_tcp(own)]
    plan = _plan(*documents)
    for caller, callee, port, method, path in asked:
        about = [own for own in documents if _selects(own, callee)]
        found = {
            action: any(
                _matches(own, caller, port, method, path)
                for own in about
                if own["spec"].get("action", "ALLOW") == action
            )
            for action in ("ALLOW", "DENY")
        }
        request = Request(parse(f"spiffe://{IDS[caller]}"), method, path)
        decision = decide(
            rules_about(plan, member_of(plan, callee)), Port(port, Protocol.HTTP), request
        )
        assert decision.is_allowed == (found["ALLOW"] and not found["DENY"]), decision


def _spec(**fields: Any) -> dict[str, Any]:
    return _policy(spec=fields)


def _from(**source: Any) -> dict[str, Any]:
    return _spec(rules=[{"from": [{"source": source}]}])


def _to(**operation: Any) -> dict[str, Any]:
    return _spec(rules=[{"to": [{"operation": operation}]}])


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (_from(notPrincipals=["a"]), "notPrincipals is not carried out: write a DENY policy"),
        (_from(notNamespaces=["a"]), "notNamespaces is not carried out"),
        (_from(notServiceAccounts=["a"]), "notServiceAccounts is not carried out"),
        (_from(requestPrincipals=["*"]), "requestPrincipals is not carried out"),
        (_from(ipBlocks=["10.0.0.0/8"]), "ipBlocks is not carried out"),
        (_from(remoteIpBlocks=["10.0.0.0/8"]), "remoteIpBlocks is not carried out"),
        (_from(trustDomains=["td"]), "trustDomains is not carried out"),
        (_from(principal=["a"]), "unknown key 'principal'; did you mean 'principals'"),
        (_from(), "a source with nothing is not carried out"),
        (_from(principals=["td/ns/a/sa/b"], namespaces=["a"]), "principals and namespaces"),
        (_from(principals=["*/sa/web"]), "is a pattern that is not carried out"),
        (_from(principals=["td/ns/shop/sa/w*"]), "is a pattern that is not carried out"),
        (_from(principals=["td"]), "is no principal"),
        (_from(principals=["spiffe://td/ns/a/sa/b"]), "is no SPIFFE id|no name of a trust"),
        (_from(principals=[]), "an empty list means nothing"),
        (_from(namespaces=["sh*"]), "is no name of a namespace"),
        (_from(serviceAccounts=["../a"]), "is no SPIFFE id"),
        (_to(hosts=["a"]), "hosts is not carried out"),
        (_to(notPaths=["/a"]), "notPaths is not carried out"),
        (_to(notPorts=["80"]), "notPorts is not carried out"),
        (_to(ports=[80]), "must be a text"),
        (_to(ports=["80*"]), "is no port"),
        (_to(methods=["*"]), "patterns of methods are not carried out"),
        (_to(paths=["/a*"]), "is no path that can be matched"),
        (_to(paths=["*.html"]), "is no path that can be matched"),
        (_to(), "an empty operation"),
        (_spec(rules=[{"when": [{"key": "a", "values": ["b"]}]}]), "when is not carried out"),
        (_spec(rules=[{"from": []}]), "an empty list means nobody"),
        (_spec(rules=[{"to": []}]), "an empty list means nothing"),
        (_spec(action="AUDIT"), "AUDIT is not carried out: write ALLOW or DENY"),
        (_spec(action="CUSTOM", provider={"name": "x"}), "provider is not carried out"),
        (_spec(targetRefs=[]), "targetRefs is not carried out: use selector"),
        (_spec(selector={"matchLabels": {"app": "nobody"}}), "it selects no workload"),
        (_spec(selector={"matchExpressions": []}), "unknown key 'matchExpressions'"),
        (_spec(action="DENY", rules=[{"to": [{"operation": {"methods": ["GET"]}}]}]),
         "serves tcp, too, where methods and paths mean nothing"),
        (_spec(selector={"matchLabels": {"app": "data"}},
               rules=[{"to": [{"operation": {"methods": ["GET"], "ports": ["5432"]}}]}]),
         "nobody serves such a port over HTTP"),
        (_policy(kind="RequestAuthentication"), "'RequestAuthentication' is not to be had here"),
        (_policy(apiVersion="v1"), "'v1' is not to be had here"),
        (_policy(metadata={"name": "p", "namespace": "none"}), "it selects no workload"),
    ],
)  # fmt: skip
def test_what_is_not_carried_out_is_refused_by_its_name(
    document: dict[str, Any], says: str
) -> None:
    with pytest.raises(PlanError, match=rf"mesh\.yaml:\d+: .*(?:{says})"):
        _plan(document)


def test_fields_of_http_let_nobody_in_on_tcp() -> None:
    plan = _plan(_spec(rules=[{"to": [{"operation": {"methods": ["GET"]}}]}]))
    (rule,) = (rule for rule in plan.rules if str(rule.to).endswith("/data"))
    assert rule.ports == (80,)
    caller = Request(parse("spiffe://td/ns/shop/sa/web"))
    assert not decide([rule], Port(5432), caller).is_allowed


def _peers(mode: str, **metadata: Any) -> dict[str, Any]:
    spec = {"selector": {"matchLabels": {"app": "orders"}}, "mtls": {"mode": mode}}
    return _policy(
        kind="PeerAuthentication", spec=spec,
        metadata={"name": "p", "namespace": "shop", **metadata},
    )  # fmt: skip


UNTIL = {"annotations": {"mesh.seawall.dev/plaintext-until": "2027-01-31"}}


def test_how_strict() -> None:
    modes = {own.name: own.mode for own in _plan(_peers("PERMISSIVE", **UNTIL)).members}
    assert modes["orders"] == Mode(1801353600)
    assert modes["web"] == Mode()
    assert _plan(_peers("STRICT")).members[1].mode == Mode()
    for document, says in (
        (_peers("PERMISSIVE"), "plaintext is taken for a while only: add the annotation"),
        (_peers("DISABLE"), "DISABLE is not carried out: say in the workload why"),
        (_policy(kind="PeerAuthentication", spec={"portLevelMtls": {"80": {"mode": "DISABLE"}}}),
         "modes of single ports are not carried out"),
    ):  # fmt: skip
        with pytest.raises(PlanError, match=says):
            _plan(document)
    with pytest.raises(PlanError, match="two policies say how strict orders is"):
        _plan(_peers("PERMISSIVE", **UNTIL), _peers("PERMISSIVE", **UNTIL))


def test_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policies.yaml").write_text(
        yaml.safe_dump_all([_from(principals=["cluster.local/ns/shop/sa/web"])])
    )
    file = tmp_path / "mesh.yaml"
    file.write_text(f"{MESH}istio: policies.yaml\n")
    assert mesh.run(["policy", "check", str(file)]) == 0
    question = ["--from", "web", "--to", "orders", "--port", "80", "--method", "GET"]
    assert mesh.run(["policy", "test", str(file), *question, "--path", "/"]) == 0
    assert "allowed: shop/p 1.1 for orders" in capsys.readouterr().out
    assert mesh.run(["policy", "explain", str(file)]) == 0
    (tmp_path / "policies.yaml").write_text("a: 1\n")
    with pytest.raises(PlanError, match=r"policies\.yaml:1: no policy of Istio"):
        mesh.run(["policy", "check", str(file)])

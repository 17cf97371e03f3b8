"""Our reading of RBAC against 24,000 decisions of a real API server, and its own properties."""

import json
from functools import cache
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.severity import Severity
from seawall.kubernetes import builtin_roles
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rbac_capabilities import EVERYTHING, WILDCARD, access_in, capabilities
from seawall.kubernetes.rbac_catalogue import (
    NEEDS,
    SAID_BY_ENTRY,
    SAID_BY_ROLE,
    by_resource,
    grants,
)
from seawall.kubernetes.rbac_grants import (
    ANY,
    PolicyRule,
    Roles,
    RoleSubject,
    Scope,
    roles_in,
    subjects_of,
)
from seawall.kubernetes.rules import all_rules
from tests.shared import oracle, read_rows

Json = dict[str, Any]


@cache
def bootstrap() -> list[Json]:
    """The roles and bindings of a new cluster, before aggregation."""
    data = oracle("kubernetes-builtin-rbac-v1.34.json.zst").read_bytes()
    objects: list[Json] = json.loads(zstandard.ZstdDecompressor().decompress(data, 1 << 22))
    return objects


def index_of(*values: Json) -> Index:
    return Index(KubernetesObject(value) for value in values)


# An authorizer over our parts -----------------------------------------------------------------


def is_subject(subject: RoleSubject, user: str, groups: list[str]) -> bool:
    if subject.kind == "ServiceAccount":
        return user == f"system:serviceaccount:{subject.namespace}:{subject.name}"
    return subject.name == user if subject.kind == "User" else subject.name in groups


def allows(rule: PolicyRule, request: Json) -> bool:
    path = request.get("nonResourceAttributes")
    if path is not None:
        return rule.grants_url(path["verb"], path["path"])
    asked = request["resourceAttributes"]
    resource, subresource = asked["resource"], asked.get("subresource")
    return rule.grants(
        asked["verb"],
        asked.get("group", ""),
        f"{resource}/{subresource}" if subresource else resource,
        asked.get("name", ""),
    )


def is_allowed(index: Index, request: Json) -> bool:
    """Cluster-wide bindings first, then those of the request's namespace."""
    roles = roles_in(index)
    namespace = request.get("resourceAttributes", {}).get("namespace", "")
    bindings = [
        *index.of_kind("ClusterRoleBinding"),
        *(b for b in index.of_kind("RoleBinding") if namespace and b.namespace == namespace),
    ]
    return any(
        any(allows(rule, request) for rule in roles.rules_of(binding) or ())
        for binding in bindings
        if any(is_subject(s, request["user"], request["groups"]) for s in subjects_of(binding))
    )


def test_an_api_server_decides_the_same() -> None:
    decisions = wrong = 0
    for row in read_rows(oracle("kube-apiserver-rbac.jsonl.zst")):
        objects: Any = row["objects"]
        requests: Any = row["requests"]
        index = index_of(*objects, *bootstrap())
        for request in requests:
            decisions += 1
            wrong += is_allowed(index, request) != request["allowed"]
    assert (decisions, wrong) == (24_000, 0)


# Built-in roles ---------------------------------------------------------------------------------


def test_built_in_names_are_those_of_a_new_cluster() -> None:
    named = {
        kind: {
            (o["metadata"].get("namespace", ""), o["metadata"]["name"])
            for o in bootstrap()
            if o["kind"] == kind
        }
        for kind in ("ClusterRole", "Role")
    }
    assert {("", name) for name in builtin_roles.CLUSTER_ROLES} == named["ClusterRole"]
    assert named["Role"] == builtin_roles.ROLES


def test_built_in_rules_are_those_of_a_new_cluster() -> None:
    """Rule by rule; those of view, edit and admin after our aggregation of the server's parts."""
    index = index_of(*bootstrap())
    roles = Roles(index)
    known = [name for name in builtin_roles.CLUSTER_ROLES if builtin_roles.rules_of(name)]
    assert {"cluster-admin", "admin", "edit", "view"} <= set(known)
    for name in known:
        role = index.find("ClusterRole", "", name)
        assert role is not None
        theirs = [rule.value for rule in roles.effective_rules(role)]
        ours = builtin_roles.rules_of(name) or ()
        assert sorted(map(str, map(canonical, ours))) == sorted(map(str, map(canonical, theirs)))


def canonical(rule: Json) -> list[tuple[str, list[str]]]:
    return sorted((key, sorted(value)) for key, value in rule.items())


# The catalogue ----------------------------------------------------------------------------------


def test_every_capability_has_a_rule() -> None:
    ids = {rule.id: rule for rule in all_rules()}
    for grant in grants():
        assert grant.targets, grant
        assert grant.verbs
        assert grant.narrow <= grant.wide
        assert ids[grant.capability].severity <= max(
            (g.wide for g in grants() if g.capability == grant.capability), default=Severity.INFO
        )
    catalogued = {grant.capability for grant in grants()}
    linked = {
        *NEEDS,
        *SAID_BY_ENTRY,
        *SAID_BY_ENTRY.values(),
        *SAID_BY_ROLE,
        *SAID_BY_ROLE.values(),
    }
    assert linked <= catalogued


VERBS = ["get", "list", "create", "update", "patch", "delete", "deletecollection", "bind", "*"]
GROUPS = ["", "apps", "rbac.authorization.k8s.io", "*"]
RESOURCES = ["pods", "pods/exec", "pods/*", "*/exec", "secrets", "deployments", "roles",
             "clusterrolebindings", "nodes/proxy", "nodes", "*"]  # fmt: skip
SCOPES = [Scope(None), Scope(("shop",)), Scope(("kube-system",), sensitive=True), Scope(())]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=3)


RULES = st.builds(
    lambda verbs, groups, resources, names: PolicyRule(
        {"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names}
    ),
    some(VERBS), some(GROUPS), some(RESOURCES), some(["cluster-admin", "*"]),
)  # fmt: skip


@given(
    RULES,
    st.sampled_from(VERBS[:-1]),
    st.sampled_from(GROUPS[:-1]),
    st.sampled_from(RESOURCES[:-1]),
    st.sampled_from(["", "cluster-admin", "other"]),
)
def test_a_rule_grants_what_its_literals_and_wildcards_say(
    rule: PolicyRule, verb: str, group: str, resource: str, name: str
) -> None:
    _, slash, subresource = resource.partition("/")
    patterns = {resource, ANY} | ({f"*/{subresource}"} if slash else set())
    expected = (
        bool({verb, ANY} & set(rule.verbs))
        and bool({group, ANY} & set(rule.groups))
        and bool(patterns & set(rule.resources))
        and (not rule.names or name in rule.names)
    )
    assert rule.grants(verb, group, resource, name) == expected


@given(st.lists(RULES, max_size=4), st.sampled_from(SCOPES))
def test_what_is_held_is_granted_and_said_once(rules: list[PolicyRule], scope: Scope) -> None:
    found = capabilities(rules, scope)
    entries = [(id(held.rule), held.capability) for items in found.values() for held in items]
    assert len(entries) == len(set(entries))
    for items in found.values():
        for held in items:
            broad = held.rule.is_everything or held.rule.is_wildcard
            if held.capability in (EVERYTHING, WILDCARD):
                assert broad or ANY in held.rule.groups
                continue
            assert not broad
            assert any(
                held.rule.grants_some(held.verb, group, resource)
                for grant in grants()
                if grant.capability == held.capability and held.verb in grant.verbs
                for group, resource in grant.targets
            )
    if EVERYTHING in found:
        assert len(found) == 1


@given(RULES)
def test_no_catalogued_grant_goes_unsaid(rule: PolicyRule) -> None:
    """Cluster-wide and without names, every grant of the catalogue leaves some finding."""
    if rule.names:
        return
    found = {c: held for c, held in capabilities([rule], Scope(None)).items() if held}
    for grant in grants():
        if any(rule.grants(v, g, r) for v in grant.verbs for g, r in grant.targets):
            needed = NEEDS.get(grant.capability)
            if needed is None or needed.without is not None:
                said = {
                    grant.capability, SAID_BY_ENTRY.get(grant.capability, ""),
                    SAID_BY_ROLE.get(grant.capability, ""), EVERYTHING, WILDCARD,
                }  # fmt: skip
                assert said & found.keys(), (grant.capability, rule.value)


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "*", "pods", "get"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["verbs", "resources", "apiGroups", "name", "kind"]), inner
        )
    ),
    max_leaves=8,
)


@given(JUNK, JUNK, JUNK, JUNK)
def test_odd_objects_do_no_harm(
    rules: Any, aggregation: Any, reference: Any, subjects: Any
) -> None:
    version = "rbac.authorization.k8s.io/v1"
    index = index_of(
        {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": "a"}, "rules": rules,
         "aggregationRule": aggregation},
        {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": "b"}, "rules": rules},
        {"apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": "c"},
         "roleRef": reference, "subjects": subjects},
    )  # fmt: skip
    access = access_in(index)
    for role in index.of_kind("ClusterRole"):
        access.held_by(role, index)
    for binding in index.of_kind("ClusterRoleBinding"):
        access.roles.rules_of(binding)
        assert all(map(str, subjects_of(binding)))


# Following roles --------------------------------------------------------------------------------


def cluster_role(name: str, *rules: Json, labels: Json | None = None, **more: Any) -> Json:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels or {}, **more.pop("metadata", {})},
        "rules": list(rules), **more,
    }  # fmt: skip


def binding(kind: str, name: str, namespace: str = "", subject: str = "ops") -> Json:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": f"{name}-{kind}-{namespace}", "namespace": namespace},
        "roleRef": {"kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "Group", "name": subject}] if subject else [],
    }  # fmt: skip


READ: Json = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
WRITE: Json = {"verbs": ["create"], "apiGroups": [""], "resources": ["pods"]}


def scope(*values: Json, of: str = "r") -> Scope:
    index = index_of(*values)
    role = index.find("ClusterRole", "", of)
    assert role is not None
    return roles_in(index).scope_of(role)


def test_scope_follows_bindings() -> None:
    role = cluster_role("r", READ)
    assert scope(role).namespaces is None, "nothing binds it: anything may"
    assert scope(role, binding("RoleBinding", "r", "shop")).namespaces == ("shop",)
    both = (binding("RoleBinding", "r", "shop"), binding("ClusterRoleBinding", "r"))
    assert scope(role, *both).namespaces is None
    empty = binding("ClusterRoleBinding", "r", subject="")
    narrow = binding("RoleBinding", "r", "shop")
    assert scope(role, empty, narrow).namespaces == ("shop",), "a binding without subjects"


def test_scope_follows_aggregation() -> None:
    part = cluster_role("r", READ, labels={"part": "yes"})
    whole = cluster_role(
        "whole", labels={"more": "yes"},
        aggregationRule={"clusterRoleSelectors": [
            {"matchExpressions": [{"key": "part", "operator": "Exists"}]}]},
    )  # fmt: skip
    outer = cluster_role(
        "outer",
        aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"more": "yes"}}]},
    )
    assert scope(part, whole, outer).namespaces is None
    bound = binding("RoleBinding", "outer", "shop")
    assert scope(part, whole, outer, bound).namespaces == ("shop",)
    label = "rbac.authorization.k8s.io/aggregate-to-view"
    shown = cluster_role("r", READ, labels={label: "true"})
    assert scope(shown).namespaces == (), "view is bound in namespaces"
    assert scope(shown, binding("ClusterRoleBinding", "admin")).namespaces is None


def test_aggregation_is_followed_to_the_end() -> None:
    selects: Json = {"clusterRoleSelectors": [{"matchLabels": {"part": "yes"}}]}
    index = index_of(
        cluster_role("part", READ, labels={"part": "yes"}),
        cluster_role("a", WRITE, labels={"part": "yes"}, aggregationRule=selects),
        cluster_role("b", labels={"part": "yes"}, aggregationRule=selects),
        binding("ClusterRoleBinding", "b"),
    )
    (bound,) = index.of_kind("ClusterRoleBinding")
    rules = roles_in(index).rules_of(bound)
    assert rules is not None
    assert [rule.value for rule in rules] == [READ], "a controller overwrites the rules of a and b"


def test_rules_of_an_aggregating_role_read_from_a_cluster_are_in_force() -> None:
    role = cluster_role("r", WRITE, metadata={"uid": "1"}, aggregationRule={})
    index = index_of(role)
    assert [r.value for r in roles_in(index).own_rules(index.objects[0])] == [WRITE]


def test_analysis_dies_with_its_index() -> None:
    import gc
    import weakref

    index = index_of(cluster_role("r", READ))
    access_in(index).held_by(index.objects[0], index)
    gone = weakref.ref(index)
    del index
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("*", "/anything", True),
        ("/healthz", "/healthz", True),
        ("/healthz", "/healthz/etcd", False),
        ("/healthz/*", "/healthz/etcd", True),
        ("/healthz/*", "/healthz", False),
        ("/health**", "/healthz", True),
        ("*/z", "/a/z", False),
    ],
)
def test_paths(url: str, path: str, expected: bool) -> None:
    rule = PolicyRule({"verbs": ["get"], "nonResourceURLs": [url]})
    assert rule.grants_url("get", path) == expected
    assert not rule.grants_url("post", path)


def test_grants_are_found_by_subresource_wildcards() -> None:
    assert {grant.capability for grant, _ in by_resource()["*/exec"]} == {"rbac-pods-exec"}

"""Rules about roles: what is said of which entry, how bad it is where, and what is not said."""

import pytest

from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.rules import (
    all_rules,
    rbac,
    rbac_configuration,
    rbac_roles,
    rbac_workloads,
)
from tests.kubernetes.support import judge

MODULES = (rbac, rbac_configuration, rbac_roles, rbac_workloads)
RULES = [
    rule for rule in all_rules() if any(rule in vars(module).values() for module in MODULES)
]  # fmt: skip
GRANT_RULES = [
    rule for rule in RULES if rule.id not in ("rbac-rule-matches-nothing", "rbac-unused-role")
]
RBAC = "rbac.authorization.k8s.io"
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity


def role(*rules: str, kind: str = "ClusterRole", namespace: str = "", more: str = "") -> str:
    place = f"  namespace: {namespace}\n" if namespace else ""
    entries = "".join(f"  - {rule}\n" for rule in rules)
    return (
        f"apiVersion: {RBAC}/v1\nkind: {kind}\nmetadata:\n  name: r\n{place}{more}rules:\n{entries}"
    )


def binding(kind: str = "RoleBinding", namespace: str = "shop", of: str = "ClusterRole") -> str:
    place = f"  namespace: {namespace}\n" if kind == "RoleBinding" else ""
    return (
        f"---\napiVersion: {RBAC}/v1\nkind: {kind}\nmetadata:\n  name: b\n{place}"
        f"roleRef: {{kind: {of}, name: r}}\n"
        "subjects: [{kind: ServiceAccount, name: web, namespace: shop}]\n"
    )


def rule(verbs: str, resources: str, groups: str = '""', names: str = "") -> str:
    only = f", resourceNames: [{names}]" if names else ""
    return f"{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]{only}}}"


def said(text: str, version: str = "1.36") -> dict[str, Severity]:
    """Rule ids and severities, each rule once."""
    found = judge(GRANT_RULES, text, kubernetes_version=version)
    ids = [finding.rule.id for finding in found]
    assert len(ids) == len(set(ids)), ids
    return {finding.rule.id: finding.severity for finding in found}


SHOP = binding()


@pytest.mark.parametrize(
    ("entry", "wide", "narrow"),
    [
        # everything
        (rule('"*"', '"*"', '"*"'), {"rbac-cluster-admin-equivalent": CRITICAL}, HIGH),
        (rule('"*"', '"*"'), {"rbac-cluster-admin-equivalent": CRITICAL}, HIGH),
        # wildcards: what they take in decides
        (rule('"*"', '"*"', "apps"), {"rbac-wildcard": CRITICAL}, MEDIUM),
        (rule('"*"', "secrets"), {"rbac-wildcard": CRITICAL}, HIGH),
        (rule("get", '"*"'), {"rbac-wildcard": CRITICAL}, HIGH),
        (rule("get", '"*"', "apps"), {"rbac-wildcard": LOW}, LOW),
        (rule('"*"', "prometheuses", "monitoring.coreos.com"), {"rbac-wildcard": MEDIUM}, MEDIUM),
        (rule('"*"', "nodes"), {"rbac-wildcard": MEDIUM}, MEDIUM),
        (rule("get", "widgets", '"*"'), {"rbac-wildcard": LOW}, LOW),
        # a wildcard group is not said where the resource is
        (rule("get", "secrets", '"*"'), {"rbac-secrets-access": CRITICAL}, HIGH),
        # secrets
        (rule("list", "secrets"), {"rbac-secrets-access": CRITICAL}, HIGH),
        (rule("watch", "secrets"), {"rbac-secrets-access": CRITICAL}, HIGH),
        (rule("create, get", "secrets"), {"rbac-secrets-access": CRITICAL}, HIGH),
        (rule("create", "secrets"), {"rbac-secrets-access": HIGH}, MEDIUM),
        (rule("delete", "secrets"), {"rbac-secrets-access": LOW}, LOW),
        (rule("get", "secrets", names="db"), {"rbac-secrets-access": MEDIUM}, LOW),
        (rule("create", "secrets", names="db"), {}, None),
        (rule("get", "secrets", "apps"), {}, None),
        # workloads
        (rule("create", "pods"), {"rbac-create-workloads": HIGH}, MEDIUM),
        (rule("create, patch", "pods"), {"rbac-create-workloads": HIGH}, MEDIUM),
        (rule("patch", "pods"), {"rbac-patch-pods": HIGH}, MEDIUM),
        (rule("update", "cronjobs", "batch"), {"rbac-create-workloads": HIGH}, MEDIUM),
        (rule("create", "replicationcontrollers"), {"rbac-create-workloads": HIGH}, MEDIUM),
        (rule("create", "workflows", "argoproj.io"), {"rbac-create-workloads": HIGH}, MEDIUM),
        (rule("create", "deployments", '""'), {}, None),
        (rule("get", "deployments", "apps"), {}, None),
        (rule("patch", "pods/ephemeralcontainers"), {"rbac-ephemeral-containers": HIGH}, HIGH),
        (rule("create", "pods/exec"), {"rbac-pods-exec": HIGH}, HIGH),
        (rule("create", '"*/exec"'), {"rbac-pods-exec": HIGH}, HIGH),
        (rule("create", "pods/attach"), {"rbac-pods-exec": HIGH}, HIGH),
        (rule("create", '"pods/*"'), {}, None),
        (rule("get", "pods/log"), {}, None),
        # nothing that lives outside namespaces is given in one
        (rule("get", "nodes/proxy"), {"rbac-nodes-proxy": CRITICAL}, None),
        (rule("get", "nodes/metrics"), {}, None),
        (rule("create", "persistentvolumes"), {"rbac-create-pv": HIGH}, None),
        (rule("patch", "namespaces"), {"rbac-write-namespaces": HIGH}, HIGH),
        # rights over rights
        (rule("bind", "clusterroles", RBAC), {"rbac-bind": MEDIUM}, MEDIUM),
        (rule("bind", "clusterrolebindings", RBAC), {}, None),
        (rule("escalate", "roles", RBAC), {"rbac-escalate": MEDIUM}, MEDIUM),
        (rule("escalate", "clusterroles", RBAC), {"rbac-escalate": MEDIUM}, None),
        (rule("escalate, update", "roles", RBAC), {"rbac-escalate": CRITICAL}, CRITICAL),
        (rule("create", "rolebindings", RBAC), {"rbac-write-bindings": HIGH}, MEDIUM),
        (rule("create", "rolebindings", "apps"), {}, None),
        (rule("update", "roles", RBAC), {"rbac-write-roles": HIGH}, MEDIUM),
        (rule("impersonate", "users, groups"), {"rbac-impersonate": CRITICAL}, None),
        (rule("impersonate", "serviceaccounts"), {"rbac-impersonate": CRITICAL}, HIGH),
        (rule("impersonate", "groups"), {"rbac-impersonate": MEDIUM}, None),
        (rule("impersonate", "users", RBAC), {}, None),
        (rule("impersonate", "users", names="bob"), {"rbac-impersonate": MEDIUM}, None),
        (rule("create", "serviceaccounts/token"), {"rbac-token-request": CRITICAL}, HIGH),
        (rule("create", "serviceaccounts/token", names="a"), {"rbac-token-request": MEDIUM}, LOW),
        # named signers, policies, ConfigMaps
        (rule("use", "securitycontextconstraints", "security.openshift.io", "privileged"),
         {"rbac-use-scc-psp": HIGH}, HIGH),
        (rule("use", "securitycontextconstraints", "security.openshift.io", "mine"),
         {"rbac-use-scc-psp": MEDIUM}, MEDIUM),
        (rule("use", "securitycontextconstraints", "security.openshift.io", "restricted-v2"),
         {}, None),
        (rule("update", "configmaps", names="aws-auth"),
         {"rbac-write-auth-configmap": CRITICAL}, None),
        (rule("update", "configmaps", names="coredns"), {"rbac-write-coredns": HIGH}, None),
        (rule("update", "configmaps", names="mine"), {}, None),
        (rule("update", "configmaps"), {"rbac-write-auth-configmap": HIGH}, None),
        (rule("create", "configmaps"), {}, None),
        # admission
        (rule("patch", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
         {"rbac-write-webhooks": CRITICAL}, None),
        (rule("patch", "mutatingwebhookconfigurations", "admissionregistration.k8s.io", "mine"),
         {"rbac-write-webhooks": MEDIUM}, None),
        (rule("delete", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
         {"rbac-write-webhooks": HIGH}, None),
        (rule("create", "mutatingadmissionpolicies", "admissionregistration.k8s.io"),
         {"rbac-write-admission-policies": CRITICAL}, None),
        (rule("delete", "validatingadmissionpolicies", "admissionregistration.k8s.io"),
         {"rbac-write-admission-policies": HIGH}, None),
        # the same resource name in another group
        (rule("create", "authorizationpolicies", "policy.linkerd.io"),
         {"rbac-write-mesh-policy": HIGH}, HIGH),
        (rule("create", "authorizationpolicies", "example.org"), {}, None),
    ],
)  # fmt: skip
def test_severity_follows_from_where_a_role_is_bound(
    entry: str, wide: dict[str, Severity], narrow: Severity | None
) -> None:
    expected = {} if narrow is None else dict.fromkeys(wide, narrow)
    assert said(role(entry)) == wide, "not bound: may be bound anywhere"
    assert said(role(entry) + binding("ClusterRoleBinding")) == wide
    assert said(role(entry) + SHOP) == expected
    namespaced = role(entry, kind="Role", namespace="shop")
    assert said(namespaced) == expected, "a Role needs no binding to be namespaced"


def test_both_halves_make_a_capability() -> None:
    """Held on the union of the role's entries, reported on the one that says it."""
    bind = rule("bind", "clusterroles", RBAC)
    write = rule("create", "clusterrolebindings", RBAC)
    assert said(role(bind, write)) == {"rbac-bind": CRITICAL}
    assert said(role(rule("bind", "clusterroles", RBAC, "view"), write)) == {"rbac-bind": MEDIUM}
    admin = rule("bind", "clusterroles", RBAC, "cluster-admin")
    assert said(role(admin, write)) == {"rbac-bind": CRITICAL}
    # In a namespace, RoleBindings are enough, and clusterroles can be bound by them.
    assert said(role(bind, write) + SHOP) == {"rbac-bind": MEDIUM}
    narrow = rule("create", "rolebindings", RBAC)
    assert said(role(bind, narrow) + SHOP) == {"rbac-bind": CRITICAL}

    approve = rule("approve", "signers", "certificates.k8s.io")
    approval = rule("update", "certificatesigningrequests/approval", "certificates.k8s.io")
    assert said(role(approve)) == {"rbac-approve-csr": MEDIUM}
    assert said(role(approval)) == {}
    assert said(role(approve, approval)) == {"rbac-approve-csr": CRITICAL}
    own = rule("approve", "signers", "certificates.k8s.io", "example.org/mine")
    assert said(role(own, approval)) == {"rbac-approve-csr": LOW}
    serving = rule("approve", "signers", "certificates.k8s.io", "kubernetes.io/kubelet-serving")
    assert said(role(serving, approval)) == {"rbac-approve-csr": MEDIUM}

    evict = rule("create", "pods/eviction")
    assert said(role(evict)) == {}
    assert said(role(evict, rule("patch", "nodes"))) == {
        "rbac-delete-nodes-pods": HIGH,
        "rbac-write-nodes": MEDIUM,
    }


def test_everything_says_it_all() -> None:
    """Cluster-admin before wildcards, wildcards before what they take in."""
    text = role(
        rule('"*"', '"*"', '"*"'), rule("get", "secrets"), rule('"*"', "pods"),
        '{nonResourceURLs: ["*"], verbs: ["*"]}',
    )  # fmt: skip
    assert said(text) == {"rbac-cluster-admin-equivalent": CRITICAL}
    assert said(role(rule("get, create", '"*"'))) == {"rbac-wildcard": CRITICAL}
    assert said(role('{nonResourceURLs: ["*"], verbs: [get]}')) == {"rbac-wildcard": MEDIUM}


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        (rule("list, get", "pods, secrets"), ("rules", 0, "resources", 1)),
        (rule("get, bind", "clusterroles", RBAC), ("rules", 0, "verbs", 1)),
        (rule('get, "*"', "secrets"), ("rules", 0, "verbs", 1)),
        (rule("get", 'secrets, "*"'), ("rules", 0, "resources", 1)),
        (rule("get", "widgets", '"", "*"'), ("rules", 0, "apiGroups", 1)),
        (rule("get", '"*/exec"'), ("rules", 0, "resources", 0)),
        (rule('"*"', '"*"'), ("rules", 0, "verbs", 0)),
        ('{nonResourceURLs: [/a, "*"], verbs: [get]}', ("rules", 0, "nonResourceURLs", 1)),
        ('{nonResourceURLs: [/a, /debug/*], verbs: [get]}', ("rules", 0, "nonResourceURLs", 1)),
    ],
)  # fmt: skip
def test_findings_stand_at_the_very_word(entry: str, place: tuple[str | int, ...]) -> None:
    (finding,) = judge(GRANT_RULES, role(entry))
    assert finding.location.key_path == place


def test_each_entry_is_one_finding() -> None:
    entry = rule("get, list", "secrets")
    found = judge("rbac-secrets-access", role(entry, entry))
    assert [finding.location.key_path[1] for finding in found] == [0, 1]
    everything = rule("create", "deployments, statefulsets, daemonsets", "apps")
    assert len(judge("rbac-create-workloads", role(everything))) == 1


def test_messages_say_what_where_and_for_whom() -> None:
    (finding,) = judge("rbac-secrets-access", role(rule("get", "secrets", names="db")) + SHOP)
    assert finding.message == "can read secrets in namespace shop, only db (get secrets)"
    assert [related.message for related in finding.related] == [
        "bound here to service account shop/web"
    ]
    (finding,) = judge("rbac-nodes-proxy", role(rule("get", "nodes/proxy")))
    assert finding.message == "can use the API of kubelets (get nodes/proxy)"
    (finding,) = judge("rbac-wildcard", role(rule('"*"', "a, b, c, d, e", "example.org")))
    assert finding.message == "can use every verb on a, b, c and 2 more in every namespace"


# Where a namespace is more than its name ------------------------------------------------------

PRIVILEGED_POD = """---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop}
spec:
  containers: [{name: agent, image: agent, securityContext: {privileged: true}}]
"""
POWERFUL_ACCOUNT = f"""---
apiVersion: {RBAC}/v1
kind: ClusterRoleBinding
metadata: {{name: deployer}}
roleRef: {{kind: ClusterRole, name: cluster-admin}}
subjects: [{{kind: ServiceAccount, name: deployer, namespace: shop}}]
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", MEDIUM),
        (PRIVILEGED_POD, HIGH),
        (PRIVILEGED_POD.replace("shop", "elsewhere"), MEDIUM),
        (POWERFUL_ACCOUNT, HIGH),
        (POWERFUL_ACCOUNT.replace("cluster-admin", "view"), MEDIUM),
        (POWERFUL_ACCOUNT.replace("name: deployer, n", "name: web, n"), MEDIUM),  # the subject
    ],
)
def test_a_namespace_with_power_raises_the_severity(more: str, expected: Severity) -> None:
    text = role(rule("create", "pods")) + SHOP + more
    assert said(text) == {"rbac-create-workloads": expected}


def test_system_namespaces_raise_the_severity() -> None:
    text = role(rule("create", "pods"), kind="Role", namespace="kube-system")
    assert said(text) == {"rbac-create-workloads": HIGH}
    text = role(rule("update", "configmaps"), kind="Role", namespace="kube-system")
    assert said(text) == {"rbac-write-auth-configmap": HIGH}
    text = role(rule('"*"', '"*"'), kind="Role", namespace="kube-system")
    assert said(text) == {"rbac-cluster-admin-equivalent": CRITICAL}


# Versions -------------------------------------------------------------------------------------


def test_get_on_exec_depends_on_the_version() -> None:
    text = role(rule("get", "pods/exec"))
    (finding,) = judge("rbac-pods-exec", text, kubernetes_version="1.34")
    assert finding.confidence is Confidence.HIGH
    (finding,) = judge("rbac-pods-exec", text, kubernetes_version="1.35")
    assert finding.confidence is Confidence.LOW
    (finding,) = judge("rbac-pods-exec", role(rule("get, create", "pods/exec")))
    assert finding.confidence is Confidence.HIGH


def test_verbs_that_a_version_does_not_know() -> None:
    text = role(rule('"impersonate:user-info"', "users", "authentication.k8s.io"))
    assert said(text, "1.34") == {}
    assert said(text, "1.35") == {"rbac-impersonate-constrained": HIGH}
    text = role(rule("use", "podsecuritypolicies", "policy", "privileged"))
    assert said(text, "1.24") == {"rbac-use-scc-psp": HIGH}
    assert said(text, "1.25") == {}


# Roles as such --------------------------------------------------------------------------------


def test_roles_of_the_api_server_are_left_alone() -> None:
    text = role(rule('"*"', '"*"', '"*"')).replace("name: r", "name: cluster-admin")
    label = "  labels: {kubernetes.io/bootstrapping: rbac-defaults}\n"
    assert said(text)
    assert said(text.replace("rules:", label + "rules:")) == {}
    own = role(rule('"*"', '"*"', '"*"'), more=label)
    assert said(own), "the label alone hides nothing"


def test_other_groups_have_roles_too() -> None:
    assert said(role(rule('"*"', '"*"')).replace(RBAC, "example.org")) == {}
    assert said(role(rule("get", "secrets")).replace(RBAC, "authorization.openshift.io"))


AGGREGATING = """---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: whole}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {part: a}}]}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
"""


def test_aggregated_roles_are_judged_where_their_rules_stand() -> None:
    part = role(rule("list", "secrets"), more="  labels: {part: a}\n")
    found = judge("rbac-secrets-access", part + AGGREGATING)
    assert [finding.subject.name for finding in found] == ["r"]
    (finding,) = judge("rbac-rule-matches-nothing", part + AGGREGATING)
    assert finding.subject.name == "whole"
    assert finding.location.key_path == ("rules",)


@pytest.mark.parametrize(
    ("step", "entry", "found"),
    [
        ("view", rule("get", "pods"), False),
        ("view", rule("get", "secrets"), True),
        ("view", rule("create", "widgets", "example.org"), True),
        ("view", rule('"*"', "widgets", "example.org"), True),
        ("edit", rule("create", "pods"), False),
        ("edit", rule("get", "secrets"), False),
        ("edit", rule("create", "rolebindings", RBAC), True),
        ("edit", rule("create", "persistentvolumes"), True),
        ("admin", rule("create", "rolebindings", RBAC), False),
        ("admin", rule("escalate, update", "roles", RBAC), True),
        ("admin", rule("get", "nodes/proxy"), True),
        ("admin", rule("create", "widgets", "example.org"), False),
        # a wildcard counts for what it takes in
        ("view", rule("get, list", '"*"', "serving.knative.dev"), False),
        ("edit", rule("create, update", '"*"', "serving.knative.dev"), False),
        ("admin", rule('"*"', '"*"', "serving.knative.dev"), False),
        ("edit", rule('"*"', '"*"', "apps"), False),
        ("edit", rule('"*"', '"*"', RBAC), True),
        ("admin", rule('"*"', '"*"'), True),
        ("admin", rule('"*"', '"*"', "security.istio.io"), True),
    ],
)
def test_what_built_in_roles_may_be_widened_by(step: str, entry: str, found: bool) -> None:
    more = f'  labels: {{{RBAC}/aggregate-to-{step}: "true"}}\n'
    result = judge("rbac-aggregate-to-builtin", role(entry, more=more))
    assert bool(result) == found
    assert not judge("rbac-aggregate-to-builtin", role(entry, more=more.replace("true", "false")))


@pytest.mark.parametrize(
    ("kind", "phrase"), [("mutating", "see and change"), ("validating", "see and refuse")]
)
def test_only_mutating_webhooks_change_objects(kind: str, phrase: str) -> None:
    entry = rule("update", f"{kind}webhookconfigurations", "admissionregistration.k8s.io")
    (finding,) = judge("rbac-write-webhooks", role(entry))
    assert finding.message.startswith(f"can {phrase} every object sent to the API server")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (rule("get", "pods", "core"), 'names the API group core: the core group is ""'),
        (rule("get", "pods", "v1"), 'names the API group v1: the core group is ""'),
        (rule("get", "deployments", "apps/v1"), "names the API group apps/v1 with a version"),
        (rule("get", "deployments"),
         "names deployments in the core group: it belongs to apps"),
        (rule("get", "pods", "apps"),
         "names pods in the apps group: it belongs to core"),
        (rule("get", "Pod"), "names the resource Pod: resources are in lower case and plural"),
        (rule("get", "pod"), "names the resource pod: resources are in lower case and plural"),
        (rule("get", '"pods/*"'), "names pods/*: * stands for no subresource"),
        (rule("get", "pods", names='"*"'), "names objects as *, which is no wildcard"),
        (rule("create", "pods", names="a"),
         "limits create by resourceNames, but such requests name no object"),
        ('{apiGroups: [""], resources: [pods]}', "has an entry without verbs"),
        ("{resources: [pods], verbs: [get]}", "has an entry without apiGroups"),
    ],
)  # fmt: skip
def test_entries_that_match_nothing(entry: str, message: str) -> None:
    (finding,) = judge("rbac-rule-matches-nothing", role(entry))
    assert finding.message == message
    assert finding.severity is LOW


@pytest.mark.parametrize(
    "entry",
    [
        rule("get", "pods, deployments", '"", apps'),
        rule("get", "pods", "metrics.k8s.io"),
        rule("get", "services", "serving.knative.dev"),
        rule("get", '"*/scale"', '"*"'),
        rule("create", "pods/exec", names="a"),
        rule("get, list", "pods", names="a"),
        rule("impersonate", "users"),
        rule("get", "events", "events.k8s.io"),
        '{nonResourceURLs: ["/metrics"], verbs: [get]}',
    ],
)
def test_entries_that_match_something(entry: str) -> None:
    assert not judge("rbac-rule-matches-nothing", role(entry))


def test_what_a_role_cannot_give_in_its_namespace() -> None:
    def messages(entry: str) -> list[str]:
        text = role(entry, kind="Role", namespace="shop")
        return [finding.message for finding in judge("rbac-rule-matches-nothing", text)]

    assert messages(rule("get", "nodes")) == [
        "names nodes in a Role, but they live in no namespace"
    ]
    assert messages('{nonResourceURLs: ["/metrics"], verbs: [get]}') == ["names paths in a Role"]
    assert not messages(rule("get", "namespaces")), "a namespace's own object can be given"
    assert not messages(rule("use", "podsecuritypolicies", "policy"))
    assert not messages(rule("bind", "clusterroles", RBAC))


def test_unused_roles() -> None:
    text = role(rule("get", "pods"), kind="Role", namespace="shop")
    (finding,) = judge("rbac-unused-role", text)
    assert finding.confidence is Confidence.HIGH
    (finding,) = judge("rbac-unused-role", text, complete=False)
    assert finding.confidence is Confidence.LOW
    assert not judge("rbac-unused-role", text + binding(of="Role"))
    assert judge("rbac-unused-role", text + binding(namespace="elsewhere", of="Role"))
    assert not judge(
        "rbac-unused-role", text.replace("name: r", "name: reader"), opaque=("reader",)
    )
    label = f'  labels: {{{RBAC}/aggregate-to-view: "true"}}\n'
    assert not judge("rbac-unused-role", role(rule("get", "pods"), more=label))


def test_built_in_editors_of_a_namespace_read_its_secrets() -> None:
    text = SHOP.replace("name: r}", "name: edit}")
    (finding,) = judge(GRANT_RULES, text)
    assert finding.rule.id == "rbac-secrets-access"
    assert finding.severity is MEDIUM
    assert finding.location.key_path == ("roleRef", "name")
    assert not judge(GRANT_RULES, text.replace("edit", "view"))
    assert not judge(GRANT_RULES, binding("ClusterRoleBinding").replace("name: r}", "name: edit}"))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/debug/*", True), ("/debug/pprof", True), ("/debug/pprof/heap", True), ("/logs*", True),
        ("/metrics", False), ("/healthz", False), ("/configz", True), ("/api/*", False),
        ("/*", True),
    ],
)  # fmt: skip
def test_debugging_paths(url: str, found: bool) -> None:
    entry = f'{{nonResourceURLs: ["{url}"], verbs: [get]}}'
    assert bool(judge("rbac-debug-endpoints", role(entry))) == found

"""Rules about bindings: which subjects and roles are reported, and which every cluster has."""

import pytest

from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules import all_rules, bindings
from tests.kubernetes.support import judge, objects_of

RULES = [rule for rule in all_rules() if rule in vars(bindings).values()]
RBAC = "rbac.authorization.k8s.io"
LOW, MEDIUM, HIGH, CRITICAL = list(Severity)[1:]
NODE_CLIENT = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"


def bind(
    role: str, *subjects: str, kind: str = "ClusterRoleBinding", of: str = "ClusterRole",
    name: str = "b", namespace: str = "shop", more: str = "",
) -> str:  # fmt: skip
    place = f"  namespace: {namespace}\n" if kind == "RoleBinding" else ""
    lines = ""
    for subject in subjects:
        subject_kind, subject_name = subject.split(" ")
        if subject_kind == "ServiceAccount":
            home, _, account = subject_name.rpartition("/")
            lines += f"  - {{kind: ServiceAccount, name: {account}"
            lines += f", namespace: {home}}}\n" if home else "}\n"
        else:
            lines += f'  - {{kind: {subject_kind}, name: "{subject_name}"}}\n'
    return (
        f"---\napiVersion: {RBAC}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{place}{more}"
        f'roleRef: {{apiGroup: {RBAC}, kind: {of}, name: "{role}"}}\n'
        + (f"subjects:\n{lines}" if lines else "")
    )


def role(name: str, *rules: str, kind: str = "ClusterRole", namespace: str = "shop") -> str:
    place = f"  namespace: {namespace}\n" if kind == "Role" else ""
    entries = "".join(f"  - {rule}\n" for rule in rules)
    return (
        f"---\napiVersion: {RBAC}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{place}"
        f"rules:\n{entries}"
    )


QUIET = ("rbac-dangling-subject", "rbac-role-not-found", "rbac-cross-namespace-subject")


def said(text: str) -> dict[str, Severity]:
    found = judge([rule for rule in RULES if rule.id not in QUIET], text)
    return {finding.rule.id: finding.severity for finding in found}


READ = '{apiGroups: [""], resources: [pods], verbs: [get]}'
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'
EVERYTHING = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # anonymous and all that are logged in
        (bind("view", "User system:anonymous"), {"rbac-anonymous-binding": CRITICAL}),
        (bind("view", "Group system:unauthenticated"), {"rbac-anonymous-binding": CRITICAL}),
        (bind("view", "Group system:anonymous"), {}),
        (bind("view", "User system:anonymous-ish"), {}),
        (bind("view", "Group system:authenticated"), {"rbac-bind-all-authenticated": HIGH}),
        (bind("edit", "Group system:authenticated"), {"rbac-bind-all-authenticated": CRITICAL}),
        (bind("unknown", "Group system:authenticated"), {"rbac-bind-all-authenticated": CRITICAL}),
        (bind("cluster-admin", "Group system:authenticated", "User system:anonymous"),
         {"rbac-bind-all-authenticated": CRITICAL, "rbac-anonymous-binding": CRITICAL}),
        # what every cluster tells everybody
        (bind("system:public-info-viewer", "Group system:unauthenticated"), {}),
        (bind("system:discovery", "Group system:authenticated"), {}),
        (bind("system:basic-user", "Group system:authenticated"), {}),
        (bind("system:discovery", "Group system:authenticated")
         + role("system:discovery", SECRETS), {"rbac-bind-all-authenticated": CRITICAL}),
        (bind("cluster-info", "User system:anonymous", kind="RoleBinding", of="Role")
         + role("cluster-info", '{apiGroups: [""], resources: [configmaps], '
                'resourceNames: [cluster-info], verbs: [get]}', kind="Role"), {}),
        (bind("health", "Group system:unauthenticated")
         + role("health", '{nonResourceURLs: [/healthz, /livez], verbs: [get]}'), {}),
        (bind("debug", "Group system:unauthenticated")
         + role("debug", '{nonResourceURLs: [/debug/*], verbs: [get]}'),
         {"rbac-anonymous-binding": CRITICAL}),
        # all service accounts
        (bind("view", "Group system:serviceaccounts"), {"rbac-bind-all-serviceaccounts": HIGH}),
        (bind("view", "Group system:serviceaccounts:shop"),
         {"rbac-bind-all-serviceaccounts": HIGH}),
        (bind("view", "Group system:serviceaccounts:shop", kind="RoleBinding"),
         {"rbac-bind-all-serviceaccounts": MEDIUM}),
        (bind("view", "Group system:serviceaccounts:tools", kind="RoleBinding"),
         {"rbac-bind-all-serviceaccounts": HIGH}),
        (bind("view", "Group system:serviceaccountsx"), {}),
        (bind("system:image-puller", "Group system:serviceaccounts:shop", kind="RoleBinding"), {}),
        (bind("system:service-account-issuer-discovery", "Group system:serviceaccounts"), {}),
        # masters
        (bind("view", "Group system:masters"), {"rbac-bind-masters": CRITICAL}),
        (bind("cluster-admin", "Group system:masters"), {"rbac-bind-masters": CRITICAL}),
        (bind("cluster-admin", "Group system:masters", name="cluster-admin"), {}),
        (bind("cluster-admin", "Group system:masters", "User bob", name="cluster-admin"),
         {"rbac-cluster-admin": CRITICAL}),
        # cluster-admin
        (bind("cluster-admin", "User bob"), {"rbac-cluster-admin": CRITICAL}),
        (bind("cluster-admin", "User bob", kind="RoleBinding"), {"rbac-cluster-admin": HIGH}),
        (bind("cluster-admin", "User bob", kind="RoleBinding", of="Role"), {}),
        (bind("cluster-admin"), {}),
        (bind("admin", "User bob"), {"rbac-cluster-admin": HIGH}),
        (bind("edit", "User bob"), {"rbac-cluster-admin": HIGH}),
        (bind("view", "User bob"), {}),
        (bind("edit", "User bob", kind="RoleBinding"), {}),
        (bind("all", "User bob") + role("all", EVERYTHING), {}),  # said of the role
        # nodes
        (bind("system:node", "Group system:nodes"), {"rbac-node-group-binding": CRITICAL}),
        (bind("system:node", "User bob"), {"rbac-node-group-binding": CRITICAL}),
        (bind("system:node"), {}),
        (bind("view", "Group system:nodes"), {"rbac-node-authorizer-bypass": MEDIUM}),
        (bind("mine", "User system:node:n1") + role("mine", SECRETS),
         {"rbac-node-authorizer-bypass": CRITICAL}),
        (bind("mine", "User system:node:n1"), {"rbac-node-authorizer-bypass": CRITICAL}),
        (bind("kubeadm:get-nodes", "Group system:nodes"), {}),
        (bind(NODE_CLIENT.replace("nodeclient", "selfnodeclient"), "Group system:nodes"), {}),
        # certificates
        (bind(NODE_CLIENT, "Group system:bootstrappers:kubeadm:default-node-token"), {}),
        (bind(NODE_CLIENT, "Group system:bootstrappers", "ServiceAccount shop/web"),
         {"csr-auto-approver": HIGH}),
        (bind("mine", "User bob") + role(
            "mine", "{apiGroups: [certificates.k8s.io], verbs: [create], "
            "resources: [certificatesigningrequests/nodeclient]}"), {"csr-auto-approver": HIGH}),
        # incomplete subjects
        (bind("view", "ServiceAccount web"), {"rbac-sa-subject-missing-namespace": LOW}),
        (bind("view", "ServiceAccount web", kind="RoleBinding"), {}),
    ],
)  # fmt: skip
def test_bindings(text: str, expected: dict[str, Severity]) -> None:
    assert said(text) == expected


def test_other_groups_have_bindings_too() -> None:
    text = bind("cluster-admin", "Group system:masters", "User system:anonymous")
    assert said(text)
    assert not judge(RULES, text.replace(RBAC, "example.org"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (bind("mine", "User bob"), True),
        (bind("mine", "User bob") + role("mine", READ), False),
        (bind("mine", "User bob") + role("mine", READ, kind="Role"), True),
        (bind("mine", "User bob", kind="RoleBinding", of="Role"), True),
        (bind("mine", "User bob", kind="RoleBinding", of="Role") + role("mine", READ, kind="Role"),
         False),
        (bind("mine", "User bob", kind="RoleBinding", of="Role")
         + role("mine", READ, kind="Role", namespace="tools"), True),
        (bind("mine", "User bob", of="Role"), True),
        (bind("view", "User bob"), False),
        (bind("system:kube-scheduler", "User bob"), False),
        (bind("eks:addon-manager", "User bob"), False),
        (bind("cluster-reader", "User bob"), False),
        (bind("extension-apiserver-authentication-reader", "User bob", kind="RoleBinding",
              of="Role", namespace="kube-system"), False),
        (bind("extension-apiserver-authentication-reader", "User bob", kind="RoleBinding",
              of="Role"), True),
    ],
)  # fmt: skip
def test_roles_that_do_not_exist(text: str, found: bool) -> None:
    assert bool(judge("rbac-role-not-found", text)) == found


def test_absence_is_only_as_sure_as_the_input_is_complete() -> None:
    text = bind("mine", "ServiceAccount shop/web")
    for rule in ("rbac-role-not-found", "rbac-dangling-subject"):
        (finding,) = judge(rule, text)
        assert finding.confidence is Confidence.HIGH
        (finding,) = judge(rule, text, complete=False)
        assert finding.confidence is Confidence.LOW
        assert not judge(rule, text, opaque=("name: mine", "name: web"))
    (finding,) = judge("rbac-role-not-found", bind("system:newer", "User bob"))
    assert finding.confidence is Confidence.LOW, "a newer cluster may have it"


def test_subjects_that_do_not_exist() -> None:
    account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n"
    text = bind("view", "ServiceAccount shop/web", "ServiceAccount shop/default", "User bob")
    assert len(judge("rbac-dangling-subject", text)) == 1
    assert not judge("rbac-dangling-subject", text + account)
    assert judge("rbac-dangling-subject", text + account.replace("shop", "tools"))
    user = bind("view", "User system:serviceaccount:shop:wbe")
    assert judge("rbac-dangling-subject", user + account)
    own = bind("view", "ServiceAccount web", kind="RoleBinding")
    assert not judge("rbac-dangling-subject", own + account), "the binding's own namespace"
    system = bind("view", "ServiceAccount kube-system/x",
                  more="  labels: {kubernetes.io/bootstrapping: rbac-defaults}\n")  # fmt: skip
    assert not judge("rbac-dangling-subject", system)


def test_objects_without_a_namespace_get_one_later() -> None:
    """``kubectl apply -n tools`` puts them where bindings say they are."""
    account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: agent}\n"
    assert not judge("rbac-dangling-subject", bind("view", "ServiceAccount tools/agent") + account)
    homeless_role = role("mine", READ, kind="Role").replace("  namespace: shop\n", "")
    text = bind("mine", "User bob", kind="RoleBinding", of="Role")
    assert not judge("rbac-role-not-found", text + homeless_role)
    homeless = text.replace("  namespace: shop\n", "")
    assert not judge("rbac-role-not-found", homeless + role("mine", READ, kind="Role"))
    assert judge("rbac-role-not-found", homeless + role("other", READ, kind="Role"))
    own = bind("view", "ServiceAccount tools/agent", kind="RoleBinding")
    assert judge("rbac-cross-namespace-subject", own)
    own = own.replace("  namespace: shop\n", "")
    assert not judge("rbac-cross-namespace-subject", own)


def judge_beside(text: str, beside: str) -> dict[str, Severity]:
    """What all rules say of a text beside objects that are mere context."""
    targets, others = objects_of(text), objects_of(beside)
    for other in others:
        other.target = False
    context = Context(Index([*targets, *others]), kubernetes_version="1.36")
    outcome = check(all_rules(), context)
    assert not outcome.faults
    return {
        finding.rule.id: finding.severity
        for finding in outcome.findings
        if finding.rule.id.startswith("rbac-") and finding.rule.id not in QUIET
    }


def test_a_new_binding_to_an_old_role_is_told_of() -> None:
    assert judge_beside(bind("old", "User bob"), role("old", EVERYTHING)) == {
        "rbac-cluster-admin": CRITICAL
    }
    secrets, pods = role("old", SECRETS), role("old", READ.replace("get", "create"))
    assert judge_beside(bind("old", "User bob"), secrets) == {"rbac-secrets-access": CRITICAL}
    narrow = bind("old", "User bob", kind="RoleBinding")
    assert judge_beside(narrow, secrets) == {"rbac-secrets-access": HIGH}
    assert judge_beside(narrow, pods) == {"rbac-create-workloads": MEDIUM}
    assert judge_beside(bind("old"), secrets) == {}
    assert judge_beside(narrow, role("old", READ)) == {}


def test_subjects_of_other_namespaces() -> None:
    text = bind("view", "ServiceAccount tools/agent", "ServiceAccount shop/web", "ServiceAccount a",
                kind="RoleBinding")  # fmt: skip
    (finding,) = judge("rbac-cross-namespace-subject", text)
    assert finding.location.key_path == ("subjects", 0, "name")
    assert not judge("rbac-cross-namespace-subject", bind("view", "ServiceAccount tools/agent"))


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ("{kind: User, name: bob, apiGroup: v1}", "apiGroup"),
        (f"{{kind: ServiceAccount, name: web, namespace: shop, apiGroup: {RBAC}}}", "apiGroup"),
        ("{kind: ServiceAccount, name: 'system:serviceaccount:shop:web'}", "name"),
        ("{kind: ServiceAccount, name: web}", "namespace"),
        (f"{{kind: User, name: bob, apiGroup: {RBAC}}}", ""),
        ("{kind: ServiceAccount, name: web, namespace: shop}", ""),
        ("{kind: 7, name: [web]}", ""),
    ],
)
def test_incomplete_subjects(subject: str, field: str) -> None:
    text = bind("view", "User x").replace('{kind: User, name: "x"}', subject)
    found = judge("rbac-sa-subject-missing-namespace", text)
    assert [finding.location.key_path for finding in found] == (
        [("subjects", 0, field)] if field else []
    )


def test_findings_name_subject_and_role() -> None:
    (finding,) = judge("rbac-anonymous-binding", bind("view", "User bob", "User system:anonymous"))
    assert (
        finding.message == "gives ClusterRole view to user system:anonymous, that is to everybody"
    )
    assert finding.location.key_path == ("subjects", 1, "name")
    (finding,) = judge("rbac-cluster-admin", bind("cluster-admin", "User a", kind="RoleBinding"))
    assert finding.message == "gives every right in namespace shop"

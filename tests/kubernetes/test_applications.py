"""Applications of one run lend each other nothing that their namespaces do not share."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.severity import Severity
from seawall.kubernetes.applications import Applications
from seawall.kubernetes.checking import check
from seawall.kubernetes.index import Index
from seawall.kubernetes.reader import read
from seawall.kubernetes.rule import Context
from tests.kubernetes.support import NEWEST, rule_named

AUTOMOUNT = "automount-service-account-token"
SECRETS = "rbac-secrets-access"

WITH_PODS = Applications(["apps/a/web.yaml", "apps/b/k8s/web.yaml", "/root/x/web.yaml"])


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("apps/a", "apps/a", True),
        ("apps/a", "apps/a/rbac", True),
        ("apps", "apps/b/k8s", True),
        ("", "apps/a", True),
        ("apps/a", "apps/rbac", True),  # no pods there: it may be for all
        ("rbac", "apps/a", True),
        ("apps/a", "apps/b", False),
        ("apps/a/rbac", "apps/b/k8s", False),
        ("apps/a", "apps/ab", True),
        ("/root/x", "/root/y", True),
        ("/root/x", "apps/a", False),
    ],
)
def test_branches_with_pods_are_applications(one: str, other: str, shared: bool) -> None:
    assert WITH_PODS.share(one, other) == shared
    assert WITH_PODS.share(other, one) == shared


PATHS = st.lists(st.sampled_from("abc"), max_size=3).map("/".join)


@given(st.lists(PATHS, max_size=5), PATHS, PATHS)
def test_sharing_is_mutual_and_above_all(pods: list[str], one: str, other: str) -> None:
    applications = Applications(f"{path}/web.yaml" if path else "web.yaml" for path in pods)
    assert applications.share(one, other) == applications.share(other, one)
    assert applications.share(one, one)
    assert applications.share("", one)
    if one and other:
        assert Applications([]).share(one, other)


def found(rule: str, files: dict[str, str]) -> list[tuple[str, Severity]]:
    """Where a rule finds what in files that were read together."""
    objects = [
        object_
        for path, text in files.items()
        for object_ in read(text, path, target=True, complete=True).objects
    ]
    outcome = check([rule_named(rule)], Context(Index(objects), kubernetes_version=NEWEST))
    assert not outcome.faults
    return [(item.location.path, item.severity) for item in outcome.findings]


def pod(account: str = "", namespace: str = "", privileged: str = "false") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    named = f"serviceAccountName: {account}, " if account else ""
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web{place}}}\nspec: {{{named}"
        f"containers: [{{name: a, image: a, securityContext: {{privileged: {privileged}}}}}]}}\n"
    )


def account(name: str = "web") -> str:
    return f"---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\n"


def bound(name: str, namespace: str = "", kind: str = "RoleBinding", role: str = "view") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return (
        f"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\n"
        f"metadata: {{name: b{place if kind == 'RoleBinding' else ''}}}\n"
        f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\n"
        f"subjects: [{{kind: ServiceAccount, name: {name}{place}}}]\n"
    )


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "reported"),
    [
        ("default", "", "", True),  # each namespace has one, and these are two or one: who knows
        ("default", "shop", "", True),
        ("default", "shop", "shop", False),
        ("web", "shop", "shop", False),
    ],
)
def test_rights_of_another_application(name: str, ours: str, theirs: str, reported: bool) -> None:
    files = {
        "apps/a/web.yaml": pod(name, ours) + (account() if name == "web" else ""),
        "apps/b/web.yaml": pod("other", theirs or "shop") + bound(name, theirs),
    }
    assert (("apps/a/web.yaml", Severity.MEDIUM) in found(AUTOMOUNT, files)) == reported
    beside = {path.replace("apps/b", "apps/a/rbac"): text for path, text in files.items()}
    if ours == theirs:
        assert ("apps/a/web.yaml", Severity.MEDIUM) not in found(AUTOMOUNT, beside)


def test_an_account_of_its_own_is_not_that_of_another_application() -> None:
    files = {
        "apps/a/web.yaml": pod("web") + account(),
        "apps/b/web.yaml": pod("web") + account() + bound("web"),
    }
    assert found(AUTOMOUNT, files) == [("apps/a/web.yaml", Severity.MEDIUM)]
    files["apps/a/web.yaml"] = pod("web")  # it has none, so it means the other
    assert not found(AUTOMOUNT, files)


def test_a_token_that_another_application_declines() -> None:
    declining = account("default") + "automountServiceAccountToken: false\n"
    files = {"apps/a/web.yaml": pod(), "apps/b/web.yaml": pod() + declining}
    assert found(AUTOMOUNT, files) == [("apps/a/web.yaml", Severity.MEDIUM)]


ROLE = (
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader%s}\n"
    "rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]\n"
)


@pytest.mark.parametrize(
    "lent",
    [
        lambda namespace: pod("", namespace, "true"),
        lambda namespace: (
            pod("", namespace)
            + bound("boss", namespace or "default", "ClusterRoleBinding", "cluster-admin")
        ),
    ],
    ids=["a privileged pod", "a powerful account"],
)
def test_what_makes_a_namespace_sensitive(lent: Callable[[str], str]) -> None:
    def severity(ours: str, theirs: str, there: str = "apps/b/web.yaml") -> Severity:
        role = ROLE % (f", namespace: {ours}" if ours else "")
        files = {"apps/a/web.yaml": pod("", ours) + role, there: lent(theirs)}
        ((_, found_),) = found(SECRETS, files)
        return found_

    ordinary = severity("shop", "tools")
    assert severity("", "") == ordinary
    assert severity("", "default") == ordinary
    assert severity("shop", "shop") > ordinary
    assert severity("", "", "apps/a/rbac/web.yaml") > ordinary


def test_a_role_is_bound_in_its_own_application() -> None:
    binding = bound("web").replace("kind: ClusterRole, name: view", "kind: Role, name: reader")
    one = pod() + ROLE % ""
    other = pod() + (ROLE % "") + binding
    files = {"apps/a/web.yaml": one, "apps/b/web.yaml": other}
    assert [path for path, _ in found("rbac-unused-role", files)] == ["apps/a/web.yaml"]
    assert not found("rbac-unused-role", {"apps/a/web.yaml": one, "apps/b/rbac.yaml": binding})

"""Rules about service accounts: whose word counts about tokens, and who needs one."""

import pytest

from seawall.core.rule import ParameterValue
from seawall.core.severity import Confidence
from seawall.reports.blocks import by_file
from tests.kubernetes.support import judge

AUTOMOUNT = "automount-service-account-token"
DEFAULT = "default-service-account"


def pod(spec: str = "", namespace: str = "shop") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: {namespace}}}\n"
        f"spec:\n  containers: [{{name: web, image: web}}]\n{spec}"
    )


def account(name: str, automount: str = "", namespace: str = "shop") -> str:
    field = f"automountServiceAccountToken: {automount}\n" if automount else ""
    return (
        f"---\napiVersion: v1\nkind: ServiceAccount\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n{field}"
    )


def bound(subject: str, kind: str = "RoleBinding") -> str:
    place = ", namespace: shop" if kind == "RoleBinding" else ""
    return (
        f"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\n"
        f"metadata: {{name: b{place}}}\nroleRef: {{kind: ClusterRole, name: view}}\n"
        f"subjects: [{subject}]\n"
    )


WEB = "{kind: ServiceAccount, name: web, namespace: shop}"
OFF = "  automountServiceAccountToken: false\n"
ON = "  automountServiceAccountToken: true\n"
AS_WEB = "  serviceAccountName: web\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (pod(), True),
        (pod(OFF), False),
        (pod(ON), True),
        (pod("  automountServiceAccountToken: null\n"), True),
        (pod('  automountServiceAccountToken: "false"\n'), True),  # no boolean: counts as unset
        # the account's word counts where the pod says nothing
        (pod(AS_WEB) + account("web", "false"), False),
        (pod(AS_WEB + ON) + account("web", "false"), True),
        (pod(AS_WEB + OFF) + account("web", "true"), False),
        (pod(AS_WEB) + account("web", "false", "tools"), True),
        (pod("  serviceAccount: web\n") + account("web", "false"), False),
        (pod() + account("default", "false"), False),
        # who has rights calls the API
        (pod(AS_WEB) + bound(WEB), False),
        (pod(AS_WEB) + bound(WEB, "ClusterRoleBinding"), False),
        (pod(AS_WEB) + bound("{kind: ServiceAccount, name: web}"), False),
        (pod(AS_WEB) + bound("{kind: ServiceAccount, name: web, namespace: tools}"), True),
        (pod(AS_WEB) + bound("{kind: ServiceAccount, name: other, namespace: shop}"), True),
    ],
)
def test_tokens_that_nothing_needs(text: str, found: bool) -> None:
    assert bool(judge(AUTOMOUNT, text)) == found


def test_pods_without_a_namespace_go_where_their_account_is_bound() -> None:
    text = pod(AS_WEB) + bound(WEB.replace("shop", "tools"))
    assert judge(AUTOMOUNT, text)
    assert not judge(AUTOMOUNT, text.replace(", namespace: shop}\nspec", "}\nspec"))


def test_confidence_where_bindings_may_stand_elsewhere() -> None:
    (finding,) = judge(AUTOMOUNT, pod(AS_WEB))
    assert finding.confidence is Confidence.HIGH
    (finding,) = judge(AUTOMOUNT, pod(AS_WEB), complete=False)
    assert finding.confidence is Confidence.MEDIUM
    assert not judge(AUTOMOUNT, pod(AS_WEB), opaque=("name: web",))
    assert judge(AUTOMOUNT, pod(), opaque=("default",)), "that word stands everywhere"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (pod(), True),
        (pod("  serviceAccountName: default\n"), True),
        (pod('  serviceAccountName: ""\n'), True),
        (pod("  serviceAccount: default\n"), True),
        (pod(AS_WEB), False),
        (pod("  serviceAccount: web\n"), False),
        (pod(OFF), False),
        (pod() + account("default", "false"), False),
        (pod(ON) + account("default", "false"), True),
    ],
)
def test_the_default_account(text: str, found: bool) -> None:
    """kubesec is content with ``default`` and an empty name."""
    assert bool(judge(DEFAULT, text)) == found


def test_pod_templates_are_judged_where_the_template_stands() -> None:
    text = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: web}
automountServiceAccountToken: false
spec:
  automountServiceAccountToken: false
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: web, image: web}]
"""
    (finding,) = judge(AUTOMOUNT, text)
    assert finding.location.key_path == (
        "spec", "jobTemplate", "spec", "template", "spec", "automountServiceAccountToken"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("  serviceAccount: web\n", "names its account web in a deprecated field"),
        ("  serviceAccount: web\n  serviceAccountName: web\n", ""),
        (
            "  serviceAccount: old\n  serviceAccountName: web\n",
            "names its account old in a deprecated field, which is ignored for web",
        ),
        ("  serviceAccountName: web\n", ""),
        ("  serviceAccount: null\n", ""),
        ("  serviceAccount: [web]\n", ""),
    ],
)
def test_deprecated_field(spec: str, message: str) -> None:
    found = judge("deprecated-service-account-field", pod(spec))
    assert [finding.message for finding in found] == ([message] if message else [])


TOKEN = "type: kubernetes.io/service-account-token"


@pytest.mark.parametrize(
    ("text", "version", "found"),
    [
        (f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{TOKEN}\n", "1.36", True),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: Opaque\n", "1.36", False),
        (account("web") + "secrets: [{name: web-token-x7k2p}]\n", "1.36", True),
        (account("web") + "secrets: [{name: web-token-x7k2p}]\n", "1.23", False),
        (account("web") + "secrets: [{name: web-dockercfg-x7k2p}]\n", "1.36", False),
        (account("web") + "secrets: [web-token-x7k2p, {name: 7}]\n", "1.36", False),
    ],
)
def test_tokens_kept_in_secrets(text: str, version: str, found: bool) -> None:
    result = judge("service-account-legacy-token-secret", text, kubernetes_version=version)
    assert bool(result) == found


def test_a_token_secret_is_reported_once() -> None:
    text = (
        account("web")
        + "secrets: [{name: web-token-x7k2p}]\n"
        + f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: web-token-x7k2p, namespace: shop, "
        f"annotations: {{kubernetes.io/service-account.name: web}}}}\n{TOKEN}\n"
    )
    (finding,) = judge("service-account-legacy-token-secret", text)
    assert finding.subject.kind == "Secret"
    assert finding.message == "holds a token of service account web that never ends"


@pytest.mark.parametrize(("seconds", "found"), [(86400, False), (86401, True), ('"99999"', False)])
def test_long_lived_tokens(seconds: object, found: bool) -> None:
    volume = (
        "  volumes:\n  - {name: other, emptyDir: {}}\n  - name: token\n    projected:\n"
        "      sources:\n      - {configMap: {name: a}}\n"
        f"      - {{serviceAccountToken: {{path: t, expirationSeconds: {seconds}}}}}\n"
    )
    result = judge("service-account-token-long-lived", pod(volume))
    assert bool(result) == found
    if result:
        assert result[0].location.key_path == (
            "spec", "volumes", 1, "projected", "sources", 1, "serviceAccountToken",
            "expirationSeconds",
        )  # fmt: skip
        limit: dict[str, dict[str, ParameterValue]] = {
            "service-account-token-long-lived": {"maximum": 90000}
        }
        assert not judge("service-account-token-long-lived", pod(volume), parameters=limit)


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("{kind: ServiceAccount, name: default, namespace: shop}", True),
        ("{kind: ServiceAccount, name: default}", True),
        ("{kind: User, name: 'system:serviceaccount:tools:default'}", True),
        ("{kind: User, name: default}", False),
        ("{kind: ServiceAccount, name: web, namespace: default}", False),
    ],
)
def test_rights_of_the_default_account(subject: str, found: bool) -> None:
    assert bool(judge("service-account-default-bound", bound(subject))) == found


def test_what_one_edit_mends_is_one_block() -> None:
    both = judge([AUTOMOUNT, DEFAULT], pod())
    (block,) = by_file(both)["test.yaml"]
    assert block.rules == (AUTOMOUNT, DEFAULT)
    rights = bound("{kind: ServiceAccount, name: default, namespace: shop}")
    (alone,) = judge([AUTOMOUNT, DEFAULT], pod() + rights)  # it needs its token
    assert alone.remedy == alone.rule.remedy != both[0].remedy

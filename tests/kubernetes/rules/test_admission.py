"""Rules about admission: what a webhook or policy lets by, and what is only thought to be weak."""

import pytest

from seawall.core.severity import Confidence, Severity
from tests.kubernetes.support import judge

ADMISSION = "admissionregistration.k8s.io"
LOW, MEDIUM = Severity.LOW, Severity.MEDIUM
RULE = "{apiGroups: [%s], apiVersions: [v1], operations: [%s], resources: [%s]}"


def rule(resources: str, operations: str = '"*"', groups: str = '""') -> str:
    return RULE % (groups, operations, resources)


FULL = rule("pods, pods/ephemeralcontainers", "CREATE, UPDATE")


def webhook(
    rules: str = FULL, more: str = "", kind: str = "Validating", version: str = "v1",
    client: str = "service: {name: a, namespace: b}", effects: str = "sideEffects: None",
) -> str:  # fmt: skip
    return f"""
apiVersion: {ADMISSION}/{version}
kind: {kind}WebhookConfiguration
metadata: {{name: policies}}
webhooks:
  - name: pods.example.org
    clientConfig: {{{client}}}
    {effects}
    rules: [{rules}]
{more}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (webhook(), []),
        (webhook(more="    failurePolicy: Fail"), []),
        (webhook(more="    failurePolicy: Ignore"), [("failurePolicy", MEDIUM)]),
        (webhook(version="v1beta1"), [("failurePolicy", MEDIUM)]),  # its default was Ignore
        (webhook(version="v1beta1", more="    failurePolicy: Fail"), []),
        (webhook(more="    failurePolicy: Ignore", kind="Mutating"), []),
        (webhook(rule("widgets"), "    failurePolicy: Ignore"), []),
        (webhook(more="    timeoutSeconds: 10"), []),
        (webhook(more="    timeoutSeconds: 30"), [("timeoutSeconds", LOW)]),
        (webhook(effects="sideEffects: Unknown"), [("sideEffects", LOW)]),
        (webhook(effects="sideEffects: NoneOnDryRun"), []),
        # what is not seen
        (webhook(rule("pods", "CREATE, UPDATE")), [("rules", LOW)]),
        (webhook(rule("pods", "CREATE, UPDATE"), kind="Mutating"), []),
        (webhook(rule('pods, "pods/*"', "CREATE, UPDATE")), []),
        (webhook(rule('"*/*"', "CREATE, UPDATE", "apps")), []),
        (webhook(rule("pods, pods/ephemeralcontainers", "CREATE")), [("rules", LOW)] * 2),
        (webhook(rule("deployments", "CREATE", "apps")), [("rules", LOW)]),
        (webhook(rule("deployments", "CREATE, UPDATE", "apps")), []),
        (webhook(rule("deployments", "UPDATE", "apps")), []),
        # everything everywhere
        (webhook(rule('"*/*"', groups='"*"')), [("namespaceSelector", MEDIUM)]),
        (webhook(rule('"*/*"', groups='"*"'), kind="Mutating"), [("namespaceSelector", MEDIUM)]),
        (webhook(rule('"*/*"', groups='"*"'), "    namespaceSelector: {matchLabels: {a: b}}"), []),
        (webhook(rule('"*/*"', groups='"*"'), "    namespaceSelector: {}"),
         [("namespaceSelector", MEDIUM)]),
        (webhook(rule('"*/*"', groups='"*"'), "    matchConditions: [{name: a}]"), []),
        # addresses
        (webhook(client="url: 'https://hooks.example.org/validate'"),
         [("clientConfig", MEDIUM)]),
        (webhook(client="url: 'https://10.1.2.3:8443/validate'"), [("clientConfig", MEDIUM)]),
        (webhook(client="url: 'https://policies.policies.svc:443/validate'"), []),
        (webhook(client="url: 'https://127.0.0.1:9443'"), []),
        (webhook(client="url: 'https://localhost:9443/a'"), []),
    ],
)  # fmt: skip
def test_webhooks(text: str, expected: list[tuple[str, Severity]]) -> None:
    found = judge("admission-webhook-insecure", text)
    assert [(str(f.location.key_path[2]), f.severity) for f in found] == expected


def test_each_webhook_is_named() -> None:
    (finding,) = judge("admission-webhook-insecure", webhook(more="    failurePolicy: Ignore"))
    assert finding.message == (
        "webhook pods.example.org lets everything by when it does not answer"
    )
    other = webhook(more="    failurePolicy: Ignore").replace(ADMISSION, "example.org")
    assert not judge("admission-webhook-insecure", other)


def policy(spec: str, kind: str = "ValidatingAdmissionPolicy") -> str:
    return f"""---
apiVersion: {ADMISSION}/v1
kind: {kind}
metadata: {{name: no-latest}}
spec: {{{spec}}}
"""


BOUND = policy("policyName: no-latest, validationActions: [Deny]",
               "ValidatingAdmissionPolicyBinding")  # fmt: skip
CHECK = 'validations: [{expression: "object.spec.replicas < 5"}]'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (policy(CHECK) + BOUND, 0),
        (policy(CHECK), 1),
        (policy(CHECK) + BOUND.replace("policyName: no-latest", "policyName: other"), 1),
        (policy(f"{CHECK}, failurePolicy: Ignore") + BOUND, 1),
        (policy(f"{CHECK}, failurePolicy: Fail") + BOUND, 0),
        (policy(CHECK + ', matchConditions: [{name: a, expression: " false "}]') + BOUND, 1),
        (policy(CHECK + ', matchConditions: [{name: a, expression: "a == b"}]') + BOUND, 0),
        (policy('validations: [{expression: "true"}]') + BOUND, 1),
        (policy('validations: [{expression: "true"}, {expression: "a"}]') + BOUND, 0),
        (policy("validations: 7, matchConditions: [x, 3]") + BOUND, 0),
        (policy(CHECK) + BOUND.replace("[Deny]", "[Deny, Audit]"), 0),
        (policy(CHECK) + BOUND.replace("[Deny]", "[Warn, Audit]"), 1),
        (policy(CHECK) + BOUND.replace("[Deny]", "[]"), 1),
        (policy(CHECK)
         + BOUND.replace("[Deny]", "[Deny], paramRef: {parameterNotFoundAction: Allow}"), 1),
        (policy(CHECK)
         + BOUND.replace("[Deny]", "[Deny], paramRef: {parameterNotFoundAction: Deny}"), 0),
    ],
)  # fmt: skip
def test_policies(text: str, found: int) -> None:
    assert len(judge("validating-admission-policy-weak", text)) == found


def test_a_binding_may_stand_elsewhere() -> None:
    (finding,) = judge("validating-admission-policy-weak", policy(CHECK), complete=False)
    assert finding.confidence is Confidence.LOW
    assert not judge("validating-admission-policy-weak", policy(CHECK), opaque=("no-latest",))


@pytest.mark.parametrize(("value", "found"), [("true", 1), ("false", 0), ('"true"', 0), ("", 0)])
def test_security_context_constraints(value: str, found: int) -> None:
    text = (
        "apiVersion: security.openshift.io/v1\nkind: SecurityContextConstraints\n"
        f"metadata: {{name: a}}\nallowPrivilegedContainer: {value}\n"
        "users: [system:serviceaccount:ci:builder]\n"
    )
    result = judge("scc-allows-privileged", text)
    assert len(result) == found
    if result:
        assert result[0].message == (
            "allows privileged containers to system:serviceaccount:ci:builder"
        )

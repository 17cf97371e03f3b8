"""Rules about admission: webhooks, policies and security context constraints that let things by."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import Map, integer, is_true, mappings, text, texts

_GROUP = "admissionregistration.k8s.io"
_MAX_TIMEOUT = 10

_GUARDED = frozenset(
    """
    pods deployments statefulsets daemonsets replicasets cronjobs replicationcontrollers
    secrets serviceaccounts namespaces roles rolebindings clusterroles clusterrolebindings
    """.split()
)
"""Resources that security policies are about."""


@object_rule(
    "admission-webhook-insecure",
    severity=Severity.MEDIUM,
    remedy="Set the named field of the webhook so that nothing passes it unseen.",
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
    aliases=("C-0036", "C-0039"),
)
def admission_webhook_insecure(object_: KubernetesObject, context: Context) -> Hits:
    """Admission webhooks must not let things by, leak objects or block the cluster.

    Reports at medium: webhooks at an address outside the cluster; validating webhooks for pods,
    workloads, secrets, roles or namespaces with ``failurePolicy: Ignore``; webhooks that are asked
    about everything everywhere and fail closed, so that the cluster stands still when they do.

    Reports at low: validating webhooks that see pods made but no ephemeral containers added, or
    guarded objects made but not changed; ``timeoutSeconds`` above 10; ``sideEffects`` that are
    unknown, so that a dry run is refused or not dry.

    Why:

    A policy that is not asked holds nothing back, and nobody notices: the request just succeeds.

    Bad:

        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata:
          name: policies
        webhooks:
          - name: pods.policies.example.org
            admissionReviewVersions: [v1]
            sideEffects: None
            failurePolicy: Ignore
            clientConfig:
              service: {name: policies, namespace: policies}
            rules:
              - apiGroups: [""]
                apiVersions: [v1]
                operations: [CREATE, UPDATE]
                resources: [pods, pods/ephemeralcontainers]

    Good:

        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata:
          name: policies
        webhooks:
          - name: pods.policies.example.org
            admissionReviewVersions: [v1]
            sideEffects: None
            failurePolicy: Fail
            clientConfig:
              service: {name: policies, namespace: policies}
            rules:
              - apiGroups: [""]
                apiVersions: [v1]
                operations: [CREATE, UPDATE]
                resources: [pods, pods/ephemeralcontainers]

    Not reported:

    A missing ``caBundle``: controllers put it in when they run.

    References:
    https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/
    """
    if object_.group != _GROUP:
        return
    for index, webhook in mappings(object_.value, "webhooks"):
        name = text(webhook, "name")
        for message, at, severity in _weaknesses(webhook, object_):
            yield Hit(
                f"webhook {name} {message}",
                ("webhooks", index, *at),
                severity=severity,
                evidence=f"{name} {message}",
            )


def _weaknesses(webhook: Map, object_: KubernetesObject) -> Iterator[tuple[str, KeyPath, Severity]]:
    beta = object_.version == "v1beta1"
    rules = [rule for _, rule in mappings(webhook, "rules")]
    fails_open = (text(webhook, "failurePolicy") or ("Ignore" if beta else "Fail")) == "Ignore"
    host = _host(text(webhook, "clientConfig", "url"))
    if host and not _is_inside(host):
        yield f"sends objects to {host}", ("clientConfig", "url"), Severity.MEDIUM
    if not fails_open and any(map(_is_everything, rules)) and not _is_narrowed(webhook):
        message = "is asked about everything in every namespace and fails closed"
        yield message, ("namespaceSelector",), Severity.MEDIUM
    timeout = integer(webhook, "timeoutSeconds") or 0
    if timeout > _MAX_TIMEOUT:
        yield f"may take {timeout} seconds", ("timeoutSeconds",), Severity.LOW
    if (text(webhook, "sideEffects") or ("Unknown" if beta else "")) in ("Unknown", "Some"):
        yield "has side effects also in dry runs", ("sideEffects",), Severity.LOW
    if object_.kind == "ValidatingWebhookConfiguration" and any(map(_is_guard, rules)):
        if fails_open:
            message = "lets everything by when it does not answer"
            yield message, ("failurePolicy",), Severity.MEDIUM
        yield from _gaps(rules)


def _gaps(rules: list[Map]) -> Iterator[tuple[str, KeyPath, Severity]]:
    sees_pods = any(_sees(rule, "CREATE", "pods") for rule in rules)
    if sees_pods and not any(_sees(rule, "UPDATE", "pods/ephemeralcontainers") for rule in rules):
        yield "does not see ephemeral containers", ("rules",), Severity.LOW
    for resource in sorted(_GUARDED):
        made = any(_sees(rule, "CREATE", resource) for rule in rules)
        if made and not any(_sees(rule, "UPDATE", resource) for rule in rules):
            yield f"does not see changes of {resource}", ("rules",), Severity.LOW
            return


def _sees(rule: Map, operation: str, resource: str) -> bool:
    """Whether a rule covers a resource; ``*`` takes in no subresources, ``*/*`` all."""
    operations = texts(rule, "operations")
    if operation not in operations and "*" not in operations:
        return False
    base, slash, _ = resource.partition("/")
    patterns = {resource, "*/*", f"{base}/*" if slash else "*"}
    return not patterns.isdisjoint(texts(rule, "resources"))


def _is_guard(rule: Map) -> bool:
    return not (_GUARDED | {"*", "*/*"}).isdisjoint(texts(rule, "resources"))


def _is_everything(rule: Map) -> bool:
    return "*" in texts(rule, "apiGroups") and not {"*", "*/*"}.isdisjoint(texts(rule, "resources"))


def _is_narrowed(webhook: Map) -> bool:
    return any(
        webhook.get(key) for key in ("namespaceSelector", "objectSelector", "matchConditions")
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _is_inside(host: str) -> bool:
    name = host.partition(":")[0]
    return (
        name.endswith((".svc", ".svc.cluster.local", ".localhost"))
        or name.startswith(("127.", "[::1]"))
        or "." not in name
    )


@object_rule(
    "validating-admission-policy-weak",
    severity=Severity.MEDIUM,
    remedy="Let the policy refuse: bind it with validationActions Deny and failurePolicy Fail.",
    kinds=("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    aliases=("C-0192",),
)
def validating_admission_policy_weak(object_: KubernetesObject, context: Context) -> Hits:
    """Validating admission policies must be able to refuse something.

    Reports bindings whose ``validationActions`` do not contain ``Deny`` and those that let objects
    by when the policy's parameters are missing; policies with ``failurePolicy: Ignore``, with a
    match condition that is always false, with validations that are always true, and policies that
    no binding of the input names.

    Why:

    The policy looks as if it were in force, and the API server accepts what it forbids.

    Bad:

        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicyBinding
        metadata:
          name: no-latest
        spec:
          policyName: no-latest
          validationActions: [Warn]

    Good:

        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicyBinding
        metadata:
          name: no-latest
        spec:
          policyName: no-latest
          validationActions: [Deny]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    """
    if object_.group != _GROUP:
        return
    spec = object_.spec
    if object_.kind == "ValidatingAdmissionPolicyBinding":
        actions = texts(spec, "validationActions")
        if "Deny" not in actions:
            message = f"only has {' and '.join(actions) or 'no'} as validationActions"
            yield Hit(message, ("spec", "validationActions"))
        if text(spec, "paramRef", "parameterNotFoundAction") == "Allow":
            message = "lets everything by when its parameters are missing"
            yield Hit(message, ("spec", "paramRef", "parameterNotFoundAction"))
        return
    if text(spec, "failurePolicy") == "Ignore":
        message = "lets everything by that its expressions fail on"
        yield Hit(message, ("spec", "failurePolicy"))
    for index, condition in mappings(spec, "matchConditions"):
        if text(condition, "expression").strip() == "false":
            message = "matches nothing, as a condition is always false"
            yield Hit(message, ("spec", "matchConditions", index, "expression"))
    validations = [text(item, "expression").strip() for _, item in mappings(spec, "validations")]
    if validations and set(validations) == {"true"}:
        yield Hit("accepts everything", ("spec", "validations"))
    bindings = context.index.of_kind("ValidatingAdmissionPolicyBinding")
    if not any(text(binding.spec, "policyName") == object_.name for binding in bindings) and (
        not context.index.is_unresolved(object_.name)
    ):
        confidence = context.confidence_of_absence(object_)
        yield Hit("is bound nowhere", ("metadata", "name"), confidence=confidence)


@object_rule(
    "scc-allows-privileged",
    severity=Severity.HIGH,
    remedy="Set allowPrivilegedContainer to false.",
    kinds=("SecurityContextConstraints",),
    aliases=("kube-linter:scc-deny-privileged-container",),
)
def scc_allows_privileged(object_: KubernetesObject, context: Context) -> Hits:
    """Security context constraints must not allow privileged containers.

    Reports OpenShift's SecurityContextConstraints with ``allowPrivilegedContainer: true``.

    Why:

    Every account that may use the constraints can start a container that owns its node.

    Bad:

        apiVersion: security.openshift.io/v1
        kind: SecurityContextConstraints
        metadata:
          name: builder
        allowPrivilegedContainer: true
        runAsUser:
          type: MustRunAsRange
        seLinuxContext:
          type: MustRunAs

    Good:

        apiVersion: security.openshift.io/v1
        kind: SecurityContextConstraints
        metadata:
          name: builder
        allowPrivilegedContainer: false
        runAsUser:
          type: MustRunAsRange
        seLinuxContext:
          type: MustRunAs

    References:
    https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html
    """
    if is_true(object_.value, "allowPrivilegedContainer"):
        users = texts(object_.value, "users") + texts(object_.value, "groups")
        whom = f" to {', '.join(users[:3])}" if users else ""
        yield Hit(f"allows privileged containers{whom}", ("allowPrivilegedContainer",))

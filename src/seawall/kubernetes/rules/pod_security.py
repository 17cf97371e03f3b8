"""Rules about the Pod Security Standards: levels, and the namespace labels that demand them."""

from seawall.core.rule import PSS_BASELINE, PSS_RESTRICTED, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pod_security import (
    BASELINE,
    PRIVILEGED,
    evaluate,
    message,
    namespace_policy,
)
from seawall.kubernetes.pod_security.policy import LABEL_PREFIX, RESTRICTED, version_minor
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context, object_rule, pod_rule

_ENFORCE = f"{LABEL_PREFIX}enforce"
_OLD = 3
"""Minor versions: how long Kubernetes supports a release, roughly."""


def _violations(pod: Pod, level: str, context: Context) -> Hits:
    metadata, spec = pod.metadata, pod.whole_spec
    for violation in evaluate(level, context.pss_version, metadata, spec):
        detail = f" ({violation.detail})" if violation.detail else ""
        first, *others = violation.paths
        yield Hit(
            f"{violation.reason}{detail}",
            pod.from_whole(first),
            severity=Severity.HIGH if violation.level == BASELINE else Severity.MEDIUM,
            evidence=f"{violation.check}: {violation.detail}",
            related=tuple((pod, pod.from_whole(path), "also here") for path in others),
        )


@pod_rule(
    "pss-baseline",
    severity=Severity.HIGH,
    profile=PSS_BASELINE,
    remedy="Take out what the baseline level forbids.",
    aliases=("C-0055",),
    compliance=("cis-1.12:5.2.1",),
)
def pss_baseline(pod: Pod, context: Context) -> Hits:
    """Pods must meet the baseline level of the Pod Security Standards.

    Runs every check of the level in the policy version of ``--pss-version``, as the API server's
    admission plugin does, and says what that says.

    Why:

    The baseline level forbids what is known to lead from a container to its node: privileged
    containers, host namespaces, host paths, extra capabilities and the like.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostPID: true
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    return _violations(pod, BASELINE, context)


@pod_rule(
    "pss-restricted",
    severity=Severity.MEDIUM,
    profile=PSS_RESTRICTED,
    remedy="Set the security context that the restricted level demands.",
    compliance=("cis-1.12:5.2.1",),
)
def pss_restricted(pod: Pod, context: Context) -> Hits:
    """Pods must meet the restricted level of the Pod Security Standards.

    Runs every check of the level, those of baseline included, in the policy version of
    ``--pss-version``, as the API server's admission plugin does, and says what that says.

    Why:

    The restricted level asks for current hardening practice: no root user, no privilege
    escalation, all capabilities dropped, a seccomp profile, and only harmless volume types.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsNonRoot: true
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: [ALL]

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    return _violations(pod, RESTRICTED, context)


@pod_rule(
    "pss-deployment-will-be-rejected",
    severity=Severity.HIGH,
    remedy="Change the pod so that it meets its namespace's enforced level, or change the label.",
    compliance=("cis-1.12:5.2.1",),
)
def pss_deployment_will_be_rejected(pod: Pod, context: Context) -> Hits:
    """Pods must meet the level that their own namespace enforces.

    Judges each pod and pod template against the ``pod-security.kubernetes.io/enforce`` label of
    its Namespace, where that is among the input. Where overlays define the namespace several
    times, each of the levels they enforce must refuse the pod.

    Why:

    The API server accepts a Deployment whose pods violate the enforced level: only the pods are
    refused, so the roll-out hangs without an error where people look for one.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: baseline
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
        spec:
          hostNetwork: true
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: baseline
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    hits = []
    for namespace in context.index.find_all("Namespace", "", pod.object.namespace):
        if _ENFORCE not in namespace.labels:
            continue
        level, version = namespace_policy(namespace.labels).enforce
        violations = evaluate(level, version, pod.metadata, pod.whole_spec)
        if not violations:
            return
        hits.append(
            Hit(
                f"pods will be refused by namespace {pod.object.namespace}: "
                + message(level, version, violations),
                pod.from_whole(violations[0].paths[0]),
                evidence=f"{level}:{version}",
                related=((namespace, ("metadata", "labels", _ENFORCE), "enforced here"),),
            )
        )
    yield from hits[:1]


@object_rule(
    "pss-namespace-unlabelled",
    kinds=("Namespace",),
    severity=Severity.MEDIUM,
    remedy="Label the namespace with pod-security.kubernetes.io/enforce: restricted, or baseline.",
    aliases=("C-0192", "C-0068"),
    compliance=("cis-1.12:5.2.1",),
)
def pss_namespace_unlabelled(namespace: KubernetesObject, context: Context) -> Hits:
    """Namespaces with workloads should enforce a Pod Security level.

    Reports Namespaces that hold workloads of the input and whose
    ``pod-security.kubernetes.io/enforce`` label is absent or ``privileged``.

    Why:

    Without the label the API server admits any pod, privileged ones too: one careless manifest
    or one stolen token is then enough to take over a node.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: restricted
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    key = f"{LABEL_PREFIX}enforce"
    level = namespace.labels.get(key, "")
    if level not in ("", PRIVILEGED) or not context.index.pods_in(namespace.name):
        return
    yield Hit(
        "enforces the privileged level, which forbids nothing" if level
        else "enforces no Pod Security level",
        ("metadata", "labels", key),
        evidence=level,
    )  # fmt: skip


@object_rule(
    "pss-namespace-label-invalid",
    kinds=("Namespace",),
    severity=Severity.MEDIUM,
    remedy="Write privileged, baseline or restricted as level, and latest or v1.N as version.",
)
def pss_namespace_label_invalid(namespace: KubernetesObject, context: Context) -> Hits:
    """Pod Security labels must hold a known level and version.

    Reports ``pod-security.kubernetes.io/`` labels whose value the API server does not know.

    Why:

    The server refuses to create such a namespace. Where it exists already, a misspelt enforce
    level counts as restricted and a misspelt audit or warn level as privileged, that is as none.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: strict

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: restricted

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    for key, reason in namespace_policy(namespace.labels).errors:
        value = namespace.labels.get(key, "")
        yield Hit(f"{key}: {reason}", ("metadata", "labels", key), evidence=value)


@object_rule(
    "pss-enforce-version-unpinned",
    kinds=("Namespace",),
    severity=Severity.LOW,
    remedy="Set pod-security.kubernetes.io/enforce-version to the version you have tested, v1.N.",
)
def pss_enforce_version_unpinned(namespace: KubernetesObject, context: Context) -> Hits:
    """A namespace that enforces a level should say which version of the level it means.

    Reports Namespaces with an enforce label whose ``enforce-version`` is absent or ``latest``.

    Why:

    Levels grow stricter with Kubernetes releases. Without a pinned version a cluster upgrade can
    refuse pods that ran until then.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: restricted

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: restricted
            pod-security.kubernetes.io/enforce-version: v1.36

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    labels = namespace.labels
    version_key = f"{LABEL_PREFIX}enforce-version"
    if labels.get(f"{LABEL_PREFIX}enforce") not in (BASELINE, RESTRICTED):
        return
    if labels.get(version_key, "latest") == "latest":
        yield Hit("enforces a level without a pinned version", ("metadata", "labels", version_key))


@object_rule(
    "pss-enforce-version-outdated",
    kinds=("Namespace",),
    severity=Severity.LOW,
    remedy="Raise pod-security.kubernetes.io/enforce-version to the version of your cluster.",
)
def pss_enforce_version_outdated(namespace: KubernetesObject, context: Context) -> Hits:
    """An enforced Pod Security version should not be older than any supported release.

    Reports an ``enforce-version`` more than three minor versions behind the cluster's version
    (``--kubernetes-version``).

    Why:

    Newer versions of a level forbid what has been found to be dangerous since, such as probes
    that make the kubelet call other hosts (forbidden since v1.34).

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: restricted
            pod-security.kubernetes.io/enforce-version: v1.25

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            pod-security.kubernetes.io/enforce: restricted
            pod-security.kubernetes.io/enforce-version: v1.36

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    key = f"{LABEL_PREFIX}enforce-version"
    version = namespace.labels.get(key, "")
    minor = version_minor(version) if version != "latest" else None
    if minor is not None and minor < context.minor - _OLD:
        yield Hit(f"enforces the level of {version}", ("metadata", "labels", key), evidence=version)

"""Rules about service accounts: which one a pod runs as, and what its tokens are good for."""

import os
from functools import lru_cache

from seawall.core.rule import RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.applications import names_namespace
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rbac_grants import GROUPS, role_key, roles_in, subjects_of
from seawall.kubernetes.rule import Context, object_rule, pod_rule
from seawall.kubernetes.rules.held import BINDINGS
from seawall.text.values import integer, mappings, text

_TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret
_TOKEN_SECRETS_MADE_UP_TO = 23
"""The last minor version that made a token Secret for each account by itself."""


@pod_rule(
    "automount-service-account-token",
    severity=Severity.MEDIUM,
    remedy="Set spec.automountServiceAccountToken to false in pods that do not call the API.",
    aliases=(
        "kubesec:AutomountServiceAccountToken",
        "KSV-0036",
        "CKV_K8S_38",
        "C-0034",
        "polaris:automountServiceAccountToken",
    ),
    compliance=("cis-1.12:5.1.6",),
)
def automount_service_account_token(pod: Pod, context: Context) -> Hits:
    """Pods that do not call the Kubernetes API must not hold a token for it.

    Reports pods into which the kubelet mounts a token (``automountServiceAccountToken`` of the pod
    decides, then that of its ServiceAccount; unset means yes) although no binding of the input
    gives the account any rights. The confidence is medium where bindings may stand elsewhere.

    Why:

    A token that is not needed is only ever used by an intruder: it shows him the API server, and
    gives him whatever all accounts or a later binding may do.

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
          automountServiceAccountToken: false
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Pods whose account a RoleBinding or ClusterRoleBinding of the input names: they use the API. A
    binding of another application (a directory with pods of its own) counts where both say the
    namespace.
    Tokens that the pod asks for itself with a projected volume. Tasks and Pipelines of Tekton:
    whoever runs them says as which account.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    """
    if _holds_useless_token(pod, context.index):
        complete = context.confidence_of_absence(pod.object) is Confidence.HIGH
        account = pod.service_account_name
        yield Hit(
            f"holds a token of service account {account}, to which nothing gives rights",
            pod.at("automountServiceAccountToken"),
            confidence=Confidence.HIGH if complete else Confidence.MEDIUM,
        )


@lru_cache(maxsize=1)  # two rules ask
def _holds_useless_token(pod: Pod, index: Index) -> bool:
    """Whether a pod is given a token of an account to which nothing in the input gives rights."""
    if pod.started_elsewhere or not index.mounts_token(pod):
        return False
    account = pod.service_account_name
    if index.has_rights(pod):
        return False
    if account == "default":
        return True
    if not names_namespace(pod.object):
        # Then it goes where the account of its application's binding is.
        here = os.path.dirname(pod.object.file)
        bound = roles_in(index).bound_accounts.get(account, frozenset())
        if bound and not index.has_account_of_its_own(pod):
            return False
        if any(index.applications.share(here, directory) for directory in bound):
            return False
    return not index.is_unresolved(account)


@pod_rule(
    "default-service-account",
    severity=Severity.LOW,
    remedy="Create a ServiceAccount for the workload and name it in spec.serviceAccountName.",
    aliases=("kubesec:ServiceAccountName", "kube-linter:default-service-account", "C-0189"),
    compliance=("cis-1.12:5.1.5",),
)
def default_service_account(pod: Pod, context: Context) -> Hits:
    """Workloads should run as a service account of their own.

    Reports pods that run as ``default``, whether they say so or say nothing, unless no token of it
    is mounted. Where nothing gives that account rights, automount-service-account-token reports the
    pod as well: its remedy, to mount no token, mends both, so this finding names the same one.

    Why:

    Every pod of the namespace that names no account shares this one: rights that one of them gets
    are rights of all.

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
          serviceAccountName: web
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Pods with ``automountServiceAccountToken: false``, of their own or of the account. Tasks and
    Pipelines of Tekton: whoever runs them says as which account.

    References:
    https://kubernetes.io/docs/concepts/security/service-accounts/
    """
    if pod.started_elsewhere:
        return
    if pod.service_account_name == "default" and context.index.mounts_token(pod):
        old = not text(pod.spec, "serviceAccountName") and text(pod.spec, "serviceAccount")
        field = "serviceAccount" if old else "serviceAccountName"
        no_use = _holds_useless_token(pod, context.index)
        yield Hit(
            "runs as the service account that all others share",
            pod.at(field),
            remedy=automount_service_account_token.remedy if no_use else None,
        )


@pod_rule(
    "deprecated-service-account-field",
    severity=Severity.LOW,
    remedy="Move the value of spec.serviceAccount to spec.serviceAccountName.",
    profile=RELIABILITY,
    aliases=("kube-linter:deprecated-service-account-field",),
)
def deprecated_service_account_field(pod: Pod, context: Context) -> Hits:
    """Pods should name their account in serviceAccountName.

    Reports pods that set ``serviceAccount`` to anything but what ``serviceAccountName`` says.

    Why:

    ``serviceAccount`` is deprecated, and where both are set ``serviceAccountName`` wins: the pod
    may run as another account than its author believes.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          serviceAccount: web
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          serviceAccountName: web
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    The same name in both fields, as every pod read from a cluster has it.

    References:
    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
    """
    old, new = text(pod.spec, "serviceAccount"), text(pod.spec, "serviceAccountName")
    if old and old != new:
        ignored = f", which is ignored for {new}" if new else ""
        yield Hit(
            f"names its account {old} in a deprecated field{ignored}",
            pod.at("serviceAccount"),
            evidence=old,
        )


@object_rule(
    "service-account-legacy-token-secret",
    severity=Severity.HIGH,
    remedy="Remove the Secret; use projected tokens, or kubectl create token for a short while.",
    kinds=("Secret", "ServiceAccount"),
    aliases=("C-0053",),
    compliance=("cis-1.12:5.1.6",),
)
def service_account_legacy_token_secret(object_: KubernetesObject, context: Context) -> Hits:
    """Tokens of service accounts must not be kept in Secrets.

    Reports Secrets of type ``kubernetes.io/service-account-token``, and ServiceAccounts whose
    ``secrets`` list such a Secret by the name that older versions gave it (``web-token-x7k2p``)
    where the Secret itself is not among the input.

    Why:

    The token never ends, is bound to no pod and can be read by whoever reads Secrets. Tokens that
    the kubelet asks for end after an hour and with their pod.

    Bad:

        apiVersion: v1
        kind: Secret
        metadata:
          name: deployer-token
          annotations:
            kubernetes.io/service-account.name: deployer
        type: kubernetes.io/service-account-token

    Good:

        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: deployer

    Not reported:

    ``secrets`` of a ServiceAccount when the target version is older than Kubernetes 1.24, which
    made them by itself.

    References:
    https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
    """
    if object_.kind == "Secret":
        if text(object_.value, "type") == _TOKEN_SECRET:
            account = object_.annotations.get("kubernetes.io/service-account.name", "")
            whose = f" of service account {account}" if account else ""
            yield Hit(f"holds a token{whose} that never ends", ("type",))
        return
    if context.minor <= _TOKEN_SECRETS_MADE_UP_TO:
        return
    for position, reference in mappings(object_.value, "secrets"):
        name = text(reference, "name")
        known = context.index.find("Secret", object_.namespace, name)
        if name.startswith(f"{object_.name}-token-") and known is None:
            yield Hit(
                f"has a token that never ends in Secret {name}",
                ("secrets", position, "name"),
                evidence=name,
            )


@pod_rule(
    "service-account-token-long-lived",
    severity=Severity.MEDIUM,
    remedy="Lower expirationSeconds of the serviceAccountToken source; the kubelet renews it.",
    parameters=(
        Parameter("maximum", 86400, "The longest time in seconds that a token may be valid."),
    ),
    compliance=("cis-1.12:5.1.6",),
)
def service_account_token_long_lived(pod: Pod, context: Context) -> Hits:
    """Projected tokens should end within a day.

    Reports ``serviceAccountToken`` sources of projected volumes whose ``expirationSeconds`` is
    greater than the parameter ``maximum``.

    Why:

    The kubelet renews the token long before it ends, so a long time helps nobody but a thief.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: vault-token
              projected:
                sources:
                  - serviceAccountToken:
                      path: token
                      audience: vault
                      expirationSeconds: 604800

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: vault-token
              projected:
                sources:
                  - serviceAccountToken:
                      path: token
                      audience: vault
                      expirationSeconds: 3600

    Parameters:

        maximum = 86400

    References:
    https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
    """
    maximum = context.integer(service_account_token_long_lived, "maximum")
    for position, volume in pod.volumes:
        for index, source in mappings(volume, "projected", "sources"):
            seconds = integer(source, "serviceAccountToken", "expirationSeconds")
            if seconds is not None and seconds > maximum:
                below = ("projected", "sources", index, "serviceAccountToken", "expirationSeconds")
                yield Hit(
                    f"asks for a token that is valid for {seconds} seconds",
                    pod.at("volumes", position, *below),
                    evidence=str(seconds),
                )


@object_rule(
    "service-account-default-bound",
    severity=Severity.HIGH,
    remedy="Bind an account of the workload's own instead of default.",
    kinds=BINDINGS,
    aliases=("CKV_K8S_42", "C-0189"),
    compliance=("cis-1.12:5.1.5",),
)
def service_account_default_bound(binding: KubernetesObject, context: Context) -> Hits:
    """Rights must not be given to the default account of a namespace.

    Reports bindings whose subjects include a service account ``default``, also as a user
    ``system:serviceaccount:...:default``.

    Why:

    Every pod of the namespace that names no account gets the rights, those that come later too.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: reader
          namespace: shop
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: ServiceAccount
            name: default
            namespace: shop

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: reader
          namespace: shop
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: ServiceAccount
            name: web
            namespace: shop

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    if binding.group in GROUPS:
        for subject in subjects_of(binding):
            if subject.kind == "ServiceAccount" and subject.name == "default":
                kind, _, name = role_key(binding)
                yield Hit(
                    f"gives {kind} {name} to {subject}, which pods run as by default",
                    ("subjects", subject.position, "name"),
                    evidence=subject.namespace,
                )

"""Rules about roles whose rights lead to more rights: everything, wildcards, roles, identities."""

from seawall.core.rule import OPT_IN, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.rules.held import ROLES, hits

_CONSTRAINED_IMPERSONATION = 35
"""The minor version that brought the verbs ``impersonate:...``."""
_POD_SECURITY_POLICY_REMOVED = 25


@object_rule(
    "rbac-cluster-admin-equivalent",
    severity=Severity.CRITICAL,
    remedy="List in rules[] the verbs, resources and API groups that are needed.",
    kinds=ROLES,
    aliases=("KSV-0044", "KSV-0112", "C-0187", "CKV_K8S_49", "kube-linter:wildcard-in-rules"),
    compliance=("cis-1.12:5.1.1", "cis-1.12:5.1.3"),
)
def rbac_cluster_admin_equivalent(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow every verb on every resource.

    Reports entries of a role's ``rules`` with verb ``*`` on resource ``*`` of all API groups, or of
    the core group alone: who may do everything with Secrets, Pods and service account tokens soon
    holds the rest. Critical where the role is bound cluster-wide (or not at all), high where it is
    only bound in ordinary namespaces. Other rules stay silent about such a role.

    Why:

    The role is ``cluster-admin`` under another name: a stolen token of any of its subjects is the
    whole cluster, and no later, finer rule takes anything away again.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: operator
        rules:
          - apiGroups: ["*"]
            resources: ["*"]
            verbs: ["*"]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: operator
        rules:
          - apiGroups: [apps]
            resources: [deployments]
            verbs: [get, list, watch]

    Not reported:

    The ClusterRoles that the API server makes itself, such as ``cluster-admin``.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_cluster_admin_equivalent)


@object_rule(
    "rbac-wildcard",
    severity=Severity.CRITICAL,
    remedy="List in rules[] the verbs, resources and API groups that are needed.",
    kinds=ROLES,
    aliases=(
        "kube-linter:wildcard-in-rules",
        "KSV-0045",
        "KSV-0046",
        "KSV-0112",
        "CKV_K8S_49",
        "C-0187",
    ),
    compliance=("cis-1.12:5.1.3",),
)
def rbac_wildcard(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not use wildcards for verbs, resources or API groups.

    Reports entries of a role's ``rules`` with ``*`` among ``verbs``, ``resources`` or
    ``nonResourceURLs``, and with ``*`` among ``apiGroups`` where no other rule has something to say
    of the entry. The severity follows from what the wildcard takes in: critical or, in a namespace,
    high when that is anything this catalogue calls high (secrets, pods, roles, admission); medium
    for all verbs or all writes on anything else; low for reads and for API groups.

    A wildcard covers subresources (``pods/exec``, ``nodes/proxy``), verbs that are not about data
    (``escalate``, ``bind``, ``impersonate``) and everything a later version adds.

    Why:

    Nobody can say what such a role allows: it grows with every custom resource that is installed
    and every verb that Kubernetes invents.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: secret-sync
        rules:
          - apiGroups: [""]
            resources: [secrets]
            verbs: ["*"]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: secret-sync
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [get]

    Not reported:

    Entries that allow everything (rbac-cluster-admin-equivalent says so). ``*/scale`` names one
    subresource of every resource and is judged by that. ``pods/*`` is no wildcard: it matches
    nothing (rbac-rule-matches-nothing).

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_wildcard)


@object_rule(
    "rbac-bind",
    severity=Severity.CRITICAL,
    remedy="Remove the verb bind, or limit it with resourceNames to roles that are harmless.",
    kinds=ROLES,
    aliases=("C-0191", "CKV_K8S_157"),
    compliance=("cis-1.12:5.1.8",),
)
def rbac_bind(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow binding roles whose rights the subject does not hold.

    Reports the verb ``bind`` on roles or clusterroles of the RBAC group. Critical together with the
    right to write bindings; medium without, or when ``resourceNames`` limits it to roles other than
    ``cluster-admin``.

    Why:

    The API server only lets people bind roles whose rights they hold themselves. ``bind`` switches
    that guard off: its holder can make himself cluster-admin.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterroles]
            verbs: [bind]
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterrolebindings]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterroles]
            verbs: [get]
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterrolebindings]
            verbs: [get]

    Not reported:

    ``bind`` on rolebindings or clusterrolebindings: the API server never asks for it there.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-binding-creation-or-update
    """
    return hits(role, context, rbac_bind)


@object_rule(
    "rbac-escalate",
    severity=Severity.CRITICAL,
    remedy="Remove the verb escalate.",
    kinds=ROLES,
    aliases=("C-0191", "CKV_K8S_158"),
    compliance=("cis-1.12:5.1.8",),
)
def rbac_escalate(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow writing rights into roles that the subject does not hold.

    Reports the verb ``escalate`` on roles or clusterroles. Critical together with the right to
    write roles; medium without; high when ``resourceNames`` limits it, as one role that the subject
    is bound to is enough.

    Why:

    The API server only lets people write rights into roles that they hold themselves. ``escalate``
    switches that guard off: its holder can give himself every right.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: role-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterroles]
            verbs: [escalate, update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: role-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterroles]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-creation-or-update
    """
    return hits(role, context, rbac_escalate)


@object_rule(
    "rbac-write-bindings",
    severity=Severity.HIGH,
    remedy="Remove create, update and patch on rolebindings and clusterrolebindings.",
    kinds=ROLES,
    aliases=("KSV-0050", "KSV-0051", "KSV-0052", "KSV-0055"),
)
def rbac_write_bindings(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow giving rights to others.

    Reports create, update and patch on rolebindings and clusterrolebindings.

    Why:

    Its holder can pass on every right he has, now or later, to accounts that nobody watches, and
    keeps it through them after his own binding is gone.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterrolebindings]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterrolebindings]
            verbs: [get]

    Not reported:

    Roles that allow ``bind`` as well: rbac-bind says it.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_bindings)


@object_rule(
    "rbac-write-roles",
    severity=Severity.HIGH,
    remedy="Remove create, update and patch on roles and clusterroles.",
    kinds=ROLES,
    aliases=("KSV-0050",),
)
def rbac_write_roles(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing roles.

    Reports create, update and patch on roles and clusterroles.

    Why:

    Its holder can put every right he has into a role that others are bound to, and with an
    aggregation label into ``view`` or ``edit`` for everybody.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: role-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterroles]
            verbs: [create, patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: role-manager
        rules:
          - apiGroups: [rbac.authorization.k8s.io]
            resources: [clusterroles]
            verbs: [get, list]

    Not reported:

    Roles that allow ``escalate`` as well: rbac-escalate says it.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_roles)


@object_rule(
    "rbac-impersonate",
    severity=Severity.CRITICAL,
    remedy="Remove the verb impersonate, or limit it with resourceNames to the identities needed.",
    kinds=ROLES,
    aliases=("KSV-0043", "C-0065", "C-0191", "CKV2_K8S_3"),
    compliance=("cis-1.12:5.1.8",),
)
def rbac_impersonate(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow acting as another user, group or service account.

    Reports the verb ``impersonate`` on users, groups or serviceaccounts of the core group. Medium
    for groups alone (a user must be named as well) and when ``resourceNames`` limits it to
    identities other than ``system:masters``.

    Why:

    With the group ``system:masters`` its holder passes every authorisation check; audit logs show
    the borrowed name first.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: support
        rules:
          - apiGroups: [""]
            resources: [users, groups]
            verbs: [impersonate]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: support
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
    """
    return hits(role, context, rbac_impersonate)


@object_rule(
    "rbac-impersonate-constrained",
    severity=Severity.HIGH,
    remedy="Remove the impersonate:... verbs, or limit them with resourceNames.",
    kinds=ROLES,
)
def rbac_impersonate_constrained(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow constrained impersonation without need.

    Reports the verbs of constrained impersonation (Kubernetes 1.35): ``impersonate:user-info``,
    ``impersonate:serviceaccount``, ``impersonate:arbitrary-node`` and ``impersonate:associated-
    node`` in the group ``authentication.k8s.io``. Silent for older versions, where they mean
    nothing.

    Why:

    What the holder may do in another's name is limited by further verbs, but he gets whatever of
    that the other one has: with ``arbitrary-node`` the rights of every kubelet.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: node-agent
        rules:
          - apiGroups: [authentication.k8s.io]
            resources: [nodes]
            verbs: [impersonate:arbitrary-node]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: node-agent
        rules:
          - apiGroups: [""]
            resources: [nodes]
            verbs: [get]

    References:
    https://github.com/kubernetes/enhancements/issues/5284
    """
    if context.minor >= _CONSTRAINED_IMPERSONATION:
        yield from hits(role, context, rbac_impersonate_constrained)


@object_rule(
    "rbac-token-request",
    severity=Severity.CRITICAL,
    remedy="Remove create on serviceaccounts/token, or limit it with resourceNames.",
    kinds=ROLES,
    aliases=("C-0282",),
    compliance=("cis-1.12:5.1.13",),
)
def rbac_token_request(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow making tokens of any service account.

    Reports create on ``serviceaccounts/token``. Medium when ``resourceNames`` limits it (low in a
    namespace).

    Why:

    Its holder can become every service account, controllers with wide rights among them.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: token-broker
        rules:
          - apiGroups: [""]
            resources: [serviceaccounts/token]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: token-broker
        rules:
          - apiGroups: [""]
            resources: [serviceaccounts]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_token_request)


@object_rule(
    "rbac-approve-csr",
    severity=Severity.CRITICAL,
    remedy="Remove the verb approve, or name in resourceNames signers no API server trusts.",
    kinds=ROLES,
    aliases=("C-0280", "CKV_K8S_156"),
    compliance=("cis-1.12:5.1.11",),
)
def rbac_approve_csr(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow approving client certificates.

    Reports the verb ``approve`` on signers. Critical together with update or patch on
    ``certificatesigningrequests/approval``, medium without. With ``resourceNames`` the signer
    decides: those for API clients and kubelets stay critical, the kubelet's serving signer is
    medium, all others are low.

    Why:

    Its holder can approve a certificate for any user or group name, or for any node, and log in
    with it until the certificate ends: there is no revocation.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: approver
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [certificatesigningrequests/approval]
            verbs: [update]
          - apiGroups: [certificates.k8s.io]
            resources: [signers]
            verbs: [approve]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: approver
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [certificatesigningrequests]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_approve_csr)


@object_rule(
    "rbac-sign-csr",
    severity=Severity.CRITICAL,
    remedy="Remove the verb sign, or limit it with resourceNames to a signer of your own.",
    kinds=ROLES,
    compliance=("cis-1.12:5.1.11",),
)
def rbac_sign_csr(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow signing client certificates.

    Reports the verb ``sign`` on signers. Critical together with update or patch on
    ``certificatesigningrequests/status``, medium without; with ``resourceNames`` as for rbac-
    approve-csr.

    Why:

    Its holder decides what stands in a certificate that the API server may trust.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: signer
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [certificatesigningrequests/status]
            verbs: [update]
          - apiGroups: [certificates.k8s.io]
            resources: [signers]
            verbs: [sign]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: signer
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [certificatesigningrequests]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_sign_csr)


@object_rule(
    "rbac-write-auth-configmap",
    severity=Severity.HIGH,
    remedy="Name in resourceNames the ConfigMaps that may be changed.",
    kinds=ROLES,
    aliases=("KSV-0115", "KSV-0049"),
)
def rbac_write_auth_configmap(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow changing the ConfigMaps that decide who may log in.

    Reports update and patch on ConfigMaps without ``resourceNames``, cluster-wide or in kube-
    system, and on the name ``aws-auth`` (critical); also writes on EKS access entries.

    Why:

    On EKS, ``aws-auth`` maps cloud identities to groups such as ``system:masters``. Other
    ConfigMaps of kube-system are the settings of kube-proxy, CoreDNS and further components.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: config-sync
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: config-sync
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            resourceNames: [web-settings]
            verbs: [update]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_auth_configmap)


@object_rule(
    "rbac-write-coredns",
    severity=Severity.HIGH,
    remedy="Remove update and patch on the ConfigMap coredns.",
    kinds=ROLES,
    aliases=("C-0037",),
)
def rbac_write_coredns(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow changing the cluster's DNS.

    Reports update and patch on the ConfigMaps ``coredns`` and ``coredns-custom``, cluster-wide or
    in kube-system.

    Why:

    Its holder can send every name that pods look up to a machine of his own.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: dns-editor
          namespace: kube-system
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            resourceNames: [coredns]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: dns-editor
          namespace: kube-system
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            resourceNames: [coredns]
            verbs: [get]

    Not reported:

    ConfigMaps without ``resourceNames``: rbac-write-auth-configmap says it.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_coredns)


@object_rule(
    "rbac-use-scc-psp",
    severity=Severity.HIGH,
    remedy="Name in resourceNames a restricted policy.",
    kinds=ROLES,
)
def rbac_use_scc_psp(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow running pods under the laxest pod policies.

    Reports the verb ``use`` on OpenShift's SecurityContextConstraints and, up to Kubernetes 1.24,
    on PodSecurityPolicies: without ``resourceNames`` or with one known to be lax (privileged,
    anyuid, hostaccess and the like) high, with a name of your own medium.

    Why:

    Whoever may use ``privileged`` can start a pod that owns its node.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: builder
        rules:
          - apiGroups: [security.openshift.io]
            resources: [securitycontextconstraints]
            resourceNames: [privileged]
            verbs: [use]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: builder
        rules:
          - apiGroups: [security.openshift.io]
            resources: [securitycontextconstraints]
            resourceNames: [restricted-v2]
            verbs: [use]

    Not reported:

    Names of the restricted and nonroot policies.

    References:
    https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html
    """
    for hit in hits(role, context, rbac_use_scc_psp):
        policies = "podsecuritypolicies" in hit.evidence
        if not policies or context.minor < _POD_SECURITY_POLICY_REMOVED:
            yield hit


@object_rule(
    "rbac-cluster-trust-bundle",
    severity=Severity.MEDIUM,
    remedy="Remove the write verbs on clustertrustbundles.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_cluster_trust_bundle(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing which authorities workloads trust.

    Reports writes on clustertrustbundles.

    Why:

    Its holder can add an authority of his own to what workloads check certificates against.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: trust-manager
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [clustertrustbundles]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: trust-manager
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [clustertrustbundles]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_cluster_trust_bundle)


@object_rule(
    "rbac-podcertificate",
    severity=Severity.MEDIUM,
    remedy="Remove create on podcertificaterequests.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_podcertificate(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow requesting certificates of pods.

    Reports create on podcertificaterequests.

    Why:

    Kubelets make these requests for their pods; anybody else may try to get a workload's identity.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: agent
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [podcertificaterequests]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: agent
        rules:
          - apiGroups: [certificates.k8s.io]
            resources: [podcertificaterequests]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_podcertificate)

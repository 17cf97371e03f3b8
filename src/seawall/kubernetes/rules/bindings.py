"""Rules about bindings: to whom rights are given."""

from collections.abc import Iterator

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes import builtin_roles
from seawall.kubernetes.objects import DEFAULT_NAMESPACE, KubernetesObject
from seawall.kubernetes.rbac_capabilities import worst
from seawall.kubernetes.rbac_grants import (
    GROUP,
    GROUPS,
    PolicyRule,
    RoleSubject,
    Scope,
    role_key,
    roles_in,
    subjects_of,
)
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.rules.held import BINDINGS
from seawall.text.values import mappings, text

ANONYMOUS = frozenset((("User", "system:anonymous"), ("Group", "system:unauthenticated")))
AUTHENTICATED = ("Group", "system:authenticated")
MASTERS = ("Group", "system:masters")
_ALL_ACCOUNTS = "system:serviceaccounts"
_NODES = ("Group", "system:nodes")


def _subjects(binding: KubernetesObject) -> Iterator[tuple[RoleSubject, tuple[str, str]]]:
    """The subjects of an RBAC binding, each with its kind and name."""
    if binding.group in GROUPS:
        for subject in subjects_of(binding):
            yield subject, (subject.kind, subject.name)


def _at(subject: RoleSubject) -> tuple[str | int, ...]:
    return ("subjects", subject.position, "name")


def _role(binding: KubernetesObject) -> str:
    """The role a binding gives, as people say it."""
    kind, _, name = role_key(binding)
    return f"{kind} {name}"


def _scope(binding: KubernetesObject) -> Scope:
    return Scope(None if binding.kind == "ClusterRoleBinding" else (binding.namespace,))


def _is_public(binding: KubernetesObject, context: Context) -> bool:
    """Whether a binding gives no more than every cluster tells everybody by default."""
    rules = roles_in(context.index).rules_of(binding)
    return rules is not None and all(_is_public_rule(rule) for rule in rules)


def _is_public_rule(rule: PolicyRule) -> bool:
    if rule.urls:
        return set(rule.verbs) <= {"get", "head"} and _PUBLIC_PATHS.issuperset(rule.urls)
    if rule.resources == ["configmaps"] and rule.names == ["cluster-info"]:
        return rule.verbs == ["get"]  # what kubeadm join asks for before it has an identity
    return rule.verbs == ["create"] and _SELF_REVIEWS.issuperset(rule.resources)


_PUBLIC_PATHS = frozenset(
    """
    /api /api/* /apis /apis/* /healthz /livez /readyz /openapi /openapi/* /openapi/v2 /openapi/v3
    /version /version/ /.well-known/openid-configuration /.well-known/openid-configuration/
    /openid/v1/jwks /openid/v1/jwks/
    """.split()
)
_SELF_REVIEWS = frozenset(
    ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
)


@object_rule(
    "rbac-anonymous-binding",
    severity=Severity.CRITICAL,
    remedy="Remove the subject from subjects[].",
    kinds=BINDINGS,
    aliases=("kubesec:BindingsToSystemAnonymous", "KSV-0122", "C-0262"),
)
def rbac_anonymous_binding(binding: KubernetesObject, context: Context) -> Hits:
    """Roles must not be given to people who have not logged in.

    Reports bindings whose subjects include the user ``system:anonymous`` or the group
    ``system:unauthenticated``.

    Why:

    Whoever reaches the API server has these rights, without any credentials.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: dashboard
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: User
            apiGroup: rbac.authorization.k8s.io
            name: system:anonymous

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: dashboard
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: team-shop

    Not reported:

    Roles that allow no more than health, version and discovery paths, and the ``cluster-info`` that
    kubeadm publishes.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    for subject, who in _subjects(binding):
        if who in ANONYMOUS and not _is_public(binding, context):
            message = f"gives {_role(binding)} to {subject}, that is to everybody"
            yield Hit(message, _at(subject), evidence=subject.name)


@object_rule(
    "rbac-bind-all-authenticated",
    severity=Severity.CRITICAL,
    remedy="Name the users or groups that need the role in subjects[].",
    kinds=BINDINGS,
    aliases=("KSV-01011", "C-0265"),
)
def rbac_bind_all_authenticated(binding: KubernetesObject, context: Context) -> Hits:
    """Roles must not be given to everybody who has logged in.

    Reports bindings whose subjects include the group ``system:authenticated``. Critical where the
    role gives something of high severity or is not among the input, else high.

    Why:

    Every pod's service account is in this group, and with some providers every account of the
    provider, of whatever customer.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: readers
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:authenticated

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: readers
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: team-shop

    Not reported:

    Roles that allow no more than discovery and questions about one's own rights.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    for subject, who in _subjects(binding):
        if who == AUTHENTICATED and not _is_public(binding, context):
            rules = roles_in(context.index).rules_of(binding)
            bad = rules is None or (worst(rules, _scope(binding)) or Severity.INFO) >= Severity.HIGH
            yield Hit(
                f"gives {_role(binding)} to {subject}, that is to every account",
                _at(subject),
                severity=Severity.CRITICAL if bad else Severity.HIGH,
                evidence=subject.name,
            )


@object_rule(
    "rbac-bind-all-serviceaccounts",
    severity=Severity.HIGH,
    remedy="Name the service accounts that need the role in subjects[].",
    kinds=BINDINGS,
)
def rbac_bind_all_serviceaccounts(binding: KubernetesObject, context: Context) -> Hits:
    """Roles must not be given to all service accounts.

    Reports bindings whose subjects include the group ``system:serviceaccounts`` or that of one
    namespace (``system:serviceaccounts:shop``); a RoleBinding for the accounts of its own namespace
    counts as medium.

    Why:

    Every pod gets the rights, those of add-ons and the ones that come later among them.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: readers
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:serviceaccounts

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: readers
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: ServiceAccount
            name: web
            namespace: shop

    Not reported:

    Roles that allow no more than discovery, and OpenShift's ``system:image-puller``.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    for subject, (kind, name) in _subjects(binding):
        group, _, namespace = name.partition("system:serviceaccounts")[2].partition(":")
        if kind != "Group" or not name.startswith(_ALL_ACCOUNTS) or group:
            continue
        if _is_public(binding, context) or role_key(binding)[2] == "system:image-puller":
            continue
        own = binding.kind == "RoleBinding" and namespace == binding.namespace
        yield Hit(
            f"gives {_role(binding)} to every service account of {namespace or 'the cluster'}",
            _at(subject),
            severity=Severity.MEDIUM if own else None,
            evidence=name,
        )


@object_rule(
    "rbac-bind-masters",
    severity=Severity.CRITICAL,
    remedy="Remove the group system:masters from subjects[].",
    kinds=BINDINGS,
    aliases=("KSV-0123", "C-0246"),
    compliance=("cis-1.12:5.1.7",),
)
def rbac_bind_masters(binding: KubernetesObject, context: Context) -> Hits:
    """The group system:masters must not be bound.

    Reports bindings whose subjects include the group ``system:masters``.

    Why:

    Members of this group pass every authorisation check whatever is bound, and no binding takes
    that away again. A binding that names it shows that somebody works with such credentials, or
    thinks the binding limits them.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: admins
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:masters

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: admins
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: admins

    Not reported:

    The binding ``cluster-admin`` that every cluster has.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    default = binding.name == role_key(binding)[2] == "cluster-admin"
    for subject, who in _subjects(binding):
        if who == MASTERS and not default:
            yield Hit(f"gives {_role(binding)} to {subject}", _at(subject), evidence=subject.name)


_REPORTED_ALREADY = ANONYMOUS | {AUTHENTICATED, MASTERS}
"""Subjects whose bindings other rules report, whatever the role."""


@object_rule(
    "rbac-cluster-admin",
    severity=Severity.CRITICAL,
    remedy="Bind a role that allows only what the subjects need.",
    kinds=BINDINGS,
    aliases=(
        "kube-linter:cluster-admin-role-binding",
        "KSV-0111",
        "C-0035",
        "polaris:clusterrolebindingClusterAdmin",
        "polaris:rolebindingClusterAdminClusterRole",
    ),
    compliance=("cis-1.12:5.1.1",),
)
def rbac_cluster_admin(binding: KubernetesObject, context: Context) -> Hits:
    """The rights of cluster-admin should not be given away.

    Reports bindings to the ClusterRole ``cluster-admin`` (critical; high in a RoleBinding, where it
    means everything in that namespace), and ClusterRoleBindings to ``admin`` and ``edit`` (high),
    which read the secrets and run pods in every namespace, kube-system included.

    Why:

    One leaked credential of such a subject is the whole cluster.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: deployer
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: cluster-admin
        subjects:
          - kind: ServiceAccount
            name: deployer
            namespace: shop

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: deployer
          namespace: shop
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: ServiceAccount
            name: deployer
            namespace: shop

    Not reported:

    The binding to ``system:masters`` that every cluster has, and bindings to groups that other
    rules report (anonymous and all logged-in users). RoleBindings to ``admin`` and ``edit``: see
    rbac-secrets-access. Roles of the input that allow everything: see rbac-cluster-admin-
    equivalent.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    if not any(who not in _REPORTED_ALREADY for _, who in _subjects(binding)):
        return
    kind, _, name = role_key(binding)
    cluster_wide = binding.kind == "ClusterRoleBinding"
    where = "every namespace" if cluster_wide else f"namespace {binding.namespace}"
    if kind == "ClusterRole" and name == "cluster-admin":
        message = (
            "gives every right in the cluster" if cluster_wide else f"gives every right in {where}"
        )
        severity = Severity.CRITICAL if cluster_wide else Severity.HIGH
    elif kind == "ClusterRole" and name in ("admin", "edit") and cluster_wide:
        message, severity = f"gives the rights of {name} in {where}", Severity.HIGH
    else:
        role = roles_in(context.index).role_of(binding)
        rules = () if role is None or role.target else roles_in(context.index).own_rules(role)
        if not any(rule.is_everything for rule in rules):
            return
        message = f"gives every right in {where} through {_role(binding)}"
        severity = Severity.CRITICAL if cluster_wide else Severity.HIGH
    yield Hit(message, ("roleRef", "name"), severity=severity, evidence=name)


_DISTRIBUTION_ROLES = frozenset(
    """
    basic-user cluster-monitoring-view cluster-reader cluster-status registry-admin
    registry-editor registry-viewer self-access-reviewer self-provisioner storage-admin sudoer
    """.split()
)
_DISTRIBUTION_PREFIXES = ("aks-", "eks:", "gce:", "kubeadm:", "openshift-", "system:openshift:")


def _may_be_defined(
    binding: KubernetesObject, kind: str, namespace: str, name: str, context: Context
) -> bool:
    """Whether an object is among the input, or might be: who names no namespace gets one later."""
    index = context.index
    if index.find(kind, namespace, name) is not None or index.is_unresolved(name):
        return True
    homeless = index.find(kind, DEFAULT_NAMESPACE, name)
    if homeless is not None and not text(homeless.metadata, "namespace"):
        return True
    if text(binding.metadata, "namespace") or binding.kind == "ClusterRoleBinding":
        return False
    return any(object_.name == name for object_ in index.of_kind(kind))


def _exists(binding: KubernetesObject, context: Context) -> bool:
    kind, namespace, name = role_key(binding)
    if kind == "Role":
        return (
            (namespace, name) in builtin_roles.ROLES
            or name.startswith("kubeadm:")
            or _may_be_defined(binding, kind, namespace, name, context)
        )
    if roles_in(context.index).role_of(binding) is not None:
        return True
    return (
        name in builtin_roles.CLUSTER_ROLES
        or name in _DISTRIBUTION_ROLES
        or name.startswith(_DISTRIBUTION_PREFIXES)
    )


@object_rule(
    "rbac-role-not-found",
    severity=Severity.LOW,
    remedy="Correct roleRef, or add the role.",
    kinds=BINDINGS,
    profile=RELIABILITY,
)
def rbac_role_not_found(binding: KubernetesObject, context: Context) -> Hits:
    """Bindings must refer to a role that exists.

    Reports bindings whose ``roleRef`` names a Role or ClusterRole that is neither among the input
    nor one that every cluster has, and ClusterRoleBindings to a Role, which can never work.

    Why:

    The binding grants nothing today. Whoever may create a role of that name decides what it grants
    tomorrow.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: reader
          namespace: shop
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: reeder
        subjects:
          - kind: ServiceAccount
            name: web
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

    Not reported:

    Roles that distributions and cloud providers bring along (``eks:``, ``gce:``, ``kubeadm:``,
    OpenShift's own).

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding
    """
    kind, namespace, name = role_key(binding)
    if binding.group not in GROUPS or not name or kind not in ("Role", "ClusterRole"):
        return
    if kind == "Role" and binding.kind == "ClusterRoleBinding":
        yield Hit(f"refers to the Role {name}, which lives in a namespace", ("roleRef", "kind"))
    elif not _exists(binding, context) and not context.index.is_unresolved(name):
        where = f" in namespace {namespace}" if namespace else ""
        confidence = context.confidence_of_absence(binding)
        yield Hit(
            f"refers to the {kind} {name}, which is not defined{where}",
            ("roleRef", "name"),
            confidence=Confidence.LOW if name.startswith("system:") else confidence,
            evidence=name,
        )


@object_rule(
    "rbac-dangling-subject",
    severity=Severity.MEDIUM,
    remedy="Correct the subject, or add the ServiceAccount.",
    kinds=BINDINGS,
    profile=RELIABILITY,
)
def rbac_dangling_subject(binding: KubernetesObject, context: Context) -> Hits:
    """Bindings should give rights to service accounts that exist.

    Reports subjects of kind ServiceAccount that are not among the input. The account ``default``
    exists in every namespace.

    Why:

    Whoever may create an account (or a pod with it) in that namespace gets the rights.

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
            name: wbe
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
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: web
          namespace: shop

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    if builtin_roles.BOOTSTRAP_LABEL in binding.labels:
        return
    for subject, (kind, name) in _subjects(binding):
        if kind != "ServiceAccount" or name in ("", "default") or not subject.namespace:
            continue
        if _may_be_defined(binding, kind, subject.namespace, name, context):
            continue
        confidence = context.confidence_of_absence(binding)
        message = f"gives {_role(binding)} to {subject}, which is not defined"
        yield Hit(
            message, _at(subject), confidence=confidence, evidence=f"{subject.namespace}/{name}"
        )


@object_rule(
    "rbac-cross-namespace-subject",
    severity=Severity.MEDIUM,
    remedy="Give the role to an account of the same namespace.",
    kinds=("RoleBinding",),
    profile=OPT_IN,
)
def rbac_cross_namespace_subject(binding: KubernetesObject, context: Context) -> Hits:
    """Bindings of a namespace should not serve accounts of another one.

    Reports RoleBindings with a ServiceAccount of another namespace among their subjects.

    Why:

    Whoever can create pods in that other namespace holds the rights in this one.

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
            name: agent
            namespace: tools

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
    if not text(binding.metadata, "namespace"):
        return
    for subject, (kind, name) in _subjects(binding):
        if kind == "ServiceAccount" and subject.namespace not in ("", binding.namespace):
            message = f"gives {_role(binding)} to {subject} of another namespace"
            yield Hit(message, _at(subject), evidence=f"{subject.namespace}/{name}")


@object_rule(
    "rbac-sa-subject-missing-namespace",
    severity=Severity.LOW,
    remedy="Set namespace for service accounts, and apiGroup to that of the subject's kind.",
    kinds=BINDINGS,
    profile=RELIABILITY,
)
def rbac_sa_subject_missing_namespace(binding: KubernetesObject, context: Context) -> Hits:
    """Subjects of bindings must be complete.

    Reports subjects of kind ServiceAccount without ``namespace`` in a ClusterRoleBinding, service
    accounts named as ``system:serviceaccount:...``, and an ``apiGroup`` that does not go with the
    kind: none for service accounts, ``rbac.authorization.k8s.io`` for users and groups.

    Why:

    The API server refuses the binding, or it grants nothing.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: reader
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: ServiceAccount
            name: web

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: reader
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: ServiceAccount
            name: web
            namespace: shop

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects
    """
    if binding.group != GROUP:
        return
    for index, subject in mappings(binding.value, "subjects"):
        kind, name, group = (text(subject, key) for key in ("kind", "name", "apiGroup"))
        wanted = "" if kind == "ServiceAccount" else GROUP
        if group and group != wanted and kind in ("User", "Group", "ServiceAccount"):
            message = f"gives the apiGroup {group} for a {kind}"
            yield Hit(message, ("subjects", index, "apiGroup"), evidence=group)
        elif kind == "ServiceAccount" and name.startswith("system:serviceaccount:"):
            message = "names a service account like a user"
            yield Hit(message, ("subjects", index, "name"), evidence=name)
        elif kind == "ServiceAccount" and not (text(subject, "namespace") or binding.namespace):
            message = f"names service account {name} without its namespace"
            yield Hit(message, ("subjects", index, "namespace"), evidence=name)


@object_rule(
    "rbac-node-group-binding",
    severity=Severity.CRITICAL,
    remedy="Remove the binding; the Node authorizer gives kubelets what they need.",
    kinds=BINDINGS,
)
def rbac_node_group_binding(binding: KubernetesObject, context: Context) -> Hits:
    """The role system:node must not be bound.

    Reports bindings with subjects to the ClusterRole ``system:node``.

    Why:

    The role reads every secret and makes tokens of every account. Kubelets do not need it: the Node
    authorizer lets each of them see what belongs to its own pods, and a binding switches that limit
    off.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: nodes
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: system:node
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:nodes

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: nodes
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: system:node-problem-detector
        subjects:
          - kind: ServiceAccount
            name: node-problem-detector
            namespace: kube-system

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/node/
    """
    if role_key(binding)[0::2] == ("ClusterRole", "system:node"):
        for subject, _ in _subjects(binding):
            yield Hit(
                f"gives the rights of kubelets to {subject}",
                ("roleRef", "name"),
                evidence=str(subject),
            )
            return


_NODE_CERTIFICATES = "system:certificates.k8s.io:certificatesigningrequests:"
_FOR_NODES = frozenset(
    (("ClusterRole", "system:node"), ("ClusterRole", f"{_NODE_CERTIFICATES}selfnodeclient"))
)


@object_rule(
    "rbac-node-authorizer-bypass",
    severity=Severity.CRITICAL,
    remedy="Remove the subject; the Node authorizer gives kubelets what they need.",
    kinds=BINDINGS,
)
def rbac_node_authorizer_bypass(binding: KubernetesObject, context: Context) -> Hits:
    """Roles should not be given to nodes.

    Reports bindings whose subjects include the group ``system:nodes`` or a user
    ``system:node:...``: critical where the role gives something of high severity or is not among
    the input, else medium.

    Why:

    The Node authorizer limits each kubelet to what its own pods need. Rights from a binding come on
    top for every node, and a pod that breaks out of its container has them.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: nodes
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: edit
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:nodes

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: nodes
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: node-admins

    Not reported:

    ``system:node`` itself (rbac-node-group-binding says it), the renewal of a node's own
    certificate, and roles that kubeadm makes.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/node/
    """
    kind, _, name = role_key(binding)
    if (kind, name) in _FOR_NODES or name.startswith("kubeadm:"):
        return
    for subject, who in _subjects(binding):
        if who != _NODES and not (
            subject.kind == "User" and subject.name.startswith("system:node:")
        ):
            continue
        rules = roles_in(context.index).rules_of(binding)
        bad = rules is None or (worst(rules, _scope(binding)) or Severity.INFO) >= Severity.HIGH
        yield Hit(
            f"gives {_role(binding)} to {subject}",
            _at(subject),
            severity=Severity.CRITICAL if bad else Severity.MEDIUM,
            evidence=subject.name,
        )


def _approves_nodes(binding: KubernetesObject, context: Context) -> bool:
    kind, _, name = role_key(binding)
    if kind == "ClusterRole" and name == f"{_NODE_CERTIFICATES}nodeclient":
        return True
    return any(
        rule.grants_some("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient")
        for rule in roles_in(context.index).rules_of(binding) or ()
        if not rule.is_wildcard
    )


@object_rule(
    "csr-auto-approver",
    severity=Severity.HIGH,
    remedy="Give the role to the group of bootstrap tokens only.",
    kinds=BINDINGS,
    aliases=("C-0280",),
    compliance=("cis-1.12:5.1.11",),
)
def csr_auto_approver(binding: KubernetesObject, context: Context) -> Hits:
    """Client certificates of nodes must not be approved without a look for just anybody.

    Reports bindings that let anybody but the bootstrap groups (``system:bootstrappers``) create
    ``certificatesigningrequests/nodeclient``: the controller manager approves what such a subject
    asks for.

    Why:

    Its holder makes himself a node of any name and reads the secrets of the pods on it.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: join
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: system:certificates.k8s.io:certificatesigningrequests:nodeclient
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:authenticated

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: join
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: system:certificates.k8s.io:certificatesigningrequests:nodeclient
        subjects:
          - kind: Group
            apiGroup: rbac.authorization.k8s.io
            name: system:bootstrappers

    Not reported:

    Roles with wildcards: rbac-wildcard says it. Controllers that approve by rules of their own.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
    """
    if not _approves_nodes(binding, context):
        return
    for subject, (kind, name) in _subjects(binding):
        if not (kind == "Group" and name.startswith("system:bootstrappers")):
            message = f"has node certificates for {subject} approved without a look"
            yield Hit(message, _at(subject), evidence=name)

"""Rules about roles as such: what they add to built-in roles, whether they do anything at all."""

from collections.abc import Iterator

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes import api_resources
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rbac_capabilities import (
    EVERYTHING,
    WILDCARD,
    Held,
    capabilities,
    taken_in,
)
from seawall.kubernetes.rbac_catalogue import ASKED_IN_NAMESPACE, CLUSTER_SCOPED
from seawall.kubernetes.rbac_grants import (
    AGGREGATE_LABEL,
    ANY,
    GROUPS,
    NAMELESS_VERBS,
    PolicyRule,
    Scope,
    is_bootstrap,
    roles_in,
)
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.rules.held import ROLES

_WRITE_VERBS = frozenset(("create", "update", "patch", "delete", "deletecollection", ANY))
_BEYOND_EDIT = frozenset(
    (
        EVERYTHING,
        "rbac-bind",
        "rbac-escalate",
        "rbac-write-bindings",
        "rbac-write-roles",
        "rbac-write-namespaces",
        "rbac-write-mesh-policy",
        "rbac-use-scc-psp",
    )
)
"""Capabilities of high severity that the built-in role edit does not have."""
_BEYOND_ADMIN = _BEYOND_EDIT - {"rbac-write-bindings", "rbac-write-roles"}
_SECOND_HOMES = frozenset(("extensions", "metrics.k8s.io"))
"""Groups that serve, or served, resources by names from elsewhere."""


@object_rule(
    "rbac-aggregate-to-builtin",
    severity=Severity.HIGH,
    remedy="Remove the aggregate-to-... label and bind the role to those who need it.",
    kinds=("ClusterRole",),
)
def rbac_aggregate_to_builtin(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not widen view, edit or admin beyond what these are meant for.

    Reports ClusterRoles with a label ``rbac.authorization.k8s.io/aggregate-to-view`` that allow
    writing anything or reading secrets, with ``aggregate-to-edit`` those that allow changing roles
    and bindings or more, and with ``aggregate-to-admin`` those that allow more than an
    administrator of a namespace has: other people's roles, admission, nodes, the mesh.
    A wildcard counts for what it takes in.

    Why:

    Everybody who is bound to ``view``, ``edit`` or ``admin`` anywhere gets these rights too, and
    nothing shows it where they are bound.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: backups-view
          labels:
            rbac.authorization.k8s.io/aggregate-to-view: "true"
        rules:
          - apiGroups: [backup.example.org]
            resources: [backups]
            verbs: [get, list, create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: backups-view
          labels:
            rbac.authorization.k8s.io/aggregate-to-view: "true"
        rules:
          - apiGroups: [backup.example.org]
            resources: [backups]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
    """
    if role.group not in GROUPS or is_bootstrap(role):
        return
    labels = role.labels
    for builtin in ("view", "edit", "admin"):
        if labels.get(AGGREGATE_LABEL + builtin) == "true":
            excess = _excess(builtin, roles_in(context.index).own_rules(role))
            if excess:
                label = AGGREGATE_LABEL + builtin
                message = f"adds to the built-in role {builtin}: {excess}"
                yield Hit(message, ("metadata", "labels", label), evidence=builtin)
            return  # the wider roles take in what the narrower ones do


def _excess(builtin: str, rules: tuple[PolicyRule, ...]) -> str:
    """What rules allow that a built-in role is not meant to, in words."""
    scope = Scope(None)
    found = capabilities(rules, scope)
    if builtin == "view":
        for rule in rules:
            verb = next((verb for verb in rule.verbs if verb in _WRITE_VERBS), "")
            if verb and rule.resources:
                return f"{verb} {rule.resources[0]}"
        names = frozenset(found)
    else:
        names = _BEYOND_EDIT if builtin == "edit" else _BEYOND_ADMIN
    for capability, held in found.items():
        for item in held:
            # All of an API group of one's own is what edit and admin are made to take up.
            opened = capability == WILDCARD and builtin != "view"
            inside = taken_in(item.rule, scope) if opened else (item,)
            if any(_is_beyond(part, names) for part in inside):
                return f"can {item.phrase}"
    return ""


def _is_beyond(held: Held, names: frozenset[str]) -> bool:
    cluster_scoped = held.resource.partition("/")[0] in CLUSTER_SCOPED
    return held.severity >= Severity.HIGH and (held.capability in names or cluster_scoped)


@object_rule(
    "rbac-rule-matches-nothing",
    severity=Severity.LOW,
    remedy="Correct the entry of rules[] as the message says, or remove it.",
    kinds=ROLES,
    profile=RELIABILITY,
)
def rbac_rule_matches_nothing(role: KubernetesObject, context: Context) -> Hits:
    """Entries of roles must grant something.

    Reports what no request ever matches: API groups with a version (``apps/v1``) or by a name they
    do not have (``core``, ``v1``); resources under a group that does not serve them; resources
    written like kinds (``Pod``); ``pods/*``, as ``*`` stands only for a whole resource or before a
    subresource; ``*`` among ``resourceNames``, which is a name like any other; create and
    deletecollection with ``resourceNames``, as these requests name nothing; a Role for what lives
    in no namespace; and rules beside an ``aggregationRule``, which a controller overwrites.

    Why:

    The role does not allow what its author meant it to. Found out late, the quick remedy is a
    wildcard.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: deployer
          namespace: shop
        rules:
          - apiGroups: [""]
            resources: [deployments]
            verbs: [get]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: deployer
          namespace: shop
        rules:
          - apiGroups: [apps]
            resources: [deployments]
            verbs: [get]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
    """
    if role.group not in GROUPS or is_bootstrap(role):
        return
    rules = roles_in(context.index).own_rules(role)
    if not rules and role.value.get("rules"):
        yield Hit("has rules that its aggregationRule overwrites", ("rules",))
    for rule in rules:
        yield from _about_verbs(rule)
        yield from _about_groups(rule)
        yield from _about_resources(rule)
        yield from _about_names(rule)
        if role.kind == "Role":
            yield from _about_namespaces(rule)


def _about_verbs(rule: PolicyRule) -> Iterator[Hit]:
    if not rule.verbs:
        yield Hit("has an entry without verbs", ("rules", rule.index, "verbs"))


def _about_groups(rule: PolicyRule) -> Iterator[Hit]:
    for group in rule.groups:
        if group in ("core", "v1"):
            message = f'names the API group {group}: the core group is ""'
        elif "/" in group:
            message = f"names the API group {group} with a version"
        else:
            continue
        yield Hit(message, rule.place("apiGroups", group), evidence=group)


def _about_resources(rule: PolicyRule) -> Iterator[Hit]:
    if rule.resources and not rule.groups:
        yield Hit("has an entry without apiGroups", ("rules", rule.index, "apiGroups"))
    groups_of = api_resources.groups_of()
    ordinary = bool(rule.groups) and api_resources.builtin_groups().issuperset(rule.groups)
    for resource in rule.resources:
        base, _, subresource = resource.partition("/")
        if base != base.lower() or (ordinary and base not in groups_of and f"{base}s" in groups_of):
            message = f"names the resource {resource}: resources are in lower case and plural"
        elif subresource == ANY and base != ANY:
            message = f"names {resource}: * stands for no subresource"
        elif ordinary and base in groups_of and groups_of[base].isdisjoint(rule.groups):
            groups = groups_of[base] - _SECOND_HOMES or groups_of[base]
            home = " or ".join(sorted(group or "core" for group in groups))
            message = f"names {resource} in the {_group(rule)}: it belongs to {home}"
        else:
            continue
        yield Hit(message, rule.place("resources", resource), evidence=resource)


def _group(rule: PolicyRule) -> str:
    names = ", ".join(group or "core" for group in rule.groups)
    return f"{names} group{'s' * (len(rule.groups) > 1)}"


def _about_names(rule: PolicyRule) -> Iterator[Hit]:
    if ANY in rule.names:
        yield Hit("names objects as *, which is no wildcard", rule.place("resourceNames", ANY))
    if rule.names and rule.resources and not any("/" in name for name in rule.resources):
        for verb in rule.verbs:
            if verb in NAMELESS_VERBS:
                message = f"limits {verb} by resourceNames, but such requests name no object"
                yield Hit(message, rule.place("verbs", verb), evidence=verb)


def _about_namespaces(rule: PolicyRule) -> Iterator[Hit]:
    if rule.urls:
        yield Hit("names paths in a Role", ("rules", rule.index, "nonResourceURLs"))
    if ASKED_IN_NAMESPACE.issuperset(rule.verbs):
        return
    outside = api_resources.outside_namespaces()
    for resource in rule.resources:
        base = resource.partition("/")[0]
        groups = [group for group in rule.groups if (group, base) in outside]
        if groups and base != "namespaces" and len(groups) == len(rule.groups):
            message = f"names {resource} in a Role, but they live in no namespace"
            yield Hit(message, rule.place("resources", resource), evidence=resource)


@object_rule(
    "rbac-unused-role",
    severity=Severity.LOW,
    remedy="Remove the role, or bind it.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_unused_role(role: KubernetesObject, context: Context) -> Hits:
    """Roles should be bound to somebody.

    Reports Roles and ClusterRoles that no binding of the input refers to and that no other role
    takes in.

    Why:

    Whoever may write bindings finds the rights ready. A role nobody uses is also never reviewed.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: reader
          namespace: shop
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [get]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: reader
          namespace: shop
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [get]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: reader
          namespace: shop
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: reader
        subjects:
          - kind: ServiceAccount
            name: web
            namespace: shop

    Not reported:

    The roles that the API server makes itself, and roles whose name occurs in a file that could not
    be read.
    """
    if (
        role.group in GROUPS
        and not is_bootstrap(role)
        and not roles_in(context.index).is_bound(role)
        and not context.index.is_unresolved(role.name)
    ):
        confidence = context.confidence_of_absence(role)
        yield Hit("is bound to nobody", ("metadata", "name"), confidence=confidence)

"""Who holds which dangerous capability, and how bad that is where a role is bound.

Rules about roles are one-liners over ``Access.held_by``: a role is judged once, here, in an
order that reports no grant twice. An entry that allows everything is that and nothing else; an
entry with a wildcard verb or resource is a wildcard; only what is named is judged by its name.
"""

import os
from collections.abc import Iterable, Iterator

from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Severity
from seawall.kubernetes import rbac_catalogue as catalogue
from seawall.kubernetes.applications import names_namespace
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rbac_catalogue import Grant, Need, Target
from seawall.kubernetes.rbac_grants import (
    ANY,
    GROUPS,
    PolicyRule,
    Roles,
    Scope,
    is_bootstrap,
    roles_in,
    subjects_of,
)

EVERYTHING = "rbac-cluster-admin-equivalent"
WILDCARD = "rbac-wildcard"

_READ_VERBS = frozenset(("get", "list", "watch"))


class Held(NamedTuple):
    """A capability that an entry of a role's rules gives, with the verb and resource that do."""

    capability: str
    rule: PolicyRule
    verb: str
    resource: str
    severity: Severity
    phrase: str


def capabilities(rules: Iterable[PolicyRule], scope: Scope) -> dict[str, list[Held]]:
    """What rules make possible in a scope, by capability, each entry once."""
    rules = tuple(rules)
    found: dict[str, list[Held]] = {}
    for rule in rules:
        for held in _of_rule(rule, scope):
            found.setdefault(held.capability, []).append(held)
    if EVERYTHING in found:
        return {EVERYTHING: found[EVERYTHING]}
    for capability, need in catalogue.NEEDS.items():
        if capability in found and not _allows(rules, need, scope):
            found[capability] = _without(found[capability], need)
    for capability, other in catalogue.SAID_BY_ROLE.items():
        if found.get(other):
            found.pop(capability, None)
    return found


def worst(rules: Iterable[PolicyRule], scope: Scope) -> Severity | None:
    """The severity of the worst that rules make possible."""
    found = capabilities(rules, scope)
    return max((held.severity for items in found.values() for held in items), default=None)


def _allows(rules: tuple[PolicyRule, ...], need: Need, scope: Scope) -> bool:
    return any(
        rule.grants_some(verb, group, resource)
        for rule in rules
        for group, resource in need.targets
        if _reaches(scope, resource, "")
        for verb in need.verbs
    )


def _without(found: list[Held], need: Need) -> list[Held]:
    if need.without is None:
        return []
    return [held._replace(severity=min(held.severity, need.without)) for held in found]


def _of_rule(rule: PolicyRule, scope: Scope) -> Iterator[Held]:
    if rule.is_everything:
        yield Held(EVERYTHING, rule, ANY, ANY, _of_wildcard(scope), "do everything")
    elif rule.is_wildcard:
        yield _wildcard(rule, scope)
    else:
        named = _named_grants(rule, scope)
        for capability, held in named.items():
            if catalogue.SAID_BY_ENTRY.get(capability) not in named:
                yield held
        if ANY in rule.groups and not named:
            phrase = f"{_plain(rule)} of every API group"
            yield Held(WILDCARD, rule, "", "", Severity.LOW, phrase)


def _named_grants(rule: PolicyRule, scope: Scope) -> dict[str, Held]:
    best: dict[str, Held] = {}
    by_resource = catalogue.by_resource()
    for resource in rule.resources:
        for grant, target in by_resource.get(resource, ()):
            held = _held(rule, grant, target, scope)
            before = best.get(grant.capability)
            if held is not None and (before is None or before.severity < held.severity):
                best[grant.capability] = held._replace(resource=resource)
    return best


def _held(rule: PolicyRule, grant: Grant, target: Target, scope: Scope) -> Held | None:
    group, resource = target
    if group not in rule.groups and ANY not in rule.groups:
        return None
    for verb in grant.verbs:
        if rule.grants_some(verb, group, resource) and _reaches(scope, resource, verb):
            severity = _severity(grant, resource, rule, scope)
            if severity is None:
                return None
            return Held(grant.capability, rule, verb, resource, severity, grant.phrase)
    return None


def _reaches(scope: Scope, resource: str, verb: str) -> bool:
    """Whether a grant takes effect at all where a role is bound."""
    return (
        scope.is_cluster_wide
        or resource.partition("/")[0] not in catalogue.CLUSTER_SCOPED
        or verb in catalogue.ASKED_IN_NAMESPACE
    )


def _severity(grant: Grant, resource: str, rule: PolicyRule, scope: Scope) -> Severity | None:
    severity = grant.wide
    if scope.namespaces is not None:
        only_there = (grant.capability, resource) in catalogue.ONLY_IN_KUBE_SYSTEM
        if only_there and "kube-system" not in scope.namespaces:
            return None
        severity = grant.narrow
        if scope.sensitive and severity < grant.wide:
            severity = Severity(severity + 1)
    if rule.names:
        return catalogue.severity_of_named(grant.capability, rule.names, severity)
    return severity


def _of_wildcard(scope: Scope) -> Severity:
    return Severity.CRITICAL if scope.is_cluster_wide or scope.sensitive else Severity.HIGH


def _wildcard(rule: PolicyRule, scope: Scope) -> Held:
    """The finding for a wildcard: its severity is that of the worst it takes in."""
    if ANY in rule.urls:
        return Held(WILDCARD, rule, "", "", Severity.MEDIUM, "call every path of the API server")
    every_verb = ANY in rule.verbs
    found = (held.severity for held in taken_in(rule, scope))
    if max(found, default=Severity.INFO) >= Severity.HIGH:
        severity = _of_wildcard(scope)
    elif every_verb or not _READ_VERBS.issuperset(rule.verbs):
        severity = Severity.MEDIUM
    else:
        severity = Severity.LOW
    if rule.names:
        severity = min(severity, Severity.MEDIUM)
    phrase = f"use every verb on {_what(rule)}" if every_verb else _plain(rule)
    place = ANY if every_verb else "", "" if every_verb else ANY
    return Held(WILDCARD, rule, *place, severity, phrase)


def taken_in(rule: PolicyRule, scope: Scope) -> Iterator[Held]:
    """The capabilities of the catalogue that an entry with a wildcard takes in."""
    for grant in catalogue.grants():
        for target in grant.targets:
            held = _held(rule, grant, target, scope)
            if held is not None:
                yield held


def _plain(rule: PolicyRule) -> str:
    return f"{', '.join(rule.verbs)} {_what(rule)}"


def _what(rule: PolicyRule) -> str:
    if ANY in rule.resources:
        if ANY in rule.groups:
            return "every resource"
        groups = ", ".join(group or "core" for group in rule.groups)
        return f"every resource of the {groups} group"
    return some(rule.resources)


def some(names: list[str]) -> str:
    """The first names of a list and how many more there are."""
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


# Roles of a run -----------------------------------------------------------------------------

_SYSTEM_NAMESPACES = frozenset(
    "argo argocd cert-manager cilium cilium-system external-secrets flux-system "
    "gatekeeper-system gitlab-runner istio-system jenkins kyverno linkerd tekton-pipelines "
    "tigera-operator vault".split()
)


class Access:
    """What the roles of a run make possible, each role judged once."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles

    def held_by(self, role: KubernetesObject, index: Index) -> dict[str, list[Held]]:
        """The capabilities of a role's own entries where the role is bound."""
        return index.once(("held", id(role)), lambda: self._held_by(role, index))

    def _held_by(self, role: KubernetesObject, index: Index) -> dict[str, list[Held]]:
        ours = role.group in GROUPS and not is_bootstrap(role)
        rules = self.roles.own_rules(role) if ours else ()
        return capabilities(rules, self.scope_of(role, index)) if rules else {}

    def scope_of(self, role: KubernetesObject, index: Index) -> Scope:
        """Where a role is bound, and whether that is more than an ordinary namespace."""
        return index.once(("scope", id(role)), lambda: self._scope_of(role, index))

    def _scope_of(self, role: KubernetesObject, index: Index) -> Scope:
        scope = self.roles.scope_of(role)
        return scope._replace(sensitive=self._is_sensitive(role, scope, index))

    def _is_sensitive(self, role: KubernetesObject, scope: Scope, index: Index) -> bool:
        """Whether a namespace holds more than its owner's own things.

        It belongs to the control plane or its tools, a pod there owns its node, or an account
        there (other than those the role is for) holds critical rights over the whole cluster.
        Other applications of the run count only where the namespace is named (``Applications``).
        """
        if scope.is_cluster_wide:
            return False
        return any(
            place.namespace.startswith(("kube-", "openshift-"))
            or place.namespace in _SYSTEM_NAMESPACES
            or self._has_privileged_pod(place, index)
            or self._has_powerful_account(place, scope, index)
            for place in ((role,) if role.kind == "Role" else scope.bindings)
        )

    def _has_privileged_pod(self, place: KubernetesObject, index: Index) -> bool:
        """Whether a container in the namespace of a Role or RoleBinding is privileged."""
        key = (place.namespace, os.path.dirname(place.file), names_namespace(place))
        return index.once(
            ("privileged", *key),
            lambda: any(
                container.is_privileged and index.applications.share_namespace(place, pod.object)
                for pod in index.pods_in(place.namespace)
                for container in pod.containers
            ),
        )

    def _has_powerful_account(self, place: KubernetesObject, scope: Scope, index: Index) -> bool:
        """Whether an account in its namespace, not one of its own, has critical rights."""
        own = _accounts(scope.bindings, place.namespace)
        named, directory = names_namespace(place), os.path.dirname(place.file)
        return any(
            account not in own
            # The subject of a ClusterRoleBinding always says its namespace.
            and (named or index.applications.share(directory, other))
            for account, other in self._powerful_accounts(index).get(place.namespace, ())
        )

    def _powerful_accounts(self, index: Index) -> dict[str, dict[tuple[str, str], None]]:
        """By namespace: the accounts' names, each with the directory of a binding that says so."""
        return index.once("powerful accounts", lambda: self._find_powerful_accounts(index))

    def _find_powerful_accounts(self, index: Index) -> dict[str, dict[tuple[str, str], None]]:
        powerful: dict[str, dict[tuple[str, str], None]] = {}
        for binding in index.of_kind("ClusterRoleBinding"):
            rules = self.roles.rules_of(binding) or ()
            if worst(rules, Scope(None)) is Severity.CRITICAL:
                for subject in subjects_of(binding):
                    if subject.kind == "ServiceAccount":
                        found = powerful.setdefault(subject.namespace, {})
                        found[subject.name, os.path.dirname(binding.file)] = None
        return powerful


def _accounts(bindings: Iterable[KubernetesObject], namespace: str) -> set[str]:
    return {
        subject.name
        for binding in bindings
        for subject in subjects_of(binding)
        if subject.kind == "ServiceAccount" and subject.namespace == namespace
    }


@once_per_index
def access_in(index: Index) -> Access:
    """What the roles of a run make possible, worked out once."""
    return Access(roles_in(index))

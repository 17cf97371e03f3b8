"""From capabilities that a role holds to hits: for rules, not a topic of its own."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.rule import Hit, Rule
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rbac_capabilities import (
    EVERYTHING,
    WILDCARD,
    Held,
    access_in,
    capabilities,
    some,
)
from seawall.kubernetes.rbac_catalogue import CLUSTER_SCOPED
from seawall.kubernetes.rbac_grants import ANY, GROUPS, Scope, roles_in, subjects_of
from seawall.kubernetes.rule import Context

ROLES = ("Role", "ClusterRole")
BINDINGS = ("RoleBinding", "ClusterRoleBinding")

_SPECIAL_VERBS = frozenset(("bind", "escalate", "impersonate", "use", "approve", "sign", ANY))
"""Verbs that say more than the resource they stand with."""


def hits(role: KubernetesObject, context: Context, rule: Rule) -> Iterator[Hit]:
    """A hit for each entry of a role's rules that gives the capability a rule is about."""
    found = held(role, context, rule.id)
    if found:
        scope = access_in(context.index).scope_of(role, context.index)
        related = tuple(
            (binding, ("roleRef",), f"bound here to {_subjects(binding)}")
            for binding in scope.bindings[:2]
        )
        for item in found:
            yield Hit(
                _message(item, scope),
                _place(item),
                severity=item.severity,
                evidence=_evidence(item),
                related=related,
            )


def held(role: KubernetesObject, context: Context, capability: str) -> list[Held]:
    """The entries of a role's rules that give a capability."""
    return access_in(context.index).held_by(role, context.index).get(capability, [])


def hits_of_binding(binding: KubernetesObject, context: Context, rule: Rule) -> Iterator[Hit]:
    """A hit for a binding to a role that is mere context, where no hit can stand.

    Who scans what changed must learn of the new binding to an old role.
    """
    roles = roles_in(context.index)
    role = roles.role_of(binding) if binding.group in GROUPS else None
    if role is None or role.target or not any(subjects_of(binding)):
        return
    wide = binding.kind == "ClusterRoleBinding"
    scope = Scope(None if wide else (binding.namespace,))
    found = capabilities(roles.effective_rules(role), scope).get(rule.id, [])
    if found:
        item = max(found, key=lambda held: held.severity)
        yield Hit(
            f"gives {role.kind} {role.name}, which {_message(item, scope)}",
            ("roleRef", "name"),
            severity=item.severity,
            evidence=role.name,
            related=((role, item.rule.place("resources", item.resource), "allowed here"),),
        )


def _message(item: Held, scope: Scope) -> str:
    where = "" if item.resource.partition("/")[0] in CLUSTER_SCOPED else f" {scope}"
    if item.rule.urls:
        where = ""
    names = f", only {some(item.rule.names)}" if item.rule.names else ""
    grant = "" if item.capability in (EVERYTHING, WILDCARD) else f" ({item.verb} {item.resource})"
    return f"can {item.phrase}{where}{names}{grant}"


def _evidence(item: Held) -> str:
    if item.capability == EVERYTHING:
        return ""
    return item.phrase if item.capability == WILDCARD else f"{item.verb} {item.resource}"


def _place(item: Held) -> KeyPath:
    rule = item.rule
    if item.verb.partition(":")[0] in _SPECIAL_VERBS:
        return rule.place("verbs", item.verb)
    if item.resource:
        return rule.place("resources", item.resource)
    return rule.place("nonResourceURLs" if rule.urls else "apiGroups", ANY)


def _subjects(binding: KubernetesObject) -> str:
    return some([str(subject) for subject in subjects_of(binding)])

"""What roles and bindings grant, decided as the API server's RBAC authorizer decides it.

``PolicyRule.grants`` is the one place that says whether an entry of a role's ``rules`` covers a
request (plugin/pkg/auth/authorizer/rbac and component-helpers' ``rbac.ResourceMatches``).
``Roles`` follows bindings, aggregation and built-in roles over all objects of a run.
"""

import os
from collections.abc import Iterator
from functools import cached_property

from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes import builtin_roles
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.selectors import Selector, parse_selector
from seawall.text.values import Map, mapping, mappings, sequence, text, texts

GROUP = "rbac.authorization.k8s.io"
GROUPS = frozenset((GROUP, "authorization.openshift.io"))
"""API groups whose roles and bindings have this shape."""

AGGREGATE_LABEL = "rbac.authorization.k8s.io/aggregate-to-"
"""ClusterRoles with this label and ``view``, ``edit`` or ``admin`` widen that built-in role."""

NAMELESS_VERBS = frozenset(("create", "deletecollection"))
"""Verbs whose requests name no object, so that no rule with resourceNames ever allows them."""

ANY = "*"


class PolicyRule:
    """One entry of a role's ``rules``; ``index`` is where it stands."""

    __slots__ = ("groups", "index", "names", "resources", "urls", "value", "verbs")

    def __init__(self, value: Map, index: int = 0) -> None:
        self.value = value
        self.index = index
        self.verbs = texts(value, "verbs")
        self.groups = texts(value, "apiGroups")
        self.resources = texts(value, "resources")
        self.names = texts(value, "resourceNames")
        self.urls = texts(value, "nonResourceURLs")

    def grants(self, verb: str, group: str, resource: str, name: str = "") -> bool:
        """Whether a request is allowed. ``resource`` is ``pods`` or ``pods/exec``.

        ``*`` is the only pattern there is, and ``*/exec``; ``pods/*`` is a name like any other.
        A rule with resourceNames allows no request without a name.
        """
        return (
            (verb in self.verbs or ANY in self.verbs)
            and (group in self.groups or ANY in self.groups)
            and self._covers(resource)
            and (not self.names or name in self.names)
        )

    def _covers(self, resource: str) -> bool:
        if resource in self.resources or ANY in self.resources:
            return True
        _, slash, subresource = resource.partition("/")
        return bool(slash) and f"*/{subresource}" in self.resources

    def grants_url(self, verb: str, path: str) -> bool:
        """Whether a request for a path that is no resource is allowed."""
        return (verb in self.verbs or ANY in self.verbs) and any(
            url in (ANY, path) or (url.endswith(ANY) and path.startswith(url.rstrip(ANY)))
            for url in self.urls
        )

    def grants_some(self, verb: str, group: str, resource: str) -> bool:
        """Whether the verb is allowed on every object or at least on one that is named."""
        if not self.names:
            return self.grants(verb, group, resource)
        if verb in NAMELESS_VERBS and "/" not in resource:
            return False
        return self.grants(verb, group, resource, self.names[0])

    @property
    def is_everything(self) -> bool:
        """Whether it allows all verbs on all resources of the core group, if not of all groups.

        The core group is enough: who may read every secret and make tokens and pods is admin.
        """
        return (
            ANY in self.verbs
            and ANY in self.resources
            and (ANY in self.groups or "" in self.groups)
            and not self.names
        )

    @property
    def is_wildcard(self) -> bool:
        """Whether it allows all verbs or all resources of its groups, or every path."""
        return ANY in self.urls or (
            bool(self.resources) and (ANY in self.verbs or ANY in self.resources)
        )

    def place(self, key: str, item: str) -> tuple[str | int, ...]:
        """The key path of an item of one of its lists, relative to the role."""
        items = sequence(self.value, key)
        if item in items:
            return ("rules", self.index, key, items.index(item))
        return ("rules", self.index, key)


class RoleSubject(NamedTuple):
    """A subject of a binding; users that are service accounts are given as ``ServiceAccount``."""

    position: int
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """``service account shop/web`` or ``group ops``."""
        if self.kind == "ServiceAccount":
            return f"service account {self.namespace}/{self.name}"
        return f"{self.kind.lower()} {self.name}"


SERVICE_ACCOUNT_USER = "system:serviceaccount:"


def subjects_of(binding: KubernetesObject) -> Iterator[RoleSubject]:
    """The subjects of a binding."""
    for position, subject in mappings(binding.value, "subjects"):
        kind, name = text(subject, "kind"), text(subject, "name")
        namespace = ""
        if kind == "User" and name.startswith(SERVICE_ACCOUNT_USER):
            namespace, _, name = name.removeprefix(SERVICE_ACCOUNT_USER).partition(":")
            kind = "ServiceAccount"
        elif kind == "ServiceAccount":
            namespace = text(subject, "namespace") or binding.namespace
        yield RoleSubject(position, kind, namespace, name)


class Scope(NamedTuple):
    """Where the rules of a role take effect: in some namespaces, ``None`` for everywhere.

    ``sensitive`` says that these namespaces hold more than ordinary ones.
    """

    namespaces: tuple[str, ...] | None
    bindings: tuple[KubernetesObject, ...] = ()
    sensitive: bool = False

    @property
    def is_cluster_wide(self) -> bool:
        """Whether objects outside namespaces are reached, too."""
        return self.namespaces is None

    def __str__(self) -> str:
        """``in every namespace`` or ``in namespace shop``."""
        if self.namespaces is None:
            return "in every namespace"
        if not self.namespaces:
            return "in the namespaces where it is bound"
        more = len(self.namespaces) - 3
        names = ", ".join(self.namespaces[:3]) + (f" and {more} more" if more > 0 else "")
        return f"in namespace{'s' * (len(self.namespaces) > 1)} {names}"


_Key = tuple[str, str, str]


class Roles:
    """Roles, what they are made of and where they are bound, over the objects of a run."""

    def __init__(self, index: Index) -> None:
        self._cluster_roles = [
            role for role in index.of_kind("ClusterRole") if role.group in GROUPS
        ]
        self._bindings: dict[_Key, list[KubernetesObject]] = {}
        for binding in index.of_kind("ClusterRoleBinding", "RoleBinding"):
            if binding.group in GROUPS and any(mappings(binding.value, "subjects")):
                self._bindings.setdefault(role_key(binding), []).append(binding)
        self._objects: dict[_Key, list[KubernetesObject]] = {}
        for role in [*self._cluster_roles, *index.of_kind("Role")]:
            if role.group in GROUPS:
                self._objects.setdefault(_key(role), []).append(role)
        self._applications = index.applications
        self._selectors = [
            (role, selectors) for role in self._cluster_roles if (selectors := _selectors(role))
        ]
        self._rules: dict[int, tuple[PolicyRule, ...]] = {}

    @cached_property
    def bound_accounts(self) -> dict[str, frozenset[str]]:
        """The names of the service accounts that are subjects of a binding, of any namespace.

        Each with the directories of these bindings.
        """
        found: dict[str, set[str]] = {}
        for bindings in self._bindings.values():
            for binding in bindings:
                for subject in subjects_of(binding):
                    if subject.kind == "ServiceAccount":
                        found.setdefault(subject.name, set()).add(os.path.dirname(binding.file))
        return {name: frozenset(directories) for name, directories in found.items()}

    def role_of(self, binding: KubernetesObject) -> KubernetesObject | None:
        """The role a binding refers to, when it is among the objects."""
        found = self._objects.get(role_key(binding), ())
        return next((role for role in found if self._together(role, binding)), None)

    def _bindings_of(self, role: KubernetesObject) -> list[KubernetesObject]:
        return [item for item in self._bindings.get(_key(role), ()) if self._together(role, item)]

    def _together(self, role: KubernetesObject, binding: KubernetesObject) -> bool:
        """Whether a binding can mean this role, not one of its name in another application."""
        return role.kind != "Role" or self._applications.share_namespace(role, binding)

    def own_rules(self, role: KubernetesObject) -> tuple[PolicyRule, ...]:
        """The rules that are in force as they stand in a role.

        A controller overwrites those of a role that aggregates others; only in one read from a
        cluster (it has a ``uid``) are they what that controller wrote.
        """
        if "aggregationRule" in role.value and "uid" not in role.metadata:
            return ()
        found = self._rules.get(id(role))
        if found is None:
            found = self._rules[id(role)] = _parse(role.value)
        return found

    def rules_of(self, binding: KubernetesObject) -> tuple[PolicyRule, ...] | None:
        """All rules of the role a binding refers to; ``None`` when the role is not known."""
        role = self.role_of(binding)
        if role is not None:
            return self.effective_rules(role)
        kind, _, name = role_key(binding)
        builtin = builtin_roles.rules_of(name) if kind == "ClusterRole" else None
        return None if builtin is None else tuple(map(PolicyRule, builtin))

    def effective_rules(self, role: KubernetesObject) -> tuple[PolicyRule, ...]:
        """A role's rules, and for one that aggregates others the union of theirs."""
        found = [*self.own_rules(role)]
        seen = {id(role)}
        waiting = [role]
        while waiting:
            selectors = _selectors(waiting.pop())
            if not selectors:
                continue
            for part in self._cluster_roles:
                if id(part) not in seen and _selects(selectors, part):
                    seen.add(id(part))
                    found.extend(self.own_rules(part))
                    waiting.append(part)
        return tuple(found)

    def aggregators_of(self, role: KubernetesObject) -> tuple[str, ...]:
        """The names of the ClusterRoles that take a role's rules in, directly or through others."""
        if role.kind != "ClusterRole":
            return ()
        found: dict[str, None] = {}
        waiting = [role]
        while waiting:
            part = waiting.pop()
            labels = part.labels
            for builtin, steps in builtin_roles.AGGREGATES.items():
                if any(labels.get(AGGREGATE_LABEL + step) == "true" for step in steps):
                    found[builtin] = None
            for aggregator, selectors in self._selectors:
                if aggregator.name not in found and _selects(selectors, part):
                    found[aggregator.name] = None
                    waiting.append(aggregator)
        return tuple(name for name in found if name != role.name)

    def scope_of(self, role: KubernetesObject) -> Scope:
        """Where a role takes effect; one that nothing binds may be bound everywhere tomorrow."""
        bindings = self._bindings_of(role)
        if role.kind == "Role":
            return Scope((role.namespace,), tuple(bindings))
        aggregators = self.aggregators_of(role)
        for name in aggregators:
            bindings.extend(self._bindings.get(("ClusterRole", "", name), ()))
        cluster_wide = [binding for binding in bindings if binding.kind == "ClusterRoleBinding"]
        if cluster_wide:
            return Scope(None, tuple(cluster_wide))
        if bindings:
            namespaces = dict.fromkeys(binding.namespace for binding in bindings)
            return Scope(tuple(namespaces), tuple(bindings))
        # The built-in roles that take others in are meant to be bound in namespaces.
        return Scope(() if any(name in builtin_roles.AGGREGATES for name in aggregators) else None)

    def is_bound(self, role: KubernetesObject) -> bool:
        """Whether a binding of the run gives a role to anybody, itself or through aggregation."""
        return bool(self._bindings_of(role)) or bool(self.aggregators_of(role))


@once_per_index
def roles_in(index: Index) -> Roles:
    """The roles of a run, worked out once."""
    return Roles(index)


def is_bootstrap(role: KubernetesObject) -> bool:
    """Whether a ClusterRole or Role is one the API server made, as in a dump of a cluster."""
    return builtin_roles.BOOTSTRAP_LABEL in role.labels and (
        role.name in builtin_roles.CLUSTER_ROLES
        or (role.namespace, role.name) in builtin_roles.ROLES
    )


def role_key(binding: KubernetesObject) -> _Key:
    """Kind, namespace and name of the role a binding refers to."""
    kind = text(binding.value, "roleRef", "kind")
    namespace = binding.namespace if kind == "Role" else ""
    return (kind, namespace, text(binding.value, "roleRef", "name"))


def _key(role: KubernetesObject) -> _Key:
    return (role.kind, role.namespace, role.name)


def _parse(value: Map) -> tuple[PolicyRule, ...]:
    return tuple(PolicyRule(item, index) for index, item in mappings(value, "rules"))


def _selectors(role: KubernetesObject) -> tuple[Selector, ...]:
    aggregation = mapping(role.value, "aggregationRule")
    found = (parse_selector(item) for _, item in mappings(aggregation, "clusterRoleSelectors"))
    return tuple(selector for selector in found if selector is not None)


def _selects(selectors: tuple[Selector, ...], role: KubernetesObject) -> bool:
    labels = role.labels
    return any(selector.matches(labels) for selector in selectors)

"""All objects of a run, and the relations between them.

Look-ups go through dictionaries built once, so that the cost of a document does not grow with
the number of documents.
"""

import os
import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from seawall.core import lazy
from seawall.kubernetes.applications import Applications, names_namespace
from seawall.kubernetes.network_policies import (
    NETWORK_POLICY_KINDS,
    OPEN,
    Isolation,
    Reach,
    reaches,
)
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.selectors import Selector, parse_map_selector, parse_selector
from seawall.kubernetes.values import integer, mapping, mappings, text
from seawall.kubernetes.workloads import bare_templates_of, pods_of


class Scale(NamedTuple):
    """Between how many pods a workload may have; ``stated`` whether anything says so."""

    least: int
    most: int
    stated: bool


class Index:
    """The objects of a run. ``opaque`` holds the texts that could not be read as objects."""

    def __init__(self, objects: Iterable[KubernetesObject], opaque: Iterable[str] = ()) -> None:
        self.objects = tuple(objects)
        self._opaque = "\n".join(opaque)
        self._pods: dict[int, tuple[Pod, ...]] = {}
        self._by_kind: dict[str, list[KubernetesObject]] = {}
        self._by_key: dict[tuple[str, str, str], list[KubernetesObject]] = {}
        for object_ in self.objects:
            self._by_kind.setdefault(object_.kind, []).append(object_)
            key = (object_.kind, object_.namespace, object_.name)
            self._by_key.setdefault(key, []).append(object_)

    def of_kind(self, *kinds: str) -> list[KubernetesObject]:
        """All objects of some kinds, in the order of the input."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], [])
        return [object_ for kind in kinds for object_ in self._by_kind.get(kind, [])]

    def find(self, kind: str, namespace: str, name: str) -> KubernetesObject | None:
        """The first object with this kind, namespace (as ``KubernetesObject`` has it) and name."""
        found = self._by_key.get((kind, namespace, name))
        return found[0] if found else None

    def find_all(self, kind: str, namespace: str, name: str) -> list[KubernetesObject]:
        """Every object with this kind, namespace and name, as overlays define it."""
        return self._by_key.get((kind, namespace, name), [])

    def holds(self, *kinds: str) -> bool:
        """Whether there is any object of some kinds."""
        return any(kind in self._by_kind for kind in kinds)

    @cached_property
    def _kinds_by_namespace(self) -> frozenset[tuple[str, str]]:
        return frozenset((object_.namespace, object_.kind) for object_ in self.objects)

    def holds_in(self, namespace: str, kind: str) -> bool:
        """Whether a namespace has any object of a kind."""
        return (namespace, kind) in self._kinds_by_namespace

    def is_unresolved(self, name: str) -> bool:
        """Whether a name occurs in text that could not be read, and so may be defined there."""
        if not name:
            return False
        return name in (self._opaque if _NO_WORD.search(name) else self._words_of_opaque)

    @cached_property
    def _words_of_opaque(self) -> str:
        """Each word of the opaque texts once: a word lies in a text if it lies in one of these."""
        return "\n".join(dict.fromkeys(_WORDS.findall(self._opaque)))

    def holds_unresolved(self, pattern: str) -> bool:
        """Whether a regular expression matches anywhere in text that could not be read."""
        return re.search(pattern, self._opaque) is not None

    def pods(self, object_: KubernetesObject) -> tuple[Pod, ...]:
        """The pods of an object, found once."""
        key = id(object_)
        pods = self._pods.get(key)
        if pods is None:
            pods = self._pods[key] = pods_of(object_)
        return pods

    @cached_property
    def all_pods(self) -> tuple[Pod, ...]:
        """Every pod and pod template of the run."""
        return tuple(pod for object_ in self.objects for pod in self.pods(object_))

    @cached_property
    def _selectable(self) -> tuple[Pod, ...]:
        """Every pod and template of the run, also those of which nothing but labels is known."""
        bare = (pod for object_ in self.objects for pod in bare_templates_of(object_))
        return (*self.all_pods, *bare)

    @cached_property
    def _pods_by_namespace(self) -> dict[str, list[Pod]]:
        result: dict[str, list[Pod]] = {}
        for pod in self._selectable:
            result.setdefault(pod.object.namespace, []).append(pod)
        return result

    @cached_property
    def _pods_by_label(self) -> dict[tuple[str, str, str], list[Pod]]:
        result: dict[tuple[str, str, str], list[Pod]] = {}
        for pod in self._selectable:
            for key, value in pod.labels.items():
                result.setdefault((pod.object.namespace, key, value), []).append(pod)
        return result

    def pods_in(self, namespace: str) -> list[Pod]:
        """The pods of a namespace, also templates without a spec, whose containers none knows."""
        return self._pods_by_namespace.get(namespace, [])

    @property
    def namespaces_with_pods(self) -> Iterable[str]:
        """The namespaces that any pod of the run is in."""
        return self._pods_by_namespace.keys()

    def select(self, namespace: str, selector: Selector | None) -> list[Pod]:
        """The pods of a namespace that a selector matches; no selector matches none.

        They may be templates without a spec, and so without containers.
        """
        if selector is None:
            return []
        candidates = self.pods_in(namespace)
        for key, value in selector.labels.items():
            narrowed = self._pods_by_label.get((namespace, key, value), [])
            if len(narrowed) < len(candidates):
                candidates = narrowed
        return [pod for pod in candidates if selector.matches(pod.labels)]

    def leaves_open(self, selector: Selector) -> bool:
        """Whether a value that a selector asks for occurs in text that could not be read."""
        return any(self.is_unresolved(value) for value in selector.labels.values())

    @cached_property
    def _names_of_custom_resources(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (object_.namespace, object_.name)
            for object_ in self.objects
            if "." in object_.group
            and not object_.group.endswith((".k8s.io", *_GROUPS_WITHOUT_PODS))
            and not self.pods(object_)
        )

    def may_come_from_operator(self, namespace: str, selector: Selector) -> bool:
        """Whether a selector names a custom resource of the run, whose pods an operator makes.

        Operators label the pods they make with the name of the resource they make them from.
        """
        names = self._names_of_custom_resources
        return any((namespace, value) in names for value in selector.labels.values())

    # Services ---------------------------------------------------------------------------------

    @cached_property
    def _services_of_pod(self) -> dict[int, list[KubernetesObject]]:
        result: dict[int, list[KubernetesObject]] = {}
        for service in self.of_kind("Service"):
            selector = parse_map_selector(service.spec.get("selector"))
            for pod in self.select(service.namespace, selector):
                result.setdefault(id(pod), []).append(service)
        return result

    def services_of(self, pod: Pod) -> list[KubernetesObject]:
        """The Services that send traffic to a pod."""
        return self._services_of_pod.get(id(pod), [])

    @cached_property
    def _services_by_label(self) -> dict[tuple[str, str], list[KubernetesObject]]:
        result: dict[tuple[str, str], list[KubernetesObject]] = {}
        for service in self.of_kind("Service"):
            for label in service.labels.items():
                result.setdefault(label, []).append(service)
        return result

    def has_service_labelled(self, namespaces: Iterable[str] | None, selector: Selector) -> bool:
        """Whether a Service of some namespaces (``None``: any) has labels that match."""
        candidates = self.of_kind("Service")
        for label in selector.labels.items():
            narrowed = self._services_by_label.get(label, [])
            if len(narrowed) < len(candidates):
                candidates = narrowed
        within = None if namespaces is None else frozenset(namespaces)
        return any(
            (within is None or service.namespace in within) and selector.matches(service.labels)
            for service in candidates
        )

    @cached_property
    def _hand_made_endpoints(self) -> frozenset[tuple[str, str]]:
        found = {(object_.namespace, object_.name) for object_ in self.of_kind("Endpoints")}
        for object_ in self.of_kind("EndpointSlice"):
            name = object_.labels.get("kubernetes.io/service-name", object_.name)
            found.add((object_.namespace, name))
        return frozenset(found)

    def has_endpoints(self, service: KubernetesObject) -> bool:
        """Whether Endpoints or EndpointSlices for a Service are among the objects."""
        return (service.namespace, service.name) in self._hand_made_endpoints

    # Scaling ----------------------------------------------------------------------------------

    @cached_property
    def _scalers(self) -> dict[tuple[str, str, str], list[KubernetesObject]]:
        result: dict[tuple[str, str, str], list[KubernetesObject]] = {}
        for scaler in self.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
            target = mapping(scaler.spec, "scaleTargetRef")
            kind = text(target, "kind") or ("Deployment" if scaler.kind == "ScaledObject" else "")
            key = (kind.lower(), scaler.namespace, text(target, "name"))
            result.setdefault(key, []).append(scaler)
        return result

    def scalers_of(self, object_: KubernetesObject) -> list[KubernetesObject]:
        """HorizontalPodAutoscalers and KEDA ScaledObjects that scale a workload."""
        return self._scalers.get((object_.kind.lower(), object_.namespace, object_.name), [])

    def scale_of(self, object_: KubernetesObject) -> Scale:
        """How many pods a workload may have: what its scalers say, or else its own word, or 1."""
        scalers = self.scalers_of(object_)
        if scalers:
            ranges = [_range(scaler) for scaler in scalers]
            least, most = min(low for low, _ in ranges), max(high for _, high in ranges)
            return Scale(least, most, stated=True)
        replicas = integer(object_.spec, "replicas")
        if replicas is None:
            return Scale(1, 1, stated=False)
        return Scale(replicas, replicas, stated=True)

    # Policies ---------------------------------------------------------------------------------

    @cached_property
    def _reaches(self) -> tuple[Reach, ...]:
        policies = self.of_kind(*NETWORK_POLICY_KINDS)
        return tuple(reach for policy in policies for reach in reaches(policy))

    @cached_property
    def _isolation_of_pod(self) -> dict[int, Isolation]:
        result: dict[int, Isolation] = {}
        for reach in self._reaches:
            for namespace in reach.namespaces or self.namespaces_with_pods:
                for pod in self.select(namespace, reach.selector):
                    before = result.get(id(pod), OPEN)
                    result[id(pod)] = _both(before, reach.isolation)
        return result

    def isolation_of(self, pod: Pod) -> Isolation:
        """In which directions policies of any kind limit a pod's traffic."""
        return self._isolation_of_pod.get(id(pod), OPEN)

    @cached_property
    def _isolation_by_default(self) -> dict[str, Isolation]:
        result: dict[str, Isolation] = {}
        for reach in self._reaches:
            if reach.selector.is_empty:
                for namespace in reach.namespaces or ("",):
                    before = result.get(namespace, OPEN)
                    result[namespace] = _both(before, reach.isolation)
        return result

    def default_isolation(self, namespace: str) -> Isolation:
        """In which directions policies limit every pod that may come into a namespace."""
        everywhere = self._isolation_by_default.get("", OPEN)
        return _both(everywhere, self._isolation_by_default.get(namespace, OPEN))

    @cached_property
    def describes_namespaces(self) -> bool:
        """Whether the run tells of namespaces or network policies, not of workloads alone."""
        return self.holds("Namespace", *NETWORK_POLICY_KINDS)

    @cached_property
    def _pods_of_budget(self) -> dict[int, list[Pod]]:
        result: dict[int, list[Pod]] = {}
        for budget in self.of_kind("PodDisruptionBudget"):
            selector = parse_selector(budget.spec.get("selector"))
            if selector is not None and selector.is_empty and budget.version == "v1beta1":
                selector = None  # policy/v1beta1: an empty selector matches nothing
            result[id(budget)] = self.select(budget.namespace, selector)
        return result

    @cached_property
    def _budgets_of_pod(self) -> dict[int, list[KubernetesObject]]:
        result: dict[int, list[KubernetesObject]] = {}
        for budget in self.of_kind("PodDisruptionBudget"):
            for pod in self.covered_by(budget):
                result.setdefault(id(pod), []).append(budget)
        return result

    def covered_by(self, budget: KubernetesObject) -> list[Pod]:
        """The pods a PodDisruptionBudget covers."""
        return self._pods_of_budget.get(id(budget), [])

    def budgets_of(self, pod: Pod) -> list[KubernetesObject]:
        """The PodDisruptionBudgets that cover a pod."""
        return self._budgets_of_pod.get(id(pod), [])

    # Accounts and roles -----------------------------------------------------------------------

    def service_account(self, pod: Pod) -> KubernetesObject | None:
        """The ServiceAccount a pod runs as, when it is among the objects.

        That is the one of its own application, or else another's: who names an account that the
        application does not have means some other, but each namespace has a ``default``.
        """
        own = self._own_account(pod)
        if own is not None or pod.service_account_name == _DEFAULT_ACCOUNT:
            return own
        return self.find("ServiceAccount", pod.object.namespace, pod.service_account_name)

    def _own_account(self, pod: Pod) -> KubernetesObject | None:
        key = ("ServiceAccount", pod.object.namespace, pod.service_account_name)
        share = self.applications.share_namespace
        found = self._by_key.get(key, ())
        return next((account for account in found if share(pod.object, account)), None)

    def has_account_of_its_own(self, pod: Pod) -> bool:
        """Whether the account is one of the pod's application, so that no other's is meant."""
        return pod.service_account_name == _DEFAULT_ACCOUNT or self._own_account(pod) is not None

    def mounts_token(self, pod: Pod) -> bool:
        """Whether the kubelet mounts an API token: the pod's word first, then the account's."""
        own = pod.spec.get("automountServiceAccountToken")
        if isinstance(own, bool):
            return own
        account = self.service_account(pod)
        return account is None or account.value.get("automountServiceAccountToken") is not False

    def role_of(self, binding: KubernetesObject) -> KubernetesObject | None:
        """The Role or ClusterRole a binding refers to, when it is among the objects."""
        kind, name = text(binding.value, "roleRef", "kind"), text(binding.value, "roleRef", "name")
        namespace = binding.namespace if kind == "Role" else ""
        return self.find(kind, namespace, name)

    @cached_property
    def applications(self) -> Applications:
        """Which objects belong together where their namespaces do not say so."""
        return Applications(pod.object.file for pod in self.all_pods)

    @cached_property
    def _rights_of_account(self) -> dict[tuple[str, str], set[tuple[bool, str]]]:
        """By namespace and name of an account: where bindings name it, and if with its namespace.

        Directories stand for the bindings in them, of which there may be many.
        """
        result: dict[tuple[str, str], set[tuple[bool, str]]] = {}
        for binding in self.of_kind("RoleBinding", "ClusterRoleBinding"):
            directory = os.path.dirname(binding.file)
            for _, subject in mappings(binding.value, "subjects"):
                if text(subject, "kind") == "ServiceAccount":
                    stated = text(subject, "namespace")
                    key = (stated or binding.namespace, text(subject, "name"))
                    named = bool(stated) or names_namespace(binding)
                    result.setdefault(key, set()).add((named, directory))
        return result

    def has_rights(self, pod: Pod) -> bool:
        """Whether a binding names the account of a pod.

        One of another application counts where both name the namespace, or where the account is
        none of the pod's own application.
        """
        object_, account = pod.object, pod.service_account_name
        stated, directory = names_namespace(object_), os.path.dirname(object_.file)
        rights = self._rights_of_account.get((object_.namespace, account), ())
        return any(
            (stated and named) or self.applications.share(directory, other)
            for named, other in rights
        ) or (bool(rights) and not self.has_account_of_its_own(pod))


_DEFAULT_ACCOUNT = "default"
_WORDS = lazy.pattern(r"[\w.-]+")
_NO_WORD = lazy.pattern(r"[^\w.-]")

_GROUPS_WITHOUT_PODS = (
    "bitnami.com", "cert-manager.io", "cilium.io", "external-secrets.io", "gatekeeper.sh",
    "istio.io", "keda.sh", "konghq.com", "kyverno.io", "linkerd.io", "monitoring.coreos.com",
    "projectcalico.org", "route.openshift.io", "traefik.containo.us", "traefik.io",
)  # fmt: skip
"""Groups of custom resources that tell of workloads, often by their name, and make no pods."""


def _range(scaler: KubernetesObject) -> tuple[int, int]:
    """The least and most replicas an autoscaler sets."""
    if scaler.kind == "ScaledObject":  # KEDA's defaults are 0 and 100
        most = integer(scaler.spec, "maxReplicaCount")
        return integer(scaler.spec, "minReplicaCount") or 0, 100 if most is None else most
    own = integer(scaler.spec, "minReplicas")
    least = 1 if own is None else own
    return least, integer(scaler.spec, "maxReplicas") or least


def _both(one: Isolation, other: Isolation) -> Isolation:
    return Isolation(one.ingress or other.ingress, one.egress or other.egress)

"""All objects of a run, and the relations between them.

Look-ups go through dictionaries built once, so that the cost of a document does not grow with
the number of documents. Each answer tells which topics it rests on (``asked``), so that it need
not be sought again while the objects of these topics stay as they are; what is worked out once is
kept with its topics.
"""

import os
import re
from collections.abc import Callable, Hashable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from seawall.core import lazy
from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes import topics
from seawall.kubernetes.applications import Applications, names_namespace
from seawall.kubernetes.network_policies import (
    NETWORK_POLICY_KINDS,
    OPEN,
    POLICY_KINDS_OF_NAMESPACES,
    Isolation,
    Reach,
    reaches,
)
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.selectors import (
    Selecting,
    Selector,
    parse_map_selector,
    parse_selector,
)
from seawall.kubernetes.stock import AtHand, Stock
from seawall.kubernetes.workloads import bare_templates_of, pods_of
from seawall.text.values import integer, mapping, mappings, text

if TYPE_CHECKING:
    from seawall.kubernetes.topics import Topic

Result = TypeVar("Result")


class Scale(NamedTuple):
    """Between how many pods a workload may have; ``stated`` whether anything says so."""

    least: int
    most: int
    stated: bool


class Index:
    """The objects of a run. ``opaque`` holds the texts that could not be read as objects.

    ``stock`` stands for the objects where they are read only when somebody asks for them.
    """

    def __init__(
        self,
        objects: Iterable[KubernetesObject] = (),
        opaque: Iterable[str] = (),
        *,
        stock: Stock | None = None,
    ) -> None:
        self._stock: Stock = stock or AtHand(objects)
        self._opaque = "\n".join(opaque)
        self._pods: dict[int, tuple[Pod, ...]] = {}
        self._kept: dict[Hashable, tuple[Any, frozenset[Topic]]] = {}
        self.asked: set[Topic] = set()
        """What was asked about since somebody last emptied it."""

    def open_all(self) -> None:
        """Read all objects, where that waits until somebody asks for them."""
        self._stock.open_all()

    def once(self, key: Hashable, build: Callable[[], Result]) -> Result:
        """What a function gives, called once; what it asks about is asked about each time."""
        kept = self._kept.get(key)
        if kept is None:
            before, self.asked = self.asked, set()
            try:
                value = build()
            finally:
                own, self.asked = self.asked, before
            kept = self._kept[key] = (value, frozenset(own))
        self.asked |= kept[1]
        result: Result = kept[0]
        return result

    @property
    def objects(self) -> tuple[KubernetesObject, ...]:
        """All objects, in the order of the input."""
        self.asked.add(topics.EVERYTHING)
        return self._stock.objects

    def of_kind(self, *kinds: str) -> list[KubernetesObject]:
        """All objects of some kinds, in the order of the input."""
        self.asked.update(topics.kind(kind) for kind in kinds)
        if len(kinds) == 1:
            return self._stock.of_kind(kinds[0])
        return [object_ for kind in kinds for object_ in self._stock.of_kind(kind)]

    def of_kind_in(self, namespace: str, *kinds: str) -> list[KubernetesObject]:
        """All objects of some kinds that live in a namespace ("" outside of all)."""
        self.asked.update(topics.kind(kind, namespace) for kind in kinds)
        return [object_ for kind in kinds for object_ in self._stock.of_kind(kind, namespace)]

    def find(self, kind: str, namespace: str, name: str) -> KubernetesObject | None:
        """The first object with this kind, namespace (as ``KubernetesObject`` has it) and name."""
        found = self.find_all(kind, namespace, name)
        return found[0] if found else None

    def find_all(self, kind: str, namespace: str, name: str) -> list[KubernetesObject]:
        """Every object with this kind, namespace and name, as overlays define it."""
        by_name = self.once(("names", kind, namespace), lambda: self._by_name(kind, namespace))
        return by_name.get(name, [])

    def _by_name(self, kind: str, namespace: str) -> dict[str, list[KubernetesObject]]:
        result: dict[str, list[KubernetesObject]] = {}
        for object_ in self.of_kind_in(namespace, kind):
            result.setdefault(object_.name, []).append(object_)
        return result

    def holds(self, *kinds: str) -> bool:
        """Whether there is any object of some kinds."""
        self.asked.update(map(topics.presence, kinds))
        return any(map(self._stock.holds, kinds))

    def holds_in(self, namespace: str, kind: str) -> bool:
        """Whether a namespace has any object of a kind."""
        return bool(self.of_kind_in(namespace, kind))

    def is_unresolved(self, name: str) -> bool:
        """Whether a name occurs in text that could not be read, and so may be defined there."""
        self.asked.add(topics.OPAQUE)
        if not name:
            return False
        return name in (self._opaque if _NO_WORD.search(name) else self._words_of_opaque())

    def _words_of_opaque(self) -> str:
        """Each word of the opaque texts once: a word lies in a text if it lies in one of these."""
        return self.once("words", lambda: "\n".join(dict.fromkeys(_WORDS.findall(self._opaque))))

    def holds_unresolved(self, pattern: str) -> bool:
        """Whether a regular expression matches anywhere in text that could not be read."""
        self.asked.add(topics.OPAQUE)
        return re.search(pattern, self._opaque) is not None

    # Pods -------------------------------------------------------------------------------------

    def pods(self, object_: KubernetesObject) -> tuple[Pod, ...]:
        """The pods of an object, found once."""
        key = id(object_)
        pods = self._pods.get(key)
        if pods is None:
            pods = self._pods[key] = pods_of(object_)
        return pods

    @property
    def all_pods(self) -> tuple[Pod, ...]:
        """Every pod and pod template of the run."""
        return self.once("pods", self._all_pods)

    def _all_pods(self) -> tuple[Pod, ...]:
        self.asked.add(topics.pods())
        return tuple(pod for object_ in self._stock.with_pods() for pod in self.pods(object_))

    def pods_in(self, namespace: str) -> list[Pod]:
        """The pods of a namespace, also templates without a spec, whose containers none knows."""
        return self.once(("pods", namespace), lambda: self._pods_in(namespace))

    def _pods_in(self, namespace: str) -> list[Pod]:
        self.asked.add(topics.pods(namespace))
        objects = self._stock.with_pods(namespace)
        whole = (pod for object_ in objects for pod in self.pods(object_))
        return [*whole, *(pod for object_ in objects for pod in bare_templates_of(object_))]

    @property
    def namespaces_with_pods(self) -> Iterable[str]:
        """The namespaces that any pod of the run is in."""
        return self.once("namespaces", self._namespaces_with_pods)

    def _namespaces_with_pods(self) -> Iterable[str]:
        bare = (pod for item in self._stock.with_pods() for pod in bare_templates_of(item))
        return dict.fromkeys(pod.object.namespace for pod in (*self.all_pods, *bare))

    def select(self, namespace: str, selector: Selector | None) -> list[Pod]:
        """The pods of a namespace that a selector matches; no selector matches none.

        They may be templates without a spec, and so without containers.
        """
        if selector is None:
            return []
        candidates = self.pods_in(namespace)
        by_label = self.once(("labels", namespace), lambda: self._pods_by_label(namespace))
        for label in selector.labels.items():
            narrowed = by_label.get(label, [])
            if len(narrowed) < len(candidates):
                candidates = narrowed
        return [pod for pod in candidates if selector.matches(pod.labels)]

    def _pods_by_label(self, namespace: str) -> dict[tuple[str, str], list[Pod]]:
        result: dict[tuple[str, str], list[Pod]] = {}
        for pod in self.pods_in(namespace):
            for label in pod.labels.items():
                result.setdefault(label, []).append(pod)
        return result

    def leaves_open(self, selector: Selector) -> bool:
        """Whether a value that a selector asks for occurs in text that could not be read."""
        return any(self.is_unresolved(value) for value in selector.labels.values())

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
        names = self.once("custom resources", self._names_of_custom_resources)
        return any((namespace, value) in names for value in selector.labels.values())

    # Services ---------------------------------------------------------------------------------

    def services_of(self, pod: Pod) -> list[KubernetesObject]:
        """The Services that send traffic to a pod."""
        namespace = pod.object.namespace
        return self.once(
            ("services", namespace),
            lambda: Selecting(
                (parse_map_selector(service.spec.get("selector")), service)
                for service in self.of_kind_in(namespace, "Service")
            ),
        ).matching(pod.labels)

    def _services_by_label(self) -> dict[tuple[str, str], list[KubernetesObject]]:
        result: dict[tuple[str, str], list[KubernetesObject]] = {}
        for service in self.of_kind("Service"):
            for label in service.labels.items():
                result.setdefault(label, []).append(service)
        return result

    def has_service_labelled(self, namespaces: Iterable[str] | None, selector: Selector) -> bool:
        """Whether a Service of some namespaces (``None``: any) has labels that match."""
        candidates = self.of_kind("Service")
        by_label = self.once("labels of services", self._services_by_label)
        for label in selector.labels.items():
            narrowed = by_label.get(label, [])
            if len(narrowed) < len(candidates):
                candidates = narrowed
        within = None if namespaces is None else frozenset(namespaces)
        return any(
            (within is None or service.namespace in within) and selector.matches(service.labels)
            for service in candidates
        )

    def _hand_made_endpoints(self) -> frozenset[tuple[str, str]]:
        found = {(object_.namespace, object_.name) for object_ in self.of_kind("Endpoints")}
        for object_ in self.of_kind("EndpointSlice"):
            name = object_.labels.get("kubernetes.io/service-name", object_.name)
            found.add((object_.namespace, name))
        return frozenset(found)

    def has_endpoints(self, service: KubernetesObject) -> bool:
        """Whether Endpoints or EndpointSlices for a Service are among the objects."""
        found = self.once("endpoints", self._hand_made_endpoints)
        return (service.namespace, service.name) in found

    # Scaling ----------------------------------------------------------------------------------

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
        scalers = self.once("scalers", self._scalers)
        return scalers.get((object_.kind.lower(), object_.namespace, object_.name), [])

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

    def _reaches(self, namespace: str) -> list[Reach]:
        """What the policies isolate that hold in a namespace."""
        everywhere = (kind for kind in NETWORK_POLICY_KINDS if kind not in _OF_NAMESPACES)
        policies = (
            self.of_kind_in(namespace, *POLICY_KINDS_OF_NAMESPACES),
            self.of_kind(*everywhere),
        )
        return [
            reach
            for policy in chain.from_iterable(policies)
            for reach in reaches(policy)
            if reach.namespaces is None or namespace in reach.namespaces
        ]

    def isolation_of(self, pod: Pod) -> Isolation:
        """In which directions policies of any kind limit a pod's traffic."""
        namespace = pod.object.namespace
        isolating = self.once(
            ("isolation", namespace),
            lambda: Selecting(
                (reach.selector, reach.isolation) for reach in self._reaches(namespace)
            ),
        )
        return _joined(isolating.matching(pod.labels))

    def default_isolation(self, namespace: str) -> Isolation:
        """In which directions policies limit every pod that may come into a namespace."""
        return self.once(
            ("default isolation", namespace),
            lambda: _joined(
                reach.isolation for reach in self._reaches(namespace) if reach.selector.is_empty
            ),
        )

    @property
    def describes_namespaces(self) -> bool:
        """Whether the run tells of namespaces or network policies, not of workloads alone."""
        return self.holds("Namespace", *NETWORK_POLICY_KINDS)

    def covered_by(self, budget: KubernetesObject) -> list[Pod]:
        """The pods a PodDisruptionBudget covers."""
        return self.select(budget.namespace, _selector_of_budget(budget))

    def budgets_of(self, pod: Pod) -> list[KubernetesObject]:
        """The PodDisruptionBudgets that cover a pod."""
        namespace = pod.object.namespace
        return self.once(
            ("budgets", namespace),
            lambda: Selecting(
                (_selector_of_budget(budget), budget)
                for budget in self.of_kind_in(namespace, "PodDisruptionBudget")
            ),
        ).matching(pod.labels)

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
        found = self.find_all("ServiceAccount", pod.object.namespace, pod.service_account_name)
        share = self.applications.share_namespace
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

    @property
    def applications(self) -> Applications:
        """Which objects belong together where their namespaces do not say so."""
        return self.once("applications", self._applications)

    def _applications(self) -> Applications:
        self.asked.add(topics.APPLICATIONS)
        return Applications(self._stock.files_with_pods(self.pods))

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
        found = self.once("rights", self._rights_of_account)
        rights = found.get((object_.namespace, account), ())
        return any(
            (stated and named) or self.applications.share(directory, other)
            for named, other in rights
        ) or (bool(rights) and not self.has_account_of_its_own(pod))


_DEFAULT_ACCOUNT = "default"
_OF_NAMESPACES = frozenset(POLICY_KINDS_OF_NAMESPACES)
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


def _joined(isolations: Iterable[Isolation]) -> Isolation:
    ingress = egress = False
    for isolation in isolations:
        ingress, egress = ingress or isolation.ingress, egress or isolation.egress
    return Isolation(ingress, egress) if ingress or egress else OPEN


def _selector_of_budget(budget: KubernetesObject) -> Selector | None:
    selector = parse_selector(budget.spec.get("selector"))
    if selector is not None and selector.is_empty and budget.version == "v1beta1":
        return None  # policy/v1beta1: an empty selector matches nothing
    return selector

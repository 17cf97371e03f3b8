"""All objects of a run, and the relations between them.

Look-ups go through dictionaries built once, so that the cost of a document does not grow with
the number of documents.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.selectors import Selector, parse_map_selector, parse_selector
from seawall.kubernetes.values import mapping, mappings, text
from seawall.kubernetes.workloads import pods_of

NETWORK_POLICY_KINDS = ("NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy",
                        "GlobalNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy")  # fmt: skip


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

    def is_unresolved(self, name: str) -> bool:
        """Whether a name occurs in text that could not be read: then it may well be defined there."""
        return bool(name) and name in self._opaque

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
    def _pods_by_namespace(self) -> dict[str, list[Pod]]:
        result: dict[str, list[Pod]] = {}
        for pod in self.all_pods:
            result.setdefault(pod.object.namespace, []).append(pod)
        return result

    @cached_property
    def _pods_by_label(self) -> dict[tuple[str, str, str], list[Pod]]:
        result: dict[tuple[str, str, str], list[Pod]] = {}
        for pod in self.all_pods:
            for key, value in pod.labels.items():
                result.setdefault((pod.object.namespace, key, value), []).append(pod)
        return result

    def pods_in(self, namespace: str) -> list[Pod]:
        """The pods of a namespace."""
        return self._pods_by_namespace.get(namespace, [])

    def select(self, namespace: str, selector: Selector | None) -> list[Pod]:
        """The pods of a namespace that a selector matches; no selector matches none."""
        if selector is None:
            return []
        candidates = self.pods_in(namespace)
        for key, value in selector.labels.items():
            narrowed = self._pods_by_label.get((namespace, key, value), [])
            if len(narrowed) < len(candidates):
                candidates = narrowed
        return [pod for pod in candidates if selector.matches(pod.labels)]

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

    # Policies ---------------------------------------------------------------------------------

    @cached_property
    def _policies_of_pod(self) -> dict[int, list[KubernetesObject]]:
        result: dict[int, list[KubernetesObject]] = {}
        for policy in self.of_kind("NetworkPolicy"):
            # An absent podSelector is an empty one: it selects every pod of the namespace.
            selector = parse_selector(policy.spec.get("podSelector")) or Selector({})
            for pod in self.select(policy.namespace, selector):
                result.setdefault(id(pod), []).append(policy)
        return result

    def network_policies_of(self, pod: Pod) -> list[KubernetesObject]:
        """The (plain Kubernetes) NetworkPolicies that select a pod."""
        return self._policies_of_pod.get(id(pod), [])

    @cached_property
    def _budgets_of_pod(self) -> dict[int, list[KubernetesObject]]:
        result: dict[int, list[KubernetesObject]] = {}
        for budget in self.of_kind("PodDisruptionBudget"):
            selector = parse_selector(budget.spec.get("selector"))
            if selector is not None and selector.is_empty and budget.version == "v1beta1":
                selector = None  # policy/v1beta1: an empty selector matches nothing
            for pod in self.select(budget.namespace, selector):
                result.setdefault(id(pod), []).append(budget)
        return result

    def budgets_of(self, pod: Pod) -> list[KubernetesObject]:
        """The PodDisruptionBudgets that cover a pod."""
        return self._budgets_of_pod.get(id(pod), [])

    # Accounts and roles -----------------------------------------------------------------------

    def service_account(self, pod: Pod) -> KubernetesObject | None:
        """The ServiceAccount a pod runs as, when it is among the objects."""
        return self.find("ServiceAccount", pod.object.namespace, pod.service_account_name)

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
    def _bindings_of_account(self) -> dict[tuple[str, str], list[KubernetesObject]]:
        result: dict[tuple[str, str], list[KubernetesObject]] = {}
        for binding in self.of_kind("RoleBinding", "ClusterRoleBinding"):
            for _, subject in mappings(binding.value, "subjects"):
                if text(subject, "kind") == "ServiceAccount":
                    namespace = text(subject, "namespace") or binding.namespace
                    key = (namespace, text(subject, "name"))
                    result.setdefault(key, []).append(binding)
        return result

    def bindings_of(self, namespace: str, account: str) -> list[KubernetesObject]:
        """The bindings that name a ServiceAccount as a subject."""
        return self._bindings_of_account.get((namespace, account), [])

    @cached_property
    def namespace_labels(self) -> Mapping[str, dict[str, str]]:
        """Labels of the Namespace objects of the run, by name."""
        return {object_.name: object_.labels for object_ in self.of_kind("Namespace")}

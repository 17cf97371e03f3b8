"""Network policies for pods that have none: deny, and allow what the manifests imply."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall.core.edit import Append, Data, Operation, Remove, Repair, Safety, Set
from seawall.core.rule import Hit
from seawall.core.severity import Severity
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.fix import Repairs, at_hit, mends, repair
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.selectors import parse_selector
from seawall.text.values import mapping, mappings, text

if TYPE_CHECKING:
    from seawall.core.location import KeyPath

_DNS: dict[str, Data] = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}


@mends("network-policy-missing")
def add_policy(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """Let in what Services lead to the pod's ports; let out names and the rest of the namespace.

    Probes come from the node, which no policy can shut out (Kubernetes docs, network policies).
    """
    labels = _labels(pod)
    name = pod.object.name
    if not labels or not name or pod.host_network:
        return
    limited = context.index.isolation_of(pod)
    spec: dict[str, Data] = {"podSelector": {"matchLabels": labels}}
    kinds = [("Ingress", limited.ingress), ("Egress", limited.egress)]
    spec["policyTypes"] = [kind for kind, is_limited in kinds if not is_limited]
    ingress = list(_ingress(pod, context))
    if ingress and not limited.ingress:
        spec["ingress"] = ingress
    if not limited.egress:
        spec["egress"] = [_DNS, {"to": [{"podSelector": {}}]}]
    if context.index.find("NetworkPolicy", pod.object.namespace, name):
        name = f"{name}-traffic"
    policy: dict[str, Data] = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(pod, name),
        "spec": spec,
    }
    yield repair(
        pod,
        "Add a NetworkPolicy: in from Services' clients, out to DNS and its namespace",
        added=(policy,),
        safety=Safety.UNSAFE,
        effect="other traffic of the pod is cut off",
        brings=("network-policy-allow-all",),  # where a Service is open to all the world
    )


@mends("network-policy-missing-ns")
def deny_by_default(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """What no other policy allows is refused in the whole namespace."""
    policy: dict[str, Data] = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny", "namespace": object_.name},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    if object_.kind == "Namespace" and object_.name:
        yield repair(
            object_,
            "Add a NetworkPolicy that denies all traffic by default",
            added=(policy,),
            safety=Safety.UNSAFE,
            effect="traffic that no policy of the namespace allows is cut off",
        )


@mends("network-policy-allow-all")
def narrow_to_namespace(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """A rule for everybody becomes one for the pods of the namespace.

    Services that are open to the outside keep their traffic by policies of their own pods.
    """
    if not _is_of_rule(object_, hit) or hit.severity is Severity.LOW:
        return  # who may use a port, or which namespaces are meant, a person has to say
    direction = str(hit.at[1])
    peers: KeyPath = (*object_.path, *hit.at[:3], "from" if direction == "ingress" else "to")
    operations: list[Operation] = [Set(peers, [{"podSelector": {}}])]
    if direction == "egress":
        operations.append(Append((*object_.path, "spec", "egress"), _DNS))
    added = _openings(object_, context) if direction == "ingress" else ()
    yield _narrowed(object_, direction, operations, added)


@mends("network-policy-world")
def leave_world_out(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """In place of every address: the pods of the namespace.

    Only for ingress: which addresses of the world a program calls stands in no manifest.
    """
    if (
        not _is_of_rule(object_, hit)
        or hit.at[1] != "ingress"
        or hit.at[-2:] != ("ipBlock", "cidr")
    ):
        return
    peer = at_hit(object_, hit)[:-2]
    operations: list[Operation] = [Remove((*peer, "ipBlock")), Set((*peer, "podSelector"), {})]
    yield _narrowed(object_, "ingress", operations, _openings(object_, context))


def _is_of_rule(object_: KubernetesObject, hit: Hit) -> bool:
    at = hit.at
    return object_.kind == "NetworkPolicy" and len(at) > 2 and isinstance(at[2], int)


def _narrowed(
    object_: KubernetesObject,
    direction: str,
    operations: Sequence[Operation],
    added: tuple[Mapping[str, Data], ...],
) -> Repair:
    return repair(
        object_,
        f"Let {'in' if direction == 'ingress' else 'out'} only traffic of its namespace",
        *operations,
        added=added,
        safety=Safety.UNSAFE,
        effect=f"traffic {'from' if direction == 'ingress' else 'to'} other namespaces and the "
        "outside is cut off"
        + (", but for Services that are open to it" if direction == "ingress" else ""),
        brings=("network-policy-allow-all",),
    )


def _openings(object_: KubernetesObject, context: Context) -> tuple[Mapping[str, Data], ...]:
    """Policies for the pods that a policy selects and that traffic from outside is meant for."""
    selector = parse_selector(object_.spec.get("podSelector"))
    result: list[Mapping[str, Data]] = []
    for pod in context.index.select(object_.namespace, selector):
        labels, name = _labels(pod), f"{pod.object.name}-from-outside"
        rules = list(_from_outside(pod, context))
        if (
            rules
            and labels
            and context.index.find("NetworkPolicy", object_.namespace, name) is None
        ):
            result.append(
                {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "NetworkPolicy",
                    "metadata": _metadata(pod, name),
                    "spec": {
                        "podSelector": {"matchLabels": labels},
                        "policyTypes": ["Ingress"],
                        "ingress": rules,
                    },
                }
            )
    return tuple(result)


def _from_outside(pod: Pod, context: Context) -> Iterator[Data]:
    for rule in _ingress(pod, context):
        peers = rule.get("from")
        if peers is None or (isinstance(peers, list) and {"namespaceSelector": {}} in peers):
            yield rule


def _ingress(pod: Pod, context: Context) -> Iterator[dict[str, Data]]:
    for service in context.index.services_of(pod):
        ports: list[Data] = []
        for _, port in mappings(service.spec, "ports"):
            target = port.get("targetPort") or port.get("port")
            if isinstance(target, int | str):
                ports.append({"protocol": text(port, "protocol") or "TCP", "port": target})
        if not ports:
            continue
        outside = text(service.spec, "type") in ("NodePort", "LoadBalancer")
        if outside:
            yield {"ports": ports}
        elif (service.namespace, service.name) in _behind_ingresses(context.index):
            yield {"from": [{"podSelector": {}}, {"namespaceSelector": {}}], "ports": ports}
        else:
            yield {"from": [{"podSelector": {}}], "ports": ports}


@once_per_index
def _behind_ingresses(index: Index) -> frozenset[tuple[str, str]]:
    """Services, by namespace and name, that an Ingress leads to: its controller is elsewhere."""
    found = set()
    for ingress in index.of_kind("Ingress"):
        backends = [mapping(ingress.spec, "defaultBackend")]
        for _, rule in mappings(ingress.spec, "rules"):
            backends += [mapping(path, "backend") for _, path in mappings(rule, "http", "paths")]
        for backend in backends:
            for name in (text(backend, "service", "name"), text(backend, "serviceName")):
                found.add((ingress.namespace, name))
    return frozenset(found)


def _labels(pod: Pod) -> dict[str, Data]:
    selector = mapping(pod.object.spec, "selector", "matchLabels")
    labels = selector or mapping(pod.metadata, "labels")
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def _metadata(pod: Pod, name: str) -> dict[str, Data]:
    namespace = text(pod.object.metadata, "namespace")
    return {"name": name, "namespace": namespace} if namespace else {"name": name}

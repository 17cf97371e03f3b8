"""Network policies for pods that have none: deny, and allow what the manifests imply."""

from collections.abc import Iterator

from seawall.core.edit import Data, Safety
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, repair
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.values import mapping, mappings, text

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


def _ingress(pod: Pod, context: Context) -> Iterator[Data]:
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
        elif _has_ingress(service.namespace, service.name, context):
            yield {"from": [{"podSelector": {}}, {"namespaceSelector": {}}], "ports": ports}
        else:
            yield {"from": [{"podSelector": {}}], "ports": ports}


def _has_ingress(namespace: str, name: str, context: Context) -> bool:
    """Whether an Ingress, whose controller is in another namespace, leads to a Service."""
    for ingress in context.index.of_kind("Ingress"):
        if ingress.namespace != namespace:
            continue
        backends = [mapping(ingress.spec, "defaultBackend")]
        for _, rule in mappings(ingress.spec, "rules"):
            backends += [mapping(path, "backend") for _, path in mappings(rule, "http", "paths")]
        if any(
            text(b, "service", "name") == name or text(b, "serviceName") == name for b in backends
        ):
            return True
    return False


def _labels(pod: Pod) -> dict[str, Data]:
    selector = mapping(pod.object.spec, "selector", "matchLabels")
    labels = selector or mapping(pod.metadata, "labels")
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def _metadata(pod: Pod, name: str) -> Data:
    namespace = text(pod.object.metadata, "namespace")
    return {"name": name, "namespace": namespace} if namespace else {"name": name}

"""Objects that refer to each other, as dictionaries, for tests; ``stream`` makes them text."""

import json
from typing import Any

Fields = dict[str, Any]

LABELS = {"app": "web"}
CONTAINERS = [{"name": "web", "image": "registry.example.org/web:1.4.2"}]
VERSIONS = {
    "Pod": "v1", "Service": "v1", "Namespace": "v1", "ReplicationController": "v1",
    "PersistentVolumeClaim": "v1", "Endpoints": "v1", "LimitRange": "v1", "ResourceQuota": "v1",
    "Job": "batch/v1", "CronJob": "batch/v1", "EndpointSlice": "discovery.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "Ingress": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1", "HorizontalPodAutoscaler": "autoscaling/v2",
    "ScaledObject": "keda.sh/v1alpha1", "RuntimeClass": "node.k8s.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1", "PodMonitor": "monitoring.coreos.com/v1",
    "CiliumNetworkPolicy": "cilium.io/v2", "CiliumClusterwideNetworkPolicy": "cilium.io/v2",
    "GlobalNetworkPolicy": "projectcalico.org/v3", "Rollout": "argoproj.io/v1alpha1",
    "DeploymentConfig": "apps.openshift.io/v1", "AppProject": "argoproj.io/v1alpha1",
    "HTTPRoute": "gateway.networking.k8s.io/v1", "Gateway": "gateway.networking.k8s.io/v1",
    "AdminNetworkPolicy": "policy.networking.k8s.io/v1alpha1",
}  # fmt: skip


def stream(*objects: Fields) -> str:
    return "\n---\n".join(json.dumps(item) for item in objects)


def obj(
    kind: str,
    name: str = "web",
    *,
    namespace: str = "",
    version: str = "",
    labels: Any = None,
    annotations: Any = None,
    **fields: Any,
) -> Fields:
    """An object; ``fields`` stand at its top."""
    metadata: Fields = {"name": name}
    for key, value in (("namespace", namespace), ("labels", labels), ("annotations", annotations)):
        if value:
            metadata[key] = value
    api_version = version or VERSIONS.get(kind, "apps/v1")
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def pod(labels: Any = None, *, namespace: str = "", **spec: Any) -> Fields:
    labels = LABELS if labels is None else labels
    spec = {"containers": CONTAINERS, **spec}
    return obj("Pod", namespace=namespace, labels=labels, spec=spec)


def workload(
    kind: str = "Deployment",
    name: str = "web",
    *,
    namespace: str = "",
    version: str = "",
    labels: Any = None,
    template: Any = None,
    **spec: Any,
) -> Fields:
    """A controller; ``template`` adds to its pod spec, ``spec`` to its own."""
    labels = LABELS if labels is None else labels
    pod_spec: Fields = {"containers": CONTAINERS, **(template or {})}
    selector: Any = labels if kind == "ReplicationController" else {"matchLabels": labels}
    body: Fields = {
        "selector": selector,
        "template": {"metadata": {"labels": labels}, "spec": pod_spec},
        **spec,
    }
    return obj(kind, name, namespace=namespace, version=version, spec=body)


def service(selector: Any = LABELS, name: str = "web", **spec: Any) -> Fields:
    namespace = spec.pop("namespace", "")
    body: Fields = {"ports": [{"port": 80}], **spec}
    if selector is not None:
        body["selector"] = selector
    return obj("Service", name, namespace=namespace, spec=body)


def autoscaler(name: str = "web", kind: str = "Deployment", **spec: Any) -> Fields:
    namespace = spec.pop("namespace", "")
    version = spec.pop("target_version", "apps/v1")
    target = {"apiVersion": version, "kind": kind, "name": name}
    body = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4, **spec}
    return obj("HorizontalPodAutoscaler", namespace=namespace, spec=body)


def budget(selector: Any = None, *, version: str = "", namespace: str = "", **spec: Any) -> Fields:
    selector = {"matchLabels": LABELS} if selector is None else selector
    body = {"selector": selector, **spec}
    return obj("PodDisruptionBudget", version=version, namespace=namespace, spec=body)


def policy(selector: Any = None, *, namespace: str = "", **spec: Any) -> Fields:
    body = {"podSelector": {} if selector is None else selector, **spec}
    return obj("NetworkPolicy", namespace=namespace, spec=body)

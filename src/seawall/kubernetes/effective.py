"""Values that the API server fills in for objects other than pods.

Source: the ``zz_generated.defaults`` and ``defaults.go`` of each API group; every function is
held against a recorded kube-apiserver's answers in tests/oracles/test_effective.py.
"""

from typing import NamedTuple

from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.values import Map, at, integer, mappings, sequence, text, texts
from seawall.text.yaml import Value

PROBE_DEFAULTS = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}


class ServicePort(NamedTuple):
    """A port of a Service with its defaults; ``target`` is a number or a container port's name."""

    position: int
    name: str
    port: int
    protocol: str
    target: int | str


def replicas(object_: KubernetesObject) -> int:
    """The number of replicas a workload starts with: one when unset."""
    found = integer(object_.value, "spec", "replicas")
    return 1 if found is None else found


def strategy(object_: KubernetesObject) -> str:
    """The type of a workload's update strategy: ``RollingUpdate`` when unset."""
    key = "strategy" if object_.kind == "Deployment" else "updateStrategy"
    return text(object_.value, "spec", key, "type") or "RollingUpdate"


def concurrency_policy(cron_job: KubernetesObject) -> str:
    """Whether runs of a CronJob may overlap: ``Allow`` when unset."""
    return text(cron_job.value, "spec", "concurrencyPolicy") or "Allow"


def service_type(service: KubernetesObject) -> str:
    """The type of a Service: ``ClusterIP`` when unset."""
    return text(service.value, "spec", "type") or "ClusterIP"


def service_ports(service: KubernetesObject) -> tuple[ServicePort, ...]:
    """The ports of a Service; an unset target is the port itself, as are 0 and an empty name."""
    result = []
    for index, item in mappings(service.value, "spec", "ports"):
        port = integer(item, "port") or 0
        target = integer(item, "targetPort") or text(item, "targetPort") or port
        result.append(ServicePort(index, text(item, "name"), port, protocol(item), target))
    return tuple(result)


def protocol(port: Map) -> str:
    """The protocol of a Service's or container's port: ``TCP`` when unset."""
    return text(port, "protocol") or "TCP"


def minimum_replicas(scaler: KubernetesObject) -> int:
    """The least number of replicas of a HorizontalPodAutoscaler: one when unset."""
    found = integer(scaler.value, "spec", "minReplicas")
    return 1 if found is None else found


def policy_types(policy: KubernetesObject) -> tuple[str, ...]:
    """What a NetworkPolicy governs: ingress always when unset, egress where it has such rules."""
    own = texts(policy.value, "spec", "policyTypes")
    if own:
        return tuple(own)
    has_egress = bool(sequence(policy.value, "spec", "egress"))
    return ("Ingress", "Egress") if has_egress else ("Ingress",)


def volume_source(volume: Map) -> str:
    """The field that says what a volume is made of: ``emptyDir`` when there is none."""
    return next(
        (key for key, value in volume.items() if key != "name" and value is not None), "emptyDir"
    )


def probe_value(probe: Value, field: str) -> int:
    """A number of a probe; zero counts as unset."""
    return integer(at(probe, field)) or PROBE_DEFAULTS[field]

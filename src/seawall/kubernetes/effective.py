"""Values that the API server fills in for objects other than pods.

Source: the ``zz_generated.defaults`` and ``defaults.go`` of each API group; every function is
held against a recorded kube-apiserver's answers in tests/oracles/test_effective.py.
"""

from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.values import Map, integer, mappings, text


class ServicePort(NamedTuple):
    """A port of a Service with its defaults; ``target`` is a number or a container port's name."""

    position: int
    name: str
    port: int
    protocol: str
    target: int | str


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


def volume_source(volume: Map) -> str:
    """The field that says what a volume is made of: ``emptyDir`` when there is none."""
    return next(
        (key for key, value in volume.items() if key != "name" and value is not None), "emptyDir"
    )

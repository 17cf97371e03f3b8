"""Fixes of Services, probes and ports."""

import re
from collections.abc import Iterator

from seawall.core.edit import Data, Operation, Remove, Safety
from seawall.core.rule import Hit
from seawall.kubernetes.effective import protocol
from seawall.kubernetes.fix import (
    Repairs,
    add,
    mends,
    put,
    repair,
    set_at,
)
from seawall.kubernetes.fixes.naming import metadata_of, selector_of
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context
from seawall.kubernetes.schema.suggest import close_name
from seawall.text.values import at, integer, mapping, mappings, text


@mends("readiness-probe-missing")
def probe_port(pod: Pod, hit: Hit, context: Context) -> Repairs:
    """The port of a Service that selects the pod is open once the program is ready to be asked."""
    index = next((step for step in hit.at if isinstance(step, int)), None)
    container = next(
        (item for item in pod.containers if index is not None and item.path[-1] == index
         and item.path[-2] == "containers"), None
    )  # fmt: skip
    if container is None:
        return
    port = next(_served_ports(pod, container, context), None)
    if port is not None:
        yield repair(
            pod,
            f"Send it requests only while port {port} is open",
            set_at(pod, hit, {"tcpSocket": {"port": port}}),
            safety=Safety.UNSAFE,
            effect="the pod gets no requests while the port is closed",
        )


def _served_ports(pod: Pod, container: Container, context: Context) -> Iterator[int | str]:
    """Ports of the container that a Service leads to, of a lone one also undeclared ones."""
    own = {
        number: text(port, "name")
        for _, port in container.ports
        if (number := integer(port, "containerPort"))
    }
    lone = sum(one.is_long_running for one in pod.containers) == 1
    for service in context.index.services_of(pod):
        for _, port in mappings(service.spec, "ports"):
            target = port.get("targetPort") or port.get("port")
            if isinstance(target, str):
                if target in own.values():
                    yield target
            elif isinstance(target, int) and not isinstance(target, bool):
                if target in own:
                    yield own[target] or target
                elif lone and 1 <= target <= 65535:
                    yield target


@mends("service-type-exposed")
def keep_inside(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Reached from inside the cluster only; a load balancer is there to be reached from outside."""
    if text(object_.spec, "type") != "NodePort":
        return
    operations: list[Operation] = [set_at(object_, hit, "ClusterIP")]
    ports = object_.spec.get("ports")
    for index, port in enumerate(ports if isinstance(ports, list) else ()):
        if "nodePort" in mapping(port):
            operations.append(Remove((*object_.path, "spec", "ports", index, "nodePort")))
    yield repair(
        object_,
        "Open it inside the cluster only",
        *operations,
        safety=Safety.UNSAFE,
        effect="nobody outside reaches it but through an Ingress or Gateway",
    )


@mends("statefulset-headless-service")
def add_headless_service(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The names of its pods come from a Service without an address of its own."""
    name = text(object_.spec, "serviceName")
    pods = context.pods(object_)
    labels = selector_of(pods[0]) if pods else {}
    if not name or not labels or context.index.find("Service", object_.namespace, name):
        return
    ports: list[Data] = [
        {"name": text(port, "name") or f"port-{number}", "port": number}
        for container in pods[0].containers
        for _, port in container.ports
        if (number := integer(port, "containerPort"))
    ]
    service: dict[str, Data] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata_of(object_, name),
        "spec": {"clusterIP": "None", "selector": labels, **({"ports": ports} if ports else {})},
    }
    yield repair(object_, f"Add the headless Service {name}", added=(service,))


# Ports ----------------------------------------------------------------------------------------


@mends("probe-port-not-declared")
def declare_port(container: Container, hit: Hit, context: Context) -> Repairs:
    """Declaring a port changes nothing but what people and tools can see (core/v1 ports).

    The number behind a name that no port has is known to nobody, but where the only port has
    another name that nearly says the same, or none.
    """
    port = at(container.value, *hit.at)
    if isinstance(port, int) and not isinstance(port, bool):
        entry: dict[str, Data] = {"containerPort": port}
        if 1 <= port <= 65535:
            yield repair(container, f"Declare the port {port}", add(container, ("ports",), entry))
    elif isinstance(port, str) and len(container.ports) == 1:
        index, only = container.ports[0]
        name = text(only, "name")
        if protocol(only) != "TCP":
            return
        if not name and _service_name(port) == port:
            yield repair(
                container, f"Name its port {port}", put(container, ("ports", index, "name"), port)
            )
        elif name and close_name(port, (name,)):
            yield repair(container, f"Ask at its port {name}", set_at(container, hit, name))


_LONGEST_NAME = 15
"""Characters of a port's name (IANA service names, RFC 6335)."""


@mends("container-port-invalid")
def rename_port(container: Container, hit: Hit, context: Context) -> Repairs:
    """A name that the API server takes, in the ports and the probes of the container.

    Only where nothing else may mean the name: a Service or an Ingress that does would have to
    change with it, in another document.
    """
    if not hit.at or hit.at[-1] != "name":
        return
    name = text(container.value, *hit.at)
    others = {text(item, "name") for _, item in container.ports}
    fresh = _service_name(name)
    if not name or not fresh or fresh in others or _is_meant(name, container, context):
        return
    operations: list[Operation] = [set_at(container, hit, fresh)]
    operations += [
        put(container, (probe, handler, "port"), fresh)
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for handler in ("httpGet", "tcpSocket")
        if text(container.value, probe, handler, "port") == name
    ]
    yield repair(
        container,
        f"Name its port {fresh}",
        *operations,
        safety=Safety.UNSAFE,
        effect=f"who asks for the port {name} by its name does not find it",
    )


def _service_name(name: str) -> str:
    """A name as RFC 6335 has it: at most 15 letters, digits and single inner dashes."""
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return short if re.search("[a-z]", short) else ""


def _is_meant(name: str, container: Container, context: Context) -> bool:
    """Whether a Service or anything else that selects the pod asks for a port by its name."""
    return any(
        text(port, "targetPort") == name
        for service in context.index.services_of(container.pod)
        for _, port in mappings(service.spec, "ports")
    )

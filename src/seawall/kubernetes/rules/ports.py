"""Rules about the ports containers declare and Services send traffic to."""

from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.effective import protocol
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import EPHEMERAL, Container, Pod
from seawall.kubernetes.rule import Context, container_rule, object_rule
from seawall.kubernetes.selectors import parse_map_selector
from seawall.text.values import at, integer, mappings, text

_NAME = pattern(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME = 15


def _fault_of_name(name: str) -> str:
    """What is wrong with the name of a port (an IANA service name), if anything."""
    if len(name) > _LONGEST_NAME:
        return f"is longer than {_LONGEST_NAME} characters"
    if _NAME.fullmatch(name) is None:
        return "is not made of lower-case letters, digits and single inner dashes with a letter"
    return ""


def declares(container: Container, port: int | str, transport: str) -> bool:
    """Whether a container declares a port, given by its name or its number."""
    return any(
        port in (item.get("name"), item.get("containerPort")) and protocol(item) == transport
        for _, item in container.ports
    )


@container_rule(
    "container-port-invalid",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Correct the entry in ports: a number from 1 to 65535 and a name of its own.",
    aliases=("kube-score:container-ports-check", "kube-linter:invalid-target-ports"),
)
def container_port_invalid(container: Container, context: Context) -> Hits:
    """Declared ports must have a valid number and a valid name of their own.

    Reports ports without a number or with one outside of 1 to 65535, names longer than 15
    characters or with other than lower-case letters, digits and single inner dashes, and names
    that another port of the container has already.

    Why:

    The API server refuses the pod. Where the manifest is a template of a controller, that shows
    only when the controller cannot make pods.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - name: http_main
                  containerPort: 8000

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - name: http-main
                  containerPort: 8000

    References:
    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports
    """
    names = set()
    for index, port in container.ports:
        number = integer(port, "containerPort")
        if at(port, "containerPort") is None:
            yield Hit("port has no number", ("ports", index, "containerPort"))
        elif number is not None and not 1 <= number <= 65535:
            yield Hit(
                f"port {number} does not exist",
                ("ports", index, "containerPort"),
                evidence=str(number),
            )
        name = text(port, "name")
        if not name:
            continue
        fault = _fault_of_name(name)
        if name in names:
            fault = "stands twice"
        names.add(name)
        if fault:
            yield Hit(f"port name {name} {fault}", ("ports", index, "name"), evidence=name)


@object_rule(
    "service-target-port-invalid",
    kinds=("Service",),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Set targetPort to a number from 1 to 65535 or to the name of a port of the pods.",
    aliases=("kube-linter:invalid-target-ports",),
)
def service_target_port_invalid(service: KubernetesObject, context: Context) -> Hits:
    """A Service must send traffic to a port that exists.

    Reports target ports that are no valid number or name, and names that no selected pod among
    the manifests has.

    Why:

    The API server refuses an invalid port. A name that no pod has is accepted, and the Service
    then has no endpoints: every connection fails.

    Bad:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
            - port: 80
              targetPort: http
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          labels:
            app: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - name: main
                  containerPort: 8000

    Good:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
            - port: 80
              targetPort: main
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          labels:
            app: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - name: main
                  containerPort: 8000

    Not reported:

    Numbers that no container declares: they work.

    References:
    https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
    """
    if service.group:  # a Service of Knative
        return
    pods = context.index.select(service.namespace, parse_map_selector(service.spec.get("selector")))
    for index, port in mappings(service.spec, "ports"):
        place = ("spec", "ports", index, "targetPort")
        number, name = integer(port, "targetPort"), text(port, "targetPort")
        if number and not 1 <= number <= 65535:
            yield Hit(f"target port {number} does not exist", place, evidence=str(number))
        if not name:
            continue
        fault = _fault_of_name(name)
        if fault:
            yield Hit(f"target port {name} {fault}", place, evidence=name)
        elif _is_unknown(name, protocol(port), pods):
            yield Hit(
                f"no selected pod has a port named {name}",
                place,
                confidence=context.confidence_of_absence(service),
                evidence=name,
                related=tuple((pod, pod.at("containers"), "is selected") for pod in pods[:3]),
            )


def _is_unknown(name: str, transport: str, pods: list[Pod]) -> bool:
    """Whether none of some pods has a port of a name; no where the containers are not known."""
    known = all(pod.containers for pod in pods)
    return bool(pods) and known and not any(_has_port(pod, name, transport) for pod in pods)


def _has_port(pod: Pod, name: str, transport: str) -> bool:
    return any(
        container.is_long_running and declares(container, name, transport)
        for container in pod.containers
    )


@container_rule(
    "privileged-port",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Let the program listen on a port from 1024 up and set targetPort of its Service.",
    aliases=("kube-linter:privileged-ports", "KSV-0117"),
)
def privileged_port(container: Container, context: Context) -> Hits:
    """Containers should not listen on ports that need privileges.

    Reports declared container ports from 1 to 1023.

    Why:

    To open such a port a process needs to be root or to have the capability NET_BIND_SERVICE.
    A Service can offer port 80 all the same and send its traffic to another.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - containerPort: 80

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - containerPort: 8000

    Not reported:

    Windows pods: Windows has no such ports.

    References:
    https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
    """
    if container.pod.is_windows:
        return
    for index, port in container.ports:
        number = integer(port, "containerPort") or 0
        if 0 < number < 1024:
            yield Hit(
                f"listens on port {number}",
                ("ports", index, "containerPort"),
                evidence=str(number),
            )


@container_rule(
    "ssh-port-exposed",
    severity=Severity.MEDIUM,
    remedy="Remove the SSH server and its port; use kubectl exec or kubectl debug.",
    aliases=("kube-linter:ssh-port", "kube-linter:ports", "C-0042"),
)
def ssh_port_exposed(container: Container, context: Context) -> Hits:
    """Containers should not offer SSH.

    Reports containers that declare TCP port 22.

    Why:

    An SSH server is a second way into the container, with keys and passwords of its own that
    neither RBAC nor the audit log knows of, and one more program to keep patched.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - containerPort: 22

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              ports:
                - containerPort: 8000

    References:
    https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/
    """
    if container.type == EPHEMERAL:
        return
    for index, port in container.ports:
        if integer(port, "containerPort") == 22 and protocol(port) == "TCP":
            yield Hit("declares the SSH port 22", ("ports", index, "containerPort"))

"""Rules about probes: whether they are there, and whether they can work."""

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.effective import ServicePort, service_ports
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import REGULAR, Container, Pod
from seawall.kubernetes.rule import Context, container_rule, pod_rule
from seawall.kubernetes.rules.inherited import within
from seawall.kubernetes.rules.ports import declares
from seawall.text.scalars import Value
from seawall.text.values import Map, at, integer, is_true, mapping, mappings, text, texts

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_SHELLS = frozenset("ash bash busybox dash ksh sh zsh cmd cmd.exe powershell pwsh".split())


def serves(pod: Pod) -> bool:
    """Whether the pod is meant to serve, so that a container that fails is started again."""
    return not pod.is_job and pod.restart_policy != "Never"


def _port_number(container: Container, port: Value) -> Value:
    """The number of a port that may be given by its name; the name itself when it is unknown."""
    if not text(port):
        return port
    numbers = [at(item, "containerPort") for _, item in container.ports if item.get("name") == port]
    return numbers[0] if numbers else port


_NO_PORTS = (ServicePort(0, "", 0, "TCP", ""),)
"""A headless Service needs none."""

_Served = tuple[Container, KubernetesObject, int]


def _served(pod: Pod, context: Context) -> dict[str, _Served]:
    """The containers of a pod that Services send traffic to, each with one Service and its port.

    A port nobody declares belongs to the only container; with several, nobody can tell to which.
    Then the first stands for all, if none has a readiness probe.
    """
    containers = [container for container in pod.containers if container.is_long_running]
    unprobed = not any(mapping(c.value, "readinessProbe") for c in containers)
    fallback = [c for c in containers if c.type == REGULAR]
    found: dict[str, _Served] = {}
    for service in context.index.services_of(pod):
        if is_true(service.spec, "publishNotReadyAddresses"):
            continue  # gets traffic ready or not
        for port in service_ports(service) or _NO_PORTS:
            owners = [c for c in containers if declares(c, port.target, port.protocol)]
            if not owners and (len(containers) == 1 or unprobed):
                owners = fallback[:1]
            for container in owners:
                found.setdefault(container.name, (container, service, port.position))
    return found


@pod_rule(
    "readiness-probe-missing",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Add a readinessProbe that succeeds when the container can answer requests.",
    aliases=(
        "kube-score:pod-probes",
        "kube-linter:no-readiness-probe",
        "CKV_K8S_9",
        "C-0018",
        "polaris:readinessProbeMissing",
    ),
)
def readiness_probe_missing(pod: Pod, context: Context) -> Hits:
    """Containers behind a Service should say when they are ready.

    Reports containers without a readinessProbe that declare a port to which a Service among the
    manifests sends traffic; a port that is not declared counts as that of the only container.

    Why:

    Without the probe a pod gets requests from its first second on, and goes on getting them while
    it cannot answer: users see errors at each roll-out.

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
              targetPort: 8000
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
              targetPort: 8000
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
              readinessProbe:
                httpGet:
                  path: /ready
                  port: 8000

    Not reported:

    Jobs and other pods that run to their end; containers no Service sends traffic to; pods of
    Services with publishNotReadyAddresses.

    References:
    https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
    """
    if not serves(pod):
        return
    for container, service, index in _served(pod, context).values():
        if not mapping(container.value, "readinessProbe"):
            yield Hit(
                f"has no readiness probe, but gets traffic from Service {service.name}",
                within(container, "readinessProbe"),
                container=container.name,
                related=((service, ("spec", "ports", index), "sends it traffic"),),
            )


@container_rule(
    "liveness-probe-missing",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Add a livenessProbe that fails only when a restart is the cure.",
    aliases=(
        "kube-score:pod-probes",
        "kube-linter:no-liveness-probe",
        "CKV_K8S_8",
        "C-0056",
        "polaris:livenessProbeMissing",
    ),
)
def liveness_probe_missing(container: Container, context: Context) -> Hits:
    """Containers may say when they hang.

    Reports long-running containers, sidecars too, without a livenessProbe.

    Why:

    The kubelet starts a container again when its process ends, but cannot see that a process
    hangs. A careless probe does more harm than none: it restarts containers that are only busy.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                httpGet:
                  path: /healthz
                  port: 8000

    Not reported:

    Jobs and pods with ``restartPolicy: Never``.

    References:
    https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
    """
    if mapping(container.value, "livenessProbe"):
        return
    if container.is_long_running and serves(container.pod):
        yield Hit("has no liveness probe", ("livenessProbe",))


def _handler(container: Container, probe: Map) -> tuple[Value | tuple[Value, ...], ...]:
    """What a probe does, in comparable form; empty when it does nothing."""
    http = mapping(probe, "httpGet")
    if http:
        return (
            "http",
            text(http, "scheme") or "HTTP",
            text(http, "host"),
            _port_number(container, at(http, "port")),
            text(http, "path") or "/",
            tuple(
                f"{text(header, 'name').lower()}: {text(header, 'value')}"
                for _, header in mappings(http, "httpHeaders")
            ),
        )
    socket = mapping(probe, "tcpSocket")
    if socket:
        return ("tcp", text(socket, "host"), _port_number(container, at(socket, "port")))
    grpc = mapping(probe, "grpc")
    if grpc:
        return ("grpc", at(grpc, "port"), text(grpc, "service"))
    command = texts(probe, "exec", "command")
    return ("exec", *command) if command else ()


@container_rule(
    "probes-identical",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Let the livenessProbe ask for less than the readinessProbe, or remove it.",
    aliases=("kube-score:pod-probes-identical",),
)
def probes_identical(container: Container, context: Context) -> Hits:
    """Liveness and readiness should be asked for in different ways.

    Reports containers whose livenessProbe and readinessProbe do the same: the same request,
    connection, gRPC service or command. Names of ports are resolved; timings are not compared.

    Why:

    A container that is not ready because it is busy, or because something it needs is down, is
    then killed too. Under load that turns a slow service into none.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                httpGet:
                  path: /healthz
                  port: 8000
              readinessProbe:
                httpGet:
                  path: /healthz
                  port: 8000

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                tcpSocket:
                  port: 8000
              readinessProbe:
                httpGet:
                  path: /healthz
                  port: 8000

    References:
    https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
    """
    if container.pod.is_job:
        return
    liveness = _handler(container, mapping(container.value, "livenessProbe"))
    if liveness and liveness == _handler(container, mapping(container.value, "readinessProbe")):
        yield Hit("liveness and readiness probe are the same", ("livenessProbe",))


@container_rule(
    "probe-port-not-declared",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Correct the port of the probe, or declare it in the container's ports.",
    aliases=(
        "kube-linter:liveness-port",
        "kube-linter:readiness-port",
        "kube-linter:startup-port",
    ),
)
def probe_port_not_declared(container: Container, context: Context) -> Hits:
    """A probe should ask at a port the container declares.

    Reports probes with the name of a port that the container does not have (medium: such a probe
    always fails), and probes with a number that is not among the container's TCP ports (info:
    undeclared ports work, but it may be a typing error).

    Why:

    A probe that cannot succeed restarts the container for ever, or keeps it from all traffic.

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
                - name: http
                  containerPort: 8000
              readinessProbe:
                httpGet:
                  path: /ready
                  port: htttp

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
                - name: http
                  containerPort: 8000
              readinessProbe:
                httpGet:
                  path: /ready
                  port: http

    Not reported:

    Numbers in probes that ask at another host.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
    """
    for probe in PROBES:
        if probe not in container.value:
            continue
        for handler in ("httpGet", "tcpSocket", "grpc"):
            action = mapping(container.value, probe, handler)
            place = (probe, handler, "port")
            name, number = text(action, "port"), integer(action, "port")
            if name and not declares(container, name, "TCP"):
                yield Hit(
                    f"{probe} asks at port {name}, which the container does not have",
                    place,
                    severity=Severity.MEDIUM,
                    evidence=name,
                )
            elif number and not text(action, "host") and not declares(container, number, "TCP"):
                yield Hit(
                    f"{probe} asks at port {number}, which the container does not declare",
                    place,
                    evidence=str(number),
                )


@container_rule(
    "shell-in-probe",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Use an httpGet, tcpSocket or grpc probe, or name the program itself in exec.command.",
)
def shell_in_probe(container: Container, context: Context) -> Hits:
    """Probes should not need a shell.

    Reports probes whose command is a shell.

    Why:

    The shell has to be in the image, where it also serves an intruder. It takes processor time at
    each probe, and when a probe times out, what the shell has started may go on.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                exec:
                  command: ["sh", "-c", "wget -q -O - http://127.0.0.1:8000/healthz"]

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              livenessProbe:
                httpGet:
                  path: /healthz
                  port: 8000

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
    """
    for probe in PROBES:
        command = texts(container.value, probe, "exec", "command")
        shell = command[0].replace("\\", "/").rpartition("/")[2].lower() if command else ""
        if shell in _SHELLS:
            yield Hit(f"{probe} starts a shell", (probe, "exec", "command"))

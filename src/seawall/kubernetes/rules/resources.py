"""Rules about the processor time, memory and disk containers ask for."""

from collections.abc import Iterator, Mapping

from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.effective import volume_source
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.quantity import quantity
from seawall.kubernetes.rule import Context, container_rule, pod_rule
from seawall.text.scalars import Value
from seawall.text.values import EMPTY_MAP, Map, at, mapping, mappings, text

_REQUESTS, _LIMITS = "requests", "limits"
_NAMES = {"cpu": "CPU", "memory": "memory", "ephemeral-storage": "ephemeral storage"}


class _Bound(NamedTuple):
    """What a LimitRange allows one container to ask for."""

    limit_range: KubernetesObject
    position: int
    least: Map
    most: Map


class _Defaults(NamedTuple):
    """What the LimitRanges of a namespace give containers that say nothing."""

    requests: Mapping[str, Value]
    limits: Mapping[str, Value]
    bounds: tuple[_Bound, ...]


_NO_DEFAULTS = _Defaults(EMPTY_MAP, EMPTY_MAP, ())


@once_per_index
def _defaults(index: Index) -> dict[str, _Defaults]:
    """By namespace. A maximum is the default limit, which is the default request, as is a minimum.

    (apimachinery's defaulting of LimitRangeItem.)
    """
    result: dict[str, _Defaults] = {}
    for object_ in index.of_kind("LimitRange"):
        for position, item in mappings(object_.spec, "limits"):
            if text(item, "type") != "Container":
                continue
            before = result.get(object_.namespace, _NO_DEFAULTS)
            bound = _Bound(object_, position, mapping(item, "min"), mapping(item, "max"))
            limits = {**bound.most, **mapping(item, "default")}
            requests = {**bound.least, **limits, **mapping(item, "defaultRequest")}
            result[object_.namespace] = _Defaults(
                {**requests, **before.requests},
                {**limits, **before.limits},
                (*before.bounds, bound),
            )
    return result


def _defaults_of(container: Container, context: Context) -> _Defaults:
    return _defaults(context.index).get(container.object.namespace, _NO_DEFAULTS)


def limit_of(container: Container, context: Context, resource: str) -> Value:
    """The limit that will hold: the container's own, else its namespace's default."""
    own = container.limit(resource)
    return own if own is not None else _defaults_of(container, context).limits.get(resource)


def request_of(container: Container, context: Context, resource: str) -> Value:
    """The request that will hold; a container's own limit comes before the default."""
    own = container.request(resource)
    return own if own is not None else _defaults_of(container, context).requests.get(resource)


def _is_set(value: Value) -> bool:
    """Whether an amount is given; zero is none, a text still to be filled in may be any."""
    amount = quantity(value)
    return bool(text(value)) if amount is None else amount > 0


def _pod_level(pod: Pod, context: Context, kind: str, resource: str) -> Value:
    """The amount for the pod as a whole, which clusters know from 1.34 on."""
    if context.minor < 34:
        return None
    resources = mapping(pod.spec, "resources")
    own = at(resources, kind, resource)
    return own if own is not None else at(resources, _LIMITS, resource)


def _missing(container: Container, context: Context, kind: str, resource: str) -> Hits:
    if not container.takes_resources:
        return
    find = limit_of if kind == _LIMITS else request_of
    value = find(container, context, resource)
    if _is_set(value) or _is_set(_pod_level(container.pod, context, kind, resource)):
        return
    word = f"{_NAMES[resource]} {kind.removesuffix('s')}"
    yield Hit(
        f"has a {word} of zero" if quantity(value) == 0 else f"has no {word}",
        ("resources", kind, resource),
    )


@container_rule(
    "cpu-request-missing",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Set resources.requests.cpu to what the container needs under normal load.",
    aliases=(
        "kubesec:RequestsCPU",
        "kube-score:container-resources",
        "kube-linter:unset-cpu-requirements",
        "KSV-0015",
        "CKV_K8S_10",
        "C-0050",
        "C-0268",
        "polaris:cpuRequestsMissing",
    ),
)
def cpu_request_missing(container: Container, context: Context) -> Hits:
    """Containers should say how much CPU they need.

    Reports containers and init containers without a CPU request. A limit counts as a request, as
    the API server copies it, and so do the defaults of a LimitRange in the namespace and requests
    of the pod as a whole (Kubernetes 1.34).

    Why:

    The scheduler takes such a container to need nothing and may put any number of them on one
    node; when CPU runs short they get the smallest share. An autoscaler that works by CPU
    utilisation does not work at all.

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
              resources:
                requests:
                  cpu: 100m

    References:
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    return _missing(container, context, _REQUESTS, "cpu")


@container_rule(
    "cpu-limit-missing",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set resources.limits.cpu.",
    aliases=(
        "kubesec:LimitsCPU",
        "kube-score:container-resources",
        "KSV-0011",
        "CKV_K8S_11",
        "C-0050",
        "C-0270",
        "polaris:cpuLimitsMissing",
    ),
)
def cpu_limit_missing(container: Container, context: Context) -> Hits:
    """Containers may be held to a maximum of CPU.

    Reports containers and init containers without a CPU limit, unless a LimitRange of the
    namespace or the pod as a whole (Kubernetes 1.34) has one.

    Why:

    A container without a limit may use all CPU that nobody else has asked for. Where neighbours
    are not trusted, or load must be the same on every node, a limit prevents that. Opinions
    differ: a limit also slows a container while the node is idle.

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
              resources:
                limits:
                  cpu: "1"

    References:
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    return _missing(container, context, _LIMITS, "cpu")


@container_rule(
    "memory-request-missing",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Set resources.requests.memory to what the container needs under normal load.",
    aliases=(
        "kubesec:RequestsMemory",
        "kube-score:container-resources",
        "KSV-0016",
        "CKV_K8S_12",
        "C-0004",
        "C-0269",
        "polaris:memoryRequestsMissing",
    ),
)
def memory_request_missing(container: Container, context: Context) -> Hits:
    """Containers should say how much memory they need.

    Reports containers and init containers without a memory request. A limit counts as a request,
    as the API server copies it, and so do the defaults of a LimitRange in the namespace and
    requests of the pod as a whole (Kubernetes 1.34).

    Why:

    The scheduler takes such a container to need nothing and may put too many on one node; when
    memory runs short there, pods that use more than they asked for are the first to be removed.

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
              resources:
                requests:
                  memory: 64Mi

    References:
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    return _missing(container, context, _REQUESTS, "memory")


@container_rule(
    "memory-limit-missing",
    severity=Severity.MEDIUM,
    remedy="Set resources.limits.memory to the most the container may ever use.",
    aliases=(
        "kubesec:LimitsMemory",
        "kube-score:container-resources",
        "kube-linter:unset-memory-requirements",
        "KSV-0018",
        "CKV_K8S_13",
        "C-0004",
        "C-0009",
        "C-0271",
        "polaris:memoryLimitsMissing",
    ),
)
def memory_limit_missing(container: Container, context: Context) -> Hits:
    """Containers must be held to a maximum of memory.

    Reports containers and init containers without a memory limit, unless a LimitRange of the
    namespace or the pod as a whole (Kubernetes 1.34) has one.

    Why:

    One container with a leak, or one request that makes it read too much, can use up the memory
    of its node; the kernel then ends processes of other pods, and the node may stop answering.

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
              resources:
                limits:
                  memory: 128Mi

    References:
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    return _missing(container, context, _LIMITS, "memory")


@container_rule(
    "ephemeral-storage-missing",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Set resources.limits.ephemeral-storage.",
    aliases=("kube-score:container-ephemeral-storage-request-and-limit",),
)
def ephemeral_storage_missing(container: Container, context: Context) -> Hits:
    """Containers should be held to a maximum of disk space on their node.

    Reports containers and init containers without a limit for ephemeral storage (the writable
    layer, logs and emptyDir volumes), unless a LimitRange of the namespace has one. A limit
    counts as a request too, as the API server copies it.

    Why:

    A container that writes without end fills the disk of its node. The kubelet then evicts pods
    of every owner and takes no new ones.

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
              resources:
                limits:
                  ephemeral-storage: 1Gi

    References:
    https://kubernetes.io/docs/concepts/storage/ephemeral-storage/
    """
    return _missing(container, context, _LIMITS, "ephemeral-storage")


@pod_rule(
    "emptydir-no-sizelimit",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Set emptyDir.sizeLimit of the volume.",
)
def emptydir_no_sizelimit(pod: Pod, context: Context) -> Hits:
    """An emptyDir volume should have a size limit.

    Reports emptyDir volumes without ``sizeLimit``. A volume for which no type is given is an
    emptyDir.

    Why:

    What is written to the volume fills the disk of the node, or with ``medium: Memory`` its
    memory, until other pods suffer.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: cache
              emptyDir: {}

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: cache
              emptyDir:
                sizeLimit: 100Mi

    References:
    https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
    """
    for index, volume in pod.volumes:
        is_empty = volume_source(volume) == "emptyDir"
        if is_empty and not _is_set(at(volume, "emptyDir", "sizeLimit")):
            name = text(volume, "name")
            in_memory = text(volume, "emptyDir", "medium") == "Memory"
            yield Hit(
                f"volume {name} {'in memory ' if in_memory else ''}has no size limit",
                pod.at("volumes", index, "emptyDir", "sizeLimit"),
                evidence=name,
            )


def _unequal(container: Container, context: Context, resource: str) -> Hits:
    if not container.takes_resources:
        return
    request = request_of(container, context, resource)
    limit = limit_of(container, context, resource)
    wanted, allowed = quantity(request), quantity(limit)
    word = _NAMES[resource]
    if wanted is None or wanted == allowed:
        return
    if limit is None:
        message = f"{word} request is {request}, but there is no limit"
    elif allowed is None:
        return
    else:
        message = f"{word} request is {request}, limit {limit}"
    yield Hit(message, ("resources", _REQUESTS, resource))


@container_rule(
    "cpu-request-not-equal-limit",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set resources.requests.cpu and resources.limits.cpu to the same amount.",
    aliases=(
        "kube-score:container-cpu-requests-equal-limits",
        "kube-score:container-resource-requests-equal-limits",
    ),
)
def cpu_request_not_equal_limit(container: Container, context: Context) -> Hits:
    """CPU request and limit may have to be equal.

    Reports containers whose CPU request differs from their CPU limit, or that have a request and
    no limit. A limit without a request is its own request.

    Why:

    Only a pod whose containers all have equal requests and limits gets the class Guaranteed: it
    is evicted last and, with the static CPU manager, can have cores of its own.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                requests:
                  cpu: 100m
                limits:
                  cpu: "1"

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                requests:
                  cpu: 500m
                limits:
                  cpu: 0.5

    References:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
    """
    return _unequal(container, context, "cpu")


@container_rule(
    "memory-request-not-equal-limit",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set resources.requests.memory and resources.limits.memory to the same amount.",
    aliases=(
        "kube-score:container-memory-requests-equal-limits",
        "kube-score:container-resource-requests-equal-limits",
    ),
)
def memory_request_not_equal_limit(container: Container, context: Context) -> Hits:
    """Memory request and limit may have to be equal.

    Reports containers whose memory request differs from their memory limit, or that have a
    request and no limit. A limit without a request is its own request.

    Why:

    A node whose containers may all use more than they asked for runs out of memory when they do.
    Only a pod whose containers all have equal requests and limits is evicted last.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                requests:
                  memory: 64Mi
                limits:
                  memory: 128Mi

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                limits:
                  memory: 128Mi

    References:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
    """
    return _unequal(container, context, "memory")


@container_rule(
    "ephemeral-storage-not-equal",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set request and limit of ephemeral-storage in resources to the same amount.",
    aliases=("kube-score:container-ephemeral-storage-request-equals-limit",),
)
def ephemeral_storage_not_equal(container: Container, context: Context) -> Hits:
    """Request and limit of ephemeral storage may have to be equal.

    Reports containers whose request for ephemeral storage differs from their limit. Containers
    with only one of the two are a matter of ephemeral-storage-missing.

    Why:

    The scheduler counts requests. Where containers may use more disk space than they asked for, a
    node fills up though everything was planned.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                requests:
                  ephemeral-storage: 100Mi
                limits:
                  ephemeral-storage: 1Gi

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                requests:
                  ephemeral-storage: 1Gi
                limits:
                  ephemeral-storage: 1Gi

    References:
    https://kubernetes.io/docs/concepts/storage/ephemeral-storage/
    """
    if limit_of(container, context, "ephemeral-storage") is None:
        return ()
    return _unequal(container, context, "ephemeral-storage")


_AMOUNTS = tuple(
    (resource, kind, f"{resource}_{kind.removesuffix('s')}")
    for resource in ("cpu", "memory")
    for kind in (_REQUESTS, _LIMITS)
)


@container_rule(
    "resource-out-of-range",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set the amount in resources to one within the range.",
    aliases=("kube-linter:cpu-requirements", "kube-linter:memory-requirements"),
    parameters=tuple(
        Parameter(f"{name}_{bound}", "", f"the {word} {resource} {kind} may be (500m, 256Mi)")
        for resource, kind, name in _AMOUNTS
        for bound, word in (("min", "least"), ("max", "most"))
    ),
)
def resource_out_of_range(container: Container, context: Context) -> Hits:
    """Requests and limits may have to lie within a range.

    Reports CPU and memory requests and limits outside of the ranges the team has set by
    parameters. Whether or not any are set, it also reports amounts outside of what a LimitRange
    of the namespace allows, and requests above the limit: the API server refuses both, so these
    are of medium severity. Defaults of a LimitRange are judged like a container's own amounts.

    Why:

    A typing error such as ``10`` for ``10m`` books whole nodes, or starves the container.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                limits:
                  memory: 512Gi

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              resources:
                limits:
                  memory: 512Mi

    Parameters:

        memory_limit_max = "8Gi"

    Not reported:

    Missing amounts: other rules say so. Amounts that are no quantities.

    References:
    https://kubernetes.io/docs/concepts/policy/limit-range/
    """
    if not container.takes_resources:
        return
    for resource, kind, name in _AMOUNTS:
        find = limit_of if kind == _LIMITS else request_of
        value = find(container, context, resource)
        amount = quantity(value)
        if amount is None:
            continue
        word = f"{_NAMES[resource]} {kind.removesuffix('s')} {value}"
        place = ("resources", kind, resource)
        least, most = (
            str(context.parameter(resource_out_of_range, f"{name}_{bound}"))
            for bound in ("min", "max")
        )
        for problem in _outside(amount, least, most):
            yield Hit(f"{word} is {problem}", place, evidence=str(value))
        for bound in _defaults_of(container, context).bounds:
            for problem in _outside(amount, bound.least.get(resource), bound.most.get(resource)):
                yield Hit(
                    f"{word} is {problem} that LimitRange {bound.limit_range.name} allows",
                    place,
                    severity=Severity.MEDIUM,
                    evidence=str(value),
                    related=((bound.limit_range, ("spec", "limits", bound.position), "the range"),),
                )
        limit = limit_of(container, context, resource)
        if kind == _REQUESTS and amount > (quantity(limit) or amount):
            yield Hit(
                f"{word} is above the limit {limit}",
                place,
                severity=Severity.MEDIUM,
                evidence=str(value),
            )


def _outside(amount: float, least: Value, most: Value) -> Iterator[str]:
    low, high = quantity(least), quantity(most)
    if low is not None and amount < low:
        yield f"below the least of {least}"
    if high is not None and amount > high:
        yield f"above the most of {most}"

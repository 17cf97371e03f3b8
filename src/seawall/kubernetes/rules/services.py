"""Rules about Services: what they reach, who reaches them, and who needs them."""

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.effective import service_type
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.selectors import Selector, parse_map_selector, parse_selector
from seawall.text.values import is_true, labels_of, text, texts

_INTERNAL = {
    # Annotations that keep a load balancer off the internet -> the values that do so, in lower
    # case; none: any value.
    "service.beta.kubernetes.io/aws-load-balancer-internal": ("true", "0.0.0.0/0"),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": ("internal",),
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true",),
    "networking.gke.io/load-balancer-type": ("internal",),
    "cloud.google.com/load-balancer-type": ("internal",),
    "service.beta.kubernetes.io/openstack-internal-load-balancer": ("true",),
    "service.beta.kubernetes.io/oci-load-balancer-internal": ("true",),
    "oci-network-load-balancer.oraclecloud.com/internal": ("true",),
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": ("intranet",),
    "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": ("private",),
    "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": (),
}
_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ANYWHERE = frozenset(("0.0.0.0/0", "::/0"))
_INNER_SUFFIXES = (".svc", ".cluster.local", "localhost", "metadata.google.internal")
_INNER_PREFIXES = ("127.", "10.", "192.168.", "169.254.")


@object_rule(
    "service-selector-dangling",
    severity=Severity.MEDIUM,
    remedy="Make spec.selector match the labels of the pods that are to serve.",
    profile=RELIABILITY,
    aliases=("kube-score:service-targets-pod", "kube-linter:dangling-service"),
    kinds=("Service",),
    parameters=(
        Parameter("ignored_labels", (), "selector labels that pods of the input need not have"),
    ),
)
def service_selector_dangling(object_: KubernetesObject, context: Context) -> Hits:
    """A Service should select pods that exist.

    Reports Services whose selector matches no pod of their namespace. A Service without a
    selector selects nothing; it is reported as information where the input has no Endpoints or
    EndpointSlice for it. Where the selector holds the name of a custom resource, an operator
    may make the pods, and the finding has low confidence.

    Why:

    Whoever calls the Service gets no answer.

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

    Not reported:

    Services of type ExternalName, and labels that occur in a part of the input that could not
    be read.

    References:
    https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service
    """
    if object_.group or text(object_.spec, "type") == "ExternalName":
        return
    selector = parse_map_selector(object_.spec.get("selector"))
    absence = context.confidence_of_absence(object_)
    if selector is None:
        if not context.index.has_endpoints(object_):
            yield Hit(
                "has no selector: it sends traffic only where somebody makes Endpoints for it",
                ("spec", "selector"),
                severity=Severity.INFO,
                confidence=absence,
                remedy="Set spec.selector, or add an EndpointSlice for the Service.",
            )
        return
    ignored = context.texts(service_selector_dangling, "ignored_labels")
    if ignored:
        labels = {key: value for key, value in selector.labels.items() if key not in ignored}
        selector = Selector(labels, (), selector.valid)
    index, namespace = context.index, object_.namespace
    if selector.is_empty or index.leaves_open(selector) or index.select(namespace, selector):
        return
    made = index.may_come_from_operator(namespace, selector)
    yield Hit(
        "selects no pod",
        ("spec", "selector"),
        confidence=Confidence.LOW if made else absence,
    )


@object_rule(
    "service-type-exposed",
    severity=Severity.LOW,
    remedy="Set spec.type to ClusterIP, and let an Ingress or Gateway publish the Service.",
    aliases=("kube-score:service-type", "kube-linter:exposed-services", "C-0256"),
    kinds=("Service",),
)
def service_type_exposed(object_: KubernetesObject, context: Context) -> Hits:
    """Services should not be reachable from outside the cluster without need.

    Reports Services of type NodePort as low, and those of type LoadBalancer as information
    unless an annotation keeps the load balancer internal or ``loadBalancerSourceRanges`` limits
    who may use it.

    Why:

    A node port is open on every node, past any firewall that lets the nodes' ports through, and
    no source range applies to it. A load balancer takes whatever comes, without the host names,
    the TLS and the limits of an Ingress.

    Bad:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          type: NodePort
          selector:
            app: web
          ports:
            - port: 80

    Good:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          type: ClusterIP
          selector:
            app: web
          ports:
            - port: 80

    Not reported:

    ``externalIPs``, which ``service-external-ip`` reports. Whether network policies limit the
    pods behind the Service is what ``network-policy-missing`` says of those pods.

    References:
    https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types
    """
    if object_.group:
        return
    type_ = service_type(object_)
    if type_ == "NodePort":
        yield Hit("opens a port on every node", ("spec", "type"), evidence=type_)
    elif type_ == "LoadBalancer" and not _is_limited(object_):
        yield Hit(
            "is open to anyone who reaches its load balancer",
            ("spec", "type"),
            severity=Severity.INFO,
            evidence=type_,
            remedy="Set spec.loadBalancerSourceRanges, or make the load balancer internal.",
        )


def _is_limited(service: KubernetesObject) -> bool:
    """Whether not everyone may use a load balancer."""
    annotations = service.annotations
    for key in _INTERNAL.keys() & annotations.keys():
        values = _INTERNAL[key]
        if not values or annotations[key].lower() in values:
            return True
    ranges = texts(service.spec, "loadBalancerSourceRanges")
    if not ranges and _SOURCE_RANGES in annotations:
        ranges = [item.strip() for item in annotations[_SOURCE_RANGES].split(",")]
    return bool(ranges) and not _ANYWHERE.intersection(ranges)


@object_rule(
    "service-external-ip",
    severity=Severity.HIGH,
    remedy="Remove spec.externalIPs; publish the Service with a load balancer or an Ingress.",
    aliases=("KSV-0108",),
    kinds=("Service",),
)
def service_external_ip(object_: KubernetesObject, context: Context) -> Hits:
    """Services should not take over addresses that are not theirs.

    Reports Services with ``externalIPs``, and as medium Services of type ExternalName that
    point back inside: to a Service of the cluster, to the node itself, to a private or a
    metadata address.

    Why:

    The nodes send traffic for an external address to the Service whoever owns that address, so
    anyone who may write Services can read what the cluster sends there (CVE-2020-8554). An
    ExternalName that points inside makes proxies that follow it reach what its author may not.

    Bad:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          externalIPs:
            - 198.51.100.7
          ports:
            - port: 443

    Good:

        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app: web
          ports:
            - port: 443

    Not reported:

    ExternalNames of the outside world, which is what they are for.

    References:
    https://kubernetes.io/docs/concepts/services-networking/service/#external-ips
    https://nvd.nist.gov/vuln/detail/CVE-2020-8554
    """
    if object_.group:
        return
    addresses = texts(object_.spec, "externalIPs")
    if addresses:
        listed = ", ".join(addresses)
        yield Hit(f"takes over {listed}", ("spec", "externalIPs"), evidence=listed)
    name = text(object_.spec, "externalName").rstrip(".").lower()
    if text(object_.spec, "type") != "ExternalName" or not name:
        return
    if name.endswith(_INNER_SUFFIXES) or (name.startswith(_INNER_PREFIXES) and _is_address(name)):
        yield Hit(
            f"points inside, to {name}",
            ("spec", "externalName"),
            severity=Severity.MEDIUM,
            evidence=name,
            remedy="Remove the Service; name the target itself where it is used.",
        )


def _is_address(name: str) -> bool:
    return name.replace(".", "").isdecimal()


@object_rule(
    "service-monitor-dangling",
    severity=Severity.LOW,
    remedy="Make spec.selector and spec.namespaceSelector match what is to be watched.",
    profile=OPT_IN,
    aliases=("kube-linter:dangling-servicemonitor",),
    kinds=("ServiceMonitor", "PodMonitor"),
)
def service_monitor_dangling(object_: KubernetesObject, context: Context) -> Hits:
    """A ServiceMonitor or PodMonitor should select something that exists.

    Reports ServiceMonitors that match no Service, and PodMonitors that match no pod, in the
    namespaces they look at: their own, those of ``namespaceSelector.matchNames``, or all with
    ``namespaceSelector.any``.

    Why:

    Nothing is measured, so no alert ever fires.

    Bad:

        apiVersion: monitoring.coreos.com/v1
        kind: ServiceMonitor
        metadata:
          name: web
        spec:
          selector:
            matchLabels:
              app: web
          endpoints:
            - port: metrics

    Good:

        apiVersion: monitoring.coreos.com/v1
        kind: ServiceMonitor
        metadata:
          name: web
        spec:
          selector:
            matchLabels:
              app: web
          endpoints:
            - port: metrics
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: web
          labels:
            app: web
        spec:
          selector:
            app: web
          ports:
            - name: metrics
              port: 9090
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

    Not reported:

    Labels that occur in a part of the input that could not be read.

    References:
    https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
    """
    selector = parse_selector(object_.spec.get("selector")) or Selector({})
    index = context.index
    if index.leaves_open(selector):
        return
    names = texts(object_.spec, "namespaceSelector", "matchNames") or [object_.namespace]
    everywhere = is_true(object_.spec, "namespaceSelector", "any")
    if object_.kind == "ServiceMonitor":
        found = index.has_service_labelled(None if everywhere else names, selector)
    else:
        namespaces = index.namespaces_with_pods if everywhere else names
        found = any(index.select(namespace, selector) for namespace in namespaces)
    if not found:
        what = "Service" if object_.kind == "ServiceMonitor" else "pod"
        yield Hit(
            f"watches no {what}",
            ("spec", "selector"),
            confidence=context.confidence_of_absence(object_),
        )


@object_rule(
    "statefulset-headless-service",
    severity=Severity.MEDIUM,
    remedy="Name a Service with clusterIP None that selects the pods in spec.serviceName.",
    profile=RELIABILITY,
    aliases=("kube-score:statefulset-has-servicename",),
    kinds=("StatefulSet",),
)
def statefulset_headless_service(object_: KubernetesObject, context: Context) -> Hits:
    """A StatefulSet should have a headless Service.

    Reports StatefulSets whose ``serviceName`` names no Service of their namespace, or one that
    has a cluster IP, or one that does not select their pods; and as low those without a
    ``serviceName``.

    Why:

    The pods get no names of their own in DNS, so members of a cluster cannot find each other.

    Bad:

        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: database
        spec:
          serviceName: database
          selector:
            matchLabels:
              app: database
          template:
            metadata:
              labels:
                app: database
            spec:
              containers:
                - name: database
                  image: registry.example.org/database:1.4.2
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: database
        spec:
          selector:
            app: database
          ports:
            - port: 5432

    Good:

        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: database
        spec:
          serviceName: database
          selector:
            matchLabels:
              app: database
          template:
            metadata:
              labels:
                app: database
            spec:
              containers:
                - name: database
                  image: registry.example.org/database:1.4.2
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: database
        spec:
          clusterIP: None
          selector:
            app: database
          ports:
            - port: 5432

    Not reported:

    Services whose name occurs in a part of the input that could not be read.

    References:
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id
    """
    at = ("spec", "serviceName")
    name = text(object_.spec, "serviceName")
    if not name:
        yield Hit("names no Service", at, severity=Severity.LOW)
        return
    if context.index.is_unresolved(name):
        return
    service = context.index.find("Service", object_.namespace, name)
    if service is None:
        yield Hit(
            f"names the Service {name}, which does not exist",
            at,
            confidence=context.confidence_of_absence(object_),
            evidence=name,
        )
    elif text(service.spec, "clusterIP") != "None":
        yield Hit(
            f"names the Service {name}, which is not headless",
            at,
            evidence=name,
            remedy="Set clusterIP of the Service to None.",
            related=((service, ("spec", "clusterIP"), "the Service"),),
        )
    else:
        selector = parse_map_selector(service.spec.get("selector"))
        labels = labels_of(object_.spec, "template", "metadata", "labels")
        if selector is None or not selector.matches(labels):
            yield Hit(
                f"names the Service {name}, which does not select its pods",
                at,
                evidence=name,
                remedy="Make the selector of the Service match the labels of the pod template.",
                related=((service, ("spec", "selector"), "the Service's selector"),),
            )

"""Rules about network policies: pods none limits, policies that limit nothing or nobody."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.network_policies import directions, is_plain, pod_selector
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context, object_rule, pod_rule
from seawall.kubernetes.selectors import parse_selector
from seawall.text.values import Map, integer, mappings, sequence, text, texts

SYSTEM_NAMESPACES = frozenset(("kube-system", "kube-public", "kube-node-lease"))
_PEERS = {"ingress": "from", "egress": "to"}
_METADATA = "169.254.169.254"
_DNS_PORTS = frozenset((53, 853, "dns", "dns-tcp", "dns-udp"))


@pod_rule(
    "network-policy-missing",
    severity=Severity.MEDIUM,
    remedy="Add a NetworkPolicy that selects the pods, for both ingress and egress.",
    aliases=(
        "kube-score:pod-networkpolicy",
        "kube-linter:non-isolated-pod",
        "polaris:missingNetworkPolicy",
        "CKV2_K8S_6",
        "C-0030",
        "C-0260",
    ),
    compliance=("cis-1.12:5.3.2",),
)
def network_policy_missing(pod: Pod, context: Context) -> Hits:
    """Network policies should limit what reaches a pod and what it may reach.

    Reports pods that no policy of the input selects for ingress, for egress, or for either; a
    policy for ingress alone leaves egress open (reported as low). NetworkPolicies count by
    their selector and ``policyTypes``; those of Cilium and Calico, and admin policies, count
    too, and where their selector cannot be decided it is taken to match.

    It is judged only where the input tells of the network at all: where it holds a Namespace or
    a policy of any kind, or is known to be complete.

    Why:

    Without a policy every pod of the cluster can reach the pod, and from the pod every other
    pod, the cloud's metadata service and the internet can be reached.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
          labels:
            app: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
          labels:
            app: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
          namespace: shop
        spec:
          podSelector:
            matchLabels:
              app: web
          policyTypes:
            - Ingress
            - Egress
          ingress:
            - ports:
                - port: 8080

    Not reported:

    Pods with ``hostNetwork``, to which policies do not apply; Tasks and Pipelines of Tekton, which
    run in the namespace of whoever runs them; and anything where a part of the input that could
    not be read mentions a NetworkPolicy.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    index = context.index
    if pod.host_network or pod.started_elsewhere:
        return
    if not (pod.object.complete or index.describes_namespaces):
        return
    isolation = index.isolation_of(pod)
    if (isolation.ingress and isolation.egress) or index.is_unresolved("NetworkPolicy"):
        return
    severity = Severity.MEDIUM
    message = "is selected by no network policy"
    if isolation.ingress:
        severity = Severity.LOW
        message = "may send traffic anywhere: no network policy limits its egress"
    elif isolation.egress:
        message = "takes traffic from anywhere: no network policy limits its ingress"
    yield Hit(
        message,
        ("metadata", "labels"),
        severity=severity,
        confidence=context.confidence_of_absence(pod.object),
    )


@object_rule(
    "network-policy-missing-ns",
    severity=Severity.MEDIUM,
    remedy="Add a NetworkPolicy with an empty podSelector and policyTypes Ingress and Egress.",
    aliases=("C-0049", "C-0054", "C-0206"),
    compliance=("cis-1.12:5.3.2",),
    kinds=("Namespace",),
)
def network_policy_missing_ns(object_: KubernetesObject, context: Context) -> Hits:
    """A namespace should deny by default, in both directions.

    Reports Namespaces for which the input has no policy that selects every pod, for ingress, for
    egress, or for either.

    Why:

    Policies that select pods by label leave out the pod somebody adds tomorrow. A default that
    denies makes the next pod closed until somebody opens it.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: default-deny
          namespace: shop
        spec:
          podSelector: {}
          policyTypes:
            - Ingress
            - Egress

    Not reported:

    The namespaces of the cluster itself (``kube-system`` and its like), and namespaces with pods
    that ``network-policy-missing`` reports: it is the same gap, said once.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies
    """
    index = context.index
    if object_.name in SYSTEM_NAMESPACES or index.is_unresolved("NetworkPolicy"):
        return
    isolation = index.default_isolation(object_.name)
    if isolation.ingress and isolation.egress:
        return
    for pod in index.pods_in(object_.name):
        judged = not (pod.host_network or pod.started_elsewhere)
        if judged and not all(index.isolation_of(pod)):
            return
    missing = "ingress or egress"
    if isolation.ingress:
        missing = "egress"
    elif isolation.egress:
        missing = "ingress"
    yield Hit(
        f"has no policy that denies {missing} by default",
        ("metadata", "name"),
        confidence=context.confidence_of_absence(object_),
    )


@object_rule(
    "network-policy-dangling",
    severity=Severity.LOW,
    remedy="Mend spec.podSelector so that it matches the labels of the pods it is for.",
    profile=RELIABILITY,
    aliases=("kube-score:networkpolicy-targets-pod", "kube-linter:dangling-networkpolicy"),
    kinds=("NetworkPolicy",),
)
def network_policy_dangling(object_: KubernetesObject, context: Context) -> Hits:
    """A NetworkPolicy should select pods that exist.

    Reports NetworkPolicies whose ``podSelector`` matches no pod of their namespace.

    Why:

    The pods the policy was written for are open, and the policy looks as if they were not.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels:
              app: web

    Good:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels:
              app: web
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

    An empty ``podSelector``: it is a default for whatever pods will come. Labels that occur in
    a part of the input that could not be read.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    selector = pod_selector(object_)
    if not is_plain(object_) or selector.is_empty or context.index.leaves_open(selector):
        return
    if not context.index.select(object_.namespace, selector):
        yield Hit(
            "selects no pod",
            ("spec", "podSelector"),
            confidence=context.confidence_of_absence(object_),
        )


@object_rule(
    "network-policy-peer-dangling",
    severity=Severity.LOW,
    remedy="Mend the podSelector so that it matches the labels of the pods it is to let through.",
    profile=RELIABILITY,
    aliases=("kube-linter:dangling-networkpolicypeer-podselector",),
    kinds=("NetworkPolicy",),
)
def network_policy_peer_dangling(object_: KubernetesObject, context: Context) -> Hits:
    """The peers a NetworkPolicy lets through should exist.

    Reports entries of ``ingress[].from`` and ``egress[].to`` that have a ``podSelector`` and no
    ``namespaceSelector``, where the selector matches no pod of the policy's namespace.

    Why:

    Traffic that is meant to flow is dropped. Often the peer lives in another namespace, and the
    ``namespaceSelector`` was forgotten.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: database
        spec:
          podSelector: {}
          ingress:
            - from:
                - podSelector:
                    matchLabels:
                      app: web

    Good:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: database
        spec:
          podSelector: {}
          ingress:
            - from:
                - podSelector:
                    matchLabels:
                      app: web
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

    An empty ``podSelector``, and peers with a ``namespaceSelector``, whose pods need not be in
    the input. Labels that occur in a part of the input that could not be read.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    if not is_plain(object_):
        return
    for direction in _PEERS:
        for _, place, peer in _peers(object_, direction):
            selector = parse_selector(peer.get("podSelector"))
            if selector is None or selector.is_empty or peer.get("namespaceSelector") is not None:
                continue
            if context.index.leaves_open(selector):
                continue
            if not context.index.select(object_.namespace, selector):
                yield Hit(
                    "lets through a pod that does not exist in its namespace",
                    (*place, "podSelector"),
                    confidence=context.confidence_of_absence(object_),
                )


@object_rule(
    "network-policy-allow-all",
    severity=Severity.MEDIUM,
    remedy="Name the peers the rule is for, in from or to.",
    kinds=("NetworkPolicy",),
)
def network_policy_allow_all(object_: KubernetesObject, context: Context) -> Hits:
    """A NetworkPolicy should not let everything through.

    Reports rules without peers: those without ports too as medium, those that at least name
    ports as low; and as low, peers whose ``namespaceSelector`` is empty and who name no pods,
    which lets the whole cluster through.

    Why:

    Such a rule takes back what the policy is for, and since policies add up, what every other
    policy on the same pods is for.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels:
              app: web
          ingress:
            - {}

    Good:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels:
              app: web
          ingress:
            - from:
                - podSelector:
                    matchLabels:
                      app: proxy

    Not reported:

    Rules for a direction that ``policyTypes`` leaves out, which have no effect; and egress to
    the ports of DNS, wherever the resolver is.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/#allow-all-ingress-traffic
    """
    for direction, verb in _effective(object_):
        for index, rule in mappings(object_.spec, direction):
            place: KeyPath = ("spec", direction, index)
            ports = sequence(rule, "ports")
            if not sequence(rule, _PEERS[direction]):
                if not ports:
                    yield Hit(f"lets traffic {verb} anywhere", place)
                elif direction == "ingress" or not _is_dns(rule):
                    yield Hit(
                        f"lets traffic {verb} anywhere, on its ports",
                        (*place, _PEERS[direction]),
                        severity=Severity.LOW,
                    )
        for rule, place, peer in _peers(object_, direction):
            namespaces = parse_selector(peer.get("namespaceSelector"))
            pods = parse_selector(peer.get("podSelector"))
            if namespaces is None or not namespaces.is_empty:
                continue
            if (pods is None or pods.is_empty) and not _is_dns(rule):
                limit = ", on its ports" if sequence(rule, "ports") else ""
                yield Hit(
                    f"lets traffic {verb} every pod of the cluster{limit}",
                    (*place, "namespaceSelector"),
                    severity=Severity.LOW,
                )


@object_rule(
    "network-policy-world",
    severity=Severity.HIGH,
    remedy="Narrow the ipBlock to the networks the pods have to talk to.",
    aliases=("KUBE-0001", "KUBE-0002"),
    kinds=("NetworkPolicy",),
)
def network_policy_world(object_: KubernetesObject, context: Context) -> Hits:
    """A NetworkPolicy should not let the whole internet through.

    Reports ``ipBlock`` peers that hold all addresses (``0.0.0.0/0``, ``::/0``, or half of them):
    for ingress as high, for egress as medium, and one step lower where the rule names ports.

    Why:

    Whatever listens in the pod can be attacked from anywhere, and an attacker inside may load
    tools and carry data out to anywhere.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels:
              app: web
          ingress:
            - from:
                - ipBlock:
                    cidr: 0.0.0.0/0

    Good:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels:
              app: web
          ingress:
            - from:
                - ipBlock:
                    cidr: 198.51.100.0/24

    Not reported:

    Rules for a direction that ``policyTypes`` leaves out, which have no effect.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    for direction, verb in _effective(object_):
        for rule, place, peer in _peers(object_, direction):
            cidr = text(peer, "ipBlock", "cidr")
            if cidr.rpartition("/")[2] not in ("0", "1"):
                continue
            severity = Severity.HIGH if direction == "ingress" else Severity.MEDIUM
            if sequence(rule, "ports"):
                severity = Severity(severity - 1)
            yield Hit(
                f"lets traffic {verb} {cidr}",
                (*place, "ipBlock", "cidr"),
                severity=severity,
                evidence=cidr,
            )


@object_rule(
    "network-policy-metadata-reachable",
    severity=Severity.MEDIUM,
    remedy="Add 169.254.169.254/32 to the except list of the ipBlock.",
    kinds=("NetworkPolicy",),
)
def network_policy_metadata_reachable(object_: KubernetesObject, context: Context) -> Hits:
    """Egress rules should keep pods from the cloud's metadata service.

    Reports egress ``ipBlock`` peers that hold 169.254.169.254 and do not except it, where the
    rule allows port 80.

    Why:

    The metadata service of most clouds gives anyone who asks from the node the credentials of
    the node. One request forged through a server is enough.

    Bad:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: crawler
        spec:
          podSelector:
            matchLabels:
              app: crawler
          policyTypes:
            - Egress
          egress:
            - to:
                - ipBlock:
                    cidr: 0.0.0.0/0

    Good:

        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: crawler
        spec:
          podSelector:
            matchLabels:
              app: crawler
          policyTypes:
            - Egress
          egress:
            - to:
                - ipBlock:
                    cidr: 0.0.0.0/0
                    except:
                      - 169.254.169.254/32

    Not reported:

    Rules without peers, which ``network-policy-allow-all`` reports; rules for other ports than
    80, where no metadata service listens; and metadata services at other addresses.

    References:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    if not is_plain(object_) or not directions(object_).egress:
        return
    for rule, place, peer in _peers(object_, "egress"):
        cidr = text(peer, "ipBlock", "cidr")
        if not cidr or not _holds(cidr, _METADATA) or not _allows_port(rule, 80):
            continue
        if not any(_holds(other, _METADATA) for other in texts(peer, "ipBlock", "except")):
            yield Hit(
                f"lets pods reach the metadata service, through {cidr}",
                (*place, "ipBlock"),
                evidence=cidr,
            )


def _effective(policy: KubernetesObject) -> Iterator[tuple[str, str]]:
    """The directions in which a plain policy's rules have an effect, each with its wording."""
    if is_plain(policy):
        ingress, egress = directions(policy)
        if ingress:
            yield "ingress", "in from"
        if egress:
            yield "egress", "out to"


def _peers(policy: KubernetesObject, direction: str) -> Iterator[tuple[Map, KeyPath, Map]]:
    """Each peer of a direction's rules: its rule, its place in the policy, itself."""
    key = _PEERS[direction]
    for index, rule in mappings(policy.spec, direction):
        for number, peer in mappings(rule, key):
            yield rule, ("spec", direction, index, key, number), peer


def _is_dns(rule: Map) -> bool:
    ports = [integer(port, "port") or text(port, "port") for _, port in mappings(rule, "ports")]
    return bool(ports) and all(port in _DNS_PORTS for port in ports)


def _allows_port(rule: Map, wanted: int) -> bool:
    """Whether a rule lets a TCP port through; named ports mean nothing outside the cluster."""
    ports = list(mappings(rule, "ports"))
    for _, port in ports:
        first = integer(port, "port")
        if (text(port, "protocol") or "TCP") != "TCP":
            continue
        if port.get("port") is None:
            return True
        last = integer(port, "endPort") or first
        if first is not None and last is not None and first <= wanted <= last:
            return True
    return not ports


def _holds(cidr: str, address: str) -> bool:
    """Whether an IPv4 network holds an address; no for anything that is not one."""
    network, _, prefix = cidr.partition("/")
    start, own = _ipv4(network), _ipv4(address)
    if start is None or own is None or not prefix.isdecimal() or int(prefix) > 32:
        return False
    host_bits = 32 - int(prefix)
    return start >> host_bits == own >> host_bits


def _ipv4(address: str) -> int | None:
    parts = address.split(".")
    if len(parts) != 4 or not all(part.isdecimal() and len(part) < 4 for part in parts):
        return None
    value = 0
    for part in parts:
        value = value << 8 | int(part)
    return value

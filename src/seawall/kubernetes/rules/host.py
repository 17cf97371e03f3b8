"""Rules about what a pod shares with its node: namespaces, paths, sockets, ports, sysctls."""

from seawall.core.rule import Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context, pod_rule
from seawall.kubernetes.values import is_true


@pod_rule(
    "host-network",
    severity=Severity.HIGH,
    remedy="Remove spec.hostNetwork; publish ports with a Service.",
    aliases=("kubesec:HostNetwork", "kube-linter:host-network", "KSV-0009", "CKV_K8S_19", "C-0041"),
    compliance=("cis-1.12:5.2.5", "pss-baseline:hostNamespaces"),
)
def host_network(pod: Pod, context: Context) -> Hits:
    """Pods must not use the network namespace of their node.

    Reports pods with ``hostNetwork: true``.

    Why:

    Such a pod sees the traffic of every other pod on the node, reaches services that listen on
    the node's loopback address (the kubelet, cloud metadata), and no NetworkPolicy applies to it.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          hostNetwork: true
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

    References:

    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if is_true(pod.spec, "hostNetwork"):
        yield Hit("shares the network namespace of its node", pod.at("hostNetwork"))

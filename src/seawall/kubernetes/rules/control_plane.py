"""Rules about what several components have in common, and about the controller manager."""

from seawall.core.rule import Hits
from seawall.core.severity import Severity
from seawall.kubernetes.components import (
    API_SERVER,
    CONTROLLER_MANAGER,
    ETCD,
    KINDS,
    KUBELET,
    PROXY,
    SCHEDULER,
    components,
)
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule

_LOOPBACK = ("127.", "localhost", "[::1]")
_STRONG_CIPHERS = frozenset(
    """
    TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    """.split()
)
"""Authenticated encryption with forward secrecy."""
_BROKEN_CIPHERS = ("3DES", "RC4", "NULL", "EXPORT", "_DES_", "anon")
_OLD_TLS = frozenset(("VersionTLS10", "VersionTLS11", "TLS1.0", "TLS1.1"))


@object_rule(
    "control-plane-profiling",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Set --profiling to false.",
    aliases=(
        "KCV-0018",
        "KCV-0034",
        "KCV-0040",
        "CKV_K8S_90",
        "CKV_K8S_107",
        "CKV_K8S_114",
        "C-0129",
        "C-0145",
        "C-0151",
    ),
    compliance=("cis-1.12:1.2.15", "cis-1.12:1.3.2", "cis-1.12:1.4.1"),
)
def control_plane_profiling(object_: KubernetesObject, context: Context) -> Hits:
    """Components of the control plane should not offer profiling.

    Reports the API server, the controller manager and the scheduler when ``--profiling`` is not
    false, and a ``KubeSchedulerConfiguration`` when ``enableProfiling`` is not: the default is
    true.

    Why:

    Profiles show what a component works on and how it is built, and making them takes its time.
    They are of use while someone looks into a problem, not always.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-scheduler
          namespace: kube-system
        spec:
          containers:
            - name: kube-scheduler
              image: registry.example.org/kube-scheduler:v1.34.2
              command:
                - kube-scheduler
                - --bind-address=127.0.0.1

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-scheduler
          namespace: kube-system
        spec:
          containers:
            - name: kube-scheduler
              image: registry.example.org/kube-scheduler:v1.34.2
              command:
                - kube-scheduler
                - --bind-address=127.0.0.1
                - --profiling=false

    Not reported:

    A scheduler with ``--config``, which ignores the flag: its ``KubeSchedulerConfiguration``
    decides.

    References:
    https://kubernetes.io/docs/reference/command-line-tools-reference/
    """
    names = (API_SERVER, CONTROLLER_MANAGER, SCHEDULER)
    for component in components(object_, context, *names):
        if component.name == SCHEDULER and component.get("config") is not None:
            continue
        if component.is_not("profiling", wanted=False, default=True):
            yield component.hit(
                f"{component.name} offers profiling",
                "profiling",
                remedy=component.set_to("profiling", "false"),
                evidence=f"{component.name} profiling",
            )


@object_rule(
    "control-plane-bind-address",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Set --bind-address to 127.0.0.1.",
    aliases=(
        "KCV-0039",
        "KCV-0041",
        "CKV_K8S_113",
        "CKV_K8S_115",
        "C-0150",
        "C-0152",
    ),
    compliance=("cis-1.12:1.3.7", "cis-1.12:1.4.2", "cis-1.12:4.3.1"),
)
def control_plane_bind_address(object_: KubernetesObject, context: Context) -> Hits:
    """Components that only report their health and metrics should listen on loopback.

    Reports the controller manager and the scheduler unless ``--bind-address`` is a loopback
    address (the default is every address), and kube-proxy when it serves its metrics on another
    address than loopback, which is its default.

    Why:

    Nothing outside of the node needs these ports. kube-proxy gives its metrics and its
    configuration to whoever asks; the other two ask for credentials, and are still one more
    service of the control plane that can be attacked.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-scheduler
          namespace: kube-system
        spec:
          containers:
            - name: kube-scheduler
              image: registry.example.org/kube-scheduler:v1.34.2
              command:
                - kube-scheduler
                - --bind-address=0.0.0.0

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-scheduler
          namespace: kube-system
        spec:
          containers:
            - name: kube-scheduler
              image: registry.example.org/kube-scheduler:v1.34.2
              command:
                - kube-scheduler
                - --bind-address=127.0.0.1

    References:
    https://kubernetes.io/docs/reference/networking/ports-and-protocols/
    """
    for component in components(object_, context, CONTROLLER_MANAGER, SCHEDULER):
        address = component.text("bind-address")
        if component.is_unset("bind-address") or (address and not _is_loopback(address)):
            yield component.hit(
                f"{component.name} listens on {address or 'every address'}",
                "bind-address",
                evidence=f"{component.name} {address}".rstrip(),
            )
    for proxy in components(object_, context, PROXY):
        flag = "metrics-bind-address"
        address = proxy.text(flag)
        if address and not _is_loopback(address):
            yield proxy.hit(
                f"serves the metrics of kube-proxy on {address}",
                flag,
                remedy=proxy.set_to(flag, "127.0.0.1:10249"),
                evidence=address,
            )


def _is_loopback(address: str) -> bool:
    return address.startswith(_LOOPBACK) or address == "::1"


@object_rule(
    "component-weak-tls",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Remove the weak ciphers, and set the lowest version to VersionTLS12 or VersionTLS13.",
    aliases=("KCV-0092", "CKV_K8S_105", "CKV_K8S_151", "C-0143", "C-0184"),
    compliance=("cis-1.12:1.2.29", "cis-1.12:4.2.12"),
)
def component_weak_tls(object_: KubernetesObject, context: Context) -> Hits:
    """Components of the cluster must only use strong ciphers and current versions of TLS.

    Reports in ``--tls-cipher-suites`` and ``tlsCipherSuites`` each cipher without authenticated
    encryption (AES-GCM, ChaCha20-Poly1305) or without forward secrecy (ECDHE; all of TLS 1.3):
    broken ones such as 3DES and RC4 are medium, the others low. Reports a lowest version of TLS
    1.0 or 1.1. Of etcd it reads ``--cipher-suites``.

    Why:

    Who records the traffic of the control plane can read it later: with a broken cipher as soon
    as there is enough of it, without forward secrecy when the private key is lost some day.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        tlsCipherSuites:
          - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
          - TLS_RSA_WITH_3DES_EDE_CBC_SHA

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        tlsMinVersion: VersionTLS12
        tlsCipherSuites:
          - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256

    Not reported:

    A missing list of ciphers: the defaults of Kubernetes and etcd are those of Go, which follow
    what is known of ciphers better than a list that someone wrote once.

    References:
    https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
    """
    names = (API_SERVER, CONTROLLER_MANAGER, SCHEDULER, ETCD, KUBELET)
    for component in components(object_, context, *names):
        flag = "cipher-suites" if component.name == ETCD else "tls-cipher-suites"
        for item in component.items(flag):
            if item.known and item.value not in _STRONG_CIPHERS:
                broken = any(word in item.value for word in _BROKEN_CIPHERS)
                yield component.hit(
                    f"{component.name} uses the weak cipher {item.value}",
                    flag,
                    at=item.at,
                    severity=None if broken else Severity.LOW,
                    evidence=item.value,
                )
        version = component.text("tls-min-version")
        if version in _OLD_TLS:
            yield component.hit(
                f"{component.name} speaks outdated versions of TLS",
                "tls-min-version",
                remedy=component.set_to("tls-min-version", "VersionTLS12"),
                evidence=version,
            )


@object_rule(
    "controller-manager-service-accounts",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Set --use-service-account-credentials, --root-ca-file and the private key file.",
    aliases=(
        "KCV-0035",
        "KCV-0036",
        "KCV-0037",
        "CKV_K8S_108",
        "CKV_K8S_110",
        "CKV_K8S_111",
        "C-0146",
        "C-0147",
        "C-0148",
    ),
    compliance=("cis-1.12:1.3.3", "cis-1.12:1.3.4", "cis-1.12:1.3.5"),
)
def controller_manager_service_accounts(object_: KubernetesObject, context: Context) -> Hits:
    """The controller manager must give each controller its own account, and each pod the CA.

    Reports ``--use-service-account-credentials`` when it is not true (medium; the default is
    false), a missing ``--service-account-private-key-file`` and a missing ``--root-ca-file``.

    Why:

    Otherwise every controller acts with the rights of all of them, and the audit log cannot tell
    one from another. Without the CA in their namespace pods cannot check that they talk to the
    API server.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        controllerManager:
          extraArgs:
            - name: use-service-account-credentials
              value: "false"

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-controller-manager
          namespace: kube-system
        spec:
          containers:
            - name: kube-controller-manager
              image: registry.example.org/kube-controller-manager:v1.34.2
              command:
                - kube-controller-manager
                - --root-ca-file=/etc/kubernetes/pki/ca.crt
                - --service-account-private-key-file=/etc/kubernetes/pki/sa.key
                - --use-service-account-credentials=true

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles
    """
    for manager in components(object_, context, CONTROLLER_MANAGER):
        flag = "use-service-account-credentials"
        if manager.is_not(flag, wanted=True, default=False):
            yield manager.hit(
                "lets all controllers share one identity",
                flag,
                severity=Severity.MEDIUM,
                remedy=manager.set_to(flag, "true"),
            )
        for flag, message in (
            ("service-account-private-key-file", "has no key to sign service account tokens with"),
            ("root-ca-file", "gives pods no authority to check the API server with"),
        ):
            if manager.is_unset(flag):
                yield manager.hit(message, flag, remedy=f"Set --{flag}.")


@object_rule(
    "controller-manager-pod-gc",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Remove --terminated-pod-gc-threshold, or set it to a number the cluster can hold.",
    aliases=("KCV-0033", "CKV_K8S_106", "C-0144"),
    compliance=("cis-1.12:1.3.1",),
)
def controller_manager_pod_gc(object_: KubernetesObject, context: Context) -> Hits:
    """The controller manager must remove pods that have ended before there are too many.

    Reports a ``--terminated-pod-gc-threshold`` of 0 or less, which turns this off. The default
    is 12500.

    Why:

    Each pod that ended stays in etcd until it is removed: jobs that fail again and again fill
    it, until the API server is slow or can write no more.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        controllerManager:
          extraArgs:
            - name: terminated-pod-gc-threshold
              value: "0"

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        controllerManager:
          extraArgs:
            - name: terminated-pod-gc-threshold
              value: "1000"

    References:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
    """
    for manager in components(object_, context, CONTROLLER_MANAGER):
        number = manager.number("terminated-pod-gc-threshold")
        if number is not None and number <= 0:
            yield manager.hit("never removes pods that have ended", "terminated-pod-gc-threshold")

"""Rules about kubelets: by their configuration files, kubeadm's and the flags of containers."""

from collections.abc import Iterator

from seawall.core.rule import Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.components import (
    CONTROLLER_MANAGER,
    KINDS,
    KUBELET,
    Component,
    components,
    seconds,
)
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule


@object_rule(
    "kubelet-anonymous-auth",
    severity=Severity.HIGH,
    kinds=KINDS,
    remedy="Set authentication.anonymous.enabled to false.",
    aliases=("KCV-0079", "CKV_K8S_138", "C-0069", "C-0172"),
    compliance=("cis-1.12:4.2.1",),
)
def kubelet_anonymous_auth(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must not serve requests that nobody has signed.

    Reports ``authentication.anonymous.enabled: true`` and ``--anonymous-auth``. The default is
    false in a file and true for a kubelet that has flags alone. Where every request is allowed
    too (``AlwaysAllow``), this is critical.

    Why:

    A kubelet runs commands in each container of its node and gives out their logs. With
    anonymous access only its authorisation stands between a stranger and that.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authentication:
          anonymous:
            enabled: true

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authentication:
          anonymous:
            enabled: false

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    flag = "anonymous-auth"
    for kubelet in components(object_, context, KUBELET):
        if kubelet.is_not(flag, wanted=False, default=not kubelet.fields):
            yield kubelet.hit(
                "serves anonymous requests",
                flag,
                severity=Severity.CRITICAL if _allows_all(kubelet) else None,
                remedy=kubelet.set_to(flag, "false"),
            )


def _allows_all(kubelet: Component) -> bool:
    flag = "authorization-mode"
    return kubelet.text(flag) == "AlwaysAllow" or (kubelet.is_unset(flag) and not kubelet.fields)


@object_rule(
    "kubelet-authorization-mode",
    severity=Severity.CRITICAL,
    kinds=KINDS,
    remedy="Set authorization.mode to Webhook.",
    aliases=("KCV-0080", "CKV_K8S_139", "C-0173"),
    compliance=("cis-1.12:4.2.2",),
)
def kubelet_authorization_mode(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must ask the API server who may do what.

    Reports the authorisation mode ``AlwaysAllow``, which is also the default of a kubelet that
    has flags alone.

    Why:

    Then whoever the kubelet knows at all, which is every certificate of the cluster and with
    anonymous access everybody, may run commands in each container of the node.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authorization:
          mode: AlwaysAllow

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authorization:
          mode: Webhook

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    for kubelet in components(object_, context, KUBELET):
        if _allows_all(kubelet):
            yield kubelet.hit(
                "allows every request",
                "authorization-mode",
                remedy=kubelet.set_to("authorization-mode", "Webhook"),
            )


@object_rule(
    "kubelet-client-ca",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Set authentication.x509.clientCAFile to the authority of the API server's clients.",
    aliases=("KCV-0081", "CKV_K8S_140", "C-0070", "C-0174"),
    compliance=("cis-1.12:4.2.3",),
)
def kubelet_client_ca(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must know the API server by its certificate.

    Reports a kubelet without ``authentication.x509.clientCAFile`` or ``--client-ca-file``.

    Why:

    Without an authority the kubelet takes no client certificate, so that the API server comes
    to it like a stranger. Clusters then get to work by anonymous access.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authentication:
          anonymous:
            enabled: false

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authentication:
          anonymous:
            enabled: false
          x509:
            clientCAFile: /etc/kubernetes/pki/ca.crt

    Not reported:

    A KubeletConfiguration in one file with kubeadm's configuration: kubeadm sets the field.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    for kubelet in components(object_, context, KUBELET):
        if kubelet.is_unset("client-ca-file"):
            yield kubelet.hit("trusts no authority for client certificates", "client-ca-file")


@object_rule(
    "kubelet-read-only-port",
    severity=Severity.HIGH,
    kinds=KINDS,
    remedy="Set readOnlyPort to 0.",
    aliases=("KCV-0082", "CKV_K8S_141", "C-0175"),
    compliance=("cis-1.12:4.2.4",),
)
def kubelet_read_only_port(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must not serve the port that asks for no credentials.

    Reports ``readOnlyPort`` and ``--read-only-port`` with another value than 0. A kubelet that
    has flags alone opens port 10255 unless it is told not to.

    Why:

    The port tells every pod of the cluster, and whoever else reaches the node, which pods run
    there, with their images, addresses, arguments and environment.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        readOnlyPort: 10255

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        readOnlyPort: 0

    References:
    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    flag = "read-only-port"
    for kubelet in components(object_, context, KUBELET):
        port = kubelet.number(flag)
        if kubelet.is_unset(flag) and not kubelet.fields:
            port = 10255
        if port:
            yield kubelet.hit(
                f"serves the read-only port {port}", flag, remedy=kubelet.set_to(flag, "0")
            )


@object_rule(
    "kubelet-tls",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Set serverTLSBootstrap and rotateCertificates to true.",
    aliases=(
        "KCV-0038",
        "KCV-0088",
        "KCV-0089",
        "KCV-0090",
        "KCV-0091",
        "CKV_K8S_112",
        "CKV_K8S_148",
        "CKV_K8S_149",
        "C-0149",
        "C-0181",
        "C-0182",
        "C-0183",
    ),
    compliance=("cis-1.12:1.3.6", "cis-1.12:4.2.9", "cis-1.12:4.2.10", "cis-1.12:4.2.11"),
)
def kubelet_tls(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must have certificates of the cluster and renew them.

    Reports a kubelet that has neither ``tlsCertFile`` and ``tlsPrivateKeyFile`` nor
    ``serverTLSBootstrap: true``, one whose ``rotateCertificates`` is not true (low), and the
    feature gate ``RotateKubeletServerCertificate=false`` of a kubelet or the controller manager.

    Why:

    A kubelet without a serving certificate signs one itself, which nobody can check: the API
    server sends commands and logs to whoever answers at the address. A certificate that is not
    renewed is either valid for very long, or takes the node out of service when it expires.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        rotateCertificates: false

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        rotateCertificates: true
        serverTLSBootstrap: true

    Not reported:

    ``rotateCertificates`` that is missing in one file with kubeadm's configuration: kubeadm sets
    the field.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
    """
    for kubelet in components(object_, context, KUBELET):
        bootstrap = "rotate-server-certificates"
        lacks_files = any(
            kubelet.is_unset(flag) for flag in ("tls-cert-file", "tls-private-key-file")
        )
        if lacks_files and kubelet.is_not(bootstrap, wanted=True, default=False):
            yield kubelet.hit(
                "signs its serving certificate itself",
                bootstrap,
                remedy=kubelet.set_to(bootstrap, "true"),
            )
        if kubelet.is_not("rotate-certificates", wanted=True, default=False):
            yield kubelet.hit(
                "does not renew its client certificate",
                "rotate-certificates",
                severity=Severity.LOW,
                remedy=kubelet.set_to("rotate-certificates", "true"),
            )
    for component in components(object_, context, KUBELET, CONTROLLER_MANAGER):
        for item in component.items("feature-gates"):
            gate, _, value = item.value.partition("=")
            if gate.strip() == "RotateKubeletServerCertificate" and value.lower() == "false":
                yield component.hit(
                    "keeps kubelets from renewing their serving certificates",
                    "feature-gates",
                    at=item.at,
                    remedy="Remove the feature gate RotateKubeletServerCertificate.",
                    evidence=gate,
                )


@object_rule(
    "kubelet-protect-kernel-defaults",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Set protectKernelDefaults and makeIPTablesUtilChains to true.",
    aliases=("KCV-0083", "KCV-0084", "CKV_K8S_144", "CKV_K8S_145", "C-0177", "C-0178"),
    compliance=("cis-1.12:4.2.6",),
)
def kubelet_protect_kernel_defaults(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets should leave kernel settings alone and look after their firewall chains.

    Reports ``protectKernelDefaults`` when it is not true (the default is false), and
    ``makeIPTablesUtilChains: false`` (the default is true).

    Why:

    A kubelet changes kernel settings that do not suit it, also those that an administrator has
    hardened; with the protection it refuses to start instead. Without its chains, packets that
    it would drop or mark go where the firewall rules of others send them.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        protectKernelDefaults: false

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        protectKernelDefaults: true

    References:
    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    for kubelet in components(object_, context, KUBELET):
        for flag, default, message in (
            ("protect-kernel-defaults", False, "changes kernel settings that do not suit it"),
            ("make-iptables-util-chains", True, "does not look after its firewall chains"),
        ):
            if kubelet.is_not(flag, wanted=True, default=default):
                yield kubelet.hit(message, flag, remedy=kubelet.set_to(flag, "true"))


@object_rule(
    "kubelet-streaming-timeout",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Remove --streaming-connection-idle-timeout, or set it to 5m or more.",
    aliases=("KCV-0085", "CKV_K8S_143", "C-0176"),
    compliance=("cis-1.12:4.2.5",),
)
def kubelet_streaming_timeout(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must close connections that nobody uses.

    Reports ``--streaming-connection-idle-timeout=0``. The default is four hours.

    Why:

    Connections of ``kubectl exec``, ``attach`` and ``port-forward`` then stay open for ever:
    forgotten shells for whoever finds them, and sockets until the node has no more.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: InitConfiguration
        nodeRegistration:
          kubeletExtraArgs:
            - name: streaming-connection-idle-timeout
              value: "0"

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        streamingConnectionIdleTimeout: 0s

    Not reported:

    ``streamingConnectionIdleTimeout: 0s`` in a KubeletConfiguration, which kubeadm writes: in a
    file 0 stands for the default.

    References:
    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    flag = "streaming-connection-idle-timeout"
    for kubelet in components(object_, context, KUBELET):
        if not kubelet.fields and seconds(kubelet.text(flag)) == 0:
            yield kubelet.hit("never closes idle connections", flag)


@object_rule(
    "kubelet-hostname-override",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Remove --hostname-override, unless the cloud provider asks for it.",
    aliases=("KCV-0086", "CKV_K8S_146", "C-0179"),
    compliance=("cis-1.12:4.2.7",),
)
def kubelet_hostname_override(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets should go by the name of their machine.

    Reports ``--hostname-override``.

    Why:

    Certificates and audit records then name a machine that has another name everywhere else, so
    that what a node does is hard to follow, and one node may come under the name of another.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: InitConfiguration
        nodeRegistration:
          kubeletExtraArgs:
            - name: hostname-override
              value: node-1

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: InitConfiguration
        nodeRegistration:
          kubeletExtraArgs:
            - name: node-labels
              value: example.org/zone=a

    References:
    https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
    """
    for kubelet in components(object_, context, KUBELET):
        if kubelet.get("hostname-override") is not None:
            yield kubelet.hit("goes by another name than its machine", "hostname-override")


@object_rule(
    "kubelet-event-qps",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Remove eventRecordQPS, or set it to 5 or more.",
    aliases=("KCV-0087", "CKV_K8S_147", "C-0180"),
    compliance=("cis-1.12:4.2.8",),
    parameters=(Parameter("minimum", 5, "events a second that a kubelet may record"),),
)
def kubelet_event_qps(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets must be able to record what happens on their node.

    Reports ``eventRecordQPS`` and ``--event-qps`` below 0, and from 1 up to less than the
    parameter ``minimum``. The default is 50 (5 before Kubernetes 1.27).

    Why:

    Events beyond the limit are lost. Someone who makes many of them hides the one that matters.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        eventRecordQPS: 1

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        eventRecordQPS: 50

    Not reported:

    0, which sets no limit.

    References:
    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    for kubelet in components(object_, context, KUBELET):
        number = kubelet.number("event-qps")
        if number and number < context.integer(kubelet_event_qps, "minimum"):
            yield kubelet.hit(
                f"records {max(number, 0)} events a second at most",
                "event-qps",
                remedy=kubelet.set_to("event-qps", "50"),
                evidence=str(number),
            )


@object_rule(
    "kubelet-pod-defaults",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Set seccompDefault to true and podPidsLimit to a number.",
    aliases=("C-0284",),
    compliance=("cis-1.12:4.2.13", "cis-1.12:4.2.14"),
)
def kubelet_pod_defaults(object_: KubernetesObject, context: Context) -> Hits:
    """Kubelets should confine pods that say nothing themselves.

    Reports ``seccompDefault`` when it is not true (the default is false), and ``podPidsLimit``
    when it is not set or is no positive number (the default is no limit).

    Why:

    A pod that names no seccomp profile may otherwise make every system call there is, and a pod
    that starts process after process takes the node down with it: there is no field by which a
    pod could limit that.

    Bad:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        podPidsLimit: -1

    Good:

        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        podPidsLimit: 4096
        seccompDefault: true

    References:
    https://kubernetes.io/docs/tutorials/security/seccomp/
    https://kubernetes.io/docs/concepts/policy/pid-limiting/
    """
    for kubelet in components(object_, context, KUBELET):
        yield from _defaults(kubelet)


def _defaults(kubelet: Component) -> Iterator[Hit]:
    flag = "seccomp-default"
    if kubelet.is_not(flag, wanted=True, default=False):
        message = "runs pods without a seccomp profile unless they name one"
        yield kubelet.hit(message, flag, remedy=kubelet.set_to(flag, "true"))
    flag = "pod-max-pids"
    number = kubelet.number(flag)
    if kubelet.is_unset(flag) or (number is not None and number <= 0):
        message = "lets a pod start any number of processes"
        yield kubelet.hit(message, flag, remedy=kubelet.set_to(flag, "4096"))

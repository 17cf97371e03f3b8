"""Rules about how the API server is started: who may ask it what, and over which connections."""

from collections.abc import Iterable, Iterator

from seawall.core.location import KeyPath
from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.command_lines import Setting
from seawall.kubernetes.components import API_SERVER, KINDS, Component, components, seconds
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import is_true, mappings, text

_CONFIG_GROUP = "apiserver.config.k8s.io"
_HEALTH = frozenset(("/healthz", "/livez", "/readyz"))
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]", "unix://", "unixs://")

_GUARDS = frozenset(
    """
    CertificateApproval CertificateSigning CertificateSubjectRestriction MutatingAdmissionPolicy
    MutatingAdmissionWebhook NamespaceLifecycle PodSecurity ServiceAccount
    ValidatingAdmissionPolicy ValidatingAdmissionWebhook
    """.split()
)
"""Plugins that are on unless someone turns them off, and that keep something out."""

_WANTED = ("NodeRestriction", "NamespaceLifecycle", "ServiceAccount")
"""Plugins that have to be enabled: the first is off by default, the others are on."""
_DEFAULT_ALLOW = ("configuration", "imagePolicy", "defaultAllow")

_CERTIFICATES = (
    # The flags that belong together, what it means when one is missing, how bad that is.
    (
        ("tls-cert-file", "tls-private-key-file"),
        "serves a certificate that it makes itself",
        Severity.LOW,
    ),
    (("client-ca-file",), "trusts no authority for client certificates", Severity.LOW),
    (
        ("kubelet-certificate-authority",),
        "does not check the certificates of kubelets",
        Severity.MEDIUM,
    ),
    (
        ("kubelet-client-certificate", "kubelet-client-key"),
        "shows kubelets no certificate of its own",
        Severity.MEDIUM,
    ),
)
_ETCD_CERTIFICATES = (
    (("etcd-cafile",), "has no authority to check etcd's certificate with", Severity.MEDIUM),
    (
        ("etcd-certfile", "etcd-keyfile"),
        "shows etcd no certificate of its own",
        Severity.MEDIUM,
    ),
)


@object_rule(
    "apiserver-anonymous-auth",
    severity=Severity.MEDIUM,
    kinds=(*KINDS, "AuthenticationConfiguration"),
    remedy="Set --anonymous-auth to false, or allow anonymous requests for health checks alone.",
    aliases=("KCV-0001", "CKV_K8S_68", "C-0113"),
    compliance=("cis-1.12:1.2.1",),
)
def apiserver_anonymous_auth(object_: KubernetesObject, context: Context) -> Hits:
    """The API server should not serve requests that nobody has signed.

    Reports an API server whose ``--anonymous-auth`` is not false (the default is true), and an
    ``AuthenticationConfiguration`` that allows anonymous requests for more than health checks.
    Where every request is authorised, because of ``--authorization-mode=AlwaysAllow``, this is
    critical.

    Why:

    Requests without credentials reach authorisation as the user system:anonymous. One role that
    is bound to that user or to system:unauthenticated by mistake opens the cluster to everybody
    who reaches the API server; and discovery tells strangers the version of the cluster.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --authorization-mode=Node,RBAC
                - --anonymous-auth=true

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --authorization-mode=Node,RBAC
                - --anonymous-auth=false

    Not reported:

    An API server with ``--authentication-config``: that file decides.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/authentication/
    """
    for server in components(object_, context, API_SERVER):
        if server.get("authentication-config") is None and server.is_not(
            "anonymous-auth", wanted=False, default=True
        ):
            yield server.hit(
                "serves anonymous requests",
                "anonymous-auth",
                severity=Severity.CRITICAL if _allows_all(server) else None,
            )
    if object_.kind == "AuthenticationConfiguration" and object_.group == _CONFIG_GROUP:
        paths = [
            text(item, "path") for _, item in mappings(object_.value, "anonymous", "conditions")
        ]
        if is_true(object_.value, "anonymous", "enabled") and (
            not paths or not _HEALTH.issuperset(paths)
        ):
            yield Hit("allows anonymous requests", ("anonymous", "enabled"))


def _allows_all(server: Component) -> bool:
    if server.is_unset("authorization-mode"):
        return server.get("authorization-config") is None
    return any(mode.value == "AlwaysAllow" for mode in server.items("authorization-mode"))


@object_rule(
    "apiserver-authorization-mode",
    severity=Severity.HIGH,
    kinds=(*KINDS, "AuthorizationConfiguration"),
    remedy="Set --authorization-mode to Node,RBAC.",
    aliases=(
        "KCV-0007",
        "KCV-0008",
        "KCV-0009",
        "CKV_K8S_74",
        "CKV_K8S_75",
        "CKV_K8S_77",
        "C-0118",
        "C-0119",
        "C-0120",
    ),
    compliance=("cis-1.12:1.2.6", "cis-1.12:1.2.7", "cis-1.12:1.2.8"),
)
def apiserver_authorization_mode(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must authorise requests by Node and RBAC, never allow all of them.

    Reports ``AlwaysAllow`` (critical; it is the default where no mode is set), and a list of
    modes without ``RBAC`` or without ``Node`` (medium), in ``--authorization-mode`` and in an
    ``AuthorizationConfiguration``. RBAC that is missing beside a webhook is low: the webhook may
    take its place.

    Why:

    With AlwaysAllow every account, also that of each pod, may do everything. Without RBAC no
    Role limits anybody. Without Node, kubelets need a role that lets each of them read the
    Secrets of all nodes.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --authorization-mode=AlwaysAllow

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --authorization-mode=Node,RBAC

    Not reported:

    An API server with ``--authorization-config``: that file decides.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/authorization/
    """
    for server in components(object_, context, API_SERVER):
        place = server.where("authorization-mode")
        if server.is_unset("authorization-mode"):
            if server.get("authorization-config") is None:
                yield server.hit(
                    "has no authorization mode, so that every request is allowed",
                    "authorization-mode",
                    severity=Severity.CRITICAL,
                    evidence="AlwaysAllow",
                )
            continue
        modes = server.items("authorization-mode")
        known = [(mode.value, mode.at) for mode in modes if mode.known]
        for hit in _judged(known, place if len(known) == len(modes) else None):
            yield hit._replace(container=server.container)
    if object_.kind == "AuthorizationConfiguration" and object_.group == _CONFIG_GROUP:
        yield from _judged(
            [
                (text(item, "type"), ("authorizers", index, "type"))
                for index, item in mappings(object_.value, "authorizers")
            ],
            ("authorizers",),
        )


def _judged(modes: list[tuple[str, KeyPath]], place: KeyPath | None) -> Iterator[Hit]:
    """What is wrong with a list of modes; ``place`` is where missing ones belong, if known."""
    names = {mode for mode, _ in modes}
    for mode, at in modes:
        if mode == "AlwaysAllow":
            yield Hit("allows every request", at, severity=Severity.CRITICAL, evidence=mode)
            return
    if place is None or not names:
        return
    if "RBAC" not in names:
        severity = Severity.LOW if "Webhook" in names else None
        yield Hit("does not authorise by RBAC", place, severity=severity, evidence="RBAC")
    if "Node" not in names:
        yield Hit(
            "does not limit kubelets to their own node",
            place,
            severity=Severity.MEDIUM,
            evidence="Node",
        )


@object_rule(
    "apiserver-admission-plugins",
    severity=Severity.MEDIUM,
    kinds=(*KINDS, "AdmissionConfiguration"),
    remedy="Enable NodeRestriction and leave the plugins on that are on by default.",
    aliases=(
        "KCV-0011",
        "KCV-0014",
        "KCV-0015",
        "KCV-0016",
        "CKV_K8S_79",
        "CKV_K8S_82",
        "CKV_K8S_83",
        "CKV_K8S_85",
        "C-0122",
        "C-0125",
        "C-0126",
        "C-0127",
    ),
    compliance=("cis-1.12:1.2.10", "cis-1.12:1.2.12", "cis-1.12:1.2.13", "cis-1.12:1.2.14"),
)
def apiserver_admission_plugins(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must run the admission plugins that guard it.

    Reports ``NodeRestriction`` when it is not enabled, ``AlwaysAdmit`` when it is, each guarding
    plugin in ``--disable-admission-plugins``, and an ``ImagePolicyWebhook`` that admits images
    when its backend does not answer (``defaultAllow`` in an ``AdmissionConfiguration``).

    Why:

    Without NodeRestriction a stolen kubelet credential changes any node and any pod. Plugins
    that are switched off take with them what relies on them: Pod Security, webhooks, policies,
    the limits on certificates that can be signed.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: disable-admission-plugins
              value: PodSecurity

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: enable-admission-plugins
              value: NodeRestriction,AlwaysPullImages

    Not reported:

    Plugins that no longer exist (PodSecurityPolicy, SecurityContextDeny): ``PodSecurity`` has
    taken their place and is on by default.

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
    """
    for server in components(object_, context, API_SERVER):
        yield from _enabled_plugins(server)
        for item in server.items("disable-admission-plugins"):
            if item.value in _GUARDS:
                yield server.hit(
                    f"disables the plugin {item.value}",
                    "disable-admission-plugins",
                    at=item.at,
                    evidence=item.value,
                    remedy=f"Remove {item.value} from --disable-admission-plugins.",
                )
    if object_.kind == "AdmissionConfiguration":
        for index, plugin in mappings(object_.value, "plugins"):
            if text(plugin, "name") == "ImagePolicyWebhook" and is_true(plugin, *_DEFAULT_ALLOW):
                yield Hit(
                    "admits images when the image policy webhook does not answer",
                    ("plugins", index, *_DEFAULT_ALLOW),
                    remedy="Set configuration.imagePolicy.defaultAllow to false.",
                )


def _enabled_plugins(server: Component) -> Iterator[Hit]:
    flag, enabled = _plugins(server)
    names = {item.value for item in enabled}
    alone = flag == "admission-control" and len(names) == 1
    for item in enabled:
        if item.value == "AlwaysAdmit":
            yield server.hit(
                "enables the plugin AlwaysAdmit",
                flag,
                at=item.at,
                evidence=item.value,
                severity=Severity.HIGH if alone else Severity.LOW,
                remedy=f"Remove AlwaysAdmit from --{flag}.",
            )
    if server.opaque or not all(item.known for item in enabled):
        return
    for plugin in _WANTED if flag == "admission-control" else _WANTED[:1]:
        if plugin not in names:
            yield server.hit(
                f"does not enable the plugin {plugin}",
                flag,
                evidence=plugin,
                remedy=f"Add {plugin} to --{flag}.",
            )


def _plugins(server: Component) -> tuple[str, list[Setting]]:
    """The plugins that are enabled by name, and the flag that does it.

    Until version 1.10 one flag named every plugin, those that are on by default too.
    """
    for flag in ("admission-control", "enable-admission-plugins"):
        enabled = server.items(flag)
        if enabled:
            return flag, enabled
    return "enable-admission-plugins", []


@object_rule(
    "apiserver-admission-plugins-optional",
    severity=Severity.LOW,
    profile=OPT_IN,
    kinds=(*KINDS, "AdmissionConfiguration"),
    remedy="Add the plugin to --enable-admission-plugins.",
    aliases=(
        "KCV-0010",
        "KCV-0012",
        "CKV_K8S_78",
        "CKV_K8S_80",
        "C-0121",
        "C-0123",
    ),
    compliance=("cis-1.12:1.2.3", "cis-1.12:1.2.9", "cis-1.12:1.2.11"),
    parameters=(
        Parameter(
            "wanted",
            ("AlwaysPullImages", "DenyServiceExternalIPs", "EventRateLimit"),
            "plugins that the API server has to enable",
        ),
    ),
)
def apiserver_admission_plugins_optional(object_: KubernetesObject, context: Context) -> Hits:
    """The API server should run the admission plugins that a team has chosen.

    Reports each plugin from the parameter ``wanted`` that ``--enable-admission-plugins`` does
    not name, and an ``AdmissionConfiguration`` without ``EventRateLimit`` where that is wanted.

    Why:

    AlwaysPullImages makes the registry check the credentials of every pod, so that nobody uses a
    private image that happens to be on the node. DenyServiceExternalIPs keeps Services from
    taking over foreign addresses. EventRateLimit keeps a flood of events from the database. Each
    has its price, which is why none is on by default.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: enable-admission-plugins
              value: NodeRestriction

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: enable-admission-plugins
              value: NodeRestriction,AlwaysPullImages

    Parameters:

        wanted = ["AlwaysPullImages"]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
    """
    wanted = context.texts(apiserver_admission_plugins_optional, "wanted")
    for server in components(object_, context, API_SERVER):
        flag, enabled = _plugins(server)
        if server.opaque or not all(item.known for item in enabled):
            continue
        for plugin in wanted:
            if all(item.value != plugin for item in enabled):
                yield server.hit(f"does not enable the plugin {plugin}", flag, evidence=plugin)
    if object_.kind == "AdmissionConfiguration" and "EventRateLimit" in wanted:
        names = [text(item, "name") for _, item in mappings(object_.value, "plugins")]
        if "EventRateLimit" not in names:
            yield Hit(
                "does not configure the plugin EventRateLimit", ("plugins",),
                evidence="EventRateLimit",
            )  # fmt: skip


@object_rule(
    "apiserver-tls",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Give the API server certificates and authorities for its clients, kubelets and etcd.",
    aliases=(
        "KCV-0004",
        "KCV-0005",
        "KCV-0006",
        "KCV-0026",
        "KCV-0027",
        "KCV-0028",
        "KCV-0029",
        "CKV_K8S_71",
        "CKV_K8S_72",
        "CKV_K8S_73",
        "CKV_K8S_99",
        "CKV_K8S_100",
        "CKV_K8S_102",
        "C-0116",
        "C-0117",
        "C-0137",
        "C-0138",
        "C-0139",
        "C-0140",
    ),
    compliance=(
        "cis-1.12:1.2.4",
        "cis-1.12:1.2.5",
        "cis-1.12:1.2.23",
        "cis-1.12:1.2.24",
        "cis-1.12:1.2.25",
        "cis-1.12:1.2.26",
    ),
)
def apiserver_tls(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must know whom it talks to: its clients, the kubelets and etcd.

    Reports an API server without a serving certificate (low), without an authority for client
    certificates (low), without a certificate for kubelets or an authority to check theirs, and
    without either for etcd; ``--kubelet-https=false`` and etcd over plain HTTP on a network
    (both high).

    Why:

    The API server sends logs, commands and Secrets over these connections. Who can put a machine
    between it and a kubelet whose certificate it does not check runs commands in its place; who
    reaches an etcd that asks for no certificate owns the cluster.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --etcd-servers=http://etcd.example.org:2379

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --client-ca-file=/etc/kubernetes/pki/ca.crt
                - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
                - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt
                - --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key
                - --etcd-servers=https://127.0.0.1:2379
                - --kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt
                - --kubelet-client-certificate=/etc/kubernetes/pki/kubelet-client.crt
                - --kubelet-client-key=/etc/kubernetes/pki/kubelet-client.key
                - --tls-cert-file=/etc/kubernetes/pki/apiserver.crt
                - --tls-private-key-file=/etc/kubernetes/pki/apiserver.key

    Not reported:

    Certificates for an etcd on the loopback address that speaks plain HTTP.

    References:
    https://kubernetes.io/docs/setup/best-practices/certificates/
    https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/
    """
    for server in components(object_, context, API_SERVER):
        if server.is_not("kubelet-https", wanted=True, default=True):
            yield server.hit(
                "talks to kubelets without TLS", "kubelet-https", severity=Severity.HIGH,
                remedy="Remove --kubelet-https.",
            )  # fmt: skip
        yield from _lacking(server, _CERTIFICATES)
        plain = [item for item in server.items("etcd-servers") if item.value.startswith("http://")]
        for item in plain:
            if not item.value.startswith(_LOOPBACK):
                yield server.hit(
                    "talks to etcd without TLS", "etcd-servers", at=item.at,
                    severity=Severity.HIGH, remedy="Use https in --etcd-servers.",
                )  # fmt: skip
                break
        if not plain:
            yield from _lacking(server, _ETCD_CERTIFICATES)


def _lacking(
    server: Component, table: Iterable[tuple[tuple[str, ...], str, Severity]]
) -> Iterator[Hit]:
    """A hit for each row of flags of which one is missing."""
    for flags, message, severity in table:
        missing = [flag for flag in flags if server.is_unset(flag)]
        if missing:
            names = " and ".join(f"--{flag}" for flag in missing)
            yield server.hit(message, missing[0], severity=severity, remedy=f"Set {names}.")


@object_rule(
    "apiserver-insecure-port",
    severity=Severity.CRITICAL,
    kinds=KINDS,
    remedy="Remove --insecure-port and --insecure-bind-address.",
    aliases=("KCV-0017", "CKV_K8S_86", "CKV_K8S_88", "CKV_K8S_89", "C-0005", "C-0128"),
)
def apiserver_insecure_port(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must serve nothing but its secure port.

    Reports ``--insecure-port`` with another value than 0, ``--insecure-bind-address``, and
    ``--secure-port=0`` (high). In versions before 1.20, where the image's tag or
    ``kubernetesVersion`` tells the version, the insecure port is open unless it is set to 0.

    Why:

    Requests to the insecure port are neither authenticated nor authorised: whoever reaches it
    owns the cluster. Newer versions do not know these flags any more and do not start with them.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.19.16
              command:
                - kube-apiserver
                - --insecure-port=8080
                - --insecure-bind-address=0.0.0.0

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --secure-port=6443

    References:
    https://kubernetes.io/docs/concepts/security/controlling-access/
    """
    for server in components(object_, context, API_SERVER):
        port = server.text("insecure-port")
        if port not in ("", "0"):
            yield server.hit(f"serves the insecure port {port}", "insecure-port")
        elif (server.minor or context.minor) < 20 and server.is_unset("insecure-port"):
            yield server.hit(
                "serves the insecure port 8080, as is the default of its version",
                "insecure-port", severity=Severity.HIGH, remedy="Set --insecure-port to 0.",
            )  # fmt: skip
        address = server.text("insecure-bind-address")
        if address and port != "0":
            yield server.hit(
                f"serves its insecure port on {address}", "insecure-bind-address",
                severity=Severity.HIGH if address.startswith("127.") else None,
            )  # fmt: skip
        if server.text("secure-port") == "0":
            yield server.hit(
                "has no secure port", "secure-port", severity=Severity.HIGH,
                remedy="Set --secure-port to 6443.",
            )  # fmt: skip


@object_rule(
    "apiserver-token-auth-file",
    severity=Severity.HIGH,
    kinds=KINDS,
    remedy="Remove the flag; use client certificates, OpenID Connect or service accounts.",
    aliases=("KCV-0002", "CKV_K8S_69", "CKV_K8S_70", "C-0114"),
    compliance=("cis-1.12:1.2.2",),
)
def apiserver_token_auth_file(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must not take tokens or passwords from a file.

    Reports ``--token-auth-file`` and, of versions before 1.19, ``--basic-auth-file``.

    Why:

    The credentials stand in plain text on the disk of each control plane node, hold for ever and
    can only be changed or withdrawn by restarting the API server.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --token-auth-file=/etc/kubernetes/tokens.csv

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --client-ca-file=/etc/kubernetes/pki/ca.crt

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/authentication/
    """
    for server in components(object_, context, API_SERVER):
        for flag, what in (("token-auth-file", "tokens"), ("basic-auth-file", "passwords")):
            setting = server.get(flag)
            if setting is not None and (setting.value or not setting.known):
                yield server.hit(f"takes {what} from a file", flag)


@object_rule(
    "apiserver-service-account-tokens",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Keep service account tokens short-lived and checked against their account.",
    aliases=("KCV-0024", "KCV-0025", "CKV_K8S_96", "CKV_K8S_97", "C-0135", "C-0136"),
    compliance=("cis-1.12:1.2.21", "cis-1.12:1.2.22", "cis-1.12:1.2.30"),
)
def apiserver_service_account_tokens(object_: KubernetesObject, context: Context) -> Hits:
    """The API server should check service account tokens fully and let them expire in time.

    Reports ``--service-account-lookup=false`` (medium), a missing ``--service-account-key-file``,
    and ``--service-account-extend-token-expiration`` when it is not false (the default is true).

    Why:

    Without the look-up a token stays good after its account or Secret was deleted. Without a key
    file the serving key also signs tokens, so one cannot be replaced without the other. With the
    extension tokens that should hold for an hour are accepted for a year.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: service-account-lookup
              value: "false"

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: service-account-extend-token-expiration
              value: "false"

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
    """
    for server in components(object_, context, API_SERVER):
        flag = "service-account-lookup"
        if server.is_not(flag, wanted=True, default=True):
            yield server.hit(
                "accepts tokens of service accounts that were deleted", flag,
                severity=Severity.MEDIUM, remedy=server.set_to(flag, "true"),
            )  # fmt: skip
        flag = "service-account-key-file"
        if server.is_unset(flag):
            yield server.hit(
                "has no key file for service account tokens", flag,
                remedy="Set --service-account-key-file.",
            )  # fmt: skip
        flag = "service-account-extend-token-expiration"
        if server.is_not(flag, wanted=False, default=True):
            yield server.hit(
                "accepts service account tokens for a year", flag,
                remedy=server.set_to(flag, "false"),
            )  # fmt: skip


@object_rule(
    "apiserver-request-timeout",
    severity=Severity.LOW,
    kinds=KINDS,
    remedy="Remove --request-timeout, or set it to a few minutes at most.",
    aliases=("CKV_K8S_95", "C-0134"),
    compliance=("cis-1.12:1.2.20",),
    parameters=(Parameter("maximum", 300, "seconds that a request may take"),),
)
def apiserver_request_timeout(object_: KubernetesObject, context: Context) -> Hits:
    """The API server should give up on requests after a reasonable time.

    Reports a ``--request-timeout`` of more seconds than the parameter ``maximum``, of none, or
    that is no duration. The default of Kubernetes is a minute.

    Why:

    Requests that may last for ever hold memory and places in the queue: a few slow clients keep
    the API server from serving the others.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: request-timeout
              value: 2h

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: request-timeout
              value: 1m30s

    References:
    https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
    """
    for server in components(object_, context, API_SERVER):
        written = server.text("request-timeout")
        if not written:
            continue
        length = seconds(written)
        if length is None or not 0 < length <= context.integer(
            apiserver_request_timeout, "maximum"
        ):
            yield server.hit(f"lets requests take {written}", "request-timeout", evidence=written)

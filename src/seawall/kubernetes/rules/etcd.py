"""Rules about etcd, which holds the state of a cluster, and about how Secrets lie in it."""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.components import (
    API_SERVER,
    ETCD,
    KINDS,
    Component,
    components,
    components_in,
)
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import Map, mapping, mappings, text, texts

_CONFIG_GROUP = "apiserver.config.k8s.io"
_LOOPBACK = ("127.", "localhost", "[::1]")
_COVERS_SECRETS = frozenset(("secrets", "*.", "*.*"))
_KEY = pattern("[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{32}|[A-Za-z0-9+/]{43}=")
"""16, 24 or 32 bytes in base64."""


@object_rule(
    "etcd-tls-client",
    severity=Severity.HIGH,
    kinds=KINDS,
    remedy="Set --cert-file, --key-file and --trusted-ca-file, and --client-cert-auth to true.",
    aliases=("KCV-0042", "KCV-0043", "CKV_K8S_116", "CKV_K8S_117", "C-0153", "C-0154"),
    compliance=("cis-1.12:2.1", "cis-1.12:2.2"),
)
def etcd_tls_client(object_: KubernetesObject, context: Context) -> Hits:
    """The cluster's etcd must speak TLS and know its clients by their certificates.

    Reports an etcd without certificate and key, one that asks clients for no certificate
    (neither ``--client-cert-auth`` nor ``--trusted-ca-file``), and one that takes clients on a
    plain HTTP address. Where it only listens on loopback this is medium. The variables of etcd
    (``ETCD_CERT_FILE``) count as its flags do.

    Why:

    etcd holds every object of the cluster, Secrets and roles included, and has no other
    permissions than these. Who reaches it without a certificate reads all and writes what they
    like: no authorisation, no admission, no audit.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: etcd
          namespace: kube-system
        spec:
          containers:
            - name: etcd
              image: registry.example.org/etcd:3.6.5-0
              command:
                - etcd
                - --listen-client-urls=http://0.0.0.0:2379

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: etcd
          namespace: kube-system
        spec:
          containers:
            - name: etcd
              image: registry.example.org/etcd:3.6.5-0
              command:
                - etcd
                - --cert-file=/etc/kubernetes/pki/etcd/server.crt
                - --client-cert-auth=true
                - --key-file=/etc/kubernetes/pki/etcd/server.key
                - --listen-client-urls=https://127.0.0.1:2379
                - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt

    Not reported:

    An etcd that is none of the cluster's: outside of kube-system and of the node's network,
    without the label ``tier: control-plane``, a file under /etc/kubernetes or an API server in
    its namespace. An etcd with ``--config-file``, which then ignores its flags. Missing files
    where ``--auto-tls`` makes them: ``etcd-auto-tls`` reports that.

    References:
    https://etcd.io/docs/latest/op-guide/security/
    """
    for etcd in components(object_, context, ETCD):
        yield from _open_side(etcd, "", "listen-client-urls", "clients")


@object_rule(
    "etcd-tls-peer",
    severity=Severity.HIGH,
    kinds=KINDS,
    remedy="Set --peer-cert-file and --peer-key-file, and --peer-client-cert-auth to true.",
    aliases=("KCV-0045", "KCV-0046", "CKV_K8S_119", "CKV_K8S_121", "C-0156", "C-0157"),
    compliance=("cis-1.12:2.4", "cis-1.12:2.5"),
)
def etcd_tls_peer(object_: KubernetesObject, context: Context) -> Hits:
    """The members of the cluster's etcd must speak TLS and know each other by certificates.

    Reports an etcd without certificate and key for its peers, one that asks peers for no
    certificate, and one that takes peers on a plain HTTP address. Where it only listens on
    loopback this is medium.

    Why:

    Whatever is written to one member goes to all the others over this connection. Who can read
    along has every Secret; who can join as a member has and changes everything.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: etcd
          namespace: kube-system
        spec:
          containers:
            - name: etcd
              image: registry.example.org/etcd:3.6.5-0
              command:
                - etcd
                - --listen-peer-urls=http://0.0.0.0:2380

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: etcd
          namespace: kube-system
        spec:
          containers:
            - name: etcd
              image: registry.example.org/etcd:3.6.5-0
              command:
                - etcd
                - --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt
                - --peer-client-cert-auth=true
                - --peer-key-file=/etc/kubernetes/pki/etcd/peer.key
                - --peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt

    Not reported:

    What ``etcd-tls-client`` does not report either.

    References:
    https://etcd.io/docs/latest/op-guide/security/
    """
    for etcd in components(object_, context, ETCD):
        yield from _open_side(etcd, "peer-", "listen-peer-urls", "peers")


def _open_side(etcd: Component, prefix: str, urls: str, whom: str) -> Iterator[Hit]:
    """What lets others in on one of etcd's two sides."""
    listens = etcd.items(urls)
    inside = bool(listens) and all(
        item.known and item.value.partition("://")[2].startswith(_LOOPBACK) for item in listens
    )
    severity = Severity.MEDIUM if inside else None
    files = [flag for flag in (f"{prefix}cert-file", f"{prefix}key-file") if etcd.is_unset(flag)]
    automatic = f"{prefix}auto-tls"
    if files and etcd.is_not(automatic, wanted=True, default=False):
        yield etcd.hit(f"speaks to {whom} without TLS", files[0], severity=severity)
    switch, authority = f"{prefix}client-cert-auth", f"{prefix}trusted-ca-file"
    if etcd.is_not(switch, wanted=True, default=False) and etcd.is_unset(authority):
        yield etcd.hit(f"asks {whom} for no certificate", switch, severity=severity)
    for item in listens:
        if item.value.startswith("http://") and not files:
            yield etcd.hit(
                f"takes {whom} without TLS on {item.value}",
                urls,
                at=item.at,
                severity=severity,
                remedy=f"Use https in --{urls}.",
                evidence=item.value,
            )


@object_rule(
    "etcd-auto-tls",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Set the flag to false and give etcd certificates of an authority.",
    aliases=("KCV-0044", "KCV-0047", "CKV_K8S_118", "C-0155", "C-0158"),
    compliance=("cis-1.12:2.3", "cis-1.12:2.6"),
)
def etcd_auto_tls(object_: KubernetesObject, context: Context) -> Hits:
    """The cluster's etcd must not make its own certificates.

    Reports ``--auto-tls`` and ``--peer-auto-tls``.

    Why:

    Nobody can check a certificate that etcd has signed itself, so anybody can stand between it
    and its clients; and with these it asks for no certificate of the other side.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: etcd
          namespace: kube-system
        spec:
          containers:
            - name: etcd
              image: registry.example.org/etcd:3.6.5-0
              command:
                - etcd
                - --auto-tls=true

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: etcd
          namespace: kube-system
        spec:
          containers:
            - name: etcd
              image: registry.example.org/etcd:3.6.5-0
              command:
                - etcd
                - --cert-file=/etc/kubernetes/pki/etcd/server.crt
                - --key-file=/etc/kubernetes/pki/etcd/server.key

    References:
    https://etcd.io/docs/latest/op-guide/security/
    """
    for etcd in components(object_, context, ETCD):
        for flag, whom in (("auto-tls", "clients"), ("peer-auto-tls", "peers")):
            if etcd.is_not(flag, wanted=False, default=False):
                yield etcd.hit(f"makes its own certificates for {whom}", flag)


@object_rule(
    "etcd-shared-ca",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Give etcd an authority of its own.",
    aliases=("C-0159",),
    compliance=("cis-1.12:2.7",),
)
def etcd_shared_ca(object_: KubernetesObject, context: Context) -> Hits:
    """The cluster's etcd must have another certificate authority than the API server's clients.

    Reports an API server whose ``--etcd-cafile`` is its ``--client-ca-file``, and an etcd whose
    ``--trusted-ca-file`` is the ``--client-ca-file`` of an API server of its namespace.

    Why:

    The authority for clients signs certificates for kubelets and people every day. If etcd
    trusts it too, each of these certificates opens the database, past every permission.

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
                - --client-ca-file=/etc/kubernetes/pki/ca.crt
                - --etcd-cafile=/etc/kubernetes/pki/ca.crt

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

    References:
    https://kubernetes.io/docs/setup/best-practices/certificates/
    """
    for server in components(object_, context, API_SERVER):
        authority = server.text("client-ca-file")
        if authority and server.text("etcd-cafile") == authority:
            yield server.hit("checks etcd by the authority of its clients", "etcd-cafile")
    for etcd in components(object_, context, ETCD):
        authority = etcd.text("trusted-ca-file")
        place = (object_.namespace, authority)
        if authority and place in _authorities_of_clients(context.index):
            yield etcd.hit(
                "trusts the authority that signs for the API server's clients",
                "trusted-ca-file",
            )


@once_per_index
def _authorities_of_clients(index: Index) -> frozenset[tuple[str, str]]:
    return frozenset(
        (object_.namespace, server.text("client-ca-file"))
        for object_ in index.of_kind(*KINDS)
        for server in components_in(object_, index, API_SERVER)
        if server.container
    )


@object_rule(
    "etcd-encryption-missing",
    severity=Severity.HIGH,
    kinds=(*KINDS, "EncryptionConfiguration"),
    remedy="Encrypt Secrets by a provider other than identity, best by kms.",
    aliases=("KCV-0030", "CKV_K8S_104", "C-0066", "C-0141", "C-0142"),
    compliance=("cis-1.12:1.2.27", "cis-1.12:1.2.28"),
)
def etcd_encryption_missing(object_: KubernetesObject, context: Context) -> Hits:
    """Secrets must be encrypted before they go to etcd.

    Reports an API server without ``--encryption-provider-config``, and an
    ``EncryptionConfiguration`` that does not name Secrets, or whose first provider for them is
    ``identity``, which writes them as they are.

    Why:

    Otherwise every Secret stands in plain text on the disks of the control plane, in each
    snapshot and in each backup of etcd.

    Bad:

        apiVersion: apiserver.config.k8s.io/v1
        kind: EncryptionConfiguration
        resources:
          - resources: [secrets]
            providers:
              - identity: {}
              - kms:
                  apiVersion: v2
                  name: vault
                  endpoint: unix:///run/kms/vault.sock

    Good:

        apiVersion: apiserver.config.k8s.io/v1
        kind: EncryptionConfiguration
        resources:
          - resources: [secrets]
            providers:
              - kms:
                  apiVersion: v2
                  name: vault
                  endpoint: unix:///run/kms/vault.sock
              - identity: {}

    Not reported:

    ``identity`` after another provider: Secrets from before are read by it, new ones are not
    written by it.

    References:
    https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
    """
    flag = "encryption-provider-config"
    for server in components(object_, context, API_SERVER):
        if server.is_unset(flag) and server.is_unset(f"experimental-{flag}"):
            yield server.hit(
                "stores Secrets without encryption", flag, remedy=f"Set --{flag} to its file."
            )
    if object_.kind != "EncryptionConfiguration" or object_.group != _CONFIG_GROUP:
        return
    for index, entry in mappings(object_.value, "resources"):
        if _COVERS_SECRETS.isdisjoint(texts(entry, "resources")):
            continue
        if next(iter(mapping(entry, "providers", 0)), "") == "identity":
            yield Hit(
                "stores Secrets without encryption",
                ("resources", index, "providers", 0, "identity"),
                remedy="Put another provider before identity.",
            )
        return  # the first entry that matches counts
    yield Hit(
        "encrypts no Secrets", ("resources",), remedy="Add secrets to the resources of an entry."
    )


@object_rule(
    "etcd-encryption-key-in-manifest",
    severity=Severity.HIGH,
    kinds=("EncryptionConfiguration",),
    remedy="Take the key out of the file and replace it; use a kms provider, or fill it in later.",
    sensitive=True,
)
def etcd_encryption_key_in_manifest(object_: KubernetesObject, context: Context) -> Hits:
    """The key that encrypts Secrets must not stand among the manifests.

    Reports each key that an ``EncryptionConfiguration`` writes out.

    Why:

    Whoever can read the manifests can decrypt each backup of etcd that they get hold of. A key
    that is known has to be replaced, and every Secret written again.

    Bad:

        apiVersion: apiserver.config.k8s.io/v1
        kind: EncryptionConfiguration
        resources:
          - resources: [secrets]
            providers:
              - secretbox:
                  keys:
                    - name: key1
                      secret: YW4tZXhhbXBsZS1rZXktb2YtMzItYnl0ZXMtLS0tLS0=

    Good:

        apiVersion: apiserver.config.k8s.io/v1
        kind: EncryptionConfiguration
        resources:
          - resources: [secrets]
            providers:
              - kms:
                  apiVersion: v2
                  name: vault
                  endpoint: unix:///run/kms/vault.sock

    Not reported:

    What is no key in base64: a placeholder, a variable, a key that SOPS has encrypted.

    References:
    https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
    """
    for path, key in _keys(object_):
        if _KEY.fullmatch(text(key, "secret")):
            name = text(key, "name")
            yield Hit(f"holds the encryption key {name}".rstrip(), (*path, "secret"), evidence=name)


def _keys(object_: KubernetesObject) -> Iterator[tuple[KeyPath, Map]]:
    for index, entry in mappings(object_.value, "resources"):
        for number, provider in mappings(entry, "providers"):
            for kind in provider:
                path = ("resources", index, "providers", number, kind, "keys")
                for position, key in mappings(object_.value, *path):
                    yield (*path, position), key

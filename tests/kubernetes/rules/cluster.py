"""Components of a cluster as text, for tests: as kubeadm writes them, and piece by piece."""

import json
from typing import Any

from seawall.kubernetes.components import Component, components_in
from seawall.kubernetes.index import Index
from tests.kubernetes.support import objects_of

Fields = dict[str, Any]

NAMES = (
    "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kubelet", "kube-proxy",
)  # fmt: skip


def static_pod(name: str = "kube-apiserver", *flags: str, **fields: Any) -> str:
    """A static pod whose command is the component and its flags, unless fields say other."""
    container: Fields = {
        "name": name,
        "image": f"registry.example.org/{name}:v1.34.2",
        "command": [name, *flags],
        **fields,
    }
    return in_pod(container)


def in_pod(container: Fields, namespace: str = "kube-system", **spec: Any) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": container["name"], "namespace": namespace},
            "spec": {"containers": [container], **spec},
        }
    )


def configuration(kind: str, group: str, **fields: Any) -> str:
    return json.dumps({"apiVersion": group, "kind": kind, **fields})


def kubelet(**fields: Any) -> str:
    return configuration("KubeletConfiguration", "kubelet.config.k8s.io/v1beta1", **fields)


def kubeadm(**fields: Any) -> str:
    return configuration("ClusterConfiguration", "kubeadm.k8s.io/v1beta4", **fields)


def found_in(text: str) -> list[Component]:
    """The components of every object of a text."""
    index = Index(objects_of(text))
    return [item for object_ in index.objects for item in components_in(object_, index, *NAMES)]


def only(text: str) -> Component:
    (component,) = found_in(text)
    return component


_PKI = "/etc/kubernetes/pki"

# The flags of the manifests that kubeadm 1.34 writes without being told anything.
API_SERVER = (
    "--advertise-address=192.0.2.10",
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    f"--client-ca-file={_PKI}/ca.crt",
    "--enable-admission-plugins=NodeRestriction",
    "--enable-bootstrap-token-auth=true",
    f"--etcd-cafile={_PKI}/etcd/ca.crt",
    f"--etcd-certfile={_PKI}/apiserver-etcd-client.crt",
    f"--etcd-keyfile={_PKI}/apiserver-etcd-client.key",
    "--etcd-servers=https://127.0.0.1:2379",
    f"--kubelet-client-certificate={_PKI}/apiserver-kubelet-client.crt",
    f"--kubelet-client-key={_PKI}/apiserver-kubelet-client.key",
    "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
    f"--proxy-client-cert-file={_PKI}/front-proxy-client.crt",
    f"--proxy-client-key-file={_PKI}/front-proxy-client.key",
    "--requestheader-allowed-names=front-proxy-client",
    f"--requestheader-client-ca-file={_PKI}/front-proxy-ca.crt",
    "--secure-port=6443",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    f"--service-account-key-file={_PKI}/sa.pub",
    f"--service-account-signing-key-file={_PKI}/sa.key",
    "--service-cluster-ip-range=10.96.0.0/12",
    f"--tls-cert-file={_PKI}/apiserver.crt",
    f"--tls-private-key-file={_PKI}/apiserver.key",
)
CONTROLLER_MANAGER = (
    "--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
    "--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf",
    "--bind-address=127.0.0.1",
    f"--client-ca-file={_PKI}/ca.crt",
    "--cluster-name=kubernetes",
    f"--cluster-signing-cert-file={_PKI}/ca.crt",
    f"--cluster-signing-key-file={_PKI}/ca.key",
    "--controllers=*,bootstrapsigner,tokencleaner",
    "--kubeconfig=/etc/kubernetes/controller-manager.conf",
    "--leader-elect=true",
    f"--requestheader-client-ca-file={_PKI}/front-proxy-ca.crt",
    f"--root-ca-file={_PKI}/ca.crt",
    f"--service-account-private-key-file={_PKI}/sa.key",
    "--use-service-account-credentials=true",
)
SCHEDULER = (
    "--authentication-kubeconfig=/etc/kubernetes/scheduler.conf",
    "--authorization-kubeconfig=/etc/kubernetes/scheduler.conf",
    "--bind-address=127.0.0.1",
    "--kubeconfig=/etc/kubernetes/scheduler.conf",
    "--leader-elect=true",
)
ETCD = (
    "--advertise-client-urls=https://192.0.2.10:2379",
    f"--cert-file={_PKI}/etcd/server.crt",
    "--client-cert-auth=true",
    "--data-dir=/var/lib/etcd",
    "--initial-advertise-peer-urls=https://192.0.2.10:2380",
    "--initial-cluster=node=https://192.0.2.10:2380",
    f"--key-file={_PKI}/etcd/server.key",
    "--listen-client-urls=https://127.0.0.1:2379,https://192.0.2.10:2379",
    "--listen-metrics-urls=http://127.0.0.1:2381",
    "--listen-peer-urls=https://192.0.2.10:2380",
    "--name=node",
    f"--peer-cert-file={_PKI}/etcd/peer.crt",
    "--peer-client-cert-auth=true",
    f"--peer-key-file={_PKI}/etcd/peer.key",
    f"--peer-trusted-ca-file={_PKI}/etcd/ca.crt",
    f"--trusted-ca-file={_PKI}/etcd/ca.crt",
)
CONTROL_PLANE = "\n---\n".join(
    (
        static_pod("kube-apiserver", *API_SERVER),
        static_pod("kube-controller-manager", *CONTROLLER_MANAGER),
        static_pod("kube-scheduler", *SCHEDULER),
        static_pod("etcd", *ETCD),
    )
)
KUBELET = kubelet(
    authentication={
        "anonymous": {"enabled": False},
        "webhook": {"cacheTTL": "0s", "enabled": True},
        "x509": {"clientCAFile": f"{_PKI}/ca.crt"},
    },
    authorization={
        "mode": "Webhook",
        "webhook": {"cacheAuthorizedTTL": "0s", "cacheUnauthorizedTTL": "0s"},
    },
    cgroupDriver="systemd",
    clusterDNS=["10.96.0.10"],
    clusterDomain="cluster.local",
    fileCheckFrequency="0s",
    healthzBindAddress="127.0.0.1",
    healthzPort=10248,
    rotateCertificates=True,
    staticPodPath="/etc/kubernetes/manifests",
    streamingConnectionIdleTimeout="0s",
)

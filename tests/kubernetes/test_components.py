"""How components of a cluster are recognised and their settings read."""

import json
from typing import Any

import pytest

from seawall.kubernetes.components import seconds
from tests.kubernetes.rules import cluster
from tests.kubernetes.rules.cluster import (
    found_in,
    in_pod,
    kubeadm,
    kubelet,
    only,
    static_pod,
)
from tests.kubernetes.rules.manifests import ODD

FLAGS = ["--anonymous-auth=false", "--etcd-servers=https://127.0.0.1:2379"]


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "main", "image": "registry.example.org/base:1.0", **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"command": ["kube-apiserver", *FLAGS]},
        {"command": ["/usr/local/bin/kube-apiserver", *FLAGS]},
        {"command": ["kube-apiserver"], "args": FLAGS},
        {"args": ["kube-apiserver", *FLAGS]},
        {"command": ["hyperkube", "kube-apiserver", *FLAGS]},
        {"command": ["/hyperkube", "apiserver", *FLAGS]},
        {"command": ["/go-runner", "--log-file=/var/log/k.log", "/bin/kube-apiserver", *FLAGS]},
        {"command": ["tini", "--", "kube-apiserver", *FLAGS]},
        {"command": ["/bin/sh", "-c", f"exec kube-apiserver {' '.join(FLAGS)} 2>&1 | tee /log"]},
        {"command": ["sh", "-ec"], "args": [f"mkdir -p /d; A=b kube-apiserver {' '.join(FLAGS)}"]},
        {"command": ["sh", "-c", "kube-apiserver \\\n  " + " \\\n  ".join(FLAGS)]},
        {"command": ["sh", "-c", 'exec kube-apiserver "$@"', "sh", *FLAGS]},
        {"command": ["sh", "-c", f"echo kube-apiserver\nkube-apiserver {' '.join(FLAGS)}"]},
        {"command": ["sh", "-c", f"if true; then kube-apiserver {' '.join(FLAGS)}; fi"]},
        {"image": "registry.example.org/kube-apiserver:v1.34.2", "args": FLAGS},
        {"image": "registry.example.org/kube-apiserver-arm64:v1.34.2", "args": FLAGS},
        {"image": "registry.example.org:5000/k/kube-apiserver@sha256:" + "a" * 64, "args": FLAGS},
    ],
)
def test_a_component_is_known_by_its_program_image_or_name(fields: dict[str, Any]) -> None:
    component = only(in_pod(container(**fields)))
    assert component.name == "kube-apiserver"
    assert component.text("anonymous-auth") == "false"
    assert component.text("etcd-servers") == "https://127.0.0.1:2379"
    assert not component.opaque


@pytest.mark.parametrize(
    "fields",
    [
        {"command": ["kubectl", "logs", "kube-apiserver"]},
        {"command": ["sh", "-c", "kubectl delete pod kube-apiserver --wait"]},
        {"command": ["sh", "-c", "mkdir -p /var/lib/etcd"]},
        {"command": ["sh", "/scripts/kubelet", "--verbose"]},
        {"command": ["sh", "-c"]},
        {"args": ["--data-dir=/var/lib/etcd"]},
        {"name": "kube-apiserver"},
        {"name": "kube-apiserver", "command": ["/start.sh"]},
        {"name": "kube-apiserver", "command": ["sh", "-c", "/start.sh"]},
        {"image": "registry.example.org/kube-apiserver:v1.34.2"},
        {"image": "registry.example.org/kube-apiserver-proxy:v1", "args": FLAGS},
        {"image": "registry.example.org/etcdctl:3.6", "args": ["--endpoints=x"]},
    ],
)
def test_what_merely_mentions_a_component_is_none(fields: dict[str, Any]) -> None:
    assert not found_in(in_pod(container(**fields)))


def test_a_name_alone_counts_in_static_pods_of_the_system() -> None:
    own = container(name="kube-scheduler", command=["/start.sh", "--profiling=false"])
    component = only(in_pod(own))
    assert (component.name, component.text("profiling")) == ("kube-scheduler", "false")
    assert component.opaque, "the script may add flags"
    assert not found_in(in_pod(own, namespace="team"))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--profiling=false"], "false"),
        (["--profiling"], "true"),
        (["--profiling", "false"], "true"),  # a switch takes no value from the next word
        (["--profiling=false", "--profiling=true"], "true"),
        (["--profiling=true", "--profiling=false"], "false"),
        (["--bind-address", "127.0.0.1", "--profiling=0"], "0"),
        (["--bind-address", "--profiling=0"], "0"),
        (["--Profiling=false"], ""),
    ],
)
def test_the_last_flag_counts(flags: list[str], expected: str) -> None:
    assert only(static_pod("kube-scheduler", *flags)).text("profiling") == expected


def test_values_in_the_next_word_and_underscores() -> None:
    component = only(static_pod("kube-scheduler", "--bind_address", "127.0.0.1", "-v", "2"))
    assert component.text("bind-address") == "127.0.0.1"
    assert component.text("v") == "2"


def test_lists_grow_with_each_flag() -> None:
    component = only(
        static_pod("kube-apiserver", "--authorization-mode=Node", "--authorization-mode", "RBAC,")
    )
    found = [(item.value, item.at[-1]) for item in component.items("authorization-mode")]
    assert found == [("Node", 1), ("RBAC", 2)]


def test_variables() -> None:
    env = [{"name": "ADDRESS", "value": "127.0.0.1"}, {"name": "FROM", "valueFrom": {}}]
    component = only(
        static_pod(
            "kube-scheduler", "--bind-address=$(ADDRESS)", "--profiling=$(FROM)", "--v=$(NO)",
            env=env,
        )
    )  # fmt: skip
    assert component.text("bind-address") == "127.0.0.1"
    assert not component.is_not("profiling", wanted=False, default=True)
    assert not component.is_unset("profiling")
    assert component.is_unset("kubeconfig")
    script = ["sh", "-c", "exec kube-scheduler --profiling=${P} $OPTIONS"]
    component = only(static_pod("kube-scheduler", command=script))
    assert component.opaque
    assert not component.is_unset("kubeconfig")
    assert not component.is_not("profiling", wanted=False, default=True)


def test_places() -> None:
    component = only(static_pod("kube-scheduler", "--v=2", "--profiling=true"))
    assert component.where("profiling") == ("spec", "containers", 0, "command", 2)
    assert component.where("bind-address") == ("spec", "containers", 0, "command")
    component = only(static_pod("kube-scheduler", args=["--v=2"]))
    assert component.where("v") == ("spec", "containers", 0, "args", 0)
    assert component.where("bind-address") == ("spec", "containers", 0, "args")
    script = ["sh", "-c", "kube-scheduler --profiling=true"]
    component = only(static_pod("kube-scheduler", command=script))
    assert component.where("profiling") == ("spec", "containers", 0, "command", 2)


def test_the_version_of_the_image() -> None:
    assert only(static_pod("kube-scheduler")).minor == 34
    for image in ("kube-scheduler", "kube-scheduler:latest", "etcd:3.6.5-0"):
        assert only(static_pod("kube-scheduler", image=image)).minor is None


def test_pods_inside_of_workloads() -> None:
    pod = json.loads(static_pod("kube-apiserver", *FLAGS))
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "kube-apiserver", "namespace": "tenant"},
        "spec": {"template": {"metadata": {}, "spec": pod["spec"]}},
    }
    component = only(json.dumps(deployment))
    assert component.where("anonymous-auth")[:3] == ("spec", "template", "spec")
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [deployment]})
    assert only(listed).where("anonymous-auth")[:3] == ("spec", "template", "spec")


# etcd -----------------------------------------------------------------------------------------

ETCD = container(name="etcd", command=["etcd", "--name=a"])


def test_only_the_etcd_of_the_cluster_counts() -> None:
    assert not found_in(in_pod(ETCD, namespace="shop"))
    assert only(in_pod(ETCD)).name == "etcd"
    assert only(in_pod(ETCD, namespace="shop", hostNetwork=True)).name == "etcd"
    files = ETCD | {"command": ["etcd", "--cert-file=/etc/kubernetes/pki/etcd/server.crt"]}
    assert only(in_pod(files, namespace="shop")).name == "etcd"
    labelled = json.loads(in_pod(ETCD, namespace="shop"))
    labelled["metadata"]["labels"] = {"tier": "control-plane"}
    assert only(json.dumps(labelled)).name == "etcd"
    server = container(name="server", command=["kube-apiserver", *FLAGS])
    hosted = f"{in_pod(ETCD, namespace='tenant')}\n---\n{in_pod(server, namespace='tenant')}"
    assert [item.name for item in found_in(hosted)] == ["etcd", "kube-apiserver"]
    apart = f"{in_pod(ETCD, namespace='shop')}\n---\n{in_pod(server, namespace='tenant')}"
    assert [item.name for item in found_in(apart)] == ["kube-apiserver"]


def test_variables_of_etcd_are_settings_that_flags_override() -> None:
    env = [
        {"name": "ETCD_CLIENT_CERT_AUTH", "value": "true"},
        {"name": "ETCD_KEY_FILE", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
        {"name": "ETCD_CERT_FILE", "value": "a.crt"},
        {"name": "OTHER", "value": "x"},
    ]
    component = only(static_pod("etcd", "-cert-file=b.crt", env=env))
    assert component.text("client-cert-auth") == "true"
    assert component.text("cert-file") == "b.crt"
    assert not component.is_unset("key-file")
    assert component.where("client-cert-auth") == ("spec", "containers", 0, "env", 0)
    assert component.where("trusted-ca-file") == ("spec", "containers", 0, "command")


def test_etcd_with_a_file_ignores_its_flags() -> None:
    assert not found_in(static_pod("etcd", "--config-file=/etc/etcd.yaml", "--auto-tls=true"))


# Configuration objects ------------------------------------------------------------------------


def test_the_fields_of_a_kubelet_go_by_its_flags() -> None:
    component = only(
        kubelet(
            authentication={"anonymous": {"enabled": False}},
            readOnlyPort=0,
            tlsCipherSuites=["A", "B"],
            featureGates={"X": True, "Y": False},
        )
    )
    assert component.text("anonymous-auth") == "false"
    assert component.number("read-only-port") == 0
    assert [item.value for item in component.items("tls-cipher-suites")] == ["A", "B"]
    assert [item.value for item in component.items("feature-gates")] == ["X=true", "Y=false"]
    assert component.where("client-ca-file") == ("authentication", "x509", "clientCAFile")
    assert component.set_to("rotate-certificates", "true") == "Set rotateCertificates to true."
    assert not component.is_unset("hostname-override"), "no field of the file"


def test_other_groups_have_other_objects_of_the_same_kind() -> None:
    for kind in ("KubeletConfiguration", "ClusterConfiguration", "KubeSchedulerConfiguration"):
        assert not found_in(cluster.configuration(kind, "example.org/v1"))


@pytest.mark.parametrize(
    "extra", [{"profiling": "false"}, [{"name": "profiling", "value": "false"}]]
)
def test_extra_arguments_come_to_those_of_kubeadm(extra: Any) -> None:
    found = {item.name: item for item in found_in(kubeadm(apiServer={"extraArgs": extra}))}
    assert found.keys() == set(cluster.NAMES) - {"kubelet", "kube-proxy"}
    server = found["kube-apiserver"]
    assert server.text("profiling") == "false"
    assert server.text("authorization-mode") == "Node,RBAC"
    assert server.where("profiling")[:2] == ("apiServer", "extraArgs")
    assert server.is_unset("audit-log-path")
    assert found["etcd"].text("client-cert-auth") == "true"


def test_extra_arguments_replace_those_of_kubeadm() -> None:
    extra = [{"name": "authorization-mode", "value": "AlwaysAllow"}]
    server = found_in(kubeadm(apiServer={"extraArgs": extra}))[0]
    assert [item.value for item in server.items("authorization-mode")] == ["AlwaysAllow"]
    assert server.where("authorization-mode") == ("apiServer", "extraArgs", 0, "value")


def test_an_external_etcd_is_not_kubeadms() -> None:
    external = {"endpoints": ["http://192.0.2.1:2379"], "caFile": "/ca.crt"}
    found = {item.name: item for item in found_in(kubeadm(etcd={"external": external}))}
    assert "etcd" not in found
    server = found["kube-apiserver"]
    assert server.text("etcd-cafile") == "/ca.crt"
    assert server.is_unset("etcd-certfile")
    assert server.where("etcd-servers") == ("etcd", "external", "endpoints")


def test_arguments_of_kubelets_say_nothing_of_what_is_missing() -> None:
    for kind in ("InitConfiguration", "JoinConfiguration"):
        text = cluster.configuration(
            kind,
            "kubeadm.k8s.io/v1beta3",
            nodeRegistration={"kubeletExtraArgs": {"read-only-port": "10255"}},
        )
        component = only(text)
        assert (component.name, component.number("read-only-port")) == ("kubelet", 10255)
        assert not component.is_unset("client-ca-file")


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("KubeadmControlPlane", ("spec", "kubeadmConfigSpec")),
        ("KubeadmConfigTemplate", ("spec", "template", "spec")),
    ],
)
def test_cluster_api(kind: str, base: tuple[str, ...]) -> None:
    value: Any = {
        "clusterConfiguration": {"apiServer": {"extraArgs": {"profiling": "true"}}},
        "joinConfiguration": {"nodeRegistration": {"kubeletExtraArgs": {"anonymous-auth": "true"}}},
    }
    for key in reversed(base):
        value = {key: value}
    found = found_in(cluster.configuration(kind, "cluster.x-k8s.io/v1beta1", **value))
    assert [item.name for item in found] == [
        "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kubelet",
    ]  # fmt: skip
    path = (*base, "clusterConfiguration", "apiServer", "extraArgs", "profiling")
    assert found[0].where("profiling") == path


def test_what_kubeadm_keeps_in_the_cluster() -> None:
    data = {"kubelet": cluster.KUBELET, "other": "kind: Configuration [", "more": 1}
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "kubelet-config", "namespace": "kube-system"},
            "data": data,
        }
    )
    component = only(text)
    assert component.text("rotate-certificates") == "true"
    assert component.where("rotate-certificates") == ("data", "kubelet", "rotateCertificates")
    assert component.where("tls-cert-file") == ("data", "kubelet", "tlsCertFile")
    assert not found_in(text.replace("kube-system", "team"))
    assert not found_in(text.replace('"kubelet-config"', '"other"'))


def test_a_kubelet_beside_kubeadm_gets_kubeadms_fields() -> None:
    alone = only(kubelet())
    assert alone.is_unset("client-ca-file")
    beside = found_in(f"{kubeadm()}\n---\n{kubelet(rotateCertificates=False)}")[-1]
    assert not beside.is_unset("client-ca-file")
    assert beside.text("rotate-certificates") == "false"


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_never_raise(odd: Any) -> None:
    found_in(in_pod(container(command=odd, args=odd, env=odd, image=odd)))
    found_in(in_pod(container(command=["kube-apiserver", odd], args=[odd, "--v"], env=[odd])))
    found_in(
        static_pod("etcd", env=[{"name": odd, "value": odd}, {"name": "ETCD_A", "value": odd}])
    )
    for field in ("apiServer", "etcd", "kubernetesVersion"):
        found_in(kubeadm(**{field: odd}))
    found_in(kubeadm(apiServer={"extraArgs": odd}, etcd={"external": odd, "local": odd}))
    found_in(kubeadm(apiServer={"extraArgs": [odd, {"name": odd, "value": odd}]}))
    found_in(kubelet(authentication=odd, readOnlyPort=odd, tlsCipherSuites=odd, featureGates=odd))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0), ("0s", 0), ("1m30s", 90), ("1.5h", 5400), ("500ms", 0.5), ("", None),
        ("60", None), ("1d", None), ("-1s", None), ("s", None),
    ],
)  # fmt: skip
def test_durations(text: str, expected: float | None) -> None:
    assert seconds(text) == expected

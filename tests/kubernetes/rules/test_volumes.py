"""What rules about volumes and files do beyond their examples."""

from typing import Any

import pytest

from seawall.core.finding import Finding
from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.manifests import ODD, WINDOWS, container, pod
from tests.kubernetes.support import judge

HOST_PATHS = (
    "runtime-socket-mount", "sensitive-host-path", "writable-host-path", "host-path-volume",
)  # fmt: skip


def mounting(path: str, *, read_only: Any = None, mounted: bool = True) -> str:
    mount: dict[str, Any] = {"name": "host", "mountPath": "/host"}
    if read_only is not None:
        mount["readOnly"] = read_only
    return pod(
        container(volumeMounts=[mount] if mounted else []),
        volumes=[{"name": "other", "emptyDir": {}}, {"name": "host", "hostPath": {"path": path}}],
    )


def verdict(text: str) -> tuple[str, Severity]:
    """The one rule that speaks of the volume, and how loud."""
    (finding,) = judge(HOST_PATHS, text)
    return finding.rule.id, finding.severity


@pytest.mark.parametrize(
    "path",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "//var//run/./docker.sock/",
        "/host/run/docker.sock",
        "/run/user/1000/docker.sock",
        "/run/containerd/containerd.sock",
        "/run/k3s/containerd/containerd.sock",
        "/var/run/crio/crio.sock",
        "/run/cri-dockerd.sock",
        "/run/podman/podman.sock",
        "/run/buildkit/buildkitd.sock",
        "/var/run",
        "/run/",
        "/run/containerd",
        "/var/run/docker",
        "\\\\.\\pipe\\docker_engine",
        "\\\\.\\pipe\\containerd-containerd",
    ],
)
def test_sockets_of_runtimes(path: str) -> None:
    assert verdict(mounting(path)) == ("runtime-socket-mount", Severity.CRITICAL)
    assert verdict(mounting(path, read_only=True)) == ("runtime-socket-mount", Severity.CRITICAL)
    assert verdict(mounting(path, mounted=False)) == ("runtime-socket-mount", Severity.MEDIUM)


@pytest.mark.parametrize(
    ("path", "writing", "reading"),
    [
        ("/", Severity.CRITICAL, Severity.HIGH),
        ("///", Severity.CRITICAL, Severity.HIGH),
        ("/etc/..", Severity.CRITICAL, Severity.HIGH),
        ("/etc", Severity.HIGH, Severity.HIGH),
        ("/etc/", Severity.HIGH, Severity.HIGH),
        ("/etc/kubernetes/pki", Severity.HIGH, Severity.HIGH),
        ("/var", Severity.HIGH, Severity.HIGH),
        ("/var/lib", Severity.HIGH, Severity.HIGH),
        ("/var/lib/kubelet/pods", Severity.HIGH, Severity.HIGH),
        ("/var/lib/docker/containers", Severity.HIGH, Severity.HIGH),
        ("/proc", Severity.HIGH, Severity.HIGH),
        ("/proc/sys/kernel", Severity.HIGH, Severity.HIGH),
        ("/root/.ssh", Severity.HIGH, Severity.HIGH),
        ("/run/containerd/io.containerd.runtime.v2.task", Severity.HIGH, Severity.HIGH),
        ("/var/run/dbus/system_bus_socket", Severity.HIGH, Severity.HIGH),
        ("/opt", Severity.HIGH, Severity.MEDIUM),
        ("/opt/cni/bin", Severity.HIGH, Severity.MEDIUM),
        ("/usr/local/bin", Severity.HIGH, Severity.MEDIUM),
        ("/sys/fs/cgroup", Severity.HIGH, Severity.MEDIUM),
        ("/var/log", Severity.HIGH, Severity.MEDIUM),
    ],
)
def test_system_directories(path: str, writing: Severity, reading: Severity) -> None:
    assert verdict(mounting(path)) == ("sensitive-host-path", writing)
    assert verdict(mounting(path, read_only=True)) == ("sensitive-host-path", reading)
    assert verdict(mounting(path, mounted=False)) == ("sensitive-host-path", Severity.LOW)


@pytest.mark.parametrize(
    "path", ["/etc/localtime", "/etc/ssl/certs", "/lib/modules/6.1", "/usr/share/zoneinfo"]
)
def test_what_everybody_may_read_is_sensitive_only_when_written(path: str) -> None:
    assert verdict(mounting(path, read_only=True)) == ("host-path-volume", Severity.MEDIUM)
    assert verdict(mounting(path, read_only=False)) == ("sensitive-host-path", Severity.HIGH)


@pytest.mark.parametrize(
    "path", ["/data", "/data/proc-x", "/srv/etc", "/etcetera", "/run/flannel", "/dev/log", "C:\\d"]
)
def test_other_paths(path: str) -> None:
    assert verdict(mounting(path)) == ("writable-host-path", Severity.HIGH)
    assert verdict(mounting(path, read_only="true")) == ("writable-host-path", Severity.HIGH)
    assert verdict(mounting(path, read_only=True)) == ("host-path-volume", Severity.MEDIUM)
    assert verdict(mounting(path, mounted=False)) == ("host-path-volume", Severity.LOW)


def test_each_writing_mount_is_named_with_its_container() -> None:
    text = pod(
        container("a", volumeMounts=[{"name": "host", "mountPath": "/a"}]),
        container("b", volumeMounts=[{"name": "host", "mountPath": "/b", "readOnly": True}]),
        initContainers=[container("c", volumeMounts=[{"name": "host", "mountPath": "/c"}])],
        ephemeralContainers=[container("d", volumeMounts=[{"name": "host", "mountPath": "/d"}])],
        volumes=[{"name": "host", "hostPath": {"path": "/data"}}],
    )
    found = judge("writable-host-path", text)
    assert [finding.subject.container for finding in found] == ["c", "a", "d"]
    assert found[1].location.key_path == (
        "spec", "containers", 0, "volumeMounts", 0, "readOnly",
    )  # fmt: skip
    assert found[1].related[0].location.key_path == ("spec", "volumes", 0, "hostPath", "path")


def test_a_volume_is_named_once_with_its_mounts_beside_it() -> None:
    mount = {"name": "host", "mountPath": "/a"}
    text = pod(
        container("a", volumeMounts=[mount]),
        container("b", volumeMounts=[mount]),
        volumes=[{"name": "host", "hostPath": {"path": "/etc"}}],
    )
    (finding,) = judge("sensitive-host-path", text)
    assert finding.location.key_path == ("spec", "volumes", 0, "hostPath", "path")
    assert [place.location.key_path[:3] for place in finding.related] == [
        ("spec", "containers", 0),
        ("spec", "containers", 1),
    ]
    assert finding.evidence == "/etc"


def volume_of(spec: str) -> str:
    return f"{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: v}}, spec: {spec}}}"


@pytest.mark.parametrize(
    ("spec", "severities"),
    [
        ("{hostPath: {path: /data}}", [Severity.MEDIUM]),
        ("{hostPath: {path: /var/lib/kubelet}}", [Severity.HIGH]),
        ("{hostPath: {path: /var/run/docker.sock}}", [Severity.HIGH]),
        ("{local: {path: /mnt/disks/one}}", []),
        ("{local: {path: /etc/kubernetes}}", [Severity.HIGH]),
        ("{nfs: {path: /etc, server: files.example.org}}", []),
        ("{hostPath: {path: null}}", []),
        ("{hostPath: /etc}", []),
    ],
)
def test_persistent_volumes(spec: str, severities: list[Severity]) -> None:
    assert [finding.severity for finding in judge("pv-hostpath", volume_of(spec))] == severities


@pytest.mark.parametrize(
    ("allowed", "expected"), [("/data", 0), ("/data/one/", 0), ("/dat", 1), ("/", 0), ("/srv", 1)]
)
def test_allowed_directories_of_persistent_volumes(allowed: str, expected: int) -> None:
    parameters: dict[str, dict[str, Any]] = {"pv-hostpath": {"allowed": (allowed,)}}
    text = volume_of("{hostPath: {path: /data/one}}")
    assert len(judge("pv-hostpath", text, parameters=parameters)) == expected


@pytest.mark.parametrize(
    ("volume", "severities"),
    [
        ({"emptyDir": {}}, []),
        ({}, []),
        ({"ephemeral": {}}, []),
        ({"image": {"reference": "registry.example.org/data:1"}}, []),
        ({"hostPath": {"path": "/data"}}, []),
        ({"cephfs": {"monitors": ["192.0.2.1"]}}, [Severity.LOW]),
        ({"photonPersistentDisk": {"pdID": "x"}}, [Severity.LOW]),
        ({"flexVolume": {"driver": "example.org/d"}}, [Severity.MEDIUM]),
        ({"gitRepo": {"repository": "https://git.example.org/r"}}, [Severity.MEDIUM]),
        ({"nfs": None}, []),
        ({"nfs": "text"}, []),
    ],
)
def test_kinds_of_volumes(volume: dict[str, Any], severities: list[Severity]) -> None:
    found = judge("volume-type-restricted", pod(volumes=[{"name": "v"} | volume]))
    assert [finding.severity for finding in found] == severities


@pytest.mark.parametrize(
    ("volume", "version", "severities"),
    [
        ({"hostPath": {"path": "/d"}}, "1.36", [Severity.LOW]),
        ({"hostPath": {"path": "/d"}}, "1.21", [Severity.MEDIUM]),
        ({"emptyDir": {}}, "1.36", []),
        ({"emptyDir": {}}, "1.21", [Severity.MEDIUM]),
        ({"configMap": {"name": "c"}}, "1.21", []),
    ],
)
@pytest.mark.parametrize("key", ["subPath", "subPathExpr"])
def test_parts_of_volumes(
    key: str, volume: dict[str, Any], version: str, severities: list[Severity]
) -> None:
    mounts = [{"name": "v", "mountPath": "/d", key: "x"}, {"name": "v", "mountPath": "/e"}]
    text = pod(container(volumeMounts=mounts), volumes=[{"name": "v"} | volume])
    found = judge("subpath-hostpath-symlink", text, kubernetes_version=version)
    assert [finding.severity for finding in found] == severities
    for finding in found:
        assert finding.location.key_path[-1] == key


DRIVER = """
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata:
  name: csi.example.org
  labels: {security.kubernetes.io/csi-ephemeral-volume-profile: %s}
---
"""


def judge_driver(before: str, **options: Any) -> list[Finding]:
    text = before + pod(volumes=[{"name": "v", "csi": {"driver": "csi.example.org"}}])
    return judge("csi-inline-privileged-driver", text, **options)


def test_drivers_for_inline_volumes() -> None:
    assert not judge_driver(DRIVER % "restricted")
    assert not judge_driver(DRIVER % "baseline")
    (finding,) = judge_driver(DRIVER % "privileged")
    assert finding.confidence == Confidence.HIGH
    (finding,) = judge_driver("")
    assert finding.confidence == Confidence.LOW
    assert not judge_driver("", opaque=("name: csi.example.org\n",))


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (None, 1),
        ({}, 1),
        ({"readOnlyRootFilesystem": None}, 1),
        ({"readOnlyRootFilesystem": False}, 1),
        ({"readOnlyRootFilesystem": "true"}, 1),
        ({"readOnlyRootFilesystem": True}, 0),
    ],
)
def test_read_only_root(security: Any, expected: int) -> None:
    rule = "read-only-root-filesystem"
    assert len(judge(rule, pod(container(security=security)))) == expected
    assert not judge(rule, pod(container(security=security), **WINDOWS))


def test_one_read_only_container_does_not_speak_for_the_others() -> None:
    # D13
    good = {"readOnlyRootFilesystem": True}
    text = pod(
        container("a", good),
        container("b"),
        initContainers=[container("c")],
        ephemeralContainers=[container("d")],
    )
    found = judge("read-only-root-filesystem", text)
    assert [finding.subject.container for finding in found] == ["c", "b", "d"]


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_raise_nothing(odd: Any) -> None:
    rules = (
        *HOST_PATHS, "pv-hostpath", "volume-type-restricted", "subpath-hostpath-symlink",
        "csi-inline-privileged-driver", "read-only-root-filesystem",
    )  # fmt: skip
    judge(rules, pod(container(volumeMounts=odd, security=odd), volumes=odd))
    judge(rules, pod(container(volumeMounts=[odd]), volumes=[odd]))
    judge(rules, pod(volumes=[{"hostPath": odd, "csi": odd, "nfs": odd, "name": odd}]))
    volumes = [{"hostPath": {"path": odd}, "csi": {"driver": odd}, "name": "v"}]
    judge(rules, pod(container(volumeMounts=[{"name": odd, "subPath": odd}]), volumes=volumes))

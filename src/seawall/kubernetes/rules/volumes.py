"""Rules about files: paths of the node in pods, kinds of volumes, the root file system."""

from collections.abc import Iterator
from posixpath import normpath

from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container, Pod
from seawall.kubernetes.rule import Context, container_rule, object_rule, pod_rule
from seawall.kubernetes.rules.inherited import within
from seawall.text.values import Map, is_true, mapping, text

_SOCKETS = frozenset(
    "buildkitd.sock containerd-containerd containerd.sock containerd.sock.ttrpc cri-dockerd.sock "
    "crio.sock docker.sock docker_engine dockershim.sock podman.sock".split()
)
"""Names of runtime sockets, wherever they stand, and of their pipes on Windows."""

_SOCKET_DIRECTORIES = frozenset(
    "/run /run/buildkit /run/containerd /run/crio /run/docker /run/docker/containerd /run/k3s "
    "/run/k3s/containerd /run/podman".split()
)

_PROGRAMS = "programs and libraries"
_CONTAINERS = "files and state of all containers"
_SENSITIVE = {
    # a directory -> what stands in it
    "/bin": _PROGRAMS,
    "/boot": "kernel and boot loader",
    "/dev": "devices",
    "/etc": "configuration and credentials",
    "/home": "keys and files of users",
    "/lib": _PROGRAMS,
    "/lib32": _PROGRAMS,
    "/lib64": _PROGRAMS,
    "/opt/cni": "network plug-ins that run as root",
    "/proc": "processes and kernel settings",
    "/root": "keys and files of root",
    "/run/containerd": _CONTAINERS,
    "/run/crio": _CONTAINERS,
    "/run/dbus": "control of services",
    "/run/docker": _CONTAINERS,
    "/run/k3s": _CONTAINERS,
    "/run/systemd": "control of services",
    "/sbin": _PROGRAMS,
    "/sys": "kernel settings",
    "/usr": _PROGRAMS,
    "/var/lib/containerd": _CONTAINERS,
    "/var/lib/containers": _CONTAINERS,
    "/var/lib/docker": _CONTAINERS,
    "/var/lib/etcd": "data of the cluster",
    "/var/lib/kubelet": "secrets of pods and credentials of the kubelet",
    "/var/lib/rancher": "credentials and data of the cluster",
    "/var/log": "logs, through which the kubelet serves any file a link names",
    "/var/spool/cron": "commands that run as root",
}
_ABOVE = frozenset(("/", "/opt", "/var", "/var/lib", "/var/spool"))
"""Directories above sensitive ones."""

_SECRET = frozenset(
    "/dev /etc /home /proc /root /run/containerd /run/crio /run/dbus /run/docker /run/k3s "
    "/run/systemd /var/lib/containerd /var/lib/containers /var/lib/docker /var/lib/etcd "
    "/var/lib/kubelet /var/lib/rancher".split()
)
"""Directories where reading suffices to do harm."""

_HARMLESS = frozenset(
    "/etc/ca-certificates /etc/hostname /etc/hosts /etc/localtime /etc/machine-id /etc/os-release "
    "/etc/pki/ca-trust /etc/pki/tls/certs /etc/resolv.conf /etc/ssl/certs /etc/timezone "
    "/lib/modules /usr/lib/modules /usr/lib/os-release /usr/local/share/ca-certificates "
    "/usr/share/ca-certificates /usr/share/zoneinfo /usr/src".split()
)
"""Paths in sensitive directories that everybody may read."""

_NO_DEVICES = frozenset("/dev/log /dev/null /dev/random /dev/urandom /dev/zero".split())
"""Files below /dev that give no way to the node's hardware."""

_SOCKET, _SENSITIVE_PATH, _WRITABLE, _PLAIN = "socket", "sensitive", "writable", "plain"
"""Kinds of hostPath volumes, the most specific first."""

_OLD_VOLUMES = {
    "awsElasticBlockStore": Severity.LOW,
    "azureDisk": Severity.LOW,
    "azureFile": Severity.LOW,
    "cephfs": Severity.LOW,
    "cinder": Severity.LOW,
    "fc": Severity.LOW,
    "flexVolume": Severity.MEDIUM,
    "flocker": Severity.LOW,
    "gcePersistentDisk": Severity.LOW,
    "gitRepo": Severity.MEDIUM,
    "glusterfs": Severity.LOW,
    "iscsi": Severity.LOW,
    "nfs": Severity.LOW,
    "photonPersistentDisk": Severity.LOW,
    "portworxVolume": Severity.LOW,
    "quobyte": Severity.LOW,
    "rbd": Severity.LOW,
    "scaleIO": Severity.LOW,
    "storageos": Severity.LOW,
    "vsphereVolume": Severity.LOW,
}
"""Volume sources the restricted level does not allow, but for hostPath: the node mounts them."""

_CSI_PROFILE = "security.kubernetes.io/csi-ephemeral-volume-profile"


class _Mount(NamedTuple):
    container: Container
    position: int
    read_only: bool


class HostPath(NamedTuple):
    """A hostPath volume: its path as written and in one spelling, and who mounts it."""

    position: int
    written: str
    path: str
    mounts: tuple[_Mount, ...]

    @property
    def writable(self) -> bool:
        """Whether any container may write to it."""
        return any(not mount.read_only for mount in self.mounts)

    def related(self) -> tuple[tuple[object, tuple[str | int, ...], str], ...]:
        """The mounts, as further places of a finding."""
        return tuple(
            (mount.container, ("volumeMounts", mount.position), "is mounted here")
            for mount in self.mounts
        )


def _host_paths(pod: Pod, kind: str) -> Iterator[HostPath]:
    """The hostPath volumes of a pod that are of a kind: each is of one, so one rule reports it."""
    return (volume for volume in host_paths(pod) if _kind(volume.path, volume.mounts) == kind)


def host_paths(pod: Pod) -> Iterator[HostPath]:
    """The hostPath volumes of a pod."""
    for index, volume in pod.volumes:
        written = text(volume, "hostPath", "path")
        if written:
            mounts = tuple(_mounts(pod, text(volume, "name")))
            yield HostPath(index, written, _one_spelling(written), mounts)


def _mounts(pod: Pod, volume: str) -> Iterator[_Mount]:
    for container in pod.containers:
        for index, mount in container.mounts:
            if text(mount, "name") == volume:
                yield _Mount(container, index, is_true(mount, "readOnly"))


def _kind(path: str, mounts: tuple[_Mount, ...]) -> str:
    """The one kind of a hostPath volume."""
    writable = any(not mount.read_only for mount in mounts)
    if path in _SOCKET_DIRECTORIES or path.rpartition("/")[2] in _SOCKETS:
        return _SOCKET
    if _is_sensitive(path, writable=writable):
        return _SENSITIVE_PATH
    return _WRITABLE if writable else _PLAIN


def _one_spelling(path: str) -> str:
    """A path of a node without doubled or trailing slashes, with /run for /var/run."""
    result = normpath("/" + path.replace("\\", "/").lstrip("/"))
    if result == "/var/run" or result.startswith("/var/run/"):
        return result.removeprefix("/var")
    return result


def _is_sensitive(path: str, *, writable: bool) -> bool:
    if path in _ABOVE:
        return True
    if path in _NO_DEVICES:
        return False
    return bool(_part_of(path, _SENSITIVE)) and (writable or not _part_of(path, _HARMLESS))


def _part_of(path: str, directories: frozenset[str] | dict[str, str]) -> str:
    """The directory of some directories that a path is or lies in, empty when there is none."""
    while path != "/":
        if path in directories:
            return path
        path = path.rpartition("/")[0] or "/"
    return ""


@pod_rule(
    "runtime-socket-mount",
    severity=Severity.CRITICAL,
    remedy="Remove the volume and its mounts; a read-only mount of a socket protects nothing.",
    aliases=(
        "kubesec:DockerSock",
        "kube-linter:docker-sock",
        "kube-linter:writable-host-mount",
        "KSV-0006",
        "KSV-0023",
        "CKV_K8S_27",
        "C-0045",
        "C-0048",
        "C-0074",
        "polaris:hostPathSet",
    ),
    compliance=("cis-1.12:5.2.11", "pss-baseline:hostPathVolumes"),
)
def runtime_socket_mount(pod: Pod, context: Context) -> Hits:
    """Pods must not reach the socket of their node's container runtime.

    Reports hostPath volumes of the sockets of Docker, containerd, CRI-O, cri-dockerd, Podman and
    BuildKit, in whatever directory, and of the directories below /run that hold them. A volume
    that no container mounts is medium.

    Why:

    Whoever writes to this socket tells the runtime to start any container with any right: it is
    the same as being root on the node.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: builder
        spec:
          containers:
            - name: builder
              image: registry.example.org/builder:1.4.2
              volumeMounts:
                - name: docker
                  mountPath: /var/run/docker.sock
          volumes:
            - name: docker
              hostPath:
                path: /var/run/docker.sock

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: builder
        spec:
          containers:
            - name: builder
              image: registry.example.org/builder:1.4.2

    Not reported:

    The root directory and /var, which hold more than sockets: ``sensitive-host-path`` reports
    them.

    References:
    https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
    """
    for volume in _host_paths(pod, _SOCKET):
        what = "sockets" if volume.path in _SOCKET_DIRECTORIES else "socket"
        yield Hit(
            f"{'mounts' if volume.mounts else 'has'} the container runtime's {what} "
            f"of its node ({volume.written})",
            pod.at("volumes", volume.position, "hostPath", "path"),
            severity=None if volume.mounts else Severity.MEDIUM,
            evidence=volume.written,
            related=volume.related(),
        )


@pod_rule(
    "sensitive-host-path",
    severity=Severity.HIGH,
    remedy="Remove the volume; or narrow hostPath.path and set readOnly on its mounts.",
    aliases=(
        "kubesec:ProcMount",
        "kube-linter:sensitive-host-mounts",
        "kube-linter:writable-host-mount",
        "KSV-0023",
        "KSV-0121",
        "C-0045",
        "C-0048",
        "polaris:hostPathSet",
    ),
    compliance=("cis-1.12:5.2.11", "pss-baseline:hostPathVolumes"),
)
def sensitive_host_path(pod: Pod, context: Context) -> Hits:
    """Pods must not mount system directories of their node.

    Reports hostPath volumes of directories that hold programs, credentials, devices or state of
    the node, of everything in them and of what lies above them. The whole root directory mounted
    for writing is critical; a directory that is only read and holds no secrets is medium, a
    volume that no container mounts is low.

    Why:

    Writing there changes what the node runs, and reading there often gives the credentials to do
    so: the container's walls no longer count.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: agent
        spec:
          containers:
            - name: agent
              image: registry.example.org/agent:1.4.2
              volumeMounts:
                - name: configuration
                  mountPath: /host/etc
          volumes:
            - name: configuration
              hostPath:
                path: /etc/kubernetes/

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: agent
        spec:
          containers:
            - name: agent
              image: registry.example.org/agent:1.4.2
              volumeMounts:
                - name: zone
                  mountPath: /etc/localtime
                  readOnly: true
          volumes:
            - name: zone
              hostPath:
                path: /etc/localtime

    Not reported:

    Paths that everybody may read, such as /etc/localtime, /etc/ssl/certs and /lib/modules, when
    all mounts are read-only: ``host-path-volume`` reports them. Sockets of the container runtime:
    ``runtime-socket-mount`` reports those.

    References:
    https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
    """
    for volume in _host_paths(pod, _SENSITIVE_PATH):
        directory = _part_of(volume.path, _SENSITIVE)
        holds = _SENSITIVE.get(directory, "everything" if volume.path == "/" else "system files")
        how = "for writing" if volume.writable else "read-only"
        yield Hit(
            f"mounts {volume.written} of its node {how} ({holds})"
            if volume.mounts
            else f"has a volume of its node's {volume.written} ({holds})",
            pod.at("volumes", volume.position, "hostPath", "path"),
            severity=_severity(volume, directory),
            evidence=volume.written,
            related=volume.related(),
        )


def _severity(volume: HostPath, directory: str) -> Severity:
    if not volume.mounts:
        return Severity.LOW
    if volume.writable:
        return Severity.CRITICAL if volume.path == "/" else Severity.HIGH
    # Above the sensitive directories there is always one with secrets, but for /opt.
    secret = directory in _SECRET or (volume.path in _ABOVE and volume.path != "/opt")
    return Severity.HIGH if secret else Severity.MEDIUM


@pod_rule(
    "writable-host-path",
    severity=Severity.HIGH,
    remedy="Set readOnly to true on the mount.",
    aliases=(
        "kube-linter:writable-host-mount",
        "KSV-0023",
        "C-0045",
        "C-0048",
        "polaris:hostPathSet",
    ),
    compliance=("cis-1.12:5.2.11", "pss-baseline:hostPathVolumes"),
)
def writable_host_path(pod: Pod, context: Context) -> Hits:
    """Containers must not write to directories of their node.

    Reports each mount of a hostPath volume without ``readOnly: true``.

    Why:

    What the container writes outlives it and is seen by the next pod on the node: a way to plant
    files, to fill the node's disk, and with links to reach other places.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              volumeMounts:
                - name: data
                  mountPath: /data
          volumes:
            - name: data
              hostPath:
                path: /srv/data

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              volumeMounts:
                - name: data
                  mountPath: /data
                  readOnly: true
          volumes:
            - name: data
              hostPath:
                path: /srv/data

    Not reported:

    Sockets of the container runtime and system directories of the node: ``runtime-socket-mount``
    and ``sensitive-host-path`` say more about those.

    References:
    https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
    """
    for volume in _host_paths(pod, _WRITABLE):
        at = pod.at("volumes", volume.position, "hostPath", "path")
        for mount in volume.mounts:
            if not mount.read_only:
                yield Hit(
                    f"mounts {volume.written} of its node for writing",
                    within(mount.container, "volumeMounts", mount.position, "readOnly"),
                    evidence=volume.written,
                    container=mount.container.name,
                    related=((pod, at, "the path of the node"),),
                )


@pod_rule(
    "host-path-volume",
    severity=Severity.MEDIUM,
    remedy="Use a PersistentVolumeClaim, a ConfigMap or an emptyDir in place of hostPath.",
    aliases=("KSV-0023", "C-0048", "polaris:hostPathSet"),
    compliance=("cis-1.12:5.2.11", "pss-baseline:hostPathVolumes"),
)
def host_path_volume(pod: Pod, context: Context) -> Hits:
    """Pods must not use files of their node.

    Reports hostPath volumes that are only read or that no container mounts (low).

    Why:

    A pod with a hostPath volume depends on one node and sees files that others put there. Who may
    make such pods can choose any path, so namespaces with the baseline level refuse them all.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              volumeMounts:
                - name: data
                  mountPath: /data
                  readOnly: true
          volumes:
            - name: data
              hostPath:
                path: /srv/data

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              volumeMounts:
                - name: data
                  mountPath: /data
                  readOnly: true
          volumes:
            - name: data
              persistentVolumeClaim:
                claimName: data

    Not reported:

    Volumes of which another rule says more: ``runtime-socket-mount``, else
    ``sensitive-host-path``, else ``writable-host-path``.

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    for volume in _host_paths(pod, _PLAIN):
        yield Hit(
            f"uses {volume.written} of its node",
            pod.at("volumes", volume.position, "hostPath", "path"),
            severity=None if volume.mounts else Severity.LOW,
            evidence=volume.written,
            related=volume.related(),
        )


@object_rule(
    "pv-hostpath",
    severity=Severity.HIGH,
    kinds=("PersistentVolume",),
    remedy="Use a storage driver or a local volume in a directory of its own, not hostPath.",
    parameters=(Parameter("allowed", (), "directories of the node that volumes may use"),),
)
def pv_hostpath(object_: KubernetesObject, context: Context) -> Hits:
    """PersistentVolumes must not lead to files of a node.

    Reports PersistentVolumes with ``hostPath`` (medium outside of system directories), and those
    with ``local`` whose path is a system directory of the node.

    Why:

    Pod Security refuses hostPath volumes in pods, but does not see one behind a claim: each pod
    that uses the claim gets the directory of whatever node it runs on.

    Bad:

        apiVersion: v1
        kind: PersistentVolume
        metadata:
          name: data
        spec:
          capacity:
            storage: 10Gi
          accessModes: [ReadWriteOnce]
          hostPath:
            path: /var/lib

    Good:

        apiVersion: v1
        kind: PersistentVolume
        metadata:
          name: data
        spec:
          capacity:
            storage: 10Gi
          accessModes: [ReadWriteOnce]
          csi:
            driver: csi.example.org
            volumeHandle: data

    Not reported:

    Paths in a directory that the parameter ``allowed`` names.

    References:
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/
    """
    for source in ("hostPath", "local"):
        written = text(object_.spec, source, "path")
        if not written:
            continue
        path = _one_spelling(written)
        sensitive = _kind(path, ()) == _SOCKET or _is_sensitive(path, writable=True)
        if source == "local" and not sensitive:
            continue
        allowed = frozenset(_one_spelling(item) for item in context.texts(pv_hostpath, "allowed"))
        if "/" in allowed or _part_of(path, allowed):
            continue
        yield Hit(
            f"leads to {written} of the node",
            ("spec", source, "path"),
            severity=None if sensitive else Severity.MEDIUM,
            evidence=written,
        )


@pod_rule(
    "volume-type-restricted",
    severity=Severity.LOW,
    remedy="Use a PersistentVolumeClaim in place of this volume source.",
    aliases=("KSV-0028",),
    compliance=("pss-restricted:restrictedVolumes",),
)
def volume_type_restricted(pod: Pod, context: Context) -> Hits:
    """Pods should get storage through claims, not name it themselves.

    Reports volumes of the kinds that the restricted level refuses, such as ``nfs``, ``iscsi`` and
    the disks of clouds. ``flexVolume`` and ``gitRepo``, which run programs on the node, are
    medium.

    Why:

    With such a volume the author of a pod chooses what the node mounts, with the node's rights
    and network: drivers and servers that an administrator never approved.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: data
              nfs:
                server: files.example.org
                path: /exports/data

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: data
              persistentVolumeClaim:
                claimName: data

    Not reported:

    ``hostPath``, which has rules of its own.

    References:
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    for index, volume in pod.volumes:
        for key in volume:
            severity = _OLD_VOLUMES.get(key)
            if severity is not None and mapping(volume, key):
                yield Hit(
                    f"has a volume of the kind {key}",
                    pod.at("volumes", index, key),
                    severity=severity,
                    evidence=key,
                )


@pod_rule(
    "subpath-hostpath-symlink",
    severity=Severity.MEDIUM,
    profile=OPT_IN,
    remedy="Mount the directory itself as a volume of its own, without subPath.",
    aliases=("C-0058",),
)
def subpath_hostpath_symlink(pod: Pod, context: Context) -> Hits:
    """Mounts should not pick a part of a volume in which others can plant links.

    Reports mounts with ``subPath`` or ``subPathExpr`` of hostPath volumes (low from version 1.22
    on) and, for older clusters, of every volume that some container may write to.

    Why:

    The node resolves the path. Kubelets before 1.22.2 could be led by a symbolic link out of the
    volume to any file of the node (CVE-2021-25741). In a directory of the node, whoever else
    writes there still chooses what the mount shows.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              volumeMounts:
                - name: data
                  mountPath: /data
                  subPath: web
          volumes:
            - name: data
              hostPath:
                path: /srv/data

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              volumeMounts:
                - name: data
                  mountPath: /data
          volumes:
            - name: data
              hostPath:
                path: /srv/data/web

    References:
    https://nvd.nist.gov/vuln/detail/CVE-2021-25741
    """
    old = context.minor < 22
    for container in pod.containers:
        for index, mount in container.mounts:
            key = next((key for key in ("subPath", "subPathExpr") if text(mount, key)), "")
            if not key:
                continue
            volume = _volume_named(pod, text(mount, "name"))
            if mapping(volume, "hostPath") or (old and _is_written(pod, volume)):
                yield Hit(
                    f"mounts the part {text(mount, key)} of a volume others can write to",
                    within(container, "volumeMounts", index, key),
                    severity=None if old else Severity.LOW,
                    evidence=text(mount, key),
                    container=container.name,
                )


def _volume_named(pod: Pod, name: str) -> Map:
    return next((volume for _, volume in pod.volumes if text(volume, "name") == name), {})


def _is_written(pod: Pod, volume: Map) -> bool:
    """Whether a container may write to a volume of a kind that can be written at all."""
    if not any(key in volume for key in ("emptyDir", "persistentVolumeClaim", "ephemeral")):
        return False
    return any(not mount.read_only for mount in _mounts(pod, text(volume, "name")))


@pod_rule(
    "csi-inline-privileged-driver",
    severity=Severity.MEDIUM,
    remedy="Use a PersistentVolumeClaim, or a driver whose CSIDriver is labelled as safe inline.",
)
def csi_inline_privileged_driver(pod: Pod, context: Context) -> Hits:
    """Volumes inside pods must use drivers that are declared safe for it.

    Reports ``csi`` volumes in pods whose CSIDriver lacks the label
    ``security.kubernetes.io/csi-ephemeral-volume-profile`` with ``restricted`` or ``baseline``.

    Why:

    An inline volume lets the author of a pod give parameters to a driver that runs with the
    rights of the node. Only the label says that the driver was made for that; without it
    Kubernetes counts the driver as privileged.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: data
              csi:
                driver: csi.example.org

    Good:

        apiVersion: storage.k8s.io/v1
        kind: CSIDriver
        metadata:
          name: csi.example.org
          labels:
            security.kubernetes.io/csi-ephemeral-volume-profile: restricted
        spec:
          volumeLifecycleModes: [Ephemeral]
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
          volumes:
            - name: data
              csi:
                driver: csi.example.org

    Not reported:

    With high confidence: drivers whose CSIDriver is not among the files read. Those are usually
    installed from elsewhere, so the confidence is low.

    References:
    https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#csi-driver-restrictions
    """
    for index, volume in pod.volumes:
        driver = text(volume, "csi", "driver") if "csi" in volume else ""
        if not driver or context.index.is_unresolved(driver):
            continue
        declared = context.index.find("CSIDriver", "", driver)
        if declared is not None and declared.labels.get(_CSI_PROFILE) in ("restricted", "baseline"):
            continue
        yield Hit(
            f"gives parameters to the storage driver {driver}, which is not declared safe for it",
            pod.at("volumes", index, "csi", "driver"),
            confidence=Confidence.LOW if declared is None else Confidence.HIGH,
            evidence=driver,
            related=((declared, ("metadata", "labels", _CSI_PROFILE), "the driver"),)
            if declared is not None
            else (),
        )


@container_rule(
    "read-only-root-filesystem",
    severity=Severity.MEDIUM,
    remedy="Set securityContext.readOnlyRootFilesystem to true; mount an emptyDir where it writes.",
    aliases=(
        "kubesec:ReadOnlyRootFilesystem",
        "kube-score:container-security-context-readonlyrootfilesystem",
        "kube-linter:no-read-only-root-fs",
        "KSV-0014",
        "CKV_K8S_22",
        "C-0017",
        "polaris:notReadOnlyRootFilesystem",
    ),
)
def read_only_root_filesystem(container: Container, context: Context) -> Hits:
    """Containers should not be able to change their own programs.

    Reports containers without ``readOnlyRootFilesystem: true``.

    Why:

    An intruder who can write to the root file system installs tools, replaces programs and stays
    until the container ends. A read-only one leaves only the volumes.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
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
              securityContext:
                readOnlyRootFilesystem: true

    Not reported:

    Windows pods, where the field is refused.

    References:
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if not container.read_only_root and not container.pod.is_windows:
        yield Hit(
            "can write to its root file system", ("securityContext", "readOnlyRootFilesystem")
        )

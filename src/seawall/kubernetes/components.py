"""The cluster's own components, as far as manifests configure them.

A component is configured in one of three places, and rules read all of them by the names of
flags:

- the command of a container: of the program itself, behind a wrapper, or in a shell script;
- kubeadm's configuration, which adds flags to a set of its own;
- a configuration file of the component (``KubeletConfiguration``), by a table of fields.

Of a flag that is given again the last one counts, except that lists grow.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from seawall.core.image_reference import parse_image
from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.core.rule import Hit
from seawall.core.severity import Severity
from seawall.kubernetes.command_lines import Setting, Words, flags_of, program_of
from seawall.kubernetes.derived import once_per_index
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context
from seawall.text.scalars import Value
from seawall.text.values import EMPTY_MAP, Map, at, mapping, mappings, sequence, text
from seawall.text.yaml import Document, load

API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
ETCD = "etcd"
KUBELET = "kubelet"
PROXY = "kube-proxy"
SYSTEM_NAMESPACE = "kube-system"

_PROGRAMS = frozenset((API_SERVER, CONTROLLER_MANAGER, SCHEDULER, ETCD, KUBELET, PROXY))
_MENTIONED = pattern("kube-?(?:apiserver|controller-manager|scheduler|let|proxy)|etcd|hyperkube")
_ARCHITECTURE = pattern(r"-(?:amd64|arm|arm64|ppc64le|s390x)$")
_MINOR = pattern(r"v?1\.(\d{1,3})(?!\d)")

_NUMBER = pattern("-?[0-9]{1,15}")
_DURATION_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)"
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

_FILE_FLAGS = frozenset(("config", "config-file", "openshift-config"))
_LISTS = frozenset(
    """
    admission-control authorization-mode disable-admission-plugins enable-admission-plugins
    feature-gates service-account-key-file tls-cipher-suites
    """.split()
)
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))

_PKI = "/etc/kubernetes/pki/"
_BY_KUBEADM: dict[str, tuple[str, ...]] = {
    # What kubeadm sets by itself (kubeadm, phases/controlplane and phases/etcd).
    API_SERVER: (
        "authorization-mode=Node,RBAC", f"client-ca-file={_PKI}ca.crt",
        "enable-admission-plugins=NodeRestriction", "insecure-port=0",
        f"kubelet-client-certificate={_PKI}apiserver-kubelet-client.crt",
        f"kubelet-client-key={_PKI}apiserver-kubelet-client.key",
        f"service-account-key-file={_PKI}sa.pub", f"tls-cert-file={_PKI}apiserver.crt",
        f"tls-private-key-file={_PKI}apiserver.key",
    ),
    CONTROLLER_MANAGER: (
        "bind-address=127.0.0.1", f"root-ca-file={_PKI}ca.crt",
        f"service-account-private-key-file={_PKI}sa.key", "use-service-account-credentials=true",
    ),
    SCHEDULER: ("bind-address=127.0.0.1",),
    ETCD: (
        f"cert-file={_PKI}etcd/server.crt", "client-cert-auth=true",
        f"key-file={_PKI}etcd/server.key", f"peer-cert-file={_PKI}etcd/peer.crt",
        "peer-client-cert-auth=true", f"peer-key-file={_PKI}etcd/peer.key",
        f"peer-trusted-ca-file={_PKI}etcd/ca.crt", f"trusted-ca-file={_PKI}etcd/ca.crt",
    ),
    KUBELET: (f"client-ca-file={_PKI}ca.crt", "rotate-certificates=true"),
}  # fmt: skip
_FOR_LOCAL_ETCD = (
    f"etcd-cafile={_PKI}etcd/ca.crt", f"etcd-certfile={_PKI}apiserver-etcd-client.crt",
    f"etcd-keyfile={_PKI}apiserver-etcd-client.key",
)  # fmt: skip
_FOR_EXTERNAL_ETCD = (
    ("etcd-cafile", "caFile"), ("etcd-certfile", "certFile"), ("etcd-keyfile", "keyFile"),
    ("etcd-servers", "endpoints"),
)  # fmt: skip
_IN_KUBEADM: tuple[tuple[str, KeyPath], ...] = (
    (API_SERVER, ("apiServer",)), (CONTROLLER_MANAGER, ("controllerManager",)),
    (SCHEDULER, ("scheduler",)), (ETCD, ("etcd", "local")),
)  # fmt: skip

_KUBELET_FIELDS: dict[str, KeyPath] = {
    "anonymous-auth": ("authentication", "anonymous", "enabled"),
    "authorization-mode": ("authorization", "mode"),
    "client-ca-file": ("authentication", "x509", "clientCAFile"),
    "event-qps": ("eventRecordQPS",),
    "feature-gates": ("featureGates",),
    "make-iptables-util-chains": ("makeIPTablesUtilChains",),
    "pod-max-pids": ("podPidsLimit",),
    "protect-kernel-defaults": ("protectKernelDefaults",),
    "read-only-port": ("readOnlyPort",),
    "rotate-certificates": ("rotateCertificates",),
    "rotate-server-certificates": ("serverTLSBootstrap",),
    "seccomp-default": ("seccompDefault",),
    "streaming-connection-idle-timeout": ("streamingConnectionIdleTimeout",),
    "tls-cert-file": ("tlsCertFile",),
    "tls-cipher-suites": ("tlsCipherSuites",),
    "tls-min-version": ("tlsMinVersion",),
    "tls-private-key-file": ("tlsPrivateKeyFile",),
}
_FILES: dict[str, tuple[str, str, dict[str, KeyPath]]] = {
    # kind -> the component, the API group, the fields by the names of their flags
    "KubeletConfiguration": (KUBELET, "kubelet.config.k8s.io", _KUBELET_FIELDS),
    "KubeSchedulerConfiguration": (
        SCHEDULER,
        "kubescheduler.config.k8s.io",
        {"profiling": ("enableProfiling",)},
    ),
    "KubeProxyConfiguration": (
        PROXY,
        "kubeproxy.config.k8s.io",
        {"metrics-bind-address": ("metricsBindAddress",)},
    ),
}
_KUBEADM_GROUP = "kubeadm.k8s.io"
_KUBEADM_KINDS = ("ClusterConfiguration", "InitConfiguration", "JoinConfiguration")
_KEPT_BY_KUBEADM = ("kubelet-config", "kube-proxy")
"""ConfigMaps with what no pod tells; ``kubeadm-config`` only repeats the static pods."""
_CLUSTER_API: dict[str, KeyPath] = {
    "KubeadmConfig": ("spec",),
    "KubeadmConfigTemplate": ("spec", "template", "spec"),
    "KubeadmControlPlane": ("spec", "kubeadmConfigSpec"),
    "KubeadmControlPlaneTemplate": ("spec", "template", "spec", "kubeadmConfigSpec"),
}

_OF_OTHERS = frozenset((*_KUBEADM_KINDS, *_CLUSTER_API, *_FILES))
"""Kinds that are about a component by themselves, or by what stands beside them."""
KINDS = (
    "Pod", "DaemonSet", "Deployment", "StatefulSet", "ConfigMap", *_KUBEADM_KINDS, *_CLUSTER_API,
    *_FILES,
)  # fmt: skip
"""The kinds that may configure a component."""


class Component:
    """A component and its settings, by the names of flags without dashes.

    ``opaque`` tells that more settings may come from where they cannot be seen, so that nothing
    can be said of those that are missing. Paths are relative to the object.
    """

    __slots__ = ("container", "fields", "minor", "name", "object", "opaque", "place", "settings")

    def __init__(
        self,
        object_: KubernetesObject,
        name: str,
        place: KeyPath,
        settings: Iterable[tuple[str, Setting]],
        *,
        container: str = "",
        minor: int | None = None,
        opaque: bool = False,
    ) -> None:
        self.object = object_
        self.name = name
        self.place = place
        """Where a flag that is missing belongs."""
        self.settings: dict[str, list[Setting]] = {}
        for flag, setting in settings:
            self.settings.setdefault(flag, []).append(setting)
        self.container = container
        self.minor = minor
        """The minor number of its version, where the manifest tells."""
        self.opaque = opaque
        self.fields: Mapping[str, KeyPath] = {}
        """The fields of its configuration file, by flag; empty where flags are flags."""

    def __repr__(self) -> str:
        return f"<{self.name} in {self.object!r}>"

    def get(self, flag: str) -> Setting | None:
        """The setting that counts: the last one."""
        found = self.settings.get(flag)
        return found[-1] if found else None

    def text(self, flag: str) -> str:
        """The value of a flag, empty when it is not set or not known."""
        setting = self.get(flag)
        return setting.value if setting is not None else ""

    def number(self, flag: str) -> int | None:
        """The value of a flag as a whole number."""
        value = self.text(flag)
        return int(value) if _NUMBER.fullmatch(value) else None

    def items(self, flag: str) -> list[Setting]:
        """The members of a list that is given with commas, by repetition, or both."""
        found = self.settings.get(flag, [])
        return [
            Setting(item.strip(), setting.at, setting.known)
            for setting in (found if flag in _LISTS else found[-1:])
            for item in setting.value.split(",")
            if item.strip() or not setting.known
        ]

    def is_unset(self, flag: str) -> bool:
        """Whether a flag surely has no value."""
        setting = self.get(flag)
        if setting is not None:
            return setting.known and not setting.value
        return not self.opaque and (not self.fields or flag in self.fields)

    def is_not(self, flag: str, *, wanted: bool, default: bool) -> bool:
        """Whether a switch surely stands the other way than wanted."""
        setting = self.get(flag)
        if setting is None or not (setting.value or not setting.known):
            return default is not wanted and self.is_unset(flag)
        return setting.value in (_FALSE if wanted else _TRUE)

    def where(self, flag: str) -> KeyPath:
        """Where a flag is set, or else belongs."""
        setting = self.get(flag)
        if setting is not None:
            return setting.at
        if flag in self.fields:
            return (*self.place, *self.fields[flag])
        return self.place

    def set_to(self, flag: str, value: str) -> str:
        """A remedy, in the words of the flag or of the field that stands for it."""
        field = self.fields.get(flag)
        name = ".".join(str(key) for key in field) if field else f"--{flag}"
        return f"Set {name} to {value}."

    def hit(
        self,
        message: str,
        flag: str,
        *,
        at: KeyPath | None = None,
        remedy: str | None = None,
        severity: Severity | None = None,
        evidence: str = "",
    ) -> Hit:
        """A finding about a flag of this component."""
        return Hit(
            message,
            self.where(flag) if at is None else at,
            severity=severity,
            remedy=remedy,
            evidence=evidence or flag,
            container=self.container,
        )


def components(object_: KubernetesObject, context: Context, *names: str) -> Iterable[Component]:
    """The components of some names that an object configures.

    Nearly every object configures none, which it tells by itself: no other is looked at for it.
    """
    if not _may_configure(object_, context.unasked_index):
        return ()
    return components_in(object_, context.index, *names)


def components_in(object_: KubernetesObject, index: Index, *names: str) -> Iterable[Component]:
    """The same, for those who look at all objects anyway."""
    found = index.once(("components", id(object_)), lambda: tuple(_components(object_, index)))
    return [item for item in found if item.name in names]


def _may_configure(object_: KubernetesObject, index: Index) -> bool:
    """Whether an object, looked at alone, is about a component."""
    return index.once(("candidate", id(object_)), lambda: _is_candidate(object_, index))


def _is_candidate(object_: KubernetesObject, index: Index) -> bool:
    if object_.kind == "ConfigMap":
        return any(_in_config_map(object_))
    if object_.kind in _OF_OTHERS:
        return True
    containers = (item for pod in index.pods(object_) for item in pod.containers)
    return any(_in_container(item) is not None for item in containers)


def _components(object_: KubernetesObject, index: Index) -> Iterator[Component]:
    kind = object_.kind
    if kind == "ConfigMap":
        yield from _in_config_map(object_)
    elif kind in _FILES or kind in _KUBEADM_KINDS:
        beside_kubeadm = object_.file in _files_of_kubeadm(index)
        yield from _in_file(object_, object_.value, beside_kubeadm=beside_kubeadm)
    elif kind in _CLUSTER_API:
        base = _CLUSTER_API[kind]
        found = mapping(object_.value, *base)
        configuration = mapping(found, "clusterConfiguration")
        if configuration:
            yield from _in_kubeadm(object_, configuration, (*base, "clusterConfiguration"))
        for key in ("initConfiguration", "joinConfiguration"):
            yield from _in_registration(object_, mapping(found, key), (*base, key))
    else:
        for pod in index.pods(object_):
            for container in pod.containers:
                component = _in_container(container)
                if component is not None and (
                    component.name != ETCD or _is_of_cluster(component, container, index)
                ):
                    yield component


# Containers -----------------------------------------------------------------------------------


def _in_container(container: Container) -> Component | None:
    value = container.value
    image = text(value, "image")
    words: Words = [
        (_text(item), (field, index))
        for field in ("command", "args")
        for index, item in enumerate(sequence(value, field))
    ]
    mentioned = " ".join((container.name, image, *(word for word, _ in words)))
    if not words or _MENTIONED.search(mentioned) is None:
        return None
    name, rest = program_of(words, _PROGRAMS)
    wrapped = False
    if not name:
        name, rest = _name_without_program(container, image), words
        if not name or not any(word.startswith("--") for word, _ in words):
            return None
        wrapped = not words[0][0].startswith("-")  # a script may add flags of its own
    base = container.path[len(container.object.path) :]
    environment = {text(item, "name"): item.get("value") for _, item in container.env}
    settings, opaque = flags_of(rest, base, environment)
    if name == ETCD:
        settings[:0] = _etcd_environment(container, base)
    elsewhere = any(flag in _FILE_FLAGS for flag, _ in settings)
    if name == ETCD and elsewhere:
        return None  # etcd then ignores its flags
    last = rest[-1] if rest else words[-1]
    return Component(
        container.object,
        name,
        (*base, last[1][0]),
        settings,
        container=container.name,
        minor=None if name == ETCD else _minor(parse_image(image).tag if image else ""),
        opaque=opaque or elsewhere or wrapped,
    )


def _name_without_program(container: Container, image: str) -> str:
    """The component by its image, or by its container's name in a static pod of the system."""
    repository = parse_image(image).repository.rpartition("/")[2] if image else ""
    name = _ARCHITECTURE.sub("", repository)
    if name in _PROGRAMS:
        return name
    object_ = container.object
    if (
        object_.kind == "Pod"
        and object_.namespace == SYSTEM_NAMESPACE
        and container.name in _PROGRAMS
    ):
        return container.name
    return ""


def _etcd_environment(container: Container, base: KeyPath) -> list[tuple[str, Setting]]:
    """Settings of etcd by variables, which its flags override."""
    found = []
    for index, item in container.env:
        name = text(item, "name")
        if name.startswith("ETCD_"):
            flag = name.removeprefix("ETCD_").lower().replace("_", "-")
            value = item.get("value")
            known = isinstance(value, str) and "$" not in value
            place = (*base, "env", index)
            found.append((flag, Setting(_text(value) if known else "", place, known)))
    return found


def _is_of_cluster(component: Component, container: Container, index: Index) -> bool:
    """Whether an etcd holds the state of a cluster, and not that of some application."""
    object_ = container.object
    pod = container.pod
    tiers = (object_.labels.get("tier"), pod.labels.get("tier"))
    if object_.namespace == SYSTEM_NAMESPACE or pod.host_network or "control-plane" in tiers:
        return True
    if any(
        setting.value.startswith("/etc/kubernetes/")
        for settings in component.settings.values()
        for setting in settings
    ):
        return True
    return object_.namespace in _namespaces_of_api_servers(index)


@once_per_index
def _namespaces_of_api_servers(index: Index) -> frozenset[str]:
    return frozenset(
        pod.object.namespace
        for pod in index.all_pods
        for container in pod.containers
        if (component := _in_container(container)) is not None and component.name == API_SERVER
    )


# Configuration objects ------------------------------------------------------------------------


@once_per_index
def _files_of_kubeadm(index: Index) -> frozenset[str]:
    kinds = index.of_kind(*_KUBEADM_KINDS)
    return frozenset(object_.file for object_ in kinds if object_.group == _KUBEADM_GROUP)


def _in_file(object_: KubernetesObject, value: Map, *, beside_kubeadm: bool) -> Iterator[Component]:
    group = text(value, "apiVersion").partition("/")[0]
    kind = text(value, "kind")
    if kind in _FILES:
        name, expected, fields = _FILES[kind]
        if group != expected:
            return
        settings = [
            (flag, Setting(_text(found), path))
            for flag, path in fields.items()
            if (found := at(value, *path)) is not None
        ]
        if beside_kubeadm:
            settings[:0] = _presumed(_BY_KUBEADM.get(name, ()), (), fields)
        component = Component(object_, name, (), settings)
        component.fields = fields
        yield component
    elif group == _KUBEADM_GROUP and kind == "ClusterConfiguration":
        yield from _in_kubeadm(object_, value, ())
    elif group == _KUBEADM_GROUP:
        yield from _in_registration(object_, value, ())


def _in_kubeadm(object_: KubernetesObject, value: Map, base: KeyPath) -> Iterator[Component]:
    minor = _minor(text(value, "kubernetesVersion"))
    external = mapping(value, "etcd", "external")
    for name, path in _IN_KUBEADM:
        if name == ETCD and external:
            continue
        place = (*base, *path, "extraArgs")
        settings = _presumed(_BY_KUBEADM[name], place)
        if name == API_SERVER and external:
            settings.extend(
                (flag, Setting(_text(found), (*base, "etcd", "external", key)))
                for flag, key in _FOR_EXTERNAL_ETCD
                if (found := external.get(key)) is not None
            )
        elif name == API_SERVER:
            settings.extend(_presumed(_FOR_LOCAL_ETCD, place))
        own = list(_extra_args(at(value, *path, "extraArgs"), place))
        replaced = {flag for flag, _ in own}
        settings = [item for item in settings if item[0] not in replaced] + own
        yield Component(object_, name, place, settings, minor=minor)


def _in_registration(object_: KubernetesObject, value: Map, base: KeyPath) -> Iterator[Component]:
    path = ("nodeRegistration", "kubeletExtraArgs")
    found = at(value, *path)
    if found:
        place = (*base, *path)
        settings = _extra_args(found, place)
        yield Component(object_, KUBELET, place, settings, opaque=True)


def _extra_args(value: Value, place: KeyPath) -> Iterator[tuple[str, Setting]]:
    """Flags as a mapping (until kubeadm v1beta3) or as a list of names and values."""
    if isinstance(value, dict):
        for flag, found in value.items():
            if found is not None:
                yield flag.replace("_", "-"), Setting(_text(found), (*place, flag))
        return
    for index, item in mappings({"": value}, ""):
        flag = text(item, "name")
        if flag:
            yield (
                flag.replace("_", "-"),
                Setting(_text(item.get("value")), (*place, index, "value")),
            )


def _presumed(
    flags: Iterable[str], place: KeyPath, fields: Mapping[str, KeyPath] | None = None
) -> list[tuple[str, Setting]]:
    pairs = [flag.partition("=") for flag in flags]
    return [
        (flag, Setting(value, fields[flag] if fields and flag in fields else place))
        for flag, _, value in pairs
    ]


def _in_config_map(object_: KubernetesObject) -> Iterator[Component]:
    """The configuration that kubeadm keeps in the cluster."""
    if object_.namespace != SYSTEM_NAMESPACE or not object_.name.startswith(_KEPT_BY_KUBEADM):
        return
    for key, value in mapping(object_.value, "data").items():
        if not isinstance(value, str) or "Configuration" not in value:
            continue
        for document in load(value):
            inner = document.value if isinstance(document, Document) else EMPTY_MAP
            if isinstance(inner, dict):
                for component in _in_file(object_, inner, beside_kubeadm=True):
                    yield _in_text(component, ("data", key))


def _in_text(component: Component, base: KeyPath) -> Component:
    """The same component, its places below that of the text it is written in."""
    component.place = (*base, *component.place)
    component.settings = {
        flag: [setting._replace(at=(*base, *setting.at)) for setting in settings]
        for flag, settings in component.settings.items()
    }
    return component


def _text(value: Value) -> str:
    """A value as a flag would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{key}={_text(item)}" for key, item in value.items())
    return "" if value is None else str(value)


def _minor(version: str) -> int | None:
    match = _MINOR.match(version)
    return int(match.group(1)) if match else None


def seconds(duration: str) -> float | None:
    """The length of a duration as Go writes it (``1h30m``); ``None`` when it is none."""
    if duration == "0":
        return 0.0
    if re.fullmatch(f"(?:{_DURATION_PART})+", duration) is None:
        return None
    parts = re.findall(_DURATION_PART, duration)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)

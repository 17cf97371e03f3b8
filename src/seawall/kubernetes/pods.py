"""Pods and containers with their effective values, wherever the pod template stands.

"Effective" means after the API server's defaulting and the kubelet's inheritance from pod to
container (k8s.io/api core/v1 ``zz_generated.defaults``, ``securitycontext.DetermineEffective``):
what a rule judges is what will run, not what happens to be written.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from seawall.core.finding import Subject
from seawall.core.image_reference import ImageReference, is_valid_image, parse_image
from seawall.core.location import KeyPath
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.scalars import Value
from seawall.text.values import (
    Map,
    at,
    integer,
    is_true,
    labels_of,
    mapping,
    mappings,
    sequence,
    text,
)

REGULAR = "regular"
INIT = "init"
SIDECAR = "sidecar"
"""An init container with ``restartPolicy: Always`` (KEP-753): it runs beside the others."""
EPHEMERAL = "ephemeral"

DEFAULT_CAPABILITIES = frozenset(
    """
    AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP
    SETGID SETPCAP SETUID SYS_CHROOT
    """.split()
)
"""What container runtimes grant when nothing is said (containerd ``oci.WithDefaultSpec``)."""

APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
"""How an AppArmor profile was set before the field (1.30); a container's name follows."""
EMPTY_PLACES: Mapping[str, KeyPath] = MappingProxyType({})
_LIST_OF = {INIT: "initContainers", SIDECAR: "initContainers", EPHEMERAL: "ephemeralContainers"}
JOB_KINDS = frozenset(
    """
    Job CronJob ScaledJob Workflow CronWorkflow Task ClusterTask TaskRun Pipeline PipelineRun
    StepAction
    """.split()
)


class Container:
    """A container of a pod. ``type`` is one of regular, init, sidecar, ephemeral."""

    def __init__(self, pod: "Pod", value: Map, type_: str, path: KeyPath) -> None:
        self.pod = pod
        self.value = value
        self.type = type_
        self.path = path
        """Where it stands in its document."""
        self.name = text(value, "name")
        self.security_context = mapping(value, "securityContext")

    def __repr__(self) -> str:
        return f"<{self.type} container {self.name} of {self.pod.object!r}>"

    @property
    def object(self) -> KubernetesObject:
        """The object that holds the pod."""
        return self.pod.object

    @property
    def subject(self) -> Subject:
        """What findings about this container name."""
        return self.pod.object.subject._replace(container=self.name)

    @property
    def is_long_running(self) -> bool:
        """Whether it runs for the life of the pod: probes and ports mean something."""
        return self.type in (REGULAR, SIDECAR)

    @property
    def takes_resources(self) -> bool:
        """Whether it may ask for resources; ephemeral containers may not."""
        return self.type != EPHEMERAL

    # Security context ------------------------------------------------------------------------

    def security(self, *keys: str) -> Value:
        """The effective value of a field that containers inherit from the pod's context.

        A container's own value wins; ``null`` inherits, as the API server has it.
        """
        own = at(self.security_context, *keys)
        return own if own is not None else at(self.pod.security_context, *keys)

    def pod_sets(self, *keys: str) -> bool:
        """Whether the effective value comes from the pod's security context."""
        return (
            at(self.security_context, *keys) is None
            and at(self.pod.security_context, *keys) is not None
        )

    @property
    def is_privileged(self) -> bool:
        """``securityContext.privileged``."""
        return is_true(self.security_context, "privileged")

    @cached_property
    def added_capabilities(self) -> dict[str, int]:
        """Capabilities asked for, normalised (no ``CAP_``, upper case), with their index."""
        return _capabilities(self.security_context, "add")

    @cached_property
    def dropped_capabilities(self) -> dict[str, int]:
        """Capabilities given up, normalised, with their index."""
        return _capabilities(self.security_context, "drop")

    @property
    def drops_all(self) -> bool:
        """Whether all default capabilities are dropped."""
        return "ALL" in self.dropped_capabilities

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """The effective bounding set; ``ALL`` stands for every one there is."""
        if self.is_privileged or "ALL" in self.added_capabilities:
            return frozenset(("ALL",))
        base = frozenset() if self.drops_all else DEFAULT_CAPABILITIES
        return (base - self.dropped_capabilities.keys()) | self.added_capabilities.keys()

    def has_capability(self, name: str) -> bool:
        """Whether the container effectively has a capability (name without ``CAP_``)."""
        return name in self.capabilities or "ALL" in self.capabilities

    @property
    def run_as_user(self) -> int | None:
        """The user id set for the container; ``None`` leaves it to the image."""
        return _number(self.security("runAsUser"))

    @property
    def run_as_group(self) -> int | None:
        """The primary group id; ``None`` leaves it to the image."""
        return _number(self.security("runAsGroup"))

    @property
    def run_as_non_root(self) -> bool:
        """Whether the kubelet refuses to start the container as root."""
        return self.security("runAsNonRoot") is True

    @property
    def read_only_root(self) -> bool:
        """Whether the root file system is read-only."""
        return is_true(self.security_context, "readOnlyRootFilesystem")

    @property
    def seccomp(self) -> str:
        """The effective seccomp profile type, empty when none is set (then Unconfined)."""
        value = self.security("seccompProfile", "type")
        return value if isinstance(value, str) else ""

    # Image, resources, environment -----------------------------------------------------------

    @cached_property
    def image(self) -> ImageReference | None:
        """The image reference; ``None`` when the field is missing."""
        reference = text(self.value, "image")
        return parse_image(reference) if reference else None

    @property
    def image_pull_policy(self) -> str:
        """``Always`` for the tag ``latest`` or none and no digest, else ``IfNotPresent``.

        A reference that is none has no tag to look at (core/v1 ``SetDefaults_Container``).
        """
        policy = text(self.value, "imagePullPolicy")
        if policy:
            return policy
        image = self.image
        if image is None or not image.is_mutable or not is_valid_image(text(self.value, "image")):
            return "IfNotPresent"
        return "Always"

    def limit(self, resource: str) -> Value:
        """``resources.limits``."""
        return at(self.value, "resources", "limits", resource)

    def request(self, resource: str) -> Value:
        """``resources.requests``; where it is unset the API server copies the limit."""
        own = at(self.value, "resources", "requests", resource)
        return own if own is not None else self.limit(resource)

    @cached_property
    def ports(self) -> tuple[tuple[int, Map], ...]:
        """Declared ports, each with its index."""
        return tuple(mappings(self.value, "ports"))

    @cached_property
    def env(self) -> tuple[tuple[int, Map], ...]:
        """Environment variables, each with its index."""
        return tuple(mappings(self.value, "env"))

    @cached_property
    def mounts(self) -> tuple[tuple[int, Map], ...]:
        """Volume mounts, each with its index."""
        return tuple(mappings(self.value, "volumeMounts"))

    def host_port(self, port: Map) -> int:
        """The host port of a declared port; under host networking the container's own."""
        own = integer(port, "hostPort") or 0
        if not own and self.pod.host_network:
            return integer(port, "containerPort") or 0
        return own


class Pod:
    """A pod or pod template.

    ``path`` is where the thing that has ``metadata`` and ``spec`` stands in its document;
    ``spec_path`` where the pod spec itself stands (they differ in custom resources that have
    containers without a full template). ``places`` tells where fields of the spec stand that the
    custom resource keeps elsewhere, relative to the pod; "" stands for all it does not name.
    """

    def __init__(
        self,
        object_: KubernetesObject,
        *,
        spec: Map,
        spec_path: KeyPath,
        metadata: Map,
        path: KeyPath,
        containers: tuple[tuple[Map, str, KeyPath], ...] | None = None,
        places: Mapping[str, KeyPath] = EMPTY_PLACES,
        started_elsewhere: bool = False,
    ) -> None:
        self.object = object_
        self.spec = spec
        self.spec_path = spec_path
        self.metadata = metadata
        self.path = path
        self._places = places
        self.started_elsewhere = started_elsewhere
        """Whether another object makes pods of it and decides for whom they run (Tekton)."""
        self.security_context = mapping(spec, "securityContext")
        self._own_containers = containers is not None
        found = _containers_of(spec, spec_path) if containers is None else containers
        self.containers = tuple(
            Container(self, value, type_, place) for value, type_, place in found
        )

    def __repr__(self) -> str:
        return f"<pod of {self.object!r}>"

    @property
    def subject(self) -> Subject:
        """What findings about this pod name: the object people wrote."""
        return self.object.subject

    @property
    def spec_at(self) -> KeyPath:
        """The path from the pod down to its spec, for hits that are relative to the pod."""
        return self.spec_path[len(self.path) :]

    def at(self, *keys: str | int) -> KeyPath:
        """A path below the pod's spec, relative to the pod, for ``Hit.at``."""
        place = self._places.get(str(keys[0])) if keys else None
        if place is not None:
            return (*place, *keys[1:])
        return (*self._places.get("", self.spec_at), *keys)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels of the pods that will be made."""
        return labels_of(self.metadata, "labels")

    @cached_property
    def annotations(self) -> dict[str, str]:
        """Annotations of the pods that will be made."""
        return labels_of(self.metadata, "annotations")

    @property
    def is_windows(self) -> bool:
        """``spec.os.name`` is windows: the only thing Pod Security looks at."""
        return text(self.spec, "os", "name") == "windows"

    @property
    def is_job(self) -> bool:
        """Whether it runs to its end rather than serving."""
        return self.object.kind in JOB_KINDS

    @property
    def host_network(self) -> bool:
        """``spec.hostNetwork``."""
        return is_true(self.spec, "hostNetwork")

    @property
    def restart_policy(self) -> str:
        """``Always`` when unset."""
        return text(self.spec, "restartPolicy") or "Always"

    @property
    def service_account_name(self) -> str:
        """``serviceAccountName``, else the deprecated ``serviceAccount``, else ``default``."""
        return (
            text(self.spec, "serviceAccountName") or text(self.spec, "serviceAccount") or "default"
        )

    @cached_property
    def volumes(self) -> tuple[tuple[int, Map], ...]:
        """Volumes, each with its index."""
        return tuple(mappings(self.spec, "volumes"))

    @property
    def whole_spec(self) -> Map:
        """The spec with its containers, also where a custom resource keeps these elsewhere."""
        if not self._own_containers:
            return self.spec
        lists: Map = {"containers": [], "initContainers": [], "ephemeralContainers": []}
        for container in self.containers:
            sequence(lists, _LIST_OF.get(container.type, "containers")).append(container.value)
        return self.spec | lists

    def from_whole(self, path: KeyPath) -> KeyPath:
        """Where a path into ``{metadata, spec: whole_spec}`` stands, relative to the pod."""
        if not path or path[0] != "spec":
            return path
        if self._own_containers and len(path) > 2 and path[1] in ("containers", *_LIST_OF.values()):
            same = [c for c in self.containers if _LIST_OF.get(c.type, "containers") == path[1]]
            index = path[2]
            if isinstance(index, int) and index < len(same):
                return (*same[index].path[len(self.path) :], *path[3:])
        return self.at(*path[1:])

    def of_type(self, *types: str) -> Iterator[Container]:
        """The containers of some types."""
        return (container for container in self.containers if container.type in types)


def _containers_of(spec: Map, path: KeyPath) -> tuple[tuple[Map, str, KeyPath], ...]:
    found = []
    for index, item in mappings(spec, "initContainers"):
        type_ = SIDECAR if text(item, "restartPolicy") == "Always" else INIT
        found.append((item, type_, (*path, "initContainers", index)))
    for key, type_ in (("containers", REGULAR), ("ephemeralContainers", EPHEMERAL)):
        found.extend((item, type_, (*path, key, index)) for index, item in mappings(spec, key))
    return tuple(found)


def _capabilities(security_context: Map, key: str) -> dict[str, int]:
    result: dict[str, int] = {}
    for index, name in enumerate(sequence(security_context, "capabilities", key)):
        if isinstance(name, str):
            result.setdefault(name.upper().removeprefix("CAP_"), index)
    return result


def _number(value: Value) -> int | None:
    return integer({"": value}, "")

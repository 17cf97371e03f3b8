"""How a Kubernetes rule is written: a decorated function, its metadata and its docstring.

    @container_rule(
        "privileged-container",
        severity=Severity.CRITICAL,
        remedy="Set securityContext.privileged to false.",
        aliases=("kube-linter:privileged-container", "KSV-0017"),
    )
    def privileged_container(container: Container, context: Context) -> Hits:
        '''Containers must not run privileged. ...'''
        if container.is_privileged:
            yield Hit("runs privileged", ("securityContext", "privileged"))

The scope decides what the function is called with: each container, each pod (template), or each
object of some kinds. Nothing else is needed: the catalogue finds rules in the modules of
``seawall.kubernetes.rules`` by their type.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Unpack

from seawall.core.redacted import Redacted
from seawall.core.rule import Hits, ParameterValue, Rule
from seawall.core.rule_decorator import Metadata, ParameterContext, decorator
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.index import Index

if TYPE_CHECKING:
    from seawall.kubernetes.objects import KubernetesObject
    from seawall.kubernetes.pods import Container, Pod

DOMAIN = "kubernetes"
CONTAINER = "container"
POD = "pod"
OBJECT = "object"


class Context(ParameterContext):
    """What a rule may know besides the entity it judges."""

    def __init__(
        self,
        index: Index,
        *,
        kubernetes_version: str,
        pss_version: str = "latest",
        parameters: dict[str, dict[str, ParameterValue]] | None = None,
        wants_fixes: bool = False,
        pins: Mapping[str, str] | None = None,
        known_secrets: tuple[Redacted, ...] = (),
    ) -> None:
        super().__init__(parameters, known_secrets)
        self._index = index
        self.wants_fixes = wants_fixes
        """Whether findings are to come with what mends them."""
        self.pins = pins or {}
        """Digests of images by ``registry/repository:tag``, from a lock file."""
        self.asked_index = False
        """Set when a rule looks at other objects: then its verdict rests on more than one file."""
        self.kubernetes_version = kubernetes_version
        """The cluster's version as ``1.36``."""
        self.minor = int(kubernetes_version.partition(".")[2] or 0)
        """The minor number of the cluster's version."""
        self.pss_version = pss_version
        """The Pod Security policy version as ``v1.28`` or ``latest``."""
        self._parent: Context | None = None

    def with_parameters(self, rule: Rule, values: dict[str, ParameterValue]) -> "Context":
        """The same context, but for the parameters of one rule."""
        result = Context(
            self._index,
            kubernetes_version=self.kubernetes_version,
            pss_version=self.pss_version,
            parameters={rule.id: values},
            known_secrets=self.known_secrets,
        )
        result._parent = self
        return result

    @property
    def index(self) -> Index:
        """All objects of the run."""
        self.asked_index = True
        if self._parent is not None:
            self._parent.asked_index = True
        return self._index

    @property
    def unasked_index(self) -> Index:
        """The index, for what is kept there of one object alone: not a look at other objects."""
        return self._index

    def pods(self, object_: "KubernetesObject") -> "tuple[Pod, ...]":
        """The pods that an object makes: no look at other objects."""
        return self._index.pods(object_)

    def confidence_of_absence(self, object_: "KubernetesObject") -> Confidence:
        """How sure one can be that something is missing: only where all of it was read."""
        return Confidence.HIGH if object_.complete else Confidence.LOW


ContainerCheck = Callable[["Container", Context], Hits]
PodCheck = Callable[["Pod", Context], Hits]
ObjectCheck = Callable[["KubernetesObject", Context], Hits]


def container_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[ContainerCheck], Rule]:
    """A rule that is called with every container of every pod, init and ephemeral ones too."""
    return decorator(id_, DOMAIN, CONTAINER, severity, remedy, (), metadata)


def pod_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[PodCheck], Rule]:
    """A rule that is called with every pod and pod template."""
    return decorator(id_, DOMAIN, POD, severity, remedy, (), metadata)


def object_rule(
    id_: str,
    *,
    severity: Severity,
    remedy: str,
    kinds: tuple[str, ...] = (),
    **metadata: Unpack[Metadata],
) -> Callable[[ObjectCheck], Rule]:
    """A rule that is called with every object of some kinds; without kinds, with every object."""
    return decorator(id_, DOMAIN, OBJECT, severity, remedy, kinds, metadata)

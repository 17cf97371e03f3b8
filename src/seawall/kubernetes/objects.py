"""Kubernetes objects as they stand in files."""

from collections.abc import Iterator

from seawall.core.finding import Subject
from seawall.core.location import KeyPath, Span
from seawall.text.scalars import Value
from seawall.text.values import Map, labels_of, mapping, text

DEFAULT_NAMESPACE = "default"

CLUSTER_SCOPED = frozenset(
    """
    APIService CSIDriver CSINode CertificateSigningRequest ClusterIssuer ClusterPolicy
    ClusterRole ClusterRoleBinding ClusterTrustBundle ComponentStatus CustomResourceDefinition
    DeviceClass FlowSchema GatewayClass IPAddress IngressClass InitializerConfiguration
    MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
    Namespace Node PersistentVolume PodSecurityPolicy PriorityClass PriorityLevelConfiguration
    ResourceSlice RuntimeClass SecurityContextConstraints ServiceCIDR StorageClass
    StorageVersionMigration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
    ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass ClusterCIDR
    CiliumClusterwideNetworkPolicy GlobalNetworkPolicy AdminNetworkPolicy
    BaselineAdminNetworkPolicy ConstraintTemplate KubeletConfiguration ClusterConfiguration
    InitConfiguration JoinConfiguration EncryptionConfiguration AdmissionConfiguration
    KubeProxyConfiguration KubeSchedulerConfiguration
    """.split()
)


class KubernetesObject:
    """One object of a manifest.

    ``namespace`` is the one it will live in ("default" when none is given, empty for kinds that
    live outside namespaces); ``base`` is where it stands in its document (not the root when it
    is an item of a List). ``target`` tells objects to report on from mere context, ``complete``
    whether everything that belongs to it was there to be read, ``listed`` whether a kustomization
    of the run names its file as a resource: then it is whole, with what the kustomization adds.
    """

    __slots__ = (
        "api_version", "complete", "document", "duplicates", "file", "group", "kind", "listed",
        "metadata", "name", "namespace", "path", "target", "value", "version",
    )  # fmt: skip

    def __init__(
        self,
        value: Map,
        *,
        file: str = "",
        document: int = 0,
        base: KeyPath = (),
        target: bool = True,
        complete: bool = False,
        listed: bool = False,
    ) -> None:
        self.value = value
        self.file = file
        self.document = document
        self.path = base
        self.target = target
        self.complete = complete
        self.listed = listed
        self.duplicates: tuple[tuple[KeyPath, tuple[Span, ...]], ...] = ()
        """Keys that stand twice: where in the document, and each place."""
        self.api_version = text(value, "apiVersion")
        group, slash, version = self.api_version.partition("/")
        self.group, self.version = (group, version) if slash else ("", group)
        self.kind = text(value, "kind")
        self.metadata = mapping(value, "metadata")
        self.name = text(self.metadata, "name") or text(self.metadata, "generateName")
        self.namespace = (
            ""
            if self.kind in CLUSTER_SCOPED
            else text(self.metadata, "namespace") or DEFAULT_NAMESPACE
        )

    def __repr__(self) -> str:
        return f"<{self.kind}/{self.name} in {self.namespace or 'the cluster'}>"

    def settle_in(self, namespace: str) -> None:
        """Say where it will live, if it does not say so itself and its kind lives anywhere."""
        if self.namespace and not text(self.metadata, "namespace"):
            self.namespace = namespace

    @property
    def object(self) -> "KubernetesObject":
        """Itself: every entity a rule may be called with knows its object."""
        return self

    @property
    def subject(self) -> Subject:
        """What findings about this object name."""
        return Subject(self.kind, self.namespace, self.name)

    @property
    def labels(self) -> dict[str, str]:
        """``metadata.labels``."""
        return labels_of(self.metadata, "labels")

    @property
    def annotations(self) -> dict[str, str]:
        """``metadata.annotations``."""
        return labels_of(self.metadata, "annotations")

    @property
    def spec(self) -> Map:
        """``spec``, empty when there is none."""
        return mapping(self.value, "spec")


def objects_in(
    value: Value, *, file: str, document: int, target: bool, complete: bool, listed: bool = False
) -> Iterator[KubernetesObject]:
    """The objects of a document: itself, or the items of a List, however nested.

    Items of a typed list (``DeploymentList``) may leave out what the list already says.
    """
    stack: list[tuple[Value, KeyPath, str, str]] = [(value, (), "", "")]
    while stack:
        item, base, api_version, kind = stack.pop()
        if not isinstance(item, dict):
            continue
        own_kind = text(item, "kind")
        items = item.get("items")
        if own_kind.endswith("List") and isinstance(items, list) and len(base) < 16:
            item_kind = own_kind.removesuffix("List")
            item_version = text(item, "apiVersion") if item_kind else ""
            stack.extend(
                (member, (*base, "items", index), item_version, item_kind)
                for index, member in reversed(list(enumerate(items)))
            )
            continue
        if kind and not own_kind:
            item = {"apiVersion": api_version, "kind": kind, **item}
        if looks_like_object(item):
            yield KubernetesObject(
                item, file=file, document=document, base=base, target=target, complete=complete,
                listed=listed,
            )  # fmt: skip


def looks_like_object(value: Value) -> bool:
    """Whether a value is meant to be a Kubernetes object, if perhaps a faulty one."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return False
    if isinstance(value.get("apiVersion"), str):
        return True
    return isinstance(value.get("metadata"), dict) and isinstance(value.get("spec"), dict)

"""Every API version of a built-in kind that Kubernetes deprecated or removed.

Sources: the deprecated API migration guide of the Kubernetes documentation and, for exact
releases and for planned removals, the ``APILifecycle...`` marks in ``k8s.io/api`` (0.19 to
0.36), which servers print as warnings. Where a version left earlier than its mark says, the
OpenAPI documents of the releases decide. Bodies of subresources (``Scale``, ``Eviction``) are
nothing that a manifest can be and are left out, and so are betas whose deprecation is dated
after 1.36: such dates move.
"""

from functools import cache

from seawall.core.named_tuple import NamedTuple


class ApiStatus(NamedTuple):
    """What became of one kind in one API version. Releases are written like ``1.25``.

    ``removed_in`` is the first release that does not serve it: a planned one when it is newer
    than the newest release, empty when none is planned. Versions removed without an
    announcement have the same release in ``deprecated_in``. ``replacement`` is the best version
    of today with its kind (``networking.k8s.io/v1 Ingress``), empty when there is none.
    """

    deprecated_in: str
    removed_in: str
    replacement: str


def api_status(api_version: str, kind: str) -> ApiStatus | None:
    """The status of a kind in an API version, ``None`` where nothing is deprecated."""
    return _statuses().get((api_version, kind))


def minor(version: str) -> int:
    """The minor number of a Kubernetes version: 25 for ``1.25``, ``v1.25.3`` or ``1.25+``.

    Raises ``ValueError`` for text that is no version of Kubernetes 1.
    """
    parts = version.strip().removeprefix("v").split(".")
    number = parts[1].rstrip("+") if len(parts) > 1 else ""
    if parts[0] != "1" or not (number.isascii() and number.isdigit()) or len(number) > 4:
        raise ValueError(f"{version!r} is no Kubernetes version; write it like 1.36")
    return int(number)


@cache
def _statuses() -> dict[tuple[str, str], ApiStatus]:
    statuses: dict[tuple[str, str], ApiStatus] = {}
    group = ""
    for line in _TABLE.strip().split("\n"):
        if line[0] == "[":
            group = f"{line[1:-1]}/" if line != "[]" else ""
            continue
        facts, _, kinds = line.partition(": ")
        version, deprecated_in, removed_in, replacement = facts.split(" ")
        target, _, renamed = replacement.partition("=")
        if "/" not in target:
            target = group + target
        for kind in kinds.split(" "):
            statuses[group + version, kind] = ApiStatus(
                deprecated_in,
                "" if removed_in == "-" else removed_in,
                "" if replacement == "-" else f"{target} {renamed or kind}",
            )
    return statuses


# A heading for each group, then: version, deprecated in, removed in, replacement, kinds. The
# replacement is a version of the same group unless it names another, and is of the same kind
# unless "=" names another; "-" stands for none.
_TABLE = """
[]
v1 1.19 - -: ComponentStatus
v1 1.33 - discovery.k8s.io/v1=EndpointSlice: Endpoints
[admissionregistration.k8s.io]
v1alpha1 1.14 1.14 v1=MutatingWebhookConfiguration: InitializerConfiguration
v1alpha1 1.29 1.32 v1: ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
v1alpha1 1.35 1.38 v1: MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
v1beta1 1.16 1.22 v1: MutatingWebhookConfiguration ValidatingWebhookConfiguration
v1beta1 1.31 1.34 v1: ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
[apiextensions.k8s.io]
v1beta1 1.16 1.22 v1: CustomResourceDefinition
[apiregistration.k8s.io]
v1beta1 1.19 1.22 v1: APIService
[apps]
v1beta1 1.8 1.16 v1: ControllerRevision Deployment StatefulSet
v1beta2 1.9 1.16 v1: ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
[auditregistration.k8s.io]
v1alpha1 1.19 1.19 -: AuditSink
[authentication.k8s.io]
v1alpha1 1.29 1.32 v1: SelfSubjectReview
v1beta1 1.30 1.33 v1: SelfSubjectReview
v1beta1 1.19 1.22 v1: TokenReview
[authorization.k8s.io]
v1beta1 1.19 1.22 v1: LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview
v1beta1 1.19 1.22 v1: SubjectAccessReview
[autoscaling]
v2beta1 1.22 1.25 v2: HorizontalPodAutoscaler
v2beta2 1.23 1.26 v2: HorizontalPodAutoscaler
[batch]
v1beta1 1.21 1.25 v1: CronJob
v2alpha1 1.21 1.21 v1: CronJob
[certificates.k8s.io]
v1alpha1 1.34 1.37 v1beta1: ClusterTrustBundle
v1alpha1 1.35 1.35 v1beta1: PodCertificateRequest
v1beta1 1.19 1.22 v1: CertificateSigningRequest
[coordination.k8s.io]
v1alpha1 1.32 1.32 v1beta1: LeaseCandidate
v1alpha2 1.35 1.38 v1beta1: LeaseCandidate
v1beta1 1.19 1.22 v1: Lease
v1beta1 1.36 1.39 -: LeaseCandidate
[discovery.k8s.io]
v1alpha1 1.17 1.17 v1: EndpointSlice
v1beta1 1.21 1.25 v1: EndpointSlice
[events.k8s.io]
v1beta1 1.22 1.25 v1: Event
[extensions]
v1beta1 1.8 1.16 apps/v1: DaemonSet Deployment ReplicaSet
v1beta1 1.14 1.22 networking.k8s.io/v1: Ingress
v1beta1 1.9 1.16 networking.k8s.io/v1: NetworkPolicy
v1beta1 1.11 1.16 -: PodSecurityPolicy
v1beta1 1.7 1.8 apiextensions.k8s.io/v1=CustomResourceDefinition: ThirdPartyResource
[flowcontrol.apiserver.k8s.io]
v1alpha1 1.20 1.21 v1: FlowSchema PriorityLevelConfiguration
v1beta1 1.23 1.26 v1: FlowSchema PriorityLevelConfiguration
v1beta2 1.26 1.29 v1: FlowSchema PriorityLevelConfiguration
v1beta3 1.29 1.32 v1: FlowSchema PriorityLevelConfiguration
[networking.k8s.io]
v1alpha1 1.28 1.29 -: ClusterCIDR
v1alpha1 1.30 1.31 v1: IPAddress ServiceCIDR
v1beta1 1.34 1.37 v1: IPAddress ServiceCIDR
v1beta1 1.19 1.22 v1: Ingress IngressClass
[node.k8s.io]
v1alpha1 1.24 1.24 v1: RuntimeClass
v1beta1 1.22 1.25 v1: RuntimeClass
[policy]
v1beta1 1.21 1.25 v1: PodDisruptionBudget
v1beta1 1.21 1.25 -: PodSecurityPolicy
[rbac.authorization.k8s.io]
v1alpha1 1.17 1.23 v1: ClusterRole ClusterRoleBinding Role RoleBinding
v1beta1 1.17 1.22 v1: ClusterRole ClusterRoleBinding Role RoleBinding
[resource.k8s.io]
v1alpha1 1.27 1.27 -: PodScheduling
v1alpha1 1.27 1.27 v1=DeviceClass: ResourceClass
v1alpha1 1.27 1.27 v1: ResourceClaim ResourceClaimTemplate
v1alpha2 1.31 1.31 -: PodSchedulingContext
v1alpha2 1.31 1.31 -: ResourceClaimParameters ResourceClassParameters
v1alpha2 1.31 1.31 v1=DeviceClass: ResourceClass
v1alpha2 1.31 1.31 v1: ResourceClaim ResourceClaimTemplate ResourceSlice
v1alpha3 1.32 1.32 -: PodSchedulingContext
v1alpha3 1.34 1.34 v1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
v1alpha3 1.36 1.39 v1beta2: DeviceTaintRule
v1beta1 1.35 1.38 v1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
v1beta2 1.36 1.39 v1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
[scheduling.k8s.io]
v1alpha1 1.14 1.23 v1: PriorityClass
v1alpha1 1.36 1.36 v1alpha2: Workload
v1beta1 1.14 1.22 v1: PriorityClass
[settings.k8s.io]
v1alpha1 1.20 1.20 -: PodPreset
[storage.k8s.io]
v1alpha1 1.21 1.24 v1: CSIStorageCapacity
v1alpha1 1.21 1.23 v1: VolumeAttachment
v1alpha1 1.32 1.35 v1: VolumeAttributesClass
v1beta1 1.19 1.22 v1: CSIDriver
v1beta1 1.17 1.22 v1: CSINode
v1beta1 1.24 1.27 v1: CSIStorageCapacity
v1beta1 1.19 1.22 v1: StorageClass VolumeAttachment
v1beta1 1.34 1.37 v1: VolumeAttributesClass
[storagemigration.k8s.io]
v1alpha1 1.33 1.35 v1beta1: StorageVersionMigration
"""

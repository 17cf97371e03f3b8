"""The resources that Kubernetes itself serves: their API groups, and which live in no namespace."""

from functools import cache

# Group ("-" for core), its resources, and after the slash those that live in no namespace.
_RESOURCES = """
- bindings configmaps endpoints events limitranges persistentvolumeclaims pods podtemplates \
replicationcontrollers resourcequotas secrets serviceaccounts services \
/ componentstatuses groups namespaces nodes persistentvolumes users
admissionregistration.k8s.io / mutatingadmissionpolicies mutatingadmissionpolicybindings \
mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings \
validatingwebhookconfigurations
apiextensions.k8s.io / customresourcedefinitions
apiregistration.k8s.io / apiservices
apps controllerrevisions daemonsets deployments replicasets statefulsets /
authentication.k8s.io / selfsubjectreviews tokenreviews uids userextras
authorization.k8s.io localsubjectaccessreviews / selfsubjectaccessreviews \
selfsubjectrulesreviews subjectaccessreviews
autoscaling horizontalpodautoscalers /
batch cronjobs jobs /
certificates.k8s.io podcertificaterequests / certificatesigningrequests clustertrustbundles signers
coordination.k8s.io leasecandidates leases /
discovery.k8s.io endpointslices /
events.k8s.io events /
extensions daemonsets deployments ingresses networkpolicies replicasets \
replicationcontrollers / podsecuritypolicies
flowcontrol.apiserver.k8s.io / flowschemas prioritylevelconfigurations
metrics.k8s.io pods / nodes
networking.k8s.io ingresses networkpolicies / ingressclasses ipaddresses servicecidrs
node.k8s.io / runtimeclasses
policy poddisruptionbudgets / podsecuritypolicies
rbac.authorization.k8s.io rolebindings roles / clusterrolebindings clusterroles
resource.k8s.io resourceclaims resourceclaimtemplates / deviceclasses devicetaintrules \
resourceslices
scheduling.k8s.io / priorityclasses
storage.k8s.io csistoragecapacities / csidrivers csinodes storageclasses volumeattachments \
volumeattributesclasses
storagemigration.k8s.io / storageversionmigrations
"""


@cache
def groups_of() -> dict[str, frozenset[str]]:
    """The groups that serve each resource."""
    result: dict[str, frozenset[str]] = {}
    for group, resources, outside in _lines():
        for resource in (*resources, *outside):
            result[resource] = result.get(resource, frozenset()) | {group}
    return result


@cache
def builtin_groups() -> frozenset[str]:
    """Every API group that is Kubernetes' own."""
    return frozenset(group for group, _, _ in _lines())


@cache
def outside_namespaces() -> frozenset[tuple[str, str]]:
    """Group and resource of what lives in no namespace."""
    return frozenset((group, resource) for group, _, outside in _lines() for resource in outside)


def _lines() -> list[tuple[str, list[str], list[str]]]:
    result = []
    for line in _RESOURCES.strip().splitlines():
        inside, _, outside = line.partition(" /")
        group, *resources = inside.split()
        result.append(("" if group == "-" else group, resources, outside.split()))
    return result

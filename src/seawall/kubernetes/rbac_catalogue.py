"""The catalogue of dangerous permissions: which verbs on which resources make what possible.

Data only, read once when first asked for; ``rbac_capabilities`` judges roles by it.
"""

from functools import cache

from seawall.core.named_tuple import NamedTuple
from seawall.core.severity import Severity

Target = tuple[str, str]
"""API group and resource, with its subresource if any."""


class Grant(NamedTuple):
    """Verbs on resources that make something possible.

    ``wide`` is how bad that is cluster-wide, ``narrow`` in one namespace. ``phrase`` completes
    "can ...".
    """

    capability: str
    verbs: tuple[str, ...]
    targets: tuple[Target, ...]
    wide: Severity
    narrow: Severity
    phrase: str


class Need(NamedTuple):
    """What else a role must allow for a capability; without it the severity is another."""

    verbs: tuple[str, ...]
    targets: tuple[Target, ...]
    without: Severity | None


# A capability; below it one line or more of: severity cluster-wide / in a namespace, verbs and
# what they make possible; below that the resources, as "resources @group" or core ones plainly.
# The worse line of a capability stands first.
_CATALOGUE = """
rbac-bind
  critical/critical bind: bind roles whose rights it does not hold
    roles clusterroles @rbac.authorization.k8s.io
rbac-escalate
  critical/critical escalate: write rights into roles that it does not hold
    roles clusterroles @rbac.authorization.k8s.io
rbac-write-bindings
  high/medium create,update,patch: give its rights to others
    rolebindings clusterrolebindings @rbac.authorization.k8s.io
rbac-write-roles
  high/medium create,update,patch: change roles
    roles clusterroles @rbac.authorization.k8s.io
rbac-impersonate
  critical/high impersonate: act as others
    users groups serviceaccounts
rbac-impersonate-constrained
  high/medium impersonate:user-info,impersonate:serviceaccount,impersonate:arbitrary-node,\
impersonate:associated-node: act as others for chosen requests
    users groups uids userextras serviceaccounts nodes @authentication.k8s.io
rbac-secrets-access
  critical/high get,list,watch: read secrets
    secrets
  high/medium create,update,patch: write secrets
    secrets
  low/low delete,deletecollection: delete secrets
    secrets
rbac-token-request
  critical/high create: make tokens of service accounts
    serviceaccounts/token
rbac-approve-csr
  critical/critical approve: approve certificates
    signers @certificates.k8s.io
rbac-sign-csr
  critical/critical sign: sign certificates
    signers @certificates.k8s.io
rbac-write-auth-configmap
  critical/critical create,update,patch: change who may log in
    accessentries @eks.services.k8s.aws
  high/high update,patch: change the ConfigMaps that cluster components run by
    configmaps
rbac-write-coredns
  high/high update,patch: redirect the cluster's DNS
    configmaps
rbac-use-scc-psp
  high/high use: run pods under lax pod policies
    securitycontextconstraints @security.openshift.io
    podsecuritypolicies @policy
    podsecuritypolicies @extensions
rbac-cluster-trust-bundle
  medium/medium create,update,patch,delete,deletecollection: change which authorities are trusted
    clustertrustbundles @certificates.k8s.io
rbac-podcertificate
  medium/medium create: request certificates of pods
    podcertificaterequests @certificates.k8s.io

rbac-create-workloads
  high/medium create: create pods
    pods
  high/medium create,update,patch: create or change workloads
    replicationcontrollers
    deployments statefulsets daemonsets replicasets @apps
    jobs cronjobs @batch
    deployments daemonsets replicasets @extensions
    deploymentconfigs @apps.openshift.io
    workflows cronworkflows workflowtemplates clusterworkflowtemplates rollouts @argoproj.io
    tasks taskruns pipelines pipelineruns @tekton.dev
    services configurations @serving.knative.dev
    scaledjobs @keda.sh
    notebooks tfjobs pytorchjobs @kubeflow.org
    sparkapplications @sparkoperator.k8s.io
    rayclusters rayjobs @ray.io
rbac-patch-pods
  high/medium update,patch: change the images of running pods
    pods
rbac-ephemeral-containers
  high/high update,patch: add containers to running pods
    pods/ephemeralcontainers
rbac-pods-exec
  high/high create,get: run commands in containers
    pods/exec pods/attach
rbac-pods-portforward
  medium/medium create,get: reach every port of pods
    pods/portforward
rbac-nodes-proxy
  critical/critical get,create,update,patch,delete: use the API of kubelets
    nodes/proxy
rbac-services-pods-proxy
  medium/medium get,create,update,patch,delete: send requests to pods through the API server
    pods/proxy services/proxy
rbac-write-nodes
  medium/medium update,patch: relabel nodes and change their state
    nodes nodes/status
  medium/medium delete,deletecollection: delete nodes
    nodes
rbac-delete-nodes-pods
  high/high delete,deletecollection: drive pods away and steer where they start again
    pods
  high/high create: drive pods away and steer where they start again
    pods/eviction
rbac-pod-binding
  medium/medium create: choose the node a pod runs on
    pods/binding bindings
rbac-create-pv
  high/high create: create volumes on paths of a node
    persistentvolumes
rbac-write-storageclass-csi
  medium/medium create,update,patch: change how volumes are attached
    storageclasses csidrivers volumeattachments @storage.k8s.io
rbac-resource-claims
  medium/medium create,update,patch: claim devices
    resourceclaims resourceclaimtemplates @resource.k8s.io
rbac-delete-events-logs
  medium/low delete,deletecollection: remove traces
    events pods/log
    events @events.k8s.io
rbac-write-priority-quota
  low/low create,update,patch,delete,deletecollection: change priorities and quotas
    resourcequotas limitranges
    priorityclasses @scheduling.k8s.io
rbac-write-leases
  medium/low update,patch: take over leader elections
    leases @coordination.k8s.io
rbac-read-configmaps-all
  low/low get,list,watch: read all ConfigMaps
    configmaps

rbac-write-webhooks
  critical/critical create,update,patch: see and change every object sent to the API server
    mutatingwebhookconfigurations @admissionregistration.k8s.io
  critical/critical create,update,patch: see and refuse every object sent to the API server
    validatingwebhookconfigurations @admissionregistration.k8s.io
  high/high delete,deletecollection: switch admission webhooks off
    mutatingwebhookconfigurations validatingwebhookconfigurations @admissionregistration.k8s.io
rbac-write-admission-policies
  critical/critical create,update,patch: change every object sent to the API server
    mutatingadmissionpolicies mutatingadmissionpolicybindings @admissionregistration.k8s.io
  high/high create,update,patch,delete,deletecollection: switch admission policies off
    validatingadmissionpolicies validatingadmissionpolicybindings @admissionregistration.k8s.io
  high/high delete,deletecollection: switch admission policies off
    mutatingadmissionpolicies mutatingadmissionpolicybindings @admissionregistration.k8s.io
rbac-write-crds-conversion
  medium/medium create,update,patch: route custom resources through a webhook of its own
    customresourcedefinitions @apiextensions.k8s.io
rbac-write-apiservices
  critical/critical create,update,patch: take over API groups
    apiservices @apiregistration.k8s.io
rbac-write-namespaces
  high/high update,patch: change the labels that policies select namespaces by
    namespaces
rbac-write-services
  medium/medium create,update,patch: draw traffic to addresses of its choice
    services services/status
rbac-write-endpoints
  medium/medium create,update,patch: redirect the traffic of services
    endpoints
    endpointslices @discovery.k8s.io
rbac-write-ingress-gateway
  medium/medium create,update,patch: take over host names
    ingresses ingressclasses @networking.k8s.io
    ingresses @extensions
    gateways httproutes grpcroutes tlsroutes referencegrants @gateway.networking.k8s.io
    routes @route.openshift.io
rbac-write-networkpolicies
  medium/medium create,update,patch,delete,deletecollection: open the network between pods
    networkpolicies @networking.k8s.io
    networkpolicies @extensions
    ciliumnetworkpolicies ciliumclusterwidenetworkpolicies @cilium.io
    networkpolicies globalnetworkpolicies @crd.projectcalico.org
    networkpolicies globalnetworkpolicies @projectcalico.org
    adminnetworkpolicies baselineadminnetworkpolicies @policy.networking.k8s.io
rbac-write-mesh-policy
  high/high create,update,patch,delete,deletecollection: switch the mesh's protection off
    peerauthentications authorizationpolicies requestauthentications @security.istio.io
    destinationrules envoyfilters sidecars serviceentries @networking.istio.io
    wasmplugins @extensions.istio.io
    servers authorizationpolicies meshtlsauthentications networkauthentications @policy.linkerd.io
rbac-write-policy-engine
  high/medium create,update,patch,delete,deletecollection: switch the policy engine's checks off
    clusterpolicies policies policyexceptions @kyverno.io
    validatingpolicies mutatingpolicies generatingpolicies policyexceptions @policies.kyverno.io
    constrainttemplates @templates.gatekeeper.sh
    configs @config.gatekeeper.sh
    assign assignmetadata assignimage modifyset @mutations.gatekeeper.sh
rbac-write-gitops
  high/high create,update,patch: deploy or fetch secrets with a controller's rights
    applications applicationsets appprojects @argoproj.io
    kustomizations @kustomize.toolkit.fluxcd.io
    helmreleases @helm.toolkit.fluxcd.io
    externalsecrets clusterexternalsecrets secretstores clustersecretstores @external-secrets.io
    secretproviderclasses @secrets-store.csi.x-k8s.io
"""

CLUSTER_SCOPED = frozenset(
    """
    nodes persistentvolumes clusterroles clusterrolebindings certificatesigningrequests signers
    mutatingwebhookconfigurations validatingwebhookconfigurations validatingadmissionpolicies
    validatingadmissionpolicybindings mutatingadmissionpolicies mutatingadmissionpolicybindings
    customresourcedefinitions apiservices storageclasses csidrivers volumeattachments
    priorityclasses clustertrustbundles ingressclasses users groups uids userextras
    ciliumclusterwidenetworkpolicies globalnetworkpolicies adminnetworkpolicies
    baselineadminnetworkpolicies clusterpolicies validatingpolicies mutatingpolicies
    generatingpolicies constrainttemplates assign assignmetadata assignimage modifyset
    clusterexternalsecrets clustersecretstores clusterworkflowtemplates
    """.split()
)
"""Resources of the catalogue that no RoleBinding can give, whatever role it names.

Namespaces are not among them: a request on a namespace is one in that namespace.
"""

ASKED_IN_NAMESPACE = frozenset(("bind", "use"))
"""Verbs that the API server asks for in the namespace of what is being made."""

ONLY_IN_KUBE_SYSTEM = frozenset(
    (
        ("rbac-write-auth-configmap", "configmaps"),
        ("rbac-write-coredns", "configmaps"),
        ("rbac-write-leases", "leases"),
    )
)
"""Capabilities over objects of that one namespace, with their resource."""


@cache
def grants() -> tuple[Grant, ...]:
    """All grants of the catalogue."""
    found: list[Grant] = []
    capability = ""
    for line in _CATALOGUE.splitlines():
        words = line.split()
        if line.startswith("    "):
            found[-1] = found[-1]._replace(targets=(*found[-1].targets, *_targets(words)))
        elif line.startswith("  "):
            severities, rest = line.strip().split(" ", 1)
            wide, narrow = map(Severity.parse, severities.split("/"))
            verbs, phrase = rest.split(": ", 1)
            found.append(Grant(capability, (*verbs.split(","),), (), wide, narrow, phrase))
        elif words:
            capability = words[0]
    return tuple(found)


def _targets(words: list[str]) -> tuple[Target, ...]:
    group = words.pop()[1:] if words[-1].startswith("@") else ""
    return tuple((group, resource) for resource in words)


@cache
def by_resource() -> dict[str, tuple[tuple[Grant, Target], ...]]:
    """Grants by each way a rule may name their resources (``pods/exec``, ``*/exec``)."""
    result: dict[str, tuple[tuple[Grant, Target], ...]] = {}
    for grant in grants():
        for target in grant.targets:
            _, slash, subresource = target[1].partition("/")
            for name in (target[1], f"*/{subresource}") if slash else (target[1],):
                result[name] = (*result.get(name, ()), (grant, target))
    return result


_RBAC = "rbac.authorization.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_WRITE = ("create", "update", "patch")
_CHANGE = ("update", "patch")

NEEDS: dict[str, Need] = {
    "rbac-bind": Need(
        _WRITE, ((_RBAC, "rolebindings"), (_RBAC, "clusterrolebindings")), Severity.MEDIUM
    ),
    "rbac-escalate": Need(_WRITE, ((_RBAC, "roles"), (_RBAC, "clusterroles")), Severity.MEDIUM),
    "rbac-impersonate": Need(
        ("impersonate",), (("", "users"), ("", "serviceaccounts")), Severity.MEDIUM
    ),
    "rbac-approve-csr": Need(
        _CHANGE, ((_CERTIFICATES, "certificatesigningrequests/approval"),), Severity.MEDIUM
    ),
    "rbac-sign-csr": Need(
        _CHANGE, ((_CERTIFICATES, "certificatesigningrequests/status"),), Severity.MEDIUM
    ),
    "rbac-delete-nodes-pods": Need(_CHANGE, (("", "nodes"),), None),
}

SAID_BY_ENTRY = {
    "rbac-patch-pods": "rbac-create-workloads",
    "rbac-write-coredns": "rbac-write-auth-configmap",
}
"""Capabilities that say nothing new about an entry that has the other one."""

SAID_BY_ROLE = {"rbac-write-bindings": "rbac-bind", "rbac-write-roles": "rbac-escalate"}
"""Capabilities that say nothing new about a role that has the other one."""


# Grants on named objects --------------------------------------------------------------------

_POWERFUL_SIGNERS = frozenset(
    (
        "kubernetes.io/*",
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kube-apiserver-client-kubelet",
        "kubernetes.io/legacy-unknown",
    )
)
_LAX_POLICIES = frozenset(
    "anyuid eks.privileged hostaccess hostmount-anyuid hostnetwork hostnetwork-v2 node-exporter "
    "privileged".split()
)
_STRICT_POLICIES = frozenset("nonroot nonroot-v2 restricted restricted-v2 restricted-v3".split())
_LOWERED = {
    Severity.CRITICAL: Severity.MEDIUM,
    Severity.HIGH: Severity.LOW,
    Severity.MEDIUM: Severity.LOW,
}
_OF_ALL = {
    # capability -> the names that are as good as all
    "rbac-bind": frozenset(("cluster-admin",)),
    "rbac-impersonate": frozenset(("system:masters",)),
    "rbac-approve-csr": _POWERFUL_SIGNERS,
    "rbac-sign-csr": _POWERFUL_SIGNERS,
    "rbac-use-scc-psp": _LAX_POLICIES,
    "rbac-write-auth-configmap": frozenset(("aws-auth",)),
    "rbac-write-coredns": frozenset(("coredns", "coredns-custom")),
}
_ELSE_NOTHING = frozenset(
    ("rbac-write-auth-configmap", "rbac-write-coredns", "rbac-write-leases",
     "rbac-read-configmaps-all")
)  # fmt: skip
_ELSE_MEDIUM = frozenset(("rbac-bind", "rbac-impersonate", "rbac-use-scc-psp"))


def severity_of_named(capability: str, names: list[str], severity: Severity) -> Severity | None:
    """How bad a grant on a few named objects is; ``None`` when it is not worth a word."""
    chosen = frozenset(names)
    if capability in _OF_ALL and chosen & _OF_ALL[capability]:
        return Severity.CRITICAL if capability == "rbac-write-auth-configmap" else severity
    if capability in _ELSE_NOTHING:
        return None
    if capability == "rbac-use-scc-psp" and chosen <= _STRICT_POLICIES:
        return None
    if capability == "rbac-escalate":  # one role it is bound to is enough
        return min(severity, Severity.HIGH)
    if capability in _ELSE_MEDIUM:
        return min(severity, Severity.MEDIUM)
    if capability in ("rbac-approve-csr", "rbac-sign-csr"):
        serving = "kubernetes.io/kubelet-serving" in chosen
        return Severity.MEDIUM if serving else Severity.LOW
    return _LOWERED.get(severity, Severity.INFO)

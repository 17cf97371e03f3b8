"""Rules about roles that change how the cluster itself, its network and its policies are set up."""

from seawall.core.rule import OPT_IN, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.rules.held import ROLES, hits


@object_rule(
    "rbac-write-webhooks",
    severity=Severity.CRITICAL,
    remedy="Remove the write verbs, or name the own webhook configuration in resourceNames.",
    kinds=ROLES,
    aliases=("KSV-0114", "C-0281", "CKV_K8S_155"),
    compliance=("cis-1.12:5.1.12",),
)
def rbac_write_webhooks(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow changing admission webhooks.

    Reports create, update and patch on mutating and validating webhook configurations (critical;
    medium when ``resourceNames`` limits it) and their deletion (high).

    Why:

    A webhook is sent every object it asks for, secrets among them, and a mutating one changes pods
    on their way in. Without its configuration a policy engine enforces nothing.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: cert-rotator
        rules:
          - apiGroups: [admissionregistration.k8s.io]
            resources: [mutatingwebhookconfigurations]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: cert-rotator
        rules:
          - apiGroups: [admissionregistration.k8s.io]
            resources: [mutatingwebhookconfigurations]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_webhooks)


@object_rule(
    "rbac-write-admission-policies",
    severity=Severity.CRITICAL,
    remedy="Remove the write verbs on admission policies and their bindings.",
    kinds=ROLES,
)
def rbac_write_admission_policies(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow changing admission policies.

    Reports writes on mutatingadmissionpolicies (critical; deletion high),
    validatingadmissionpolicies (high) and the bindings of both.

    Why:

    A mutating policy adds containers to every pod without any server of its own; without the
    validating ones nothing is refused any more.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: policy-editor
        rules:
          - apiGroups: [admissionregistration.k8s.io]
            resources: [validatingadmissionpolicybindings]
            verbs: [update, delete]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: policy-editor
        rules:
          - apiGroups: [admissionregistration.k8s.io]
            resources: [validatingadmissionpolicies]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_admission_policies)


@object_rule(
    "rbac-write-crds-conversion",
    severity=Severity.MEDIUM,
    remedy="Remove create, update and patch on customresourcedefinitions.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_write_crds_conversion(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing custom resource definitions without need.

    Reports create, update and patch on customresourcedefinitions.

    Why:

    A conversion webhook sees and changes every object of the kind; a loosened schema lets through
    what the controller never expected.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: installer
        rules:
          - apiGroups: [apiextensions.k8s.io]
            resources: [customresourcedefinitions]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: installer
        rules:
          - apiGroups: [apiextensions.k8s.io]
            resources: [customresourcedefinitions]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_crds_conversion)


@object_rule(
    "rbac-write-apiservices",
    severity=Severity.CRITICAL,
    remedy="Remove create, update and patch on apiservices, or name the own one in resourceNames.",
    kinds=ROLES,
)
def rbac_write_apiservices(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow taking over API groups.

    Reports create, update and patch on apiservices.

    Why:

    Requests for the group go to a server of the holder's choice, with the names of the users who
    made them.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: installer
        rules:
          - apiGroups: [apiregistration.k8s.io]
            resources: [apiservices]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: installer
        rules:
          - apiGroups: [apiregistration.k8s.io]
            resources: [apiservices]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_apiservices)


@object_rule(
    "rbac-write-namespaces",
    severity=Severity.HIGH,
    remedy="Remove update and patch on namespaces.",
    kinds=ROLES,
)
def rbac_write_namespaces(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing the labels of namespaces.

    Reports update and patch on namespaces. A RoleBinding gives this right on its own namespace,
    too.

    Why:

    Labels of the namespace say which Pod Security level holds, which webhooks look at it, whether
    the mesh encrypts and which NetworkPolicies let it in.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant-manager
        rules:
          - apiGroups: [""]
            resources: [namespaces]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant-manager
        rules:
          - apiGroups: [""]
            resources: [namespaces]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_namespaces)


@object_rule(
    "rbac-write-services",
    severity=Severity.MEDIUM,
    remedy="Remove create, update and patch on services and services/status.",
    kinds=ROLES,
    profile=OPT_IN,
    aliases=("KSV-0056", "CKV2_K8S_4"),
)
def rbac_write_services(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow drawing traffic to addresses of the holder's choice without need.

    Reports create, update and patch on services and ``services/status``.

    Why:

    With external addresses a service takes over traffic of the whole cluster to them
    (CVE-2020-8554).

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: publisher
        rules:
          - apiGroups: [""]
            resources: [services/status]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: publisher
        rules:
          - apiGroups: [""]
            resources: [services]
            verbs: [get]

    References:
    https://github.com/kubernetes/kubernetes/issues/97076
    """
    return hits(role, context, rbac_write_services)


@object_rule(
    "rbac-write-endpoints",
    severity=Severity.MEDIUM,
    remedy="Remove create, update and patch on endpoints and endpointslices.",
    kinds=ROLES,
    profile=OPT_IN,
    aliases=("KSV-0056",),
)
def rbac_write_endpoints(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow redirecting the traffic of services without need.

    Reports create, update and patch on endpoints and endpointslices.

    Why:

    Its holder can send a service's traffic to a pod of his own, or to another namespace past its
    policies.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: publisher
        rules:
          - apiGroups: [""]
            resources: [endpoints]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: publisher
        rules:
          - apiGroups: [""]
            resources: [endpoints]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_endpoints)


@object_rule(
    "rbac-write-ingress-gateway",
    severity=Severity.MEDIUM,
    remedy="Remove create, update and patch on ingresses, gateways, routes and reference grants.",
    kinds=ROLES,
    profile=OPT_IN,
    aliases=("KSV-0056",),
)
def rbac_write_ingress_gateway(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow taking over host names without need.

    Reports create, update and patch on ingresses, ingress classes, OpenShift's routes and the
    objects of the Gateway API.

    Why:

    Its holder can answer for host names of others, or have the controller run settings from
    annotations with the controller's rights.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: publisher
        rules:
          - apiGroups: [networking.k8s.io]
            resources: [ingresses]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: publisher
        rules:
          - apiGroups: [networking.k8s.io]
            resources: [ingresses]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_ingress_gateway)


@object_rule(
    "rbac-write-networkpolicies",
    severity=Severity.MEDIUM,
    remedy="Remove the write verbs on network policies.",
    kinds=ROLES,
    aliases=("KSV-0056",),
)
def rbac_write_networkpolicies(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow opening the network between pods.

    Reports writes on NetworkPolicies, those of Cilium and Calico, and AdminNetworkPolicies.

    Why:

    A new policy adds what is allowed, and without any policy everything is.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: deployer
        rules:
          - apiGroups: [networking.k8s.io]
            resources: [networkpolicies]
            verbs: [create, delete]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: deployer
        rules:
          - apiGroups: [networking.k8s.io]
            resources: [networkpolicies]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_networkpolicies)


@object_rule(
    "rbac-write-mesh-policy",
    severity=Severity.HIGH,
    remedy="Remove the write verbs on the policies of the service mesh.",
    kinds=ROLES,
)
def rbac_write_mesh_policy(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow switching off what the service mesh protects.

    Reports writes on the objects of Istio and Linkerd that decide about encryption, authorisation
    and the proxies themselves.

    Why:

    One object turns mutual TLS off for a namespace; an EnvoyFilter or WasmPlugin runs the holder's
    code in every proxy.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: mesh-editor
        rules:
          - apiGroups: [security.istio.io]
            resources: [peerauthentications]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: mesh-editor
        rules:
          - apiGroups: [security.istio.io]
            resources: [peerauthentications]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_mesh_policy)


@object_rule(
    "rbac-write-policy-engine",
    severity=Severity.HIGH,
    remedy="Remove the write verbs on the policies and exceptions of the policy engine.",
    kinds=ROLES,
)
def rbac_write_policy_engine(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow switching the policy engine's checks off.

    Reports writes on policies and exceptions of Kyverno and on templates, settings and mutations of
    Gatekeeper.

    Why:

    An exception lets everything through; a generating policy makes objects with the engine's
    rights.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: exception-editor
        rules:
          - apiGroups: [kyverno.io]
            resources: [policyexceptions]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: exception-editor
        rules:
          - apiGroups: [kyverno.io]
            resources: [policyexceptions]
            verbs: [get]

    Not reported:

    Gatekeeper's constraints: each template makes a kind of its own.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_policy_engine)


@object_rule(
    "rbac-write-gitops",
    severity=Severity.HIGH,
    remedy="Remove create, update and patch on the objects that such a controller obeys.",
    kinds=ROLES,
)
def rbac_write_gitops(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow deploying or fetching secrets with a controller's rights.

    Reports create, update and patch on applications and projects of Argo CD, kustomizations and
    Helm releases of Flux, external secrets and their stores, and SecretProviderClasses.

    Why:

    The controller does what these objects say with its own rights, which are those of an
    administrator as a rule.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: release-manager
        rules:
          - apiGroups: [argoproj.io]
            resources: [applications]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: release-manager
        rules:
          - apiGroups: [argoproj.io]
            resources: [applications]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_gitops)

"""Roles that every new cluster has (Kubernetes 1.34), and the rules of those that people bind.

The rest are roles of the control plane's own parts; to know their names is enough.
"""

from functools import cache

from seawall.text.values import Map

BOOTSTRAP_LABEL = "kubernetes.io/bootstrapping"
"""The API server marks what it made itself with this label (value ``rbac-defaults``)."""

_PLAIN = """
admin cluster-admin edit view
system:aggregate-to-admin system:aggregate-to-edit system:aggregate-to-view system:auth-delegator
system:basic-user system:discovery system:heapster system:kube-aggregator
system:kube-controller-manager system:kube-dns system:kube-scheduler system:kubelet-api-admin
system:monitoring system:node system:node-bootstrapper system:node-problem-detector
system:node-proxier system:persistent-volume-provisioner system:public-info-viewer
system:service-account-issuer-discovery system:volume-scheduler
"""
_CERTIFICATES = """
certificatesigningrequests:nodeclient certificatesigningrequests:selfnodeclient
kube-apiserver-client-approver kube-apiserver-client-kubelet-approver kubelet-serving-approver
legacy-unknown-approver
"""
_CONTROLLERS = """
attachdetach-controller certificate-controller clusterrole-aggregation-controller
cronjob-controller daemon-set-controller deployment-controller disruption-controller
endpoint-controller endpointslice-controller endpointslicemirroring-controller
ephemeral-volume-controller expand-controller generic-garbage-collector
horizontal-pod-autoscaler job-controller legacy-service-account-token-cleaner
namespace-controller node-controller persistent-volume-binder pod-garbage-collector
pv-protection-controller pvc-protection-controller replicaset-controller replication-controller
resource-claim-controller resourcequota-controller root-ca-cert-publisher route-controller
selinux-warning-controller service-account-controller service-cidrs-controller service-controller
statefulset-controller ttl-after-finished-controller ttl-controller
validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller
"""

CLUSTER_ROLES = frozenset(
    [
        *_PLAIN.split(),
        *(f"system:certificates.k8s.io:{name}" for name in _CERTIFICATES.split()),
        *(f"system:controller:{name}" for name in _CONTROLLERS.split()),
    ]
)

ROLES = frozenset(
    (
        ("kube-public", "system:controller:bootstrap-signer"),
        ("kube-system", "extension-apiserver-authentication-reader"),
        ("kube-system", "system::leader-locking-kube-controller-manager"),
        ("kube-system", "system::leader-locking-kube-scheduler"),
        ("kube-system", "system:controller:bootstrap-signer"),
        ("kube-system", "system:controller:cloud-provider"),
        ("kube-system", "system:controller:token-cleaner"),
    )
)
"""Built-in Roles by namespace and name."""

AGGREGATES = {"view": ("view",), "edit": ("edit", "view"), "admin": ("admin", "edit", "view")}
"""The roles that are unions, and the steps of ``aggregate-to-...`` labels each takes in."""

# One rule a line: verbs, group ("-" for core, "url" for paths), resources. The rules of view,
# edit and admin are those of the parts that Kubernetes brings along (system:aggregate-to-...).
_RULES = {
    "cluster-admin": """
        * * *
        * url *
    """,
    "view": """
        get,list,watch - configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,\
pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
        get,list,watch - bindings,events,limitranges,namespaces/status,pods/log,pods/status,\
replicationcontrollers/status,resourcequotas,resourcequotas/status
        get,list,watch - namespaces
        get,list,watch discovery.k8s.io endpointslices
        get,list,watch apps controllerrevisions,daemonsets,daemonsets/status,deployments,\
deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,\
statefulsets,statefulsets/scale,statefulsets/status
        get,list,watch autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
        get,list,watch batch cronjobs,cronjobs/status,jobs,jobs/status
        get,list,watch extensions daemonsets,daemonsets/status,deployments,deployments/scale,\
deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,\
replicasets/status,replicationcontrollers/scale
        get,list,watch policy poddisruptionbudgets,poddisruptionbudgets/status
        get,list,watch networking.k8s.io ingresses,ingresses/status,networkpolicies
        get,list,watch resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates
    """,
    "edit": """
        get,list,watch - pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
        impersonate - serviceaccounts
        WRITE - pods,pods/attach,pods/exec,pods/portforward,pods/proxy
        create - pods/eviction
        WRITE - configmaps,events,persistentvolumeclaims,replicationcontrollers,\
replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
        create - serviceaccounts/token
        WRITE apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,\
replicasets/scale,statefulsets,statefulsets/scale
        WRITE autoscaling horizontalpodautoscalers
        WRITE batch cronjobs,jobs
        WRITE extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,\
networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
        WRITE policy poddisruptionbudgets
        WRITE networking.k8s.io ingresses,networkpolicies
        WRITE,get,list,watch coordination.k8s.io leases
        WRITE resource.k8s.io resourceclaims,resourceclaimtemplates
    """,
    "admin": """
        create authorization.k8s.io localsubjectaccessreviews
        WRITE,get,list,watch rbac.authorization.k8s.io rolebindings,roles
    """,
    "system:discovery": """
        get url /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,\
/version/
    """,
    "system:public-info-viewer": """
        get url /healthz,/livez,/readyz,/version,/version/
    """,
    "system:basic-user": """
        create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
        create authentication.k8s.io selfsubjectreviews
    """,
    "system:service-account-issuer-discovery": """
        get url /.well-known/openid-configuration,/.well-known/openid-configuration/,\
/openid/v1/jwks,/openid/v1/jwks/
    """,
}
_WRITE = "create,delete,deletecollection,patch,update"


@cache
def rules_of(name: str) -> tuple[Map, ...] | None:
    """The rules of a built-in ClusterRole as a manifest has them; ``None`` when not known here."""
    parts = AGGREGATES.get(name, (name,))
    if parts[0] not in _RULES:
        return None
    return tuple(_rule(line) for part in parts for line in _RULES[part].strip().splitlines())


def _rule(line: str) -> Map:
    verbs, group, resources = line.split()
    rule: Map = {"verbs": [*verbs.replace("WRITE", _WRITE).split(",")]}
    if group == "url":
        rule["nonResourceURLs"] = [*resources.split(",")]
        return rule
    rule["apiGroups"] = ["" if group == "-" else group]
    rule["resources"] = [*resources.split(",")]
    return rule

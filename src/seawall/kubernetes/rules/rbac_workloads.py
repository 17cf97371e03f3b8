"""Rules about roles that reach into workloads, their data, their volumes and their nodes."""

from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rbac_grants import GROUPS, is_bootstrap, role_key, roles_in, subjects_of
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.rules.held import BINDINGS, ROLES, hits, hits_of_binding

_GET_NEEDS_CREATE = 35
"""The minor version from which commands over a websocket need create as well."""
_DEBUGGING = ("/debug/", "/logs", "/configz", "/flagz")
_NAMESPACE_EDITORS = frozenset(("admin", "edit"))


@object_rule(
    "rbac-secrets-access",
    severity=Severity.CRITICAL,
    remedy="Name the secrets needed in resourceNames and allow only get on them.",
    kinds=(*ROLES, *BINDINGS),
    aliases=(
        "kube-linter:access-to-secrets",
        "KSV-0041",
        "KSV-0113",
        "C-0015",
        "C-0186",
        "CKV2_K8S_5",
    ),
    compliance=("cis-1.12:5.1.2",),
)
def rbac_secrets_access(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow reading or writing all secrets.

    Reports entries of a role's ``rules`` on Secrets: reads (get, list and watch all return
    contents) are critical cluster-wide and high in a namespace, writes high and medium, deletes
    low; ``resourceNames`` lower each by two steps. Also reports, at medium, RoleBindings to the
    built-in roles ``admin`` and ``edit``, which read every secret of their namespace.

    Why:

    Secrets hold registry and database passwords, TLS keys and tokens of other accounts: who reads
    them all is everybody. Who writes them can ask for a token of any account by creating a secret
    for it.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: config-reader
        rules:
          - apiGroups: [""]
            resources: [configmaps, secrets]
            verbs: [get, list]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: config-reader
          namespace: shop
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [get, list]

    Not reported:

    ClusterRoleBindings to ``admin`` and ``edit``: rbac-cluster-admin says it.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    if role.kind in ROLES:
        yield from hits(role, context, rbac_secrets_access)
        return
    yield from hits_of_binding(role, context, rbac_secrets_access)
    if role.kind == "RoleBinding" and role.group in GROUPS and any(subjects_of(role)):
        kind, _, name = role_key(role)
        known = roles_in(context.index).role_of(role) is not None
        if kind == "ClusterRole" and name in _NAMESPACE_EDITORS and not known:
            yield Hit(
                f"can read secrets in namespace {role.namespace} through the built-in role {name}",
                ("roleRef", "name"),
                severity=Severity.MEDIUM,
                remedy="Bind a Role that allows what is needed, or the built-in role view.",
                evidence=name,
            )


@object_rule(
    "rbac-create-workloads",
    severity=Severity.HIGH,
    remedy="Remove the write verbs on pods and workloads; let a deployment pipeline do it.",
    kinds=(*ROLES, *BINDINGS),
    aliases=("kube-linter:access-to-create-pods", "KSV-0048", "C-0188"),
    compliance=("cis-1.12:5.1.4",),
)
def rbac_create_workloads(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow creating pods or the workloads that make them.

    Reports create on pods, and create, update and patch on workloads: those of Kubernetes
    (deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs, replicationcontrollers) and
    well-known custom ones (Argo, Tekton, Knative, KEDA, Kubeflow, Spark, Ray, OpenShift). High
    cluster-wide; medium in an ordinary namespace, high in one with a privileged pod, a powerful
    account or a system's name.

    Why:

    Its holder can run code as any service account of the namespace, with any secret and volume of
    it mounted, and as root of a node unless admission stops that.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: runner
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: runner
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    if role.kind in ROLES:
        return hits(role, context, rbac_create_workloads)
    return hits_of_binding(role, context, rbac_create_workloads)


@object_rule(
    "rbac-patch-pods",
    severity=Severity.HIGH,
    remedy="Remove update and patch on pods.",
    kinds=ROLES,
    aliases=("KSV-0048",),
)
def rbac_patch_pods(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing running pods.

    Reports update and patch on pods.

    Why:

    The image of a running container can be changed: code of the holder's choice then runs with the
    pod's account, secrets and volumes.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: labeller
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: labeller
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [get, list]

    Not reported:

    Entries that allow creating pods as well: rbac-create-workloads says it.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_patch_pods)


@object_rule(
    "rbac-ephemeral-containers",
    severity=Severity.HIGH,
    remedy="Remove update and patch on pods/ephemeralcontainers.",
    kinds=ROLES,
)
def rbac_ephemeral_containers(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow adding containers to running pods.

    Reports update and patch on ``pods/ephemeralcontainers``.

    Why:

    The added container has an image and a security context of the holder's choice and shares the
    pod's network, volumes and account.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: debugger
        rules:
          - apiGroups: [""]
            resources: [pods/ephemeralcontainers]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: debugger
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_ephemeral_containers)


@object_rule(
    "rbac-pods-exec",
    severity=Severity.HIGH,
    remedy="Remove create and get on pods/exec and pods/attach.",
    kinds=ROLES,
    aliases=(
        "KSV-0053",
        "KSV-0054",
        "C-0002",
        "CKV2_K8S_2",
        "polaris:clusterrolePodExecAttach",
        "polaris:rolePodExecAttach",
    ),
)
def rbac_pods_exec(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow running commands in containers.

    Reports create and get on ``pods/exec`` and ``pods/attach``. ``get`` is enough for a websocket
    up to Kubernetes 1.34; for later versions it is reported with low confidence, as a feature gate
    may switch the newer check off.

    Why:

    Its holder works inside any pod with that pod's account, data and network, past every review of
    what was deployed.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: operator
        rules:
          - apiGroups: [""]
            resources: [pods/exec]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: operator
        rules:
          - apiGroups: [""]
            resources: [pods/log]
            verbs: [get]

    Not reported:

    ``pods/*``: it is the name of no resource (rbac-rule-matches-nothing).

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    for hit in hits(role, context, rbac_pods_exec):
        if context.minor >= _GET_NEEDS_CREATE and hit.evidence.startswith("get "):
            yield hit._replace(confidence=Confidence.LOW)
        else:
            yield hit


@object_rule(
    "rbac-pods-portforward",
    severity=Severity.MEDIUM,
    remedy="Remove create and get on pods/portforward.",
    kinds=ROLES,
    profile=OPT_IN,
    aliases=("C-0063",),
)
def rbac_pods_portforward(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow reaching every port of pods.

    Reports create and get on ``pods/portforward``.

    Why:

    It reaches ports that only listen on the loopback address, past NetworkPolicies and a mesh's
    authorisation.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: developer
        rules:
          - apiGroups: [""]
            resources: [pods/portforward]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: developer
        rules:
          - apiGroups: [""]
            resources: [pods/log]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_pods_portforward)


@object_rule(
    "rbac-nodes-proxy",
    severity=Severity.CRITICAL,
    remedy="Grant nodes/metrics, nodes/stats, nodes/log or nodes/healthz instead of nodes/proxy.",
    kinds=ROLES,
    aliases=("KSV-0047", "C-0279", "CKV2_K8S_2"),
    compliance=("cis-1.12:5.1.10",),
)
def rbac_nodes_proxy(role: KubernetesObject, context: Context) -> Hits:
    """Roles must not allow the use of the API of kubelets.

    Reports get, create, update, patch and delete on ``nodes/proxy``.

    Why:

    The kubelet runs commands in every pod of its node, without audit log and admission, and ``get``
    is enough for that. Where it is for metrics, finer subresources exist.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: monitoring
        rules:
          - apiGroups: [""]
            resources: [nodes/proxy]
            verbs: [get]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: monitoring
        rules:
          - apiGroups: [""]
            resources: [nodes/metrics]
            verbs: [get]

    References:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    return hits(role, context, rbac_nodes_proxy)


@object_rule(
    "rbac-services-pods-proxy",
    severity=Severity.MEDIUM,
    remedy="Remove the verbs on pods/proxy and services/proxy.",
    kinds=ROLES,
)
def rbac_services_pods_proxy(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow sending requests to pods through the API server.

    Reports get, create, update, patch and delete on ``pods/proxy`` and ``services/proxy``.

    Why:

    Such requests come from the API server: NetworkPolicies let it through, and a mesh sees no
    client.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: developer
        rules:
          - apiGroups: [""]
            resources: [services/proxy]
            verbs: [get]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: developer
        rules:
          - apiGroups: [""]
            resources: [services]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_services_pods_proxy)


@object_rule(
    "rbac-write-nodes",
    severity=Severity.MEDIUM,
    remedy="Remove update, patch and delete on nodes and nodes/status.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_write_nodes(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing or deleting nodes.

    Reports update and patch on nodes and ``nodes/status``, and delete on nodes.

    Why:

    Labels and taints decide which node a pod starts on: its holder can draw pods to a node he
    controls, or empty others.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: labeller
        rules:
          - apiGroups: [""]
            resources: [nodes]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: labeller
        rules:
          - apiGroups: [""]
            resources: [nodes]
            verbs: [get, list]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_nodes)


@object_rule(
    "rbac-delete-nodes-pods",
    severity=Severity.HIGH,
    remedy="Remove either the eviction and deletion of pods or the changing of nodes.",
    kinds=ROLES,
)
def rbac_delete_nodes_pods(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow driving pods away and steering where they start again.

    Reports delete on pods and create on ``pods/eviction`` in roles that also allow update or patch
    on nodes, cluster-wide.

    Why:

    Pods with powerful accounts can be moved onto a node that the holder controls; their tokens are
    read there.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: rebalancer
        rules:
          - apiGroups: [""]
            resources: [pods/eviction]
            verbs: [create]
          - apiGroups: [""]
            resources: [nodes]
            verbs: [patch]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: rebalancer
        rules:
          - apiGroups: [""]
            resources: [pods/eviction]
            verbs: [create]
          - apiGroups: [""]
            resources: [nodes]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_delete_nodes_pods)


@object_rule(
    "rbac-pod-binding",
    severity=Severity.MEDIUM,
    remedy="Remove create on pods/binding and bindings.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_pod_binding(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow choosing the node that a pod runs on.

    Reports create on ``pods/binding`` and bindings.

    Why:

    That is the scheduler's work. Its holder can put a pod with a powerful account onto a node he
    controls.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: scheduler
        rules:
          - apiGroups: [""]
            resources: [pods/binding]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: scheduler
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [get, list, watch]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_pod_binding)


@object_rule(
    "rbac-create-pv",
    severity=Severity.HIGH,
    remedy="Remove create on persistentvolumes; let a storage class provision them.",
    kinds=ROLES,
    aliases=("C-0278",),
    compliance=("cis-1.12:5.1.9",),
)
def rbac_create_pv(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow creating volumes on paths of a node.

    Reports create on persistentvolumes.

    Why:

    A volume may name any path of the node. Pod Security does not see that: the pod only names the
    claim.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: provisioner
        rules:
          - apiGroups: [""]
            resources: [persistentvolumes]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: provisioner
        rules:
          - apiGroups: [""]
            resources: [persistentvolumeclaims]
            verbs: [create]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_create_pv)


@object_rule(
    "rbac-write-storageclass-csi",
    severity=Severity.MEDIUM,
    remedy="Remove the write verbs on storageclasses, csidrivers and volumeattachments.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_write_storageclass_csi(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing how volumes are attached.

    Reports create, update and patch on storageclasses, csidrivers and volumeattachments.

    Why:

    They decide which agent on a node handles a volume, and which node gets it.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: storage-admin
        rules:
          - apiGroups: [storage.k8s.io]
            resources: [volumeattachments]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: storage-admin
        rules:
          - apiGroups: [storage.k8s.io]
            resources: [storageclasses]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_storageclass_csi)


@object_rule(
    "rbac-resource-claims",
    severity=Severity.MEDIUM,
    remedy="Remove create, update and patch on resourceclaims and resourceclaimtemplates.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_resource_claims(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow claiming devices without need.

    Reports create, update and patch on resourceclaims and resourceclaimtemplates.

    Why:

    A claim may ask for administrator access to devices that other pods use.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: trainer
        rules:
          - apiGroups: [resource.k8s.io]
            resources: [resourceclaims]
            verbs: [create]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: trainer
        rules:
          - apiGroups: [resource.k8s.io]
            resources: [resourceclaims]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_resource_claims)


@object_rule(
    "rbac-delete-events-logs",
    severity=Severity.MEDIUM,
    remedy="Remove delete and deletecollection on events.",
    kinds=ROLES,
    profile=OPT_IN,
    aliases=("KSV-0042", "C-0031"),
)
def rbac_delete_events_logs(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow removing traces.

    Reports delete and deletecollection on events and ``pods/log``.

    Why:

    Events show what happened in a namespace; an intruder removes them first.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: cleaner
        rules:
          - apiGroups: [""]
            resources: [events]
            verbs: [delete]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: cleaner
        rules:
          - apiGroups: [""]
            resources: [events]
            verbs: [list]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_delete_events_logs)


@object_rule(
    "rbac-write-priority-quota",
    severity=Severity.LOW,
    remedy="Remove the write verbs on priorityclasses, resourcequotas and limitranges.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_write_priority_quota(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow changing priorities and quotas without need.

    Reports writes on priorityclasses, resourcequotas and limitranges.

    Why:

    With a high priority pods drive others away; without quota they take a node's resources.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant
        rules:
          - apiGroups: [""]
            resources: [resourcequotas]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: tenant
        rules:
          - apiGroups: [""]
            resources: [resourcequotas]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_priority_quota)


@object_rule(
    "rbac-write-leases",
    severity=Severity.MEDIUM,
    remedy="Name in resourceNames the leases that may be changed.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_write_leases(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow taking over the leader elections of the control plane.

    Reports update and patch on leases without ``resourceNames``, cluster-wide or in kube-system.

    Why:

    A controller that loses its lease stops working.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: elector
        rules:
          - apiGroups: [coordination.k8s.io]
            resources: [leases]
            verbs: [update]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: elector
        rules:
          - apiGroups: [coordination.k8s.io]
            resources: [leases]
            resourceNames: [elector]
            verbs: [update]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_write_leases)


@object_rule(
    "rbac-read-configmaps-all",
    severity=Severity.LOW,
    remedy="Name in resourceNames the ConfigMaps that may be read.",
    kinds=ROLES,
    profile=OPT_IN,
)
def rbac_read_configmaps_all(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow reading all ConfigMaps without need.

    Reports get, list and watch on ConfigMaps without ``resourceNames``.

    Why:

    Passwords often end up in them, and they describe how everything is set up.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: reader
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [list]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: reader
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            resourceNames: [web-settings]
            verbs: [get]

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    return hits(role, context, rbac_read_configmaps_all)


@object_rule(
    "rbac-debug-endpoints",
    severity=Severity.MEDIUM,
    remedy="Remove the debugging paths from nonResourceURLs.",
    kinds=("ClusterRole",),
    profile=OPT_IN,
)
def rbac_debug_endpoints(role: KubernetesObject, context: Context) -> Hits:
    """Roles should not allow the API server's debugging paths.

    Reports entries of a ClusterRole with ``nonResourceURLs`` that cover ``/debug/pprof``,
    ``/logs``, ``/configz`` or ``/flagz``.

    Why:

    Profiles and logs of the API server show data of other users, and profiling slows it down.

    Bad:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: profiler
        rules:
          - nonResourceURLs: [/debug/*]
            verbs: [get]

    Good:

        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: profiler
        rules:
          - nonResourceURLs: [/metrics]
            verbs: [get]

    Not reported:

    ``*`` alone: rbac-wildcard says it. ``/metrics``: every monitoring system reads it.

    References:
    https://kubernetes.io/docs/concepts/security/rbac-good-practices/
    """
    if role.group in GROUPS and not is_bootstrap(role):
        for rule in roles_in(context.index).own_rules(role):
            found = [url for url in rule.urls if _covers(url, _DEBUGGING)]
            if found and not rule.is_wildcard:
                place = rule.place("nonResourceURLs", found[0])
                yield Hit(f"can call {found[0]} of the API server", place, evidence=found[0])


def _covers(url: str, paths: tuple[str, ...]) -> bool:
    """Whether a path of a rule takes in one of some paths or something below it."""
    stem = url.rstrip("*")
    return url.startswith(paths) or (url != stem and any(path.startswith(stem) for path in paths))

"""Rules about the walls between those who share a cluster: quotas, namespaces, grants, trust."""

from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Pod
from seawall.kubernetes.rule import Context, object_rule
from seawall.kubernetes.rules.network import SYSTEM_NAMESPACES
from seawall.kubernetes.workloads import is_patch
from seawall.text.values import is_true, mappings, sequence, text

_CORE_LABELS = {
    # What clusters label their own workloads with -> the values that tell; none: any value.
    "tier": ("control-plane", "node"),
    "kubernetes.io/cluster-service": ("true",),
    "addonmanager.kubernetes.io/mode": (),
    "k8s-app": (
        "kube-dns", "kube-proxy", "coredns", "calico-node", "calico-kube-controllers", "cilium",
        "metrics-server", "konnectivity-agent", "aws-node",
    ),
}  # fmt: skip


@object_rule(
    "resource-quota-missing",
    severity=Severity.LOW,
    remedy="Add a ResourceQuota to the namespace.",
    profile=RELIABILITY,
    aliases=("KSV-0040",),
    kinds=("Namespace",),
)
def resource_quota_missing(object_: KubernetesObject, context: Context) -> Hits:
    """A namespace should have a ResourceQuota.

    Reports Namespaces for which the input, known to be complete, has no ResourceQuota.

    Why:

    Without a quota one tenant, by mistake or because it was broken into, can take the capacity
    of the whole cluster.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
        ---
        apiVersion: v1
        kind: ResourceQuota
        metadata:
          name: shop
          namespace: shop
        spec:
          hard:
            limits.cpu: "20"
            limits.memory: 40Gi

    Not reported:

    Anything where the input may be incomplete or has quotas across namespaces (OpenShift's
    ClusterResourceQuota), and the namespaces of the cluster itself.

    References:
    https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    others = ("ClusterResourceQuota", "HierarchicalResourceQuota")
    if _lacks(object_, "ResourceQuota", context) and not context.index.holds(*others):
        yield Hit("has no ResourceQuota", ("metadata", "name"))


@object_rule(
    "limit-range-missing",
    severity=Severity.LOW,
    remedy="Add a LimitRange to the namespace.",
    profile=RELIABILITY,
    aliases=("KSV-0039",),
    kinds=("Namespace",),
)
def limit_range_missing(object_: KubernetesObject, context: Context) -> Hits:
    """A namespace should have a LimitRange.

    Reports Namespaces for which the input, known to be complete, has no LimitRange.

    Why:

    A LimitRange gives the containers that set no requests and limits some, and caps those that
    ask for too much.

    Bad:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop

    Good:

        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
        ---
        apiVersion: v1
        kind: LimitRange
        metadata:
          name: shop
          namespace: shop
        spec:
          limits:
            - type: Container
              default:
                memory: 256Mi

    Not reported:

    Anything where the input may be incomplete, and the namespaces of the cluster itself.

    References:
    https://kubernetes.io/docs/concepts/policy/limit-range/
    """
    if _lacks(object_, "LimitRange", context):
        yield Hit("has no LimitRange", ("metadata", "name"))


def _lacks(namespace: KubernetesObject, kind: str, context: Context) -> bool:
    """Whether a namespace of a complete input surely has no object of a kind."""
    if not namespace.complete or namespace.name in SYSTEM_NAMESPACES:
        return False
    index = context.index
    return not index.holds_in(namespace.name, kind) and not index.is_unresolved(kind)


@object_rule(
    "user-workload-in-system-namespace",
    severity=Severity.MEDIUM,
    remedy="Move the workload to a namespace of its own.",
    aliases=("KSV-0037",),
    compliance=("cis-1.12:5.6.1",),
)
def user_workload_in_system_namespace(object_: KubernetesObject, context: Context) -> Hits:
    """Workloads of users should not run in the namespaces of the cluster.

    Reports workloads in ``kube-system``, ``kube-public`` and ``kube-node-lease`` that do not
    look like a part of the cluster.

    Why:

    These namespaces are exempt from most policies and hold the accounts and Secrets of the
    cluster's own components: whoever breaks into a workload there is close to them.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: kube-system
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2

    Not reported:

    Workloads of a system priority class (``system-node-critical``,
    ``system-cluster-critical``), and those with the labels clusters put on their own parts.
    Patches, which name no image: what they change stands elsewhere.

    References:
    https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces
    """
    if object_.namespace not in SYSTEM_NAMESPACES or is_patch(object_):
        return
    pods = context.pods(object_)
    if pods and not any(_is_core(pod) for pod in pods):
        yield Hit(
            f"runs in {object_.namespace}",
            ("metadata", "namespace"),
            evidence=object_.namespace,
        )


def _is_core(pod: Pod) -> bool:
    if text(pod.spec, "priorityClassName").startswith("system-"):
        return True
    labels = pod.object.labels | pod.labels
    return any(
        key in labels and (not values or labels[key] in values)
        for key, values in _CORE_LABELS.items()
    )


@object_rule(
    "cross-namespace-secret-ref",
    severity=Severity.MEDIUM,
    remedy="Keep the certificate's Secret in the namespace of the Gateway.",
    aliases=("polaris:gatewayCrossNamespaceCertificateRef",),
    kinds=("Gateway",),
)
def cross_namespace_secret_ref(object_: KubernetesObject, context: Context) -> Hits:
    """A Gateway should take its certificates from its own namespace.

    Reports listeners of Gateway API Gateways whose ``certificateRefs`` name another namespace.

    Why:

    The reference needs a ReferenceGrant, which opens the Secret, or all of them, to everybody
    who may write a Gateway in this namespace.

    Bad:

        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata:
          name: public
          namespace: edge
        spec:
          gatewayClassName: example
          listeners:
            - name: https
              protocol: HTTPS
              port: 443
              tls:
                certificateRefs:
                  - name: www-example-org
                    namespace: shop

    Good:

        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata:
          name: public
          namespace: edge
        spec:
          gatewayClassName: example
          listeners:
            - name: https
              protocol: HTTPS
              port: 443
              tls:
                certificateRefs:
                  - name: www-example-org

    References:
    https://gateway-api.sigs.k8s.io/api-types/referencegrant/
    """
    if object_.group != "gateway.networking.k8s.io":
        return
    for index, listener in mappings(object_.spec, "listeners"):
        for number, reference in mappings(listener, "tls", "certificateRefs"):
            namespace = text(reference, "namespace")
            if namespace and namespace != object_.namespace:
                path = ("spec", "listeners", index, "tls", "certificateRefs", number, "namespace")
                name = f"{namespace}/{text(reference, 'name')}"
                yield Hit(f"takes a certificate from Secret {name}", path, evidence=name)


@object_rule(
    "reference-grant-broad",
    severity=Severity.MEDIUM,
    remedy="Name the one object that is granted in spec.to.",
    kinds=("ReferenceGrant",),
)
def reference_grant_broad(object_: KubernetesObject, context: Context) -> Hits:
    """A ReferenceGrant should name the Secrets it opens.

    Reports ReferenceGrants whose ``to`` has Secrets without a name, which opens every Secret of
    the namespace.

    Why:

    Whoever may write objects of the granted kind in the other namespace can use any Secret here,
    not just the certificate the grant was made for.

    Bad:

        apiVersion: gateway.networking.k8s.io/v1beta1
        kind: ReferenceGrant
        metadata:
          name: edge
          namespace: shop
        spec:
          from:
            - group: gateway.networking.k8s.io
              kind: Gateway
              namespace: edge
          to:
            - group: ""
              kind: Secret

    Good:

        apiVersion: gateway.networking.k8s.io/v1beta1
        kind: ReferenceGrant
        metadata:
          name: edge
          namespace: shop
        spec:
          from:
            - group: gateway.networking.k8s.io
              kind: Gateway
              namespace: edge
          to:
            - group: ""
              kind: Secret
              name: www-example-org

    Not reported:

    Grants of Services, which are meant to be reached.

    References:
    https://gateway-api.sigs.k8s.io/api-types/referencegrant/
    """
    sources = sorted({text(source, "namespace") for _, source in mappings(object_.spec, "from")})
    for index, target in mappings(object_.spec, "to"):
        if text(target, "kind") == "Secret" and not text(target, "name"):
            yield Hit(
                f"opens every Secret of {object_.namespace} to {', '.join(sources) or 'nobody'}",
                ("spec", "to", index, "name"),
            )


@object_rule(
    "aggregated-apiservice-insecure",
    severity=Severity.HIGH,
    remedy="Set spec.caBundle, and remove spec.insecureSkipTLSVerify.",
    kinds=("APIService",),
)
def aggregated_apiservice_insecure(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must verify the servers it passes requests on to.

    Reports APIServices with ``insecureSkipTLSVerify: true``.

    Why:

    The API server passes the requests of users on, with their names and groups, and hands out
    the answers as its own. Whoever can stand in for that server reads both and writes both.

    Bad:

        apiVersion: apiregistration.k8s.io/v1
        kind: APIService
        metadata:
          name: v1beta1.metrics.k8s.io
        spec:
          group: metrics.k8s.io
          version: v1beta1
          groupPriorityMinimum: 100
          versionPriority: 100
          insecureSkipTLSVerify: true
          service:
            name: metrics-server
            namespace: kube-system

    Good:

        apiVersion: apiregistration.k8s.io/v1
        kind: APIService
        metadata:
          name: v1beta1.metrics.k8s.io
        spec:
          group: metrics.k8s.io
          version: v1beta1
          groupPriorityMinimum: 100
          versionPriority: 100
          caBundle: bm90IGEgcmVhbCBjZXJ0aWZpY2F0ZQ==
          service:
            name: metrics-server
            namespace: kube-system

    References:
    https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
    """
    if is_true(object_.spec, "insecureSkipTLSVerify"):
        yield Hit("is called without verifying its certificate", ("spec", "insecureSkipTLSVerify"))


@object_rule(
    "argocd-project-unrestricted",
    severity=Severity.MEDIUM,
    remedy="List the repositories, destinations and kinds the project is for.",
    kinds=("AppProject",),
)
def argocd_project_unrestricted(object_: KubernetesObject, context: Context) -> Hits:
    """A project of Argo CD should be limited to what it is for.

    Reports AppProjects that may deploy to every namespace of every cluster, that may deploy
    every kind of cluster-scoped object, and as low those that take sources from anywhere.

    Why:

    Argo CD deploys with its own rights, which as a rule are those of a cluster admin. The
    project is all that keeps those who may write to one repository from the rest.

    Bad:

        apiVersion: argoproj.io/v1alpha1
        kind: AppProject
        metadata:
          name: shop
          namespace: argocd
        spec:
          sourceRepos:
            - https://git.example.org/shop.git
          destinations:
            - server: "*"
              namespace: "*"

    Good:

        apiVersion: argoproj.io/v1alpha1
        kind: AppProject
        metadata:
          name: shop
          namespace: argocd
        spec:
          sourceRepos:
            - https://git.example.org/shop.git
          destinations:
            - server: https://kubernetes.default.svc
              namespace: shop

    References:
    https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
    """
    for index, target in mappings(object_.spec, "destinations"):
        cluster = text(target, "server") or text(target, "name")
        if cluster == "*" and text(target, "namespace") == "*":
            yield Hit(
                "may deploy to every namespace of every cluster", ("spec", "destinations", index)
            )
    for index, kind in mappings(object_.spec, "clusterResourceWhitelist"):
        if text(kind, "group") == "*" and text(kind, "kind") == "*":
            place = ("spec", "clusterResourceWhitelist", index)
            yield Hit("may deploy every kind of cluster-scoped object", place)
    for index, source in enumerate(sequence(object_.spec, "sourceRepos")):
        if source == "*":
            place = ("spec", "sourceRepos", index)
            yield Hit("takes sources from anywhere", place, severity=Severity.LOW)


@object_rule(
    "gatekeeper-repo-prefix-ambiguous",
    severity=Severity.HIGH,
    remedy="End each entry of spec.parameters.repos with a slash.",
    aliases=("KSV-0124",),
    kinds=("K8sAllowedRepos",),
)
def gatekeeper_repo_prefix_ambiguous(object_: KubernetesObject, context: Context) -> Hits:
    """Prefixes of allowed images must end where a name ends.

    Reports Gatekeeper constraints of the kind K8sAllowedRepos with a prefix in
    ``parameters.repos`` that ends inside a name.

    Why:

    Gatekeeper compares the start of the image's name: ``registry.example.org`` also allows
    ``registry.example.org.attacker.example``, and ``registry.example.org/shop`` also allows
    ``registry.example.org/shop-attacker``.

    Bad:

        apiVersion: constraints.gatekeeper.sh/v1beta1
        kind: K8sAllowedRepos
        metadata:
          name: allowed-repos
        spec:
          parameters:
            repos:
              - registry.example.org

    Good:

        apiVersion: constraints.gatekeeper.sh/v1beta1
        kind: K8sAllowedRepos
        metadata:
          name: allowed-repos
        spec:
          parameters:
            repos:
              - registry.example.org/

    Not reported:

    Entries with a tag or a digest, which name one image.

    References:
    https://open-policy-agent.github.io/gatekeeper-library/website/validation/allowedrepos
    """
    for index, item in enumerate(sequence(object_.spec, "parameters", "repos")):
        repository = text(item)
        last = repository.rpartition("/")[2]
        names_image = "@" in last or (":" in last and "/" in repository)
        if last and not names_image:
            yield Hit(
                f"allows every image whose name begins with {repository}",
                ("spec", "parameters", "repos", index),
                evidence=repository,
            )

"""Rules about the audit log of the API server: where it goes, and what its policy keeps."""

from collections.abc import Iterator

from seawall.core.location import KeyPath
from seawall.core.named_tuple import NamedTuple
from seawall.core.rule import Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.kubernetes.components import API_SERVER, KINDS, components
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context, object_rule
from seawall.text.values import Map, mappings, sequence, text, texts

_GROUP = "audit.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_WRITE = ("create", "update", "patch", "delete")
_CONNECT = ("create", "get")
_NO_LEVELS = frozenset(("", "None"))
_EVERYONE = frozenset(("system:authenticated",))


class _Access(NamedTuple):
    """Something that an audit log has to tell of."""

    resource: str
    group: str
    verbs: tuple[str, ...]


_TO_LOG = (
    _Access("secrets", "", ("get", "list", "create", "update", "patch", "delete")),
    _Access("configmaps", "", _WRITE),
    _Access("serviceaccounts/token", "", ("create",)),
    _Access("tokenreviews", "authentication.k8s.io", ("create",)),
    _Access("pods", "", _WRITE),
    _Access("deployments", "apps", _WRITE),
    _Access("clusterrolebindings", _RBAC, _WRITE),
    _Access("rolebindings", _RBAC, _WRITE),
    _Access("pods/exec", "", _CONNECT),
    _Access("pods/portforward", "", _CONNECT),
    _Access("pods/proxy", "", _CONNECT),
    _Access("services/proxy", "", _CONNECT),
)
_BODIES = (
    # What to look for, whether requests hold the secret as responses do, how bad that is.
    (_Access("secrets", "", ("get", "list", "watch", "create", "update", "patch")), True, None),
    (_Access("tokenreviews", "authentication.k8s.io", ("create",)), True, None),
    (_Access("serviceaccounts/token", "", ("create",)), False, None),
    (
        _Access("configmaps", "", ("get", "list", "watch", "create", "update", "patch")),
        True,
        Severity.LOW,
    ),
)
_WITH_BODY = frozenset(("create", "update", "patch"))
_LIMITS = (
    ("audit-log-maxage", "max-age", "days"),
    ("audit-log-maxbackup", "max-backup", "files"),
    ("audit-log-maxsize", "max-size", "megabytes"),
)


@object_rule(
    "apiserver-audit-log",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Set --audit-log-path, --audit-log-maxage, --audit-log-maxbackup, --audit-log-maxsize.",
    aliases=(
        "KCV-0019",
        "KCV-0020",
        "KCV-0021",
        "KCV-0022",
        "CKV_K8S_91",
        "CKV_K8S_92",
        "CKV_K8S_93",
        "CKV_K8S_94",
        "C-0130",
        "C-0131",
        "C-0132",
        "C-0133",
    ),
    compliance=("cis-1.12:1.2.16", "cis-1.12:1.2.17", "cis-1.12:1.2.18", "cis-1.12:1.2.19"),
    parameters=(
        Parameter("max-age", 30, "the least --audit-log-maxage, in days"),
        Parameter("max-backup", 10, "the least --audit-log-maxbackup, in files"),
        Parameter("max-size", 100, "the least --audit-log-maxsize, in megabytes"),
    ),
)
def apiserver_audit_log(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must keep an audit log, long enough to be of use.

    Reports an API server with neither ``--audit-log-path`` nor ``--audit-webhook-config-file``.
    For a log in files it reports each limit that is smaller than the parameter of its name
    (low), and limits that are not set (low).

    Why:

    Without the log nobody can tell afterwards who did what. Limits that are too small throw away
    what an investigation needs; no limits at all fill the disk of the control plane.

    Bad:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: audit-log-path
              value: /var/log/kubernetes/audit.log
            - name: audit-log-maxage
              value: "3"
            - name: audit-log-maxbackup
              value: "10"
            - name: audit-log-maxsize
              value: "100"

    Good:

        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            - name: audit-log-path
              value: /var/log/kubernetes/audit.log
            - name: audit-log-maxage
              value: "30"
            - name: audit-log-maxbackup
              value: "10"
            - name: audit-log-maxsize
              value: "100"

    Not reported:

    Limits of a log on standard output (``-``), which the container runtime keeps.

    References:
    https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
    """
    for server in components(object_, context, API_SERVER):
        if server.is_unset("audit-log-path"):
            if server.is_unset("audit-webhook-config-file"):
                yield server.hit("keeps no audit log", "audit-log-path")
            continue
        if server.text("audit-log-path") in ("", "-"):
            continue
        unset = [flag for flag, _, _ in _LIMITS if server.is_unset(flag)]
        if unset:
            names = ", ".join(f"--{flag}" for flag in unset)
            yield server.hit(
                "does not limit its audit log", unset[0], severity=Severity.LOW,
                remedy=f"Set {names}.",
            )  # fmt: skip
        for flag, parameter, unit in _LIMITS:
            number = server.number(flag)
            least = context.integer(apiserver_audit_log, parameter)
            if number is not None and 0 < number < least:
                yield server.hit(
                    f"keeps {number} {unit} of audit log, less than {least}", flag,
                    severity=Severity.LOW, remedy=f"Set --{flag} to {least}.",
                )  # fmt: skip


@object_rule(
    "audit-policy-missing",
    severity=Severity.MEDIUM,
    kinds=KINDS,
    remedy="Set --audit-policy-file.",
    aliases=("C-0067", "C-0160"),
    compliance=("cis-1.12:3.2.1",),
)
def audit_policy_missing(object_: KubernetesObject, context: Context) -> Hits:
    """The API server must have an audit policy.

    Reports an API server without ``--audit-policy-file``.

    Why:

    Without a policy the API server logs no event at all, wherever its audit log may go.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --audit-log-path=/var/log/kubernetes/audit.log

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: kube-apiserver
          namespace: kube-system
        spec:
          containers:
            - name: kube-apiserver
              image: registry.example.org/kube-apiserver:v1.34.2
              command:
                - kube-apiserver
                - --audit-log-path=/var/log/kubernetes/audit.log
                - --audit-policy-file=/etc/kubernetes/audit-policy.yaml

    References:
    https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
    """
    for server in components(object_, context, API_SERVER):
        if server.is_unset("audit-policy-file"):
            yield server.hit("has no audit policy, so that nothing is logged", "audit-policy-file")


@object_rule(
    "audit-policy-gaps",
    severity=Severity.MEDIUM,
    kinds=("Policy",),
    remedy="Log these accesses at the level Metadata at least.",
    aliases=("C-0161",),
    compliance=("cis-1.12:3.2.2",),
)
def audit_policy_gaps(object_: KubernetesObject, context: Context) -> Hits:
    """An audit policy must not leave out what attackers do.

    Reports an audit policy by which ordinary users leave no trace when they use Secrets or
    service account tokens, change ConfigMaps, pods, Deployments or bindings, or connect to pods
    and Services through the API server. The first rule that matches a request decides, as in the
    API server; what no rule matches is not logged.

    Why:

    These are the steps of nearly every attack on a cluster: reading Secrets, running a pod,
    opening a shell in one, giving oneself a role. What is not logged cannot be investigated.

    Bad:

        apiVersion: audit.k8s.io/v1
        kind: Policy
        rules:
          - level: None
            resources:
              - group: ""
                resources: [secrets]
          - level: Metadata

    Good:

        apiVersion: audit.k8s.io/v1
        kind: Policy
        rules:
          - level: None
            users: ["system:kube-proxy"]
            verbs: [watch]
            resources:
              - group: ""
                resources: [endpoints, services]
          - level: Metadata

    Not reported:

    Rules for some users, groups of users, namespaces or names alone.

    References:
    https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
    """
    if object_.group != _GROUP:
        return
    gaps: dict[KeyPath, list[str]] = {}
    for access in _TO_LOG:
        for place in dict.fromkeys(_unlogged(object_, access)):
            gaps.setdefault(place, []).append(access.resource)
    for place, resources in gaps.items():
        everything = len(resources) == len(_TO_LOG)
        names = ", ".join(resources)
        message = "logs nothing" if everything else f"leaves accesses to {names} out of the log"
        yield Hit(message, place, evidence=names)


def _unlogged(policy: KubernetesObject, access: _Access) -> Iterator[KeyPath]:
    """The places that keep an access by one of its verbs out of the log."""
    left = dict.fromkeys(access.verbs)
    for index, rule in mappings(policy.value, "rules"):
        if _matches(rule, access) and _is_for_all(rule, access):
            verbs = texts(rule, "verbs") or list(left)
            if text(rule, "level") in _NO_LEVELS and not left.keys().isdisjoint(verbs):
                yield ("rules", index)
            for verb in verbs:
                left.pop(verb, None)
    if left:
        yield ("rules",)


@object_rule(
    "audit-policy-secret-bodies",
    severity=Severity.MEDIUM,
    kinds=("Policy",),
    remedy="Put a rule of level Metadata for these resources before this one.",
    aliases=("C-0161",),
    compliance=("cis-1.12:3.2.2",),
)
def audit_policy_secret_bodies(object_: KubernetesObject, context: Context) -> Hits:
    """An audit policy must not log what Secrets and tokens hold.

    Reports rules of level ``Request`` or ``RequestResponse`` that match Secrets, token reviews
    or requests for service account tokens, and ConfigMaps (low), where no rule before them has
    matched. Of the level ``Request`` only what is written counts, as reading sends no body.

    Why:

    The log then holds every password, key and token of the cluster in plain text, and goes to
    places that more people read than may read Secrets.

    Bad:

        apiVersion: audit.k8s.io/v1
        kind: Policy
        rules:
          - level: RequestResponse

    Good:

        apiVersion: audit.k8s.io/v1
        kind: Policy
        rules:
          - level: Metadata
            resources:
              - group: ""
                resources: [secrets, configmaps, serviceaccounts/token]
              - group: authentication.k8s.io
                resources: [tokenreviews]
          - level: RequestResponse

    References:
    https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
    """
    if object_.group != _GROUP:
        return
    logged: dict[tuple[int, Severity | None], list[str]] = {}
    for access, in_request, severity in _BODIES:
        for index in _logging_bodies(object_, access, in_request=in_request):
            logged.setdefault((index, severity), []).append(access.resource)
    for (index, severity), resources in logged.items():
        names = ", ".join(resources)
        yield Hit(
            f"logs the content of {names}", ("rules", index, "level"), severity=severity,
            evidence=names,
        )  # fmt: skip


def _logging_bodies(
    policy: KubernetesObject, access: _Access, *, in_request: bool
) -> Iterator[int]:
    """The rules that log the body of an access, where no rule before has settled it."""
    left = set(access.verbs)
    for index, rule in mappings(policy.value, "rules"):
        if not _matches(rule, access):
            continue
        verbs = left.intersection(texts(rule, "verbs")) if sequence(rule, "verbs") else set(left)
        level = text(rule, "level")
        if (level == "RequestResponse" and verbs) or (
            level == "Request" and in_request and verbs & _WITH_BODY
        ):
            yield index
        if _is_for_all(rule, access):
            left -= verbs


def _matches(rule: Map, access: _Access) -> bool:
    """Whether an audit rule matches a resource (apiserver, ``audit/policy`` ``ruleMatches``)."""
    if not sequence(rule, "resources"):
        return bool(sequence(rule, "namespaces")) or not sequence(rule, "nonResourceURLs")
    return any(
        text(item, "group") == access.group and _names(item, access.resource)
        for _, item in mappings(rule, "resources")
    )


def _names(item: Map, resource: str) -> bool:
    names = texts(item, "resources")
    if not names:
        return True
    parent, _, child = resource.partition("/")
    wanted = {resource, "*", f"{parent}/*"}
    if child:
        wanted.add(f"*/{child}")
    return not wanted.isdisjoint(names)


def _is_for_all(rule: Map, access: _Access) -> bool:
    """Whether a rule that matches a resource does so for any user, namespace and name."""
    if sequence(rule, "users") or sequence(rule, "namespaces"):
        return False
    groups = texts(rule, "userGroups")
    if groups and _EVERYONE.isdisjoint(groups):
        return False
    entries = [item for _, item in mappings(rule, "resources")]
    return not entries or any(
        not sequence(item, "resourceNames")
        and text(item, "group") == access.group
        and _names(item, access.resource)
        for item in entries
    )

"""The five tools whose verdicts are recorded: what each judges, and how it is to be compared.

Facts from the tools' sources (kubesec a59caad, kube-score 06dedc9, kube-linter 35de568, trivy
0.58.0, checkov 3.3.30), in the words of ``seawall.peers``.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from seawall.catalogue import canonical
from seawall.kubernetes.objects import KubernetesObject
from seawall.peers import PEER_RULES
from seawall.text.decoding import decode
from seawall.text.places import locate
from seawall.text.yaml import split
from tests.oracles.verdicts import Settings, Subject, Verdicts, aliases, subject, subjects
from tests.shared import CORPUS, oracle, read_rows

LINTERS = "kubernetes-linters.jsonl.zst"
Row = dict[str, Any]
Failed = Iterable[tuple[str, Subject]]

_E_MAIL = "*?@?*.?*"  # kube-linter's expression for addresses, as far as a glob can say it

_DEPLOYMENT_LIKE_KINDS = (
    "CronJob", "DaemonSet", "Deployment", "DeploymentConfig", "Job", "Pod", "ReplicaSet",
    "ReplicationController", "StatefulSet",
)  # fmt: skip

SETTINGS = {
    # kubesec wants ids above 10000.
    "kubesec": Settings(
        parameters={"low-uid": {"minimum": 10001}, "low-gid": {"minimum": 10001}},
    ),
    # kube-score takes 1.18 for the cluster's version unless it is told; it counts the tag latest.
    "kube-score": Settings("1.18", {"image-tag-mutable": {"tags": ("latest",)}}),
    "kube-linter": Settings(
        parameters={
            "replicas-too-few": {"minimum": 3},
            "hpa-min-replicas": {"minimum": 3},
            "image-tag-mutable": {"tags": ("latest",)},
            "required-label": {"labels": ("owner",), "kinds": _DEPLOYMENT_LIKE_KINDS},
            "required-annotation": {
                "annotations": (f"email={_E_MAIL}",),
                "kinds": _DEPLOYMENT_LIKE_KINDS,
            },
            "priority-class-not-allowed": {
                "allowed": ("system-cluster-critical", "system-node-critical")
            },
        },
    ),
    "trivy": Settings(
        parameters={
            "low-uid": {"minimum": 10001},
            "low-gid": {"minimum": 10001},
            "image-tag-mutable": {"tags": ("latest",)},
        },
    ),
    "checkov": Settings(parameters={"image-tag-mutable": {"tags": ("latest",)}}),
}

# kubesec --------------------------------------------------------------------------------------

_FOUR = ("Pod", "Deployment", "StatefulSet", "DaemonSet")
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
KUBESEC_KINDS = {
    "": _FOUR,
    "SecretsAsEnvironmentVariables": (*_FOUR, "ReplicaSet", "Job", "CronJob"),
    "BindingsToSystemAnonymous": _BINDINGS,
    "VolumeClaimAccessModeReadWriteOnce": ("StatefulSet",),
    "VolumeClaimRequestsStorage": ("StatefulSet",),
}


def kubesec() -> Iterator[Verdicts]:
    """What kubesec advises or finds critical. It never looks at an object's apiVersion."""
    for file, row in _rows("kubesec"):
        judged: dict[str, set[Subject]] = defaultdict(set)
        against: dict[str, set[Subject]] = defaultdict(set)
        for item in row.get("objects", ()):
            kind, _, rest = item["object"].partition("/")
            name, _, namespace = rest.rpartition(".")
            about = subject(kind, namespace, "" if name == "undefined" else name)
            for id_ in ids_of("kubesec"):
                if kind in KUBESEC_KINDS.get(id_, _FOUR):
                    judged[f"kubesec:{id_}"].add(about)
            for id_ in (*item["critical"], *item["advise"]):
                against[f"kubesec:{id_}"].add(about)
        yield Verdicts("kubesec", file, judged, against)


# kube-score -----------------------------------------------------------------------------------

_OK = 10


def kube_score() -> Iterator[Verdicts]:
    """What kube-score grades below OK. What it skips for a reason of its own it finds right;
    what an annotation tells it to skip it does not judge."""
    for file, row in _rows("kube-score"):
        judged: dict[str, set[Subject]] = defaultdict(set)
        against: dict[str, set[Subject]] = defaultdict(set)
        for item in row.get("objects", ()):
            kind, *_, namespace, name = item["object"].split("/")
            about = subject(kind, namespace, name)
            for check, grade in item["checks"]:
                alias = f"kube-score:{check}"
                if alias not in aliases() or _is_ignored(check, file, about):
                    continue
                judged[alias].add(about)
                if grade != "skipped" and grade < _OK:
                    against[alias].add(about)
        yield Verdicts("kube-score", file, judged, against)


_ALSO_IGNORED = {"container-ephemeral-storage-request-and-limit": "container-resources"}


def _is_ignored(check: str, file: str, about: Subject) -> bool:
    """Whether an annotation of the object or its pod template names the check."""
    names = {check, _ALSO_IGNORED.get(check, check)}
    for object_ in subjects(file).get(about, ()):
        for text in _annotations(object_.value, "kube-score/ignore"):
            if names & {item.strip() for item in text.split(",")}:
                return True
    return False


def _annotations(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            if name == key:
                yield str(child)
            else:
                yield from _annotations(child, key)


# kube-linter ----------------------------------------------------------------------------------

_APPS = {(kind, "apps") for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")}
_CORE = {("Pod", ""), ("ReplicationController", "")}
_JOBS = {("Job", "batch"), ("CronJob", "batch")}
_DEPLOYMENT_LIKE = _APPS | _CORE | _JOBS | {("DeploymentConfig", "apps.openshift.io")}
_SCOPES: dict[str, set[tuple[str, str]]] = {
    "access-to-create-pods": {(kind, "rbac.authorization.k8s.io") for kind in _BINDINGS},
    "access-to-secrets": {(kind, "rbac.authorization.k8s.io") for kind in _BINDINGS},
    "cluster-admin-role-binding": {("ClusterRoleBinding", "rbac.authorization.k8s.io")},
    "dangling-horizontalpodautoscaler": {("HorizontalPodAutoscaler", "autoscaling")},
    "dangling-ingress": {("Ingress", "networking.k8s.io")},
    "dangling-networkpolicy": {("NetworkPolicy", "networking.k8s.io")},
    "dangling-networkpolicypeer-podselector": {("NetworkPolicy", "networking.k8s.io")},
    "dangling-service": {("Service", "")},
    "dangling-servicemonitor": {("ServiceMonitor", "monitoring.coreos.com")},
    "exposed-services": {("Service", "")},
    "hpa-minimum-three-replicas": {("HorizontalPodAutoscaler", "autoscaling")},
    "invalid-target-ports": _DEPLOYMENT_LIKE | {("Service", "")},
    "job-ttl-seconds-after-finished": _JOBS,
    "pdb-max-unavailable": {("PodDisruptionBudget", "policy")},
    "pdb-min-available": {("PodDisruptionBudget", "policy")},
    "pdb-unhealthy-pod-eviction-policy": {("PodDisruptionBudget", "policy")},
    "scc-deny-privileged-container": {("SecurityContextConstraints", "security.openshift.io")},
    "use-namespace": _DEPLOYMENT_LIKE | {("Service", "")},
    "wildcard-in-rules": {(kind, "rbac.authorization.k8s.io") for kind in ("Role", "ClusterRole")},
}
_ANY = ("no-extensions-v1beta", "sorted-keys")
_NEWEST_ONLY = {"Ingress", "NetworkPolicy", "PodDisruptionBudget"}
_BUILT_IN = frozenset(PEER_RULES["kube-linter"]) - {"schema-validation"}
"""The checks of the recording; our other aliases are kube-linter's templates."""


def kube_linter() -> Iterator[Verdicts]:
    """What kube-linter reports; a check judges only the kinds and groups of its scope."""
    for file, row in _rows("kube-linter"):
        against: dict[str, set[Subject]] = defaultdict(set)
        judged: dict[str, set[Subject]] = {}
        if "findings" in row:
            for check, kind, namespace, name, _ in row["findings"]:
                against[f"kube-linter:{check}"].add(subject(kind, namespace, name))
            for check in ids_of("kube-linter"):
                judged[f"kube-linter:{check}"] = {
                    about
                    for about, objects in subjects(file).items()
                    if any(_in_scope(check, item) for item in objects)
                }
        yield Verdicts("kube-linter", file, judged, against)


def _in_scope(check: str, object_: KubernetesObject) -> bool:
    if check in _ANY:
        return True
    if object_.kind in _NEWEST_ONLY and object_.version != "v1":
        return False
    return (object_.kind, object_.group) in _SCOPES.get(check, _DEPLOYMENT_LIKE)


# Trivy ----------------------------------------------------------------------------------------

_WORKLOADS = (
    "CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController",
    "StatefulSet",
)  # fmt: skip
_TRIVY_WORKLOADS = (*_WORKLOADS, "DeploymentConfig")
_ROLES = ("Role", "ClusterRole")
_ANYTHING = ()
_TRIVY_KINDS = {
    **{f"KSV-{number:04d}": _ROLES for number in (*range(41, 57), 114, 115)},
    **dict.fromkeys(("KSV-0041", "KSV-0046"), ("ClusterRole",)),
    **dict.fromkeys(("KSV-0112", "KSV-0113"), ("Role",)),
    **dict.fromkeys(("KSV-0111", "KSV-0122", "KSV-0123", "KSV-01011"), _BINDINGS),
    **dict.fromkeys(("KSV-0109", "KSV-01010"), ("ConfigMap",)),
    **dict.fromkeys(("KUBE-0001", "KUBE-0002"), ("NetworkPolicy",)),
    **dict.fromkeys(("KSV-0037", "KSV-0107"), _ANYTHING),
    "KCV-0093": ("Ingress",),
    "KSV-0039": ("LimitRange",),
    "KSV-0040": ("ResourceQuota",),
    "KSV-0108": ("Service",),
    "KSV-0110": _WORKLOADS,
    "KSV-0124": ("K8sAllowedRepos",),
}
_NAMED = (
    re.compile(r"""\bof (?P<kind>\w+) ["']?(?P<name>[\w.-]+)["']? in ["']?(?P<space>[\w-]+)"""),
    re.compile(r"""^(?P<kind>\w+) ["']?(?P<name>[\w.-]+)["']? in ["']?(?P<space>[\w-]+)"""),
)


def trivy() -> Iterator[Verdicts]:
    """What Trivy's checks fail. Its rows have lines, or else a message that names the object."""

    def failed(row: Row, file: str) -> Failed:
        for id_, _, start, _, message in row["failed"]:
            about = _named(message, file) if start <= 1 else None
            about = about or _at_line(file, start)
            if about is not None:
                yield id_, about

    return _by_line("trivy", failed, lambda id_: _TRIVY_KINDS.get(id_, _TRIVY_WORKLOADS))


def _named(message: str, file: str) -> Subject | None:
    for pattern in _NAMED:
        match = pattern.search(message)
        for about in subjects(file) if match else ():
            if match and (about.kind.lower(), about.name) == (
                match["kind"].lower(),
                match["name"],
            ):
                return about
    return None


# checkov --------------------------------------------------------------------------------------

_CHECKOV_CONTAINERS = (*_WORKLOADS, "DeploymentConfig", "PodTemplate")
_CHECKOV_SERVING = tuple(k for k in _CHECKOV_CONTAINERS if k not in ("Job", "CronJob"))
_CHECKOV_KINDS = {
    **dict.fromkeys((f"CKV_K8S_{n}" for n in (17, 18, 19, 23, 27, 29, 31, 38, 40)), _WORKLOADS),
    **dict.fromkeys(("CKV_K8S_8", "CKV_K8S_9"), _CHECKOV_SERVING),
    **dict.fromkeys(("CKV_K8S_49", "CKV_K8S_155", "CKV_K8S_157", "CKV_K8S_158"), _ROLES),
    "CKV_K8S_156": ("ClusterRole",),
    "CKV_K8S_42": _BINDINGS,
    **dict.fromkeys((f"CKV_K8S_{n}" for n in (152, 153, 154)), ("Ingress",)),
    "CKV_K8S_21": (
        *_WORKLOADS, "Service", "Secret", "ServiceAccount", "Role", "RoleBinding", "ConfigMap",
        "Ingress",
    ),
    **dict.fromkeys((f"CKV2_K8S_{n}" for n in range(1, 6)), _BINDINGS),
    "CKV2_K8S_6": ("Pod",),
}  # fmt: skip


def checkov() -> Iterator[Verdicts]:
    """What checkov's checks fail; a file without any failure has no row and is not compared."""

    def failed(row: Row, file: str) -> Failed:
        for id_, resource, start, _ in row["failed"]:
            kind, namespace, name = (*resource.split(".", 2), "", "")[:3]
            about = subject(kind, namespace, name)
            found = about if about in subjects(file) else _at_line(file, start)
            if found is not None:
                yield id_, found

    return _by_line("checkov", failed, lambda id_: _CHECKOV_KINDS.get(id_, _CHECKOV_CONTAINERS))


# Common ---------------------------------------------------------------------------------------

PEERS: dict[str, Callable[[], Iterator[Verdicts]]] = {
    "kubesec": kubesec,
    "kube-score": kube_score,
    "kube-linter": kube_linter,
    "trivy": trivy,
    "checkov": checkov,
}


def ids_of(tool: str) -> list[str]:
    """The tool's ids among our aliases."""
    prefix = f"{tool}:"
    return [
        alias.removeprefix(prefix)
        for alias in aliases()
        if alias.startswith(prefix) and (tool != "kube-linter" or alias[12:] in _BUILT_IN)
    ]


@cache
def _recorded(name: str) -> tuple[Row, ...]:
    return tuple(read_rows(oracle(name)))


def _rows(tool: str) -> Iterator[tuple[str, Row]]:
    for row in _recorded(LINTERS):
        yield row["file"], row[tool]


def by_line(tool: str) -> tuple[Row, ...]:
    """The rows of Trivy or checkov: a file and what failed in it."""
    return _recorded(f"{tool}-kubernetes.jsonl.zst")


def _by_line(
    tool: str, failed: Callable[[Row, str], Failed], kinds: Callable[[str], Iterable[str]]
) -> Iterator[Verdicts]:
    prefixes = ("ksv-", "kcv-", "kube-0") if tool == "trivy" else ("ckv",)
    ours = {canonical(alias): alias for alias in aliases() if canonical(alias).startswith(prefixes)}
    for row in by_line(tool):
        file = row["file"]
        against: dict[str, set[Subject]] = defaultdict(set)
        for id_, about in failed(row, file):
            if canonical(id_) in ours:
                against[ours[canonical(id_)]].add(about)
        judged = {}
        for alias in ours.values():
            wanted = frozenset(kinds(alias))
            judged[alias] = {item for item in subjects(file) if not wanted or item.kind in wanted}
        yield Verdicts(tool, file, judged, against)


@cache
def _starts(file: str) -> tuple[list[int], list[Subject]]:
    """The first line of each object of a file, in order, and the objects."""
    text = decode((CORPUS / file).read_bytes())
    assert isinstance(text, str)
    chunks = list(split(text))
    found = []
    for about, objects in subjects(file).items():
        for object_ in objects:
            chunk = chunks[object_.document]
            place = locate(chunk, [object_.path])[object_.path] if object_.path else None
            found.append((place.span.line if place else chunk.line + 1, about))
    found.sort()
    return [line for line, _ in found], [about for _, about in found]


def _at_line(file: str, line: int) -> Subject | None:
    """The object that a line belongs to."""
    lines, about = _starts(file)
    number = bisect_right(lines, max(line, 1)) - 1
    return about[number] if number >= 0 else None

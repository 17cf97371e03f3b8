"""Which findings of ours another tool's check stands for.

A rule names the other tools' checks it covers in its aliases. Where one rule covers several checks
of one tool, a check that is ignored must not silence what the others still report. Two small tables
tell the checks apart; else the first alias of a tool is the check that a rule is the equivalent of.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

from seawall.catalogue import called, canonical, look_up
from seawall.core.advisory_id import ids_of, is_advisory_id
from seawall.core.finding import Finding
from seawall.core.lazy import pattern
from seawall.core.rule import Rule

_PREFIXES = {
    "ksv-": "trivy", "kcv-": "trivy", "kube-0": "trivy", "ds-": "trivy", "ds0": "trivy",
    "ckv": "checkov", "dl1": "hadolint", "dl3": "hadolint", "dl4": "hadolint", "sc1": "hadolint",
    "sc2": "hadolint", "sc3": "hadolint", "cis-di-": "dockle", "dkl-": "dockle",
}  # fmt: skip
"""How ids begin that say themselves which tool's they are."""

_OF_MANIFESTS = frozenset(("kube-linter", "kube-score", "kubesec", "polaris"))
"""Tools that look at nothing but manifests: no other rules are loaded for what they say."""

_PRINCIPAL: dict[str, tuple[str, ...]] = {
    # Where another check than the first alias is the one that says the same as the rule.
    "capabilities-not-dropped-all": ("ckv_k8s_37",),
    "capability-net-raw-kept": ("ksv-0119",),
    "capability-sys-admin-added": ("ckv_k8s_39",),
    "image-registry-not-allowed": ("ksv-0125",),
    "required-annotation": ("kube-linter:required-annotation-email",),
    "required-label": ("kube-linter:required-label-owner",),
    "seccomp-unconfined": ("ksv-0104",),
    "sensitive-host-path": ("ksv-0121",),
}

_KIND = "kind:"
_WORDS: Mapping[str, tuple[str, ...]] = {
    # Checks that share a rule with others of their tool, and the words that their part of its
    # findings has: in the evidence, the keys, the message or (after "kind:") as the kind.
    "kube-linter:liveness-port": ("livenessprobe",),
    "kube-linter:pdb-max-unavailable": ("maxunavailable",),
    "kube-linter:pdb-min-available": ("minavailable",),
    "kube-linter:readiness-port": ("readinessprobe",),
    "kube-linter:startup-port": ("startupprobe",),
    "kube-score:deployment-has-host-podantiaffinity": ("kind:deployment",),
    "kube-score:deployment-has-poddisruptionbudget": ("kind:deployment",),
    "kube-score:deployment-pod-selector-labels-match-template-metadata-labels": (
        "kind:deployment",
    ),
    "kube-score:statefulset-has-host-podantiaffinity": ("kind:statefulset",),
    "kube-score:statefulset-has-poddisruptionbudget": ("kind:statefulset",),
    "kube-score:statefulset-pod-selector-labels-match-template-metadata-labels": (
        "kind:statefulset",
    ),
    "polaris:clusterrolebindingClusterAdmin": ("kind:clusterrolebinding",),
    "polaris:clusterrolePodExecAttach": ("kind:clusterrole",),
    "polaris:pdbDisruptionsIsZero": ("maxunavailable",),
    "polaris:pdbMinAvailableEqualToHPAMinReplicas": ("minavailable",),
    "polaris:pdbMinAvailableGreaterThanHPAMinReplicas": ("minavailable",),
    "polaris:rolebindingClusterAdminClusterRole": ("kind:rolebinding",),
    "polaris:rolePodExecAttach": ("kind:role",),
    "polaris:sensitiveConfigmapContent": ("kind:configmap",),
    "polaris:sensitiveContainerEnvVar": ("env",),
    "ckv_k8s_69": ("basic-auth-file",),
    "ckv_k8s_70": ("token-auth-file",),
    "ckv_k8s_71": ("kubelet-https",),
    "ckv_k8s_72": ("kubelet-client-certificate", "kubelet-client-key"),
    "ckv_k8s_73": ("kubelet-certificate-authority",),
    "ckv_k8s_74": ("alwaysallow",),
    "ckv_k8s_75": ("node",),
    "ckv_k8s_77": ("rbac",),
    "ckv_k8s_78": ("eventratelimit",),
    "ckv_k8s_79": ("alwaysadmit",),
    "ckv_k8s_80": ("alwayspullimages",),
    "ckv_k8s_82": ("serviceaccount",),
    "ckv_k8s_83": ("namespacelifecycle",),
    "ckv_k8s_85": ("noderestriction",),
    "ckv_k8s_86": ("insecure-bind-address",),
    "ckv_k8s_88": ("insecure-port",),
    "ckv_k8s_89": ("secure-port 0", "secure-port=0"),
    "ckv_k8s_90": ("kube-apiserver",),
    "ckv_k8s_91": ("audit-log-path",),
    "ckv_k8s_92": ("audit-log-maxage",),
    "ckv_k8s_93": ("audit-log-maxbackup",),
    "ckv_k8s_94": ("audit-log-maxsize",),
    "ckv_k8s_96": ("service-account-lookup",),
    "ckv_k8s_97": ("service-account-key-file",),
    "ckv_k8s_99": ("etcd-certfile", "etcd-keyfile"),
    "ckv_k8s_100": ("tls-cert-file", "tls-private-key-file"),
    "ckv_k8s_102": ("etcd-cafile",),
    "ckv_k8s_105": ("kube-apiserver",),
    "ckv_k8s_107": ("kube-controller-manager",),
    "ckv_k8s_108": ("use-service-account-credentials",),
    "ckv_k8s_110": ("service-account-private-key-file",),
    "ckv_k8s_111": ("root-ca-file",),
    "ckv_k8s_112": ("rotatekubeletservercertificate", "rotate-server-certificates"),
    "ckv_k8s_113": ("kube-controller-manager",),
    "ckv_k8s_114": ("kube-scheduler",),
    "ckv_k8s_115": ("kube-scheduler",),
    "ckv_k8s_116": ("cert-file", "key-file"),
    "ckv_k8s_117": ("client-cert-auth",),
    "ckv_k8s_119": ("peer-cert-file", "peer-key-file"),
    "ckv_k8s_121": ("peer-client-cert-auth",),
    "ckv_k8s_144": ("protect-kernel-defaults",),
    "ckv_k8s_145": ("make-iptables-util-chains",),
    "ckv_k8s_148": ("tls-cert-file", "tls-private-key-file"),
    "ckv_k8s_149": ("rotate-certificates",),
    "ckv_k8s_151": ("kubelet",),
    "kcv-0004": ("kubelet-https",),
    "kcv-0005": ("kubelet-client-certificate", "kubelet-client-key"),
    "kcv-0006": ("kubelet-certificate-authority",),
    "kcv-0007": ("alwaysallow",),
    "kcv-0008": ("node",),
    "kcv-0009": ("rbac",),
    "kcv-0010": ("eventratelimit",),
    "kcv-0011": ("alwaysadmit",),
    "kcv-0012": ("alwayspullimages",),
    "kcv-0014": ("serviceaccount",),
    "kcv-0015": ("namespacelifecycle",),
    "kcv-0016": ("noderestriction",),
    "kcv-0018": ("kube-apiserver",),
    "kcv-0019": ("audit-log-path",),
    "kcv-0020": ("audit-log-maxage",),
    "kcv-0021": ("audit-log-maxbackup",),
    "kcv-0022": ("audit-log-maxsize",),
    "kcv-0024": ("service-account-lookup",),
    "kcv-0025": ("service-account-key-file",),
    "kcv-0026": ("etcd-certfile", "etcd-keyfile"),
    "kcv-0027": ("tls-cert-file", "tls-private-key-file"),
    "kcv-0028": ("client-ca-file",),
    "kcv-0029": ("etcd-cafile",),
    "kcv-0034": ("kube-controller-manager",),
    "kcv-0035": ("use-service-account-credentials",),
    "kcv-0036": ("service-account-private-key-file",),
    "kcv-0037": ("root-ca-file",),
    "kcv-0038": ("rotatekubeletservercertificate", "rotate-server-certificates"),
    "kcv-0039": ("kube-controller-manager",),
    "kcv-0040": ("kube-scheduler",),
    "kcv-0041": ("kube-scheduler",),
    "kcv-0042": ("cert-file", "key-file"),
    "kcv-0043": ("client-cert-auth",),
    "kcv-0044": ("clients",),
    "kcv-0045": ("peer-cert-file", "peer-key-file"),
    "kcv-0046": ("peer-client-cert-auth",),
    "kcv-0047": ("peer",),
    "kcv-0083": ("protect-kernel-defaults",),
    "kcv-0084": ("make-iptables-util-chains",),
    "kcv-0088": ("tls-cert-file",),
    "kcv-0089": ("tls-private-key-file",),
    "kcv-0090": ("rotate-certificates",),
    "kcv-0091": ("rotatekubeletservercertificate", "rotate-server-certificates"),
    "ksv-0041": ("kind:clusterrole",),
    "ksv-0045": ("verbs",),
    "ksv-0046": ("resources",),
    "ksv-0053": ("pods/exec",),
    "ksv-0054": ("pods/attach",),
    "ksv-0109": ("kind:configmap",),
    "ksv-1010": ("kind:configmap",),
    "ksv-0120": ("sys_module",),
    "ksv-0113": ("kind:role",),
    "kube-0001": ("traffic in",),
    "kube-0002": ("traffic out",),
}
_SHARES = {check.lower(): words for check, words in _WORDS.items()}


_BUILDKIT = pattern(r"(?:[A-Z]+[a-z]+){2,}[A-Za-z]*")
"""How BuildKit names its checks: ``StageNameCasing``."""
_BARE = frozenset((*_PREFIXES.values(), "buildkit"))


def tool_of(alias: str) -> str:
    """Whose check an alias is."""
    name, colon, _ = alias.partition(":")
    if colon:
        return name.lower()
    found = next((t for start, t in _PREFIXES.items() if alias.lower().startswith(start)), "")
    return found or ("buildkit" if _BUILDKIT.fullmatch(alias) else "")


@cache
def checks_of(rule: Rule, tool: str) -> tuple[str, ...]:
    """A tool's checks that a rule covers, in the form they are compared in."""
    return tuple(canonical(alias) for alias in rule.aliases if tool_of(alias) == tool)


def name_of(tool: str, check: str) -> str:
    """A check as it is compared: ``kube-linter:host-pid``; Trivy's and checkov's go without."""
    return canonical(written(tool, check))


def written(tool: str, check: str) -> str:
    """A check as people write it where any tool's may stand."""
    return check if tool in _BARE else f"{tool}:{check}"


def rules_of(tool: str, check: str) -> tuple[Rule, ...]:
    """The rules that cover a check; none for one that is unknown."""
    wanted = name_of(tool, check)
    rules = called(wanted, ("kubernetes",)) if tool in _OF_MANIFESTS else look_up(wanted)
    return tuple(rule for rule in rules if wanted in checks_of(rule, tool))


def covers(tool: str, check: str, rule: Rule) -> bool:
    """Whether a rule finds what a tool's check finds, and perhaps more."""
    return name_of(tool, check) in checks_of(rule, tool)


def replaced_by(tool: str, check: str) -> tuple[Rule, ...]:
    """The rules that find nothing but what a tool's check finds: off when it is off."""
    wanted = name_of(tool, check)
    return tuple(
        rule
        for rule in rules_of(tool, check)
        if wanted not in _SHARES and wanted in _principal(rule, tool)
    )


def stands_for(tool: str, check: str, finding: Finding) -> bool:
    """Whether a finding is what a tool's check would have reported. ``check`` may be a glob.

    Where it is the id of an advisory, it stands for that vulnerability, whatever the tool.
    """
    if is_advisory_id(check):
        return check.upper() in ids_of(finding.details)
    if finding.rule.domain == "secrets":
        from seawall.secrets.custom import peers  # noqa: PLC0415 - only where tools speak of those

        return peers.stands_for(tool, check, finding.rule.id)
    wanted = name_of(tool, check)
    own = checks_of(finding.rule, tool)
    if "*" in wanted:
        return any(fnmatchcase(name, wanted) and _covers(name, finding, tool) for name in own)
    return wanted in own and _covers(wanted, finding, tool)


def _covers(check: str, finding: Finding, tool: str) -> bool:
    words = _SHARES.get(check)
    if finding.rule.domain == "dockerfile":  # few rules cover several checks there; all count
        return True
    if words is None:
        return check in _principal(finding.rule, tool)
    kind = finding.subject.kind.lower()
    keys = " ".join(str(key) for key in finding.location.key_path[-4:])
    text = f"{finding.evidence} {finding.message} {keys}".lower()
    return any(
        word.removeprefix(_KIND) == kind if word.startswith(_KIND) else word in text
        for word in words
    )


@cache
def _principal(rule: Rule, tool: str) -> tuple[str, ...]:
    """The checks that a rule is the equivalent of: what they find, it finds."""
    own = checks_of(rule, tool)
    declared = tuple(check for check in _PRINCIPAL.get(rule.id, ()) if check in own)
    if declared:
        return declared
    whole = [check for check in own if check not in _SHARES]
    return tuple(whole[:1])

"""Which findings another tool's check stands for."""

import pytest

from seawall import catalogue, equivalents
from seawall.core.finding import Finding, Subject
from seawall.core.location import Location
from seawall.core.severity import Confidence, Severity
from seawall.core.tools import TOOLS

SECONDARY = {
    # Checks that find less than the rule which covers them, while another check of their tool goes
    # on reporting the rest: alone they hide nothing.
    "ckv_k8s_28", "ckv_k8s_45", "ckv_k8s_154", "ksv-0004", "ksv-0033", "ksv-0032", "ksv-0034",
    "ksv-0035", "ksv-0049", "ksv-0051", "ksv-0052", "ksv-0055", "ksv-0106",
    "kube-linter:disallowed-api-obj", "kube-linter:kubeconform", "kube-linter:memory-requirements",
    "kube-linter:ports", "kube-linter:required-annotation", "kube-linter:required-label",
    "kube-score:container-resource-requests-equal-limits",
}  # fmt: skip

ALIASES = {
    catalogue.canonical(alias): equivalents.tool_of(alias)
    for rule in catalogue.all_rules()
    for alias in rule.aliases
    if equivalents.tool_of(alias) in TOOLS
}


def finding(rule: str, *, kind: str = "Pod", evidence: str = "", keys: str = "") -> Finding:
    (found,) = catalogue.find(rule)
    return Finding(
        found, Severity.LOW, Confidence.HIGH, "message", "remedy", Subject(kind, "", "web"),
        Location("x.yaml", 0, tuple(keys.split())), evidence=evidence,
    )  # fmt: skip


def test_the_tables_speak_of_checks_that_rules_cover() -> None:
    assert set(equivalents._SHARES) <= ALIASES.keys()
    for rule_id, checks in equivalents._PRINCIPAL.items():
        (rule,) = catalogue.find(rule_id)
        assert set(checks) <= {catalogue.canonical(alias) for alias in rule.aliases}


@pytest.mark.parametrize("check", sorted(ALIASES))
def test_each_check_stands_for_something(check: str) -> None:
    tool = ALIASES[check]
    name = check.partition(":")[2] or check
    narrow = [rule for rule in equivalents.rules_of(tool, name) if rule.domain == "dockerfile"]
    whole = check in equivalents._SHARES or bool(equivalents.replaced_by(tool, name))
    stands = bool(narrow) or whole
    assert stands == (check not in SECONDARY)


@pytest.mark.parametrize(
    ("tool", "check", "what", "stands"),
    [
        ("kube-linter", "host-pid", finding("host-pid"), True),
        ("kube-linter", "host-ipc", finding("host-pid"), False),
        ("kube-linter", "privilege-escalation-container", finding("privileged-container"), False),
        ("kube-linter", "privileged-container", finding("privileged-container"), True),
        ("kube-linter", "writable-host-mount", finding("runtime-socket-mount"), False),
        ("kube-linter", "docker-sock", finding("runtime-socket-mount"), True),
        ("kube-score", "host-pid", finding("host-pid"), False),
        ("trivy", "AVD-KSV-0010", finding("host-pid"), True),
        ("trivy", "KSV010", finding("host-pid"), True),
        ("trivy", "KSV-001*", finding("host-pid"), True),
        ("trivy", "*", finding("host-pid"), True),
        ("trivy", "KCV-*", finding("host-pid"), False),
        ("polaris", "hostPIDSet", finding("host-pid"), True),
        ("checkov", "CKV_K8S_17", finding("host-pid"), True),
        ("kube-linter", "liveness-port",
         finding("probe-port-not-declared", keys="livenessProbe httpGet"), True),
        ("kube-linter", "liveness-port",
         finding("probe-port-not-declared", keys="readinessProbe httpGet"), False),
        ("kube-score", "deployment-has-poddisruptionbudget",
         finding("pdb-missing", kind="Deployment"), True),
        ("kube-score", "deployment-has-poddisruptionbudget",
         finding("pdb-missing", kind="StatefulSet"), False),
        ("trivy", "KCV-0020", finding("apiserver-audit-log", evidence="audit-log-maxage"), True),
        ("trivy", "KCV-0020", finding("apiserver-audit-log", evidence="audit-log-path"), False),
    ],
)  # fmt: skip
def test_findings(tool: str, check: str, what: Finding, *, stands: bool) -> None:
    assert equivalents.stands_for(tool, check, what) is stands


def test_what_goes_off_as_a_whole() -> None:
    def off(tool: str, check: str) -> set[str]:
        return {rule.id for rule in equivalents.replaced_by(tool, check)}

    assert off("kube-linter", "host-pid") == {"host-pid"}
    assert off("kube-linter", "liveness-port") == set()
    assert off("kube-linter", "nothing-known") == set()
    assert off("kube-score", "container-resources") >= {"cpu-limit-missing", "memory-limit-missing"}

"""The charts of the example application, rendered; what kube-linter says of them, too."""

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from seawall.charts.value_sets import ValueSet
from seawall.core.severity import Confidence, Severity
from seawall.engine import Options, Result, scan
from tests.charts.support import needs_helm
from tests.oracles.peers import SETTINGS, ids_of
from tests.oracles.verdicts import PARTS, Subject, aliases, subject
from tests.shared import DATA, ROOT

pytestmark = needs_helm
EXAMPLES = ROOT / "examples"


def scanned(name: str, **options: object) -> Result:
    given: dict[str, object] = {"charts": (), **options}
    result = scan(Options(targets=(str(EXAMPLES / name),), **given))  # type: ignore[arg-type]
    assert not result.report.faults
    assert not result.report.coverage.failed
    assert not any("chart/" in item.path for item in result.report.coverage.not_covered)
    return result


def test_the_shop_s_chart_has_findings() -> None:
    report = scanned("shop").report
    found = {
        (f.rule.id, f.location.path.partition("templates/")[2], f.location.span.line)
        for f in report.findings
        if "chart" in f.details and f.location.span
    }
    assert {
        ("rbac-cluster-admin-equivalent", "rbac.yaml", 18),
        ("secret-plaintext-in-manifest", "secret.yaml", 9),
        ("ingress-no-tls", "ingress.yaml", 8),
        ("service-type-exposed", "services.yaml", 10),
        ("image-tag-mutable", "services.yaml", 43),
        ("run-as-non-root", "services.yaml", 42),
    } <= found
    assert all(line > 1 for _, _, line in found)


@pytest.mark.parametrize("profile", ["security", "reliability", "all", "pss-restricted"])
def test_the_hardened_shop_s_chart_is_clean_and_valid(profile: str) -> None:
    report = scanned("shop-hardened", profile=profile).report
    assert any("chart/" in path for path in report.coverage.read)
    told = [
        f"{f.location.path} {f.rule.id} {f.message}"
        for f in report.findings
        if f.severity >= Severity.MEDIUM or f.rule.id.startswith("schema-")
    ]
    assert not told


@pytest.mark.parametrize("name", ["shop", "shop-hardened"])
def test_it_is_what_a_scan_of_helm_s_output_finds(name: str, tmp_path: Path) -> None:
    chart = EXAMPLES / name / "chart"
    done = subprocess.run(
        ["helm", "template", "release-name", chart, "--kube-version=1.36"],
        check=True, capture_output=True,
    )  # fmt: skip
    (tmp_path / "all.yaml").write_bytes(done.stdout)
    plain = scan(Options(targets=(str(tmp_path),), profile="all", secrets=False)).report
    report = scanned(f"{name}/chart", profile="all", secrets=False).report  # of values.yaml, say
    assert Counter((f.rule.id, f.subject, f.message) for f in report.findings) == Counter(
        (f.rule.id, f.subject, f.message) for f in plain.findings
    )
    assert report.objects == plain.objects


class _Compared(NamedTuple):
    ours: Mapping[str, set[Subject]]
    theirs: Mapping[str, set[Subject]]


def compared(name: str) -> _Compared:
    settings = SETTINGS["kube-linter"]
    report = scanned(
        f"{name}/chart", profile="all", min_confidence=Confidence.LOW,
        charts=(ValueSet("recorded", release="test-release"),),
        parameters=settings.parameters, kubernetes_version=settings.version,
        enable=("kube-linter:*",),
    ).report  # fmt: skip
    ours: dict[str, set[Subject]] = defaultdict(set)
    by_rule: dict[str, list[str]] = defaultdict(list)
    for alias, rules in aliases().items():
        if alias.startswith("kube-linter:"):
            for rule in rules:
                by_rule[rule].append(alias)
    for finding in report.findings:
        for alias in by_rule[finding.rule.id]:
            part = PARTS.get(alias)
            if part is None or part in finding.location.key_path:
                ours[alias.partition(":")[2]].add(Subject(*finding.subject[:3]))
    recorded = json.loads((DATA / "oracles" / "charts-kube-linter.json").read_text())[name]
    return _Compared(ours, {k: {subject(*row) for row in rows} for k, rows in recorded.items()})


_ROLES = "D37: the role is reported, where the permission is given, not each binding of it"
_HELM = "objects of a chart that name no namespace live in the release's: explain default-namespace"
DIFFERENCES = {
    # (chart, check, who reports alone): why. The numbers are explained in docs/disagreements.md.
    ("shop", "access-to-create-pods", "theirs"): _ROLES,
    ("shop", "access-to-secrets", "theirs"): _ROLES,
    ("shop", "drop-net-raw-capability", "ours"): "D2: NET_RAW is in the default set",
    ("shop", "privilege-escalation-container", "ours"): "D1: unset means true",
    ("shop", "read-secret-from-env-var", "ours"): "D30: envFrom counts",
    ("shop", "restart-policy", "theirs"): "D18: unset means Always",
    ("shop", "use-namespace", "theirs"): _HELM,
    ("shop-hardened", "env-value-from", "ours"): "D30: volumes count",
    ("shop-hardened", "minimum-three-replicas", "theirs"): "D7: autoscaled, or behind no Service",
    ("shop-hardened", "restart-policy", "theirs"): "D18: unset means Always",
}


@pytest.mark.parametrize("name", ["shop", "shop-hardened"])
def test_kube_linter_finds_the_same(name: str) -> None:
    ours, theirs = compared(name)
    kinds = {"use-namespace": {"Deployment", "Service"}}  # those that this check looks at
    different = set()
    agreed = 0
    for id_ in ids_of("kube-linter"):
        mine = {s for s in ours.get(id_, ()) if s.kind in kinds.get(id_, {s.kind})}
        other = theirs.get(id_, set())
        agreed += len(mine & other)
        different |= {(name, id_, "ours") for _ in mine - other}
        different |= {(name, id_, "theirs") for _ in other - mine}
    assert different == {key for key in DIFFERENCES if key[0] == name}
    assert agreed > 20

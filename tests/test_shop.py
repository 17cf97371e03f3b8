"""The example application: the flawed one shows what seawall finds, the mended one is clean."""

from collections import Counter

import pytest

from seawall.core.severity import Severity
from seawall.engine import Options, Result, scan
from tests.shared import ROOT

SHOP = ROOT / "examples" / "shop"
HARDENED = ROOT / "examples" / "shop-hardened"


def scanned(folder: object, profile: str = "security") -> Result:
    result = scan(Options(targets=(str(folder),), profile=profile))
    assert not result.report.faults
    assert not result.report.coverage.failed
    return result


@pytest.mark.parametrize("profile", ["security", "reliability", "all", "pss-restricted"])
def test_hardened_shop_has_nothing_of_medium_or_above(profile: str) -> None:
    report = scanned(HARDENED, profile).report
    assert report.objects > 40
    serious = [
        f"{f.location.path}:{f.location.span and f.location.span.line} {f.rule.id} {f.message}"
        for f in report.findings
        if f.severity >= Severity.MEDIUM
    ]
    assert not serious


def test_shop_shows_every_kind_of_mistake() -> None:
    found = Counter(finding.rule.id for finding in scanned(SHOP).report.findings)
    expected = {
        "privileged-container", "runtime-socket-mount", "host-network", "host-pid",
        "hardcoded-secret", "secret-plaintext-in-manifest", "rbac-cluster-admin",
        "rbac-secrets-access", "rbac-bind-all-authenticated", "run-as-non-root",
        "image-tag-mutable", "read-only-root-filesystem", "capabilities-not-dropped-all",
        "seccomp-unconfined",
        "network-policy-allow-all", "ingress-nginx-snippet", "writable-host-path",
        "memory-limit-missing",
    }  # fmt: skip
    assert expected <= found.keys(), expected - found.keys()


def test_shop_shows_reliability_too() -> None:
    found = {finding.rule.id for finding in scanned(SHOP, "reliability").report.findings}
    assert {"deprecated-api-version", "network-policy-dangling", "pdb-blocks-eviction"} <= found


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("k8s/web.yaml", 32, "image-tag-mutable"),
        ("k8s/log-agent.yaml", 16, "host-network"),
        ("k8s/log-agent.yaml", 17, "host-pid"),
        ("k8s/log-agent.yaml", 34, "privileged-container"),
        ("k8s/orders.yaml", 58, "seccomp-unconfined"),
        ("k8s/mailer.yaml", 53, "run-as-non-root"),
        ("k8s/ingress.yaml", 8, "ingress-nginx-snippet"),
    ],
)
def test_findings_point_at_the_very_line(file: str, line: int, rule: str) -> None:
    places = {
        (f.location.path, f.location.span.line, f.rule.id)
        for f in scanned(SHOP).report.findings
        if f.location.span
    }
    assert any(
        path.endswith(f"shop/{file}") and (number, id_) == (line, rule)
        for path, number, id_ in places
    )

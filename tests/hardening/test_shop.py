"""The flawed example, mended without a manual step but for what a person has to decide."""

import shutil
from pathlib import Path

import pytest

from seawall.cli.main import run
from seawall.core.severity import Severity
from seawall.engine import Options, scan
from tests.shared import ROOT

LEFT = {
    "hardcoded-secret",  # in a script, in a file of a ConfigMap: how is the program to get it?
    "image-tag-mutable",  # which version is meant? a lock file knows: --lock
    "rbac-cluster-admin",  # which rights does the deployment need?
    "rbac-wildcard",  # likewise
    "secret-plaintext-in-manifest",  # where is the secret kept from now on?
}
"""Rules of which something is left, and the question that a person has to answer."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples" / "shop", tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


def test_the_manifests_of_the_shop(shop: Path) -> None:
    arguments = ["--write", "--unsafe", "--quiet", "--output", "/dev/null"]
    assert run(["harden", "shop", *arguments]) == 0
    report = scan(Options(targets=("shop/k8s",))).report
    found = [item for item in report.findings if item.severity >= Severity.MEDIUM]
    assert {item.rule.id for item in found} == LEFT
    assert len(LEFT) <= 5
    assert len(found) <= 11
    assert not report.coverage.failed
    assert run(["harden", "shop", "--check", "--unsafe", "--quiet"]) == 0


def test_the_shop_without_consent(shop: Path) -> None:
    """Safe fixes alone: no value is lost, nothing that runs is taken away."""
    before = (shop / "k8s" / "log-agent.yaml").read_text()
    assert run(["harden", "shop", "--write", "--quiet", "--output", "/dev/null"]) == 0
    after = (shop / "k8s" / "log-agent.yaml").read_text()
    lines = after.splitlines()
    assert [line for line in before.splitlines() if line not in lines] == []
